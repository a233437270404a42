/**
 * Replay: feeds each place alone with its record and compares every output, every actor's digest and final state. It must be
 * identical bit for bit, whichever world made the record; the first thing that differs is named.
 */
import type { Assembly } from "../actors/assembly.ts";
import type { RecordEnd, RecordEntry, RecordHeader } from "../actors/record.ts";
import { combineDigests } from "../core/digest.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Nanos } from "../core/units.ts";
import { countProblem, parseEntry, parseHeader } from "./record-lines.ts";
import { type Difference, Differs, type Reading, ReplayWorld, rootOf, Stops } from "./replay-world.ts";

export type { Difference } from "./replay-world.ts";

export interface PlaceRecord {
  readonly header: RecordHeader;
  readonly entries: readonly RecordEntry[];
  /** null: the record stops before the run did. */
  readonly end: RecordEnd | null;
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
  const read = parseHeader(lines[0] ?? "");
  if (!read.ok) return err(`line 1: ${read.error}`);
  const header = read.value;
  const entries: RecordEntry[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = parseEntry(lines[i] as string);
    // Whatever was being written when the run was killed.
    if (!line.ok && cut && i === lines.length - 1) return ok({ header, entries, end: null });
    if (!line.ok) return err(`line ${i + 1}: ${line.error}`);
    const known = line.value;
    if (known[0] === "stop") return ok({ header, entries, end: null });
    if (known[0] === "k") continue;
    if (known[0] !== "end") {
      entries.push(known);
      continue;
    }
    const problem = countProblem(entries.length, known);
    return problem === null ? ok({ header, entries, end: known }) : err(`line ${i + 1}: ${problem}`);
  }
  if (cut) return ok({ header, entries, end: null });
  return err(`line ${lines.length}: the end mark is missing: the run was cut off, or the file was truncated`);
}

/** Runs every place that has a record, in the order of the assembly's places. */
export function replay(assembly: Assembly, records: readonly (PlaceRecord | null)[]): ReplayResult {
  const world = new PlaceByPlace(assembly, records);
  const difference = world.replayAll();
  const found = world.digest();
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

/** A place's entries, all read. */
class EntryList implements Reading {
  readonly stops: boolean;
  readonly #entries: readonly RecordEntry[];
  #at = 0;

  constructor({ entries, end }: PlaceRecord) {
    this.#entries = entries;
    this.stops = end === null;
  }

  peek(): RecordEntry | undefined {
    return this.#entries[this.#at];
  }

  take(): void {
    this.#at++;
  }

  takeIf(text: string): boolean {
    const same = JSON.stringify(this.peek() ?? null) === text;
    if (same) this.#at++;
    return same;
  }
}

class PlaceByPlace extends ReplayWorld {
  readonly #records: readonly (PlaceRecord | null)[];
  readonly stopped: { readonly place: string; readonly time_ns: Nanos }[] = [];

  constructor(assembly: Assembly, records: readonly (PlaceRecord | null)[]) {
    const start = records.find((record) => record !== null)?.header.start ?? 0;
    super(
      assembly,
      records.map((record) => (record === null ? null : new EntryList(record))),
      start,
    );
    this.#records = records;
  }

  /** @returns the first difference, in order of places; null where there is none. */
  replayAll(): Difference | null {
    try {
      this.populate();
      this.#records.forEach((record, place) => record !== null && this.#replayPlace(place, record));
      return null;
    } catch (cause) {
      const root = rootOf(cause);
      if (root instanceof Differs) return root.difference;
      // Cut off before the first actor had begun: there is nothing to compare.
      if (root instanceof Stops) return null;
      throw cause;
    }
  }

  #replayPlace(place: number, { end }: PlaceRecord): void {
    try {
      while (this.deliverNext(place));
    } catch (cause) {
      if (!(rootOf(cause) instanceof Stops)) throw cause;
    }
    if (end === null) {
      this.stopped.push({ place: this.assembly.places[place] as string, time_ns: this.now });
      return;
    }
    this.now = end[1];
    this.compareEnd(place, end);
  }
}
