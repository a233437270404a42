/** What every key of a scenario comes to. */
import test from "ava";
import type { FaultSpec, FlowSpec } from "../core/scenario.ts";
import { POLICIES } from "./policy-table.ts";
import { alternatives } from "./problems.ts";
import { DIAMOND, directionWith, LINK, scenarioOf, TINY, wrong, wrongLink } from "./scenario-testing.ts";

function flowWith(fields: string): FlowSpec {
  const flow = `{from: 1-ff00:0:111, to: 1-ff00:0:112, ${fields}}`;
  return scenarioOf(`${TINY}flows: [${flow}]\n`).flows[0] as FlowSpec;
}

function faultWith(fields: string): FaultSpec {
  return scenarioOf(`${DIAMOND}groups: {west: 1-ff00:0:110}\nfaults: [{${fields}}]\n`).faults[0] as FaultSpec;
}

function wrongFault(fields: string): string[] {
  return wrong(`${DIAMOND}faults: [{${fields}}]\n`);
}

test("jitter: every model", (t) => {
  const delays = (jitter: string): unknown => directionWith(`latency: 10ms, jitter: ${jitter}`).delay;
  t.deepEqual(delays("0s"), { kind: "fixed" });
  t.deepEqual(delays("{model: uniform, width: 2ms}"), { kind: "uniform", width_ns: 2e6 });
  t.deepEqual(delays("{model: normal, deviation: 1ms}"), { kind: "normal", deviation_ns: 1e6, bound_ns: 4e6 });
  t.deepEqual(delays("{model: normal, deviation: 4ms}"), { kind: "normal", deviation_ns: 4e6, bound_ns: 10e6 });
  t.deepEqual(delays("{model: pareto, scale: 1ms, shape: 2.5, maximum: 1s}"), {
    kind: "pareto",
    scale_ns: 1e6,
    shape: 2.5,
    maximum_ns: 1e9,
  });
  const recorded = { kind: "recorded", step_ns: 20e6, added_ns: [0, 1_250_000, 7e6] };
  t.deepEqual(delays("{model: recorded, step: 20ms, file: delays.txt}"), recorded);
  t.deepEqual(delays("{model: recorded, step: 20ms, added: [0s, 1.25ms, 7ms]}"), recorded);
  t.deepEqual(wrongLink("jitter: {model: recorded, step: 20ms}"), [
    "links[0].jitter needs either added or file, found neither",
  ]);
  t.deepEqual(wrongLink("jitter: {model: recorded, step: 20ms, file: words.txt}"), [
    'words.txt, line 2: expected milliseconds, found "x"',
  ]);
  t.deepEqual(wrongLink("jitter: {model: gauss}"), [
    'links[0].jitter.model: expected uniform, normal, pareto or recorded, found "gauss"',
  ]);
  t.deepEqual(wrongLink("latency: 1ms, jitter: {model: normal, deviation: 1ms, bound: 2ms}"), [
    "links[0]: expected a jitter of at most the latency, 1ms, found 2ms",
  ]);
});

test("rates by steps and by trace", (t) => {
  const steps = directionWith("rate: {steps: [{at: 0s, rate: 5Mbit/s}, {at: 2s, rate: 0bit/s}], period: 4s}");
  t.deepEqual(
    [steps.rate_bps, steps.schedule],
    [
      5e6,
      {
        kind: "steps",
        period_ns: 4e9,
        steps: [
          { at_ns: 0, rate_bps: 5e6 },
          { at_ns: 2e9, rate_bps: 0 },
        ],
      },
    ],
  );
  t.is(directionWith("rate: {steps: [{at: 1s, rate: 5Mbit/s}]}").rate_bps, 100e6, "what it is before the first step");
  const trace = directionWith("rate: {trace: cell.trace}");
  const opportunities = { kind: "opportunities", period_ns: 10e6, bytes: 1504, at_ns: [0, 0, 3e6, 10e6] } as const;
  t.deepEqual(trace.schedule, opportunities);
  t.is(trace.rate_bps, 4 * 1504 * 8 * 100, "the mean of the trace");
  t.deepEqual(directionWith("rate: {trace: [0, 0, 3, 10], bytes: 1kB, period: 20ms, base: 1Mbit/s}").schedule, {
    ...opportunities,
    bytes: 1000,
    period_ns: 20e6,
  });
  t.deepEqual(wrongLink("rate: {trace: back.trace}"), [
    "links[0].rate.trace: instant 2 is 4ms, before the one before it, 5ms",
  ]);
  t.deepEqual(wrongLink("rate: {trace: gone.trace}"), ["cannot read the file: gone.trace: no such file"]);
  t.deepEqual(wrongLink("rate: {steps: [{at: 1s, rate: 1Mbit/s}, {at: 1s, rate: 2Mbit/s}]}"), [
    'links[0].rate.steps[1].at: expected a time after that of the step before, found "1s"',
  ]);
});

test("losses alone and in bursts; each says all that is lost", (t) => {
  const burst = directionWith("loss: {good: 1s, bad: 100ms, loss_bad: 50%, random: 0.1%}");
  t.deepEqual([burst.loss, burst.burst], [0.001, { good_ns: 1e9, bad_ns: 1e8, loss_good: 0, loss_bad: 0.5 }]);
  const text = `${TINY}flows: []\nlinks: [{all: true, loss: {good: 1s, bad: 1s}}, {link: "${LINK}", loss: 2%}]\n`;
  const [first, second] = scenarioOf(text).network.links;
  t.deepEqual([first?.ab.loss, first?.ab.burst], [0.02, null]);
  t.is(second?.ab.burst?.loss_bad, 1);
});

test("queues: bounds and disciplines", (t) => {
  const queue = (fields: string): unknown[] => {
    const { discipline, queue_packets, queue_bytes } = directionWith(fields);
    return [discipline, queue_packets, queue_bytes];
  };
  const tail = { kind: "drop-tail" };
  t.deepEqual(queue("queue: 50ms, rate: 8Mbit/s"), [tail, 0, 50_000]);
  t.deepEqual(queue("queue: {packets: 7, time: 1s}, rate: 8kbit/s"), [tail, 7, 1_000]);
  const codel = { kind: "codel", target_ns: 5e6, interval_ns: 100e6, ecn: true };
  t.deepEqual(queue("queue: {discipline: codel, ecn: true}"), [codel, 100, 0], "a discipline leaves the bounds");
  t.deepEqual(queue("queue: {discipline: codel, ecn: true, packets: unlimited}"), [codel, 0, 0]);
  const red = {
    kind: "red",
    minimum_bytes: 3_000,
    maximum_bytes: 9_000,
    max_probability: 0.1,
    weight: 0.002,
    ecn: false,
  };
  t.deepEqual(queue("queue: {discipline: red, minimum: 3kB, bytes: 20kB}"), [red, 0, 20_000]);
  const priority = { kind: "priority", bands: [[46], [34, 10]] };
  t.deepEqual(queue("queue: {discipline: priority, bands: [[EF], [AF41, 10]]}"), [priority, 100, 0]);
  t.deepEqual(wrongLink("queue: {discipline: priority, bands: [[EF], [46]]}"), [
    "DSCP 46 stands in two places: a packet has one band",
  ]);
  t.deepEqual(wrongLink("queue: {discipline: red, maximum: 1kB}"), [
    'links[0].queue.maximum: expected more than the minimum, 7500B, found "1kB"',
  ]);
  t.deepEqual(wrongLink("queue: 50ms, rate: unlimited"), [
    'links[0].queue: expected a queue in packets or bytes, since the rate is unlimited, found "a time"',
  ]);
});

test("a queue in time is as long as the rate of its own direction says", (t) => {
  const text = `${TINY}flows: []\nlinks: [{link: "${LINK}", rate: 8Mbit/s, queue: 100ms, back: {rate: 80kbit/s}}]\n`;
  const [link] = scenarioOf(text).network.links;
  t.deepEqual([link?.ab.queue_bytes, link?.ba.queue_bytes], [100_000, 1_000]);
});

test("link presets are what other keys build on", (t) => {
  const text = `${TINY}flows: []\nlinks: [{link: "${LINK}", preset: dsl, latency: 1ms}]\n`;
  const plain = scenarioOf(text.replace(", latency: 1ms", "")).network.links[0];
  const [link] = scenarioOf(text).network.links;
  t.is(link?.ab.latency_ns, 1e6);
  t.is(link?.ab.rate_bps, plain?.ab.rate_bps);
  t.not(plain?.ab.rate_bps, plain?.ba.rate_bps, "down is faster than up");
  t.regex(wrongLink("preset: dls")[0] ?? "", /^unknown link preset "dls": expected /);
});

test("what is inside an AS", (t) => {
  const net = (internal: string): string =>
    `topology: {ases: {1-1: {core: true, label: Zürich, position: {lat: 47.4, lon: 8.5}, internal: ${internal}}, 1-2: }, links: [{a: 1-1#3, b: 1-2#1, type: child}]}\nduration: 1s\nflows: []\n`;
  const [as] = scenarioOf(net("{latency: 1ms, pairs: [{between: [0, 3], rate: 1Gbit/s}]}")).network.ases;
  t.deepEqual(as, {
    ia: "1-1",
    core: true,
    mtu: 1472,
    label: "Zürich",
    position: { lat: 47.4, lon: 8.5 },
    internal: { latency_ns: 1e6, rate_bps: 0, pairs: [{ a: 0, b: 3, latency_ns: 1e6, rate_bps: 1e9 }] },
  });
  t.deepEqual(wrong(net("{pairs: [{between: [0, 4]}, {between: [3, 0]}, {between: [0, 3]}]}")), [
    "AS 1-1 has no interface 4: no link ends there",
    "the interfaces 0 and 3 of AS 1-1 stand here twice",
  ]);
});

test("applications: every one, with its defaults", (t) => {
  const fixed = (value: number): unknown => ({ kind: "fixed", value });
  const own = (fields: string): Record<string, unknown> => {
    const { id, workload, src, dst, policy, reply, start_ns, stop_ns, packet_size, traffic_class, ...rest } =
      flowWith(fields);
    t.deepEqual(
      [id, workload, src.ia, dst.ia, policy.name, reply, start_ns, stop_ns, packet_size, traffic_class].length,
      10,
    );
    return rest;
  };
  t.deepEqual(own("app: poisson, rate: 9.6Mbit/s"), { app: "poisson", interval_ns: 1e6 });
  t.deepEqual(own("app: on-off, interval: 1ms, on: 1s, off: {model: exponential, mean: 2s}"), {
    app: "on-off",
    interval_ns: 1e6,
    on: fixed(1e9),
    off: { kind: "exponential", mean: 2e9 },
  });
  t.deepEqual(own("app: request-response"), {
    app: "request-response",
    request: fixed(500),
    response: fixed(10_000),
    think: fixed(1e9),
    timeout_ns: 5e9,
  });
  t.deepEqual(own("app: file-transfer, size: {model: pareto, minimum: 10kB, shape: 1.2}"), {
    app: "file-transfer",
    size: { kind: "pareto", minimum: 10_000, shape: 1.2, maximum: 0 },
    arrivals: { kind: "sequential", gap: fixed(0) },
    count: 0,
    ecn: false,
  });
  t.deepEqual(own("app: file-transfer, size: 1MB, arrivals: {model: poisson, interval: 2s}, count: 3, ecn: true"), {
    app: "file-transfer",
    size: fixed(1e6),
    arrivals: { kind: "poisson", interval_ns: 2e9 },
    count: 3,
    ecn: true,
  });
  t.deepEqual(own("app: message-stream, interval: 33ms, message: {model: uniform, low: 1kB, high: 2kB}"), {
    app: "message-stream",
    interval_ns: 33e6,
    message: { kind: "uniform", low: 1_000, high: 2_000 },
    deadline_ns: 100e6,
  });
  t.deepEqual(own("app: bulk, bytes: 1MiB"), { app: "bulk", bytes: 1_048_576, ecn: false });
  const marked = flowWith("app: bulk, traffic_class: EF, reply: select");
  t.deepEqual([marked.traffic_class, marked.reply], [184, "select"]);
});

test("distributions that cannot be", (t) => {
  const sizes = (size: string): string[] =>
    wrong(`${TINY}flows: [{app: file-transfer, from: 1-ff00:0:111, to: 1-ff00:0:112, size: ${size}}]\n`);
  t.deepEqual(sizes("{model: uniform, low: 2kB, high: 1kB}"), [
    'flows[0].size.high: expected at least 2kB, the least, found "1kB"',
  ]);
  t.deepEqual(sizes("{model: empirical, table: [[1kB, 0.5], [500B, 0.4]]}"), [
    'flows[0].size.table[1][0]: expected at least the value of the row before, found "500B"',
    "flows[0].size.table[1][1]: expected at least the probability of the row before, found 0.4",
  ]);
  t.deepEqual(sizes("{model: pareto, minimum: 1kB, shape: 0}"), [
    "flows[0].size.shape: expected a number above 0, found 0",
  ]);
  t.deepEqual(sizes("{model: zipf}"), [
    'flows[0].size.model: expected uniform, exponential, lognormal, pareto or empirical, found "zipf"',
  ]);
});

test("names for hosts, groups and policies", (t) => {
  const head = `${TINY}hosts: {client: "1-ff00:0:111,10.0.0.7"}\npolicies: {left: {name: pinned, path: 0}}\n`;
  const scenario = scenarioOf(`${head}policy: left\nflows: [{app: ping, from: client, to: 1-ff00:0:112}]\n`);
  t.deepEqual(scenario.flows[0]?.src, { ia: "1-ff00:0:111", host: "10.0.0.7" });
  t.deepEqual(scenario.flows[0]?.policy, { name: "pinned", params: { path: 0 } });
  t.deepEqual(wrong(`${head}flows: [{app: ping, from: cleint, to: 1-ff00:0:112, policy: lft}]\n`), [
    'unknown host "cleint": expected a host\'s name (client), ISD-AS or ISD-AS,host',
    `unknown policy "lft": expected ${alternatives([...POLICIES.keys(), "left"])}, or a file such as ./my-policy.ts`,
  ]);
  t.deepEqual(wrong(`${TINY}flows: []\nhosts: {1st: 1-ff00:0:111, leaf: 1-ff00:0:11}\n`), [
    'hosts["1st"]: expected a name of 1 to 64 letters, digits or - _ . : that begins with a letter and is none of all, core, non-core, leaf or isd, found "1st"',
    'hosts.leaf: expected a name of 1 to 64 letters, digits or - _ . : that begins with a letter and is none of all, core, non-core, leaf or isd, found "leaf"',
    "unknown AS 1-ff00:0:11: the topology has no such AS",
  ]);
});

function pairsOf(fields: string, head = TINY): string[] {
  const text = `${head}hosts: {h: "1-ff00:0:110,10.0.0.5"}\nworkloads: [{name: w, flow: {app: ping}, ${fields}}]\n`;
  return scenarioOf(text).flows.map(({ src, dst }) => `${src.ia.slice(-3)}>${dst.ia.slice(-3)}`);
}

test("workloads: pairs of groups", (t) => {
  t.deepEqual(pairsOf("from: leaf, to: core"), ["111>110", "112>110"]);
  t.deepEqual(pairsOf("from: [h, leaf], to: isd 1 non-core"), ["110>111", "110>112", "111>112", "112>111"]);
  t.deepEqual(pairsOf("from: leaf, to: [1-ff00:0:112, 1-ff00:0:111], pairs: one-to-one"), ["111>112", "112>111"]);
  const grid = "topology: {preset: grid, rows: 4, columns: 4}\nduration: 1s\n";
  const drawn = pairsOf("from: all, to: all, pairs: {random: 20}", grid);
  t.is(new Set(drawn).size, 20, "no pair twice");
  t.deepEqual(pairsOf("from: all, to: all, pairs: {random: 20}", grid), drawn);
  t.notDeepEqual(pairsOf("from: all, to: all, pairs: {random: 20}", `${grid}seed: 2\n`), drawn);
  t.is(new Set(pairsOf("from: all, to: all, pairs: {random: 240}", grid)).size, 240, "all there are");
});

test("workloads: names, templates and spread", (t) => {
  const { flows } = scenarioOf(
    `${TINY}workloads: [{name: w, from: leaf, to: core, spread: 5s, flow: {app: bulk, start: 1s, stop: 2s}}]\n`,
  );
  t.deepEqual(
    flows.map(({ id, workload, app }) => [id, workload, app]),
    [
      ["w-1", "w", "bulk"],
      ["w-2", "w", "bulk"],
    ],
  );
  for (const { start_ns, stop_ns } of flows) t.true(start_ns >= 1e9 && start_ns < 6e9 && stop_ns >= start_ns);
  t.not(flows[0]?.start_ns, flows[1]?.start_ns);
});

function rates(fields: string, head = TINY): number[] {
  const text = `${head}workloads: [{name: w, flow: {app: constant-rate, packet_size: 1000B}, ${fields}}]\n`;
  return scenarioOf(text).flows.map((flow) => ("interval_ns" in flow ? 8e12 / flow.interval_ns : 0));
}

test("workloads: demands share a rate", (t) => {
  t.deepEqual(rates("from: leaf, to: core, demand: uniform, rate: 4Mbit/s"), [2e6, 2e6]);
  // Degrees in the tiny network: 110 has 2 links, 111 and 112 one each.
  t.deepEqual(
    rates("from: [1-ff00:0:110, 1-ff00:0:111], to: 1-ff00:0:112, demand: gravity, rate: 3Mbit/s").map(Math.round),
    [2e6, 1e6],
  );
  const weights = "{model: gravity, weights: {1-ff00:0:111: 3}}";
  t.deepEqual(rates(`from: leaf, to: core, demand: ${weights}, rate: 4Mbit/s`).map(Math.round), [3_000_000, 1e6]);
  t.deepEqual(rates("demand: {file: demand.csv}").map(Math.round), [1e6, 3e6]);
  t.deepEqual(
    rates("demand: {file: demand.csv}, rate: 8Mbit/s").map((rate) => Math.round(rate / 1_000)),
    [2_000, 6_000],
  );
});

test("what is wrong with a workload", (t) => {
  const of = (fields: string, app = "{app: constant-rate, rate: 1Mbit/s}"): string[] =>
    wrong(`${TINY}workloads: [{name: w, flow: ${app}, ${fields}}]\n`);
  t.deepEqual(of("from: leaf"), ["workloads[0] needs to: a group of hosts"]);
  t.deepEqual(of("from: leef, to: core"), [
    'unknown name "leef": expected a host\'s name, ISD-AS, ISD-AS,host, or words that choose ASes such as all, core, leaf or isd 1',
  ]);
  t.deepEqual(of("from: isd 7, to: core"), ['no AS is "isd 7"']);
  t.deepEqual(of("from: core, to: core"), ["workloads[0] makes no flow: no sender has a receiver other than itself"]);
  t.deepEqual(of("from: leaf, to: core, pairs: {random: 3}"), [
    "workloads[0].pairs.random: expected at most 2, all the pairs there are, found 3",
  ]);
  t.deepEqual(of("from: leaf, to: core, rate: 1Mbit/s"), [
    "workloads[0] has a rate but no demand to share it by: a flow's own rate stands in flow",
  ]);
  t.deepEqual(of("from: leaf, to: core, demand: uniform, rate: 1Mbit/s"), [
    "workloads[0].flow.rate: the demand says what the rate of each flow is",
  ]);
  t.deepEqual(of("from: leaf, to: core, demand: uniform, rate: 1Mbit/s", "{app: bulk}"), [
    'workloads[0].flow.app: expected constant-rate or poisson, whose rate a demand can say, found "bulk"',
  ]);
  t.deepEqual(of("demand: {file: wrong.csv}", "{app: poisson}"), [
    "wrong.csv, line 1: unknown AS 1-ff00:0:119: the topology has no such AS",
  ]);
  const grid = "topology: {preset: grid, rows: 100, columns: 100}\nduration: 1s\n";
  t.deepEqual(wrong(`${grid}workloads: [{name: w, from: all, to: all, flow: {app: ping}}]\n`), [
    "workloads[0] would make 99990000 flows: a scenario has room for 20000; draw some of them with pairs: {random: ...}",
  ]);
  const islands =
    "topology: {ases: {1-1: {core: true}, 1-2: , 2-1: {core: true}, 2-2: }, links: [{a: 1-1#1, b: 1-2#1, type: child}, {a: 2-1#1, b: 2-2#1, type: child}]}\nduration: 1s\n";
  t.deepEqual(wrong(`${islands}workloads: [{name: w, from: leaf, to: leaf, flow: {app: ping}}]\n`), [
    "2 of the 2 flows of workloads[0] cannot reach their receivers: no path leads from 1-2 to 2-2 (they are in different ISDs): up to a core AS, over core links, and down again",
  ]);
});

test("faults: when", (t) => {
  const timing = (fields: string): unknown => faultWith(`event: down, link: "${LINK}", ${fields}`).timing;
  t.deepEqual(timing("at: 3s"), { kind: "once", at_ns: 3e9, for_ns: null });
  t.deepEqual(timing("at: 3s, for: 1s"), { kind: "once", at_ns: 3e9, for_ns: 1e9 });
  const flapping = { kind: "flapping", at_ns: 1e9, until_ns: 8e9, active_ns: 500e6, idle_ns: 1.5e9 };
  t.deepEqual(timing("at: 1s, every: 2s, for: 500ms, until: 8s"), flapping);
  t.deepEqual(faultWith(`event: flap, link: "${LINK}", at: 1s, every: 2s, for: 500ms`).timing, {
    ...flapping,
    until_ns: 10e9,
  });
  t.deepEqual(timing("at: 1s, random: {between: 2s, for: {model: exponential, mean: 1s}}"), {
    kind: "random",
    from_ns: 1e9,
    until_ns: 10e9,
    between_ns: 2e9,
    duration: { kind: "exponential", mean: 1e9 },
  });
  const of = (fields: string): string[] => wrongFault(`event: down, link: "${LINK}", ${fields}`);
  t.deepEqual(of("for: 1s"), ["faults[0] needs a time: at, or random"]);
  t.deepEqual(of("at: 10s"), ['faults[0].at: expected a time before the end of the run, 10s, found "10s"']);
  t.deepEqual(of("at: 1s, every: 2s"), ["faults[0] has every and needs for: how long each lasts"]);
  t.deepEqual(of("at: 1s, every: 2s, for: 2s"), [
    'faults[0].every: expected more than for, 2s: the time from one to the next, found "2s"',
  ]);
  t.deepEqual(of("random: {between: 1s, for: 1s}, every: 1s"), [
    "faults[0] has both random and every: the times are either given or drawn",
  ]);
});

test("faults: where and what", (t) => {
  const effect = (fields: string): unknown => faultWith(`at: 1s, ${fields}`).effect;
  const ends = (...names: string[]): unknown[] =>
    names.map((name) => ({ ia: name.split("#")[0], ifId: Number(name.split("#")[1]) }));
  t.deepEqual(effect("event: down, as: 1-ff00:0:130, ases: [1-ff00:0:140], links: [1-ff00:0:120#3]"), {
    kind: "down",
    links: ends("1-ff00:0:120#3"),
    ases: ["1-ff00:0:130", "1-ff00:0:140"],
  });
  t.deepEqual(effect("event: partition, between: [west, 1-ff00:0:150]"), {
    kind: "down",
    links: ends("1-ff00:0:110#3"),
    ases: [],
  });
  const impairment = {
    latency_ns: 0,
    jitter_ns: 0,
    loss: 0.1,
    corrupt: 0,
    duplicate: 0,
    reorder: 0.05,
    reorder_ns: 10e6,
    rate_bps: 1e6,
  };
  const impair = (direction: string): unknown =>
    effect(`event: impair, link: "1-ff00:0:130#1", loss: 10%, reorder: 5%, rate: 1Mbit/s, direction: ${direction}`);
  const [here] = ends("1-ff00:0:130#1");
  const [there] = ends(LINK);
  t.deepEqual(impair("from"), { kind: "impair", directions: [{ from: here }], impairment });
  t.deepEqual(impair("to"), { kind: "impair", directions: [{ from: there }], impairment });
  t.deepEqual(impair("both"), { kind: "impair", directions: [{ from: here }, { from: there }], impairment });
  t.deepEqual(effect("event: clock-drift, as: 1-ff00:0:130, ppm: 50, step: -3ms"), {
    kind: "clock-drift",
    ases: ["1-ff00:0:130"],
    ppm: 50,
    step_ns: -3e6,
  });
  t.deepEqual(wrongFault("at: 1s, event: down"), ["faults[0] needs a place: link, links, as, ases"]);
  t.deepEqual(wrongFault("at: 1s, event: partition, between: [all, core]"), [
    "faults[0].between: AS 1-ff00:0:110 is in both groups",
  ]);
  t.deepEqual(wrongFault("at: 1s, event: partition, between: [1-ff00:0:110, 1-ff00:0:120]"), [
    'faults[0].between: no link leads from "1-ff00:0:110" to "1-ff00:0:120"',
  ]);
  t.deepEqual(wrongFault(`at: 1s, event: impair, link: "${LINK}"`), [
    "faults[0] impairs nothing: it needs latency, jitter, loss, corrupt, duplicate, reorder or rate",
  ]);
  t.deepEqual(wrongFault("at: 1s, event: clock-drift, as: 1-ff00:0:130"), [
    "faults[0] changes no clock: it needs ppm or step",
  ]);
});

test("links: all of a type, one after the other", (t) => {
  const text = `${DIAMOND}links: [{all: true, latency: 1ms}, {all: true, type: core, loss: 1%}, {link: "${LINK}", latency: 2ms}]\n`;
  const { links } = scenarioOf(text).network;
  t.deepEqual(
    links.map(({ ab, ba }) => [ab.latency_ns, ba.latency_ns, ab.loss]),
    links.map(({ a }) => (a.ia === "1-ff00:0:110" && a.ifId === 1 ? [2e6, 2e6, 0.01] : [1e6, 1e6, 0.01])),
  );
  t.deepEqual(wrong(`${DIAMOND}links: [{all: true, type: peer}]\n`), ["links[0]: the topology has no peer links"]);
  t.deepEqual(wrong(`${DIAMOND}links: [{all: true, rate: 0bit/s}]\n`), [
    'links[0].rate: expected more than 0, found "0bit/s"',
  ]);
});

test("warm-up and record", (t) => {
  const { warmup_ns, record } = scenarioOf(`${DIAMOND}warmup: 2s\nrecord: {series: 100ms, samples: 50}\n`);
  t.deepEqual([warmup_ns, record], [2e9, { series_ns: 1e8, samples: 50 }]);
  t.deepEqual(wrong(`${DIAMOND}warmup: 10s\n`), [
    'warmup: expected a time before the end of the run, 10s, found "10s"',
  ]);
});

test("three mistakes of three kinds are told at once, even in one item", (t) => {
  const text = `topology: diamond
duration: 10s
flows:
  - {app: ping, from: 1-ff00:0:110, to: 1-ff00:0:122, intervall: 1s, packet_size: 12Mb}
  - {app: pingg, from: 1-ff00:0:110, to: 1-ff00:0:129}
  - 7
  - {app: constant-rate, from: 1-ff00:0:119, to: 1-ff00:0:120, rate: fast}
`;
  t.deepEqual(wrong(text), [
    "unknown AS 1-ff00:0:122: the topology has no such AS",
    'unknown key "intervall" in flows[0]',
    'flows[0].packet_size: expected a size such as 1200B, found "12Mb"',
    'flows[1].app: expected constant-rate, ping, poisson, on-off, request-response, file-transfer, message-stream, bulk or gateway, found "pingg"',
    "unknown AS 1-ff00:0:129: the topology has no such AS",
    "flows[2]: expected a flow: {app, from, to, ...}, found 7",
    "unknown AS 1-ff00:0:119: the topology has no such AS",
    'flows[3].rate: expected a rate such as 64kbit/s, 100Mbit/s or 1Gbit/s, found "fast"',
  ]);
  t.deepEqual(wrong("topolgy: tiny\nduration: 1\nflows: [{app: ping, frm: 1-1, to: 1-2}]\n"), [
    'unknown key "topolgy"',
    "duration: expected a duration such as 250ms, 10s or 2min, found 1 without a unit",
    'unknown key "frm" in flows[0]',
  ]);
});

test("what a scenario must have", (t) => {
  t.deepEqual(wrong("topology: tiny\nduration: 1s\n"), ["flows is missing: a scenario has flows or workloads"]);
  t.deepEqual(wrong("- 1\n"), ["expected a scenario: a mapping of topology, duration, flows, ..., found a list"]);
});
