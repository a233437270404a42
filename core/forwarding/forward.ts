/**
 * What a border router does with a packet, as a flat list of steps in the order of scionproto's `router/dataplane.go`
 * (`process()`). Each step decides (a disposition) or passes (null). One router is the whole border of its AS: there are no
 * siblings, so that whatever comes from inside (`ingress` 0) was sent by a host of this AS.
 *
 * Where this differs from scionproto, on purpose:
 * - a packet that its link's MTU cannot take is answered with SCMP "packet too big"; scionproto never sends it;
 * - an error found before the SegID is brought up to date (expiry, ingress, addresses) does so first: the answer's way back
 *   could not be verified otherwise;
 * - with EPIC the pointers count the 16 bytes before the SCION path.
 */
import { type IfId, isIPv4MappedHost } from "../address.ts";
import { isHopValid } from "../hop-mac.ts";
import type { Packet } from "../packet.ts";
import { EXP_TIME_UNIT, type EpicPath, type HopField, type InfoField, infIndexForHf, type ScionPath } from "../path.ts";
import { PARAMETER_PROBLEM } from "../scmp.ts";
import { type Nanos, SECOND } from "../units.ts";
import { wireLengthOf } from "../wire/codec.ts";
import { handleEgressAlert, handleIngressAlert } from "./alerts.ts";
import { deliver, deliverLocal } from "./deliver.ts";
import { checkEpic } from "./epic.ts";
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
  if (path === null) return deliverLocal(router, packet) ?? NOT_LOCAL;
  if (path.kind === "scion") return forwardScion(router, path, packet, ingress, now);
  if (path.kind === "one-hop") return forwardOneHop(router, path, packet, ingress);
  return forwardEpic(router, path, packet, ingress, now);
}

function forwardEpic(router: Router, path: EpicPath, packet: Packet, ingress: IfId, now: Nanos): Disposition {
  const left = path.scion.hops.length - 1 - packet.currHf;
  return checkEpic(router, path, packet, now, left, forwardScion(router, path.scion, packet, ingress, now));
}

function forwardScion(router: Router, path: ScionPath, packet: Packet, ingress: IfId, now: Nanos): Disposition {
  const hop = path.hops[packet.currHf];
  const info = path.infos[packet.currInf];
  if (hop === undefined || info === undefined || isMalformed(path, info, packet)) return MALFORMED;
  const early =
    checkExpiry(router, info, hop, packet, now) ??
    (ingress === 0 ? checkSent(router, packet) : checkArrived(router, path, info, hop, packet, ingress));
  if (ingress !== 0 && !info.consDir && !isPeering(path, info, packet.currHf)) updateSegId(packet, hop.mac);
  if (early !== null) return early;
  const late = verifyMac(router, info, hop, packet) ?? handleIngressAlert(router, path, info, hop, packet, ingress);
  if (late !== null) return late;
  // Addresses and place have been found to agree: the last hop field is this AS's, and it alone.
  if (ingress !== 0 && packet.currHf === path.hops.length - 1) return deliver(router, packet);
  if (isLastOfSegment(path, info, packet)) return crossOver(router, path, packet, ingress, now);
  return leave(router, path, info, hop, packet, ingress, WITHIN);
}

/** Pointers within the path and agreeing with each other; no segment of one hop but beside a peering link. */
function isMalformed(path: ScionPath, info: InfoField, packet: Packet): boolean {
  if (packet.currInf !== infIndexForHf(path, packet.currHf)) return true;
  const { segLens } = path;
  if (info.peer) return segLens[0] === 0 || segLens[1] === 0 || segLens[2] !== 0;
  return segLens[0] === 1 || segLens[1] === 1 || segLens[2] === 1;
}

/** At the very instant of expiry a hop field is still valid. */
function checkExpiry(router: Router, info: InfoField, hop: HopField, packet: Packet, now: Nanos): Disposition | null {
  const expiry = (info.timestamp - router.epochS) * SECOND + (1 + hop.expTime) * EXP_TIME_UNIT;
  return now <= expiry ? null : expired(packet);
}

/** What comes over a link: by the interface that its hop field names, from another AS, to this one at the path's end alone. */
function checkArrived(
  router: Router,
  path: ScionPath,
  info: InfoField,
  hop: HopField,
  packet: Packet,
  ingress: IfId,
): Disposition | null {
  if ((info.consDir ? hop.consIngress : hop.consEgress) !== ingress) return unknownIngress(info, packet);
  if (packet.srcIa === router.ia) return invalidSource(SRC_IA_POINTER);
  const isLast = packet.currHf === path.hops.length - 1;
  return (packet.dstIa === router.ia) === isLast ? null : invalidDestination();
}

/**
 * What a host of this AS sends: as long as it says (what comes over a link was measured by the decoder, or here when it set
 * out), not on its way already, from this AS to another, and from an address that is no IPv4-mapped one.
 */
function checkSent(router: Router, packet: Packet): Disposition | null {
  if (packet.wireLength !== actualLength(packet)) return invalidLength();
  if (packet.currHf !== 0) return INVALID_TRANSIT;
  if (packet.srcIa !== router.ia) return invalidSource(SRC_IA_POINTER);
  if (packet.dstIa === router.ia) return invalidDestination();
  return isIPv4MappedHost(packet.srcHost) ? invalidSource(0) : null;
}

/** Bytes that a packet has, whatever its header says. */
export function actualLength(packet: Packet): number {
  const { path, srcHost, dstHost, l4, payloadLength, extensions } = packet;
  return wireLengthOf(path, srcHost, dstHost, l4, payloadLength, extensions);
}

function verifyMac(router: Router, info: InfoField, hop: HopField, packet: Packet): Disposition | null {
  const { macs } = router;
  if (macs === null || isHopValid(macs, segIdAt(packet, packet.currInf), info.timestamp, hop)) return null;
  return invalidMac(packet);
}

/** At the last hop field of a segment the next segment's first one, of this same AS, takes over. */
function crossOver(router: Router, path: ScionPath, packet: Packet, ingress: IfId, now: Nanos): Disposition {
  advance(path, packet);
  const hop = path.hops[packet.currHf] as HopField;
  const info = path.infos[packet.currInf] as InfoField;
  return (
    checkExpiry(router, info, hop, packet, now) ??
    verifyMac(router, info, hop, packet) ??
    leave(router, path, info, hop, packet, ingress, ACROSS)
  );
}

/** Out by a link; `allowed`: the kinds of neighbour between which the packet may pass here. */
function leave(
  router: Router,
  path: ScionPath,
  info: InfoField,
  hop: HopField,
  packet: Packet,
  ingress: IfId,
  allowed: number,
): Disposition {
  const exit = router.interfaces[info.consDir ? hop.consEgress : hop.consIngress];
  if (exit === undefined) return unknownEgress(info, packet);
  const hindered =
    checkLinkTypes(router, ingress, exit, allowed, packet) ??
    handleEgressAlert(router, path, info, hop, packet, exit) ??
    checkEgressUp(router, exit) ??
    checkMtu(exit, packet);
  if (hindered !== null) return hindered;
  if (packet.currHf + 1 >= path.hops.length) return MALFORMED;
  if (info.consDir && (allowed === ACROSS || !isPeering(path, info, packet.currHf))) updateSegId(packet, hop.mac);
  advance(path, packet);
  return exit;
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
  router: Router,
  ingress: IfId,
  exit: RouterInterface,
  allowed: number,
  packet: Packet,
): Disposition | null {
  const entry = router.interfaces[ingress];
  if (entry === undefined) return allowed === ACROSS ? segmentChange(packet) : null;
  if ((allowed & (1 << (4 * entry.linkTo + exit.linkTo))) !== 0) return null;
  return allowed === ACROSS ? segmentChange(packet) : invalidPath(packet);
}

function checkEgressUp(router: Router, exit: RouterInterface): Disposition | null {
  return exit.up ? null : interfaceDown(router, exit);
}

function checkMtu(exit: RouterInterface, packet: Packet): Disposition | null {
  return packet.wireLength <= exit.mtu ? null : packetTooBig(exit);
}

// ---- Answers, apart from the steps that every packet takes: the engine then puts those steps into one piece of code ----

function expired(packet: Packet): Disposition {
  return parameterProblem("expired_hop", PARAMETER_PROBLEM.pathExpired, hopPointer(packet));
}

function unknownIngress(info: InfoField, packet: Packet): Disposition {
  const code = info.consDir ? PARAMETER_PROBLEM.unknownConsIngress : PARAMETER_PROBLEM.unknownConsEgress;
  return parameterProblem("wrong_interface", code, hopPointer(packet));
}

function invalidLength(): Disposition {
  return parameterProblem("invalid_length", PARAMETER_PROBLEM.invalidPacketSize, 0);
}

function invalidSource(pointer: number): Disposition {
  return parameterProblem("invalid_source", PARAMETER_PROBLEM.invalidSourceAddress, pointer);
}

function invalidDestination(): Disposition {
  return parameterProblem("invalid_destination", PARAMETER_PROBLEM.invalidDestinationAddress, DST_IA_POINTER);
}

function invalidMac(packet: Packet): Disposition {
  return parameterProblem("bad_mac", PARAMETER_PROBLEM.invalidHopFieldMac, hopPointer(packet));
}

function unknownEgress(info: InfoField, packet: Packet): Disposition {
  const code = info.consDir ? PARAMETER_PROBLEM.unknownConsEgress : PARAMETER_PROBLEM.unknownConsIngress;
  return parameterProblem("unknown_interface", code, hopPointer(packet));
}

function segmentChange(packet: Packet): Disposition {
  return parameterProblem("invalid_segment_change", PARAMETER_PROBLEM.invalidSegmentChange, infoPointer(packet));
}

function invalidPath(packet: Packet): Disposition {
  return parameterProblem("invalid_path", PARAMETER_PROBLEM.invalidPath, hopPointer(packet));
}

function interfaceDown({ ia }: Router, { ifId }: RouterInterface): Disposition {
  return { kind: "answer", reason: "interface_down", error: { kind: "scmp.interface-down", ia, ifId } };
}

function packetTooBig({ mtu }: RouterInterface): Disposition {
  return { kind: "answer", reason: "packet_too_big", error: { kind: "scmp.packet-too-big", mtu } };
}
