/** Sums over a path that come from the network's description: what its links and the ASes between them cost a packet. */
import type { IA, IfId } from "./address.ts";
import { type Crossing, crossingOf } from "./internal-network.ts";
import type { PathInfo, PathInterface } from "./path.ts";
import type { LinkDirection, Network, NetworkAs, NetworkLink } from "./scenario.ts";

export type PathSums = Pick<PathInfo, "latencyNs" | "bandwidthKbps" | "carbonGPerGb" | "costPerGb" | "lossRatio">;

/** The sums over the interfaces of a path, in travelling order, from a host at the source to one at the destination. */
export type Survey = (src: IA, dst: IA, interfaces: readonly PathInterface[]) => PathSums;

interface Way {
  readonly link: NetworkLink;
  /** In which packets leave the interface. */
  readonly direction: LinkDirection;
}

interface Surveyed {
  readonly as: NetworkAs;
  readonly ways: Map<IfId, Way>;
}

/** What a path of unknown interfaces costs is unknown, too. */
const UNKNOWN: PathSums = {
  latencyNs: null,
  bandwidthKbps: null,
  carbonGPerGb: null,
  costPerGb: null,
  lossRatio: null,
};

export function createSurvey({ ases, links }: Network): Survey {
  const known = new Map(ases.map((as): [IA, Surveyed] => [as.ia, { as, ways: new Map() }]));
  for (const link of links) {
    known.get(link.a.ia)?.ways.set(link.a.ifId, { link, direction: link.ab });
    known.get(link.b.ia)?.ways.set(link.b.ifId, { link, direction: link.ba });
  }
  return (src, dst, interfaces) => {
    const ways = interfaces.filter((_, at) => at % 2 === 0).map(({ ia, ifId }) => known.get(ia)?.ways.get(ifId));
    return ways.every((way) => way !== undefined) ? sumUp(ways, crossings(known, src, dst, interfaces)) : UNKNOWN;
  };
}

/** The way through each AS, from the source's host to the destination's. */
function crossings(
  known: ReadonlyMap<IA, Surveyed>,
  src: IA,
  dst: IA,
  interfaces: readonly PathInterface[],
): Crossing[] {
  const ends = [{ ia: src, ifId: 0 }, ...interfaces, { ia: dst, ifId: 0 }];
  return ends.flatMap(({ ia, ifId }, at) =>
    at % 2 === 0 ? [crossingOf(known.get(ia)?.as.internal, ifId, ends[at + 1]?.ifId ?? 0)] : [],
  );
}

function sumUp(ways: readonly Way[], within: readonly Crossing[]): PathSums {
  const latencies = [...ways.map(({ direction }) => direction.latency_ns), ...within.map(({ latency }) => latency)];
  const rates = [...ways.map(({ direction }) => direction.rate_bps), ...within.map(({ rate }) => rate)];
  const limits = rates.filter((rate) => rate > 0);
  return {
    latencyNs: latencies.reduce((sum, latency) => sum + latency, 0),
    bandwidthKbps: limits.length === 0 ? null : Math.min(...limits) / 1_000,
    carbonGPerGb: sumOf(ways.map(({ link }) => link.carbon_g_per_gb)),
    costPerGb: sumOf(ways.map(({ link }) => link.cost_per_gb)),
    lossRatio: 1 - ways.reduce((kept, { direction }) => kept * (1 - direction.loss), 1),
  };
}

/** null where any is unknown. */
function sumOf(values: readonly (number | undefined)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === undefined ? null : sum + value), 0);
}
