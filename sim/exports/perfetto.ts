/**
 * A run in the Trace Event Format (Chrome's JSON, read by ui.perfetto.dev): a process for each AS, a thread for each actor. On it stand the
 * states of its machine as slices, one after the other, and within them a slice without length for each packet delivered to it; arrows (flow
 * events) lead a packet from one to the next. Queues and windows are counters; faults, changes of path and drops are instants.
 *
 * Written in order of time. What is open when the window begins is begun there, what is open when it ends is ended there.
 */
import type { WorldObserver } from "../../actors/record.ts";
import type { Cell, World } from "../../actors/world.ts";
import type { ControlEvent } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { TraceDetail, TraceRecord, TraceSink } from "../../core/trace.ts";
import type { Nanos } from "../../core/units.ts";
import { type Exporter, type ExportFilter, Flows } from "./exporter.ts";

/** How each file begins. */
export const PERFETTO_BEGINNING = '{"displayTimeUnit":"ns","otherData":';

/** Packets that arrows still lead on; the oldest is let go first. */
const MOST_UNDER_WAY = 100_000;

type Args = Readonly<Record<string, string | number | boolean | null>>;

interface Thread {
  readonly pid: number;
  readonly tid: number;
  /** Its machine's state, while a slice is open for it. */
  state: string | null;
}

/** A packet's arrows: their id, and where it was seen last. */
interface Under {
  readonly id: number;
  readonly name: string;
  thread: Thread;
}

class PerfettoExporter implements Exporter {
  written = 0;
  readonly #scenario: Scenario;
  readonly #filter: ExportFilter;
  readonly #write: (piece: string) => void;
  readonly #flows: Flows;
  readonly #threads = new Map<string, Thread>();
  readonly #states = new Map<string, string>();
  readonly #underWay = new Map<string, Under>();
  readonly #places = new Set<number>();
  #world: World | null = null;
  #nextFlow = 1;
  #open = false;
  #closed = false;
  /** Last value of each counter. */
  readonly #counters = new Map<string, string>();

  constructor(scenario: Scenario, filter: ExportFilter, write: (piece: string) => void) {
    this.#scenario = scenario;
    this.#filter = filter;
    this.#write = write;
    this.#flows = new Flows(scenario);
    const title = JSON.stringify({ scenario: scenario.name, seed: scenario.seed });
    write(`${PERFETTO_BEGINNING}${title},"traceEvents":[\n`);
  }

  readonly observe = (world: World): WorldObserver => {
    this.#world = world;
    return {
      sent: () => {},
      recalled: () => {},
      started: (cell) => this.#enter(cell),
      walked: (cell) => this.#enter(cell),
      delivered: (cell, _order, thing, isPacket) => this.#delivered(cell, thing, isPacket),
    };
  };

  readonly trace: TraceSink = (record) => {
    const { kind, detail = {}, time_ns: now } = record;
    if (!this.#isShown(now)) return;
    if (kind === "link.admit") this.#count(record, "queue", { packets: detail["waiting"] as number });
    else if (kind === "transport.metrics") this.#countWindow(record, detail);
    else if (kind === "app.send") this.#hop(this.#threadOf(record.actor), record, "sent", now);
    else if (kind === "app.receive") this.#endFlow(record, now);
    else if (kind === "drop") this.#drop(record, now);
    else if (
      kind === "link.state" ||
      kind === "selector.switch" ||
      kind === "node.interface" ||
      kind === "transport.path"
    )
      this.#instant(record.actor, kind, detail, now);
  };

  end(now: Nanos): void {
    if (this.#closed) return;
    const at = Math.max(Math.min(now, this.#filter.to), this.#filter.from);
    this.#openWindow();
    this.#closed = true;
    for (const under of this.#underWay.values()) this.#arrow(under, "f", at);
    for (const thread of this.#threads.values()) this.#leave(thread, at);
    this.#write("\n]}\n");
  }

  /** Is this instant in the window? At its beginning the states that actors are in are told. */
  #isShown(now: Nanos): boolean {
    if (this.#closed || now < this.#filter.from) return false;
    this.#openWindow();
    if (now <= this.#filter.to) return true;
    this.end(now);
    return false;
  }

  #openWindow(): void {
    if (this.#open) return;
    this.#open = true;
    for (const [actor, state] of this.#states) this.#begin(this.#threadOf(actor), state, this.#filter.from);
  }

  #enter(cell: Cell): void {
    const now = this.#now();
    const state = nameOf(cell.state.value);
    const shown = this.#isShown(now);
    if (this.#states.get(cell.id) === state) return;
    this.#states.set(cell.id, state);
    if (!shown) return;
    const thread = this.#threadOf(cell.id);
    if (thread.state === state) return;
    this.#leave(thread, now);
    this.#begin(thread, state, now);
  }

  #now(): Nanos {
    return this.#world?.now ?? 0;
  }

  #begin(thread: Thread, state: string, now: Nanos): void {
    thread.state = state;
    this.#event("B", thread, now, { name: state, cat: "state" });
  }

  #leave(thread: Thread, now: Nanos): void {
    if (thread.state === null) return;
    thread.state = null;
    this.#event("E", thread, now, {});
  }

  #delivered(cell: Cell, thing: Packet | ControlEvent, isPacket: boolean): void {
    const now = this.#now();
    if (!isPacket || !this.#isShown(now)) return;
    const { flow, number } = thing as Packet;
    this.#hop(this.#threadOf(cell.id), { actor: cell.id, flow, number }, "packet", now);
  }

  /** A packet is at an actor: an arrow leads there from where it was before. */
  #hop(thread: Thread, of: Pick<TraceRecord, "actor" | "flow" | "number">, word: string, now: Nanos): void {
    const flow = this.#flows.ofNumber(of.flow ?? -1);
    if (flow === null || (this.#filter.flows !== null && !this.#filter.flows.has(flow.id))) return;
    const key = `${of.flow}:${of.number}`;
    const known = this.#underWay.get(key);
    const back = (of.flow ?? 0) >= this.#scenario.flows.length ? " back" : "";
    const name = `${flow.id}${back} #${of.number}`;
    if (known !== undefined) {
      known.thread = thread;
      this.#arrow(known, "t", now, word);
      return;
    }
    if (this.#underWay.size >= MOST_UNDER_WAY) this.#letGo(now);
    const under = { id: this.#nextFlow++, name, thread };
    this.#underWay.set(key, under);
    this.#arrow(under, "s", now, word);
  }

  #letGo(now: Nanos): void {
    const [key, under] = this.#underWay.entries().next().value as [string, Under];
    this.#underWay.delete(key);
    this.#arrow(under, "f", now, "not followed on");
  }

  #endFlow({ flow, number, actor }: TraceRecord, now: Nanos): void {
    const key = `${flow}:${number}`;
    const under = this.#underWay.get(key);
    if (under === undefined) return;
    this.#underWay.delete(key);
    under.thread = this.#threadOf(actor);
    this.#arrow(under, "f", now, "received");
  }

  #drop(record: TraceRecord, now: Nanos): void {
    const flow = this.#flows.of(record);
    if (this.#filter.flows !== null && (flow === null || !this.#filter.flows.has(flow.id))) return;
    const packet = flow === null ? {} : { flow: flow.id, packet: record.number ?? null };
    this.#instant(record.actor, `drop: ${String(record.detail?.["reason"])}`, packet, now);
    this.#endFlow(record, now);
  }

  /** A slice without length, and in it the end of one arrow and the beginning of the next. */
  #arrow({ id, name, thread }: Under, ph: "s" | "t" | "f", now: Nanos, word = "under way at the end"): void {
    this.#event("B", thread, now, { name, cat: "packet", args: { what: word } });
    this.#event(ph, thread, now, { name: "packet", cat: "packet", id, ...(ph === "f" ? { bp: "e" } : {}) });
    this.#event("E", thread, now, {});
  }

  #instant(actor: string, name: string, args: TraceDetail, now: Nanos): void {
    this.#event("i", this.#threadOf(actor), now, { name, cat: "news", s: "p", args });
  }

  #countWindow(record: TraceRecord, detail: TraceDetail): void {
    const flow = this.#flows.ofActor(record.actor);
    if (flow === null || (this.#filter.flows !== null && !this.#filter.flows.has(flow.id))) return;
    const of = detail["path_id"] ?? detail["connection"];
    const bytes = { cwnd: detail["cwnd"] as number, in_flight: detail["in_flight"] as number };
    this.#count(record, `${detail["path_id"] === undefined ? "connection" : "path"} ${String(of)} window`, bytes);
    const srtt = detail["srtt"];
    if (typeof srtt === "number") this.#count(record, `${flow.id} ${String(of)} srtt`, { ms: srtt / 1_000_000 });
  }

  #count({ actor, time_ns }: TraceRecord, what: string, args: Args): void {
    const name = `${actor} ${what}`;
    const text = JSON.stringify(args);
    if (this.#counters.get(name) === text) return;
    this.#counters.set(name, text);
    this.#event("C", this.#threadOf(actor), time_ns, { name, cat: "counter", args });
  }

  /** Told of with the first event that stands on it. */
  #threadOf(actor: string): Thread {
    const known = this.#threads.get(actor);
    if (known !== undefined) return known;
    const place = this.#world?.cellOf(actor).place ?? 0;
    const thread = { pid: place + 1, tid: this.#threads.size + 1, state: null };
    this.#threads.set(actor, thread);
    if (!this.#places.has(place)) {
      this.#places.add(place);
      const name = this.#scenario.network.ases[place]?.ia ?? `place ${place}`;
      this.#event("M", thread, 0, { name: "process_name", args: { name } });
      this.#event("M", thread, 0, { name: "process_sort_index", args: { sort_index: place } });
    }
    this.#event("M", thread, 0, { name: "thread_name", args: { name: actor } });
    return thread;
  }

  #event(ph: string, { pid, tid }: Thread, now: Nanos, fields: Readonly<Record<string, unknown>>): void {
    const text = JSON.stringify({ ph, pid, tid, ...fields });
    this.#write(`${this.written === 0 ? "" : ",\n"}{"ts":${microseconds(now)},${text.slice(1)}`);
    this.written++;
  }
}

export function perfettoExporter(scenario: Scenario, filter: ExportFilter, write: (piece: string) => void): Exporter {
  return new PerfettoExporter(scenario, filter, write);
}

/** Exactly: whole nanoseconds. */
function microseconds(time: Nanos): string {
  const rest = time % 1_000;
  const whole = (time - rest) / 1_000;
  return rest === 0 ? `${whole}` : `${whole}.${String(rest).padStart(3, "0")}`;
}

function nameOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
