/**
 * Sends echo requests over every path that is not barred, once a round, and tells selectors what came of them. One prober serves all
 * selectors between two hosts whose policies ask for the same probes over the same paths. It stands at the source.
 *
 *   path 0   p---------------p---------------p--------     a round = the plan's interval, its start drawn once;
 *   path 1       p---------------p---------------p----     within it the paths take turns
 *   path 2           p---------------p---------------p
 *
 *             timer.probe: a round is over, or a path stops or starts answering: paths.measured to every selector
 *   probing   timer.timeout: probes unanswered for so long are lost
 *             path.down: no probes over these paths for the revocation time
 *             paths.offered: other paths from the next round on; what is known of a path is kept by its fingerprint
 */
import { setup } from "xstate";
import type { IA, IfId } from "../../core/address.ts";
import type { ActorIndex, ControlEvent, Env, Handle } from "../../core/env.ts";
import { createPacket, type Packet, PAYLOAD_HEADER_BYTES, type ScmpEcho } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import type { HostSpec } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { createMeasured, type Measured, probeAnswered, probeLost } from "./measurement.ts";
import type { PathMeasurement, ProbePlan } from "./policy.ts";
import type { PathsOffered } from "./selector.ts";

export interface ProberInput {
  readonly node: ActorIndex;
  readonly src: HostSpec;
  readonly dst: HostSpec;
  /** Of its echo requests, by which its host knows the replies. */
  readonly identifier: number;
  /** Flow number of requests and replies. */
  readonly flow: number;
  readonly plan: ProbePlan;
  readonly paths: readonly PathInfo[];
  /** Bytes of all headers on each path. */
  readonly headers: readonly number[];
  readonly selectors: readonly ActorIndex[];
  readonly revocation: Nanos;
}

/** What is known of one path, by its fingerprint. */
interface ProbedPath {
  readonly fingerprint: string;
  readonly measured: Measured;
  /** Did it answer last? null: nothing known. */
  answers: boolean | null;
  barredUntil: Nanos;
}

interface Outstanding {
  readonly path: ProbedPath;
  readonly at: Nanos;
}

export interface ProberContext extends Omit<ProberInput, "paths" | "headers"> {
  paths: readonly PathInfo[];
  headers: readonly number[];
  probed: readonly ProbedPath[];
  fingerprints: readonly string[];
  /** Paths that are not offered at present. */
  readonly retired: Map<string, ProbedPath>;
  /** By packet number, in the order sent. */
  readonly outstanding: Map<number, Outstanding>;
  roundStart: Nanos;
  rounds: number;
  /** Positions probed in this round, and how many of them have been. */
  due: readonly number[];
  turn: number;
  /** Packets sent; also the number of the next. */
  sent: number;
  sentBytes: number;
  /** Replies that came, late and repeated ones included. */
  received: number;
  answered: number;
  /** Unanswered in time. */
  lost: number;
  /** Given up since too many were under way; counted as lost, too. */
  overflowed: number;
  readonly timers: { timeout?: Handle };
}

/** What a prober tells: `measured[i]` is of the path with `fingerprints[i]`. */
export interface PathsMeasured extends ControlEvent {
  readonly type: "paths.measured";
  readonly fingerprints: readonly string[];
  readonly measured: readonly PathMeasurement[];
}

type ProberEvent = { type: "path.down"; ia: IA; ifId: IfId } | PathsOffered;

/** Probes that may be unanswered at a time, and paths remembered that are not offered. */
const MAX_OUTSTANDING = 4_096;
const MAX_RETIRED = 256;

const TIMER_PROBE: ControlEvent = { type: "timer.probe" };
const TIMER_TIMEOUT: ControlEvent = { type: "timer.timeout" };

const proberMachine = setup({
  types: { context: {} as ProberContext, events: {} as ProberEvent, input: {} as ProberInput },
  actions: {
    awaitFirstRound: ({ context, system }) => awaitFirstRound(context, envOf(system)),
    barPaths: ({ context, event, system }) => barPaths(context, event, envOf(system)),
    takePaths: ({ context, event }) => takePaths(context, event),
  },
}).createMachine({
  id: "prober",
  context: ({ input }) => createProber(input),
  entry: "awaitFirstRound",
  initial: "probing",
  states: { probing: {} },
  on: { "path.down": { actions: "barPaths" }, "paths.offered": { actions: "takePaths" } },
});

/** A reply. */
function onPacket(state: Present<ProberContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const prober = state.context;
  if (packet.flow !== prober.flow || packet.l4.kind !== "scmp.echo" || !packet.l4.reply) {
    env.drop(packet, "unexpected");
    return;
  }
  prober.received++;
  if (env.tracing) env.trace("app.receive", packet);
  const probe = prober.outstanding.get(packet.number);
  if (probe === undefined) return;
  prober.outstanding.delete(packet.number);
  prober.answered++;
  probeAnswered(probe.path.measured, env.now - probe.at, env.now);
  const back = probe.path.answers === false;
  probe.path.answers = true;
  if (back) tellSelectors(prober, env);
  return;
}

function onProbe({ context }: Present<ProberContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const prober = context;
  const { interval } = prober.plan;
  const over = prober.rounds === 0 || env.now >= prober.roundStart + interval;
  if (over && prober.turn >= prober.due.length) startRound(prober, env);
  const position = prober.due[prober.turn++];
  if (position !== undefined) sendProbe(prober, position, env);
  const { due, roundStart, turn } = prober;
  const next = turn < due.length ? roundStart + Math.floor((turn * interval) / due.length) : roundStart + interval;
  env.send(env.self, TIMER_PROBE, Math.max(0, next - env.now));
  return;
}

function onTimeout({ context }: Present<ProberContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  delete context.timers.timeout;
  let stopped = false;
  for (const [number, { at, path }] of context.outstanding) {
    if (at + context.plan.timeout > env.now) break;
    context.outstanding.delete(number);
    stopped = giveUp(context, path) || stopped;
  }
  awaitTimeout(context, env);
  if (stopped) tellSelectors(context, env);
  return;
}

export const proberLogic = withPacketHandler(proberMachine, onPacket, {
  "timer.probe": onProbe,
  "timer.timeout": onTimeout,
});

function createProber(input: ProberInput): ProberContext {
  return {
    ...input,
    probed: input.paths.map(createProbed),
    fingerprints: input.paths.map(({ fingerprint }) => fingerprint),
    retired: new Map(),
    outstanding: new Map(),
    roundStart: 0,
    rounds: 0,
    due: [],
    turn: 0,
    sent: 0,
    sentBytes: 0,
    received: 0,
    answered: 0,
    lost: 0,
    overflowed: 0,
    timers: {},
  };
}

function createProbed({ fingerprint }: PathInfo): ProbedPath {
  return { fingerprint, measured: createMeasured(), answers: null, barredUntil: 0 };
}

function awaitFirstRound(prober: ProberContext, env: Env): void {
  prober.roundStart = env.random("phase").below(Math.min(prober.plan.interval, MAX_DRAW));
  env.send(env.self, TIMER_PROBE, prober.roundStart);
}

/** Bound of a draw (core/rng.ts). */
const MAX_DRAW = 0xffff_ffff;

/** Rounds begin at even times, whatever delays the timer. */
function startRound(prober: ProberContext, env: Env): void {
  if (prober.rounds++ > 0) {
    prober.roundStart += prober.plan.interval;
    tellSelectors(prober, env);
  }
  prober.due = prober.probed.flatMap(({ barredUntil }, position) => (barredUntil <= env.now ? [position] : []));
  prober.turn = 0;
}

function sendProbe(prober: ProberContext, position: number, env: Env): void {
  const [path, known, header] = [prober.paths[position], prober.probed[position], prober.headers[position]];
  if (path === undefined || known === undefined || header === undefined || known.barredUntil > env.now) return;
  const { src, dst, flow, identifier, plan, outstanding } = prober;
  if (outstanding.size >= MAX_OUTSTANDING) giveUpFirst(prober);
  const number = prober.sent++;
  const payloadLength = Math.max(PAYLOAD_HEADER_BYTES, plan.payload);
  const packet = createPacket({
    trafficClass: 0,
    flowId: (flow + 1) & 0xf_ffff,
    dstIa: dst.ia,
    srcIa: src.ia,
    dstHost: dst.host,
    srcHost: src.host,
    path: path.forwarding,
    currInf: 0,
    currHf: 0,
    l4: requestOf(identifier, number),
    flow,
    number,
    sentAt: env.now,
    payloadLength,
    rest: null,
    wireLength: header + payloadLength,
  });
  prober.sentBytes += packet.wireLength;
  outstanding.set(number, { path: known, at: env.now });
  if (env.tracing) env.trace("app.send", packet);
  env.sendPacket(prober.node, packet, 0, 0);
  awaitTimeout(prober, env);
}

/** One timer, for the probe sent first. */
function awaitTimeout({ outstanding, plan, timers }: ProberContext, env: Env): void {
  if (timers.timeout !== undefined) return;
  for (const { at } of outstanding.values()) {
    timers.timeout = env.send(env.self, TIMER_TIMEOUT, Math.max(0, at + plan.timeout - env.now));
    return;
  }
}

/** @returns whether the path answered until now. */
function giveUp(prober: ProberContext, path: ProbedPath): boolean {
  prober.lost++;
  probeLost(path.measured);
  const answered = path.answers === true;
  path.answers = false;
  return answered;
}

function giveUpFirst(prober: ProberContext): void {
  for (const [number, { path }] of prober.outstanding) {
    prober.outstanding.delete(number);
    prober.overflowed++;
    giveUp(prober, path);
    return;
  }
}

function tellSelectors({ fingerprints, probed, selectors }: ProberContext, env: Env): void {
  const measured = probed.map((path) => ({ ...path.measured }));
  const event: PathsMeasured = { type: "paths.measured", fingerprints, measured };
  for (const selector of selectors) env.send(selector, event, 0);
}

function barPaths({ paths, probed, revocation }: ProberContext, event: ProberEvent, env: Env): void {
  if (event.type !== "path.down") return;
  paths.forEach(({ interfaces }, position) => {
    const path = probed[position];
    if (path === undefined || !interfaces.some(({ ia, ifId }) => ia === event.ia && ifId === event.ifId)) return;
    path.barredUntil = env.now + revocation;
  });
}

/** Its selectors each pass on what they are offered: only the first changes anything. */
function takePaths(prober: ProberContext, event: ProberEvent): void {
  if (event.type !== "paths.offered") return;
  const { retired } = prober;
  for (const path of prober.probed) retired.set(path.fingerprint, path);
  prober.probed = event.paths.map((path) => {
    const known = retired.get(path.fingerprint);
    retired.delete(path.fingerprint);
    return known ?? createProbed(path);
  });
  for (const fingerprint of retired.keys()) if (retired.size > MAX_RETIRED) retired.delete(fingerprint);
  prober.paths = event.paths;
  const { dst, identifier, src } = prober;
  const l4 = requestOf(identifier, 0);
  prober.headers = event.paths.map(({ forwarding }) => wireLengthOf(forwarding, src.host, dst.host, l4, 0));
  prober.fingerprints = event.paths.map(({ fingerprint }) => fingerprint);
  // Positions in the round under way mean other paths now.
  prober.due = [];
  prober.turn = 0;
}

export function requestOf(identifier: number, number: number): ScmpEcho {
  return { kind: "scmp.echo", reply: false, identifier, sequence: number & 0xffff };
}
