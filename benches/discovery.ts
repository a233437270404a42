/** Finding paths: the segments that beaconing converges to, looked up and combined, on a large network. */
import { SegmentOracle } from "../core/beaconing/oracle.ts";
import { hashText, hexHash } from "../core/digest.ts";
import { createForwardingKeys } from "../core/forwarding-keys.ts";
import { createPathFinder, lookUpSegments } from "../core/path-finder.ts";
import { RandomStream } from "../core/rng.ts";
import type { Network } from "../core/scenario.ts";
import { type Bench, type BenchResult, measure, median, peakRssMb } from "./bench.ts";
import { generatedInternet, importedInternet } from "./networks.ts";

const PAIRS = 1_000;

/** Every segment of every AS, then lookups between leaves. */
function converge(network: Network): Record<string, number> {
  const oracle = new SegmentOracle(network, 1_700_000_000);
  const cores = network.ases.filter(({ core }) => core);
  const leaves = network.ases.filter(({ core }) => !core);
  const { value: segments, wall_s } = measure(() => {
    const below = leaves.reduce((sum, { ia }) => sum + oracle.segmentsTo(ia).length, 0);
    const between = cores.flatMap((a) => cores.map((b) => oracle.coreSegments(a.ia, b.ia).length));
    return between.reduce((sum, count) => sum + count, below);
  });
  const lookups = leaves
    .slice(0, 200)
    .map(({ ia }, at) => measure(() => lookUpSegments(oracle, ia, leaves.at(-1 - at)?.ia ?? ia)).wall_s);
  const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;
  return {
    ases: network.ases.length,
    segments,
    converged_s: rounded(wall_s),
    lookup_ms: rounded(1_000 * median(lookups)),
    worst_lookup_ms: rounded(1_000 * Math.max(...lookups)),
  };
}

function run(size: "small" | "large"): BenchResult {
  const first = size === "large" ? importedInternet() : generatedInternet(200);
  const more = first === null ? { converged: "no network to import" } : converge(first);
  const network = generatedInternet(size === "large" ? 10_000 : 300);
  const random = new RandomStream(1, "benches", "discovery");
  const ases = network.ases.map(({ ia }) => ia);
  const pick = (): string => ases[random.below(ases.length)] ?? "";
  const pairs = Array.from({ length: size === "large" ? PAIRS : 50 }, () => [pick(), pick()] as const);
  const { value, wall_s, cpu_s } = measure(() => {
    const find = createPathFinder(network, { max: 20, keys: createForwardingKeys(1) });
    return pairs.flatMap(([src, dst]) => find(src, dst));
  });
  return {
    name: "discovery",
    rate: value.length / wall_s,
    unit: "paths/s",
    hash: hexHash(hashText(value.map(({ fingerprint }) => fingerprint).join(" "))),
    wall_s,
    cpu_s,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: { ...more, pairs: pairs.length, paths: value.length },
  };
}

export const discoveryBench: Bench = {
  name: "discovery",
  about: "segments of 2,327 ASes, and paths between 1,000 pairs of 10,000 ASes",
  run,
};
