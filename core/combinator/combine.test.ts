import test from "ava";
import { SegmentOracle } from "../beaconing/oracle.ts";
import { explainNoPath } from "../no-path.ts";
import type { Segment } from "../segment.ts";
import { fullSegmentId, segmentId } from "../segment-id.ts";
import { type Combiner, createCombiner } from "./combine.ts";
import { networkOf } from "./networks-testing.ts";
import { type GraphEdge, segmentOverGraph } from "./segments-testing.ts";

const EDGES: readonly GraphEdge[] = [
  { a: "1-1", aIf: 11, b: "1-2", bIf: 21, peer: false },
  { a: "1-2", aIf: 23, b: "1-3", bIf: 32, peer: false },
  { a: "1-2", aIf: 24, b: "1-4", bIf: 42, peer: false },
  { a: "1-3", aIf: 34, b: "1-4", bIf: 43, peer: true },
];
const survey = () => ({ latencyNs: 0, bandwidthKbps: null, carbonGPerGb: null, costPerGb: null, lossRatio: 0 });
const combine: Combiner = createCombiner({ survey });
const over = (ways: number[], changes = {}): Segment => segmentOverGraph(EDGES, ways, changes);

test("of duplicates the one that expires last is kept, wherever it stands", (t) => {
  const [early, late] = [1_000, 2_000].map((timestamp) => over([11, 23], { timestamp })) as [Segment, Segment];
  for (const up of [
    [early, late],
    [late, early],
  ]) {
    const paths = combine({ up, core: [], down: [] }, "1-3", "1-1", 10);
    t.deepEqual(
      paths.map(({ expiryS }) => expiryS),
      [2_000 + 21_600],
    );
  }
  const short = over([11, 23], { expTime: 0, timestamp: 1_000 });
  t.is(combine({ up: [short], core: [], down: [] }, "1-3", "1-1", 10)[0]?.expiryS, 1_337.5);
});

test("the MTU is that of the ASes and links used: not of the link where a shortcut cuts, but of the peering link", (t) => {
  const narrow = (segment: Segment): Segment => ({
    ...segment,
    entries: segment.entries.map((entry) => (entry.ia === "1-2" ? { ...entry, ingressMtu: 900 } : entry)),
  });
  const segments = { up: [narrow(over([11, 23]))], core: [], down: [narrow(over([11, 24]))] };
  const mtus = combine(segments, "1-3", "1-4", 10).map(({ mtu, length }) => [length, mtu]);
  t.deepEqual(mtus, [
    [1, 1400],
    [2, 1472],
    // Over 1-1 the path would pass 1-2 twice.
  ]);
  t.is(combine({ ...segments, down: [] }, "1-3", "1-1", 10)[0]?.mtu, 900);
});

test("a segment's ID hangs on its way alone, its full ID on its peers, too", (t) => {
  const [one, later, silent] = [over([11, 23]), over([11, 23], { timestamp: 5 }), over([11, 23], { silent: [34] })];
  t.regex(segmentId(one), /^[0-9a-f]{64}$/);
  t.is(segmentId(one), segmentId(later));
  t.is(segmentId(one), segmentId(silent));
  t.is(fullSegmentId(silent), segmentId(silent));
  t.not(fullSegmentId(one), fullSegmentId(silent));
  t.not(segmentId(one), segmentId(over([11, 24])));
});

test("why there is no path", (t) => {
  const why = (core: string[], rows: Parameters<typeof networkOf>[1], src: string, dst: string): string =>
    explainNoPath(new SegmentOracle(networkOf(core, rows), 0), src, dst);
  t.is(
    why([], [["1-2#1", "child", "1-3#1"]], "1-2", "1-3").split(";")[0],
    "ISD 1 has no core AS, so nobody sends beacons to 1-2",
  );
  t.regex(why(["1-1"], [["1-2#1", "child", "1-3#1"]], "1-1", "1-3"), /^no core AS stands above 1-3/);
  t.is(why(["1-1", "2-1"], [["1-1#1", "child", "1-2#1"]], "1-2", "2-1"), "no core links lead from 1-1 to 2-1");
  const names = Array.from({ length: 12 }, (_, at) => `1-${at + 1}`);
  const line = names.slice(1).map((name, at) => [`${names[at]}#2`, "core", `${name}#1`] as const);
  t.regex(why(names, line, "1-1", "1-12"), /^from 1-12 to 1-1 beacons would have more hops than 10/);
});
