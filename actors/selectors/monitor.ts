/**
 * The receiver's side of reports: stands between a host and an application, counts what comes of one flow over each path, and sends the
 * counts back as small UDP packets, by the way the latest packet came. What it counts it hands on unchanged.
 *
 *          first packet: a timer runs               timer.report: a report; again while there is news
 *   quiet --------------------------> reporting ----------------------------------------------------+
 *     ^                                  |  ^-------------------------------------------------------+
 *     +----------------------------------+
 *        nothing new for `REPEATS` reports: a last one that is lost is made up for
 *
 * Whether it reports shows in `timers`; as a machine it has one state.
 */
import { setup } from "xstate";
import type { ActorIndex, ControlEvent, Env, Handle } from "../../core/env.ts";
import { createPacket, type Packet, PAYLOAD_HEADER_BYTES, setPath, type UdpHeader } from "../../core/packet.ts";
import type { PacketPath } from "../../core/path.ts";
import type { HostSpec } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { wayBack } from "../answer.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { encodeReport, MAX_REPORTED, type PathCount, pathKey } from "./report-frame.ts";

export interface MonitorInput {
  readonly node: ActorIndex;
  /** Who takes the packets. */
  readonly app: ActorIndex;
  /** Number of the flow it counts; packets of others are handed on uncounted. */
  readonly flow: number;
  /** Its own end, and the selector's. */
  readonly src: HostSpec;
  readonly dst: HostSpec;
  readonly l4: UdpHeader;
  /** Flow number of its reports. */
  readonly reportFlow: number;
  readonly interval: Nanos;
}

/** Counts of one path. */
interface Counted extends PathCount {
  packets: number;
  bytes: number;
  highest: number;
  /** As a packet had it last: packets of a path share theirs. Only which object it is counts. */
  cameBy: PacketPath | null;
}

/** How the latest packet came: what the way back is made from. */
interface Latest {
  /** Its SegIDs count as they stand below. */
  cameBy: PacketPath | null;
  currInf: number;
  currHf: number;
  segId0: number;
  segId1: number;
  segId2: number;
}

export interface MonitorContext extends MonitorInput {
  readonly counted: Counted[];
  readonly last: Latest;
  /** Packets over more paths than it counts. */
  uncounted: number;
  /** Path that stands first in the next report, where they do not all fit. */
  turn: number;
  /** Reports since the last news. */
  repeats: number;
  /** Reports sent; also the number of the next. */
  sent: number;
  sentBytes: number;
  readonly timers: { report?: Handle };
}

/** Paths counted. */
const MAX_COUNTED = 256;
/** Reports after the last news. */
const REPEATS = 2;

const TIMER_REPORT: ControlEvent = { type: "timer.report" };

const monitorMachine = setup({
  types: { context: {} as MonitorContext, events: {} as { type: "none" }, input: {} as MonitorInput },
}).createMachine({
  id: "monitor",
  context: ({ input }) => ({
    ...input,
    counted: [],
    last: { cameBy: null, currInf: 0, currHf: 0, segId0: 0, segId1: 0, segId2: 0 },
    uncounted: 0,
    turn: 0,
    repeats: 0,
    sent: 0,
    sentBytes: 0,
    timers: {},
  }),
  initial: "counting",
  states: { counting: {} },
});

function onPacket(state: Present<MonitorContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const monitor = state.context;
  if (packet.flow === monitor.flow) {
    count(monitor, packet);
    monitor.timers.report ??= env.send(env.self, TIMER_REPORT, monitor.interval);
  }
  env.sendPacket(monitor.app, packet, 0, 0);
  return;
}

function onReport({ context }: Present<MonitorContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const { timers } = context;
  delete timers.report;
  sendReport(context, env);
  if (context.repeats++ < REPEATS) timers.report = env.send(env.self, TIMER_REPORT, context.interval);
  return;
}

export const monitorLogic = withPacketHandler(monitorMachine, onPacket, { "timer.report": onReport });

function count(monitor: MonitorContext, packet: Packet): void {
  const { counted, last } = monitor;
  last.cameBy = packet.path;
  last.currInf = packet.currInf;
  last.currHf = packet.currHf;
  last.segId0 = packet.segId0;
  last.segId1 = packet.segId1;
  last.segId2 = packet.segId2;
  monitor.repeats = 0;
  const found = countedFor(counted, packet.path);
  if (found === null) {
    monitor.uncounted++;
    return;
  }
  found.packets++;
  found.bytes += packet.wireLength;
  found.highest = Math.max(found.highest, packet.number);
}

/** null: too many paths. */
function countedFor(counted: Counted[], path: PacketPath | null): Counted | null {
  for (const one of counted) if (one.cameBy === path) return one;
  const key = pathKey(path);
  const known = counted.find((one) => one.key[0] === key[0] && one.key[1] === key[1]);
  if (known !== undefined) {
    known.cameBy = path;
    return known;
  }
  if (counted.length >= MAX_COUNTED) return null;
  const fresh: Counted = { key, packets: 0, bytes: 0, highest: 0, cameBy: path };
  counted.push(fresh);
  return fresh;
}

function sendReport(monitor: MonitorContext, env: Env): void {
  const { dst, last, l4, node, reportFlow, src } = monitor;
  const rest = encodeReport(countsInTurn(monitor));
  const payloadLength = PAYLOAD_HEADER_BYTES + rest.length;
  const packet = createPacket({
    trafficClass: 0,
    flowId: (reportFlow + 1) & 0xf_ffff,
    // Turned round as if it were the packet that came.
    path: last.cameBy,
    currInf: last.currInf,
    currHf: last.currHf,
    dstIa: dst.ia,
    srcIa: src.ia,
    dstHost: dst.host,
    srcHost: src.host,
    l4,
    flow: reportFlow,
    number: monitor.sent++,
    sentAt: env.now,
    payloadLength,
    rest,
    wireLength: 0,
  });
  packet.segId0 = last.segId0;
  packet.segId1 = last.segId1;
  packet.segId2 = last.segId2;
  const back = wayBack(packet);
  setPath(packet, back.path, back.currInf, back.currHf);
  packet.wireLength = wireLengthOf(back.path, src.host, dst.host, l4, payloadLength);
  monitor.sentBytes += packet.wireLength;
  if (env.tracing) env.trace("app.send", packet);
  env.sendPacket(node, packet, 0, 0);
}

function countsInTurn(monitor: MonitorContext): Counted[] {
  const { counted } = monitor;
  if (counted.length <= MAX_REPORTED) return counted;
  const first = monitor.turn % counted.length;
  monitor.turn = first + MAX_REPORTED;
  return Array.from({ length: MAX_REPORTED }, (_, n) => counted[(first + n) % counted.length] as Counted);
}
