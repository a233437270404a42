/**
 * What a border router does with a packet, as a flat list of steps (scionproto `router/dataplane.go`, `process()`).
 * Each step either decides (a disposition) or passes (null). The MAC, source, length and alert checks of the full
 * router are not among them yet.
 */
import type { IA, IfId } from "./address.ts";
import type { ActorIndex, DropReason } from "./env.ts";
import type { Packet, ScmpInterfaceDown } from "./packet.ts";
import { EXP_TIME_UNIT, type InfoField, infIndexForHf, scionPathOf, type ScionPath } from "./path.ts";
import { type Nanos, SECOND } from "./units.ts";

/** An interface of a router; it is itself what `forward` returns for a packet that leaves by it, so that a hop allocates nothing. */
export interface RouterInterface {
  readonly kind: "forward";
  readonly ifId: IfId;
  /** Outgoing direction of the link behind it. */
  readonly link: ActorIndex;
  up: boolean;
}

export type Disposition =
  | RouterInterface
  | { readonly kind: "deliver"; readonly host: ActorIndex }
  | { readonly kind: "drop"; readonly reason: DropReason }
  /** Dropped, and an SCMP error goes back to the source. */
  | { readonly kind: "answer"; readonly reason: DropReason; readonly error: ScmpInterfaceDown };

export interface Router {
  readonly ia: IA;
  /** Unix seconds at time zero of the run. */
  readonly epochS: number;
  /** By interface id, with holes. */
  readonly interfaces: readonly (RouterInterface | undefined)[];
  /** Hosts of the AS by canonical address. */
  readonly hosts: Map<string, Extract<Disposition, { kind: "deliver" }>>;
}

const MALFORMED: Disposition = { kind: "drop", reason: "malformed_path" };
const WRONG_INTERFACE: Disposition = { kind: "drop", reason: "wrong_interface" };
const EXPIRED: Disposition = { kind: "drop", reason: "expired_hop" };
const UNKNOWN_HOST: Disposition = { kind: "drop", reason: "unknown_host" };
const NOT_LOCAL: Disposition = { kind: "drop", reason: "not_local" };
const UNKNOWN_INTERFACE: Disposition = { kind: "drop", reason: "unknown_interface" };

/** Where a packet that arrived on `ingress` (0: from inside the AS) goes. Moves the packet's pointers past this router. */
export function forward(router: Router, packet: Packet, ingress: IfId, now: Nanos): Disposition {
  if (packet.path === null) return deliverEmptyPath(router, packet);
  const path = packet.path.kind === "scion" ? packet.path : scionPathOf(packet.path);
  if (path === null) return MALFORMED;
  return (
    checkPointers(path, packet) ??
    checkIngress(path, packet, ingress) ??
    checkExpiry(router, path, packet, now) ??
    deliverLocal(router, packet) ??
    crossOver(router, path, packet, now) ??
    leave(router, path, packet)
  );
}

function deliverEmptyPath(router: Router, packet: Packet): Disposition {
  return deliverLocal(router, packet) ?? NOT_LOCAL;
}

function checkPointers(path: ScionPath, packet: Packet): Disposition | null {
  const hf = packet.currHf;
  return hf < path.hops.length && packet.currInf === infIndexForHf(path, hf) ? null : MALFORMED;
}

function checkIngress(path: ScionPath, packet: Packet, ingress: IfId): Disposition | null {
  const hop = path.hops[packet.currHf];
  const info = path.infos[packet.currInf];
  if (hop === undefined || info === undefined) return MALFORMED;
  const expected = info.consDir ? hop.consIngress : hop.consEgress;
  return expected === ingress || ingress === 0 ? null : WRONG_INTERFACE;
}

/** At the very instant of expiry a hop field is still valid. */
function checkExpiry(router: Router, path: ScionPath, packet: Packet, now: Nanos): Disposition | null {
  const hop = path.hops[packet.currHf];
  const info = path.infos[packet.currInf];
  if (hop === undefined || info === undefined) return MALFORMED;
  const expiry = (info.timestamp - router.epochS) * SECOND + (1 + hop.expTime) * EXP_TIME_UNIT;
  return now <= expiry ? null : EXPIRED;
}

function deliverLocal(router: Router, packet: Packet): Disposition | null {
  if (packet.dstIa !== router.ia) return null;
  return router.hosts.get(packet.dstHost) ?? UNKNOWN_HOST;
}

/** At the last hop field of a segment the next segment's first hop field, of this same AS, takes over. */
function crossOver(router: Router, path: ScionPath, packet: Packet, now: Nanos): Disposition | null {
  const next = packet.currHf + 1;
  if (next >= path.hops.length) return MALFORMED;
  if (infIndexForHf(path, next) === packet.currInf || isPeering(path, packet)) return null;
  advance(path, packet);
  return checkExpiry(router, path, packet, now);
}

function leave(router: Router, path: ScionPath, packet: Packet): Disposition {
  const hop = path.hops[packet.currHf];
  const info = path.infos[packet.currInf];
  if (hop === undefined || info === undefined || packet.currHf + 1 >= path.hops.length) return MALFORMED;
  const exit = router.interfaces[info.consDir ? hop.consEgress : hop.consIngress];
  if (exit === undefined) return UNKNOWN_INTERFACE;
  if (!exit.up) {
    return {
      kind: "answer",
      reason: "interface_down",
      error: { kind: "scmp.interface-down", ia: router.ia, ifId: exit.ifId },
    };
  }
  advance(path, packet);
  return exit;
}

/** Current hop field stands beside a peering link: the next one belongs to the neighbour, not to this AS. */
function isPeering(path: ScionPath, packet: Packet): boolean {
  const [first, second, third] = path.segLens;
  const peer = path.infos[packet.currInf]?.peer === true;
  return peer && first > 0 && second > 0 && third === 0 && (packet.currHf === first - 1 || packet.currHf === first);
}

function advance(path: ScionPath, packet: Packet): void {
  packet.currHf++;
  packet.currInf = infIndexForHf(path, packet.currHf);
}

/** The path back: segments and hop fields in reverse, every direction flipped; segment ids stay. */
export function reversePath(path: ScionPath): ScionPath {
  const [a, b, c] = path.segLens;
  return {
    kind: "scion",
    segLens: c > 0 ? [c, b, a] : b > 0 ? [b, a, 0] : [a, 0, 0],
    infos: path.infos.map((info) => ({ ...info, consDir: !info.consDir })).reverse(),
    hops: [...path.hops].reverse(),
  };
}

/** The path with the SegIDs that stand in the packet by now. */
function withCurrentSegIds(path: ScionPath, { segId0, segId1, segId2 }: Packet): ScionPath {
  const segIds = [segId0, segId1, segId2];
  return { ...path, infos: path.infos.map((info, inf): InfoField => ({ ...info, segId: segIds[inf] as number })) };
}

/**
 * Turns a packet's path round at the router that answers it, and moves the pointers past this router
 * (dataplane.go: undo the cross-over, then IncPath on the way out). `external`: the answer leaves through a link.
 */
export function returnPath(
  packet: Packet,
  external: boolean,
): { path: ScionPath; currInf: number; currHf: number } | null {
  const forth = scionPathOf(packet.path);
  if (forth === null) return null;
  const path = reversePath(withCurrentSegIds(forth, packet));
  const back = {
    ...packet,
    path,
    currHf: path.hops.length - 1 - packet.currHf,
    currInf: path.infos.length - 1 - packet.currInf,
  };
  const crossed = infIndexForHf(path, back.currHf + 1) !== back.currInf && back.currHf + 1 < path.hops.length;
  if (crossed && !isPeering(path, back)) advance(path, back);
  if (external) advance(path, back);
  return { path, currInf: back.currInf, currHf: back.currHf };
}
