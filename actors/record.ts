/**
 * The record of a run (docs/architecture.md, section 4): for each place every delivery in order and a hash of every output,
 * so that the place can be run again alone. One entry a line, JSON; `sim/replay.ts` reads what this writes.
 *
 *   header   {"pathloom":"record","version":1,"place":IA,"world":"sim"|"live","scenario":hash,"build":hash,"seed":N}
 *   ["i", now, ref]                         the place's ref-th event to itself is delivered
 *   ["p", now, target, ifId, hex]           a packet arrives from another place
 *   ["f", now, target, event]               a fault, or whatever else comes from outside the network
 *   ["o", from, target, ifId, delay, hash]  a packet leaves for another place
 *   ["r", from, [n, ...]]                   outputs n, ... of the place are taken back (a link went down)
 *   ["l", from, [number, ...]]              what an actor was told of the load of links, which lie in other places, too
 *   ["x", now, text]                        a socket error or a datagram that is no packet (live)
 *   ["k", now]                              nothing before this instant is missing, though more may come (live): whoever follows
 *                                           the run while it is written can go so far; not counted as an entry
 *   ["stop", text]                          nothing more was written down, though the run went on
 *   ["end", now, entries, {id: digest}, {id: state hash}]
 */
import { hashBytes, hashText, hexHash } from "../core/digest.ts";
import type { ActorIndex, ControlEvent, DropReason } from "../core/env.ts";
import type { Packet } from "../core/packet.ts";
import type { Nanos } from "../core/units.ts";
import { encodePacket } from "../core/wire/codec.ts";
import type { Cell, World } from "./world.ts";

export const RECORD_VERSION = 1;

export interface RecordHeader {
  readonly pathloom: "record";
  readonly version: number;
  readonly place: string;
  readonly world: "sim" | "live";
  /** Hash of the resolved scenario's canonical JSON. */
  readonly scenario: string;
  readonly build: string;
  readonly seed: number;
  /** When the place's actors began, in nanoseconds of the run; left out: 0. Later where a piece of a run was started again. */
  readonly start?: Nanos;
}

export type RecordEntry =
  | readonly ["i", now: Nanos, ref: number]
  | readonly ["p", now: Nanos, target: ActorIndex, ifId: number, hex: string]
  | readonly ["f", now: Nanos, target: ActorIndex, event: ControlEvent]
  | readonly ["o", from: ActorIndex, target: ActorIndex, ifId: number, delay: Nanos, hash: string]
  | readonly ["r", from: ActorIndex, outputs: readonly number[]]
  | readonly ["l", from: ActorIndex, load: readonly number[]]
  | readonly ["x", now: Nanos, text: string];

export type RecordMark = readonly ["k", now: Nanos];

export type RecordStop = readonly ["stop", text: string];

export type RecordEnd = readonly [
  "end",
  now: Nanos,
  entries: number,
  digests: Readonly<Record<string, string>>,
  states: Readonly<Record<string, string>>,
];

/** Takes the lines of one place's record; no line break at their end. */
export type LineSink = (place: number, line: string) => void;

/** What a driver tells while it runs. `order` names an event from its sending to its delivery. */
export interface WorldObserver {
  sent?(from: Cell, target: ActorIndex, order: number, packet: Packet | null, ifId: number, delay: Nanos): void;
  /** `sender` (-1: nobody) and `sentAt`: left out by drivers that do not know. */
  delivered(
    target: Cell,
    order: number,
    thing: Packet | ControlEvent,
    isPacket: boolean,
    ifId: number,
    sender?: ActorIndex,
    sentAt?: Nanos,
  ): void;
  recalled?(from: Cell, orders: readonly number[]): void;
  /** The load of links as an actor was told it. */
  observed?(from: Cell, load: readonly number[]): void;
  /** A control event that had been sent is not delivered. */
  cancelled?(order: number): void;
  /** A packet ended, whether it is the one being handled or one that was held or under way. */
  dropped?(at: Cell, packet: Packet, reason: DropReason): void;
  /** A control event has walked the actor's statechart; `before` is the machine's value it met. Never packets nor hot timers. */
  walked?(actor: Cell, event: ControlEvent, before: unknown): void;
  /** An actor has begun, at the beginning of the run or later; not told of those that a copy holds. */
  started?(actor: Cell): void;
}

export class Recorder implements WorldObserver {
  readonly #world: World;
  readonly #write: LineSink;
  /** By order of the pending event: its number within the place if above 0, the output's number, negated, below. */
  readonly #pending = new Map<number, number>();
  readonly #inside: number[];
  readonly #outputs: number[];
  readonly #entries: number[];
  readonly #kept: readonly number[];
  #ended = false;

  /**
   * `world` only needs its assembly yet: the recorder must listen when the first actor starts. `here`: the places that run in this
   * world; null (default): all.
   */
  constructor(
    world: World,
    header: Omit<RecordHeader, "pathloom" | "version" | "place">,
    write: LineSink,
    here: ReadonlySet<string> | null = null,
  ) {
    this.#world = world;
    this.#write = write;
    const { places } = world.assembly;
    this.#inside = places.map(() => 0);
    this.#outputs = places.map(() => 0);
    this.#entries = places.map(() => 0);
    this.#kept = places.flatMap((ia, place) => (here === null || here.has(ia) ? [place] : []));
    for (const place of this.#kept) {
      const full: RecordHeader = {
        pathloom: "record",
        version: RECORD_VERSION,
        place: places[place] as string,
        ...header,
      };
      write(place, JSON.stringify(full));
    }
  }

  sent(from: Cell, target: ActorIndex, order: number, packet: Packet | null, ifId: number, delay: Nanos): void {
    const { place } = from;
    if (this.#world.placeOf(target) === place) {
      this.#pending.set(order, next(this.#inside, place));
      return;
    }
    if (packet === null) throw new Error(`${from.id} sent a control event out of its place: only packets cross`);
    this.#pending.set(order, -next(this.#outputs, place));
    this.#entry(place, ["o", from.self, target, ifId, delay, packetHash(packet)]);
  }

  delivered(target: Cell, order: number, thing: Packet | ControlEvent, isPacket: boolean, ifId: number): void {
    const { now } = this.#world;
    const ref = this.#pending.get(order);
    if (ref !== undefined) this.#pending.delete(order);
    if (ref !== undefined && ref > 0) this.#entry(target.place, ["i", now, ref]);
    else if (isPacket) this.#entry(target.place, ["p", now, target.self, ifId, hex(encodePacket(thing as Packet))]);
    else this.#entry(target.place, ["f", now, target.self, thing as ControlEvent]);
  }

  recalled(from: Cell, orders: readonly number[]): void {
    const outputs = orders.map((order) => {
      const ref = this.#pending.get(order);
      this.#pending.delete(order);
      if (ref === undefined || ref > 0) throw new Error(`${from.id} took back a packet that never left its place`);
      return -ref;
    });
    this.#entry(from.place, ["r", from.self, outputs]);
  }

  observed(from: Cell, load: readonly number[]): void {
    this.#entry(from.place, ["l", from.self, load]);
  }

  /** What the world did to a place that no actor saw: kept for people, ignored by replay. */
  note(place: number, text: string): void {
    this.#entry(place, ["x", this.#world.now, text]);
  }

  /** Every place's record holds all that was delivered before `now`: nothing that comes later is earlier. Called between two events. */
  mark(now: Nanos): void {
    if (this.#ended) return;
    const mark: RecordMark = ["k", now];
    for (const place of this.#kept) this.#write(place, JSON.stringify(mark));
  }

  /** An output has left for good (live: its bytes are on the socket). */
  left(order: number): void {
    this.#pending.delete(order);
  }

  end(): void {
    this.#ended = true;
    const cells = this.#world.allCells();
    for (const place of this.#kept) {
      const own = cells.filter((cell) => cell.place === place);
      const digests = Object.fromEntries(own.map((cell) => [cell.id, this.#world.digestOf(cell)]));
      const states = Object.fromEntries(own.map((cell) => [cell.id, stateHash(cell)]));
      const end: RecordEnd = ["end", this.#world.now, this.#entries[place] as number, digests, states];
      this.#write(place, JSON.stringify(end));
    }
  }

  #entry(place: number, entry: RecordEntry): void {
    this.#entries[place] = (this.#entries[place] as number) + 1;
    this.#write(place, JSON.stringify(entry));
  }
}

function next(counters: number[], place: number): number {
  const count = (counters[place] as number) + 1;
  counters[place] = count;
  return count;
}

export function packetHash(packet: Packet): string {
  return hexHash(hashBytes(encodePacket(packet)));
}

/**
 * Hash over an actor's state value and context. Handles of timers name places in a queue: only which are set counts. The path a packet
 * came by (`cameBy`) is kept to know it again; its object holds SegIDs it started with, which the packet's bytes do not hold. A router's
 * key and the MACs it remembers (`macs`) change no result, and a replay may have to do without the key.
 */
export function stateHash(cell: Cell): string {
  const { value, context } = cell.state;
  return hexHash(hashText(stateText({ value, context })));
}

/** A text for any plain data, maps and typed arrays included; equal data give equal text. */
export function stateText(data: unknown): string {
  return JSON.stringify(data, (key, value: unknown) => {
    if (key === "timers" && value !== null && typeof value === "object") return Object.keys(value).sort();
    if (key === "cameBy" || key === "macs") return null;
    if (value instanceof Map) return { map: [...value] };
    if (value instanceof Set) return { set: [...value] };
    if (ArrayBuffer.isView(value)) return { array: [...(value as Float64Array)] };
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    return value;
  });
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Bytes of a hex text; null where it is none. */
export function bytesOfHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0) return null;
  const bytes = new Uint8Array(text.length / 2);
  let wrong = 0;
  for (let i = 0; i < bytes.length; i++) {
    const [first, second] = [text.charCodeAt(2 * i), text.charCodeAt(2 * i + 1)];
    const high = DIGITS[first] ?? NO_DIGIT;
    const low = DIGITS[second] ?? NO_DIGIT;
    wrong |= high | low;
    bytes[i] = (high << 4) | low;
  }
  return wrong < NO_DIGIT ? bytes : null;
}

const NO_DIGIT = 0x10;
/** Value of each hex digit by its code. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});
