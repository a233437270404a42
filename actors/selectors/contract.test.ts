/** What every path policy that ships must keep to, whatever paths and measurements it is shown. */
import test from "ava";
import fc from "fast-check";
import { RandomStream } from "../../core/rng.ts";
import { BUILTIN_POLICIES } from "./builtin.ts";
import { choices, pathOf, stories, viewOf } from "./contract-testing.ts";
import type { PathView, Policy } from "./policy.ts";

const RUNS = { numRuns: 60 };
const SETTLED = new Set(["shortest", "pinned", "lowest-rtt", "lowest-loss", "reliability", "random", "ecmp", "oracle"]);

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
