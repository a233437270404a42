/** A traceroute beside a scenario's flows: its application and the hosts at both ends. */
import { HOST_TYPE, hostType } from "../../core/address.ts";
import type { PathInfo } from "../../core/path.ts";
import type { HostSpec } from "../../core/scenario.ts";
import type { TracerouteInput } from "../apps/traceroute.ts";
import { addHost, type HostPlan, takePort } from "./hosts.ts";
import { type Lookup, nodeId, type Planned } from "./plan.ts";

export const TRACEROUTE_ID = "app/traceroute";

export interface TracerouteSpec {
  readonly src: HostSpec;
  readonly dst: HostSpec;
  readonly path: PathInfo;
  /** Probes of each interface. */
  readonly probes: number;
  readonly timeout_ns: number;
}

export function planTraceroute(spec: TracerouteSpec, hosts: Map<string, HostPlan>, at: Lookup): Planned {
  const { src, dst, path, probes, timeout_ns } = spec;
  const host = addHost(hosts, src);
  if (hostType(dst.host) !== HOST_TYPE.svc) addHost(hosts, dst);
  const identifier = takePort(host);
  host.identifiers.push([identifier, TRACEROUTE_ID]);
  const input = (): TracerouteInput => ({
    node: at(nodeId(src.ia)),
    src,
    dst,
    identifier,
    path,
    probes,
    timeout: timeout_ns,
  });
  return { id: TRACEROUTE_ID, ia: src.ia, logic: "traceroute", input };
}
