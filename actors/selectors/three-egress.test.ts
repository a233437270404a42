/**
 * A demand of 100 over three ways out of a network, as a fluid: what the policies make of it, against totals that can be worked out by
 * hand. Way 1: capacity 100, price 10 a unit; way 2: 50, 2; way 3: 100, 3. What a way cannot carry is lost, and costs nothing.
 */
import test from "ava";
import { choices, pathOf, policyNamed, UNMEASURED, viewOf } from "./contract-testing.ts";
import { scored } from "./metric.ts";
import type { PathView, Policy, PolicyParams } from "./policy.ts";

const WAYS = [
  { capacity: 100, price: 10 },
  { capacity: 50, price: 2 },
  { capacity: 100, price: 3 },
];
const DEMAND = 100;
const PACKETS = 300;

const paths = WAYS.map(({ price }, number) => pathOf(number, { costPerGb: price }));
const view = viewOf(paths);

interface Outcome {
  readonly total: number;
  readonly delivered: number;
  /** Price of a unit that arrived: what a total hides where much is lost. */
  readonly perUnit: number;
  readonly utilisation: readonly number[];
}

/** The fluid limit of one choice a packet, all packets alike. */
function outcomeOf(
  policy: Policy,
  { params = {}, seen = view }: { params?: PolicyParams; seen?: PathView } = {},
): Outcome {
  const chosen = choices(
    policy,
    Array.from({ length: PACKETS }, () => seen),
    { params },
  );
  const carried = WAYS.map(({ capacity }, way) =>
    Math.min(capacity, (DEMAND * chosen.filter((one) => one === way).length) / PACKETS),
  );
  const delivered = carried.reduce((sum, one) => sum + one, 0);
  const total = carried.reduce((sum, one, way) => sum + one * (WAYS[way]?.price ?? 0), 0);
  const utilisation = carried.map((one, way) => Math.round((100 * one) / (WAYS[way]?.capacity ?? 1)));
  const round = (value: number): number => Math.round(value * 1e9) / 1e9;
  return { total: round(total), delivered: round(delivered), perUnit: round(total / delivered), utilisation };
}

test("optimum: half and half over the two cheap ways costs 250, 2.5 a unit", (t) => {
  const optimum = outcomeOf(policyNamed("weighted"), { params: { weights: "0+1+1" } });
  t.deepEqual(optimum, { total: 250, delivered: 100, perUnit: 2.5, utilisation: [0, 100, 50] });
});

test("worst: everything over the dear way costs 1000, 10 a unit", (t) => {
  const worst = outcomeOf(policyNamed("pinned"), { params: { path: 0 } });
  t.deepEqual(worst, { total: 1000, delivered: 100, perUnit: 10, utilisation: [100, 0, 0] });
});

test("selfish herd: all take the cheapest, half is lost; 100 in all, and 2 a unit only of what arrives", (t) => {
  const herd = outcomeOf(policyNamed("lowest-cost"));
  t.deepEqual(herd, { total: 100, delivered: 50, perUnit: 2, utilisation: [0, 100, 0] });
});

test("fair share: a third each, nothing lost, 500 in all, 5 a unit", (t) => {
  const fair = outcomeOf(policyNamed("round-robin"));
  t.deepEqual(fair, { total: 500, delivered: 100, perUnit: 5, utilisation: [33, 67, 33] });
});

test("told that the cheapest way is slow, the herd moves on together: nothing lost, 300 in all, 3 a unit", (t) => {
  const expected = { total: 300, delivered: 100, perUnit: 3, utilisation: [0, 0, 100] };
  const wary = scored("wary", ({ costPerGb }, measured) => (costPerGb ?? 0) + 10 * (measured?.loss ?? 0));
  const lossy = WAYS.map((_way, number) => ({ ...UNMEASURED, loss: number === 1 ? 0.5 : 0 }));
  t.deepEqual(outcomeOf(wary, { seen: { ...view, measured: lossy } }), expected);
  t.deepEqual(outcomeOf(policyNamed("lowest-cost"), { seen: { ...view, usable: [true, false, true] } }), expected);
});
