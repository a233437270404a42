/**
 * The world in which records are replayed: a place is fed with what its record says was delivered there, and whatever it sends to
 * other places must be what the record says it sent. What feeds it, and in which order of places, is up to those who use it
 * (sim/replay.ts, sim/exploration/recorded-source.ts).
 */
import type { Assembly } from "../actors/assembly.ts";
import {
  bytesOfHex,
  packetHash,
  type RecordEnd,
  type RecordEntry,
  stateHash,
  type WorldObserver,
} from "../actors/record.ts";
import { ActorFailure, type Cell, World, type WorldOptions } from "../actors/world.ts";
import { combineDigests, hashBytes, hexHash } from "../core/digest.ts";
import type { ActorIndex, ControlEvent, Handle } from "../core/env.ts";
import { LOAD_WORDS } from "../core/link-load.ts";
import type { Packet } from "../core/packet.ts";
import { type Nanos, SECOND } from "../core/units.ts";
import { decodePacket } from "../core/wire/codec.ts";

/** Entries of one place's record, read one after the other. */
export interface Reading {
  /** The entry that is due; undefined: there is none. */
  peek(): RecordEntry | undefined;
  /** Goes on behind it. */
  take(): void;
  /** Goes on behind it if it is written so. */
  takeIf(text: string): boolean;
  /** The record stops before the run did: what would follow its last entry is not known. */
  readonly stops: boolean;
}

export interface Difference {
  readonly time_ns: Nanos;
  readonly actor: string;
  readonly expected: string;
  readonly found: string;
}

/** The replay does something else than the record says. */
export class Differs extends Error {
  readonly difference: Difference;
  constructor(difference: Difference) {
    super(`${difference.actor}: expected ${difference.expected}, found ${difference.found}`);
    this.difference = difference;
  }
}

/** The record ends here, within an event or between two. */
export class Stops extends Error {}

/** What stopped an actor, taken out of the failure that the world makes of it. */
export function rootOf(cause: unknown): unknown {
  return cause instanceof ActorFailure ? rootOf(cause.cause) : cause;
}

/** An event that a place sent itself. */
export interface OwnEvent {
  readonly sender: ActorIndex;
  readonly target: ActorIndex;
  readonly thing: Packet | ControlEvent;
  /** Below 0: a control event. */
  readonly ifId: number;
  readonly sent: Nanos;
  readonly due: Nanos;
}

/** A packet that left for another place. */
export interface Departure {
  readonly sender: ActorIndex;
  readonly target: ActorIndex;
  readonly packet: Packet;
  readonly ifId: number;
  readonly sent: Nanos;
  readonly due: Nanos;
  readonly hash: string;
}

/** A departure that has come in again. `order`: as `orderOf` named it. */
export interface Arrival extends Pick<Departure, "sender" | "sent"> {
  readonly order: number;
}

/** What is known of one place while it is replayed. Plain data. */
export interface PlaceState {
  /** Events the place has sent itself so far, and those of them not delivered yet, by number. */
  sent: number;
  readonly pending: Map<number, OwnEvent>;
  outputs: number;
  /** Outputs of its links, by number: a record may say that they are taken back. */
  readonly left: Map<number, Departure>;
  /** Outputs that `left` held when it was looked through last. */
  kept: number;
}

/** An output that should have arrived so long ago is not taken back any more. */
const FORGOTTEN_AFTER: Nanos = SECOND;
/** Outputs of a place that are kept before those that have arrived are looked for. */
const LEFT_AT_LEAST = 256;

const UNKNOWN = { sender: -1, sent: 0 };

export class ReplayWorld extends World {
  protected readonly states: (PlaceState | null)[];
  protected observer: WorldObserver | null = null;
  /** Stopped actors whose last states are not known here: a copy of a world does not hold them. */
  protected readonly unknown = new Set<ActorIndex>();
  readonly #readings: readonly (Reading | null)[];
  /** What was delivered last, and to whom. */
  #handled: Packet | ControlEvent | null = null;
  #handler: Cell | null = null;

  /** `readings`: null where a place has no record; it only stands there, and nothing in it moves. `start`: when the actors begin. */
  constructor(assembly: Assembly, readings: readonly (Reading | null)[], start: Nanos, options: WorldOptions = {}) {
    super(assembly, options);
    this.#readings = readings;
    this.states = readings.map((reading) =>
      reading === null ? null : { sent: 0, pending: new Map(), outputs: 0, left: new Map(), kept: 0 },
    );
    this.now = start;
  }

  /** Of the actors whose places have records. */
  override digest(): string {
    const own = this.allCells().filter(({ place }) => this.states[place] !== null);
    return combineDigests(own.map((cell): [string, string] => [cell.id, this.digestOf(cell)]));
  }

  /** Names what a place sent itself, or with `out` to another place, from its sending to its delivery. */
  protected orderOf(place: number, number: number, out: boolean): number {
    return 2 * (number * this.states.length + place) + (out ? 1 : 0);
  }

  /**
   * Handles a place's next delivery; false where its record holds no more. Throws `Differs`, `Stops`, or an `ActorFailure` around one.
   */
  deliverNext(index: number): boolean {
    const reading = this.#readings[index] as Reading;
    for (;;) {
      const entry = reading.peek();
      if (entry === undefined) return false;
      if (entry[0] === "o" || entry[0] === "r" || entry[0] === "l") {
        const actor = (this.cells[entry[1]] as Cell | undefined)?.id ?? `actor ${entry[1]}`;
        throw this.#differs(actor, describe(entry), "nothing sent");
      }
      reading.take();
      if (entry[0] === "x") continue;
      this.now = entry[1];
      if (entry[0] === "i") this.#deliverOwn(index, entry);
      else this.#deliverFromOutside(entry);
      return true;
    }
  }

  /** Compares a place's final digests and states. */
  compareEnd(index: number, [, , , digests, states]: RecordEnd): void {
    for (const cell of this.allCells().filter(({ place }) => place === index)) {
      const [digest, state] = [this.digestOf(cell), stateHash(cell)];
      if (digests[cell.id] !== digest)
        throw this.#differs(cell.id, `digest ${String(digests[cell.id])}`, `digest ${digest}`);
      if (states[cell.id] !== state && !this.unknown.has(cell.self))
        throw this.#differs(cell.id, `final state ${String(states[cell.id])}`, `final state ${state}`);
    }
  }

  override scheduleControl(from: Cell, target: ActorIndex, event: ControlEvent, delay: Nanos): Handle {
    const state = this.states[from.place] ?? null;
    if (state === null) return 0;
    this.#keep(state, from, target, event, -1, delay);
    return state.sent * this.states.length + from.place;
  }

  override cancelControl(handle: Handle): void {
    const place = handle % this.states.length;
    const number = Math.floor(handle / this.states.length);
    const known = this.states[place]?.pending.delete(number) === true;
    if (known) this.observer?.cancelled?.(this.orderOf(place, number, false));
  }

  override schedulePacket(from: Cell, target: ActorIndex, packet: Packet, ifId: number, delay: Nanos): void {
    const state = this.states[from.place] ?? null;
    if (state === null) return;
    if (this.placeOf(target) === from.place) {
      this.#keep(state, from, target, packet, ifId, delay);
      return;
    }
    const hash = packetHash(packet);
    const departure = { sender: from.self, target, packet, ifId, sent: this.now, due: this.now + delay, hash };
    state.left.set(++state.outputs, departure);
    if (state.left.size > 2 * state.kept + LEFT_AT_LEAST) this.#forgetArrived(from.place, state);
    this.#expect(from, JSON.stringify(["o", from.self, target, ifId, delay, hash]));
    this.leaves(from.place, state.outputs, departure);
    this.observer?.sent?.(from, target, this.orderOf(from.place, state.outputs, true), packet, ifId, delay);
  }

  override recallPackets(from: Cell): Packet[] {
    const reading = this.#readings[from.place] ?? null;
    if (reading === null) return [];
    const entry = this.#nextOf(reading);
    if (entry === undefined || entry[0] !== "r" || entry[1] !== from.self) {
      throw this.#differs(from.id, describe(entry), `${from.id} takes back its packets under way`);
    }
    reading.take();
    const state = this.states[from.place] as PlaceState;
    const packets = entry[2].map((output) => {
      const departure = state.left.get(output);
      state.left.delete(output);
      if (departure === undefined) throw this.#differs(from.id, `output ${output} taken back`, "no such output");
      this.comesBack(from.place, output, departure);
      return departure.packet;
    });
    this.observer?.recalled?.(
      from,
      entry[2].map((output) => this.orderOf(from.place, output, true)),
    );
    return packets;
  }

  /** Links of other places stand still here, or elsewhere in time: what was told then is told again. */
  override observeLinks(from: Cell, links: readonly string[], into: number[]): void {
    const reading = this.#readings[from.place] ?? null;
    if (reading === null) return;
    const entry = this.#nextOf(reading);
    const told = entry?.[0] === "l" && entry[1] === from.self ? entry[2] : null;
    if (told === null || told.length !== links.length * LOAD_WORDS || !told.every(Number.isFinite)) {
      throw this.#differs(from.id, describe(entry), `${from.id} asks for the load of ${links.length} links`);
    }
    reading.take();
    told.forEach((value, at) => {
      into[at] = value;
    });
    this.observer?.observed?.(from, into);
  }

  /** A packet has left its place, as the record says. */
  protected leaves(_place: number, _output: number, _departure: Departure): void {}

  /** It is taken back: its link went down. */
  protected comesBack(_place: number, _output: number, _departure: Departure): void {}

  /** A packet of this hash has come in from another place. @returns null: nobody knows its sending */
  protected arrives(_target: ActorIndex, _ifId: number, _hash: () => string): Arrival | null {
    return null;
  }

  override isHandling(cell: Cell, packet: Packet): boolean {
    return this.#handled === packet && this.#handler === cell;
  }

  #tell(
    cell: Cell,
    order: number,
    thing: Packet | ControlEvent,
    ifId: number,
    from: Pick<Arrival, "sender" | "sent">,
  ): void {
    this.#handled = thing;
    this.#handler = cell;
    this.observer?.delivered(cell, order, thing, ifId >= 0, ifId, from.sender, from.sent);
  }

  #keep(
    state: PlaceState,
    from: Cell,
    target: ActorIndex,
    thing: Packet | ControlEvent,
    ifId: number,
    delay: Nanos,
  ): void {
    state.pending.set(++state.sent, { sender: from.self, target, thing, ifId, sent: this.now, due: this.now + delay });
    const packet = ifId < 0 ? null : (thing as Packet);
    this.observer?.sent?.(from, target, this.orderOf(from.place, state.sent, false), packet, ifId, delay);
  }

  #deliverOwn(index: number, entry: Extract<RecordEntry, readonly ["i", ...unknown[]]>): void {
    const { pending } = this.states[index] as PlaceState;
    const event = pending.get(entry[2]);
    pending.delete(entry[2]);
    if (event === undefined) throw this.#differs("(place)", describe(entry), "no such event is pending");
    const { target, thing, ifId } = event;
    this.#tell(this.cells[target] as Cell, this.orderOf(index, entry[2], false), thing, ifId, event);
    if (ifId >= 0) this.deliverPacket(target, thing as Packet, ifId);
    else this.deliverControl(target, thing as ControlEvent);
  }

  #deliverFromOutside(entry: Extract<RecordEntry, readonly ["p" | "f", ...unknown[]]>): void {
    const cell = this.cells[entry[2]];
    if (cell === undefined) throw this.#differs(`actor ${entry[2]}`, describe(entry), "no such actor");
    if (entry[0] === "f") {
      const [, , , event] = entry;
      if (typeof event.type !== "string") throw this.#differs(cell.id, "an event with its type", describe(entry));
      this.#tell(cell, -1, event, -1, UNKNOWN);
      this.deliverControl(entry[2], event);
      return;
    }
    const [, , , ifId, hex] = entry;
    const bytes = bytesOfHex(hex);
    const packet = bytes === null ? null : decodePacket(bytes);
    if (bytes === null || packet === null || !packet.ok)
      throw this.#differs(cell.id, "a packet", "bytes that are no packet");
    const arrival = this.arrives(entry[2], ifId, () => hexHash(hashBytes(bytes)));
    this.#tell(cell, arrival?.order ?? -1, packet.value, ifId, arrival ?? UNKNOWN);
    this.deliverPacket(entry[2], packet.value, ifId);
  }

  /** The entry that is due. Where the record stopped before it, so does the replay of its place. */
  #nextOf(reading: Reading): RecordEntry | undefined {
    const entry = reading.peek();
    if (entry === undefined && reading.stops) throw new Stops();
    return entry;
  }

  #expect(from: Cell, found: string): void {
    const reading = this.#readings[from.place] as Reading;
    if (reading.takeIf(found)) return;
    const expected = JSON.stringify(this.#nextOf(reading) ?? null);
    if (expected !== found) throw this.#differs(from.id, expected, found);
    reading.take();
  }

  #forgetArrived(place: number, state: PlaceState): void {
    for (const [output, { due }] of state.left) {
      if (due >= this.now - FORGOTTEN_AFTER) continue;
      state.left.delete(output);
      this.observer?.cancelled?.(this.orderOf(place, output, true));
    }
    state.kept = state.left.size;
  }

  #differs(actor: string, expected: string, found: string): Differs {
    return new Differs({ time_ns: this.now, actor, expected, found });
  }
}

function describe(entry: RecordEntry | undefined): string {
  return entry === undefined ? "the end of the record" : JSON.stringify(entry);
}
