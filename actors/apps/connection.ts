/**
 * Reliable connections (core/transport) as applications use them: packets in, packets out, and one timer for each end. The timer is
 * lazy: one that turns out too early is set anew, so that a flow of acknowledgements does not move it each time. Round-trip times and
 * timers run on the host's monotonic clock, which `clock.set` does not touch.
 */
import type { ControlEvent, Env, Handle } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { TraceDetail } from "../../core/trace.ts";
import { type AckFrame, ackPayloadLength, type DataFrame, encodeFrame } from "../../core/transport/frames.ts";
import { ackIsDue, createReceiver, receiveData, type Receiver, takeAck } from "../../core/transport/receiver.ts";
import {
  createSender,
  deadlineOf,
  nextData,
  onAck,
  onTimeout,
  type Sender,
  type SenderOptions,
} from "../../core/transport/sender.ts";
import type { Nanos } from "../../core/units.ts";
import { type Figures, figuresOf, outcomesSince, rangesText, traceChanges, traceLosses } from "../transport-trace.ts";
import { type Back, createDatagram, sendDatagram, type Sending, takeBack } from "./datagram.ts";

interface Timed {
  timers: { wake?: Handle };
  /** When the timer rings, -1: it is not set. */
  wakeAt: number;
}

export interface Outgoing extends Timed {
  readonly sender: Sender;
  /** The way packets take where no selector chooses it. */
  back: Back | null;
}

export interface Incoming extends Timed {
  readonly receiver: Receiver;
  back: Back | null;
}

export interface ConnectionTimer extends ControlEvent {
  readonly type: "timer.send" | "timer.ack";
  readonly connection: number;
}

/** Sums over the connections of an application that have ended; times and window are of the last one. */
export interface TransportTotals {
  retransmitted: number;
  spurious: number;
  probeTimeouts: number;
  congestionEvents: number;
  /** Nanoseconds, 0 without a sample. */
  srtt: number;
  /** Bytes of payload. */
  window: number;
}

/** The transfer or exchange that was the last to complete; -1 before the first. */
export interface Completion {
  connection: number;
  startedAt: Nanos;
  /** Of the file, or the response. */
  bytes: number;
}

export function createCompletion(): Completion {
  return { connection: -1, startedAt: -1, bytes: 0 };
}

export function noteCompletion(latest: Completion, connection: number, startedAt: Nanos, bytes: number): void {
  latest.connection = connection;
  latest.startedAt = startedAt;
  latest.bytes = bytes;
}

export function createTotals(): TransportTotals {
  return { retransmitted: 0, spurious: 0, probeTimeouts: 0, congestionEvents: 0, srtt: 0, window: 0 };
}

export function addTotals(totals: TransportTotals, { counts, reno, rtt }: Sender): void {
  totals.retransmitted += counts.retransmitted;
  totals.spurious += counts.spurious;
  totals.probeTimeouts += counts.probeTimeouts;
  totals.congestionEvents += reno.events;
  totals.window = reno.window;
  if (rtt.firstSampleAt >= 0) totals.srtt = rtt.smoothed;
}

export function openOutgoing(options: SenderOptions, back: Back | null): Outgoing {
  return { sender: createSender(options), back, timers: {}, wakeAt: -1 };
}

export function openIncoming(): Incoming {
  return { receiver: createReceiver(), back: null, timers: {}, wakeAt: -1 };
}

/** Sends what may be sent now and sets the timer for what comes next. `before`: how its sender was when the event came. */
export function pump(app: Sending, outgoing: Outgoing, env: Env, before: Seen | null = seen(outgoing, env)): void {
  const { sender } = outgoing;
  for (let frame = nextData(sender, env.now); frame !== null; frame = nextData(sender, env.now)) {
    sendData(app, sender, frame, outgoing.back, env);
  }
  wake(outgoing, deadlineOf(sender), "timer.send", sender.connection, env);
  if (before !== null) traceSender(sender, before, env);
}

/** A sender before an event. */
interface Seen extends Figures {
  readonly sentAny: boolean;
  readonly done: boolean;
}

/** null: nobody wants to know. */
function seen({ sender }: Outgoing, env: Env): Seen | null {
  if (!env.tracing) return null;
  return { ...figuresOf(sender, sender.reno), sentAny: sender.sent.next > 0, done: sender.done };
}

function traceSender(sender: Sender, before: Seen, env: Env): void {
  const { connection, sent, done, refused } = sender;
  const begins = !before.sentAny && sent.next > 0;
  if (begins) env.trace("transport.state", null, { connection, state: "open" });
  if (before.sentAny || begins)
    traceChanges({ connection }, begins ? null : before, figuresOf(sender, sender.reno), env);
  if (!done || before.done) return;
  const [reason, code] = refused ? ["refused by the other side", 1] : ["all has arrived", 0];
  env.trace("transport.state", null, { connection, state: "closed", reason, code });
}

function sendData(app: Sending, sender: Sender, frame: DataFrame, back: Back | null, env: Env): void {
  const packet = createDatagram(app, sender.overhead + frame.length, encodeFrame(frame), env);
  sendDatagram(app, takeBack(packet, back), env);
  if (env.tracing) env.trace("transport.sent", packet, dataDetail(frame, packet));
}

function dataDetail({ connection, number, offset, length, fin }: DataFrame, { payloadLength }: Packet): TraceDetail {
  return { connection, packet: number, bytes: payloadLength, stream: connection, offset, length, fin };
}

/** An acknowledgement has come in `packet`; false where it cannot be ours. */
export function acknowledge(app: Sending, outgoing: Outgoing, frame: AckFrame, packet: Packet, env: Env): boolean {
  const before = seen(outgoing, env);
  if (!onAck(outgoing.sender, frame, env.now)) return false;
  if (before !== null) traceOutcomes(outgoing.sender, before, packet, env);
  pump(app, outgoing, env, before);
  return true;
}

function traceOutcomes(sender: Sender, before: Figures, packet: Packet, env: Env): void {
  const where = { connection: sender.connection };
  const outcomes = outcomesSince(before, sender);
  const detail = { ...where, packet: null, bytes: packet.payloadLength, acks: outcomes.acked };
  env.trace("transport.received", packet, detail);
  traceLosses(where, outcomes, false, env);
}

/** The timer `timer.send` has rung. */
export function resume(app: Sending, outgoing: Outgoing, env: Env): void {
  outgoing.wakeAt = -1;
  outgoing.timers = {};
  const before = seen(outgoing, env);
  onTimeout(outgoing.sender, env.now);
  if (before !== null)
    traceLosses({ connection: outgoing.sender.connection }, outcomesSince(before, outgoing.sender), false, env);
  pump(app, outgoing, env, before);
}

/** Takes a piece of the stream in, and acknowledges it now or later; answers how many bytes the application gets. */
export function accept(app: Sending, incoming: Incoming, frame: DataFrame, packet: Packet, env: Env): number {
  const { receiver } = incoming;
  if (env.tracing) env.trace("transport.received", packet, dataDetail(frame, packet));
  const news = receiveData(receiver, frame, (packet.trafficClass & 3) === 3, env.now);
  acknowledgeWhenDue(app, incoming, frame.connection, env);
  return news;
}

/** Sends the acknowledgement if it is due, and sets the timer if one waits. The timer `timer.ack` has rung, too. */
export function acknowledgeWhenDue(app: Sending, incoming: Incoming, connection: number, env: Env): void {
  const { receiver } = incoming;
  if (ackIsDue(receiver, env.now)) {
    const frame = takeAck(receiver, connection, env.now);
    sendAck(app, frame, incoming.back, env);
  }
  if (receiver.ackAt >= 0) wake(incoming, receiver.ackAt, "timer.ack", connection, env);
}

export function ringAck(app: Sending, incoming: Incoming, connection: number, env: Env): void {
  incoming.wakeAt = -1;
  incoming.timers = {};
  acknowledgeWhenDue(app, incoming, connection, env);
}

export function sendAck(app: Sending, frame: AckFrame, back: Back | null, env: Env): void {
  const packet = createDatagram(app, ackPayloadLength(frame), encodeFrame(frame), env);
  sendDatagram(app, takeBack(packet, back), env);
  if (!env.tracing) return;
  const { connection, ranges } = frame;
  const detail = { connection, packet: null, bytes: packet.payloadLength, acks: rangesText(ranges) };
  env.trace("transport.sent", packet, detail);
}

/** Nobody waits for this timer any more. */
export function silence(timed: Timed, env: Env): void {
  if (timed.timers.wake !== undefined) env.cancel(timed.timers.wake);
  timed.timers = {};
  timed.wakeAt = -1;
}

function wake(timed: Timed, at: number, type: ConnectionTimer["type"], connection: number, env: Env): void {
  if (at < 0 || (timed.wakeAt >= 0 && timed.wakeAt <= at)) return;
  if (timed.timers.wake !== undefined) env.cancel(timed.timers.wake);
  timed.wakeAt = at;
  const event: ConnectionTimer = { type, connection };
  timed.timers = { wake: env.send(env.self, event, Math.max(0, at - env.now)) };
}
