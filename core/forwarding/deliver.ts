/** Delivery within the AS (scionproto `resolveLocalDst`): to a host by its address, to a service by its name. */
import { HOST_TYPE, hostType, isRoutableHost } from "../address.ts";
import type { Packet } from "../packet.ts";
import { PARAMETER_PROBLEM } from "../scmp.ts";
import { parameterProblem } from "./problems.ts";
import type { Disposition, Router } from "./router.ts";

const UNKNOWN_HOST: Disposition = { kind: "drop", reason: "unknown_host" };

/** null: for another AS. */
export function deliverLocal(router: Router, packet: Packet): Disposition | null {
  if (packet.dstIa !== router.ia) return null;
  return router.hosts.get(packet.dstHost) ?? deliverElsewhere(router, packet);
}

/** Multicast to a service reaches any one of its backends too (scionproto strips the bit). */
function deliverElsewhere(router: Router, { dstHost }: Packet): Disposition {
  if (hostType(dstHost) === HOST_TYPE.svc) {
    const error = { kind: "scmp.destination-unreachable", code: 0 } as const;
    return router.services.get(dstHost.replace(/_M$/, "")) ?? { kind: "answer", reason: "no_service", error };
  }
  if (!isRoutableHost(dstHost) || dstHost === "0.0.0.0" || dstHost === "::") {
    return parameterProblem("invalid_destination", PARAMETER_PROBLEM.invalidDestinationAddress, 0);
  }
  return UNKNOWN_HOST;
}
