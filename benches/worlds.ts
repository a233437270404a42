/** The benchmark workloads as scenarios: W1 (chain) and W3 (grid), with 1200-byte packets and drop-tail queues of 100 packets. */
import type { LinkDirection, Network, NetworkLink, Scenario } from "../core/scenario.ts";
import { formatIA } from "../core/address.ts";

const SECOND = 1_000_000_000;
const MILLISECOND = 1_000_000;
const GIGABIT = 1_000_000_000;

/** The n-th AS of a benchmark network. */
export function benchIA(n: number): string {
  return formatIA(1, 0xff00_0000_0000 + n + 1);
}

function line(latency_ns: number): LinkDirection {
  return { latency_ns, jitter_ns: 0, rate_bps: GIGABIT, loss: 0, queue_packets: 100, queue_bytes: 0, reorder: false };
}

function coreLink(a: number, aIf: number, b: number, bIf: number, latency_ns: number): NetworkLink {
  const direction = line(latency_ns);
  return {
    a: { ia: benchIA(a), ifId: aIf },
    b: { ia: benchIA(b), ifId: bIf },
    type: "core",
    mtu: 1472,
    ab: direction,
    ba: direction,
  };
}

function scenario(name: string, network: Network, rest: Pick<Scenario, "flows" | "duration_ns" | "seed">): Scenario {
  return {
    name,
    epoch_s: 1_700_000_000,
    detection_ns: 600 * MILLISECOND,
    revocation_ns: 10 * SECOND,
    max_paths: 1,
    network,
    faults: [],
    ...rest,
  };
}

const SHORTEST = { name: "shortest", params: {} };

/** W1: a source, ten routers, a sink; 11 links of 1 Gbit/s and 5 ms; a packet each 19.2 us (half load). */
export function chain(packets: number): Scenario {
  const ases = Array.from({ length: 12 }, (_, n) => ({ ia: benchIA(n), core: true, mtu: 1472 }));
  const links = Array.from({ length: 11 }, (_, n) => coreLink(n, 2, n + 1, 1, 5 * MILLISECOND));
  const interval_ns = 19_200;
  const stop_ns = packets * interval_ns;
  const ends = { src: { ia: benchIA(0), host: "10.0.0.1" }, dst: { ia: benchIA(11), host: "10.0.0.1" } };
  const flow = {
    id: "chain",
    app: "constant-rate" as const,
    ...ends,
    policy: SHORTEST,
    start_ns: 0,
    stop_ns,
    interval_ns,
    packet_size: 1200,
  };
  return scenario("chain", { name: "chain", ases, links }, { flows: [flow], duration_ns: stop_ns + SECOND, seed: 1 });
}

/** W3: g x g routers with links to four neighbours of 1 Gbit/s and 1 ms; flows of a packet a millisecond between given pairs. */
export function grid(g: number, pairs: readonly (readonly [number, number])[], packetsPerFlow: number): Scenario {
  const ases = Array.from({ length: g * g }, (_, n) => ({ ia: benchIA(n), core: true, mtu: 1472 }));
  const links: NetworkLink[] = [];
  for (let n = 0; n < g * g; n++) {
    if (n % g < g - 1) links.push(coreLink(n, 1, n + 1, 2, MILLISECOND));
    if (n < g * (g - 1)) links.push(coreLink(n, 3, n + g, 4, MILLISECOND));
  }
  const flows = pairs.map(([from, to], index) => ({
    id: `f${index}`,
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
  return scenario(
    `grid ${g}x${g}`,
    { name: `grid-${g}`, ases, links },
    { flows, duration_ns: packetsPerFlow * MILLISECOND + SECOND, seed: 1 },
  );
}
