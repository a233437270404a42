/**
 * Replay: feeds each place alone with its record and compares every output, every actor's digest and final state. It must be
 * identical bit for bit, whichever world made the record; the first thing that differs is named.
 */
import type { Assembly } from "../actors/assembly.ts";
import {
  bytesOfHex,
  packetHash,
  type RecordEnd,
  type RecordEntry,
  type RecordHeader,
  type RecordStop,
  RECORD_VERSION,
  stateHash,
} from "../actors/record.ts";
import { ActorFailure, type Cell, World } from "../actors/world.ts";
import { combineDigests } from "../core/digest.ts";
import type { ActorIndex, ControlEvent, Handle } from "../core/env.ts";
import { LOAD_WORDS } from "../core/link-load.ts";
import type { Packet } from "../core/packet.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Nanos } from "../core/units.ts";
import { decodePacket } from "../core/wire/codec.ts";

export interface PlaceRecord {
  readonly header: RecordHeader;
  readonly entries: readonly RecordEntry[];
  /** null: the record stops before the run did. */
  readonly end: RecordEnd | null;
}

export interface Difference {
  readonly time_ns: Nanos;
  readonly actor: string;
  readonly expected: string;
  readonly found: string;
}

export interface ReplayResult {
  readonly identical: boolean;
  /** Combined over every place: as recorded (empty where a record stops early, which says no digest), as replayed. */
  readonly digest: readonly [string, string];
  /** Deliveries replayed. */
  readonly events: number;
  readonly firstDifference: Difference | null;
  /** Where records stop before the run did; what they hold is compared, final states are not. Left out: nowhere. */
  readonly stopped?: readonly { readonly place: string; readonly time_ns: Nanos }[];
}

/**
 * Reads one place's record. The error says which line is wrong and what was expected. `cut`: the run was killed; a record without
 * its end is read as far as whole lines go.
 */
export function parseRecord(lines: readonly string[], cut = false): Result<PlaceRecord, string> {
  const header = parseLine(lines[0] ?? "") as RecordHeader | null;
  if (header === null || Array.isArray(header) || header.pathloom !== "record") {
    return err("line 1: this is no Pathloom record; expected its header");
  }
  if (header.version !== RECORD_VERSION) {
    return err(`line 1: record version ${String(header.version)}; this build reads version ${RECORD_VERSION}`);
  }
  const entries: RecordEntry[] = [];
  for (let i = 1; i < lines.length; i++) {
    const entry = parseLine(lines[i] as string);
    const what = entryError(entry);
    // Whatever was being written when the run was killed.
    if (what !== null && cut && i === lines.length - 1) return ok({ header, entries, end: null });
    if (what !== null) return err(`line ${i + 1}: ${what}`);
    const known = entry as RecordEntry | RecordEnd | RecordStop;
    if (known[0] === "stop") return ok({ header, entries, end: null });
    if (known[0] !== "end") {
      entries.push(known);
      continue;
    }
    if (known[2] !== entries.length)
      return err(`line ${i + 1}: ${entries.length} entries, but the end mark counts ${known[2]}: lines are missing`);
    return ok({ header, entries, end: known });
  }
  if (cut) return ok({ header, entries, end: null });
  return err(`line ${lines.length}: the end mark is missing: the run was cut off, or the file was truncated`);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Types of an entry's fields after its kind: n number, s text, o object, a array. */
const SHAPES: Readonly<Record<string, string>> = {
  i: "nn",
  p: "nnns",
  f: "nno",
  o: "nnnns",
  r: "na",
  l: "na",
  x: "ns",
  stop: "s",
  end: "nnoo",
};

function entryError(entry: unknown): string | null {
  if (!Array.isArray(entry)) return "expected an entry, a JSON array; the line is damaged";
  const shape = SHAPES[String(entry[0])];
  if (shape === undefined) return `unknown kind of entry ${JSON.stringify(entry[0])}`;
  const fits = shape.length === entry.length - 1 && [...shape].every((kind, i) => kindOf(entry[i + 1]) === kind);
  return fits ? null : `entry ${JSON.stringify(entry[0])} does not have the fields it must have`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a";
  if (value === null) return "-";
  return { number: "n", string: "s", object: "o" }[typeof value as string] ?? "-";
}

/** Runs every place that has a record, in the order of the assembly's places. */
export function replay(assembly: Assembly, records: readonly (PlaceRecord | null)[]): ReplayResult {
  const world = new ReplayWorld(assembly, records);
  const difference = world.replayAll();
  const found = world.digestOfPlaces();
  const ends = records.flatMap((record) => (record === null ? [] : [record.end]));
  const whole = ends.filter((end) => end !== null);
  const expected = whole.length < ends.length ? "" : combineDigests(whole.flatMap((end) => Object.entries(end[3])));
  return {
    identical: difference === null && (expected === "" || expected === found),
    digest: [expected, found],
    events: world.events,
    firstDifference: difference,
    ...(expected === "" ? { stopped: world.stopped } : {}),
  };
}

/** Stops the replay of a place at the first thing that differs. */
class Differs extends Error {
  readonly difference: Difference;
  constructor(difference: Difference) {
    super(`${difference.actor}: expected ${difference.expected}, found ${difference.found}`);
    this.difference = difference;
  }
}

interface LocalEvent {
  readonly target: ActorIndex;
  readonly thing: Packet | ControlEvent;
  readonly ifId: number;
  readonly isPacket: boolean;
}

/** The record ends here, within an event or between two. */
class Stops extends Error {}

/** What is known of one place while it is replayed. */
interface PlaceState {
  readonly record: PlaceRecord;
  /** The entry being handled. */
  at: number;
  /** Events the place has sent itself so far, and those of them not delivered yet. */
  sent: number;
  readonly pending: Map<number, LocalEvent>;
  outputs: number;
  /** Outputs of its links, by number: a record may say that they are taken back. */
  readonly left: Map<number, Packet>;
}

class ReplayWorld extends World {
  readonly #places: (PlaceState | null)[];
  readonly stopped: { readonly place: string; readonly time_ns: Nanos }[] = [];

  constructor(assembly: Assembly, records: readonly (PlaceRecord | null)[]) {
    super(assembly, {});
    this.#places = records.map((record) =>
      record === null ? null : { record, at: 0, sent: 0, pending: new Map(), outputs: 0, left: new Map() },
    );
    this.now = records.find((record) => record !== null)?.header.start ?? 0;
  }

  /** Of the actors whose places have records. */
  digestOfPlaces(): string {
    const own = this.allCells().filter(({ place }) => this.#places[place] !== null);
    return combineDigests(own.map((cell): [string, string] => [cell.id, this.digestOf(cell)]));
  }

  /** @returns the first difference, in order of places; null where there is none. */
  replayAll(): Difference | null {
    try {
      this.populate();
      for (let place = 0; place < this.#places.length; place++) this.#replayUntilStop(place);
      return null;
    } catch (cause) {
      if (cause instanceof Differs) return cause.difference;
      const inner = cause instanceof ActorFailure ? cause.cause : cause;
      if (inner instanceof Differs) return inner.difference;
      // Cut off before the first actor had begun: there is nothing to compare.
      if (inner instanceof Stops) return null;
      throw cause;
    }
  }

  override scheduleControl(from: Cell, target: ActorIndex, event: ControlEvent): Handle {
    const place = this.#places[from.place] ?? null;
    // A place without a record only stands there: nothing in it moves.
    if (place === null) return 0;
    place.pending.set(++place.sent, { target, thing: event, ifId: -1, isPacket: false });
    return place.sent * this.#places.length + from.place;
  }

  override cancelControl(handle: Handle): void {
    this.#places[handle % this.#places.length]?.pending.delete(Math.floor(handle / this.#places.length));
  }

  override schedulePacket(from: Cell, target: ActorIndex, packet: Packet, ifId: number, delay: Nanos): void {
    const place = this.#places[from.place] ?? null;
    if (place === null) return;
    if (this.placeOf(target) === from.place) {
      place.pending.set(++place.sent, { target, thing: packet, ifId, isPacket: true });
      return;
    }
    place.left.set(++place.outputs, packet);
    const found = JSON.stringify(["o", from.self, target, ifId, delay, packetHash(packet)]);
    this.#expect(place, from, found);
  }

  override recallPackets(from: Cell): Packet[] {
    const place = this.#places[from.place] as PlaceState;
    const entry = this.#nextOf(place);
    if (entry === undefined || entry[0] !== "r" || entry[1] !== from.self) {
      throw this.#differs(from.id, describe(entry), `${from.id} takes back its packets under way`);
    }
    place.at++;
    return entry[2].map((output) => {
      const packet = place.left.get(output);
      place.left.delete(output);
      if (packet === undefined) throw this.#differs(from.id, `output ${output} taken back`, "no such output");
      return packet;
    });
  }

  /** Links of other places stand still here: what was told then is told again. */
  override observeLinks(from: Cell, links: readonly string[], into: number[]): void {
    const place = this.#places[from.place] as PlaceState;
    const entry = this.#nextOf(place);
    const told = entry?.[0] === "l" && entry[1] === from.self ? entry[2] : null;
    if (told === null || told.length !== links.length * LOAD_WORDS || !told.every(Number.isFinite)) {
      throw this.#differs(from.id, describe(entry), `${from.id} asks for the load of ${links.length} links`);
    }
    place.at++;
    told.forEach((value, at) => {
      into[at] = value;
    });
  }

  /** The entry that is due. Where the record stopped before it, so does the replay of its place. */
  #nextOf({ record, at }: PlaceState): RecordEntry | undefined {
    const entry = record.entries[at];
    if (entry === undefined && record.end === null) throw new Stops();
    return entry;
  }

  #replayUntilStop(index: number): void {
    const place = this.#places[index] ?? null;
    if (place === null) return;
    try {
      this.#replayPlace(index, place);
    } catch (cause) {
      const inner = cause instanceof ActorFailure ? cause.cause : cause;
      if (!(inner instanceof Stops)) throw cause;
    }
    if (place.record.end === null) {
      this.stopped.push({ place: this.assembly.places[index] as string, time_ns: this.now });
    }
  }

  #replayPlace(index: number, place: PlaceState): void {
    const { entries, end } = place.record;
    while (place.at < entries.length) {
      const entry = entries[place.at++] as RecordEntry;
      if (entry[0] === "o" || entry[0] === "r" || entry[0] === "l") {
        throw this.#differs(
          (this.cells[entry[1]] as Cell | undefined)?.id ?? `actor ${entry[1]}`,
          describe(entry),
          "nothing sent",
        );
      }
      if (entry[0] !== "x") this.#deliver(place, entry);
    }
    if (end === null) return;
    this.now = end[1];
    this.#compareEnd(index, end);
  }

  #deliver(place: PlaceState, entry: Extract<RecordEntry, readonly ["i" | "p" | "f", ...unknown[]]>): void {
    this.now = entry[1];
    if (entry[0] === "i") {
      const event = place.pending.get(entry[2]);
      place.pending.delete(entry[2]);
      if (event === undefined) throw this.#differs("(place)", describe(entry), "no such event is pending");
      if (event.isPacket) this.deliverPacket(event.target, event.thing as Packet, event.ifId);
      else this.deliverControl(event.target, event.thing as ControlEvent);
      return;
    }
    if (this.cells[entry[2]] === undefined) throw this.#differs(`actor ${entry[2]}`, describe(entry), "no such actor");
    if (entry[0] === "f") {
      this.deliverControl(entry[2], entry[3]);
      return;
    }
    const bytes = bytesOfHex(entry[4]);
    const packet = bytes === null ? null : decodePacket(bytes);
    if (packet === null || !packet.ok)
      throw this.#differs((this.cells[entry[2]] as Cell).id, "a packet", "bytes that are no packet");
    this.deliverPacket(entry[2], packet.value, entry[3]);
  }

  #compareEnd(index: number, end: RecordEnd): void {
    for (const cell of this.allCells().filter(({ place }) => place === index)) {
      const [digest, state] = [this.digestOf(cell), stateHash(cell)];
      if (end[3][cell.id] !== digest)
        throw this.#differs(cell.id, `digest ${String(end[3][cell.id])}`, `digest ${digest}`);
      if (end[4][cell.id] !== state)
        throw this.#differs(cell.id, `final state ${String(end[4][cell.id])}`, `final state ${state}`);
    }
  }

  #expect(place: PlaceState, from: Cell, found: string): void {
    const expected = JSON.stringify(this.#nextOf(place) ?? null);
    if (expected !== found) throw this.#differs(from.id, expected, found);
    place.at++;
  }

  #differs(actor: string, expected: string, found: string): Differs {
    return new Differs({ time_ns: this.now, actor, expected, found });
  }
}

function describe(entry: RecordEntry | undefined): string {
  return entry === undefined ? "the end of the record" : JSON.stringify(entry);
}
