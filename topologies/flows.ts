/** Reads the flows of a scenario: who sends what to whom, when, and whether it can get there. */
import { type IA, iaParts, parseHost } from "../core/address.ts";
import { type L4, PAYLOAD_HEADER_BYTES } from "../core/packet.ts";
import type { PathInfo } from "../core/path.ts";
import { createPathFinder, type PathIndex } from "../core/path-enumeration.ts";
import { FLOW_DEFAULTS, type FlowSpec, type HostSpec, type PacedFlow, type PolicySpec } from "../core/scenario.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { wireLengthOf } from "../core/wire/codec.ts";
import { readPolicy } from "./policies.ts";
import { shown } from "./problems.ts";
import { type FlowDocument, MAX_PACKET_SIZE, MIN_PACKET_SIZE } from "./schema.ts";
import { Section } from "./section.ts";
import { DURATION, formatDuration, RATE, SIZE } from "./units.ts";

const DEFAULT_PACKET_SIZE = 1_200;
/** Ten echo requests a second: enough samples in a short run, and no load on any link. */
const DEFAULT_PING_INTERVAL = 100 * MILLISECOND;
const DEFAULT_HOST = "10.0.0.1";
/** The other host, where both are in one AS and neither is named. */
const DEFAULT_NEIGHBOUR = "10.0.0.2";

/** What each application puts between the SCION header and its payload; only the lengths count here. */
const L4_HEADERS: Readonly<Record<PacedFlow["app"], L4>> = {
  "constant-rate": { kind: "udp", srcPort: 0, dstPort: 0 },
  ping: { kind: "scmp.echo", reply: false, identifier: 0, sequence: 0 },
};

/** What flows are read against. */
export interface FlowContext {
  /** null where the topology has problems of its own: then only what the flow says by itself is checked. */
  readonly index: PathIndex | null;
  readonly policy: PolicySpec;
  readonly extraPolicies: readonly string[];
  readonly duration_ns: number;
  /** What the file says, whatever this run's duration is. */
  readonly ownDuration_ns: number;
  readonly maxPaths: number;
  readonly epochS: number;
}

/** The flows, with names and defaults filled in. Where there are problems the result is of no use. */
export function readFlows(documents: readonly FlowDocument[], section: Section, context: FlowContext): FlowSpec[] {
  const used = new Map<string, string>();
  const { index, maxPaths, epochS } = context;
  const pathsOf = index === null ? null : createPathFinder(index, { max: maxPaths, epochS });
  return documents.flatMap((document, at) => {
    const place = section.at(at);
    const id = readId(document.id ?? `flow-${at + 1}`, place, used);
    const flow = readFlow(document, id, place, context);
    if (flow !== undefined && pathsOf !== null) {
      const found = pathsOf(flow.src.ia, flow.dst.ia);
      checkPaths(flow, place, found);
      // A policy that the flow does not name is the scenario's.
      const policy = (document.policy === undefined ? new Section(section.file) : place).at("policy");
      if (found.length > 0) checkPin(flow, policy, found);
    }
    return flow === undefined ? [] : [flow];
  });
}

function readId(id: string, section: Section, used: Map<string, string>): string {
  const other = used.get(id);
  used.set(id, section.name);
  if (other !== undefined) {
    const message = `two flows have the id ${shown(id)}, ${other} and ${section.name}`;
    section.at("id").problem({ message, expected: "another id", found: shown(id) });
  }
  if (!/^[\w.:-]{1,64}$/.test(id)) section.at("id").mismatch("1 to 64 letters, digits, or characters of - _ . :", id);
  return id;
}

function readFlow(document: FlowDocument, id: string, section: Section, context: FlowContext): PacedFlow | undefined {
  const src = readHost(document.from, section.at("from"), () => DEFAULT_HOST, context);
  const byDefault = (ia: IA): string =>
    ia === src?.ia && src.host === DEFAULT_HOST ? DEFAULT_NEIGHBOUR : DEFAULT_HOST;
  const dst = readHost(document.to, section.at("to"), byDefault, context);
  const size = document.packet_size ?? DEFAULT_PACKET_SIZE;
  const packetSize = section.at("packet_size").bytes(size, SIZE, MIN_PACKET_SIZE, MAX_PACKET_SIZE);
  const interval = packetSize === undefined ? undefined : readInterval(document, packetSize, section);
  const [start_ns, stop_ns] = readTimes(document, section, context);
  const { policy: own, app } = document;
  const policy = own === undefined ? context.policy : readPolicy(own, section.at("policy"), context.extraPolicies);
  if (src === undefined || dst === undefined || packetSize === undefined || interval === undefined) return undefined;
  if (src.ia === dst.ia && src.host === dst.host) {
    const message = `${section.name} leads from ${src.ia},${src.host} to itself`;
    return section.at("to").problem({ message, expected: "another host", found: `${dst.ia},${dst.host}` });
  }
  const ends = { ...FLOW_DEFAULTS, id, src, dst, policy, start_ns, stop_ns, packet_size: packetSize };
  return { ...ends, app, interval_ns: interval };
}

/** `IA` or `IA,host`. */
function readHost(
  text: string,
  section: Section,
  byDefault: (ia: IA) => string,
  { index }: FlowContext,
): HostSpec | undefined {
  const [iaText = "", hostText, ...rest] = text.split(",");
  const ia: IA | undefined = section.ia(iaText.trim());
  if (ia === undefined) return undefined;
  if (index !== null && !index.byIa.has(ia)) return section.unknownAs(ia, index.byIa.keys());
  if (hostText === undefined) return { ia, host: byDefault(ia) };
  const host = parseHost(hostText.trim());
  if (rest.length > 0 || !host.ok || !/[.:]/.test(host.value)) {
    return section.mismatch("an IPv4 or IPv6 address after the comma", text);
  }
  return { ia, host: host.value };
}

/** Exactly one of `rate` and `interval`; a ping may have neither. */
function readInterval({ app, rate, interval }: FlowDocument, size: number, section: Section): number | undefined {
  if (rate !== undefined && interval !== undefined) {
    const message = `${section.name} has both rate and interval: one follows from the other`;
    return section.at("rate").ofKey().problem({ message, expected: "rate or interval", found: "both" });
  }
  if (interval !== undefined) return section.at("interval").quantity(interval, DURATION, 1);
  if (rate === undefined) {
    if (app === "ping") return DEFAULT_PING_INTERVAL;
    const message = `${section.name} needs either rate or interval`;
    return section.problem({ message, expected: "rate or interval", found: "nothing" });
  }
  const bits = section.at("rate").quantity(rate, RATE, 1);
  if (bits === undefined) return undefined;
  const spacing = Math.round((size * 8 * SECOND) / bits);
  return spacing >= 1 ? spacing : section.at("rate").mismatch(`at most one packet a nanosecond of ${size}B`, rate);
}

/**
 * A flow that would begin after the end of the run as the file has it is a mistake. Where a shorter run is asked for,
 * it is none: such a flow sends nothing.
 */
function readTimes({ start, stop }: FlowDocument, section: Section, context: FlowContext): readonly [number, number] {
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

function checkPaths(flow: PacedFlow, section: Section, paths: readonly PathInfo[]): void {
  const { src, dst, packet_size: size } = flow;
  if (paths.length === 0) {
    const reason = iaParts(src.ia).isd === iaParts(dst.ia).isd ? "" : " (they are in different ISDs)";
    const message = `no path leads from ${src.ia} to ${dst.ia}${reason}: up to a core AS, over core links, and down again`;
    section.at("to").problem({ message, expected: "a path", found: "none" });
    return;
  }
  const forwarding = paths[0]?.forwarding ?? null;
  const room = wireLengthOf(forwarding, src.host, dst.host, L4_HEADERS[flow.app], PAYLOAD_HEADER_BYTES);
  if (size < room)
    section.at("packet_size").mismatch(`at least ${room}B, what the headers on the first path take`, `${size}B`);
  const mtu = Math.max(...paths.map((path) => path.mtu));
  if (size > mtu) section.at("packet_size").mismatch(`at most ${mtu}B, the largest MTU of a path`, `${size}B`);
}

/** A pin must name a path that is offered. */
function checkPin({ id, policy }: FlowSpec, section: Section, paths: readonly PathInfo[]): void {
  const { path } = policy.params;
  if (policy.name !== "pinned" || path === undefined) return;
  const found = paths.some(({ fingerprint }, at) => path === at || path === fingerprint);
  if (found) return;
  const expected = `a path of ${id}: a number from 0 to ${paths.length - 1}, or a fingerprint`;
  section.at("path").mismatch(expected, path);
}
