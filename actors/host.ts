/**
 * An end host: hands packets to applications by port, answers echo requests, passes SCMP errors on to its selectors.
 * It has one state; hosts that come and go are not modelled.
 */
import { setup } from "xstate";
import type { ActorIndex, ControlEvent, Env } from "../core/env.ts";
import type { Packet } from "../core/packet.ts";
import type { HostSpec } from "../core/scenario.ts";
import { echoReply } from "./answer.ts";
import { type Present, withPacketHandler } from "./with-packet-handler.ts";

export interface HostInput {
  readonly node: ActorIndex;
  /** UDP ports and the applications behind them. */
  readonly ports: readonly (readonly [port: number, app: ActorIndex])[];
  /** Echo identifiers and the pings behind them. */
  readonly identifiers: readonly (readonly [identifier: number, app: ActorIndex])[];
  readonly selectors: readonly ActorIndex[];
  /** Pings whose replies choose their own path: who asks, its identifier, the selector. */
  readonly echoes: readonly (readonly [from: HostSpec, identifier: number, selector: ActorIndex])[];
}

export interface HostContext {
  readonly node: ActorIndex;
  readonly ports: Map<number, ActorIndex>;
  readonly identifiers: Map<number, ActorIndex>;
  readonly selectors: readonly ActorIndex[];
  readonly echoes: HostInput["echoes"];
  delivered: number;
  echoed: number;
  /** SCMP errors received. */
  errors: number;
}

const hostMachine = setup({
  types: { context: {} as HostContext, events: {} as { type: "none" }, input: {} as HostInput },
}).createMachine({
  id: "host",
  context: ({ input }) => ({
    node: input.node,
    ports: new Map(input.ports),
    identifiers: new Map(input.identifiers),
    selectors: input.selectors,
    echoes: input.echoes,
    delivered: 0,
    echoed: 0,
    errors: 0,
  }),
  initial: "running",
  states: { running: {} },
});

function onPacket(state: Present<HostContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const host = state.context;
  const l4 = packet.l4;
  switch (l4.kind) {
    case "udp":
      toApplication(host, host.ports.get(l4.dstPort), packet, env);
      return;
    case "scmp.echo":
      if (l4.reply) toApplication(host, host.identifiers.get(l4.identifier), packet, env);
      else replyTo(host, packet, env);
      return;
    case "scmp.interface-down":
      host.errors++;
      for (const selector of host.selectors) {
        env.send(selector, { type: "path.down", ia: l4.ia, ifId: l4.ifId } as ControlEvent, 0);
      }
      return;
    default:
      env.drop(packet, "unexpected");
  }
  return;
}

export const hostLogic = withPacketHandler(hostMachine, onPacket);

function toApplication(host: HostContext, app: ActorIndex | undefined, packet: Packet, env: Env): void {
  if (app === undefined) {
    env.drop(packet, "unknown_port");
    return;
  }
  host.delivered++;
  if (env.tracing) env.trace("host.deliver", packet);
  env.sendPacket(app, packet, 0, 0);
}

function replyTo(host: HostContext, request: Packet, env: Env): void {
  host.echoed++;
  env.sendPacket(selectorOf(host, request) ?? host.node, echoReply(request), 0, 0);
}

/** Of the replies to this ping, where they do not simply go back. */
function selectorOf({ echoes }: HostContext, { srcIa, srcHost, l4 }: Packet): ActorIndex | undefined {
  if (echoes.length === 0 || l4.kind !== "scmp.echo") return undefined;
  const found = echoes.find(
    ([from, identifier]) => identifier === l4.identifier && from.ia === srcIa && from.host === srcHost,
  );
  return found?.[2];
}
