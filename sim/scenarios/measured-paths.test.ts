/** What policies are shown of their paths, held against what the network is known to do. */
import test from "ava";
import { assemble } from "../../actors/assemble.ts";
import { results } from "../../actors/results.ts";
import type { Observation, PathView, Policy } from "../../actors/selectors/policy.ts";
import type { ProberContext } from "../../actors/selectors/prober.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import { ActorFailure } from "../../actors/world.ts";
import type { PathInfo } from "../../core/path.ts";
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type LinkDirection,
  type Network,
  type NetworkLink,
  NO_IMPAIRMENT,
  type PacedFlow,
  type Scenario,
} from "../../core/scenario.ts";
import type { TraceRecord } from "../../core/trace.ts";
import { buildPreset } from "../../topologies/presets.ts";
import { quietScenario } from "../sim-connectors.ts";
import { Simulation } from "../simulation.ts";

const MS = 1_000_000;
const SECOND = 1_000 * MS;
const POLICY = "test-policy";

function flow(network: Network, changes: Partial<PacedFlow> = {}): PacedFlow {
  const [first, last] = [network.ases[0], network.ases.at(-1)];
  return {
    ...FLOW_DEFAULTS,
    id: "flow",
    app: "constant-rate",
    src: { ia: first?.ia ?? "", host: "10.0.0.1" },
    dst: { ia: last?.ia ?? "", host: "10.0.0.2" },
    policy: { name: POLICY, params: {} },
    start_ns: 0,
    stop_ns: 1_000 * SECOND,
    interval_ns: 500 * MS,
    packet_size: 200,
    ...changes,
  };
}

/** 1-1 to 1-9 by way of one AS for each pair of lines, there and on. */
function ways(lines: readonly (readonly [Partial<LinkDirection>, Partial<LinkDirection>])[]): Network {
  const core = (ia: string) => ({ ia, core: true, mtu: 1472 });
  const link = (a: string, aIf: number, b: string, bIf: number, model: Partial<LinkDirection>): NetworkLink => ({
    a: { ia: a, ifId: aIf },
    b: { ia: b, ifId: bIf },
    type: "core",
    mtu: 1472,
    ab: { ...DEFAULT_DIRECTION, ...model },
    // Losses strike there, not back.
    ba: { ...DEFAULT_DIRECTION, ...model, loss: 0, burst: null },
  });
  const links = lines.flatMap(([there, on], n) => [
    link("1-1", n + 1, `1-${n + 2}`, 1, there),
    link(`1-${n + 2}`, 2, "1-9", n + 1, on),
  ]);
  return { name: "ways", ases: [core("1-1"), ...lines.map((_, n) => core(`1-${n + 2}`)), core("1-9")], links };
}

function policy(observes: readonly Observation[], more: Partial<Policy> = {}): Policy {
  return { name: POLICY, observes, init: () => null, choose: () => 0, ...more };
}

function simulate(scenario: Scenario, used: Policy, trace?: (record: TraceRecord) => void): Simulation {
  const assembly = assemble(scenario, { repeat: "npx ava sim/scenarios/", policies: [used] });
  const world = Simulation.create(assembly, { checks: { followEvery: 1 }, trace: trace ?? null });
  return world;
}

function selectorOf(world: Simulation): SelectorContext {
  return world.read<SelectorContext>("selector/flow").context;
}

/** Position of the path that leaves the first AS by this interface: discovery orders equally short paths as it likes. */
function positionBy(paths: readonly PathInfo[], ifId: number): number {
  return paths.findIndex(({ interfaces }) => interfaces[0]?.ifId === ifId);
}

/** Takes turns over the paths; state is counted on. */
const IN_TURN: Partial<Policy> = {
  each: "packet",
  init: () => ({ turn: -1 }),
  choose: (state, { paths }) => {
    const own = state as { turn: number };
    own.turn = (own.turn + 1) % paths.length;
    return own.turn;
  },
};

test("probes on an idle diamond measure the sum of its latencies and transmissions, there and back", (t) => {
  const built = buildPreset("diamond", {});
  if (!built.ok) throw new Error("no diamond");
  const network = built.value;
  const ends = { src: { ia: "1-ff00:0:110", host: "10.0.0.1" }, dst: { ia: "1-ff00:0:120", host: "10.0.0.2" } };
  const quiet = flow(network, { ...ends, start_ns: 900 * SECOND });
  const scenario = quietScenario(network, { flows: [quiet], duration_ns: 5 * SECOND });
  const world = simulate(scenario, policy(["probes"]));
  world.run(scenario.duration_ns);
  const selector = selectorOf(world);
  const { headers } = world.read<ProberContext>("prober/1-ff00:0:110,10.0.0.1>1-ff00:0:120,10.0.0.2").context;
  t.is(selector.paths.length, 3);
  selector.paths.forEach((path, n) => {
    const bits = ((headers[n] ?? 0) + 32) * 8;
    let expected = 0;
    for (const { a, ab } of network.links) {
      const isOnIt = path.interfaces.some(({ ia, ifId }) => ia === a.ia && ifId === a.ifId);
      if (isOnIt) expected += 2 * (ab.latency_ns + Math.round((bits * 1e9) / ab.rate_bps));
    }
    const { rtt, srtt, loss, lost, answeredAt } = selector.view.measured[n] ?? {};
    t.deepEqual([rtt, srtt, loss, lost], [expected, expected, 0, 0]);
    t.true((answeredAt ?? 0) > 4 * SECOND);
  });
});

test("probes meet a line's loss within four standard deviations, and cost what is said", (t) => {
  const p = 0.1;
  const network = ways([
    [{ loss: p }, {}],
    [{}, {}],
  ]);
  const quiet = flow(network, { start_ns: 900 * SECOND });
  const scenario = quietScenario(network, { flows: [quiet], duration_ns: 41 * SECOND });
  const probing = () => ({ interval: 20 * MS, timeout: 500 * MS, payload: 48 });
  const world = simulate(scenario, policy(["probes"], { probing }));
  world.run(scenario.duration_ns);
  const [lossy, clean] = selectorOf(world).view.measured;
  const told = (lossy?.lost ?? 0) + (lossy?.delivered ?? 0);
  const share = (lossy?.lost ?? 0) / told;
  t.log(`${lossy?.lost} of ${told} lost`);
  t.true(told > 1_950 && told < 2_050);
  t.true(Math.abs(share - p) < 4 * Math.sqrt((p * (1 - p)) / told), `share ${share}`);
  t.deepEqual([clean?.lost, clean?.loss], [0, 0]);
  t.true((lossy?.loss ?? -1) > 0 && (lossy?.loss ?? 2) < 0.6);
  const { probes = [] } = results(world, scenario);
  const prober = world.read<ProberContext>(probes[0]?.id ?? "").context;
  const ledger = world.ledger.byFlow.get(prober.flow) ?? 0;
  // What was lost last is not given up yet.
  t.true(prober.lost <= ledger && ledger - prober.lost <= prober.outstanding.size);
  // Requests that were lost had no reply; requests and replies are of one size on these paths.
  const size = (prober.headers[0] ?? 0) + 48;
  const missing = size * (2 * (probes[0]?.sent ?? 0) - ledger) - (probes[0]?.bytes ?? 0);
  t.true(missing >= 0 && missing <= size * prober.outstanding.size, `${missing} B missing`);
});

test("a path that stops answering and one that answers again are told at once, not at the end of a round", (t) => {
  const network = ways([
    [{ latency_ns: 5 * MS }, {}],
    [{ latency_ns: 9 * MS }, {}],
  ]);
  const silent = { ...NO_IMPAIRMENT, loss: 1 };
  const scenario = quietScenario(network, {
    flows: [flow(network, { interval_ns: 100 * MS })],
    duration_ns: 40 * SECOND,
    faults: [
      {
        id: "silence",
        timing: { kind: "once", at_ns: 12_000 * MS, for_ns: 10 * SECOND },
        effect: { kind: "impair", directions: [{ from: { ia: "1-1", ifId: 1 } }], impairment: silent },
      },
    ],
  });
  const seen: [now: number, answered: boolean][] = [];
  const probing = () => ({ interval: 4 * SECOND, timeout: 100 * MS, payload: 20 });
  const choose = ({ now, measured }: PathView): number => {
    const [first] = measured;
    seen.push([now, first?.loss !== null && first?.lost === 0]);
    return 0;
  };
  const world = simulate(scenario, policy(["probes"], { probing, choose: (_state, view) => choose(view) }));
  world.run(scenario.duration_ns);
  const { roundStart } = world.read<ProberContext>("prober/1-1,10.0.0.1>1-9,10.0.0.2").context;
  const phase = roundStart % (4 * SECOND);
  const [firstLost] = seen.find(([now, fine]) => now > 10 * SECOND && !fine) ?? [0];
  // The first probe of a round in the silence, and its timeout.
  const firstRound = phase + 4 * SECOND * Math.ceil((12 * SECOND - phase) / (4 * SECOND));
  t.is(firstLost, firstRound + 100 * MS);
});

test("reports tell exactly what arrived and what was lost on each path, other losses and bursts notwithstanding", (t) => {
  const burst = { good_ns: 300 * MS, bad_ns: 60 * MS, loss_good: 0, loss_bad: 0.7 };
  const network = ways([
    [{ loss: 0.2, latency_ns: 10 * MS }, {}],
    [{ burst, latency_ns: 30 * MS }, { loss: 0.02 }],
    [{ latency_ns: 3 * MS }, {}],
  ]);
  const used = policy(["reports"], { ...IN_TURN, reporting: () => 40 * MS });
  const flows = [flow(network, { interval_ns: 3 * MS, stop_ns: 6 * SECOND })];
  const scenario = quietScenario(network, { flows, duration_ns: 9 * SECOND });
  const pathOf = new Map<number, unknown>();
  const arrived = new Map<unknown, number>();
  const world = simulate(scenario, used, ({ kind, flow: number, number: packet, detail }) => {
    if (number !== 0) return;
    if (kind === "selector.choose") pathOf.set(packet ?? -1, detail?.["path"]);
    if (kind !== "app.receive") return;
    const path = pathOf.get(packet ?? -1);
    arrived.set(path, (arrived.get(path) ?? 0) + 1);
  });
  world.run(scenario.duration_ns);
  const selector = selectorOf(world);
  selector.paths.forEach(({ fingerprint }, n) => {
    const { delivered, lost, loss, goodputBps } = selector.view.measured[n] ?? {};
    const came = arrived.get(fingerprint) ?? 0;
    t.true(came > 400);
    t.deepEqual([delivered, lost], [came, (selector.used[n] ?? 0) - came], `path ${n}`);
    t.true((loss ?? -1) >= 0 && (loss ?? 2) <= 1 && (goodputBps ?? -1) >= 0);
  });
  t.is(selector.view.measured[positionBy(selector.paths, 3)]?.lost, 0);
  t.is(
    results(world, scenario).flows[0]?.received,
    [...arrived.values()].reduce((sum, n) => sum + n, 0),
  );
});

test("reports give the goodput of a steady stream, and a path that dies silently is noticed without any report", (t) => {
  const network = ways([[{}, {}]]);
  const silent = { ...NO_IMPAIRMENT, loss: 1 };
  const scenario = quietScenario(network, {
    flows: [flow(network, { interval_ns: 10 * MS, packet_size: 1_000 })],
    duration_ns: 6 * SECOND,
    faults: [
      {
        id: "silence",
        timing: { kind: "once", at_ns: 3 * SECOND, for_ns: null },
        effect: { kind: "impair", directions: [{ from: { ia: "1-1", ifId: 1 } }], impairment: silent },
      },
    ],
  });
  const world = simulate(scenario, policy(["reports"]));
  world.run(2_900 * MS);
  const { measured } = selectorOf(world).view;
  // 100 packets a second of 1000 bytes.
  t.true(Math.abs((measured[0]?.goodputBps ?? 0) - 800_000) < 40_000, String(measured[0]?.goodputBps));
  t.is(measured[0]?.lost, 0);
  world.run(6 * SECOND);
  t.true((measured[0]?.lost ?? 0) > 150 && (measured[0]?.loss ?? 0) > 0.8, JSON.stringify(measured[0]));
});

for (const [name, line] of [
  ["drop-tail", {}],
  ["a paced line", { discipline: { kind: "priority", bands: [] } }],
] satisfies [string, Partial<LinkDirection>][]) {
  test(`the load of a single link foretells the delay of each packet of full size: ${name}`, (t) => {
    const model = { ...DEFAULT_DIRECTION, ...line, rate_bps: 10_000_000, latency_ns: 7 * MS };
    const link: NetworkLink = {
      a: { ia: "1-1", ifId: 1 },
      b: { ia: "1-9", ifId: 1 },
      type: "core",
      mtu: 1472,
      ab: model,
      ba: model,
    };
    const ases = ["1-1", "1-9"].map((ia) => ({ ia, core: true, mtu: 1472 }));
    const network: Network = { name: "one link", ases, links: [link] };
    const foretold: number[] = [];
    const choose = ({ load }: PathView): number => {
      foretold.push(load?.[0]?.delay ?? -1);
      return 0;
    };
    const flows = [
      flow(network, { interval_ns: 11 * MS, packet_size: 1_472 }),
      flow(network, {
        id: "other",
        interval_ns: 1.3 * MS,
        packet_size: 1_400,
        policy: { name: "shortest", params: {} },
      }),
    ];
    const scenario = quietScenario(network, { flows, duration_ns: SECOND });
    const found: number[] = [];
    const sent: number[] = [];
    const used = policy(["load"], { each: "packet", choose: (_state, view) => choose(view) });
    const world = simulate(scenario, used, ({ kind, flow: number, number: packet, time_ns }) => {
      if (number !== 0) return;
      if (kind === "app.send") sent[packet ?? -1] = time_ns;
      if (kind === "app.receive") found[packet ?? -1] = time_ns - (sent[packet ?? -1] ?? 0);
    });
    world.run(scenario.duration_ns);
    t.true(found.length > 80 && Math.max(...found) - Math.min(...found) > MS);
    found.forEach((delay, n) => t.true(Math.abs(delay - (foretold[n] ?? 0)) <= 2, `${n}: ${foretold[n]} ${delay}`));
  });
}

test("the load shows losses, cuts and failed ASes", (t) => {
  const network = ways([
    [{ loss: 0.1 }, { loss: 0.2 }],
    [{}, {}],
    [{}, {}],
  ]);
  const down = (at_ns: number, effect: object) => ({
    id: `down ${at_ns}`,
    timing: { kind: "once" as const, at_ns, for_ns: null },
    effect: { kind: "down" as const, links: [], ases: [], ...effect },
  });
  const scenario = quietScenario(network, {
    flows: [flow(network)],
    duration_ns: 3 * SECOND,
    faults: [down(SECOND, { links: [{ ia: "1-1", ifId: 2 }] }), down(2 * SECOND, { ases: ["1-4"] })],
  });
  const views: { now: number; delays: boolean[]; loss: number }[] = [];
  const choose = ({ now, load, paths }: PathView): number => {
    const inOrder = [1, 2, 3].map((ifId) => load?.[positionBy(paths, ifId)]);
    const delays = inOrder.map((one) => Number.isFinite(one?.delay));
    views.push({ now, delays, loss: inOrder[0]?.loss ?? 0 });
    return 0;
  };
  const used = policy(["load"], { reconsider: () => 900 * MS, choose: (_state, view) => choose(view) });
  simulate(scenario, used).run(scenario.duration_ns);
  const at = (now: number): boolean[] | undefined => views.find((view) => view.now === now)?.delays;
  t.deepEqual(
    [at(900 * MS), at(1_800 * MS), at(2_700 * MS)],
    [
      [true, true, true],
      [true, false, true],
      [true, false, false],
    ],
  );
  t.true(Math.abs((views[0]?.loss ?? 0) - 0.28) < 1e-12);
});

test("a link that is back counts as cut until its router sends into it again: an oracle is told of no failure", (t) => {
  const network = ways([
    [{}, {}],
    [{ latency_ns: 50 * MS }, {}],
  ]);
  const effect = { kind: "down" as const, links: [{ ia: "1-1", ifId: 1 }], ases: [] };
  const scenario = quietScenario(network, {
    flows: [flow(network, { interval_ns: 10 * MS, policy: { name: "oracle", params: {} } })],
    duration_ns: 4 * SECOND,
    detection_ns: 600 * MS,
    faults: [{ id: "cut", timing: { kind: "once", at_ns: SECOND, for_ns: SECOND }, effect }],
  });
  const changes: [number, unknown][] = [];
  const world = simulate(scenario, policy([]), ({ kind, time_ns, detail }) => {
    if (kind === "selector.switch") changes.push([time_ns / MS, detail?.["path"]]);
  });
  world.run(scenario.duration_ns);
  const { paths } = selectorOf(world);
  const [first, second] = [1, 2].map((ifId) => paths[positionBy(paths, ifId)]?.fingerprint);
  t.deepEqual(changes, [
    [0, first],
    [1_000, second],
    [2_600, first],
  ]);
  t.is(world.ledger.byReason.get("interface_down"), undefined);
});

test("paths offered anew keep what was measured, barred and sent under their fingerprints", (t) => {
  const network = ways([
    [{ latency_ns: 5 * MS }, {}],
    [{ latency_ns: 9 * MS }, {}],
    [{ latency_ns: 2 * MS }, {}],
  ]);
  const scenario = quietScenario(network, {
    flows: [flow(network, { interval_ns: 10 * MS })],
    duration_ns: 12 * SECOND,
  });
  const updates: [before: number, paths: number][] = [];
  const used = policy(["probes", "reports"], {
    ...IN_TURN,
    update: (state, _params, before, paths) => {
      updates.push([before.length, paths.length]);
      return state;
    },
  });
  const world = simulate(scenario, used);
  const target = world.indexOf("selector/flow") as number;
  const { paths, headers } = selectorOf(world);
  const offer = (at: number, positions: readonly number[]): void => {
    const offered = positions.map((n) => paths[n] as PathInfo);
    const event = { type: "paths.offered", paths: offered, headers: positions.map((n) => headers[n] as number) };
    world.inject(target, event as never, at);
  };
  offer(4_000 * MS, [2, 0]);
  offer(8_000 * MS, [1, 2]);
  world.run(3_999 * MS);
  const before = paths.map((_, n) => ({ ...selectorOf(world).view.measured[n], used: selectorOf(world).used[n] }));
  world.run(4_010 * MS);
  const now = selectorOf(world);
  t.deepEqual(now.view.paths, [paths[2], paths[0]]);
  t.is(now.view.measured[0]?.srtt, before[2]?.srtt);
  t.is(now.view.measured[1]?.srtt, before[0]?.srtt);
  t.true((now.view.measured[1]?.delivered ?? 0) >= (before[0]?.delivered ?? 1));
  world.run(7_999 * MS);
  t.is(selectorOf(world).retired.get(paths[1]?.fingerprint ?? "")?.used, before[1]?.used);
  world.run(12_000 * MS);
  const end = selectorOf(world);
  t.true((end.used[0] ?? 0) > (before[1]?.used ?? 1_000));
  const flowFound = results(world, scenario).flows[0];
  t.is(flowFound?.paths.length, 3);
  t.is(
    flowFound?.paths.reduce((sum, { packets }) => sum + packets, 0),
    flowFound?.sent,
  );
  t.deepEqual(updates, [
    [3, 2],
    [2, 2],
  ]);
  // Probes follow what is offered.
  const { fingerprints } = world.read<ProberContext>("prober/1-1,10.0.0.1>1-9,10.0.0.2").context;
  t.deepEqual(fingerprints, [paths[1]?.fingerprint, paths[2]?.fingerprint]);
  t.true((end.view.measured[0]?.answeredAt ?? 0) > 11 * SECOND);
});

test("a policy asked for every packet that fails names its selector; plans that are none name the policy", (t) => {
  const network = ways([[{}, {}]]);
  const scenario = quietScenario(network, { flows: [flow(network)] });
  const failing = policy(["load"], { each: "packet", choose: () => 7 });
  const failure = t.throws(() => simulate(scenario, failing).run(SECOND), { instanceOf: ActorFailure });
  t.regex(
    failure.message,
    /^actor selector\/flow failed at .* a packet: policy test-policy: choose must return .* \(-1 to 0\), found 7/,
  );
  const plan = (changes: object) => () => ({ interval: SECOND, timeout: SECOND, payload: 20, ...changes });
  for (const [wrong, expected] of [
    [
      { probing: plan({ interval: 0 }) },
      /^policy test-policy: probing: the interval must be whole nanoseconds from 1 up, found 0/,
    ],
    [{ probing: plan({ timeout: 0.5 }) }, /the timeout must be whole nanoseconds from 1 up, found 0.5/],
    [{ probing: plan({ payload: 5_000 }) }, /the payload must be 0 to 1000 bytes, found 5000/],
    [{ reporting: () => -1 }, /reporting must be whole nanoseconds from 1 up, found -1/],
  ] as [Partial<Policy>, RegExp][]) {
    t.regex(t.throws(() => simulate(scenario, policy(["probes", "reports"], wrong))).message, expected);
  }
  const never = policy([], { reconsider: () => 0 });
  t.regex(t.throws(() => simulate(scenario, never).run(SECOND)).message, /reconsider must give whole nanoseconds/);
});
