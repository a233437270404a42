/**
 * The event log of a run as columns: one row an event, in chunks of typed arrays. Beyond its bound the oldest chunk goes. Events are
 * named by their number, from 1 on. A row's `hash` runs on from event to event: where those of two runs are equal, all events before
 * were, too.
 */
import type { DropReason } from "../../core/env.ts";
import { hashText } from "../../core/digest.ts";
import type { Nanos } from "../../core/units.ts";

const CHUNK_BITS = 16;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const ROW_MASK = CHUNK_ROWS - 1;
/** About 200 MB. */
const MAX_ROWS = 4_000_000;
const ASIDE_BITS = 12;
const ASIDE_ROWS = 1 << ASIDE_BITS;
const MAX_ASIDE = 500_000;

/** Kind 0 is a packet of a flow, the next ones are packets without a flow, by protocol; others are control events. */
export const PACKET_KIND = 0;
const PACKET_KINDS: ReadonlyMap<string, number> = new Map(
  [
    "packet",
    "udp",
    "bfd",
    "scmp.destination-unreachable",
    "scmp.packet-too-big",
    "scmp.parameter-problem",
    "scmp.interface-down",
    "scmp.connectivity-down",
    "scmp.echo",
    "scmp.traceroute",
    "scmp.other",
    "other",
  ].map((protocol, kind) => [protocol, kind]),
);
/** `drop` 0: the packet did not end here. */
export const NOT_DROPPED = 0;

/** Rows of consecutive events. */
export interface EventChunk {
  /** Of the first row. */
  readonly firstEvent: number;
  readonly time: Float64Array;
  readonly sent: Float64Array;
  readonly target: Int32Array;
  /** -1: nobody. */
  readonly sender: Int32Array;
  readonly kind: Uint16Array;
  /** Packets' own, `NO_FLOW` and 0 where there is none, and of control events. */
  readonly flow: Int32Array;
  readonly packet: Uint32Array;
  /** Of packets; 0 of control events. */
  readonly ifId: Uint16Array;
  readonly drop: Uint8Array;
  /** Two words a row. */
  readonly hash: Int32Array;
}

/** Packets that ended without being the one delivered: held or under way where a link failed, thrown out of a queue ... */
export interface AsideRow {
  /** During this event. */
  readonly event: number;
  readonly time: Nanos;
  readonly actor: number;
  readonly flow: number;
  readonly packet: number;
  readonly reason: DropReason;
}

interface AsideChunk {
  readonly event: Float64Array;
  readonly time: Float64Array;
  readonly actor: Int32Array;
  readonly flow: Int32Array;
  readonly packet: Uint32Array;
  readonly drop: Uint8Array;
}

/** Texts by number, in the order met. */
class Interned<T extends string> {
  readonly texts: T[] = [];
  readonly #numbers = new Map<T, number>();

  constructor(first: T) {
    this.numberOf(first);
  }

  numberOf(text: T): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}

export interface EventColumnsOptions {
  /** Rows kept, in whole chunks of 65,536. Default 4 million. */
  readonly maxRows?: number;
  /** Begin after so many events, with the hash as it ran to there. */
  readonly after?: { readonly events: number; readonly hash: Int32Array };
}

export class EventColumns {
  readonly #maxChunks: number;
  /** By number of the chunk since the first event; null: gone. */
  readonly #chunks: (EventChunk | null)[] = [];
  #gone = 0;
  /** Rows of the oldest chunk that were never filled. */
  #before = 0;
  #present: EventChunk = createChunk(1);
  readonly #kinds = new Interned<string>("packet");
  /** First word of the hash of each kind's name: no hash of a row hangs on the order in which kinds were met. */
  readonly #kindHash: number[] = Array.from(PACKET_KINDS, () => hashText("packet")[0]);
  readonly #reasons = new Interned<DropReason | "">("");
  readonly #running = new Int32Array(2);
  readonly #aside: (AsideChunk | null)[] = [];
  #asideGone = 0;
  /** The newest event. 0: none yet. */
  last = 0;
  /** Rows in `aside`, those gone included. */
  asideCount = 0;

  constructor({ maxRows = MAX_ROWS, after }: EventColumnsOptions = {}) {
    this.#maxChunks = Math.max(1, Math.ceil(maxRows / CHUNK_ROWS));
    for (const [protocol, kind] of PACKET_KINDS) if (kind !== PACKET_KIND) this.#kinds.numberOf(`packet ${protocol}`);
    if (after === undefined || after.events === 0) return;
    this.#running.set(after.hash);
    this.#gone = (after.events - 1) >>> CHUNK_BITS;
    this.#chunks.length = this.#gone;
    this.#chunks.fill(null);
    this.#before = after.events - this.#gone * CHUNK_ROWS;
    this.last = after.events - 1;
    this.append(0, 0, PACKET_KIND, 0, 0, 0, 0, false);
  }

  /** The oldest event kept; `last + 1` where there is none. */
  get first(): number {
    return this.forgotten + 1;
  }

  /** Rows that are not kept any more, or never were. */
  get forgotten(): number {
    return this.#gone * CHUNK_ROWS + this.#before;
  }

  /** As it stands after the newest event: a copy. */
  get hash(): Int32Array {
    return this.#running.slice();
  }

  /** Names by number: "packet", "packet scmp.interface-down" ..., then types of control events. */
  get kinds(): readonly string[] {
    return this.#kinds.texts;
  }

  /** Names by number; 0: "". */
  get reasons(): readonly (DropReason | "")[] {
    return this.#reasons.texts;
  }

  kindOf(type: string): number {
    const kind = this.#kinds.numberOf(type);
    if (kind === this.#kindHash.length) this.#kindHash.push(hashText(type)[0]);
    return kind;
  }

  /** Rows of an event and those after it in the same chunk, and where its own stands (`rowOf`); null: not kept, or not known. */
  chunkOf(event: number): EventChunk | null {
    if (event > this.last || event < 1) return null;
    return this.#chunks[(event - 1) >>> CHUNK_BITS] ?? null;
  }

  /** Everything kept, the oldest first; the last chunk has rows up to event `last`. */
  *chunks(): Generator<EventChunk> {
    for (const chunk of this.#chunks) if (chunk !== null) yield chunk;
  }

  /** First event that lies at `time` or later; `last + 1`: none. Of events that are gone, nothing is said. */
  firstFrom(time: Nanos): number {
    let low = this.first;
    let high = this.last + 1;
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      if (this.timeOf(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** NaN: not kept. */
  timeOf(event: number): Nanos {
    return this.chunkOf(event)?.time[rowOf(event)] ?? Number.NaN;
  }

  /** Hashes of at most `count` events from `from` on, two words each, as far as they are known; none where `from` is gone. */
  hashes(begin: number, count: number): Int32Array {
    const end = begin < this.first ? begin : Math.min(begin + count, this.last + 1);
    const words = new Int32Array(2 * Math.max(0, end - begin));
    for (let event = begin; event < end; ) {
      const chunk = this.chunkOf(event) as EventChunk;
      const row = rowOf(event);
      const rows = Math.min(CHUNK_ROWS - row, end - event);
      words.set(chunk.hash.subarray(2 * row, 2 * (row + rows)), 2 * (event - begin));
      event += rows;
    }
    return words;
  }

  /** Drops beside the row's own from event `from` on, the oldest first. */
  *aside(from = 0): Generator<AsideRow> {
    for (let at = this.#asideFrom(from); at < this.asideCount; at++) {
      const chunk = this.#aside[at >>> ASIDE_BITS] as AsideChunk;
      const row = at & (ASIDE_ROWS - 1);
      yield {
        event: chunk.event[row] as number,
        time: chunk.time[row] as number,
        actor: chunk.actor[row] as number,
        flow: chunk.flow[row] as number,
        packet: chunk.packet[row] as number,
        reason: this.reasons[chunk.drop[row] as number] as DropReason,
      };
    }
  }

  /** Bytes of all arrays. */
  get bytes(): number {
    const rows = (this.#chunks.length - this.#gone) * CHUNK_ROWS;
    return rows * ROW_BYTES + (this.#aside.length - this.#asideGone) * ASIDE_ROWS * ASIDE_BYTES;
  }

  // ---- Filling: nothing here allocates but a chunk at a time ----

  /** The next event; its number is `last` afterwards. `counts` false: the hash runs on as if it were not there. */
  append(
    time: Nanos,
    target: number,
    kind: number,
    flow: number,
    packet: number,
    ifId: number,
    seen: number,
    counts: boolean,
  ): void {
    const row = this.last & ROW_MASK;
    if (row === 0 || this.#chunks.length === this.#gone) this.#begin();
    this.last++;
    const chunk = this.#present;
    chunk.time[row] = time;
    chunk.target[row] = target;
    chunk.kind[row] = kind;
    chunk.flow[row] = flow;
    chunk.packet[row] = packet;
    chunk.ifId[row] = ifId;
    const words = this.#running;
    if (counts) {
      const upper = (time * UPPER) | 0;
      const what = (this.#kindHash[kind] as number) ^ Math.imul(target, TARGET_PRIME) ^ upper;
      absorb(words, time | 0, what);
      if (isPacket(kind)) absorb(words, packet ^ (flow << 20), seen ^ (ifId << 4));
    }
    chunk.hash[2 * row] = words[0] as number;
    chunk.hash[2 * row + 1] = words[1] as number;
  }

  /** Of the newest event. */
  noteSent(sender: number, sent: Nanos): void {
    const row = (this.last - 1) & ROW_MASK;
    this.#present.sender[row] = sender;
    this.#present.sent[row] = sent;
  }

  /** The packet of the newest event ends with it. */
  noteDropped(reason: DropReason): void {
    this.#present.drop[(this.last - 1) & ROW_MASK] = this.#reasons.numberOf(reason);
  }

  /** Another packet ends during the newest event. */
  noteAside(time: Nanos, actor: number, flow: number, packet: number, reason: DropReason): void {
    const row = this.asideCount & (ASIDE_ROWS - 1);
    if (row === 0) this.#beginAside();
    this.asideCount++;
    const chunk = this.#aside.at(-1) as AsideChunk;
    chunk.event[row] = this.last;
    chunk.time[row] = time;
    chunk.actor[row] = actor;
    chunk.flow[row] = flow;
    chunk.packet[row] = packet;
    chunk.drop[row] = this.#reasons.numberOf(reason);
  }

  #begin(): void {
    const firstEvent = this.last - (this.last & ROW_MASK) + 1;
    const oldest = this.#chunks.length - this.#gone < this.#maxChunks ? null : this.#chunks[this.#gone];
    if (oldest === null || oldest === undefined) this.#present = createChunk(firstEvent);
    else {
      // Fresh memory would cost as much as all that is written into it.
      this.#present = { ...oldest, firstEvent };
      this.#present.drop.fill(NOT_DROPPED);
      this.#chunks[this.#gone++] = null;
      this.#before = 0;
    }
    this.#chunks.push(this.#present);
  }

  #beginAside(): void {
    this.#aside.push(createAside());
    if ((this.#aside.length - this.#asideGone) * ASIDE_ROWS > MAX_ASIDE) this.#aside[this.#asideGone++] = null;
  }

  #asideFrom(event: number): number {
    let low = this.#asideGone * ASIDE_ROWS;
    let high = this.asideCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#aside[middle >>> ASIDE_BITS] as AsideChunk;
      if ((chunk.event[middle & (ASIDE_ROWS - 1)] as number) < event) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function isPacket(kind: number): boolean {
  return kind < PACKET_KINDS.size;
}

/** Of a packet that belongs to no flow: what its protocol is (`Packet.l4.kind`). */
export function kindWithoutFlow(protocol: string): number {
  return PACKET_KINDS.get(protocol) ?? PACKET_KIND;
}

/** Where an event's row stands in its chunk. */
export function rowOf(event: number): number {
  return (event - 1) & ROW_MASK;
}

const UPPER = 2.3283064365386963e-10;
const TARGET_PRIME = 0x9e37_79b1;

function absorb(words: Int32Array, first: number, second: number): void {
  const low = Math.imul((words[0] as number) ^ first, 0x85eb_ca6b);
  const turned = (((low << 15) | (low >>> 17)) + second) | 0;
  words[0] = turned;
  words[1] = (Math.imul((words[1] as number) ^ turned, 0xc2b2_ae35) + first) | 0;
}

const ROW_BYTES = 45;
const ASIDE_BYTES = 29;

function createChunk(firstEvent: number): EventChunk {
  return {
    firstEvent,
    time: new Float64Array(CHUNK_ROWS),
    sent: new Float64Array(CHUNK_ROWS),
    target: new Int32Array(CHUNK_ROWS),
    sender: new Int32Array(CHUNK_ROWS),
    kind: new Uint16Array(CHUNK_ROWS),
    flow: new Int32Array(CHUNK_ROWS),
    packet: new Uint32Array(CHUNK_ROWS),
    ifId: new Uint16Array(CHUNK_ROWS),
    drop: new Uint8Array(CHUNK_ROWS),
    hash: new Int32Array(2 * CHUNK_ROWS),
  };
}

function createAside(): AsideChunk {
  return {
    event: new Float64Array(ASIDE_ROWS),
    time: new Float64Array(ASIDE_ROWS),
    actor: new Int32Array(ASIDE_ROWS),
    flow: new Int32Array(ASIDE_ROWS),
    packet: new Uint32Array(ASIDE_ROWS),
    drop: new Uint8Array(ASIDE_ROWS),
  };
}
