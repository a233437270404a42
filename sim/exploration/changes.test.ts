/** Forks: the same past, another future, said wholly by the event and the changes. */
import test from "ava";
import { assemble } from "../../actors/assemble.ts";
import type { LinkContext } from "../../actors/link.ts";
import { results } from "../../actors/results.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { Change, Fork } from "../../core/exploration.ts";
import type { PacedFlow, Scenario } from "../../core/scenario.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import { linksScenario } from "../link-worlds.ts";
import { recordingOf, recordsOf } from "../records-testing.ts";
import { replay } from "../replay.ts";
import { Simulation } from "../simulation.ts";
import { busyScenario, MEASURING_POLICIES, measuringScenario } from "../test-worlds.ts";
import { applyFork, forkedSource } from "./changes.ts";
import { Exploration, type ExplorationOptions } from "./exploration.ts";
import { ratesScenario } from "./exploration-worlds.ts";
import { simSource } from "./sim-source.ts";

function explore(scenario: Scenario, fork: Fork | null, options: ExplorationOptions = {}): Exploration {
  const assembly = assemble(scenario, { repeat: "npx ava sim/exploration/", policies: MEASURING_POLICIES });
  const source = simSource(assembly, scenario.duration_ns);
  const exploration = new Exploration({ source, scenario, assembly, world: "sim", fork }, options);
  exploration.work(() => false);
  return exploration;
}

const CUT: Change = { kind: "cut", link: "1-1#2" };
const LATENCY: Change = { kind: "policy", flow: "video", policy: "lowest-latency", params: {} };

test("the past is the same, the changes are events of their own, the future is another and always the same", (t) => {
  const scenario = busyScenario(2);
  const fork: Fork = { event: 4_321, changes: [CUT, LATENCY] };
  const [base, one, two] = [explore(scenario, null), explore(scenario, fork), explore(scenario, fork)];
  t.deepEqual(one.outline.fork, { event: 4_321, own: 3 });
  const end = one.progress();
  t.is(end.digest, two.progress().digest);
  t.not(end.digest, base.progress().digest);
  const own = [4_321, 4_322, 4_323, 4_324].map((event) => {
    one.seek({ event });
    base.seek({ event });
    return [one.cursor.now, one.cursor.world.digest() === base.cursor.world.digest()];
  });
  const now = own[0]?.[0] as number;
  t.deepEqual(own, [[now, true], ...[1, 2, 3].map(() => [now, false])]);
  const rows = one.log({ filter: { from_ns: now, to_ns: now }, first: 0, count: 1_000 }).rows;
  const injected = rows
    .filter(({ event }) => event > 4_321 && event < 4_325)
    .map(({ actor, kind, from }) => [actor, kind, from]);
  t.deepEqual(injected, [
    ["link/1-1#2>1-3#1", "link.fail", null],
    ["link/1-3#1>1-1#2", "link.fail", null],
    ["selector/video", "policy.replace", null],
  ]);
  t.true(end.bookmarks.some(({ event, text }) => event === 4_322 && text === "link 1-1#2 to 1-3#1 fails (fork)"));
});

test("hashes are equal up to the fork, and from the first difference on they differ; what the log forgot is run again", (t) => {
  const scenario = { ...busyScenario(2), duration_ns: 1_900 * MILLISECOND };
  const flows = scenario.flows.map((flow) => ({
    ...flow,
    interval_ns: Math.ceil((flow as PacedFlow).interval_ns / 6),
  }));
  const long = { ...scenario, flows } as Scenario;
  const fork: Fork = { event: 5_000, changes: [{ ...LATENCY, flow: "*" }] };
  const [base, other, short] = [explore(long, null), explore(long, fork), explore(long, fork, { maxRows: 1 })];
  const all = { from: 1, count: 60_000 };
  const [left, right] = [base.hashes(all), other.hashes(all)];
  const differs = left.findIndex((word, at) => word !== right[at]) >> 1;
  const row = (exploration: Exploration, event: number): unknown => {
    const found = exploration
      .log({ filter: {}, first: 0, count: 3, around: event })
      .rows.find((one) => one.event === event);
    return found === undefined ? null : { ...found, event: 0, sent_ns: 0, dropped: null };
  };
  t.true(differs > 5_000, `${differs}: the change itself is no difference`);
  const own = other.outline.fork?.own ?? 0;
  t.deepEqual(row(base, differs), row(other, differs + own));
  t.notDeepEqual(row(base, differs + 1), row(other, differs + 1 + own));
  t.is(left.subarray(2 * differs + 2).filter((word, at) => word === right[2 * differs + 2 + at]).length < 10, true);
  t.true(short.log({ filter: {}, first: 0, count: 1 }).keptFrom > 60_000, "the log must have forgotten");
  t.deepEqual(short.hashes(all), right);
  t.deepEqual(short.hashes({ from: 4_990, count: 30 }), right.subarray(2 * 4_989, 2 * 5_019));
});

test("the cursor crosses the fork in both directions as a straight run does", (t) => {
  const scenario = busyScenario(4);
  const fork: Fork = { event: 2_000, changes: [LATENCY, { kind: "link-rate", link: "1-1#2", rate_bps: 300_000 }] };
  const made = assemble(scenario, { repeat: "npx ava sim/exploration/" });
  const straight = (event: number): string => {
    const steppable = forkedSource(simSource(made, SECOND), scenario, fork).begin();
    while (steppable.events < event) steppable.step();
    return steppable.world.digest();
  };
  const exploration = explore(scenario, fork, { checkpoints: { spacing: 500 } });
  for (const event of [1_999, 2_000, 2_001, 2_003, 2_004, 1_500, 2_002, 3_499, 2_000, 2_600]) {
    exploration.seek({ event });
    t.is(exploration.cursor.world.digest(), straight(event), `event ${event}`);
  }
});

test("a fork is recorded and replayed like any fault", (t) => {
  const scenario = ratesScenario();
  const made = (): ReturnType<typeof assemble> => assemble(scenario, { repeat: "npx ava sim/exploration/" });
  const assembly = made();
  const { lines, observe, end } = recordingOf(assembly);
  const steppable = simSource(assembly, SECOND).begin({ observe });
  while (steppable.events < 700) steppable.step();
  const changes: Change[] = [
    { kind: "policy", flow: "*", policy: "lowest-latency", params: {} },
    { kind: "link-rate", link: "1-1#1", rate_bps: 900_000 },
    { kind: "flow-rate", flow: "poisson", rate_bps: 2_000_000 },
    { kind: "cut", link: "1-5#2" },
  ];
  t.is(applyFork(steppable, scenario, changes), 12);
  while (steppable.step(SECOND));
  end();
  t.true(lines.flat().some((line) => line.includes('"policy.replace"')));
  const found = replay(made(), recordsOf(lines));
  t.is(found.firstDifference, null);
  t.true(found.identical);
});

/** Runs to a time, changes, and runs on. */
function changed(scenario: Scenario, at: number, changes: readonly Change[], until: number): Simulation {
  const assembly = assemble(scenario, { repeat: "npx ava sim/exploration/", policies: MEASURING_POLICIES });
  const steppable = simSource(assembly, until).begin();
  while (steppable.step(at));
  steppable.settle(at);
  applyFork(steppable, scenario, changes);
  while (steppable.step(until));
  return steppable.world as Simulation;
}

test("a link that is cut carries nothing until it is healed, whatever else held it down", (t) => {
  const timing = { kind: "once", at_ns: 500 * MILLISECOND, for_ns: 700 * MILLISECOND } as const;
  const effect = { kind: "down", links: [{ ia: "1-1", ifId: 3 }], ases: [] } as const;
  const scenario: Scenario = { ...busyScenario(1), faults: [{ id: "digger", timing, effect }] };
  const link = "link/1-1#3>1-5#1";
  const at = (changes: readonly Change[], now: number, until: number): unknown =>
    changed(scenario, now * MILLISECOND, changes, until * MILLISECOND).read(link).value;
  const [cut, heal]: Change[] = [
    { kind: "cut", link: "1-5#1" },
    { kind: "heal", link: "1-1#3" },
  ] as [Change, Change];
  t.is(at([cut], 100, 101), "down");
  t.is(at([cut, heal], 100, 101), "up");
  t.is(at([cut], 100, 1_300), "down", "the fault's own end does not end the cut");
  t.is(at([heal], 600, 601), "up", "the fault is over");
});

test("another rate of a line is what packets then take, paced or not", (t) => {
  const base = linksScenario(1);
  for (const [ifId, paced] of [
    [7, false],
    [1, true],
  ] as const) {
    const flow = { ...(base.flows[ifId - 1] as PacedFlow), start_ns: 0, interval_ns: 50 * MILLISECOND };
    const scenario: Scenario = { ...base, flows: [flow], warmup_ns: 200 * MILLISECOND };
    const id = `link/1-1#${ifId}>1-2#${ifId}`;
    const change: Change = { kind: "link-rate", link: `1-1#${ifId}`, rate_bps: 800_000 };
    const world = changed(scenario, 180 * MILLISECOND, [change], SECOND);
    const { paced: line, direction } = world.read<LinkContext>(id).context;
    t.is(line !== null, paced);
    t.is(direction.rate_bps, 800_000);
    const latency = results(world, scenario).flows[0]?.latency_ms.p50 ?? 0;
    // 1,000 bytes at 800 kbit/s and the link's own 5 ms.
    t.is(Math.round(latency * 10) / 10, 15, id);
  }
  const slow = changed(
    { ...base, flows: base.flows.slice(0, 1) },
    300 * MILLISECOND,
    [{ kind: "link-rate", link: "1-1#1", rate_bps: 80_000 }],
    SECOND,
  );
  t.true(
    slow.read<LinkContext>("link/1-1#1>1-2#1").context.packets < 6 * 40 + 20,
    "a packet that is on the line goes on at the new rate",
  );
});

test("flows with a rate of their own take another; what is due next keeps its time", (t) => {
  const scenario = ratesScenario();
  const sent = (world: Simulation): Map<string, number> =>
    new Map(results(world, scenario).flows.map(({ id, sent: count }) => [id, count]));
  const [at, until] = [512 * MILLISECOND, 1_512 * MILLISECOND];
  const before = sent(changed(scenario, at, [{ kind: "heal", link: "1-1#1" }], at));
  const rates: Change[] = ["constant-rate", "ping", "poisson", "on-off", "message-stream"].map((flow) => {
    return { kind: "flow-rate", flow, rate_bps: 4_000_000 };
  });
  const after = sent(changed(scenario, at, rates, until));
  const more = (id: string): number => (after.get(id) ?? 0) - (before.get(id) ?? 0);
  // 1,000 bytes every 2 ms where there was a packet every 10 ms.
  for (const id of ["constant-rate", "ping"]) t.is(more(id), 500, id);
  t.true(Math.abs(more("poisson") - 500) < 100, `poisson: ${more("poisson")}`);
  t.true(Math.abs(more("on-off") - 400) <= 42, `on-off: ${more("on-off")}`);
  // Messages of 1,000 bytes do not fit one packet of 1,000 bytes.
  t.is(more("message-stream"), 1_000);
});

test("another policy chooses at once, and again when paths change", (t) => {
  const scenario = busyScenario(1);
  const choice = (changes: readonly Change[], until: number): string => {
    const {
      choice: position,
      paths,
      policy,
    } = changed(scenario, 100 * MILLISECOND, changes, until * MILLISECOND).read<SelectorContext>(
      "selector/slow",
    ).context;
    return `${policy} ${paths[position]?.interfaces[0]?.ifId}`;
  };
  const pin = (path: number): Change => ({ kind: "policy", flow: "slow", policy: "pinned", params: { path } });
  const chosen = [0, 1, 2].map((path) => choice([pin(path)], 101));
  t.is(new Set(chosen).size, 3);
  const other = chosen.findIndex((text) => text.endsWith(" 3"));
  t.is(choice([pin(other)], 400), "pinned 3");
  t.not(choice([pin(other)], 700), "pinned 3", "its link has failed");
  t.regex(choice([{ kind: "policy", flow: "*", policy: "test-loaded", params: {} }], 300), /^test-loaded/);
  t.regex(choice([{ kind: "policy", flow: "*", policy: "round-robin", params: {} }], 300), /^round-robin/);
});

test("what cannot be changed is said in one sentence", (t) => {
  const links = explore({ ...linksScenario(1), duration_ns: MILLISECOND }, null);
  const rates = explore({ ...ratesScenario(), duration_ns: MILLISECOND }, null);
  const measuring = explore({ ...measuringScenario(1), duration_ns: MILLISECOND }, null);
  const asked: [Exploration, readonly Change[], RegExp | null][] = [
    [rates, [], /at least/],
    [rates, [CUT], null],
    [rates, [{ kind: "cut", link: "1-1" }], /no link ends at "1-1": name an end as IA#interface/],
    [rates, [{ kind: "link-rate", link: "1-1#1", rate_bps: -1 }], /whole bits per second from 0 .* found -1/],
    [links, [{ kind: "link-rate", link: "1-1#4", rate_bps: 5 }], /follows a schedule/],
    [rates, [{ kind: "flow-rate", flow: "bulk", rate_bps: 5 }], /flow bulk \(bulk\) has no rate of its own/],
    [rates, [{ kind: "flow-rate", flow: "ping", rate_bps: 0 }], /above 0, found 0/],
    [rates, [{ kind: "flow-rate", flow: "ping", rate_bps: 1e14 }], /every 0 ns/],
    [rates, [{ kind: "flow-rate", flow: "gone", rate_bps: 5 }], /no flow "gone"/],
    [rates, [{ kind: "policy", flow: "ping", policy: "best", params: {} }], /no policy "best"/],
    [
      rates,
      [{ kind: "policy", flow: "ping", policy: "lowest-rtt", params: {} }],
      /goes by probes, which flow ping has not sent/,
    ],
    [rates, [{ kind: "policy", flow: "ping", policy: "shortest", params: { k: 1 } }], /no parameter "k"/],
    [measuring, [{ kind: "policy", flow: "video", policy: "lowest-rtt", params: {} }], null],
    [
      measuring,
      [{ kind: "policy", flow: "voice", policy: "test-told", params: {} }],
      /reports of the receiver, which flow voice does not get/,
    ],
    [rates, [{ kind: "burn" } as never], /no change of the kind "burn"/],
  ];
  for (const [exploration, changes, expected] of asked) {
    const found = exploration.changeable({ changes });
    if (expected === null) t.is(found, null, JSON.stringify(changes));
    else t.regex(found ?? "nothing", expected);
  }
});

test("totals since an event are what the run came to less what it had come to", (t) => {
  const scenario = busyScenario(6);
  const exploration = explore(scenario, null);
  const whole = Simulation.create(assemble(scenario, { repeat: "" }));
  whole.run(scenario.duration_ns);
  const expected = results(whole, scenario);
  const all = exploration.totals({ event: 0 });
  t.is(all.until_ns, scenario.duration_ns);
  t.deepEqual(
    all.flows.map(({ id, sent, received, lost, switches }) => ({ id, sent, received, lost, switches })),
    expected.flows.map(({ id, sent, received, lost, switches }) => ({ id, sent, received, lost, switches })),
  );
  t.deepEqual(Object.fromEntries(all.drops.map(({ reason, packets }) => [reason, packets])), expected.drops);
  const [video] = all.flows;
  t.true(Math.abs((video?.latency_mean_ms ?? 0) - (expected.flows[0]?.latency_ms.mean ?? 0)) < 0.01);
  const half = exploration.totals({ event: 12_000 });
  const early = Simulation.create(assemble(scenario, { repeat: "" }));
  while (early.events < 12_000) early.step();
  const then = results(early, scenario);
  t.deepEqual(
    half.flows.map(({ sent, received }) => [sent, received]),
    expected.flows.map(({ sent, received }, n) => [
      sent - (then.flows[n]?.sent ?? 0),
      received - (then.flows[n]?.received ?? 0),
    ]),
  );
  t.throws(() => exploration.totals({ event: 1e9 }), { message: /not known yet/ });
});
