/** Worlds that the tests of exploration share, small, with everything in them that a copy could forget. */
import { assemble } from "../../actors/assemble.ts";
import type { Assembly } from "../../actors/assembly.ts";
import { FLOW_DEFAULTS, type FlowSpec, type Scenario } from "../../core/scenario.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import { linksAssembly } from "../link-worlds.ts";
import { swarmWorld } from "../scenarios/channel-swarm-testing.ts";
import { busyAssembly, busyScenario, channelsAssembly, measuringAssembly } from "../test-worlds.ts";

export interface ExploredWorld {
  readonly name: string;
  readonly make: () => Assembly;
  readonly until: number;
}

/** Paths come by beacons, links are watched by BFD, and one of them fails. */
function beaconingScenario(): Scenario {
  const busy = busyScenario(9);
  const base = busy.flows[0] as FlowSpec;
  return {
    ...busy,
    name: "beaconing",
    discovery: "beaconing",
    beaconing: { interval_ns: 200 * MILLISECOND },
    bfd: { mode: "on", interval_ns: 50 * MILLISECOND, multiplier: 3 },
    flows: [{ ...base, interval_ns: 5 * MILLISECOND } as FlowSpec],
  };
}

/** Sources of every kind that has a rate. */
export function ratesScenario(): Scenario {
  const busy = busyScenario(3);
  const base = { ...FLOW_DEFAULTS, ...(busy.flows[0] as FlowSpec), interval_ns: 10 * MILLISECOND };
  const apps = [
    { app: "constant-rate" },
    { app: "ping" },
    { app: "poisson" },
    { app: "on-off", on: { kind: "fixed", value: 80 * MILLISECOND }, off: { kind: "fixed", value: 20 * MILLISECOND } },
    { app: "message-stream", message: { kind: "fixed", value: 1_000 }, deadline_ns: SECOND },
    { app: "bulk", bytes: 20_000, ecn: false, reply: "select" },
  ];
  const links = busy.network.links.map((link) => {
    const plain = { ...link.ab, loss: 0, rate_bps: 50_000_000, queue_packets: 100 };
    return { ...link, ab: plain, ba: plain };
  });
  const flows = apps.map((app) => ({ ...base, ...app, id: app.app }) as FlowSpec);
  return { ...busy, name: "rates", network: { ...busy.network, links }, flows, faults: [] };
}

export const EXPLORED: readonly ExploredWorld[] = [
  { name: "failover", make: () => busyAssembly(5), until: 700 * MILLISECOND },
  { name: "measuring policies", make: () => measuringAssembly(6), until: 400 * MILLISECOND },
  { name: "channels", make: () => channelsAssembly(7), until: 600 * MILLISECOND },
  { name: "links of every kind", make: () => linksAssembly(8), until: 400 * MILLISECOND },
  { name: "beaconing", make: () => assemble(beaconingScenario(), { repeat: "ava" }), until: 1_300 * MILLISECOND },
  { name: "actors that come and go", make: () => swarmWorld(restarting()).assembly, until: 8 * SECOND },
];

/** The first seed whose ends begin anew. */
function restarting(): number {
  for (let seed = 0; ; seed++) if (swarmWorld(seed).restarts > 0) return seed;
}
