/**
 * Asks each interface of one path, in order, and last the host at its end (SCMP traceroute, scmp.rst): a request for an
 * interface has the router alert set in that interface's hop field.
 *
 *              the last probe is answered or given up
 *   probing ------------------------------------------> finished
 *
 * One probe is under way at a time; timer.timeout gives it up.
 */
import { setup } from "xstate";
import type { IA } from "../../core/address.ts";
import type { ActorIndex, ControlEvent, Env, Handle } from "../../core/env.ts";
import { createMessage, type Packet, type ScmpTraceroute } from "../../core/packet.ts";
import type { HopField, PathInfo, ScionPath } from "../../core/path.ts";
import type { Nanos } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import type { HostAddress } from "./datagram.ts";

export interface TracerouteInput {
  readonly node: ActorIndex;
  readonly src: HostAddress;
  readonly dst: HostAddress;
  readonly identifier: number;
  readonly path: PathInfo;
  /** Probes of each interface. */
  readonly probes: number;
  readonly timeout: Nanos;
}

/** What came back for one probe. */
export interface Probe {
  /** Interface asked, as a position on the path; one more than the last: the destination's host. */
  readonly position: number;
  /** null: nothing came in time. */
  readonly answer: { readonly ia: IA; readonly ifId: number; readonly host: string; readonly rtt: Nanos } | null;
}

export interface TracerouteContext extends TracerouteInput {
  /** The path for each interface and, last, for the host. */
  readonly requests: readonly (ScionPath | null)[];
  readonly results: Probe[];
  sentAt: Nanos;
  sent: number;
  received: number;
  timers: { timeout?: Handle };
}

const tracerouteMachine = setup({
  types: {
    context: {} as TracerouteContext,
    events: {} as { type: "timer.start" } | { type: "timer.timeout" } | { type: "probes.done" },
    input: {} as TracerouteInput,
  },
  actions: { awaitStart: ({ system }) => void envOf(system).send(envOf(system).self, { type: "timer.start" }, 0) },
}).createMachine({
  id: "traceroute",
  context: ({ input }) => ({
    ...input,
    requests: requestsOf(input.path),
    results: [],
    sentAt: 0,
    sent: 0,
    received: 0,
    timers: {},
  }),
  entry: "awaitStart",
  initial: "probing",
  states: { probing: { on: { "probes.done": "finished" } }, finished: {} },
});

function onPacket(
  state: Present<TracerouteContext>,
  packet: Packet,
  _ifId: number,
  env: Env,
): ControlEvent | undefined {
  const trace = state.context;
  const { l4 } = packet;
  trace.received++;
  // What comes after its time is up has been given up already.
  if (l4.kind !== "scmp.traceroute" || l4.sequence !== (trace.results.length & 0xffff)) return;
  if (trace.timers.timeout !== undefined) env.cancel(trace.timers.timeout);
  const answer = { ia: l4.ia, ifId: l4.ifId, host: packet.srcHost, rtt: env.now - trace.sentAt };
  if (env.tracing) env.trace("app.receive", packet);
  return conclude(trace, answer, env);
}

function onTimeout(state: Present<TracerouteContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  return conclude(state.context, null, env);
}

function onStart(state: Present<TracerouteContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  return probe(state.context, env);
}

export const tracerouteLogic = withPacketHandler(tracerouteMachine, onPacket, {
  "timer.start": onStart,
  "timer.timeout": onTimeout,
});

function conclude(trace: TracerouteContext, answer: Probe["answer"], env: Env): ControlEvent | undefined {
  trace.results.push({ position: positionOf(trace), answer });
  return probe(trace, env);
}

function positionOf({ results, probes }: TracerouteContext): number {
  return Math.floor(results.length / probes);
}

/** Sends the next probe; answers with the end where there is none. */
function probe(trace: TracerouteContext, env: Env): ControlEvent | undefined {
  const position = positionOf(trace);
  trace.timers = {};
  if (position >= trace.requests.length) {
    if (env.tracing) env.trace("app.end", null);
    return { type: "probes.done" };
  }
  const packet = requestFor(trace, trace.requests[position] as ScionPath | null);
  trace.sent++;
  trace.sentAt = env.now;
  if (env.tracing) env.trace("app.send", packet);
  env.sendPacket(trace.node, packet, 0, 0);
  trace.timers = { timeout: env.send(env.self, { type: "timer.timeout" }, trace.timeout) };
  return undefined;
}

function requestFor({ src, dst, identifier, results }: TracerouteContext, path: ScionPath | null): Packet {
  const sequence = results.length & 0xffff;
  const l4: ScmpTraceroute = { kind: "scmp.traceroute", reply: false, identifier, sequence, ia: "0-0", ifId: 0 };
  return createMessage({
    trafficClass: 0,
    flowId: 1,
    dstIa: dst.ia,
    srcIa: src.ia,
    dstHost: dst.host,
    srcHost: src.host,
    path,
    currInf: 0,
    currHf: 0,
    l4,
    rest: null,
    wireLength: wireLengthOf(path, src.host, dst.host, l4, 0),
  });
}

/** The path once for each of its interfaces, with that interface's alert set, and once as it is. */
export function requestsOf({ forwarding, segments }: PathInfo): (ScionPath | null)[] {
  if (forwarding === null) return [null];
  const requests: ScionPath[] = [];
  let hf = 0;
  for (const { consDir, peer, type, hops } of segments) {
    const [ingress, egress] = consDir
      ? (["ingressAlert", "egressAlert"] as const)
      : (["egressAlert", "ingressAlert"] as const);
    hops.forEach((_, at) => {
      // A segment's outer interfaces are crossed beside a peering link alone.
      if (at > 0 || (peer && type === "down")) requests.push(withAlert(forwarding, hf, ingress));
      if (at < hops.length - 1 || (peer && type === "up")) requests.push(withAlert(forwarding, hf, egress));
      hf++;
    });
  }
  return [...requests, forwarding];
}

function withAlert(path: ScionPath, hf: number, flag: "ingressAlert" | "egressAlert"): ScionPath {
  const hops = path.hops.map((hop, at): HopField => (at === hf ? { ...hop, [flag]: true } : hop));
  return { ...path, hops };
}
