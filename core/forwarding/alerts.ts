/**
 * Router alerts: the flags in a hop field by which a packet asks the router at one of its ends to look at it. The only
 * request there is is SCMP traceroute; the flag is cleared before the answer is made.
 */
import type { IfId } from "../address.ts";
import type { Packet } from "../packet.ts";
import type { HopField, InfoField, ScionPath } from "../path.ts";
import type { Disposition, Router, RouterInterface } from "./router.ts";

const NOT_ANSWERED: Disposition = { kind: "drop", reason: "router_alert" };

export function handleIngressAlert(
  router: Router,
  path: ScionPath,
  info: InfoField,
  hop: HopField,
  packet: Packet,
  ingress: IfId,
): Disposition | null {
  if (ingress === 0 || !(info.consDir ? hop.ingressAlert : hop.egressAlert)) return null;
  clearAlert(path, hop, packet, info.consDir ? { ingressAlert: false } : { egressAlert: false });
  return answerTraceroute(router, packet, ingress);
}

export function handleEgressAlert(
  router: Router,
  path: ScionPath,
  info: InfoField,
  hop: HopField,
  packet: Packet,
  exit: RouterInterface,
): Disposition | null {
  if (!(info.consDir ? hop.egressAlert : hop.ingressAlert)) return null;
  clearAlert(path, hop, packet, info.consDir ? { egressAlert: false } : { ingressAlert: false });
  return answerTraceroute(router, packet, exit.ifId);
}

/** Paths are shared between packets: this one gets a path of its own. */
function clearAlert(path: ScionPath, hop: HopField, packet: Packet, cleared: Partial<HopField>): void {
  const hops = path.hops.map((other, hf) => (hf === packet.currHf ? { ...hop, ...cleared } : other));
  const changed = { ...path, hops };
  packet.path = packet.path?.kind === "epic" ? { ...packet.path, scion: changed } : changed;
}

function answerTraceroute(router: Router, { l4 }: Packet, ifId: IfId): Disposition {
  if (l4.kind !== "scmp.traceroute" || l4.reply) return NOT_ANSWERED;
  return { kind: "reply", reply: { ...l4, reply: true, ia: router.ia, ifId } };
}
