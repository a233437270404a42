/** Small networks for tests of paths, and routers that a packet can be walked through. */
import type { IA } from "../address.ts";
import { forward } from "../forwarding/forward.ts";
import { LINK_TO, type LinkTo, type Router, type RouterInterface } from "../forwarding/router.ts";
import type { ForwardingKeys } from "../forwarding-keys.ts";
import { createHopMacs } from "../hop-mac.ts";
import { createPacket } from "../packet.ts";
import type { PathInfo } from "../path.ts";
import { DEFAULT_DIRECTION, type LinkDirection, type LinkType, type Network, type NetworkLink } from "../scenario.ts";
import { wireLengthOf } from "../wire/codec.ts";

export type LinkRow = readonly [
  a: string,
  type: LinkType,
  b: string,
  more?: { mtu?: number; ms?: number; mbit?: number },
];

/** Links as `["1-1#2", "child", "1-2#1"]`; core ASes are listed first, the others are found in the links. */
export function networkOf(
  core: readonly string[],
  rows: readonly LinkRow[],
  mtus: Readonly<Record<string, number>> = {},
): Network {
  const links = rows.map(([a, type, b, { mtu = 1472, ms = 5, mbit = 100 } = {}]): NetworkLink => {
    const ab: LinkDirection = { ...DEFAULT_DIRECTION, latency_ns: ms * 1e6, rate_bps: mbit * 1e6 };
    return { a: end(a), b: end(b), type, mtu, ab, ba: ab };
  });
  const names = new Set([...core, ...links.flatMap(({ a, b }) => [a.ia, b.ia])]);
  const ases = [...names].map((ia) => ({ ia, core: core.includes(ia), mtu: mtus[ia] ?? 1472 }));
  return { name: "test", ases, links };
}

function end(text: string): { ia: IA; ifId: number } {
  const [ia = "", ifId] = text.split("#");
  return { ia, ifId: Number(ifId) };
}

export function interfacesOf({ interfaces }: Pick<PathInfo, "interfaces">): string {
  return interfaces.map(({ ia, ifId }) => `${ia}#${ifId}`).join(" ");
}

export interface NetworkDraw {
  readonly cores: number;
  readonly others: number;
  /** Two ends and a kind for each link, of which those that fit become one. */
  readonly links: readonly (readonly [x: number, y: number, kind: number])[];
  /** Interface ids, two a link. */
  readonly ids: readonly number[];
}

/**
 * Every kind of link. Child links point to later ASes, so that none is its own parent; one link in seven is of a kind that does not fit its
 * ends, and some ASes have no core AS above them.
 */
export function drawnNetwork({ cores, others, links, ids }: NetworkDraw): Network {
  const name = (at: number): string => `${1 + (at % 2)}-${at + 1}`;
  const rows = links.flatMap(([x, y, kind], at): LinkRow[] => {
    const [a, b] = [Math.min(x, y) % (cores + others), Math.max(x, y) % (cores + others)];
    if (a >= b) return [];
    const fitting: LinkType = b < cores ? "core" : a >= cores && kind % 2 === 1 ? "peer" : "child";
    const type = (["core", "child", "peer"] as const)[kind - 11] ?? fitting;
    return [[`${name(a)}#${ids[2 * at]}`, type, `${name(b)}#${ids[2 * at + 1]}`, { ms: at }]];
  });
  return networkOf(
    Array.from({ length: cores }, (_, at) => name(at)),
    rows,
  );
}

const HOST = "10.0.0.1";
const EPOCH_S = 1_700_000_000;

/** Sends a packet over a path through routers that verify its hop fields, and answers the interfaces it came through and what became of it. */
export function walk(network: Network, keys: ForwardingKeys, path: PathInfo): string {
  const routers = new Map(network.ases.map(({ ia }) => [ia, routerOf(network, ia, keys)]));
  const far = new Map(
    network.links.flatMap(({ a, b }) => [[`${a.ia}#${a.ifId}`, b] as const, [`${b.ia}#${b.ifId}`, a] as const]),
  );
  const l4 = { kind: "udp", srcPort: 40_000, dstPort: 31_000 } as const;
  const wireLength = wireLengthOf(path.forwarding, HOST, HOST, l4, 100);
  const [flow, number, sentAt, trafficClass, flowId, payloadLength] = [-1, 0, 0, 0, 1, 100];
  const ends = { dstIa: path.dst, srcIa: path.src, dstHost: HOST, srcHost: HOST, l4, rest: null, wireLength };
  const numbers = { flow, number, sentAt, trafficClass, flowId, payloadLength, currHf: 0, currInf: 0 };
  const packet = createPacket({ ...ends, ...numbers, path: path.forwarding });
  const visited: string[] = [];
  let at = { ia: path.src, ifId: 0 };
  for (;;) {
    const found = forward(routers.get(at.ia) as Router, packet, at.ifId, 0);
    if (found.kind !== "forward") return [...visited, "reason" in found ? found.reason : found.kind].join(" ");
    visited.push(`${at.ia}#${found.ifId}`);
    at = far.get(`${at.ia}#${found.ifId}`) ?? { ia: "unknown", ifId: 0 };
    visited.push(`${at.ia}#${at.ifId}`);
  }
}

function routerOf({ links }: Network, ia: IA, keys: ForwardingKeys): Router {
  const interfaces: (RouterInterface | undefined)[] = [];
  for (const { a, b, type } of links) {
    for (const [own, other, atA] of [[a, b, true] as const, [b, a, false] as const]) {
      if (own.ia !== ia) continue;
      const linkTo: LinkTo = type === "child" ? (atA ? LINK_TO.child : LINK_TO.parent) : LINK_TO[type];
      const { ifId } = own;
      interfaces[ifId] = {
        kind: "forward",
        ifId,
        link: ifId,
        up: true,
        linkTo,
        neighbour: other.ia,
        mtu: 9_000,
        session: null,
      };
    }
  }
  const hosts = new Map([[HOST, { kind: "deliver", host: 7 } as const]]);
  return { ia, epochS: EPOCH_S, interfaces, hosts, services: new Map(), macs: createHopMacs(keys(ia), 0) };
}
