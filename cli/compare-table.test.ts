/** Tables and verdict of comparisons that are made up: what is marked, what is said, and that nothing is wider than a terminal. */
import test from "ava";
import type { Comparison, MetricName, PolicyOutcome } from "../core/comparison.ts";
import type { Adoption } from "../core/scenario.ts";
import { compareRuns } from "../sim/experiment/compare-runs.ts";
import { METRICS } from "../sim/experiment/metrics.ts";
import { fixtureComparison } from "../viz/report/fixture-testing.ts";
import { parsePercent, splitPolicies } from "./compare-flags.ts";
import { progressText } from "./compare-progress.ts";
import { formatComparison } from "./compare-table.ts";

const NOISE = [0.001, -0.002, 0.0015, -0.0005, 0.0007, -0.0011, 0.0004, -0.0009];

/** Shares delivered by policy, one and all adopting; noise of a replication is the same for all but for a little. */
function comparisonOf(
  shares: Readonly<Record<string, readonly [number, number]>>,
  baseline: string | null = null,
): Comparison {
  const labels = Object.keys(shares);
  const adoptions: readonly Adoption[] = ["one", "all"];
  const curves: PolicyOutcome["curves"] = {
    bin_ns: 1e9,
    sent: [],
    delivered: [],
    latency: [],
    paths: [],
    links: [],
    drops: {},
  };
  const runs = labels.flatMap((label, policy) =>
    adoptions.flatMap((adoption, at) =>
      NOISE.map((noise, replication) => {
        const own = NOISE[(replication + policy * 3) % NOISE.length] as number;
        const delivered = (shares[label]?.[at] as number) + noise + own / 10;
        const all = Object.fromEntries(
          METRICS.map(({ name }) => [name, name === "delivered_share" ? delivered : null]),
        );
        const measures = { phases: { all: all as Record<MetricName, number | null> }, curves };
        return { plan: { policy, adoption, replication }, digest: "0", measures };
      }),
    ),
  );
  const { policies, paired } = compareRuns(runs, labels, adoptions, baseline);
  const replications = NOISE.length;
  return { ...fixtureComparison(), replications, baseline, adoptions, phases: [], policies, paired, notes: [] };
}

const rows = (text: string, policy: string): string[] =>
  text.split("\n").filter((line) => line.startsWith(`${policy} `));

test("the best is marked, what cannot be told from it too, the oracle is no contestant", (t) => {
  const text = formatComparison(
    comparisonOf({ good: [0.9, 0.9], same: [0.9, 0.9], bad: [0.8, 0.8], oracle: [0.99, 0.99] }),
  );
  const marks = ["good", "same", "bad", "oracle"].map((policy) =>
    rows(text, policy).map((row) => row.replace(/.*\d/, "")),
  );
  t.deepEqual(marks[2], ["", ""]);
  t.deepEqual(marks[3], ["^", "^"]);
  t.deepEqual([marks[0]?.[0], marks[1]?.[0]].toSorted(), ["*", "="]);
  t.regex(text, /^When all adopt: (good|same) delivers most \(89\.99 %; not distinguishable: (good|same)\)\./m);
  t.regex(text, /oracle, which no host can\n {2}be, delivers 98\.99 %\./);
  t.regex(text, /does not depend on adoption, as far as these runs can tell/);
});

test("an oracle that delivers less than the best is said to, and why", (t) => {
  const text = formatComparison(comparisonOf({ patient: [0.9, 0.99], other: [0.8, 0.8], oracle: [0.95, 0.95] }));
  const [one = "", all = ""] = text
    .replaceAll("\n  ", " ")
    .split("\n")
    .filter((line) => line.includes("no host can be, delivers"));
  t.regex(one, /delivers 94\.99 %\.$/);
  t.regex(all, /delivers 94\.99 %, less than the best: it is greedy for time\.$/);
});

test("an order that adoption flips is said so", (t) => {
  const text = formatComparison(comparisonOf({ selfish: [0.95, 0.6], shared: [0.9, 0.9], third: [0.5, 0.8] }));
  t.regex(text, /^Adoption flips the order: selfish delivers most with one adopter, and is number 3 of 3 when all/m);
});

test("where the best with one adopter cannot be told from the other, no flip is claimed", (t) => {
  const text = formatComparison(comparisonOf({ selfish: [0.9, 0.6], shared: [0.9, 0.9] }));
  t.notRegex(text, /flips/);
});

test("against a baseline: better, worse and not distinguishable", (t) => {
  const shares = { base: [0.8, 0.8], up: [0.9, 0.9], down: [0.7, 0.7], same: [0.8, 0.8] } as const;
  const text = formatComparison(comparisonOf(shares, "base"));
  const marks = Object.keys(shares).map((policy) => rows(text, policy)[0]?.at(-1));
  t.deepEqual(marks, ["b", "+", "-", "="]);
  t.regex(text, /against base, delivered: better: up; worse: down; not distinguishable: same\./);
});

test("a comparison with everything in it is not wider than 100 columns", (t) => {
  const wide = formatComparison(fixtureComparison())
    .split("\n")
    .filter((line) => line.length > 100);
  t.deepEqual(wide, []);
});

test("lists of policies: a piece with = belongs to the policy before it", (t) => {
  t.deepEqual(splitPolicies("a, b:k=1,l=2,./c.ts"), ["a", "b:k=1,l=2", "./c.ts"]);
  for (const text of ["", "a,", "a,,b", "k=1", "a,k=1"]) t.is(splitPolicies(text), null, text);
});

test("percentages have their sign", (t) => {
  t.is(parsePercent("5%"), 0.05);
  t.is(parsePercent("0.5%"), 0.005);
  for (const text of ["5", "0%", "100%", "-5%", "5 %", "0.05"]) t.is(parsePercent(text), null, text);
});

test("progress tells how many, and how long", (t) => {
  const fixed = { wanted: null, reached: null };
  t.is(progressText({ done: 0, of: 8, replications: 0 }, fixed, 0), "0 of 8 runs, 0 replications whole");
  t.is(
    progressText({ done: 2, of: 8, replications: 1 }, fixed, 30_000),
    "2 of 8 runs, 1 replication whole, 1 min 30 s left",
  );
  t.is(
    progressText({ done: 2, of: 8, replications: 1 }, { wanted: 0.05, reached: 0.2 }, 30_000),
    "2 of at most 8 runs, 1 replication whole, half-width 20.0 %, wanted 5.0 %",
  );
});
