/** Segments over a graph of links by interface id, as scionproto's tests make them. */
import type { IA } from "../address.ts";
import type { AsEntry, PeerEntry, Segment } from "../segment.ts";

/** A link; interface ids are unique over the graph. Where it is no peering link, beacons go either way. */
export interface GraphEdge {
  readonly a: string;
  readonly aIf: number;
  readonly b: string;
  readonly bIf: number;
  readonly peer: boolean;
}

interface End {
  readonly ia: IA;
  readonly ifId: number;
  readonly remote: IA;
  readonly remoteIf: number;
  readonly peer: boolean;
}

function endsOf(edges: readonly GraphEdge[]): readonly End[] {
  return edges.flatMap(({ a, aIf, b, bIf, peer }) => [
    { ia: a, ifId: aIf, remote: b, remoteIf: bIf, peer },
    { ia: b, ifId: bIf, remote: a, remoteIf: aIf, peer },
  ]);
}

/** The segment that leaves the ASes by these interfaces, from the origin on. Every AS names its peers but those at `silent` interfaces. */
export function segmentOverGraph(
  edges: readonly GraphEdge[],
  egresses: readonly number[],
  changes: Partial<Segment> & { readonly expTime?: number; readonly silent?: readonly number[] } = {},
): Segment {
  const ends = endsOf(edges);
  const endOf = (ifId: number): End => {
    const found = ends.find((end) => end.ifId === ifId);
    if (found === undefined) throw new Error(`the graph has no interface ${ifId}`);
    return found;
  };
  const { expTime = 63, timestamp = 1_700_000_000, segId = 0x1234, silent = [] } = changes;
  const way = egresses.map(endOf);
  const last = way.at(-1) as End;
  const stations = [...way, { ia: last.remote, ifId: 0, remote: null }];
  const entries = stations.map(({ ia, ifId: egress, remote }, at): AsEntry => {
    const ingress = way[at - 1]?.remoteIf ?? 0;
    const peers = ends
      .filter((end) => end.ia === ia && end.peer && !silent.includes(end.ifId))
      .sort((left, right) => left.ifId - right.ifId)
      .map(
        (end): PeerEntry => ({
          peer: end.remote,
          peerInterface: end.remoteIf,
          peerMtu: 1400,
          hop: { ingress: end.ifId, egress, expTime, mac: null },
        }),
      );
    const hop = { ingress, egress, expTime, mac: null };
    return { ia, next: remote, hop, ingressMtu: at === 0 ? 0 : 1472, peers, mtu: 1472, staticInfo: null };
  });
  return { timestamp, segId, entries };
}
