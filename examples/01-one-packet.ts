/**
 * One packet, as a reader follows it: every arrow of docs/architecture.md, section 6, is one line of the trace.
 * Run it: npx tsx examples/01-one-packet.ts
 */
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type NetworkLink,
  SCENARIO_DEFAULTS,
  type Scenario,
  Simulation,
  type TraceRecord,
  assemble,
} from "../index.ts";

function link(a: string, aIf: number, b: string, bIf: number): NetworkLink {
  return {
    a: { ia: a, ifId: aIf },
    b: { ia: b, ifId: bIf },
    type: "core",
    mtu: 1472,
    ab: DEFAULT_DIRECTION,
    ba: DEFAULT_DIRECTION,
  };
}

const [left, middle, right] = ["1-ff00:0:110", "1-ff00:0:111", "1-ff00:0:112"];

/** Three ASes in a row, and one packet from the first to the last. */
const scenario: Scenario = {
  name: "one-packet",
  seed: 1,
  epoch_s: 1_700_000_000,
  duration_ns: 1_000_000_000,
  detection_ns: 600_000_000,
  revocation_ns: 10_000_000_000,
  max_paths: 1,
  network: {
    name: "three in a row",
    ases: [left, middle, right].map((ia) => ({ ia, core: true, mtu: 1472 })),
    links: [link(left, 1, middle, 1), link(middle, 2, right, 1)],
  },
  flows: [
    {
      id: "hello",
      app: "constant-rate",
      src: { ia: left, host: "10.0.0.1" },
      dst: { ia: right, host: "10.0.0.2" },
      policy: { name: "shortest", params: {} },
      start_ns: 0,
      stop_ns: 1,
      interval_ns: 1_000_000,
      packet_size: 1200,
      ...FLOW_DEFAULTS,
    },
  ],
  faults: [],
  warmup_ns: 0,
  record: SCENARIO_DEFAULTS.record,
};

function printed({ time_ns, actor, kind, detail }: TraceRecord): string {
  const more = Object.entries(detail ?? {}).map(([name, value]) => `${name}=${value}`);
  return `${(time_ns / 1e6).toFixed(3).padStart(9)} ms  ${kind.padEnd(16)}${actor}${more.length > 0 ? `  ${more.join(" ")}` : ""}`;
}

const world = Simulation.create(assemble(scenario, { repeat: "npx tsx examples/01-one-packet.ts" }), {
  trace: (record) => {
    if (record.number === 0) console.log(printed(record));
  },
});
world.run(scenario.duration_ns);
