/**
 * Questions about the event log. For each of the last few filters the numbers of the events that match are kept and lengthened as the log grows, so that only
 * the first page of a filter costs a walk over the columns.
 */
import type { LogFilter, LogPage, LogRow } from "../../core/exploration.ts";
import { type EventChunk, type EventColumns, isPacket, NOT_DROPPED, PACKET_KIND, rowOf } from "./event-columns.ts";

/** Names by the numbers that the columns hold; both may grow at their ends. */
export interface LogNames {
  readonly actors: readonly string[];
  readonly flows: readonly string[];
}

/** Most rows of one answer. */
export const MAX_LOG_ROWS = 5_000;
/** Events looked back for what an actor did last. */
const RECENT_REACH = 400_000;
/** 16 MB each where everything matches. */
const MAX_KEPT_FILTERS = 4;

export class LogIndex {
  readonly #columns: EventColumns;
  readonly #names: LogNames;
  /** By filter without its times; the one used last stands last. */
  readonly #kept = new Map<string, Matches>();

  constructor(columns: EventColumns, names: LogNames) {
    this.#columns = columns;
    this.#names = names;
  }

  /** Rows `first`, `first + 1` ... of those that match; with `around`, those about the event of this number. */
  query(filter: LogFilter, first: number, count: number, around?: number): LogPage {
    const columns = this.#columns;
    const matches = this.#matchesOf(filter);
    const begin = matches.rankOf(Math.max(columns.first, columns.firstFrom(filter.from_ns ?? 0)));
    const end = matches.rankOf(columns.firstFrom((filter.to_ns ?? Number.POSITIVE_INFINITY) + 1));
    const total = Math.max(0, end - begin);
    const most = Math.max(0, Math.min(Math.floor(count), MAX_LOG_ROWS));
    const wanted = around === undefined ? first : matches.rankOf(around) - begin - (most >> 1);
    const from = Math.max(0, Math.min(Math.floor(wanted), total - (around === undefined ? 0 : most)));
    const rows: LogRow[] = [];
    for (let n = from; n < total && rows.length < most; n++) rows.push(this.#row(matches.eventAt(begin + n)));
    return { total, first: from, rows, keptFrom: columns.forgotten === 0 ? 0 : columns.first };
  }

  /** The latest rows about one actor, at most `count`, up to an event; the newest last. Looks back no further than `RECENT_REACH` events. */
  recent(actor: number, upTo: number, count: number): LogRow[] {
    const columns = this.#columns;
    const least = Math.max(columns.first, upTo - RECENT_REACH);
    const rows: LogRow[] = [];
    for (let event = Math.min(upTo, columns.last); event >= least && rows.length < count; event--) {
      const chunk = columns.chunkOf(event) as EventChunk;
      if (chunk.target[rowOf(event)] === actor) rows.push(this.#row(event));
    }
    return rows.reverse();
  }

  #matchesOf(filter: LogFilter): Pick<Matches, "rankOf" | "eventAt"> {
    const { actor = "", kind = "", flow = "", packet = null, dropped = null } = filter;
    if (actor === "" && kind === "" && flow === "" && packet === null && dropped === null)
      return everyEvent(this.#columns);
    const key = JSON.stringify([actor, kind, flow, packet, dropped]);
    const matches = this.#kept.get(key) ?? new Matches(this.#columns, this.#names, filter);
    this.#kept.delete(key);
    this.#kept.set(key, matches);
    if (this.#kept.size > MAX_KEPT_FILTERS) this.#kept.delete(this.#kept.keys().next().value as string);
    matches.extend();
    return matches;
  }

  #row(event: number): LogRow {
    const row = rowOf(event);
    const chunk = this.#columns.chunkOf(event) as EventChunk;
    const { actors, flows } = this.#names;
    const flow = chunk.flow[row] as number;
    const kind = chunk.kind[row] as number;
    const sender = chunk.sender[row] as number;
    const drop = chunk.drop[row] as number;
    const others = this.#others(event);
    return {
      event,
      time_ns: chunk.time[row] as number,
      actor: actors[chunk.target[row] as number] ?? "",
      kind: this.#columns.kinds[kind] ?? "",
      flow: flow < 0 ? null : (flows[flow] ?? `#${flow}`),
      packet: flow < 0 ? null : (chunk.packet[row] as number),
      ifId: isPacket(kind) ? (chunk.ifId[row] as number) : null,
      from: sender < 0 ? null : (actors[sender] ?? null),
      sent_ns: chunk.sent[row] as number,
      dropped: drop === NOT_DROPPED ? null : (this.#columns.reasons[drop] as string),
      ...(others === null ? {} : { others }),
    };
  }

  /** What other packets this event ended. */
  #others(event: number): NonNullable<LogRow["others"]> | null {
    const counts = new Map<string, number>();
    for (const { event: of, reason } of this.#columns.aside(event)) {
      if (of !== event) break;
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    return counts.size === 0 ? null : [...counts].map(([reason, packets]) => ({ reason, packets }));
  }
}

/** Without a filter nothing need be kept: the rank of an event is its number. */
function everyEvent(columns: EventColumns): Pick<Matches, "rankOf" | "eventAt"> {
  return {
    rankOf: (event) => Math.max(0, Math.min(event, columns.last + 1) - 1),
    eventAt: (rank) => rank + 1,
  };
}

/** Numbers of the events that match a filter (its times left out), ascending. */
class Matches {
  readonly #columns: EventColumns;
  readonly #names: LogNames;
  readonly #filter: LogFilter;
  #events = new Uint32Array(1_024);
  #count = 0;
  /** Events up to this one have been looked at. */
  #seen = 0;
  /** By number of the actor, kind and flow: 1 where it fits; null: all do. */
  #actors: Uint8Array | null = null;
  #kinds: Uint8Array | null = null;
  #flows: Uint8Array | null = null;

  constructor(columns: EventColumns, names: LogNames, filter: LogFilter) {
    this.#columns = columns;
    this.#names = names;
    this.#filter = filter;
  }

  /** How many matches lie before this event. */
  rankOf(event: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle] as number) < event) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  eventAt(rank: number): number {
    return this.#events[rank] as number;
  }

  /** Looks at what has come since the last time. */
  extend(): void {
    const columns = this.#columns;
    const from = Math.max(this.#seen + 1, columns.first);
    if (from > columns.last) return;
    const { actor = "", kind = "", flow = "" } = this.#filter;
    this.#actors = maskOf(this.#names.actors, actor, this.#actors);
    this.#kinds = maskOf(columns.kinds, kind, this.#kinds);
    this.#flows = maskOf(this.#names.flows, flow, this.#flows);
    const aside = this.#asideFrom(from);
    let next = 0;
    for (let event = from; event <= columns.last; ) {
      const chunk = columns.chunkOf(event) as EventChunk;
      const begin = rowOf(event);
      const end = Math.min(chunk.time.length, begin + columns.last - event + 1);
      next = this.#walk(chunk, begin, end, aside, next);
      event += end - begin;
    }
    this.#seen = columns.last;
  }

  #walk(chunk: EventChunk, begin: number, end: number, aside: readonly number[], next: number): number {
    const { target, kind, flow, packet, drop, firstEvent } = chunk;
    const actors = this.#actors;
    const kinds = this.#kinds;
    const flows = this.#flows;
    const number = this.#filter.packet ?? -1;
    const { dropped } = this.#filter;
    const drops = dropped === undefined ? -1 : dropped ? 1 : 0;
    let nextAside = next;
    for (let row = begin; row < end; row++) {
      let fits =
        (actors === null || actors[target[row] as number] === 1) &&
        (kinds === null || kinds[kind[row] as number] === 1) &&
        (flows === null || flows[flow[row] as number] === 1) &&
        (number < 0 || (packet[row] === number && (flow[row] as number) >= 0)) &&
        (drops < 0 || (drop[row] === NOT_DROPPED) === (drops === 0));
      if (nextAside < aside.length && aside[nextAside] === firstEvent + row) {
        fits = true;
        nextAside++;
      }
      if (fits) this.#add(firstEvent + row);
    }
    return nextAside;
  }

  /** Events that ended another packet which fits. Where packets that did not end are asked for, these do not count. */
  #asideFrom(from: number): readonly number[] {
    const { packet, dropped, kind = "" } = this.#filter;
    if (dropped === false || (kind !== "" && this.#kinds?.[PACKET_KIND] !== 1)) return [];
    if (dropped === undefined && packet === undefined && this.#flows === null) return [];
    const events: number[] = [];
    for (const row of this.#columns.aside(from)) {
      const fits =
        (this.#actors === null || this.#actors[row.actor] === 1) &&
        (this.#flows === null || this.#flows[row.flow] === 1) &&
        (packet === undefined || (row.packet === packet && row.flow >= 0));
      if (fits && events.at(-1) !== row.event) events.push(row.event);
    }
    return events;
  }

  #add(event: number): void {
    if (this.#count === this.#events.length) this.#grow();
    this.#events[this.#count++] = event;
  }

  /** Those that the log has forgotten need not be kept either. */
  #grow(): void {
    const gone = this.rankOf(this.#columns.first);
    const left = this.#events.subarray(gone, this.#count);
    if (gone < this.#count >> 1) {
      const larger = new Uint32Array(2 * this.#events.length);
      larger.set(left);
      this.#events = larger;
    } else this.#events.copyWithin(0, gone, this.#count);
    this.#count -= gone;
  }
}

/** Where each name contains `text`, whatever the case; lengthens what was made for fewer names. */
function maskOf(names: readonly string[], text: string, before: Uint8Array | null): Uint8Array | null {
  if (text === "") return null;
  if (before?.length === names.length) return before;
  const sought = text.toLowerCase();
  const mask = new Uint8Array(names.length);
  if (before !== null) mask.set(before);
  for (let n = before?.length ?? 0; n < names.length; n++)
    mask[n] = (names[n] as string).toLowerCase().includes(sought) ? 1 : 0;
  return mask;
}
