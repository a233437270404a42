/** An AS as its control service knows it: its own interfaces, what stands behind them, and its own network. */
import type { IA, IfId } from "../address.ts";
import { LINK_TO, type LinkTo } from "../forwarding/router.ts";
import type { LinkDirection, Network, NetworkAs, NetworkLink } from "../scenario.ts";
import type { Bytes, Nanos } from "../units.ts";

export interface AsInterface {
  readonly ifId: IfId;
  readonly linkTo: LinkTo;
  readonly neighbour: IA;
  readonly remoteIfId: IfId;
  readonly mtu: Bytes;
  /** Of the slower direction (scionproto makes static info symmetric). */
  readonly latencyNs: Nanos;
  /** Of the narrower direction; null: without limit. */
  readonly bandwidthKbps: number | null;
  /** Of the worse direction, bursts and faults not counted. */
  readonly lossRatio: number;
  readonly carbonGPerGb: number | null;
  readonly costPerGb: number | null;
}

export interface AsView {
  readonly ia: IA;
  readonly isd: number;
  readonly as: NetworkAs;
  /** In order of interface id. */
  readonly interfaces: readonly AsInterface[];
  readonly byIfId: ReadonlyMap<IfId, AsInterface>;
  /** By what the neighbour is, each in order of interface id. */
  readonly cores: readonly AsInterface[];
  readonly children: readonly AsInterface[];
  /** None at a core AS: it names no peers in the beacons that it originates (scionproto `originator.go`), and nobody asks for those in core segments. */
  readonly peers: readonly AsInterface[];
}

/** Every AS of a network, in the network's order. */
export function viewAses({ ases, links }: Network): ReadonlyMap<IA, AsView> {
  const interfaces = new Map<IA, AsInterface[]>(ases.map(({ ia }) => [ia, []]));
  for (const link of links) {
    interfaces.get(link.a.ia)?.push(interfaceOf(link, true));
    interfaces.get(link.b.ia)?.push(interfaceOf(link, false));
  }
  return new Map(ases.map((as) => [as.ia, viewAs(as, interfaces.get(as.ia) ?? [])]));
}

function viewAs(as: NetworkAs, unordered: readonly AsInterface[]): AsView {
  const interfaces = unordered.toSorted((left, right) => left.ifId - right.ifId);
  const ofKind = (kind: LinkTo): AsInterface[] => interfaces.filter(({ linkTo }) => linkTo === kind);
  return {
    ia: as.ia,
    isd: isdOf(as.ia),
    as,
    interfaces,
    byIfId: new Map(interfaces.map((one) => [one.ifId, one])),
    cores: ofKind(LINK_TO.core),
    children: ofKind(LINK_TO.child),
    peers: as.core ? [] : ofKind(LINK_TO.peer),
  };
}

/** The ISD of an ISD-AS number in canonical text. */
export function isdOf(ia: IA): number {
  return Number(ia.slice(0, ia.indexOf("-")));
}

function interfaceOf(link: NetworkLink, atA: boolean): AsInterface {
  const { a, b, ab, ba, type, mtu } = link;
  const [own, other] = atA ? [a, b] : [b, a];
  const rates = [ab, ba].map(rateOf).filter((rate) => rate > 0);
  return {
    ifId: own.ifId,
    linkTo: type !== "child" ? LINK_TO[type] : atA ? LINK_TO.child : LINK_TO.parent,
    neighbour: other.ia,
    remoteIfId: other.ifId,
    mtu,
    latencyNs: Math.max(ab.latency_ns, ba.latency_ns),
    bandwidthKbps: rates.length === 0 ? null : Math.min(...rates) / 1_000,
    lossRatio: Math.max(ab.loss, ba.loss),
    carbonGPerGb: link.carbon_g_per_gb ?? null,
    costPerGb: link.cost_per_gb ?? null,
  };
}

function rateOf({ rate_bps }: LinkDirection): number {
  return rate_bps;
}
