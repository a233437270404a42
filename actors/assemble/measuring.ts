/**
 * What policies that measure need beside their selector: a prober between each pair of hosts for each kind of probes, and where reports are
 * asked for a monitor at the receiver. Their packets have flow numbers of their own, above those of flows and replies.
 */
import { hashText } from "../../core/digest.ts";
import { HOST_TYPE, hostType } from "../../core/address.ts";
import type { L4, UdpHeader } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import type { HostSpec, PolicySpec, Scenario } from "../../core/scenario.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import type { MonitorInput } from "../selectors/monitor.ts";
import type { FlowIdentity, Policy, ProbePlan } from "../selectors/policy.ts";
import { type ProberInput, requestOf } from "../selectors/prober.ts";
import type { ReportsInput } from "../selectors/reports.ts";
import { type HostPlan, takePort } from "./hosts.ts";
import { hostId, type Lookup, nodeId, type Planned } from "./plan.ts";

const DEFAULT_PROBES: ProbePlan = { interval: 500 * MILLISECOND, timeout: SECOND, payload: 32 };
const DEFAULT_REPORTING: Nanos = 200 * MILLISECOND;

/** What is planned for all flows of a scenario together. */
export interface Measuring {
  readonly policies: ReadonlyMap<string, Policy>;
  readonly hosts: Map<string, HostPlan>;
  readonly probers: Map<string, ProberPlan>;
  nextFlow: number;
}

interface ProberPlan {
  readonly id: string;
  readonly src: HostSpec;
  readonly input: Omit<ProberInput, "node" | "selectors">;
  readonly selectors: string[];
}

/** Reports of one direction of a flow. */
export interface ReportsPlan {
  readonly monitor: string;
  readonly input: ReportsInput;
}

export function createMeasuring(
  scenario: Scenario,
  policies: ReadonlyMap<string, Policy>,
  hosts: Map<string, HostPlan>,
): Measuring {
  return { policies, hosts, probers: new Map(), nextFlow: 2 * scenario.flows.length };
}

/** A number for the end points of a flow and its ports. */
export function identityOf(src: HostSpec, dst: HostSpec, l4: L4): FlowIdentity {
  const ports = l4.kind === "udp" ? `${l4.srcPort} ${l4.dstPort}` : l4.kind === "scmp.echo" ? `${l4.identifier}` : "";
  return { hash: hashText(`${src.ia},${src.host} ${dst.ia},${dst.host} ${l4.kind} ${ports}`)[0] >>> 0 };
}

/** Has the selector get the receiver's reports, if its policy observes them. */
export function planReports(
  measuring: Measuring,
  { name, params }: PolicySpec,
  selector: string,
  monitor: string,
  host: HostPlan,
): ReportsPlan | null {
  const policy = measuring.policies.get(name);
  if (policy?.observes?.includes("reports") !== true) return null;
  const interval = policy.reporting?.(params) ?? DEFAULT_REPORTING;
  checkTime(name, "reporting", interval);
  const port = takePort(host);
  host.ports.push([port, selector]);
  return { monitor, input: { flow: measuring.nextFlow++, port, ia: host.spec.ia, host: host.spec.host, interval } };
}

/** The monitor of one direction, which ends at `dst`; `l4` is that of its packets. */
export function planMonitor(
  { monitor, input }: ReportsPlan,
  direction: { readonly dst: HostSpec; readonly l4: L4; readonly flow: number; readonly app: string },
  at: Lookup,
): Planned {
  const { dst, l4, flow, app } = direction;
  const { dstPort } = l4 as UdpHeader;
  const make = (): MonitorInput => ({
    node: at(nodeId(dst.ia)),
    app: at(app),
    flow,
    src: dst,
    dst: { ia: input.ia, host: input.host },
    l4: { kind: "udp", srcPort: dstPort, dstPort: input.port },
    reportFlow: input.flow,
    interval: input.interval,
  });
  return { id: monitor, ia: dst.ia, logic: "monitor", input: make };
}

/**
 * Id of the prober that serves this selector; null where its policy asks for none. Pings have no receiver that could report: a policy
 * that observes reports gets probes instead.
 */
export function planProbes(
  measuring: Measuring,
  selector: string,
  { name, params }: PolicySpec,
  ends: { readonly src: HostSpec; readonly dst: HostSpec; readonly isPing: boolean },
  way: { readonly paths: readonly PathInfo[]; readonly revocation: Nanos },
): string | null {
  const policy = measuring.policies.get(name);
  const observes = policy?.observes ?? [];
  if (!observes.includes("probes") && !(ends.isPing && observes.includes("reports"))) return null;
  const { interval, payload, timeout } = policy?.probing?.(params) ?? DEFAULT_PROBES;
  checkTime(name, "probing: the interval", interval);
  checkTime(name, "probing: the timeout", timeout);
  if (!(Number.isSafeInteger(payload) && payload >= 0 && payload <= MAX_PROBE_PAYLOAD)) {
    throw new Error(`policy ${name}: probing: the payload must be 0 to ${MAX_PROBE_PAYLOAD} bytes, found ${payload}`);
  }
  const plan: ProbePlan = { interval, timeout, payload };
  const fingerprints = way.paths.map(({ fingerprint }) => fingerprint);
  const key = JSON.stringify([hostId(ends.src), hostId(ends.dst), plan, fingerprints]);
  const known = measuring.probers.get(key) ?? createProberPlan(measuring, ends, plan, way);
  measuring.probers.set(key, known);
  known.selectors.push(selector);
  return known.id;
}

/** With its headers it fits every link there is. */
const MAX_PROBE_PAYLOAD = 1_000;

function createProberPlan(
  measuring: Measuring,
  { src, dst }: { readonly src: HostSpec; readonly dst: HostSpec },
  plan: ProbePlan,
  { paths, revocation }: { readonly paths: readonly PathInfo[]; readonly revocation: Nanos },
): ProberPlan {
  const { hosts, probers } = measuring;
  const pair = `prober/${src.ia},${src.host}>${dst.ia},${dst.host}`;
  const others = [...probers.values()].filter(({ id }) => id === pair || id.startsWith(`${pair}/`)).length;
  const id = others === 0 ? pair : `${pair}/${others}`;
  const host = hosts.get(hostId(src)) as HostPlan;
  const identifier = takePort(host);
  host.identifiers.push([identifier, id]);
  host.selectors.push(id);
  const flow = measuring.nextFlow++;
  for (const { probes } of answering(hosts, dst)) probes.push(flow);
  const l4 = requestOf(identifier, 0);
  const headers = paths.map(({ forwarding }) => wireLengthOf(forwarding, src.host, dst.host, l4, 0));
  return { id, src, input: { src, dst, identifier, flow, plan, paths, headers, revocation }, selectors: [] };
}

/** Who may answer probes to an address: its host, or any in the AS where the address is a service's. */
function answering(hosts: Map<string, HostPlan>, dst: HostSpec): HostPlan[] {
  if (hostType(dst.host) === HOST_TYPE.svc) return [...hosts.values()].filter(({ spec }) => spec.ia === dst.ia);
  return [hosts.get(hostId(dst)) as HostPlan];
}

export function planProbers({ probers }: Measuring, at: Lookup): Planned[] {
  return [...probers.values()].map(({ id, src, input, selectors }) => {
    const make = (): ProberInput => ({ ...input, node: at(nodeId(src.ia)), selectors: selectors.map(at) });
    return { id, ia: src.ia, logic: "prober", input: make };
  });
}

function checkTime(policy: string, what: string, time: Nanos): void {
  if (Number.isSafeInteger(time) && time > 0) return;
  throw new Error(`policy ${policy}: ${what} must be whole nanoseconds from 1 up, found ${String(time)}`);
}
