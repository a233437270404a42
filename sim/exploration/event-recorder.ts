/** Fills the columns of the event log while a world runs. Allocates nothing per event. */
import type { Cell, World } from "../../actors/world.ts";
import type { ControlEvent, DropReason } from "../../core/env.ts";
import { NO_FLOW, type Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import { type EventColumns, kindWithoutFlow, PACKET_KIND } from "./event-columns.ts";

/** Events of a fork itself: they stand in the log, but do not count for comparing futures. Numbers from `first` on. */
export interface OwnEvents {
  readonly first: number;
  count: number;
}

export class EventRecorder {
  readonly columns: EventColumns;
  readonly #world: World;
  readonly #own: OwnEvents;

  constructor(world: World, columns: EventColumns, own: OwnEvents = { first: 0, count: 0 }) {
    this.#world = world;
    this.columns = columns;
    this.#own = own;
  }

  delivered(
    target: Cell,
    _order: number,
    thing: Packet | ControlEvent,
    isPacket: boolean,
    ifId: number,
    sender = -1,
    sentAt: Nanos = 0,
  ): void {
    const { columns } = this;
    const time: Nanos = this.#world.now;
    const counts = !this.#isOwn(columns.last + 1);
    if (isPacket) {
      const packet = thing as Packet;
      const seen = (packet.currHf << 26) ^ (packet.wireLength << 8);
      const kind = packet.flow === NO_FLOW ? kindWithoutFlow(packet.l4.kind) : PACKET_KIND;
      columns.append(time, target.self, kind, packet.flow, packet.number, ifId, seen, counts);
    } else columns.append(time, target.self, columns.kindOf((thing as ControlEvent).type), NO_FLOW, 0, 0, 0, counts);
    columns.noteSent(sender, sender < 0 ? time : sentAt);
  }

  dropped(at: Cell, packet: Packet, reason: DropReason): void {
    const { columns } = this;
    if (this.#world.isHandling(at, packet)) columns.noteDropped(reason);
    else columns.noteAside(this.#world.now, at.self, packet.flow, packet.number, reason);
  }

  #isOwn(event: number): boolean {
    const { first, count } = this.#own;
    return event >= first && event < first + count;
  }
}
