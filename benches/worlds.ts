/** The benchmark workloads as scenarios: W1 (chain) and W3 (grid), with 1200-byte packets and drop-tail queues of 100 packets. */
import { formatIA } from "../core/address.ts";
import { FLOW_DEFAULTS, type Network, type NetworkLink, type Scenario } from "../core/scenario.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { quietScenario } from "../sim/sim-connectors.ts";
import { makeAs, makeEnd, makeLink } from "../topologies/model.ts";

const GIGABIT = 1_000_000_000;

/** The n-th AS of a benchmark network. */
export function benchIA(n: number): string {
  return formatIA(1, 0xff00_0000_0000 + n + 1);
}

function coreLink(a: number, aIf: number, b: number, bIf: number, latency_ns: number): NetworkLink {
  const [from, to] = [makeEnd(benchIA(a), aIf), makeEnd(benchIA(b), bIf)];
  return makeLink(from, "core", to, { latency_ns, rate_bps: GIGABIT });
}

function scenario(network: Network, rest: Pick<Scenario, "flows" | "duration_ns">): Scenario {
  return quietScenario(network, { max_paths: 1, ...rest });
}

const SHORTEST = { name: "shortest", params: {} };

/** W1: a source, ten routers, a sink; 11 links of 1 Gbit/s and 5 ms; a packet each 19.2 us (half load). */
export function chain(packets: number): Scenario {
  const ases = Array.from({ length: 12 }, (_, n) => makeAs(benchIA(n), true));
  const links = Array.from({ length: 11 }, (_, n) => coreLink(n, 2, n + 1, 1, 5 * MILLISECOND));
  const interval_ns = 19_200;
  const stop_ns = packets * interval_ns;
  const ends = { src: { ia: benchIA(0), host: "10.0.0.1" }, dst: { ia: benchIA(11), host: "10.0.0.1" } };
  const flow = {
    id: "chain",
    ...FLOW_DEFAULTS,
    app: "constant-rate" as const,
    ...ends,
    policy: SHORTEST,
    start_ns: 0,
    stop_ns,
    interval_ns,
    packet_size: 1200,
  };
  return scenario({ name: "chain", ases, links }, { flows: [flow], duration_ns: stop_ns + SECOND });
}

/** W3: g x g routers with links to four neighbours of 1 Gbit/s and 1 ms; flows of a packet a millisecond between given pairs. */
export function grid(g: number, pairs: readonly (readonly [number, number])[], packetsPerFlow: number): Scenario {
  const ases = Array.from({ length: g * g }, (_, n) => makeAs(benchIA(n), true));
  const links: NetworkLink[] = [];
  for (let n = 0; n < g * g; n++) {
    if (n % g < g - 1) links.push(coreLink(n, 1, n + 1, 2, MILLISECOND));
    if (n < g * (g - 1)) links.push(coreLink(n, 3, n + g, 4, MILLISECOND));
  }
  const flows = pairs.map(([from, to], index) => ({
    id: `f${index}`,
    ...FLOW_DEFAULTS,
    app: "constant-rate" as const,
    src: { ia: benchIA(from), host: "10.0.0.1" },
    dst: { ia: benchIA(to), host: "10.0.0.1" },
    policy: SHORTEST,
    // Spread over the millisecond: no two flows send at one instant.
    start_ns: index * 4_999,
    stop_ns: index * 4_999 + packetsPerFlow * MILLISECOND,
    interval_ns: MILLISECOND,
    packet_size: 1200,
  }));
  const duration_ns = packetsPerFlow * MILLISECOND + SECOND;
  return scenario({ name: `grid ${g}x${g}`, ases, links }, { flows, duration_ns });
}
