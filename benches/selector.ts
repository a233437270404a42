/**
 * What a decision costs, with 50 paths, through the selector actor itself and the world's delivery, digest included: a packet that takes the
 * path chosen before, a policy asked for every packet, a new decision after new measurements, and an oracle that looks at all links first;
 * beside them a packet that is handed on undecided, which is delivery and digest alone.
 */
import { setup } from "xstate";
import { assemble } from "../actors/assemble.ts";
import { least, type Policy } from "../actors/selectors/policy.ts";
import type { PathsMeasured } from "../actors/selectors/prober.ts";
import { type SelectorContext, type SelectorInput, selectorLogic } from "../actors/selectors/selector.ts";
import { type PacketLogic, withPacketHandler } from "../actors/with-packet-handler.ts";
import { World } from "../actors/world.ts";
import { DEFAULT_BEACON_POLICY } from "../core/beaconing/policy.ts";
import { hashText, hexHash } from "../core/digest.ts";
import type { ActorIndex, ControlEvent, Handle } from "../core/env.ts";
import { createPacket, type Packet } from "../core/packet.ts";
import { FLOW_DEFAULTS, type Scenario } from "../core/scenario.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { quietScenario } from "../sim/sim-connectors.ts";
import { makeAs, makeEnd, makeLink } from "../topologies/model.ts";
import { type Bench, type BenchResult, measure, median, peakRssMb } from "./bench.ts";
import { benchIA } from "./worlds.ts";

const PATHS = 50;
const FIRST = benchIA(0);
const LAST = benchIA(1);
/** scionproto's keeps 20 beacons of an origin. */
const ALL_BEACONS = { ...DEFAULT_BEACON_POLICY, bestSetSize: PATHS };

/** 50 ways over an AS each, the later the slower. */
function scenario(policy: string): Scenario {
  const between = Array.from({ length: PATHS }, (_, n) => benchIA(n + 2));
  const ases = [FIRST, LAST, ...between].map((ia) => makeAs(ia, true));
  const links = between.flatMap((ia, n) => {
    const model = { latency_ns: (n + 1) * MILLISECOND, rate_bps: 1_000_000_000 };
    return [
      makeLink(makeEnd(FIRST, n + 1), "core", makeEnd(ia, 1), model),
      makeLink(makeEnd(ia, 2), "core", makeEnd(LAST, n + 1), model),
    ];
  });
  const flow = {
    ...FLOW_DEFAULTS,
    id: "flow",
    app: "constant-rate" as const,
    src: { ia: FIRST, host: "10.0.0.1" },
    dst: { ia: LAST, host: "10.0.0.1" },
    policy: { name: policy, params: {} },
    start_ns: 0,
    stop_ns: SECOND,
    interval_ns: MILLISECOND,
    packet_size: 1200,
  };
  return quietScenario({ name: "fifty ways", ases, links }, { flows: [flow], max_paths: PATHS });
}

const POLICIES: readonly Policy[] = [
  { name: "kept", init: () => null, choose: (_state, view) => least(view, ({ length }) => length) },
  { name: "asked", each: "packet", init: () => null, choose: (_state, { current }) => (current < 0 ? 0 : current) },
  {
    name: "measured",
    observes: ["probes"],
    init: () => null,
    choose: (_state, view) => least(view, (_path, n) => view.measured[n]?.srtt ?? SECOND),
  },
  {
    name: "oracle",
    observes: ["load"],
    each: "packet",
    init: () => null,
    choose: (_state, view) => least(view, (_path, n) => view.load?.[n]?.delay ?? SECOND),
  },
];

/** Delivers what the bench hands it; what the selector sends goes nowhere. */
class SelectorWorld extends World {
  readonly #begun: [target: ActorIndex, event: ControlEvent][] = [];
  readonly selector: ActorIndex;
  left = 0;

  constructor(policy: string, logic: PacketLogic = selectorLogic) {
    const assembly = assemble(scenario(policy), {
      repeat: "npm run bench -- selector",
      policies: POLICIES,
      beaconPolicy: ALL_BEACONS,
    });
    super({ ...assembly, logics: new Map([...assembly.logics, ["selector", logic]]) }, {});
    this.populate();
    this.selector = this.indexOf("selector/flow") as ActorIndex;
    for (const [target, event] of this.#begun) if (target === this.selector) this.deliverControl(target, event);
  }

  override scheduleControl(_from: unknown, target: ActorIndex, event: ControlEvent): Handle {
    return this.#begun.push([target, event]);
  }

  override cancelControl(_handle: Handle): void {
    // Nothing scheduled here is ever delivered.
  }

  override schedulePacket(): void {
    this.left++;
  }

  override recallPackets(): Packet[] {
    return [];
  }
}

/** In the selector's place: hands packets on and decides nothing, which costs delivery and digest alone. */
const handOn = withPacketHandler(
  setup({ types: { context: {} as SelectorContext, input: {} as SelectorInput } }).createMachine({
    id: "hand on",
    context: ({ input }) => ({ ...input, used: [], switches: 0 }) as unknown as SelectorContext,
    initial: "handing on",
    states: { "handing on": {} },
  }),
  ({ context }, packet, _ifId, env) => void env.sendPacket(context.node, packet, 0, 0),
);

function packetOf(): Packet {
  return createPacket({
    trafficClass: 0,
    flowId: 1,
    dstIa: LAST,
    srcIa: FIRST,
    dstHost: "10.0.0.1",
    srcHost: "10.0.0.1",
    path: null,
    currInf: 0,
    currHf: 0,
    l4: { kind: "udp", srcPort: 31_000, dstPort: 31_000 },
    flow: 0,
    number: 0,
    sentAt: 0,
    payloadLength: 1_000,
    rest: null,
    wireLength: 0,
  });
}

interface Cost {
  readonly ns: number;
  readonly hash: string;
}

/** The median of five rounds, in time of the processor: what a busy machine does besides does not count. */
function costOf(world: SelectorWorld, count: number, act: (world: SelectorWorld, n: number) => void): Cost {
  const rounds = Array.from({ length: 5 }, () => {
    const { cpu_s } = measure(() => {
      for (let n = 0; n < count; n++) act(world, n);
    });
    return (cpu_s * 1e9) / count;
  });
  const { switches, used } = world.read<SelectorContext>("selector/flow").context;
  return { ns: median(rounds), hash: `${world.digest()} ${world.left} ${switches} ${used.join()}` };
}

function costOfPackets(begun: SelectorWorld, count: number): Cost {
  const packet = packetOf();
  return costOf(begun, count, (world, n) => {
    packet.number = n;
    world.deliverPacket(world.selector, packet, 0);
  });
}

/** Each round another path is the fastest. */
function costOfMeasurements(count: number): Cost {
  const blank = { rtt: 50, srtt: 50, answeredAt: 0, loss: 0, goodputBps: null, delivered: 1, lost: 0 };
  const begun = new SelectorWorld("measured");
  const fingerprints = begun.read<SelectorContext>("selector/flow").context.paths.map(({ fingerprint }) => fingerprint);
  const events = fingerprints.map((_, fastest): PathsMeasured => {
    const measured = fingerprints.map((__, n) => (n === fastest ? { ...blank, rtt: 10, srtt: 10 } : { ...blank }));
    return { type: "paths.measured", fingerprints, measured };
  });
  return costOf(begun, count, (world, n) => {
    world.deliverControl(world.selector, events[n % PATHS] as PathsMeasured);
  });
}

function run(size: "small" | "large"): BenchResult {
  const count = size === "large" ? 1_000_000 : 2_000;
  let costs: Readonly<Record<string, Cost>> = {};
  const { wall_s, cpu_s } = measure(() => {
    costs = {
      handed_on: costOfPackets(new SelectorWorld("kept", handOn), count),
      unchanged: costOfPackets(new SelectorWorld("kept"), count),
      asked: costOfPackets(new SelectorWorld("asked"), count),
      new: costOfMeasurements(count / 20),
      oracle: costOfPackets(new SelectorWorld("oracle"), count / 20),
    };
  });
  const figures = Object.entries(costs).map(([name, { ns }]): [string, number] => [`${name}_ns`, Math.round(ns)]);
  const hashes = Object.values(costs).map(({ hash }) => hash);
  return {
    name: "selector",
    rate: 1e9 / (costs["unchanged"]?.ns ?? Infinity),
    unit: "unchanged decisions/s",
    hash: hexHash(hashText(hashes.join("\n"))),
    wall_s,
    cpu_s,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: { paths: PATHS, ...Object.fromEntries(figures) },
  };
}

export const selectorBench: Bench = {
  name: "selector",
  about: "decisions of a path selector with 50 paths: kept, asked every packet, new, oracle",
  run,
};
