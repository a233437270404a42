import test from "ava";
import fc from "fast-check";
import { expandFaults, type FaultSource, MAX_TIMELINE_ENTRIES, planTimeline } from "./faults.ts";
import { DEFAULT_DIRECTION, type FaultSpec, type FaultTiming, type Network, NO_IMPAIRMENT } from "./scenario.ts";

const MS = 1_000_000;
const DURATION = 1_000 * MS;
const END = { ia: "1-1", ifId: 1 };
const NETWORK: Network = {
  name: "pair",
  ases: ["1-1", "1-2"].map((ia) => ({ ia, core: true, mtu: 1472 })),
  links: [{ a: END, b: { ia: "1-2", ifId: 7 }, type: "core", mtu: 1472, ab: DEFAULT_DIRECTION, ba: DEFAULT_DIRECTION }],
};

function down(id: string, timing: FaultTiming): FaultSpec {
  return { id, timing, effect: { kind: "down", links: [END], ases: [] } };
}

function source(faults: readonly FaultSpec[], seed = 1): FaultSource {
  return { seed, duration_ns: DURATION, network: NETWORK, faults };
}

/** `[ms, fault, change]` of each entry. */
function brief(faults: readonly FaultSpec[], seed = 1): [number, string, string][] {
  return planTimeline(source(faults, seed)).map(({ at_ns, fault, change }) => [at_ns / MS, fault, change]);
}

const random = (between: number, lasts: number, until = DURATION): FaultTiming => ({
  kind: "random",
  from_ns: 0,
  until_ns: until,
  between_ns: between,
  duration: { kind: "exponential", mean: lasts },
});

test("once: with an end, to the end of the run, and an up that has no end", (t) => {
  const up: FaultSpec = {
    id: "up",
    timing: { kind: "once", at_ns: 70 * MS, for_ns: 5 },
    effect: { kind: "up", links: [], ases: ["1-2"] },
  };
  t.deepEqual(
    brief([
      down("short", { kind: "once", at_ns: 10 * MS, for_ns: 20 * MS }),
      down("open", { kind: "once", at_ns: 5 * MS, for_ns: null }),
      up,
    ]),
    [
      [5, "open", "begin"],
      [10, "short", "begin"],
      [30, "short", "end"],
      [70, "up", "begin"],
    ],
  );
});

test("flapping: nothing begins at or after its end; without idle time it lasts", (t) => {
  const flap = (idle_ns: number): FaultTiming => ({
    kind: "flapping",
    at_ns: 10 * MS,
    until_ns: 50 * MS,
    active_ns: 15 * MS,
    idle_ns,
  });
  t.deepEqual(brief([down("f", flap(5 * MS))]), [
    [10, "f", "begin"],
    [25, "f", "end"],
    [30, "f", "begin"],
    [45, "f", "end"],
  ]);
  t.deepEqual(brief([down("f", flap(0))]), [
    [10, "f", "begin"],
    [50, "f", "end"],
  ]);
});

test("at one instant begins stand before ends, both in the order of the scenario", (t) => {
  const at = (id: string, at_ns: number, for_ns: number | null): FaultSpec =>
    down(id, { kind: "once", at_ns: at_ns * MS, for_ns: for_ns === null ? null : for_ns * MS });
  t.deepEqual(brief([at("a", 0, 10), at("b", 10, null), at("c", 10, null)]), [
    [0, "a", "begin"],
    [10, "b", "begin"],
    [10, "c", "begin"],
    [10, "a", "end"],
  ]);
});

test("targets: both directions of a link, the direction impaired, ASes", (t) => {
  const timing: FaultTiming = { kind: "once", at_ns: 0, for_ns: null };
  const back = { from: { ia: "1-2", ifId: 7 } };
  const faults: FaultSpec[] = [
    { id: "cut", timing, effect: { kind: "down", links: [END], ases: ["1-2"] } },
    { id: "bad", timing, effect: { kind: "impair", directions: [back, back], impairment: NO_IMPAIRMENT } },
    { id: "clock", timing, effect: { kind: "clock-drift", ases: ["1-1"], ppm: 1, step_ns: 0 } },
  ];
  t.deepEqual(
    planTimeline(source(faults)).map(({ effect, targets }) => [effect, ...targets]),
    [
      ["down", "1-1#1>1-2#7", "1-2#7>1-1#1", "1-2"],
      ["impair", "1-2#7>1-1#1"],
      ["clock-drift", "1-1"],
    ],
  );
});

test("random times: the same whatever other faults there are, others with another seed or id", (t) => {
  const mine = down("mine", random(50 * MS, 10 * MS));
  const of = (id: string, all: [number, string, string][]) => all.filter(([, fault]) => fault === id);
  const alone = brief([mine]);
  t.true(alone.length > 10);
  t.deepEqual(of("mine", brief([down("other", random(3 * MS, 1 * MS)), mine])), alone);
  t.notDeepEqual(brief([mine], 2), alone);
  const renamed = brief([{ ...mine, id: "else" }]);
  t.notDeepEqual(
    renamed.map(([at]) => at),
    alone.map(([at]) => at),
  );
});

test("random times: gaps and lengths have the means that were asked for", (t) => {
  const entries = planTimeline({
    ...source([down("r", random(2 * MS, 1 * MS))]),
    duration_ns: 50 * DURATION,
    faults: [down("r", random(2 * MS, 1 * MS, 50 * DURATION))],
  });
  const sums = { begin: 0, end: 0 };
  entries.forEach(({ at_ns, change }, n) => (sums[change] += at_ns - (entries[n - 1]?.at_ns ?? 0)));
  const occurrences = entries.length / 2;
  // About 16,700 draws: their mean is within 5 standard errors, 5 / sqrt(16,700) = 3.9 %.
  t.true(Math.abs(sums.begin / occurrences / (2 * MS) - 1) < 0.039);
  t.true(Math.abs(sums.end / occurrences / MS - 1) < 0.039);
});

test("too many changes are refused, with the fault's name", (t) => {
  const busy = down("busy", { kind: "flapping", at_ns: 0, until_ns: DURATION, active_ns: 1, idle_ns: 1 });
  const refused = expandFaults(source([down("fine", random(50 * MS, 10 * MS)), busy]));
  t.false(refused.ok);
  if (refused.ok) return;
  t.is(refused.error.fault, "busy");
  t.regex(refused.error.message, new RegExp(`more than ${MAX_TIMELINE_ENTRIES} begins and ends`));
  t.throws(() => planTimeline(source([busy])), { message: /^fault busy: / });
});

const ms = (most: number) => fc.integer({ min: 0, max: most }).map((value) => value * MS);
const anyTiming: fc.Arbitrary<FaultTiming> = fc.oneof(
  fc.record({ kind: fc.constant("once" as const), at_ns: ms(900), for_ns: fc.option(ms(300)) }),
  fc.record({
    kind: fc.constant("flapping" as const),
    at_ns: ms(500),
    until_ns: ms(1_000),
    active_ns: ms(50).map((ns) => ns + MS),
    idle_ns: ms(50),
  }),
  fc.record({
    kind: fc.constant("random" as const),
    from_ns: ms(300),
    until_ns: ms(1_000),
    between_ns: ms(100).map((ns) => ns + MS),
    duration: fc.oneof(
      fc.record({ kind: fc.constant("exponential" as const), mean: ms(60) }),
      fc.record({ kind: fc.constant("uniform" as const), low: ms(10), high: ms(20).map((ns) => ns + 10 * MS) }),
    ),
  }),
);

/** Is `at` in an occurrence of the timing itself? Random ones have no closed form: null. */
function covers(timing: FaultTiming, at: number): boolean | null {
  if (timing.kind === "once")
    return at >= timing.at_ns && (timing.for_ns === null || at < timing.at_ns + timing.for_ns);
  if (timing.kind === "random") return null;
  const { at_ns, until_ns, active_ns, idle_ns } = timing;
  if (at < at_ns || at_ns >= until_ns) return false;
  if (idle_ns === 0) return at < until_ns;
  const turn = Math.floor((at - at_ns) / (active_ns + idle_ns));
  const begin = at_ns + turn * (active_ns + idle_ns);
  return begin < until_ns && at < begin + active_ns;
}

test("property: each fault's entries are in force exactly when its timing says so", (t) => {
  fc.assert(
    fc.property(anyTiming, fc.nat(1_000), fc.array(ms(1_000), { maxLength: 20 }), (timing, seed, instants) => {
      const entries = planTimeline(source([down("f", timing)], seed));
      entries.forEach(({ at_ns, change }, n) => {
        const expected = n % 2 === 0 ? "begin" : "end";
        if (change !== expected) throw new Error(`entry ${n} is ${change}`);
        if (at_ns < (entries[n - 1]?.at_ns ?? 0)) throw new Error(`entry ${n} stands before the one before`);
        if (timing.kind === "random" && change === "begin" && !(at_ns > timing.from_ns && at_ns < timing.until_ns))
          throw new Error(`begins at ${at_ns}`);
      });
      for (const at of instants) {
        const passed = entries.filter(({ at_ns }) => at_ns <= at).length;
        const expected = covers(timing, at);
        if (expected !== null && (passed % 2 === 1) !== expected) throw new Error(`at ${at}: ${passed} entries passed`);
      }
    }),
  );
  t.pass();
});
