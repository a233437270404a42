/** Scenarios that several tests run: small, with everything in them that can draw, drop, fail and switch. */
import { assemble } from "../actors/assemble.ts";
import type { Assembly } from "../actors/assembly.ts";
import { least, type PathView, type Policy } from "../actors/selectors/policy.ts";
import {
  type ChannelSpec,
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type FaultSpec,
  type FlowSpec,
  type LinkDirection,
  type NetworkLink,
  type PacedFlow,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../core/scenario.ts";

const MS = 1_000_000;
const SECOND = 1_000 * MS;

function line(changes: Partial<LinkDirection> = {}): LinkDirection {
  return { ...DEFAULT_DIRECTION, rate_bps: 10_000_000, queue_packets: 20, ...changes };
}

function link(a: string, b: string, changes: Partial<LinkDirection> = {}): NetworkLink {
  const end = (text: string) => ({ ia: text.split("#")[0] as string, ifId: Number(text.split("#")[1]) });
  return { a: end(a), b: end(b), type: "core", mtu: 1472, ab: line(changes), ba: line(changes) };
}

function fault(kind: "down" | "up", at_ns: number): FaultSpec {
  const effect = { kind, links: [{ ia: "1-1", ifId: 3 }], ases: [] };
  return { id: kind, timing: { kind: "once", at_ns, for_ns: null }, effect };
}

/** Three ways from 1-1 to 1-4: one lossy and jittery, one reordering, one slow; the first fails and comes back. */
export function busyScenario(seed: number): Scenario {
  const flow = (id: string, app: PacedFlow["app"], policy: string, interval_ns: number): PacedFlow => ({
    ...FLOW_DEFAULTS,
    id,
    app,
    src: { ia: "1-1", host: "10.0.0.1" },
    dst: { ia: "1-4", host: "10.0.0.2" },
    policy: { name: policy, params: {} },
    start_ns: 3 * MS,
    stop_ns: 1_900 * MS,
    interval_ns,
    packet_size: 1000,
  });
  return {
    name: "busy",
    seed,
    epoch_s: 1_700_000_000,
    duration_ns: 2_000 * MS,
    detection_ns: 50 * MS,
    revocation_ns: 300 * MS,
    max_paths: 8,
    network: {
      name: "busy",
      ases: ["1-1", "1-2", "1-3", "1-4", "1-5"].map((ia) => ({ ia, core: true, mtu: 1472 })),
      links: [
        link("1-1#1", "1-2#1", { rate_bps: 2_000_000, queue_packets: 3 }),
        link("1-2#2", "1-4#1"),
        link("1-1#2", "1-3#1", { delay: { kind: "uniform", width_ns: 4 * MS }, reorder: true, latency_ns: 8 * MS }),
        link("1-3#2", "1-4#2"),
        link("1-1#3", "1-5#1", { loss: 0.05, delay: { kind: "uniform", width_ns: 2 * MS } }),
        link("1-5#2", "1-4#3"),
      ],
    },
    flows: [
      flow("video", "constant-rate", "shortest", 1 * MS),
      flow("voice", "constant-rate", "lowest-latency", 7 * MS),
      flow("slow", "constant-rate", "pinned", 3 * MS),
      flow("ping", "ping", "shortest", 20 * MS),
    ],
    faults: [fault("down", 500 * MS), fault("up", 1_200 * MS)],
    warmup_ns: 0,
    record: SCENARIO_DEFAULTS.record,
  };
}

export function busyAssembly(seed = 1, policies: readonly Policy[] = []): Assembly {
  return assemble(busyScenario(seed), { repeat: "npx ava sim/", policies });
}

/** Policies that between them use all that a policy can observe. */
export const MEASURING_POLICIES: readonly Policy[] = [
  {
    name: "test-srtt",
    observes: ["probes"],
    probing: () => ({ interval: 100 * MS, timeout: 150 * MS, payload: 32 }),
    init: () => null,
    choose: (_state, view) => least(view, (_path, position) => view.measured[position]?.srtt ?? Number.MAX_VALUE),
  },
  {
    name: "test-told",
    observes: ["probes", "reports"],
    probing: () => ({ interval: 170 * MS, timeout: 150 * MS, payload: 100 }),
    reporting: () => 50 * MS,
    init: () => null,
    choose: (_state, view) => {
      return least(view, (_path, n) => (view.measured[n]?.loss ?? 0) + (view.measured[n]?.rtt ?? 0) / SECOND);
    },
  },
  {
    name: "test-alternate",
    each: "packet",
    observes: ["reports"],
    reporting: () => 70 * MS,
    init: () => ({ turn: 0 }),
    choose: (state, { usable }) => {
      const own = state as { turn: number };
      for (let tried = 0; tried < usable.length; tried++) {
        own.turn = (own.turn + 1) % usable.length;
        if (usable[own.turn] === true) return own.turn;
      }
      return -1;
    },
  },
  {
    name: "test-greedy",
    each: "packet",
    observes: ["load"],
    init: () => null,
    choose: (_state, view) => leastLoaded(view),
  },
  {
    name: "test-loaded",
    observes: ["load"],
    reconsider: () => 13 * MS,
    init: () => null,
    choose: (_state, view, random) => (random.uniform() < 0.1 ? 0 : leastLoaded(view)),
  },
];

function leastLoaded(view: PathView): number {
  return least(view, (_path, n) => {
    const { delay, loss } = view.load?.[n] ?? { delay: 0, loss: 0 };
    return delay * (1 + loss);
  });
}

/** The busy world where every flow measures. */
export function measuringScenario(seed: number): Scenario {
  const busy = busyScenario(seed);
  const names = ["test-told", "test-srtt", "test-greedy", "test-told"];
  const flows = busy.flows.map((flow, n) => ({ ...flow, policy: { name: names[n] ?? "test-told", params: {} } }));
  const base = flows[0] as PacedFlow;
  const more: FlowSpec[] = [
    { ...base, id: "spread", policy: { name: "test-alternate", params: {} }, interval_ns: 4 * MS },
    { ...base, id: "looked", policy: { name: "test-loaded", params: {} }, interval_ns: 6 * MS },
    { ...base, id: "again", policy: { name: "test-srtt", params: {} }, interval_ns: 30 * MS },
    { ...base, id: "files", app: "bulk", bytes: 0, ecn: false, reply: "select" },
  ];
  return { ...busy, name: "measuring", flows: [...flows, ...more] };
}

export function measuringAssembly(seed = 1): Assembly {
  return assemble(measuringScenario(seed), { repeat: "npx ava sim/", policies: MEASURING_POLICIES });
}

/** What a flow over channels has where nothing else is said. */
export const CHANNEL: ChannelSpec = {
  crypto: "modelled",
  keying: "channel",
  handshake: "xx",
  controller: "cubic",
  window_bytes: 0,
  pacing: true,
  scheduler: "single",
  paths: 4,
  reliability: "ordered",
  ack_every: 2,
  receive_window_bytes: 64_000_000,
  keep_alive_ns: 0,
  idle_timeout_ns: 30 * SECOND,
  ecn: false,
};

/** The busy world where every application runs over channels, in many ways. */
export function channelScenario(seed: number): Scenario {
  const busy = busyScenario(seed);
  const { interval_ns: _interval, app: _app, ...base } = busy.flows[0] as PacedFlow;
  const size = (value: number) => ({ kind: "fixed" as const, value });
  const over = (changes: Partial<ChannelSpec>) => ({ ...base, channel: { ...CHANNEL, ...changes } });
  const flows: FlowSpec[] = [
    { ...over({ scheduler: "minrtt" }), id: "bulk", app: "bulk", bytes: 0, ecn: false, stop_ns: 1_500 * MS },
    {
      ...over({ scheduler: "round-robin", controller: "olia", crypto: "real", handshake: "ik" }),
      id: "sealed",
      app: "bulk",
      bytes: 150_000,
      ecn: false,
    },
    {
      ...over({ controller: "bbr", reliability: "unordered" }),
      id: "files",
      app: "file-transfer",
      size: { kind: "uniform", low: 2_000, high: 60_000 },
      arrivals: { kind: "poisson", interval_ns: 60 * MS },
      count: 0,
      ecn: false,
    },
    {
      ...over({ idle_timeout_ns: 150 * MS, keying: "association", controller: "newreno" }),
      id: "web",
      app: "request-response",
      request: size(300),
      response: { kind: "exponential", mean: 9_000 },
      think: { kind: "exponential", mean: 120 * MS },
      timeout_ns: 400 * MS,
    },
    {
      ...over({ reliability: "unreliable", scheduler: "redundant", ecn: true }),
      id: "talk",
      app: "message-stream",
      message: { kind: "uniform", low: 1, high: 4_000 },
      interval_ns: 20 * MS,
      deadline_ns: 60 * MS,
    },
  ];
  return { ...busy, name: "channels", flows };
}

export function channelsAssembly(seed = 1): Assembly {
  return assemble(channelScenario(seed), { repeat: "npx ava sim/" });
}
