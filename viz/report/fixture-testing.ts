/**
 * For tests: a comparison as the default scenario gives it, made up from a seed: no simulation behind it, shapes and sizes as in earnest.
 * Policies differ, adoption turns their order round, faults leave marks, some values are missing.
 */
import type {
  Comparison,
  Estimate,
  Estimates,
  Metric,
  MetricName,
  PairedDifference,
  PolicyOutcome,
  RunCurves,
} from "../../core/comparison.ts";
import { WHOLE_RUN } from "../../core/comparison.ts";
import { normalQuantile } from "../../core/normal.ts";
import { RandomStream } from "../../core/rng.ts";
import type { Adoption, PhaseSpec } from "../../core/scenario.ts";
import { buildPreset } from "../../topologies/presets.ts";

export interface FixtureOptions {
  readonly seed?: number;
  readonly policies?: readonly string[];
  readonly adoptions?: readonly Adoption[];
  readonly replications?: number;
  readonly baseline?: string | null;
}

const POLICIES = [
  "bgp-like",
  "shortest",
  "lowest-latency",
  "highest-bandwidth",
  "lowest-rtt",
  "round-robin",
  "random",
  "oracle",
];
const SECOND = 1e9;
const BIN = SECOND / 2;
const BINS = 126;

const PHASES: readonly PhaseSpec[] = (
  [
    ["before", 5, 15],
    ["surge", 15, 25],
    ["after surge", 25, 32],
    ["cut", 32, 42],
    ["after cut", 42, 50],
    ["silent loss", 50, 56],
    ["end", 56, 60],
  ] as const
).map(([name, from, to]) => ({ name, from_ns: from * SECOND, to_ns: to * SECOND }));

const METRICS: readonly Metric[] = (
  [
    ["delivered_share", "delivered", "share", "higher", "mean"],
    ["goodput_bps", "goodput", "bit/s", "higher", "mean"],
    ["latency_p50_ms", "latency p50", "ms", "lower", "quantile"],
    ["latency_p95_ms", "latency p95", "ms", "lower", "quantile"],
    ["latency_p99_ms", "latency p99", "ms", "lower", "quantile"],
    ["fct_p50_ms", "completion p50", "ms", "lower", "quantile"],
    ["fct_p95_ms", "completion p95", "ms", "lower", "quantile"],
    ["unfinished_share", "unfinished", "share", "lower", "mean"],
    ["recovery_s", "recovery", "s", "lower", "mean"],
    ["switches_per_min", "switches", "1/min", "lower", "mean"],
    ["oscillation_share", "oscillation", "share", "lower", "mean"],
    ["probe_bytes", "probe bytes", "B", "lower", "mean"],
    ["jain", "fairness (Jain)", "index", "higher", "mean"],
    ["reordered_share", "reordered", "share", "lower", "mean"],
  ] as const
).map(([name, label, unit, better, summary]) => ({
  name,
  label,
  description: `What ${label} counts, over all measured flows.`,
  unit,
  better,
  summary,
}));

/** Typical loss of each policy when one uses it and when all do. */
const LOSS: Readonly<Record<string, readonly [one: number, all: number]>> = {
  "bgp-like": [0.09, 0.11],
  shortest: [0.052, 0.05],
  "lowest-latency": [0.03, 0.69],
  "highest-bandwidth": [0.008, 0.15],
  "lowest-rtt": [0.015, 0.06],
  "round-robin": [0.022, 0.021],
  random: [0.025, 0.024],
  oracle: [0.001, 0.0004],
};

export function fixtureComparison(options: FixtureOptions = {}): Comparison {
  const { seed = 1, policies = POLICIES, adoptions = ["one", "all"], replications = 10, baseline = null } = options;
  const outcomes = policies.flatMap((policy) =>
    adoptions.map((adoption) => outcomeOf(policy, adoption, replications, seed)),
  );
  return {
    scenario: "two-isds",
    file: "examples/18-compare-two-isds.yaml",
    seed,
    replications,
    adoptions,
    baseline,
    warmup_s: 5,
    duration_s: 63,
    phases: PHASES,
    faults: [
      { id: "cut", effect: "link down", targets: ["1-ff00:0:120#3>2-ff00:0:220#3"], from_s: 32, to_s: 42 },
      { id: "silent", effect: "loss 10 %", targets: ["1-ff00:0:130#3>2-ff00:0:230#3"], from_s: 50, to_s: 56 },
    ],
    network: fixtureNetwork(),
    pairs: Array.from({ length: 12 }, (_, n) => ({ pair: pairName(n), flows: [`udp-${n}`, `bulk-${n}`], paths: 12 })),
    metrics: METRICS,
    policies: outcomes,
    paired: adoptions.flatMap((adoption) => pairedOf(outcomes, adoption, baseline)),
    stopping: { precision: null, limit: replications, reached: true, half_widths: [0.2, 0.12, 0.09], wall_s: null },
    digest: "8d1f0c2ab93e4f57",
    repeat: "pathloom compare examples/18-compare-two-isds.yaml --seed 1 --replications 10",
    manifest: { pathloom: "0.1.0", build: "0123456789abcdef", node: "26.10.0", libraries: { xstate: "5.33.3" } },
    notes: replications === 1 ? ["one replication: no intervals, no tests"] : [],
  };
}

function pairName(n: number): string {
  const leaf = (isd: number): string => `${isd}-ff00:0:${isd}1${(n % 6) + 1}`;
  const [src, dst] = n < 6 ? [leaf(1), leaf(2)] : [leaf(2), leaf(1)];
  return `${src},10.0.0.1>${dst},10.0.0.1`;
}

function fixtureNetwork(): Comparison["network"] {
  const built = buildPreset("two-isds");
  if (!built.ok) throw new Error("the preset two-isds cannot be built");
  const { name, ases, links } = built.value;
  return {
    name,
    ases: ases.map(({ ia, label, core }) => ({ ia, label: label ?? null, core })),
    links: links.map(({ a, b, type, ab }) => {
      const [from, to] = [`${a.ia}#${a.ifId}`, `${b.ia}#${b.ifId}`];
      const directions = [`${from}>${to}`, `${to}>${from}`] as const;
      return { a: from, b: to, type, rate_bps: ab.rate_bps, latency_ms: ab.latency_ns / 1e6, directions };
    }),
  };
}

function outcomeOf(policy: string, adoption: Adoption, replications: number, seed: number): PolicyOutcome {
  const phases = PHASES.map(({ name }, n): [string, Estimates] => {
    const weight = 0.3 + ((n * 5) % 7) * 0.35;
    return [name, estimatesOf(policy, adoption, replications, `${seed} ${name}`, weight)];
  });
  const digests = Array.from({ length: replications }, (_, n) => `${policy}-${adoption}-${n}`);
  return {
    policy,
    adoption,
    metrics: estimatesOf(policy, adoption, replications, `${seed} ${WHOLE_RUN}`, 1),
    phases: Object.fromEntries(phases),
    curves: curvesOf(policy, adoption, seed),
    digests,
  };
}

function lossOf(policy: string, adoption: Adoption): number {
  const [one, all] = LOSS[policy] ?? [0.05, 0.1];
  return adoption === "one" ? one : all;
}

function estimatesOf(policy: string, adoption: Adoption, n: number, seed: string, weight: number): Estimates {
  const random = new RandomStream(seed, `${policy} ${adoption}`, "estimates");
  const noise = (): number => normalQuantile(0.001 + 0.998 * random.uniform());
  const loss = Math.min(0.95, lossOf(policy, adoption) * weight);
  const slow = 1 + loss * 6;
  const probes = policy === "lowest-rtt" || policy === "oracle";
  const typical: Readonly<Record<MetricName, number | null>> = {
    delivered_share: 1 - loss,
    goodput_bps: 20_250_000 * (1 - loss),
    latency_p50_ms: 24 * slow,
    latency_p95_ms: 41 * slow,
    latency_p99_ms: 66 * slow,
    fct_p50_ms: policy === "round-robin" ? 420 : 210 * slow,
    fct_p95_ms: policy === "round-robin" ? 980 : 480 * slow,
    unfinished_share: loss * 0.2,
    recovery_s: weight > 1.5 ? null : 0.6 + loss * 12,
    switches_per_min: policy === "random" ? 2400 : 3 + loss * 80,
    oscillation_share: loss * 0.3,
    probe_bytes: probes ? 184_320 : 0,
    jain: 1 - loss * 0.5,
    reordered_share: policy === "round-robin" || policy === "random" ? 0.19 : loss * 0.02,
  };
  const spread = (value: number): number[] =>
    Array.from({ length: n }, () => value * (1 + 0.03 * noise() * (value > 0.9 && value < 1 ? 0.05 : 1)));
  const entries = METRICS.map(({ name, summary }): [string, Estimate] => {
    const value = typical[name];
    return [
      name,
      value === null
        ? missing(n)
        : estimateOf(
            spread(value).map((one) => (isShare(name) ? Math.min(1, one) : one)),
            summary,
          ),
    ];
  });
  return Object.fromEntries(entries) as Record<MetricName, Estimate>;
}

function isShare(name: MetricName): boolean {
  return name.endsWith("_share") || name === "jain";
}

function missing(n: number): Estimate {
  return { mean: null, median: null, ci95: null, n: 0, values: Array.from({ length: n }, () => null) };
}

/** Roughly Student's t for ten replications. */
const T = 2.26;

function estimateOf(values: readonly number[], summary: Metric["summary"]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const median = sorted[Math.floor(n / 2)] as number;
  const half = (T * deviationOf(values, mean)) / Math.sqrt(n);
  const centre = summary === "mean" ? mean : median;
  return { mean, median, ci95: n < 2 ? null : [centre - half, centre + half], n, values };
}

function deviationOf(values: readonly number[], mean: number): number {
  if (values.length < 2) return 0;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1));
}

function pairedOf(outcomes: readonly PolicyOutcome[], adoption: Adoption, baseline: string | null): PairedDifference[] {
  const of = outcomes.filter((outcome) => outcome.adoption === adoption);
  return [WHOLE_RUN, ...PHASES.map(({ name }) => name)].flatMap((phase) =>
    METRICS.flatMap(({ name: metric, better }) => {
      const estimate = (outcome: PolicyOutcome): Estimate | undefined =>
        (phase === WHOLE_RUN ? outcome.metrics : outcome.phases[phase])?.[metric];
      const known = of.filter((outcome) => estimate(outcome)?.mean !== null);
      const sign = better === "higher" ? -1 : 1;
      const ranked = known.toSorted((a, b) => sign * ((estimate(a)?.mean ?? 0) - (estimate(b)?.mean ?? 0)));
      const reference =
        known.find(({ policy }) => policy === baseline) ?? ranked.find(({ policy }) => policy !== "oracle");
      if (reference === undefined) return [];
      return known
        .filter((one) => one !== reference)
        .map((one) => difference(one, reference, phase, metric, estimate(one)?.values, estimate(reference)?.values));
    }),
  );
}

function difference(
  a: PolicyOutcome,
  b: PolicyOutcome,
  phase: string,
  metric: MetricName,
  left: Estimate["values"] = [],
  right: Estimate["values"] = [],
): PairedDifference {
  const values = left.map((value, n) => (value ?? 0) - (right[n] ?? 0));
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const deviation = deviationOf(values, mean);
  const half = (T * deviation) / Math.sqrt(n);
  const effect = deviation === 0 ? null : mean / deviation;
  const isClear = n > 1 && Math.abs(mean) > half * 1.3;
  const p = n < 2 || deviation === 0 ? null : isClear ? 0.002 : 0.31;
  return {
    a: a.policy,
    b: b.policy,
    adoption: a.adoption,
    phase,
    metric,
    n,
    mean_difference: mean,
    ci95: n < 2 ? null : [mean - half, mean + half],
    p,
    p_holm: p === null ? null : Math.min(1, p * 7),
    effect_size: effect,
    distinguishable: isClear,
  };
}

function curvesOf(policy: string, adoption: Adoption, seed: number): RunCurves {
  const random = new RandomStream(seed, `${policy} ${adoption}`, "curves");
  const loss = lossOf(policy, adoption);
  const bins = Array.from({ length: BINS }, (_, n) => n);
  const sent = bins.map((n) => (n >= 120 ? 0 : 9000 + random.below(1200)));
  const weight = (n: number): number => {
    const s = n / 2;
    if (s >= 15 && s < 25) return 2;
    if (s >= 32 && s < 34) return 5;
    if (s >= 50 && s < 56) return 2.5;
    return 0.3;
  };
  const share = (n: number): number => Math.max(0.02, 1 - loss * weight(n) * (0.7 + 0.6 * random.uniform()));
  const delivered = sent.map((count, n) => Math.floor(count * share(n)));
  return {
    bin_ns: BIN,
    sent,
    delivered,
    latency: latencySteps(loss, random),
    paths: [null, pairName(0)].flatMap((pair) => pathCurves(policy, pair, sent, random)),
    links: linkLoads(loss, random),
    drops: { queue_full: Math.round(900_000 * loss), link_down: Math.round(40_000 * loss + 900), line_loss: 2_100 },
  };
}

function latencySteps(loss: number, random: RandomStream): [number, number][] {
  return Array.from({ length: 160 }, (_, n): [number, number] => {
    const ms = 8 * (1 + n / 12) * (1 + loss);
    const far = (n - 40) / (18 + 40 * loss);
    return [ms, Math.floor((6_000 / (1 + far * far)) * (0.9 + 0.2 * random.uniform()))];
  });
}

function pathCurves(
  policy: string,
  pair: string | null,
  sent: readonly number[],
  random: RandomStream,
): RunCurves["paths"][number][] {
  const even = policy === "random" || policy === "round-robin";
  return Array.from({ length: 12 }, (_, position) => ({
    pair,
    position,
    fingerprint: pair === null ? null : `f${position}`.padEnd(16, "0"),
    label:
      pair === null
        ? `path ${position}`
        : `1-ff00:0:111 > 1-ff00:0:1${position % 3}0 > 2-ff00:0:2${position % 3}0 > 2-ff00:0:211`,
    packets: sent.map((count, n) => {
      if (even) return Math.floor(count / 12);
      const favourite = n >= 64 && n < 84 ? 2 : (Math.floor(n / (20 + 7 * (policy.length % 3))) * 3) % 4;
      return position === favourite ? Math.floor(count * 0.8) : Math.floor((count * 0.2 * random.uniform()) / 6);
    }),
  }));
}

function linkLoads(loss: number, random: RandomStream): RunCurves["links"][number][] {
  return fixtureNetwork().links.flatMap(({ directions, rate_bps }) =>
    directions.map((id) => {
      const base = Math.min(0.98, (8_000_000 / rate_bps) * (0.6 + 0.8 * random.uniform()) * (1 + loss));
      const load = Array.from({ length: BINS }, (_, n) => (n >= 120 ? 0 : base * (0.9 + 0.1 * random.uniform())));
      return { id, load };
    }),
  );
}
