/** Which actors send and take a flow's packets, and what they count. */
import type { LocalClock } from "../core/clock.ts";
import { type FlowSpec, isOverChannels } from "../core/scenario.ts";
import type { Tally } from "./apps/tally.ts";
import { associationId, listenerId } from "./assemble/channels.ts";
import type { Port } from "./channel/port.ts";
import type { Cell } from "./world.ts";

/** What an actor counts at its end of a flow. */
export type FlowEnd = Tally & { readonly clock: LocalClock };
export interface FlowBeginning {
  readonly sent: number;
}

type OnPort = { readonly port: Port };

/** Id of the actor that sends a flow's packets. */
export function sourceId(flow: FlowSpec): string {
  return isOverChannels(flow) ? associationId(flow.id) : `app/${flow.id}`;
}

/** Id of the actor that counts what a flow brings. */
export function tallyId(flow: FlowSpec): string {
  if (isOverChannels(flow)) return listenerId(flow.id);
  return flow.app === "ping" ? `app/${flow.id}` : `app/${flow.id}/sink`;
}

/** What the context of actor `sourceId` counts. */
export function beginningOf(flow: FlowSpec, context: unknown): FlowBeginning {
  return isOverChannels(flow) ? (context as OnPort).port : (context as FlowBeginning);
}

/** What the context of actor `tallyId` counts of packets. */
export function tallyOf(flow: FlowSpec, context: unknown): Tally {
  return isOverChannels(flow) ? (context as OnPort).port.received : (context as Tally);
}

/** What an association or a listener counts. */
export function portOf({ state }: Pick<Cell, "state">): Port {
  return (state.context as OnPort).port;
}

/** The clock of actor `tallyId`. */
export function clockOf(flow: FlowSpec, context: unknown): LocalClock {
  return isOverChannels(flow) ? (context as OnPort).port.clock : (context as FlowEnd).clock;
}
