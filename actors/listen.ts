/** Looks on while an actor handles packets or news: between its context before and after stands what they did. Nothing of the run changes. */
import type { ActorIndex } from "../core/env.ts";
import { type FlowSpec, isOverChannels } from "../core/scenario.ts";
import type { ListenerContext } from "./channel/listener.ts";
import { tallyId } from "./flow-ends.ts";
import type { Cell, World } from "./world.ts";
import type { PacketHandler, TimerHandler } from "./with-packet-handler.ts";

/** The handler of packets that a cell has, and around it one that looks on. */
export function listen<C>(cell: Cell, around: (handler: PacketHandler<C>) => PacketHandler<C>): void {
  if (cell.onPacket !== null) cell.onPacket = around(cell.onPacket as PacketHandler<C>) as PacketHandler<unknown>;
}

/** Where the packets of a flow are counted: its sink, or its listener and every association that begins there. */
export function listenAtSink(
  world: World,
  flow: FlowSpec,
  around: (handler: PacketHandler<unknown>) => PacketHandler<unknown>,
): void {
  const cell = world.cellOf(tallyId(flow));
  listen(cell, around);
  if (!isOverChannels(flow)) return;
  const known = new Set<ActorIndex>();
  const listenToAll = ({ byId }: ListenerContext): void => {
    for (const actor of byId.values()) {
      const association = world.cells[actor];
      if (association === undefined || known.has(actor)) continue;
      known.add(actor);
      listen(association, around);
    }
  };
  listenToAll(cell.state.context as ListenerContext);
  listen<ListenerContext>(cell, (onPacket) => (state, packet, ifId, env) => {
    const { accepted } = state.context.counts;
    const control = onPacket(state, packet, ifId, env);
    if (state.context.counts.accepted !== accepted) listenToAll(state.context);
    return control;
  });
}

/** The handlers of all that goes past the interpreter beside packets. */
export function listenToNews<C>(cell: Cell, around: (handler: TimerHandler<C>) => TimerHandler<C>): void {
  const handlers = [...cell.onTimer].map(([type, handler]) => [type, around(handler as TimerHandler<C>)] as const);
  cell.onTimer = new Map(handlers) as Cell["onTimer"];
}
