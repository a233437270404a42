/** What every path policy that ships must keep to, whatever paths and measurements it is shown. */
import test from "ava";
import fc from "fast-check";
import type { PathInfo } from "../../core/path.ts";
import { RandomStream } from "../../core/rng.ts";
import { BUILTIN_POLICIES } from "./builtin.ts";
import { choices, pathOf, viewOf } from "./contract-testing.ts";
import type { PathLoad, PathMeasurement, PathView, Policy } from "./policy.ts";

const RUNS = { numRuns: 60 };
const SETTLED = new Set(["shortest", "pinned", "lowest-rtt", "lowest-loss", "reliability", "random", "ecmp", "oracle"]);

const amount = fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1e12, noNaN: true }));
const wild = fc.oneof(amount, fc.constantFrom(Number.POSITIVE_INFINITY, Number.NaN, -1, 0));

const path = (number: number): fc.Arbitrary<PathInfo> =>
  fc
    .record({
      length: fc.integer({ min: 1, max: 6 }),
      latencyNs: amount,
      bandwidthKbps: amount,
      carbonGPerGb: amount,
      costPerGb: amount,
      lossRatio: amount,
    })
    .map((fields) => pathOf(number, fields));

const measurement: fc.Arbitrary<PathMeasurement> = fc.record({
  rtt: wild,
  srtt: wild,
  answeredAt: wild,
  loss: wild,
  goodputBps: wild,
  delivered: fc.nat(1_000),
  lost: fc.nat(1_000),
});

const load: fc.Arbitrary<PathLoad> = fc.record({
  delay: fc.oneof(fc.nat(1e9), fc.constant(Number.POSITIVE_INFINITY)),
  loss: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** Paths, and a story of views on them; times ascend. */
const stories: fc.Arbitrary<{ paths: PathInfo[]; views: PathView[] }> = fc
  .constantFrom(0, 1, 2, 5, 50)
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, number) => path(number))))
  .chain((paths) => {
    const each = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: paths.length, maxLength: paths.length });
    const step = fc.record({
      after: fc.nat(6e9),
      usable: fc.oneof(each(fc.boolean()), fc.constant(paths.map(() => true))),
      // A selector that measures nothing may as well give none.
      measured: fc.oneof(each(measurement), fc.constant([])),
      load: fc.oneof(fc.constant(null), each(load)),
    });
    return fc.array(step, { minLength: 1, maxLength: paths.length > 10 ? 4 : 12 }).map((steps) => {
      let now = 0;
      const views = steps.map(({ after, ...fields }) => {
        now += after;
        return viewOf(paths, { ...fields, now });
      });
      return { paths, views };
    });
  });

/** Packets go on over a path known to be down until routing has converged. */
const holdsItsPath = (policy: Policy): boolean => policy.name === "bgp-like";

/** A choice that is allowed: an offered path thought usable, or none where none is. */
function isAllowed(policy: Policy, { paths, usable }: PathView, choice: number): boolean {
  if (choice === -1) return !usable.includes(true);
  if (holdsItsPath(policy)) return Number.isInteger(choice) && choice >= 0 && choice < paths.length;
  return usable[choice] === true;
}

for (const policy of BUILTIN_POLICIES) {
  test(`${policy.name}: chooses offered and usable paths, -1 only where there is none`, (t) => {
    fc.assert(
      fc.property(stories, fc.nat(), ({ views }, hash) => {
        const chosen = choices(policy, views, { hash });
        for (const [at, view] of views.entries()) t.true(isAllowed(policy, view, chosen[at] as number));
      }),
      RUNS,
    );
  });

  test(`${policy.name}: same state, view and draws, same choice; a copied state goes on alike; the view stays as it was`, (t) => {
    fc.assert(
      fc.property(stories, fc.nat(), ({ paths, views }, hash) => {
        const [one, other] = [new RandomStream(1, "test", "policy"), new RandomStream(1, "test", "policy")];
        const state = policy.init({}, paths, { hash });
        let copy = structuredClone(state);
        let current = -1;
        for (const view of views) {
          const shown = { ...view, current };
          const before = JSON.stringify(shown);
          current = policy.choose(state, shown, one);
          t.is(policy.choose(copy, shown, other), current);
          t.is(JSON.stringify(shown), before);
          t.is(one.hash, other.hash);
          t.deepEqual(copy, state);
          copy = structuredClone(state);
        }
      }),
      RUNS,
    );
  });

  test(`${policy.name}: takes other paths in the midst of a story`, (t) => {
    fc.assert(
      fc.property(stories, stories, fc.nat(), (first, second, hash) => {
        const random = new RandomStream(1, "test", "policy");
        let state = policy.init({}, first.paths, { hash });
        let current = -1;
        for (const view of first.views) current = policy.choose(state, { ...view, current }, random);
        state = structuredClone(
          policy.update?.(state, {}, first.paths, second.paths) ?? policy.init({}, second.paths, { hash }),
        );
        const start = first.views.at(-1)?.now ?? 0;
        current = -1;
        for (const view of second.views) {
          current = policy.choose(state, { ...view, now: start + view.now, current }, random);
          t.true(isAllowed(policy, view, current));
        }
      }),
      RUNS,
    );
  });

  test(`${policy.name}: refuses parameters that it does not have`, (t) => {
    const error = t.throws(() => policy.init({ nonsense: 1 }, [pathOf(0)], { hash: 0 }));
    t.regex(error?.message ?? "", new RegExp(`^policy ${policy.name} has no parameter "nonsense": [^\n]+$`));
  });

  test(`${policy.name}: asks for what it observes, and for nothing else`, (t) => {
    const observes = policy.observes ?? [];
    t.is(policy.probing !== undefined, observes.includes("probes"));
    if (policy.probing !== undefined) t.deepEqual(policy.probing({}), { interval: 500e6, timeout: 1e9, payload: 32 });
    t.true((policy.reconsider?.({}) ?? 1e6) >= 1e6);
  });
}

for (const policy of BUILTIN_POLICIES.filter(({ name }) => SETTLED.has(name))) {
  test(`${policy.name}: settles where nothing changes`, (t) => {
    fc.assert(
      fc.property(stories, fc.nat(), ({ views }, hash) => {
        const [view] = views as [PathView];
        // Answered just now, so that time alone makes no path silent.
        const still = (now: number): PathView => ({
          ...view,
          now,
          measured: view.measured.map((one) => ({ ...one, answeredAt: now })),
        });
        const chosen = choices(
          policy,
          Array.from({ length: 20 }, (_, at) => still(at * 500e6)),
          { hash },
        );
        t.is(new Set(chosen).size, 1, String(chosen));
      }),
      RUNS,
    );
  });
}

test("every policy holds its ground where no path is offered at all", (t) => {
  for (const policy of BUILTIN_POLICIES) t.deepEqual(choices(policy, [viewOf([]), viewOf([], { now: 1e9 })]), [-1, -1]);
});

test("names are unique and kebab-case", (t) => {
  const names = BUILTIN_POLICIES.map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  t.deepEqual(
    names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)),
    [],
  );
});
