/**
 * Time travel: what it costs to run a busy scenario of ten minutes ahead with all that the explorer collects, beside the bare run, and how long
 * a seek to a random instant takes.
 */
import { assemble } from "../actors/assemble.ts";
import { hashText, hexHash } from "../core/digest.ts";
import { RandomStream } from "../core/rng.ts";
import { FLOW_DEFAULTS, type FaultSpec, type FlowSpec, type Scenario } from "../core/scenario.ts";
import { MILLISECOND, type Nanos, SECOND } from "../core/units.ts";
import { Exploration } from "../sim/exploration/exploration.ts";
import { hopsOf } from "../sim/exploration/scout.ts";
import { simSource } from "../sim/exploration/sim-source.ts";
import { quietScenario } from "../sim/sim-connectors.ts";
import { Simulation } from "../sim/simulation.ts";
import { buildPreset } from "../topologies/presets.ts";
import { type Bench, measure, peakRssMb } from "./bench.ts";

const DURATION = { small: 2 * SECOND, large: 600 * SECOND };
const SEEKS = { small: 5, large: 50 };
/** Of each paced flow. */
const INTERVAL = 4 * MILLISECOND;

/** Flows of four kinds over two ISDs; the links between the ISDs fail one after the other, again and again. */
function busy(duration: Nanos): Scenario {
  const built = buildPreset("two-isds", {});
  if (!built.ok) throw new Error("the preset two-isds cannot be built");
  const network = built.value;
  const leaves = network.ases.filter(({ core }) => !core).map(({ ia }) => ia);
  const [from, to] = [leaves[0] as string, leaves.at(-1) as string];
  const base = {
    ...FLOW_DEFAULTS,
    src: { ia: from, host: "10.0.0.1" },
    dst: { ia: to, host: "10.0.0.2" },
    start_ns: 0,
    stop_ns: duration,
    packet_size: 1_200,
  };
  const paced = (id: string, policy: string): FlowSpec => ({
    ...base,
    id,
    app: "constant-rate",
    policy: { name: policy, params: {} },
    interval_ns: INTERVAL,
  });
  const flows: FlowSpec[] = [
    paced("shortest", "shortest"),
    paced("fastest", "lowest-latency"),
    paced("probing", "lowest-rtt"),
    { ...base, id: "poisson", app: "poisson", policy: { name: "shortest", params: {} }, interval_ns: INTERVAL },
    {
      ...base,
      id: "files",
      app: "file-transfer",
      policy: { name: "shortest", params: {} },
      reply: "select",
      ecn: false,
      size: { kind: "exponential", mean: 50_000 },
      arrivals: { kind: "poisson", interval_ns: SECOND },
      count: 0,
    },
  ];
  const isdOf = (ia: string): string => ia.split("-")[0] as string;
  const between = network.links.filter(({ a, b }) => isdOf(a.ia) !== isdOf(b.ia));
  const faults = between.map(({ a }, n): FaultSpec => {
    const [active_ns, idle_ns, at_ns] = [SECOND, 29 * SECOND, (n + 1) * 700 * MILLISECOND];
    const timing = { kind: "flapping", at_ns, until_ns: duration, active_ns, idle_ns } as const;
    return { id: `flap ${n}`, timing, effect: { kind: "down", links: [a], ases: [] } };
  });
  return quietScenario(network, { duration_ns: duration, flows, faults });
}

/** Milliseconds of each seek, ascending, with the digests met on the way. */
function seekAround(exploration: Exploration, duration: Nanos, times: number): { spent: number[]; digests: string[] } {
  const random = new RandomStream(1, "travel", "seeks");
  const digests: string[] = [];
  const spent = Array.from({ length: times }, () => {
    const time = random.below(duration);
    const { cpu_s } = measure(() => exploration.seek({ time }));
    digests.push(exploration.cursor.world.digest());
    return 1_000 * cpu_s;
  });
  return { spent: spent.sort((a, b) => a - b), digests };
}

export const travelBench: Bench = {
  name: "travel",
  about:
    "Ten minutes of two ISDs run ahead for the explorer beside the bare run, then 50 random seeks (small: 2 s, 5 seeks)",
  run: (size) => {
    const scenario = busy(DURATION[size]);
    const assembly = assemble(scenario, { repeat: "npm run bench -- travel" });
    const bare = Simulation.create(assembly);
    const alone = measure(() => bare.run(scenario.duration_ns));
    const hops = hopsOf(bare);
    const explored = { source: simSource(assembly, scenario.duration_ns), scenario, assembly, world: "sim" as const };
    const { value: exploration, ...ahead } = measure(() => {
      const made = new Exploration(explored);
      made.work(() => false);
      return made;
    });
    const { digest, bookmarks } = exploration.progress();
    if (digest !== bare.digest())
      throw new Error(`travel: the bare run's digest is ${bare.digest()}, run ahead ${digest}`);
    const { spent, digests } = seekAround(exploration, scenario.duration_ns, SEEKS[size]);
    const at = (share: number): number => Math.round(spent[Math.floor(share * (spent.length - 1))] as number);
    return {
      name: "travel",
      rate: hops / ahead.cpu_s,
      unit: "packet-hops/s of CPU time",
      hash: hexHash(hashText([digest, ...digests].join(" "))),
      wall_s: ahead.wall_s,
      cpu_s: ahead.cpu_s,
      peak_rss_mb: peakRssMb(),
      node: process.version,
      more: {
        packet_hops: hops,
        events: bare.events,
        bare_rate: Math.round(hops / alone.cpu_s),
        cost_over_bare: Number((ahead.cpu_s / alone.cpu_s).toFixed(3)),
        bookmarks: bookmarks.length,
        seek_ms_median: at(0.5),
        seek_ms_p90: at(0.9),
        seek_ms_worst: at(1),
        ...exploration.memory(),
      },
    };
  },
};
