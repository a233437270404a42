/** What policies say they go by is what they go by. */
import test from "ava";
import fc from "fast-check";
import { RandomStream } from "../../core/rng.ts";
import { BUILTIN_POLICIES } from "./builtin.ts";
import { pathOf, policyNamed, UNMEASURED, viewOf } from "./contract-testing.ts";
import { scored } from "./metric.ts";
import type { PathScore, PathView, Policy, PolicyParams } from "./policy.ts";

const MS = 1e6;
const maybe = (most: number): fc.Arbitrary<number | null> => fc.option(fc.nat(most), { nil: null });

const anyView: fc.Arbitrary<PathView> = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 4 }),
      latencyNs: maybe(30),
      bandwidthKbps: maybe(5),
      carbonGPerGb: maybe(5),
      costPerGb: maybe(5),
      usable: fc.boolean(),
      srtt: maybe(40),
      loss: maybe(1),
      delay: fc.nat(50),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((rows) => {
    const paths = rows.map(({ usable: _usable, srtt: _srtt, loss: _loss, delay: _delay, ...fields }, number) =>
      pathOf(number, { ...fields, latencyNs: fields.latencyNs === null ? null : fields.latencyNs * MS }),
    );
    return viewOf(paths, {
      usable: rows.map(({ usable }) => usable),
      measured: rows.map(({ loss, srtt }) => ({
        ...UNMEASURED,
        loss,
        srtt: srtt === null ? null : srtt * MS,
        answeredAt: srtt === null ? null : 0,
      })),
      load: rows.map(({ delay }) => ({ delay: delay * MS, loss: 0 })),
    });
  });

function choose(
  policy: Policy,
  view: PathView,
  params: PolicyParams = {},
): { choice: number; scores: (PathScore | null)[] } {
  const state = policy.init(params, view.paths, { hash: 3 });
  const choice = policy.choose(state, view, new RandomStream(1, "test", "policy"));
  const before = JSON.stringify(state);
  const scores = view.paths.map((_path, index) => policy.score?.(state, view, index) ?? null);
  if (JSON.stringify(state) !== before) throw new Error(`${policy.name}: asking for a score changed the state`);
  return { choice, scores };
}

function beats(one: PathScore, other: PathScore): boolean {
  if (one.value === Number.POSITIVE_INFINITY || one.note !== undefined) return false;
  if (other.value === Number.POSITIVE_INFINITY) return true;
  return one.prefers === "least" ? one.value < other.value : one.value > other.value;
}

/** At their first choice without margins, chance or hashes. */
const BY_SCORE: readonly (readonly [name: string, params?: PolicyParams])[] = [
  ["shortest"],
  ["lowest-latency"],
  ["highest-bandwidth"],
  ["lowest-carbon"],
  ["lowest-cost"],
  ["lowest-rtt"],
  ["lowest-loss"],
  ["oracle"],
  ["pinned", { path: 0 }],
  ["geofence", { deny: "1-ff00:2:1", metric: "shortest" }],
  ["ecmp"],
  ["most-disjoint"],
  ["reliability"],
  ["migration"],
];

for (const [name, params] of BY_SCORE) {
  test(`${name}: no usable path has a better score than the one chosen`, (t) => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { choice, scores } = choose(policyNamed(name), view, params);
        if (choice < 0) return;
        const own = scores[choice] as PathScore;
        scores.forEach((score, index) => {
          if (view.usable[index] !== true || score === null) return;
          if (beats(score, own)) throw new Error(`path ${index} has ${score.value}, path ${choice} ${own.value}`);
        });
      }),
    );
    t.pass();
  });
}

test("every policy but random says what it goes by; a policy made by a score says that", (t) => {
  const silent = BUILTIN_POLICIES.filter(({ score }) => score === undefined).map(({ name }) => name);
  t.deepEqual(silent, ["random"]);
  const own = scored("mine", ({ length }) => 10 - length);
  const view = viewOf([pathOf(0, { length: 2 }), pathOf(1, { length: 4 })]);
  t.deepEqual(choose(own, view), {
    choice: 1,
    scores: [8, 6].map((value) => ({ name: "score", value, unit: "none", prefers: "least" })),
  });
});

test("outside the fence, and untried, is said in words", (t) => {
  const view = viewOf([pathOf(0, { length: 2 }), pathOf(1, { length: 2 })]);
  const fence = choose(policyNamed("geofence"), view, { deny: "1-ff00:2:1", metric: "shortest" });
  t.deepEqual(
    fence.scores.map((score) => score?.note),
    [undefined, "outside the fence"],
  );
  t.is(choose(policyNamed("ucb1"), view).scores[1]?.note, "untried");
});
