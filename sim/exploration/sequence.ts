/**
 * Messages between chosen actors, from the columns of the event log. A direction of a link that is not chosen itself is seen through: what goes in at its
 * one end and comes out at the other is one message between the nodes, sent when it was given to the link.
 */
import type { SequenceMessage } from "../../core/exploration.ts";
import type { Nanos } from "../../core/units.ts";
import { type EventChunk, type EventColumns, isPacket, NOT_DROPPED, rowOf } from "./event-columns.ts";
import type { LogNames } from "./log-query.ts";

export interface SequenceNames extends LogNames {
  /** By number of an actor: of a direction of a link, the actor that it delivers to; -1 of all others (and left out: -1). */
  readonly farEnds: readonly number[];
}

export interface SequenceQuestion {
  readonly actors: readonly string[];
  readonly from_ns: Nanos;
  readonly to_ns: Nanos;
  /** Most messages: those whose end is nearest to the cursor. */
  readonly most: number;
}

/** Events walked over for one answer on each side of the cursor: the first attempt, and the last. */
const FIRST_REACH = 25_000;
const LAST_REACH = 800_000;
const MOST = 5_000;
/** Events before the first one asked for, so that it is known who sent what is under way there. */
const LOOK_BACK = 20_000;

/** `cursor`: number of an event. In order of their ends. */
export function sequenceOf(
  columns: EventColumns,
  names: SequenceNames,
  { actors, from_ns, to_ns, most }: SequenceQuestion,
  cursor: number,
): SequenceMessage[] {
  const wanted = Math.max(0, Math.min(most, MOST));
  const begin = Math.max(columns.first, columns.firstFrom(from_ns));
  const end = columns.firstFrom(to_ns + 1);
  const middle = Math.max(begin, Math.min(cursor, end));
  const chosen = maskOf(names, actors);
  for (let reach = FIRST_REACH; ; reach *= 4) {
    const from = Math.max(begin, middle - reach);
    const to = Math.min(end, middle + reach);
    const walked = new Walk(columns, names, chosen).between(Math.max(columns.first, from - LOOK_BACK), to);
    const found = walked.filter(({ event }) => event >= from);
    const isAll = from === begin && to === end;
    if (isAll || found.length >= 2 * wanted || reach >= LAST_REACH) return nearest(found, middle, wanted);
  }
}

function maskOf({ actors }: LogNames, chosen: readonly string[]): Uint8Array {
  const ids = new Set(chosen);
  return Uint8Array.from(actors, (id) => (ids.has(id) ? 1 : 0));
}

/** Half of them before the cursor and half behind it, more of the one side where the other has fewer. */
function nearest(found: readonly SequenceMessage[], cursor: number, most: number): SequenceMessage[] {
  const before = found.findIndex(({ event }) => event > cursor);
  const passed = before < 0 ? found.length : before;
  const from = Math.max(0, Math.min(passed - Math.ceil(most / 2), found.length - most));
  return found.slice(from, from + most);
}

interface Underway {
  readonly sender: number;
  readonly sent: Nanos;
  readonly kind: number;
}

class Walk {
  readonly #columns: EventColumns;
  readonly #names: SequenceNames;
  readonly #chosen: Uint8Array;
  readonly #found: SequenceMessage[] = [];
  /** What chosen actors gave to links that are not: by link, flow and number, the oldest first. */
  readonly #underway = new Map<string, Underway[]>();

  constructor(columns: EventColumns, names: SequenceNames, chosen: Uint8Array) {
    this.#columns = columns;
    this.#names = names;
    this.#chosen = chosen;
  }

  /** Events `from` (included) to `to` (not included). */
  between(from: number, to: number): readonly SequenceMessage[] {
    const aside = this.#columns.aside(from);
    let next = aside.next();
    const end = Math.min(to, this.#columns.last + 1);
    for (let event = from; event < end; event++) {
      const chunk = this.#columns.chunkOf(event) as EventChunk;
      this.#event(event, chunk, rowOf(event));
      for (; next.done !== true && next.value.event <= event; next = aside.next()) {
        const { actor, flow, packet, time, reason } = next.value;
        if (this.#isSeenThrough(actor)) this.#ends(event, actor, flow, packet, time, reason);
      }
    }
    return this.#found;
  }

  #isSeenThrough(actor: number): boolean {
    return this.#chosen[actor] !== 1 && (this.#names.farEnds[actor] ?? -1) >= 0;
  }

  #event(event: number, chunk: EventChunk, row: number): void {
    const target = chunk.target[row] as number;
    const sender = chunk.sender[row] as number;
    if (sender < 0 || sender === target) return;
    const chosen = this.#chosen;
    const flow = chunk.flow[row] as number;
    const packet = chunk.packet[row] as number;
    const time = chunk.time[row] as number;
    const sent = chunk.sent[row] as number;
    const kind = chunk.kind[row] as number;
    const drop = chunk.drop[row] as number;
    const reason = drop === NOT_DROPPED ? null : (this.#columns.reasons[drop] as string);
    if (chosen[target] === 1 && chosen[sender] === 1) {
      this.#found.push(this.#message(event, sender, target, sent, time, kind, flow, packet, reason));
    } else if (!isPacket(kind)) return;
    else if (chosen[sender] === 1 && this.#isSeenThrough(target)) {
      const key = keyOf(target, flow, packet);
      const waiting = this.#underway.get(key);
      if (waiting === undefined) this.#underway.set(key, [{ sender, sent, kind }]);
      else waiting.push({ sender, sent, kind });
      if (reason !== null) this.#ends(event, target, flow, packet, time, reason);
    } else if (chosen[target] === 1 && this.#isSeenThrough(sender)) {
      this.#arrives(event, sender, target, flow, packet, time, reason);
    }
  }

  #arrives(
    event: number,
    link: number,
    target: number,
    flow: number,
    packet: number,
    time: Nanos,
    reason: string | null,
  ): void {
    const from = this.#take(link, flow, packet, false);
    if (from === null) return;
    this.#found.push(this.#message(event, from.sender, target, from.sent, time, from.kind, flow, packet, reason));
  }

  /** A packet ends within a link: the last one given to it where it is refused, the first where it is thrown out. */
  #ends(event: number, link: number, flow: number, packet: number, time: Nanos, reason: string): void {
    const target = this.#names.farEnds[link] as number;
    const from = this.#take(link, flow, packet, true);
    if (from === null || this.#chosen[target] !== 1) return;
    this.#found.push(this.#message(event, from.sender, target, from.sent, time, from.kind, flow, packet, reason));
  }

  #take(link: number, flow: number, packet: number, newest: boolean): Underway | null {
    const key = keyOf(link, flow, packet);
    const waiting = this.#underway.get(key);
    const taken = newest ? waiting?.pop() : waiting?.shift();
    if (waiting?.length === 0) this.#underway.delete(key);
    return taken ?? null;
  }

  #message(
    event: number,
    from: number,
    to: number,
    sent: Nanos,
    received: Nanos,
    kind: number,
    flow: number,
    packet: number,
    dropped: string | null,
  ): SequenceMessage {
    const { actors, flows } = this.#names;
    const name = flow < 0 ? null : (flows[flow] ?? `#${flow}`);
    return {
      event,
      from: actors[from] as string,
      to: actors[to] as string,
      sent_ns: sent,
      received_ns: received,
      label: name === null ? (this.#columns.kinds[kind] as string) : `${name} ${packet}`,
      flow: name,
      dropped,
    };
  }
}

/** Packets without a flow all have the number 0: of these, the order tells which is which, as links keep it unless their jitter may not. */
function keyOf(link: number, flow: number, packet: number): string {
  return `${link} ${flow} ${packet}`;
}
