/** Who adopts, who is measured, with which seed; which runs are one. */
import test from "ava";
import { measuredPairs, type LabelledPolicy, planRuns, runKey, scenarioOf } from "./plan.ts";
import { cutScenario, everyTenMs } from "./meter-testing.ts";

const host = (last: number) => ({ ia: "1-1", host: `10.0.0.${last}` });
const FLOWS = [
  everyTenMs("a1"),
  everyTenMs("surge", { src: host(7), policy: { name: "pinned", params: { path: 1 } } }),
  everyTenMs("b1", { src: host(2) }),
  everyTenMs("a2", { app: "ping" }),
  everyTenMs("c1", { src: { ia: "1-2", host: "10.0.0.2" }, dst: host(1) }),
];
const BASE = cutScenario(FLOWS);
const SCENARIO = { ...BASE, compare: { ...BASE.compare, background: ["surge"] } as NonNullable<typeof BASE.compare> };
const POLICIES: readonly LabelledPolicy[] = [
  { label: "shortest", name: "shortest", params: {} },
  { label: "pinned:path=1", name: "pinned", params: { path: 1 } },
];
const PLAN = { policies: POLICIES, adoptions: ["one", "all"] as const, seed: 5, pairs: measuredPairs(SCENARIO) };

test("pairs: flows with the same ends, in either direction another; background flows in none", (t) => {
  t.deepEqual(measuredPairs(SCENARIO), [
    { pair: "1-1,10.0.0.1>1-2,10.0.0.2", flows: ["a1", "a2"] },
    { pair: "1-1,10.0.0.2>1-2,10.0.0.2", flows: ["b1"] },
    { pair: "1-2,10.0.0.2>1-1,10.0.0.1", flows: ["c1"] },
  ]);
});

test("under `one` the adopting pair goes round over the replications, and alone is measured", (t) => {
  const adopters = [0, 1, 2, 3].map((replication) => {
    const plans = planRuns(PLAN, replication);
    t.deepEqual(
      plans.map(({ policy, adoption }) => [policy, adoption]),
      [
        [0, "one"],
        [0, "all"],
        [1, "one"],
        [1, "all"],
      ],
    );
    t.is(new Set(plans.map(({ seed }) => seed)).size, 1, "paired: one seed for all");
    for (const plan of plans) t.deepEqual(plan.measured, plan.adopters);
    t.deepEqual(plans[1]?.adopters, ["a1", "a2", "b1", "c1"]);
    t.deepEqual(plans[2]?.adopters, plans[0]?.adopters);
    return plans[2]?.adopters;
  });
  t.deepEqual(adopters, [["a1", "a2"], ["b1"], ["c1"], ["a1", "a2"]]);
});

test("replications have seeds of their own, which neighbouring seeds do not share", (t) => {
  const seeds = [5, 6, 7].flatMap((seed) =>
    Array.from({ length: 100 }, (_, replication) => planRuns({ ...PLAN, seed }, replication)[0]?.seed as number),
  );
  t.is(new Set(seeds).size, 300);
  t.true(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32));
});

test("the scenario of a run: adopters have the policy, the others shortest, background flows their own", (t) => {
  const plan = planRuns(PLAN, 1)[2];
  if (plan === undefined) throw new Error("no third plan");
  const run = scenarioOf(SCENARIO, plan);
  t.is(run.seed, plan.seed);
  t.deepEqual(
    run.flows.map(({ id, policy }) => [id, policy.name]),
    [
      ["a1", "shortest"],
      ["surge", "pinned"],
      ["b1", "pinned"],
      ["a2", "shortest"],
      ["c1", "shortest"],
    ],
  );
  t.deepEqual({ ...run, seed: 0, flows: [] }, { ...SCENARIO, seed: 0, flows: [] });
});

test("runs are one where they are the same simulation", (t) => {
  const [shortestOne, shortestAll, pinnedOne, pinnedAll] = planRuns(PLAN, 0);
  if (!shortestOne || !shortestAll || !pinnedOne || !pinnedAll) throw new Error("four plans");
  t.is(runKey(shortestOne), runKey(shortestAll));
  t.deepEqual(scenarioOf(SCENARIO, shortestOne), scenarioOf(SCENARIO, shortestAll));
  t.is(new Set([shortestOne, pinnedOne, pinnedAll].map(runKey)).size, 3);
  const [, , later] = planRuns(PLAN, 3);
  t.not(later && runKey(later), runKey(pinnedOne), "another seed");
  const alone = planRuns({ ...PLAN, pairs: PLAN.pairs.slice(0, 1) }, 0);
  t.is(new Set(alone.map(runKey)).size, 2, "with one pair, one and all are the same");
});
