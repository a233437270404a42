/** Messages of a control service as packets: sent, acknowledged, sent again, received. */
import {
  type Fragment,
  acknowledge,
  createOutgoing,
  decodeFragment,
  FRAGMENT_HEADER_BYTES,
} from "../../core/beaconing/transfer.ts";
import {
  forget,
  MAX_FRAGMENTS,
  retransmit,
  takeData,
  takeFragments,
  timeoutOf,
} from "../../core/beaconing/transfer.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import { createMessage, type Packet, type UdpHeader } from "../../core/packet.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { wayBack } from "../answer.ts";
import type { ControlContext, Destination, Sending } from "./context.ts";

/** Where scionproto's control services listen. */
const PORT = 30_252;
const L4: UdpHeader = { kind: "udp", srcPort: PORT, dstPort: PORT };
/** DSCP CS6, network control. */
const TRAFFIC_CLASS = 0xc0;
const FLOW_ID = 1;
/** Messages under way from one control service. */
const MAX_OUTGOING = 8_192;
/** Packets no smaller than this fit anywhere. */
const MIN_PART = 64;

export interface RetransmitEvent extends ControlEvent {
  readonly type: "timer.retransmit";
  readonly id: number;
}

/** Begins a message; false where it is too long for its way, or too many are under way. */
export function sendMessage(control: ControlContext, to: Destination, payload: Uint8Array, env: Env): boolean {
  const { counts, host, outgoing } = control;
  const size = to.mtu - wireLengthOf(to.path, host, to.host, L4, 0) - FRAGMENT_HEADER_BYTES;
  if (size < MIN_PART || payload.length > size * MAX_FRAGMENTS || outgoing.size >= MAX_OUTGOING) {
    counts.messages_refused++;
    return false;
  }
  const id = control.messages++;
  const sending: Sending = { ...createOutgoing(id, payload, size), to, timers: {} };
  outgoing.set(id, sending);
  counts.messages_sent++;
  for (const fragment of takeFragments(sending)) sendPacket(control, to, fragment, env);
  armRetransmission(sending, env);
  return true;
}

function armRetransmission(sending: Sending, env: Env): void {
  const event: RetransmitEvent = { type: "timer.retransmit", id: sending.id };
  if (sending.timers.retransmit !== undefined) env.cancel(sending.timers.retransmit);
  sending.timers.retransmit = env.send(env.self, event, timeoutOf(sending));
}

function sendPacket(control: ControlContext, to: Destination, rest: Uint8Array, env: Env): void {
  const { beaconBytes, counts, host, ia, node } = control;
  const packet = createMessage({
    trafficClass: TRAFFIC_CLASS,
    flowId: FLOW_ID,
    dstIa: to.ia,
    srcIa: ia,
    dstHost: to.host,
    srcHost: host,
    path: to.path,
    currInf: to.currInf,
    currHf: to.currHf,
    l4: L4,
    rest,
    wireLength: wireLengthOf(to.path, host, to.host, L4, rest.length),
  });
  counts.packets_sent++;
  counts.bytes_sent += packet.wireLength;
  if (to.ifId !== 0) beaconBytes.set(to.ifId, (beaconBytes.get(to.ifId) ?? 0) + packet.wireLength);
  env.sendPacket(node, packet, 0, 0);
}

/** The timer of a message: what is missing goes out again, or the message is given up. */
export function resend(control: ControlContext, { id }: RetransmitEvent, env: Env): void {
  const sending = control.outgoing.get(id);
  if (sending === undefined) return;
  const fragments = retransmit(sending);
  if (fragments === null) {
    control.outgoing.delete(id);
    control.counts.messages_given_up++;
    return;
  }
  control.counts.packets_resent += fragments.length;
  for (const fragment of fragments) sendPacket(control, sending.to, fragment, env);
  armRetransmission(sending, env);
}

/** The message that is whole with this packet; null: none is. */
export function receiveFragment(control: ControlContext, packet: Packet, env: Env): Uint8Array | null {
  const fragment = decodeFragment(packet.rest);
  if (fragment === null) {
    control.counts.messages_malformed++;
    return null;
  }
  if (fragment.kind === "ack") {
    receiveAck(control, fragment, packet, env);
    return null;
  }
  const sender = `${packet.srcIa},${packet.srcHost}`;
  const { ack, message, refused } = takeData(control.incoming, sender, fragment, env.now);
  if (refused) control.counts.messages_malformed++;
  if (ack !== null) sendPacket(control, backTo(packet), ack, env);
  if (message !== null) control.counts.messages_delivered++;
  return message;
}

/** To whoever sent a packet, by the way it came. */
export function backTo(packet: Packet, mtu = 0): Destination {
  return { ia: packet.srcIa, host: packet.srcHost, mtu, ifId: 0, ...wayBack(packet) };
}

/** Only the AS that a message goes to can say that it is there. */
function receiveAck(control: ControlContext, ack: Extract<Fragment, { kind: "ack" }>, packet: Packet, env: Env): void {
  const { outgoing } = control;
  const sending = outgoing.get(ack.id);
  if (sending === undefined || sending.to.ia !== packet.srcIa) return;
  const through = acknowledge(sending, ack);
  if (through) {
    if (sending.timers.retransmit !== undefined) env.cancel(sending.timers.retransmit);
    outgoing.delete(ack.id);
    return;
  }
  const fragments = takeFragments(sending);
  if (fragments.length === 0) return;
  for (const fragment of fragments) sendPacket(control, sending.to, fragment, env);
  armRetransmission(sending, env);
}

export function forgetMessages(control: ControlContext, env: Env): void {
  control.counts.messages_incomplete += forget(control.incoming, env.now);
}
