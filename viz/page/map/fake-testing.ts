/** For tests: an app without a worker, whose frames are made up: packets on shortest ways between the ends of flows. */
import type { DrawnPath, Frame, OutlinedFlow, RunOutline } from "../../../core/exploration.ts";
import type { Network } from "../../../core/scenario.ts";
import type { App, Highlight, Topics } from "../app.ts";
import { SeriesStore } from "../series-store.ts";
import { endsOf, graphOf, type MapGraph } from "./graph.ts";

/** The outline of a run in a network, with flows between its ASes: each from one AS to the one half the list further on. */
export function outlineOf({ name, ases, links }: Network, flows: number): RunOutline {
  const end = ({ ia, ifId }: Network["links"][number]["a"]): string => `${ia}#${ifId}`;
  const chosen = Array.from({ length: flows }, (_, n): OutlinedFlow => {
    const at = Math.floor((n * 0.618 * ases.length) % ases.length);
    const [src, dst] = [ases[at]?.ia, ases[(at + Math.ceil(ases.length / 2)) % ases.length]?.ia];
    return {
      id: `f${n + 1}`,
      app: `${src}/f${n + 1}`,
      src: `${src},10.0.0.1`,
      dst: `${dst},10.0.0.2`,
      policy: "shortest",
      selector: `${src}/f${n + 1}/selector`,
    };
  });
  const actors = [
    ...ases.map(({ ia }) => ({ id: `${ia}/node`, logic: "node", ia })),
    ...chosen.flatMap(({ app, selector, src }) => {
      const ia = src.split(",")[0] ?? "";
      return [
        { id: app, logic: "source", ia },
        { id: selector ?? "", logic: "selector", ia },
      ];
    }),
  ];
  return {
    name,
    seed: 1,
    duration_ns: 10e9,
    source: "sim",
    world: "sim",
    ases: ases.map(({ ia, core, label, position, mtu }) => ({
      ia,
      core,
      label: label ?? null,
      position: position ?? null,
      mtu,
    })),
    links: links.map(({ a, b, type, mtu, ab }) => ({
      a: end(a),
      b: end(b),
      type,
      mtu,
      latency_ms: ab.latency_ns / 1e6,
      rate_bps: ab.rate_bps,
    })),
    directions: links.flatMap(({ a, b }) => [`link/${end(a)}`, `link/${end(b)}`]),
    flows: chosen,
    actors,
    policies: ["shortest"],
  };
}

/** The fewest links from one AS to another; empty: there is no way. */
function shortestWay(graph: MapGraph, from: number, to: number): number[] {
  const cameBy = new Map<number, number>();
  const reached = [from];
  for (let n = 0; n < reached.length && !cameBy.has(to); n++) {
    const as = reached[n] ?? 0;
    for (const link of graph.ases[as]?.links ?? [])
      for (const direction of [2 * link, 2 * link + 1]) {
        const ends = endsOf(graph, direction);
        if (ends.from !== as || ends.to === from || cameBy.has(ends.to)) continue;
        cameBy.set(ends.to, direction);
        reached.push(ends.to);
      }
  }
  const way: number[] = [];
  for (let as = to; as !== from; ) {
    const direction = cameBy.get(as);
    if (direction === undefined) return [];
    way.unshift(direction);
    as = endsOf(graph, direction).from;
  }
  return way;
}

type Heard = { [Topic in keyof Topics]: Set<(value: Topics[Topic]) => void> };

export class FakeApp implements App {
  outline: RunOutline | null = null;
  frame: Frame | null = null;
  readonly progress = null;
  readonly bookmarks = [];
  readonly series = new SeriesStore();
  selected: string | null = null;
  highlighted: Highlight | null = null;
  /** What was asked, by name. */
  readonly asked: string[] = [];
  #ways: readonly (readonly number[])[] = [];
  readonly #heard: Heard = {
    outline: new Set(),
    progress: new Set(),
    frame: new Set(),
    selected: new Set(),
    highlight: new Set(),
    problem: new Set(),
  };

  on<Topic extends keyof Topics>(topic: Topic, hear: (value: Topics[Topic]) => void): () => void {
    this.#heard[topic].add(hear);
    if (topic === "outline") hear(this.outline as Topics[Topic]);
    if (topic === "frame" && this.frame !== null) hear(this.frame as Topics[Topic]);
    return () => this.#heard[topic].delete(hear);
  }

  #tell<Topic extends keyof Topics>(topic: Topic, value: Topics[Topic]): void {
    for (const hear of this.#heard[topic]) hear(value);
  }

  open(outline: RunOutline): void {
    this.outline = outline;
    const graph = graphOf(outline);
    const indexOf = (host: string): number => graph.indexOf.get(host.split(",")[0] ?? "") ?? 0;
    this.#ways = outline.flows.map(({ src, dst }) => shortestWay(graph, indexOf(src), indexOf(dst)));
    this.#tell("outline", outline);
  }

  /** Tells a frame, and how long its hearing took, in ms. */
  show(frame: Frame): number {
    this.frame = frame;
    const begin = performance.now();
    this.#tell("frame", frame);
    return performance.now() - begin;
  }

  /** `tick`: frames so far; packets move by it. The load of a direction follows from its number. */
  makeFrame(tick: number, packets: number, change: Partial<Frame> = {}): Frame {
    const { outline } = this;
    const directions = outline?.directions.length ?? 0;
    const load = new Float32Array(directions);
    const queue = new Float32Array(directions);
    this.#ways.forEach((way, flow) => {
      for (const direction of way) load[direction] = Math.min(1, (load[direction] ?? 0) + 0.15 + (flow % 5) * 0.18);
    });
    load.forEach((share, direction) => {
      queue[direction] = share > 0.7 ? (share - 0.7) * 3 * (0.6 + 0.4 * Math.sin(tick / 20 + direction)) : 0;
    });
    const usable = this.#ways.map((way, flow) => ({ way, flow })).filter(({ way }) => way.length > 0);
    const packetDirection = new Int32Array(packets);
    const packetPlace = new Float32Array(packets);
    const packetFlow = new Int32Array(packets);
    for (let n = 0; n < packets; n++) {
      const one = usable[n % usable.length];
      const along = ((n * 0.137 + tick * 0.004) % 1) * (one?.way.length ?? 1);
      packetDirection[n] = one?.way[Math.floor(along)] ?? 0;
      packetPlace[n] = along % 1;
      packetFlow[n] = one?.flow ?? -1;
    }
    return {
      now: tick * 16e6,
      event: tick,
      playing: true,
      load,
      queue,
      link: new Uint8Array(directions),
      node: new Uint8Array(outline?.ases.length ?? 0),
      underWay: packets,
      packetDirection,
      packetPlace,
      packetFlow,
      packetPath: packetFlow,
      paths: this.#ways.map((_, flow) => `path${flow}`),
      ...change,
    };
  }

  ask: App["ask"] = (name, ask) => {
    this.asked.push(name === "look" ? `look ${JSON.stringify(ask)}` : name);
    if (name !== "paths") return Promise.resolve(null as never);
    const flow = this.outline?.flows.findIndex(({ id }) => id === (ask as { flow: string }).flow) ?? -1;
    const path: DrawnPath = { fingerprint: `path${flow}`, interfaces: [], directions: this.#ways[flow] ?? [] };
    return Promise.resolve([path] as never);
  };

  seek(): void {
    this.asked.push("seek");
  }

  select(actor: string | null): void {
    this.selected = actor;
    this.#tell("selected", actor);
  }

  highlight(what: Highlight | null): void {
    this.highlighted = what;
    this.#tell("highlight", what);
  }

  complain(): void {
    this.asked.push("complain");
  }
}
