/**
 * GraphML, as the Internet Topology Zoo has it, made a SCION network of one ISD. The rules stand in docs/topologies.md;
 * in short: a node is an AS, numbered in the order of the file from ff00:0:1; core ASes are the connected nodes of
 * highest degree; towards them leads up. Latency comes from positions, rates from link speeds.
 */
import { Heap } from "../../core/heap.ts";
import { formatIA, MAX_IF_ID } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { DEFAULT_DIRECTION, type NetworkAs, type NetworkLink } from "../../core/scenario.ts";
import { fibreDelay, type Position } from "../geography.ts";
import { DEFAULT_MTU, makeLink } from "../model.ts";
import { alternatives, type Problem, shown, withSources } from "../problems.ts";
import { closest } from "../suggest.ts";
import { assemble } from "./assemble.ts";
import type { Imported } from "./formats.ts";
import { type Data, type Graph, type GraphEdge, type GraphNode, readGraphml } from "./graphml-reader.ts";
import type { ImportOptions } from "./options.ts";
import { isPosition } from "./positions.ts";
import type { SourceFile, TextFile } from "./source.ts";

/** ff00:0:1, in the range that SCION keeps for documentation. */
const FIRST_AS = 0xff00_0000_0001;

const SPEED_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["K", 1e3],
  ["M", 1e6],
  ["G", 1e9],
  ["T", 1e12],
]);
const MAX_RATE = 1e15;

/** A line between two nodes, by their numbers. */
interface Line {
  readonly from: number;
  readonly to: number;
  readonly edge: GraphEdge;
}

export function importGraphml(
  source: SourceFile,
  title: string,
  options: ImportOptions,
): Result<Imported, readonly Problem[]> {
  const read = readGraphml(source);
  if (!read.ok) return read;
  const notes: string[] = [];
  const graph = withoutLonelyNodes(read.value, notes);
  const { file, nodes } = graph;
  const numbers = numberNodes(graph);
  const lines = linesOf(graph, numbers, notes);
  const positions = nodes.map((node) => positionOf(node, file, notes));
  const rates = lines.map(({ edge }) => rateOf(edge, file, notes));
  const failed = (): Result<Imported, readonly Problem[]> => err(withSources(file.problems, file.text));
  if (nodes.length === 0)
    file.add(0, { message: "the graph has no nodes", expected: "at least one node", found: "none" });
  if (file.problemCount > 0) return failed();
  const ranks = rankNodes(nodes.length, lines, options);
  const ases = nodes.map((node, at) => makeAsOf(node, at, ranks.core.has(at), positions[at], options));
  const nextId = nodes.map(() => 1);
  const links = lines.map(({ from, to }, at): NetworkLink => {
    const [a, b] = (ranks.order[from] ?? 0) <= (ranks.order[to] ?? 0) ? [from, to] : [to, from];
    const ends = [a, b].map((node) => {
      const ifId = nextId[node] ?? 1;
      nextId[node] = ifId + 1;
      return { ia: ases[node]?.ia ?? "", ifId };
    });
    const type = ranks.core.has(a) && ranks.core.has(b) ? "core" : "child";
    const [first = { ia: "", ifId: 0 }, second = first] = ends;
    return makeLink(first, type, second, {
      latency_ns: latencyOf(positions[from], positions[to]),
      rate_bps: rates[at] ?? DEFAULT_DIRECTION.rate_bps,
    });
  });
  const crowded = nextId.findIndex((next) => next > MAX_IF_ID + 1);
  if (crowded >= 0)
    file.add(nodes[crowded]?.offset ?? 0, {
      message: `more than ${MAX_IF_ID} links at one node`,
      expected: `at most ${MAX_IF_ID}`,
      found: "more",
    });
  if (file.problemCount > 0) return failed();
  const name = titleOf(graph.data) ?? title;
  const network = assemble(
    { name, ases, links },
    {
      ofAs: (at, finding) => file.add(nodes[at]?.offset ?? 0, finding),
      ofLink: (at, _end, finding) => file.add(lines[at]?.edge.offset ?? 0, finding),
    },
  );
  return network === undefined ? failed() : ok({ network, format: "graphml", warnings: summarize(notes, graph) });
}

function titleOf(data: Data): string | undefined {
  return [data.get("label")?.text, data.get("Network")?.text].find((text) => text !== undefined && text !== "");
}

function summarize(notes: readonly string[], { hyperedges }: Graph): readonly string[] {
  const counts = [...Map.groupBy(notes, (note) => note)].map(([note, all]) => `${note} (${all.length})`);
  return hyperedges === 0 ? counts : [...counts, `hyperedges left out (${hyperedges})`];
}

/** Nodes without an edge to another cannot be reached: they are left out, unless nothing else is there. */
function withoutLonelyNodes(graph: Graph, notes: string[]): Graph {
  const linked = new Set(graph.edges.flatMap(({ source, target }) => (source === target ? [] : [source, target])));
  const nodes = graph.nodes.filter(({ id }) => linked.has(id));
  if (graph.nodes.length < 2 || nodes.length === 0) return graph;
  notes.push(...graph.nodes.filter(({ id }) => !linked.has(id)).map(() => "nodes without links left out"));
  return { ...graph, nodes };
}

function numberNodes({ file, nodes }: Graph): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [at, { id, offset }] of nodes.entries()) {
    if (numbers.has(id)) {
      file.add(offset, {
        message: `node ${shown(id)} stands here twice`,
        expected: "each node once",
        found: shown(id),
      });
    }
    numbers.set(id, at);
  }
  return numbers;
}

/** Edges between two nodes. Of a directed graph, an edge and the next one back are one line. */
function linesOf({ file, edges }: Graph, numbers: ReadonlyMap<string, number>, notes: string[]): readonly Line[] {
  const waiting = new Map<string, number>();
  return edges.flatMap((edge): Line[] => {
    const [from, to] = [edge.source, edge.target].map((id) => numbers.get(id));
    if (from === undefined || to === undefined) {
      const id = from === undefined ? edge.source : edge.target;
      const didYouMean = file.full ? undefined : closest(id, numbers.keys());
      file.add(edge.offset, {
        message: `unknown node ${shown(id)}`,
        expected: "the id of a node",
        found: shown(id),
        didYouMean,
      });
      return [];
    }
    if (from === to) {
      notes.push("edges from a node to itself left out");
      return [];
    }
    const back = waiting.get(`${to} ${from}`) ?? 0;
    if (edge.directed && back > 0) {
      waiting.set(`${to} ${from}`, back - 1);
      return [];
    }
    if (edge.directed) waiting.set(`${from} ${to}`, (waiting.get(`${from} ${to}`) ?? 0) + 1);
    return [{ from, to, edge }];
  });
}

function positionOf({ data }: GraphNode, file: TextFile, notes: string[]): Position | undefined {
  const [lat, lon] = [data.get("Latitude"), data.get("Longitude")];
  if (lat === undefined || lon === undefined || lat.text === "" || lon.text === "") {
    notes.push("nodes without a position: their links have the default latency");
    return undefined;
  }
  const position = { lat: Number(lat.text), lon: Number(lon.text) };
  if (isPosition(position)) return position;
  const found = `${lat.text}, ${lon.text}`;
  const expected = "degrees north, -90 to 90, and east, -180 to 180";
  return file.add(lat.offset, {
    message: `expected ${expected}, found ${shown(found)}`,
    expected,
    found: shown(found),
  });
}

/** LinkSpeedRaw, in bit/s; else LinkSpeed in LinkSpeedUnits. */
function rateOf({ data }: GraphEdge, file: TextFile, notes: string[]): number | undefined {
  const [raw, speed, units] = ["LinkSpeedRaw", "LinkSpeed", "LinkSpeedUnits"].map((name) => data.get(name));
  const given = raw === undefined || raw.text === "" ? speed : raw;
  if (given === undefined || given.text === "") return undefined;
  const unit = given === raw ? "" : (units?.text ?? "");
  const factor = SPEED_UNITS.get(unit.toUpperCase());
  if (factor === undefined) {
    const expected = alternatives([...SPEED_UNITS.keys()].filter((name) => name !== ""));
    const message = `LinkSpeedUnits: expected ${expected}, found ${shown(unit)}`;
    return file.add(units?.offset ?? given.offset, { message, expected, found: shown(unit) });
  }
  // LinkSpeed is a text, and the Zoo has "<2.5" there; LinkSpeedRaw is a number by its own declaration.
  const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(given.text) ? Number(given.text) : Number.NaN;
  if (given !== raw && Number.isNaN(number)) {
    notes.push("link speeds that are no number: the default rate holds");
    return undefined;
  }
  const rate = Math.round(number * factor);
  if (rate >= 1 && rate <= MAX_RATE) return rate;
  const expected =
    given === raw
      ? "a link speed in bit/s, without a unit, above 0, up to 1 Pbit/s"
      : "a link speed above 0, up to 1 Pbit/s";
  return file.add(given.offset, {
    message: `expected ${expected}, found ${shown(given.text)}`,
    expected,
    found: shown(given.text),
  });
}

function latencyOf(from: Position | undefined, to: Position | undefined): number {
  return from === undefined || to === undefined ? DEFAULT_DIRECTION.latency_ns : fibreDelay(from, to);
}

function makeAsOf(
  { data }: GraphNode,
  at: number,
  core: boolean,
  position: Position | undefined,
  { isd }: ImportOptions,
): NetworkAs {
  const label = data.get("label")?.text ?? "";
  return {
    ia: formatIA(isd, FIRST_AS + at),
    core,
    mtu: DEFAULT_MTU,
    ...(label === "" ? {} : { label }),
    ...(position === undefined ? {} : { position }),
  };
}

interface Ranks {
  readonly core: ReadonlySet<number>;
  /** Position of each node, best first: by distance from the core, then degree, then the file's order. */
  readonly order: readonly number[];
}

function rankNodes(count: number, lines: readonly Line[], { core: rule, cores }: ImportOptions): Ranks {
  const neighbours = Array.from({ length: count }, (): number[] => []);
  for (const { from, to } of lines) {
    neighbours[from]?.push(to);
    neighbours[to]?.push(from);
  }
  const degree = (node: number): number => neighbours[node]?.length ?? 0;
  const better = (left: number, right: number): number => degree(right) - degree(left) || left - right;
  const byDegree = neighbours.map((_, node) => node).toSorted(better);
  const wanted = cores ?? Math.ceil(Math.sqrt(count));
  const core = rule === "all" ? new Set(byDegree) : growCore(byDegree, neighbours, wanted);
  const distance = distancesFrom(core, neighbours);
  const sorted = byDegree.toSorted(
    (left, right) => (distance[left] ?? 0) - (distance[right] ?? 0) || better(left, right),
  );
  const order = new Array<number>(count);
  for (const [position, node] of sorted.entries()) order[node] = position;
  return { core, order };
}

/**
 * From the node of highest degree, again and again the neighbour of highest degree, until enough are in; each part of
 * the graph that this does not reach has one core node, its best.
 */
function growCore(
  byDegree: readonly number[],
  neighbours: readonly (readonly number[])[],
  wanted: number,
): ReadonlySet<number> {
  const position = new Array<number>(byDegree.length);
  for (const [at, node] of byDegree.entries()) position[node] = at;
  const core = new Set<number>();
  const met = new Set<number>(byDegree.slice(0, 1));
  const border = new Heap();
  border.push(0, 0, byDegree[0] ?? 0);
  while (core.size < wanted && border.size > 0) {
    const best = border.topItem;
    border.pop();
    core.add(best);
    for (const next of neighbours[best] ?? []) {
      if (met.has(next)) continue;
      met.add(next);
      border.push(position[next] ?? 0, position[next] ?? 0, next);
    }
  }
  const distance = distancesFrom(core, neighbours);
  for (const node of byDegree) {
    if (distance[node] !== undefined) continue;
    core.add(node);
    spread([node], distance, neighbours);
  }
  return core;
}

/** Links from the nearest core node; undefined where none is reached. */
function distancesFrom(core: ReadonlySet<number>, neighbours: readonly (readonly number[])[]): (number | undefined)[] {
  const distance = new Array<number | undefined>(neighbours.length).fill(undefined);
  spread([...core], distance, neighbours);
  return distance;
}

function spread(open: number[], distance: (number | undefined)[], neighbours: readonly (readonly number[])[]): void {
  for (const node of open) distance[node] = 0;
  for (const node of open) {
    for (const next of neighbours[node] ?? []) {
      if (distance[next] !== undefined) continue;
      distance[next] = (distance[node] ?? 0) + 1;
      open.push(next);
    }
  }
}
