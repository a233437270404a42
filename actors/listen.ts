/** Looks on while an actor handles packets or news: between its context before and after stands what they did. Nothing of the run changes. */
import type { Cell } from "./world.ts";
import type { PacketHandler, TimerHandler } from "./with-packet-handler.ts";

/** The handler of packets that a cell has, and around it one that looks on. */
export function listen<C>(cell: Cell, around: (handler: PacketHandler<C>) => PacketHandler<C>): void {
  if (cell.onPacket !== null) cell.onPacket = around(cell.onPacket as PacketHandler<C>) as PacketHandler<unknown>;
}

/** The same with all that goes past the interpreter beside packets. */
export function listenToNews<C>(cell: Cell, around: (handler: TimerHandler<C>) => TimerHandler<C>): void {
  const handlers = [...cell.onTimer].map(([type, handler]) => [type, around(handler as TimerHandler<C>)] as const);
  cell.onTimer = new Map(handlers) as Cell["onTimer"];
}
