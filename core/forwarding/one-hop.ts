/**
 * OneHop paths (scionproto `processOHP`): from a host of this AS to a host of a neighbour, and from a neighbour to a host here.
 * What does not fit is dropped without a word. BFD packets go to the session on their link, their path is not looked at.
 */
import type { IfId } from "../address.ts";
import { hopMac, isHopValid } from "../hop-mac.ts";
import type { Packet } from "../packet.ts";
import type { OneHopPath } from "../path.ts";
import { deliverLocal } from "./deliver.ts";
import type { Disposition, Router } from "./router.ts";
import { updateSegId } from "./segid.ts";

const MALFORMED: Disposition = { kind: "drop", reason: "malformed_path" };
const NO_ROUTE: Disposition = { kind: "drop", reason: "invalid_path" };
const BAD_MAC: Disposition = { kind: "drop", reason: "bad_mac" };
const NO_SESSION: Disposition = { kind: "drop", reason: "unexpected" };

export function forwardOneHop(router: Router, path: OneHopPath, packet: Packet, ingress: IfId): Disposition {
  if (packet.l4.kind === "bfd" && ingress !== 0) {
    const session = router.interfaces[ingress]?.session ?? null;
    return session === null ? NO_SESSION : { kind: "session", session };
  }
  if (!path.info.consDir) return MALFORMED;
  return ingress === 0 ? leaveOneHop(router, path, packet) : arriveOneHop(router, path, packet, ingress);
}

function leaveOneHop(router: Router, { info, first }: OneHopPath, packet: Packet): Disposition {
  const exit = router.interfaces[first.consEgress];
  if (packet.srcIa !== router.ia || exit === undefined || exit.neighbour !== packet.dstIa) return NO_ROUTE;
  if (router.macs !== null && !isHopValid(router.macs, packet.segId0, info.timestamp, first)) return BAD_MAC;
  updateSegId(packet, first.mac);
  return exit;
}

/** Writes the second hop field, so that the path can be turned round. */
function arriveOneHop(router: Router, path: OneHopPath, packet: Packet, ingress: IfId): Disposition {
  const neighbour = router.interfaces[ingress]?.neighbour;
  if (packet.dstIa !== router.ia || packet.srcIa !== neighbour) return NO_ROUTE;
  const bare = {
    ingressAlert: false,
    egressAlert: false,
    expTime: path.first.expTime,
    consIngress: ingress,
    consEgress: 0,
    mac: 0,
  };
  const mac = router.macs === null ? 0 : hopMac(router.macs, packet.segId0, path.info.timestamp, bare);
  packet.path = { ...path, second: { ...bare, mac } };
  const found = deliverLocal(router, packet);
  return found === null || found.kind === "answer" ? NO_ROUTE : found;
}
