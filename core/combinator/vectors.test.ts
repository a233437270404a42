/** The golden cases of scionproto's combinator, on the graph of its tests. */
import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import type { IA } from "../address.ts";
import type { PathInfo } from "../path.ts";
import type { Segment } from "../segment.ts";
import { createCombiner } from "./combine.ts";
import { type GraphEdge, segmentOverGraph } from "./segments-testing.ts";

const VECTORS = "../shared/data/vectors";

interface Case {
  readonly name: string;
  readonly src: string;
  readonly dst: string;
  readonly ups: readonly number[][];
  readonly cores: readonly number[][];
  readonly downs: readonly number[][];
  readonly expect: readonly {
    readonly weight: number;
    readonly segments: readonly { consDir: boolean; peer: boolean; hops: readonly number[][] }[];
    readonly interfaces: readonly string[];
  }[];
}

function read<T>(name: string): T | null {
  const file = `${VECTORS}/${name}`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T) : null;
}

const unknown = { latencyNs: null, bandwidthKbps: null, carbonGPerGb: null, costPerGb: null, lossRatio: null };

function shown({ length, segments, interfaces }: PathInfo): Case["expect"][number] {
  return {
    weight: length,
    segments: segments.map(({ consDir, peer, hops }) => ({ consDir, peer, hops: hops.map((hop) => [...hop]) })),
    interfaces: interfaces.map(({ ia, ifId }) => `${ia}#${ifId}`),
  };
}

/** What scionproto's case says beside its segments: of two peering links between the same ASes each has lost another end. */
function broken(edges: readonly GraphEdge[]): { edges: readonly GraphEdge[]; silent: readonly number[] } {
  const second: GraphEdge = { a: "1-ff00:0:111", aIf: 4001, b: "1-ff00:0:121", bIf: 4002, peer: true };
  return { edges: [...edges, second], silent: [4002, 2815] };
}

test("every golden case: the same paths with the same hop fields in the same order", (t) => {
  const cases = read<readonly Case[]>("combinator.json");
  const graph = read<{ default: { edges: readonly GraphEdge[] } }>("graph_default.json")?.default;
  if (cases === null || graph === undefined) {
    t.log(`not run: no vectors in ${VECTORS}`);
    t.pass();
    return;
  }
  const combine = createCombiner({ survey: () => unknown });
  let paths = 0;
  for (const { name, src, dst, ups, cores, downs, expect } of cases) {
    const { edges, silent } = name === "broken peering" ? broken(graph.edges) : { edges: graph.edges, silent: [] };
    const over = (lists: readonly number[][]): Segment[] =>
      lists.map((list) => segmentOverGraph(edges, list, { silent }));
    const segments = { up: over(ups), core: over(cores), down: over(downs) };
    const found = combine(segments, src as IA, dst as IA, 1_000);
    t.deepEqual(found.map(shown), [...expect], name);
    for (const few of [1, 2]) t.deepEqual(combine(segments, src as IA, dst as IA, few), found.slice(0, few), name);
    paths += found.length;
  }
  t.log(`${cases.length} cases, ${paths} paths`);
  t.true(paths > 10);
});
