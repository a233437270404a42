/** The meter over whole runs: figures worked out by hand, and what must hold for every run. */
import test from "ava";
import type { Policy } from "../../actors/selectors/policy.ts";
import type { MetricValues, RunMeasures } from "../../core/comparison.ts";
import { FLOW_DEFAULTS, type FlowSpec } from "../../core/scenario.ts";
import { busyScenario } from "../test-worlds.ts";
import { channelScenario } from "../test-worlds.ts";
import { cutScenario, everyTenMs, meter, MS, phase } from "./meter-testing.ts";

function only(run: { measures: readonly RunMeasures[] }): RunMeasures {
  return run.measures[0] as RunMeasures;
}

function valuesOf(measures: RunMeasures, name: string): MetricValues {
  return measures.phases[name] as MetricValues;
}

test("a cut, by hand: what is lost, how late, when it is over, which switches", (t) => {
  const { phases } = only(meter(cutScenario([everyTenMs("f")]), [["f"]]));
  t.deepEqual(Object.keys(phases), ["all", "before", "cut", "after"]);
  // On the first link for 20 ms: the packets of 9.98 and 9.99 s. Then those up to 10.61 s, the first whose loss the router tells.
  t.is(phases["before"]?.delivered_share, 798 / 800);
  t.is(phases["cut"]?.delivered_share, 438 / 500);
  t.is(phases["after"]?.delivered_share, 1);
  t.is(phases["all"]?.delivered_share, (1_800 - 64) / 1_800);
  t.deepEqual(
    ["before", "cut", "after"].map((name) => phases[name]?.latency_p50_ms),
    [40, 15, 40],
  );
  t.is(phases["after"]?.latency_p99_ms, 40);
  // 40 ms again from 16.61 s on: 161 of 500 packets took 15 ms.
  t.is(phases["after"]?.reordered_share, 0);
  // Three lost packets of fifty are too many for 95 % of 99.6 %; the window from 10.6 s on has two.
  t.is(phases["cut"]?.recovery_s, 0.6);
  t.is(phases["all"]?.recovery_s, 0.6);
  t.is(phases["before"]?.recovery_s, null);
  t.deepEqual(
    ["all", "before", "cut", "after"].map((name) => phases[name]?.switches_per_min),
    [(2 * 60) / 18, 0, 12, 12],
  );
  // Back to the path left six seconds before.
  t.deepEqual(
    ["all", "before", "cut", "after"].map((name) => phases[name]?.oscillation_share),
    [0.5, null, 0, 1],
  );
  t.is(phases["all"]?.jain, null);
  t.is(phases["all"]?.fct_p50_ms, null);
  t.is(phases["all"]?.unfinished_share, null);
  t.is(phases["all"]?.probe_bytes, 0);
});

test("goodput is payload by the time it arrives, and pairs of hosts share it", (t) => {
  const slower = everyTenMs("slow", { src: { ia: "1-1", host: "10.0.0.9" }, interval_ns: 30 * MS });
  const { measures, result } = meter(cutScenario([everyTenMs("f"), slower]), [["f"], ["slow"], ["f", "slow"]]);
  const [first, second, both] = measures as [RunMeasures, RunMeasures, RunMeasures];
  const goodput = (one: RunMeasures): number => valuesOf(one, "before").goodput_bps as number;
  // 800 packets arrive from 2 to 10 s; of 1,000 bytes each, all but the headers is payload.
  const payload = goodput(first) / 800;
  t.true(Number.isInteger(payload) && payload > 850 && payload < 970, `${payload} B`);
  const [sent] = result.flows.map(({ bytes, received }) => bytes / received);
  t.true((sent as number) > payload);
  const ratio = goodput(second) / goodput(first);
  t.true(Math.abs(ratio - 1 / 3) < 0.002);
  t.is(goodput(both), goodput(first) + goodput(second));
  const jain = valuesOf(both, "before").jain as number;
  t.true(Math.abs(jain - (1 + ratio) ** 2 / (2 * (1 + ratio * ratio))) < 1e-12);
});

test("paths: each by name for the first pair, by position for all", (t) => {
  const pinned = (id: string, path: number, host: string) =>
    everyTenMs(id, { policy: { name: "pinned", params: { path } }, src: { ia: "1-1", host } });
  const flows = [pinned("f", 1, "10.0.0.1"), pinned("g", 0, "10.0.0.9"), pinned("h", 1, "10.0.0.9")];
  const { measures } = meter(cutScenario(flows, { faults: [] }), [["f"], ["f", "g", "h"]]);
  const [one, all] = measures as [RunMeasures, RunMeasures];
  t.is(valuesOf(one, "all").latency_p50_ms, 15);
  t.is(valuesOf(one, "all").switches_per_min, 0);
  const pair = "1-1,10.0.0.1>1-2,10.0.0.2";
  const curvesOf = ({ curves }: RunMeasures) =>
    curves.paths.map((path) => [path.pair, path.position, path.label, path.packets.reduce((sum, n) => sum + n, 0)]);
  t.deepEqual(curvesOf(one), [
    [pair, 1, "1-1 > 1-4 > 1-5 > 1-2", 2_000],
    [null, 1, "path 1", 2_000],
  ]);
  t.deepEqual(curvesOf(all), [
    [pair, 1, "1-1 > 1-4 > 1-5 > 1-2", 2_000],
    [null, 0, "path 0", 2_000],
    [null, 1, "path 1", 4_000],
  ]);
  t.is(one.curves.bin_ns, 250 * MS);
  t.deepEqual(one.curves.sent.slice(0, 3), [25, 25, 25]);
  t.is(one.curves.paths[0]?.packets[79], 25);
  t.is(one.curves.paths[0]?.packets[80], 0);
});

test("the run is the same with the meter and without; measures the same with lanes and without", (t) => {
  const base = busyScenario(7);
  const flows = base.flows.map(({ id }) => id);
  const scenario = { ...base, warmup_ns: 100 * MS };
  const bare = meter(scenario, [], { meter: false });
  const metered = meter(scenario, [flows, ["video"], ["ping"]]);
  t.is(metered.digest, bare.digest);
  t.deepEqual(metered.result, bare.result);
  const without = meter(scenario, [flows, ["video"], ["ping"]], { lanes: false });
  t.deepEqual(without.measures, metered.measures);
  // A group is the same whatever else is measured.
  t.deepEqual(only(meter(scenario, [["video"]])).phases, metered.measures[1]?.phases);
});

test("phases add up, and all together what the run's own counters say", (t) => {
  const base = busyScenario(3);
  const flows = base.flows.map(({ id }) => id);
  const phases = [phase("one", 0, 0.75), phase("two", 0.75, 1.5), phase("three", 1.5, 1.9)];
  const compare = { policies: [], adoptions: [], replications: 1, baseline: null, background: [], phases };
  const { measures, result } = meter({ ...base, compare }, [flows]);
  const [{ curves, phases: values }] = measures as [RunMeasures];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  t.is(sum(curves.sent), result.totals.sent);
  t.is(sum(curves.delivered), result.totals.received);
  t.deepEqual(curves.drops, result.drops);
  t.is(values["all"]?.reordered_share, sum(result.flows.map(({ reordered }) => reordered)) / result.totals.received);
  t.true((values["all"]?.reordered_share as number) > 0.01);
  const steps = sum(curves.latency.map(([, packets]) => packets));
  t.is(steps, sum(result.flows.filter(({ app }) => app !== "ping").map(({ received }) => received)));
  for (const { fingerprint, packets } of result.flows[0]?.paths ?? []) {
    const curve = curves.paths.find((one) => one.fingerprint === fingerprint);
    t.true(sum(curve?.packets ?? []) >= packets, "the other flows of the pair use the path, too");
  }
  const [ofPair, overall] = [
    curves.paths.filter(({ pair }) => pair !== null),
    curves.paths.filter(({ pair }) => pair === null),
  ];
  t.is(sum(ofPair.flatMap(({ packets }) => packets)), sum(overall.flatMap(({ packets }) => packets)));
  const bins: Record<string, [number, number]> = { one: [0, 3], two: [3, 6], all: [0, 8] };
  for (const [name, [from, to]] of Object.entries(bins)) {
    const share = sum(curves.delivered.slice(from, to)) / sum(curves.sent.slice(from, to));
    t.is(values[name]?.delivered_share, share, name);
  }
  for (const { id, load } of curves.links) {
    t.is(load.length, curves.sent.length);
    const mean = sum(load) / 8;
    const { utilization } = result.links.find((one) => one.id === id) as { utilization: number };
    t.true(Math.abs(mean - utilization) < 0.02, `${id}: ${mean}, ${utilization}`);
  }
});

test("connections: bytes handed over, completion times, and those that never end", (t) => {
  const fixed = (value: number) => ({ kind: "fixed", value }) as const;
  const base = { ...everyTenMs("x"), ...FLOW_DEFAULTS };
  const arrivals = { kind: "poisson", interval_ns: 500 * MS } as const;
  const flows: FlowSpec[] = [
    { ...base, id: "files", app: "file-transfer", size: fixed(30_000), arrivals, count: 0, ecn: false },
    { ...base, id: "bulk", app: "bulk", bytes: 2_000_000, ecn: false },
    {
      ...base,
      id: "asks",
      app: "request-response",
      request: fixed(500),
      response: fixed(20_000),
      think: fixed(100 * MS),
      timeout_ns: 300 * MS,
    },
    { ...base, id: "video", app: "message-stream", interval_ns: 40 * MS, message: fixed(5_000), deadline_ns: 20 * MS },
    everyTenMs("ping", { app: "ping" }),
  ];
  const compare = { policies: [], adoptions: [], replications: 1, baseline: null, background: [], phases: [] };
  const scenario = cutScenario(flows, { warmup_ns: 0, compare });
  const { measures, result } = meter(
    scenario,
    flows.map(({ id }) => [id]),
  );
  measures.forEach(({ phases }, index) => {
    const { id, goodput_bps, received, sent, transfers, latency_ms } = result.flows[index] as (typeof result.flows)[0];
    const values = phases["all"] as MetricValues;
    // What is sent once flows have stopped (the rest of exchanges) is not measured.
    t.true(Math.abs((values.delivered_share as number) - received / sent) < 1e-4, id);
    // The last response comes once the flow has stopped.
    if (id === "files" || id === "asks") t.true(Math.abs((values.goodput_bps as number) / goodput_bps - 1) < 0.02, id);
    if (transfers === undefined) return;
    t.is(values.unfinished_share, transfers.unfinished / transfers.started, id);
    t.true(transfers.started > 0 && transfers.completed > 0, id);
    if (transfers.unfinished === 0) t.is(values.fct_p95_ms, transfers.fct_ms.p95, id);
    t.true(latency_ms.p50 !== null);
  });
  const asks = valuesOf(measures[2] as RunMeasures, "all");
  t.true((asks.unfinished_share as number) > 0, "exchanges are given up while the link is cut");
  // 40 ms are too late for messages: only the other way, 15 ms, brings them on time.
  const video = result.flows[3]?.messages as { on_time: number };
  t.is(
    Math.round(((valuesOf(measures[3] as RunMeasures, "all").goodput_bps as number) * 20) / 8),
    video.on_time * 5_000,
  );
  const ping = valuesOf(measures[4] as RunMeasures, "all");
  t.is(ping.goodput_bps, 0);
  t.true((ping.latency_p95_ms as number) >= 79 && (ping.latency_p95_ms as number) <= 81, "there and back");
});

/** Observes all that costs something and goes to the path of the least round-trip time; asks for itself every second. */
const MEASURING: Policy<null> = {
  name: "measuring",
  observes: ["probes", "reports"],
  init: () => null,
  choose: (_state, { measured, paths, usable }) => {
    const times = paths.map((_, index) => (usable[index] === true ? (measured[index]?.srtt ?? 1e12) : 1e15));
    return times.indexOf(Math.min(...times));
  },
};

test("probe bytes are those of the run's own count: probes, answers, reports, each for its pair", (t) => {
  const policy = { name: "measuring", params: {} };
  const host = "10.0.0.9";
  const flows = [
    everyTenMs("f", { policy }),
    everyTenMs("g", { policy, src: { ia: "1-1", host } }),
    everyTenMs("h", { src: { ia: "1-5", host } }),
  ];
  const groups = [["f"], ["g"], ["h"], ["f", "g", "h"]];
  const compare = { policies: [], adoptions: [], replications: 1, baseline: null, background: [], phases: [] };
  const scenario = cutScenario(flows, { warmup_ns: 0, compare, duration_ns: 20 * 1_000 * MS });
  const { measures, result, digest } = meter(scenario, groups, { policies: [MEASURING] });
  const bytes = measures.map(({ phases }) => phases["all"]?.probe_bytes);
  const counted = result.totals.probe_bytes as number;
  const from = (address: string): number =>
    (result.probes ?? []).filter(({ src }) => src === `1-1,${address}`).reduce((sum, one) => sum + one.bytes, 0);
  t.true(from("10.0.0.1") > 10_000 && from(host) > 10_000);
  t.deepEqual(bytes, [from("10.0.0.1"), from(host), 0, counted]);
  t.is(meter(scenario, groups, { policies: [MEASURING], meter: false }).digest, digest);
});

/** Each second another of the two paths. */
const SWAYING: Policy<null> = {
  name: "swaying",
  reconsider: () => 1_000 * MS,
  init: () => null,
  choose: (_state, { now }) => Math.floor(now / (1_000 * MS)) % 2,
};

test("to and fro between 40 and 15 ms: reordering, and every switch but the first goes back", (t) => {
  const flow = everyTenMs("f", { policy: { name: "swaying", params: {} } });
  const { phases } = only(meter(cutScenario([flow], { faults: [], warmup_ns: 0 }), [["f"]], { policies: [SWAYING] }));
  const all = phases["all"] as MetricValues;
  t.is(all.switches_per_min, (19 * 60) / 20);
  t.is(all.oscillation_share, 18 / 19);
  t.is(phases["cut"]?.oscillation_share, 1);
  t.is(phases["cut"]?.switches_per_min, 60);
  // Ten times from 40 to 15 ms: of the last packets on the slow way, those sent 10 and 20 ms before come after the first on the fast one.
  t.is(Math.round((all.reordered_share as number) * 2_000), 10 * 2);
});

test("over channels measures are what the run's own counters say, and the run is the same without the meter", (t) => {
  const compare = { policies: [], adoptions: [], replications: 1, baseline: null, background: [], phases: [] };
  const scenario = { ...channelScenario(3), duration_ns: 3_000 * MS, compare };
  const groups = scenario.flows.map(({ id }) => [id]);
  const { measures, result, digest } = meter(scenario, groups);
  t.is(meter(scenario, groups, { meter: false }).digest, digest);
  measures.forEach((one, index) => {
    const { id, goodput_bps, received, sent, transfers } = result.flows[index] as (typeof result.flows)[0];
    const values = valuesOf(one, "all");
    t.true(
      Math.abs((values.delivered_share as number) - received / sent) < 0.03,
      `${id}: ${values.delivered_share} and ${received / sent}`,
    );
    t.true(goodput_bps > 0 && (values.goodput_bps as number) > 0, id);
    if (transfers === undefined || transfers.unfinished > 0) return;
    t.is(values.unfinished_share, 0, id);
    t.is(values.fct_p95_ms, transfers.fct_ms.p95, id);
  });
  // The meter's time goes to the stop of the last flow, a flow's own from its start to its stop; files and responses still come afterwards.
  for (const [index, active] of [
    [0, 1.497],
    [4, 1.897],
  ] as const) {
    const { id, goodput_bps } = result.flows[index] as (typeof result.flows)[0];
    const own = valuesOf(measures[index] as RunMeasures, "all").goodput_bps as number;
    t.true(Math.abs((own * 1.9) / (goodput_bps * active) - 1) < 1e-3, `${id}: ${own} and ${goodput_bps} bit/s`);
  }
});
