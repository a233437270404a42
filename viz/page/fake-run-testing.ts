/** For tests of single panels: a made-up run of as many events as is wanted, whose log and messages are those of the worker's own code. */
import type { Frame, Progress, RunOutline } from "../../core/exploration.ts";
import { EventColumns } from "../../sim/exploration/event-columns.ts";
import { LogIndex } from "../../sim/exploration/log-query.ts";
import { farEndsOf } from "../../sim/exploration/names.ts";
import { sequenceOf } from "../../sim/exploration/sequence.ts";
import { type App, ProblemError, type Topics } from "./app.ts";
import type { QuestionName, Questions } from "./protocol.ts";
import { SeriesStore } from "./series-store.ts";

const IAS = ["1-ff00:0:110", "1-ff00:0:111", "1-ff00:0:112"];
const LINKS: RunOutline["links"] = [
  [0, 1],
  [0, 2],
].map(([a, b], n) => ({
  a: `${IAS[a as number]}#${n + 1}`,
  b: `${IAS[b as number]}#1`,
  type: "child",
  mtu: 1472,
  latency_ms: 5,
  rate_bps: 1e8,
}));
const DIRECTIONS = LINKS.flatMap(({ a, b }) => [`link/${a}>${b}`, `link/${b}>${a}`]);
const HOSTS = [`host/${IAS[1]},10.0.0.1`, `host/${IAS[2]},10.0.0.2`];
const ACTORS = [...IAS.map((ia) => `node/${ia}`), ...DIRECTIONS, ...HOSTS, "selector/video", "faults"];
const iaOf = (id: string): string => /\d-[0-9a-f:]+/.exec(id)?.[0] ?? (IAS[1] as string);
const logicOf = (id: string): string => id.split("/")[0] as string;
const FLOWS = ["video", "ping"];

/** 10 s long, whatever the number of events. */
function outlineOf(name: string): RunOutline {
  return {
    name,
    seed: 1,
    duration_ns: 10_000_000_000,
    source: "sim",
    world: "sim",
    ases: IAS.map((ia, n) => ({ ia, core: n === 0, label: null, position: null, mtu: 1472 })),
    links: LINKS,
    directions: DIRECTIONS,
    flows: FLOWS.map((id) => ({
      id,
      app: "poisson",
      src: (HOSTS[0] as string).slice(5),
      dst: (HOSTS[1] as string).slice(5),
      policy: "shortest",
      selector: id === "video" ? "selector/video" : null,
    })),
    actors: ACTORS.map((id) => ({ id, logic: logicOf(id), ia: iaOf(id) })),
    policies: ["shortest", "lowest-latency"],
  };
}

/** Each packet makes six events, every fiftieth ends in the first queue; a fault strikes now and then. */
function fill(columns: EventColumns, events: number): void {
  const number = (id: string): number => ACTORS.indexOf(id);
  const way = [
    HOSTS[0],
    `node/${IAS[1]}`,
    DIRECTIONS[1],
    `node/${IAS[0]}`,
    DIRECTIONS[2],
    `node/${IAS[2]}`,
    HOSTS[1],
  ].map((id) => number(id as string));
  const step = 10_000_000_000 / events;
  let packet = 0;
  while (columns.last < events) {
    packet++;
    const lost = packet % 50 === 0;
    for (let hop = 1; hop < (lost ? 3 : way.length); hop++) {
      const time = Math.floor(columns.last * step);
      columns.append(time, way[hop] as number, 0, packet % 2, packet >> 1, hop % 3, 0, true);
      columns.noteSent(way[hop - 1] as number, Math.max(0, Math.floor(time - step * 0.8)));
    }
    if (lost) columns.noteDropped("queue_overflow");
    if (packet % 5_000 !== 0) continue;
    columns.append(Math.floor(columns.last * step), way[4] as number, columns.kindOf("link.fail"), -1, 0, 0, 0, true);
    columns.noteSent(-1, 0);
    columns.noteAside(Math.floor(columns.last * step), way[4] as number, 0, 77, "link_down");
  }
}

export interface FakeOptions {
  readonly name?: string;
  readonly events: number;
  /** What the worker would say to a scenario's text. */
  readonly check?: (text: string) => Questions["check"]["answer"]["problems"];
}

/** What the panel asked of the app is written down in `calls`. */
export class FakeRun implements App {
  readonly outline: RunOutline;
  readonly series = new SeriesStore();
  readonly bookmarks = [];
  readonly calls: string[] = [];
  readonly columns = new EventColumns();
  frame: Frame | null = null;
  progress: Progress | null = null;
  selected: string | null = null;
  readonly #heard = new Map<keyof Topics, Set<(value: never) => void>>();
  readonly #log: LogIndex;
  readonly #options: FakeOptions;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.outline = outlineOf(options.name ?? "made-up");
    this.grow(options.events);
    this.#log = new LogIndex(this.columns, { actors: ACTORS, flows: FLOWS });
    this.seek({ event: 0 });
  }

  /** To so many events, and tells of it. */
  grow(events: number): void {
    fill(this.columns, events);
    const { last } = this.columns;
    this.progress = {
      known_ns: this.columns.timeOf(last),
      events: last,
      hops: 0,
      busy_ms: 1,
      ended: true,
      digest: "0",
      verdict: null,
      bookmarks: [],
      series: [],
    };
    this.#tell("progress", this.progress);
  }

  on<Topic extends keyof Topics>(topic: Topic, hear: (value: Topics[Topic]) => void): () => void {
    const heard = this.#heard.get(topic) ?? new Set();
    this.#heard.set(topic, heard.add(hear));
    const now: Partial<Topics> = { outline: this.outline, selected: this.selected };
    if (this.frame !== null) now.frame = this.frame;
    if (this.progress !== null) now.progress = this.progress;
    if (topic in now) hear(now[topic] as Topics[Topic]);
    return () => heard.delete(hear);
  }

  async ask<Name extends QuestionName>(name: Name, ask: Questions[Name]["ask"]): Promise<Questions[Name]["answer"]> {
    await new Promise((done) => setTimeout(done, 4));
    return structuredClone(this.#answer(name, ask)) as Questions[Name]["answer"];
  }

  #answer(name: QuestionName, ask: unknown): unknown {
    if (name === "log") {
      const { filter, first, count, around } = ask as Questions["log"]["ask"];
      return this.#log.query(filter, first, count, around);
    }
    if (name === "sequence") {
      const names = { actors: ACTORS, flows: FLOWS, farEnds: farEndsOf(this.outline, ACTORS) };
      return sequenceOf(this.columns, names, ask as Questions["sequence"]["ask"], this.frame?.event ?? 0);
    }
    if (name === "paths") {
      const { flow } = ask as Questions["paths"]["ask"];
      return flow === "video" ? [{ fingerprint: "5ad2", interfaces: [], directions: [1, 2] }] : [];
    }
    if (name === "check") return { problems: this.#options.check?.((ask as Questions["check"]["ask"]).text) ?? [] };
    throw new ProblemError({ message: `the made-up run has no answer to ${name}`, places: [] });
  }

  seek(to: { readonly time: number } | { readonly event: number }): void {
    const event = "event" in to ? to.event : this.columns.firstFrom(to.time + 1) - 1;
    this.calls.push(`seek ${event}`);
    const none = new Float32Array(0);
    this.frame = {
      now: event === 0 ? 0 : this.columns.timeOf(event),
      event,
      playing: false,
      load: none,
      queue: none,
      link: new Uint8Array(0),
      node: new Uint8Array(0),
      underWay: 0,
      packetDirection: new Int32Array(0),
      packetPlace: none,
      packetFlow: new Int32Array(0),
      packetPath: new Int32Array(0),
      paths: [],
    };
    this.#tell("frame", this.frame);
  }

  select(actor: string | null): void {
    this.selected = actor;
    this.calls.push(`select ${actor}`);
    this.#tell("selected", actor);
  }

  highlight(what: Topics["highlight"]): void {
    this.calls.push(`highlight ${what?.flow ?? "nothing"}`);
  }

  complain(problem: NonNullable<Topics["problem"]>): void {
    this.calls.push(`complain ${problem.message}`);
  }

  #tell<Topic extends keyof Topics>(topic: Topic, value: Topics[Topic]): void {
    for (const hear of this.#heard.get(topic) ?? []) (hear as (value: Topics[Topic]) => void)(value);
  }
}
