/** Reads the flows of a scenario: who sends what to whom, when, and whether it can get there. */
import { type IA, iaParts } from "../core/address.ts";
import type { PathInfo } from "../core/path.ts";
import { SegmentOracle } from "../core/beaconing/oracle.ts";
import { createPathFinder, type PathFinder } from "../core/path-finder.ts";
import { findAllowed, type PathPolicy, pathsToJudge } from "../core/path-policy/policy.ts";
import {
  type ChannelSpec,
  FLOW_DEFAULTS,
  type FlowSpec,
  type HostSpec,
  type PolicySpec,
  type Scenario,
} from "../core/scenario.ts";
import { isConnected, leastPayload } from "../core/transport/frames.ts";
import { wireLengthOf } from "../core/wire/codec.ts";
import { readChannel } from "./channels.ts";
import { headerOf, type OwnFields, readApp } from "./apps.ts";
import { isServiceAddress, readServiceAddress } from "./end-hosts.ts";
import { type Names, readHost } from "./names.ts";
import { type PathPolicies, pathPolicyOf } from "./scenario-path-policies.ts";
import { type PolicyNames, readPolicy } from "./policies.ts";
import type { FlowDocument, FlowTemplateDocument } from "./scenario/flow.ts";
import { DSCP_NAMES, MAX_PACKET_SIZE, MIN_PACKET_SIZE } from "./scenario/link.ts";
import { Section } from "./section.ts";
import { DURATION, formatDuration, SIZE } from "./units.ts";

const DEFAULT_PACKET_SIZE = 1_200;
const DEFAULT_HOST = "10.0.0.1";
/** The other host, where both are in one AS and neither is named. */
const DEFAULT_NEIGHBOUR = "10.0.0.2";

/** Most flows of one scenario. */
export const MAX_FLOWS = 20_000;

/** What flows are read against. */
export interface FlowContext {
  readonly names: Names;
  /** null where the topology has problems of its own: then only what the flow says by itself is checked. */
  readonly paths: Paths | null;
  readonly policy: PolicySpec;
  readonly policies: PolicyNames;
  /** Of flows that name none; undefined: all paths. */
  readonly pathPolicy: PathPolicy | undefined;
  readonly pathPolicies: PathPolicies;
  readonly seed: number;
  readonly duration_ns: number;
  /** What the file says, whatever this run's duration is. */
  readonly ownDuration_ns: number;
  /** Ids of flows so far, each with the place of the flow. */
  readonly used: Map<string, string>;
}

/** The first path answers most questions; all of them are looked for where it does not. */
export interface Paths {
  readonly first: PathFinder;
  /** At most `max`. */
  readonly all: PathFinder;
  /** Those among which path policies look for `max`. */
  readonly wide: PathFinder;
  readonly max: number;
}

export function findPaths(oracle: SegmentOracle, max: number): Paths {
  const finder = (most: number): PathFinder => createPathFinder(oracle, { max: most });
  return { first: finder(1), all: finder(max), wide: finder(pathsToJudge(max)), max };
}

/**
 * The paths that the flow's path policy takes. null where it takes none of those that there are: that is no mistake, since it may be
 * what the scenario is about, and `pathloom check` mentions it.
 */
export function offeredPaths({ src, dst, path_policy }: FlowSpec, paths: Paths): Paths | null {
  if (path_policy === undefined || paths.first(src.ia, dst.ia).length === 0) return paths;
  const all = findAllowed(path_policy, src.ia, paths.all, paths.wide, paths.max);
  return all(src.ia, dst.ia).length === 0 ? null : { ...paths, first: all, all };
}

/** The flows, with names and defaults filled in. Where there are problems the result is of no use. */
export function readFlows(documents: readonly FlowDocument[], section: Section, context: FlowContext): FlowSpec[] {
  if (documents.length > MAX_FLOWS) {
    section.mismatch(`at most ${MAX_FLOWS} flows`, `${documents.length} flows`);
    return [];
  }
  return documents.flatMap((document, at) => {
    const place = section.at(at);
    const id = document.id ?? `flow-${Number(place.path.at(-1)) + 1}`;
    place.ownId(id, "flows", context.used);
    const flow = readFlow(document, id, place, context);
    if (flow === undefined) return [];
    const paths = context.paths === null ? null : offeredPaths(flow, context.paths);
    if (paths !== null && checkPaths(flow, place, paths)) {
      // A policy that the flow does not name is the scenario's.
      const policy = (document.policy === undefined ? new Section(section.file) : place).at("policy");
      checkPin(flow, policy, paths);
    }
    return [flow];
  });
}

function readFlow(document: FlowDocument, id: string, section: Section, context: FlowContext): FlowSpec | undefined {
  const { names } = context;
  const src = readHost(document.from, section.at("from"), names);
  const byDefault = (ia: IA): string =>
    ia === src?.ia && src.host === DEFAULT_HOST ? DEFAULT_NEIGHBOUR : DEFAULT_HOST;
  const dst = isServiceAddress(document.to)
    ? readService(document, section, names)
    : readHost(document.to, section.at("to"), names, byDefault);
  const rest = readTemplate(document, section, context);
  if (src === undefined || dst === undefined || rest === undefined) return undefined;
  if (src.ia === dst.ia && src.host === dst.host) {
    const message = `${section.name} leads from ${src.ia},${src.host} to itself`;
    return section.at("to").problem({ message, expected: "another host", found: `${dst.ia},${dst.host}` });
  }
  return flowOf(rest, id, src, dst);
}

/** Behind a service stand several hosts, and none of them has a connection's other end. */
function readService(document: FlowDocument, section: Section, { network }: Names): HostSpec | undefined {
  if (document.app !== "ping" || document.reply === "select") {
    const expected = "a host; a service address takes only pings, with reply: reverse";
    return section.at("to").mismatch(expected, document.to);
  }
  return readServiceAddress(document.to, section.at("to"), network?.ases);
}

/** Everything about a flow but its id, its workload and its ends. */
export interface FlowBody {
  readonly common: Pick<
    FlowSpec,
    "policy" | "path_policy" | "reply" | "start_ns" | "stop_ns" | "packet_size" | "traffic_class"
  >;
  readonly own: OwnFields & { readonly channel?: ChannelSpec };
}

export function flowOf({ common, own }: FlowBody, id: string, src: HostSpec, dst: HostSpec): FlowSpec {
  return { ...FLOW_DEFAULTS, id, src, dst, ...common, ...own } as FlowSpec;
}

export function readTemplate(
  document: FlowDocument | FlowTemplateDocument,
  section: Section,
  context: FlowContext,
  rateGiven = false,
): FlowBody | undefined {
  const size = document.packet_size ?? DEFAULT_PACKET_SIZE;
  const packet_size = section.at("packet_size").bytes(size, SIZE, MIN_PACKET_SIZE, MAX_PACKET_SIZE);
  const own = packet_size === undefined ? undefined : readApp(document, packet_size, section, rateGiven);
  const [start_ns, stop_ns] = readTimes(document, section, context);
  const { policy: named, path_policy: allowed, reply = FLOW_DEFAULTS.reply, traffic_class: marked } = document;
  const path_policy =
    allowed === undefined ? context.pathPolicy : pathPolicyOf(allowed, section.at("path_policy"), context.pathPolicies);
  const policy = named === undefined ? context.policy : readPolicy(named, section.at("policy"), context.policies);
  const channel = readChannel(document, section);
  if (packet_size === undefined || own === undefined) return undefined;
  const path = path_policy === undefined ? {} : { path_policy };
  return {
    common: { policy, ...path, reply, start_ns, stop_ns, packet_size, traffic_class: trafficClass(marked) },
    own: channel === null ? own : { ...own, channel },
  };
}

/** The name of a DSCP stands for the high six bits. */
function trafficClass(marked: number | string | undefined): number {
  if (typeof marked === "string") return (DSCP_NAMES.get(marked) ?? 0) * 4;
  return marked ?? FLOW_DEFAULTS.traffic_class;
}

/**
 * A flow that would begin after the end of the run as the file has it is a mistake. Where a shorter run is asked for,
 * it is none: such a flow sends nothing.
 */
function readTimes(
  { start, stop }: Pick<FlowTemplateDocument, "start" | "stop">,
  section: Section,
  context: FlowContext,
): readonly [number, number] {
  const { duration_ns, ownDuration_ns } = context;
  const start_ns = start === undefined ? 0 : (section.at("start").quantity(start, DURATION) ?? 0);
  if (start_ns >= ownDuration_ns) {
    section.at("start").mismatch(`a time before the end of the run, ${formatDuration(ownDuration_ns)}`, start);
  }
  if (stop === undefined) return [start_ns, Math.max(start_ns, duration_ns)];
  const stop_ns = section.at("stop").quantity(stop, DURATION) ?? Number.MAX_SAFE_INTEGER;
  if (stop_ns <= start_ns) section.at("stop").mismatch(`a time after the start, ${start ?? "0s"}`, stop);
  return [start_ns, stop_ns];
}

/** Whether a path leads there at all. */
function checkPaths(flow: FlowSpec, section: Section, paths: Paths): boolean {
  const { src, dst, packet_size: size } = flow;
  const ways = firstPaths(flow, paths);
  if (ways === null) {
    section.at("to").problem({ message: noPath(src.ia, dst.ia), expected: "a path", found: "none" });
    return false;
  }
  const misfit = sizeMisfit(flow, ways, paths);
  if (misfit !== undefined) section.at("packet_size").mismatch(misfit, `${size}B`);
  return true;
}

/** `back`: null where what comes back turns the way round. */
export interface FirstPaths {
  readonly forth: PathInfo;
  readonly back: PathInfo | null;
}

/** null where a path that the flow needs does not exist. */
export function firstPaths({ app, reply, src, dst }: FlowSpec, { first }: Paths): FirstPaths | null {
  const [forth] = first(src.ia, dst.ia);
  if (forth === undefined) return null;
  if (reply === "reverse" || !(app === "ping" || isConnected(app))) return { forth, back: null };
  const [back] = first(dst.ia, src.ia);
  return back === undefined ? null : { forth, back };
}

export function noPath(src: IA, dst: IA): string {
  const reason = iaParts(src).isd === iaParts(dst).isd ? "" : " (they are in different ISDs)";
  return `no path leads from ${src} to ${dst}${reason}: up to a core AS, over core links, and down again`;
}

/** What the packet size should be instead; undefined where it fits. */
export function sizeMisfit(flow: FlowSpec, { forth, back }: FirstPaths, paths: Paths): string | undefined {
  const { src, dst, packet_size: size, app } = flow;
  const [header, least] = [headerOf(app), leastPayload(flow)];
  const room = Math.max(
    wireLengthOf(forth.forwarding, src.host, dst.host, header, least),
    back === null ? 0 : wireLengthOf(back.forwarding, dst.host, src.host, header, least),
  );
  if (size < room) return `at least ${room}B, what the headers of ${app} on the first path take`;
  if (size <= forth.mtu) return undefined;
  const mtu = Math.max(...paths.all(src.ia, dst.ia).map((path) => path.mtu));
  return size > mtu ? `at most ${mtu}B, the largest MTU of a path` : undefined;
}

/** A pin must name a path that is offered. */
function checkPin({ id, src, dst, policy }: FlowSpec, section: Section, paths: Paths): void {
  const { path } = policy.params;
  if (policy.name !== "pinned" || path === undefined) return;
  const offered = paths.all(src.ia, dst.ia);
  const found = offered.some(({ fingerprint }, at) => path === at || path === fingerprint);
  if (found) return;
  const expected = `a path of ${id}: a number from 0 to ${offered.length - 1}, or a fingerprint`;
  section.at("path").mismatch(expected, path);
}

/** Flows whose path policy takes none of the paths that there are: all they send is dropped for want of a path. */
export function flowsWithoutPath({ network, max_paths, epoch_s, flows }: Scenario): readonly FlowSpec[] {
  const limited = flows.filter(({ path_policy }) => path_policy !== undefined);
  if (limited.length === 0) return [];
  const paths = findPaths(new SegmentOracle(network, epoch_s), max_paths);
  return limited.filter((flow) => offeredPaths(flow, paths) === null);
}
