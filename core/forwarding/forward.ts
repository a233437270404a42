/**
 * What a border router does with a packet, as a flat list of steps in the order of scionproto's `router/dataplane.go`
 * (`process()`). Each step decides (a disposition) or passes (null). One router is the whole border of its AS: there are no
 * siblings, so that whatever comes from inside (`ingress` 0) was sent by a host of this AS.
 *
 * Where this differs from scionproto, on purpose:
 * - a packet that its link's MTU cannot take is answered with SCMP "packet too big"; scionproto never sends it;
 * - an error found before the SegID is brought up to date (expiry, ingress, addresses) does so first: the answer's way back
 *   could not be verified otherwise;
 * - with EPIC the pointers count the 16 bytes before the SCION path;
 * - the empty path is delivered from host to host of this AS, whose network the router stands for; from outside it is dropped.
 */
import { type IfId, isRoutableHost } from "../address.ts";
import { isHopValid } from "../hop-mac.ts";
import type { Packet } from "../packet.ts";
import { EXP_TIME_UNIT, type HopField, type InfoField, infIndexForHf, type ScionPath } from "../path.ts";
import { PARAMETER_PROBLEM } from "../scmp.ts";
import { type Nanos, SECOND } from "../units.ts";
import { wireLengthOf } from "../wire/codec.ts";
import { handleEgressAlert, handleIngressAlert } from "./alerts.ts";
import { deliverLocal } from "./deliver.ts";
import { forwardEpic } from "./epic.ts";
import { forwardOneHop } from "./one-hop.ts";
import { DST_IA_POINTER, hopPointer, infoPointer, parameterProblem, SRC_IA_POINTER } from "./problems.ts";
import { type Disposition, LINK_TO, type Router, type RouterInterface } from "./router.ts";
import { advance, isLastOfSegment, isPeering, segIdAt, updateSegId } from "./segid.ts";

const MALFORMED: Disposition = { kind: "drop", reason: "malformed_path" };
const INVALID_TRANSIT: Disposition = { kind: "drop", reason: "invalid_transit" };
const NOT_LOCAL: Disposition = { kind: "drop", reason: "not_local" };

/**
 * Where a packet that arrived on `ingress` (0: from inside the AS) goes; `now` is what the AS's clock shows. Moves the packet's
 * pointers and SegIDs past this router.
 */
export function forward(router: Router, packet: Packet, ingress: IfId, now: Nanos): Disposition {
  const { path } = packet;
  if (path === null) return ingress === 0 ? (deliverLocal(router, packet) ?? NOT_LOCAL) : MALFORMED;
  if (path.kind === "scion") return forwardScion(router, path, packet, ingress, now);
  if (path.kind === "one-hop") return forwardOneHop(router, path, packet, ingress);
  return forwardEpic(router, path, packet, now, () => forwardScion(router, path.scion, packet, ingress, now));
}

function forwardScion(router: Router, path: ScionPath, packet: Packet, ingress: IfId, now: Nanos): Disposition {
  const hop = path.hops[packet.currHf];
  const info = path.infos[packet.currInf];
  if (hop === undefined || info === undefined || isMalformed(path, info, packet)) return MALFORMED;
  const peering = isPeering(path, info, packet.currHf);
  const early =
    checkExpiry(router, info, hop, packet, now) ??
    checkIngress(info, hop, packet, ingress) ??
    checkLength(packet, ingress) ??
    checkTransitSource(packet, ingress) ??
    checkAddresses(router, path, packet, ingress) ??
    checkSourceHost(router, packet);
  if (!info.consDir && ingress !== 0 && !peering) updateSegId(packet, hop.mac);
  if (early !== null) return early;
  return (
    verifyMac(router, info, hop, packet) ??
    handleIngressAlert(router, path, info, hop, packet, ingress) ??
    deliverLocal(router, packet) ??
    leave(router, path, info, hop, packet, ingress, now, peering)
  );
}

/** Pointers within the path and agreeing with each other; no segment of one hop but beside a peering link. */
function isMalformed(path: ScionPath, info: InfoField, packet: Packet): boolean {
  if (packet.currInf !== infIndexForHf(path, packet.currHf)) return true;
  const [first, second, third] = path.segLens;
  if (info.peer) return first === 0 || second === 0 || third !== 0;
  return first === 1 || second === 1 || third === 1;
}

/** At the very instant of expiry a hop field is still valid. */
function checkExpiry(router: Router, info: InfoField, hop: HopField, packet: Packet, now: Nanos): Disposition | null {
  const expiry = (info.timestamp - router.epochS) * SECOND + (1 + hop.expTime) * EXP_TIME_UNIT;
  if (now <= expiry) return null;
  return parameterProblem("expired_hop", PARAMETER_PROBLEM.pathExpired, hopPointer(packet));
}

function checkIngress(info: InfoField, hop: HopField, packet: Packet, ingress: IfId): Disposition | null {
  const expected = info.consDir ? hop.consIngress : hop.consEgress;
  if (expected === ingress || ingress === 0) return null;
  const code = info.consDir ? PARAMETER_PROBLEM.unknownConsIngress : PARAMETER_PROBLEM.unknownConsEgress;
  return parameterProblem("wrong_interface", code, hopPointer(packet));
}

/** What comes over a link was measured by the decoder, or here when it set out. */
function checkLength(packet: Packet, ingress: IfId): Disposition | null {
  if (ingress !== 0 || packet.wireLength === actualLength(packet)) return null;
  return parameterProblem("invalid_length", PARAMETER_PROBLEM.invalidPacketSize, 0);
}

/** Bytes that a packet has, whatever its header says. */
export function actualLength(packet: Packet): number {
  const { path, srcHost, dstHost, l4, payloadLength, extensions } = packet;
  return wireLengthOf(path, srcHost, dstHost, l4, payloadLength, extensions);
}

/** A host of this AS cannot send a packet that claims to be on its way already. */
function checkTransitSource(packet: Packet, ingress: IfId): Disposition | null {
  return ingress !== 0 || packet.currHf === 0 ? null : INVALID_TRANSIT;
}

function checkAddresses(router: Router, path: ScionPath, packet: Packet, ingress: IfId): Disposition | null {
  const srcIsLocal = packet.srcIa === router.ia;
  const dstIsLocal = packet.dstIa === router.ia;
  if (srcIsLocal !== (ingress === 0)) {
    return parameterProblem("invalid_source", PARAMETER_PROBLEM.invalidSourceAddress, SRC_IA_POINTER);
  }
  const isLast = ingress !== 0 && packet.currHf === path.hops.length - 1;
  if (dstIsLocal === isLast) return null;
  return parameterProblem("invalid_destination", PARAMETER_PROBLEM.invalidDestinationAddress, DST_IA_POINTER);
}

function checkSourceHost(router: Router, packet: Packet): Disposition | null {
  if (packet.srcIa !== router.ia || isRoutableHost(packet.srcHost)) return null;
  return parameterProblem("invalid_source", PARAMETER_PROBLEM.invalidSourceAddress, 0);
}

function verifyMac(router: Router, info: InfoField, hop: HopField, packet: Packet): Disposition | null {
  const { macs } = router;
  if (macs === null || isHopValid(macs, segIdAt(packet, packet.currInf), info.timestamp, hop)) return null;
  return parameterProblem("bad_mac", PARAMETER_PROBLEM.invalidHopFieldMac, hopPointer(packet));
}

/** Out by a link; at the last hop field of a segment the next segment's first one, of this same AS, takes over before. */
function leave(
  router: Router,
  path: ScionPath,
  info: InfoField,
  hop: HopField,
  packet: Packet,
  ingress: IfId,
  now: Nanos,
  peering: boolean,
): Disposition {
  if (peering || !isLastOfSegment(path, packet)) {
    return depart(router, path, info, hop, packet, router.interfaces[ingress], false, peering);
  }
  advance(path, packet);
  const nextHop = path.hops[packet.currHf] as HopField;
  const nextInfo = path.infos[packet.currInf] as InfoField;
  return (
    checkExpiry(router, nextInfo, nextHop, packet, now) ??
    verifyMac(router, nextInfo, nextHop, packet) ??
    depart(router, path, nextInfo, nextHop, packet, router.interfaces[ingress], true, false)
  );
}

function depart(
  router: Router,
  path: ScionPath,
  info: InfoField,
  hop: HopField,
  packet: Packet,
  entry: RouterInterface | undefined,
  crossed: boolean,
  peering: boolean,
): Disposition {
  const egress = info.consDir ? hop.consEgress : hop.consIngress;
  const exit = router.interfaces[egress];
  if (exit === undefined) {
    // Interface 0 is known, the AS's own: it is no way from a link to another AS.
    if (egress === 0 && entry !== undefined) return crossed ? segmentChange(packet) : invalidPath(packet);
    return unknownEgress(info, packet);
  }
  const hindered =
    checkLinkTypes(entry, exit, crossed, packet) ??
    handleEgressAlert(router, path, info, hop, packet, exit) ??
    checkEgressUp(router, exit) ??
    checkMtu(exit, packet);
  if (hindered !== null) return hindered;
  if (packet.currHf + 1 >= path.hops.length) return MALFORMED;
  if (info.consDir && !peering) updateSegId(packet, hop.mac);
  advance(path, packet);
  return exit;
}

function unknownEgress(info: InfoField, packet: Packet): Disposition {
  const code = info.consDir ? PARAMETER_PROBLEM.unknownConsEgress : PARAMETER_PROBLEM.unknownConsIngress;
  return parameterProblem("unknown_interface", code, hopPointer(packet));
}

const { core, parent, child, peer } = LINK_TO;
/** Bits at `4 * from + to`: kinds of neighbour a packet may come from and go to within a segment, and from one to the next. */
const WITHIN = pairs([core, core], [child, parent], [parent, child], [child, peer], [peer, child]);
const ACROSS = pairs([core, child], [child, core], [child, child]);

function pairs(...allowed: [number, number][]): number {
  return allowed.reduce((bits, [from, to]) => bits | (1 << (4 * from + to)), 0);
}

/** From inside the AS every link may be taken, but a host's packet begins no path with a change of segment. */
function checkLinkTypes(
  entry: RouterInterface | undefined,
  exit: RouterInterface,
  crossed: boolean,
  packet: Packet,
): Disposition | null {
  if (entry === undefined) return crossed ? segmentChange(packet) : null;
  const pair = 1 << (4 * entry.linkTo + exit.linkTo);
  if (((crossed ? ACROSS : WITHIN) & pair) !== 0) return null;
  if (crossed) return segmentChange(packet);
  return invalidPath(packet);
}

function invalidPath(packet: Packet): Disposition {
  return parameterProblem("invalid_path", PARAMETER_PROBLEM.invalidPath, hopPointer(packet));
}

function segmentChange(packet: Packet): Disposition {
  return parameterProblem("invalid_segment_change", PARAMETER_PROBLEM.invalidSegmentChange, infoPointer(packet));
}

function checkEgressUp(router: Router, exit: RouterInterface): Disposition | null {
  if (exit.up) return null;
  const error = { kind: "scmp.interface-down", ia: router.ia, ifId: exit.ifId } as const;
  return { kind: "answer", reason: "interface_down", error };
}

function checkMtu(exit: RouterInterface, packet: Packet): Disposition | null {
  if (packet.wireLength <= exit.mtu) return null;
  return { kind: "answer", reason: "packet_too_big", error: { kind: "scmp.packet-too-big", mtu: exit.mtu } };
}
