/**
 * Carries the datagrams of programs outside over the network: one end takes them from a local UDP port, the other hands them on to the
 * program that answers, and back. Both ends are alike; what differs is whom they know outside (live/gateways.ts).
 *
 *   carrying    gateway.datagram: something came from outside, and leaves as a packet; packets become datagrams again
 *
 * Payload behind the payload header, big endian: u16 client (which of the programs at the entry), then the datagram. One state:
 * a gateway keeps nothing but counters and the way back.
 */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../../core/env.ts";
import { type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import { get16, put16 } from "../../core/wire/bytes.ts";
import { bytesOfHex } from "../record.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import {
  type Back,
  backOf,
  createDatagram,
  createSending,
  type FlowEnds,
  onClockSet,
  sendDatagram,
  type Sending,
  takeBack,
} from "./datagram.ts";
import { createTally, type Tally, tallyOwn } from "./tally.ts";

/** Bytes before the datagram, behind the payload header. */
export const CLIENT_BYTES = 2;

/** Where the datagrams of gateways go in a world that has an outside; resource `gateway/mail`. */
export interface GatewayMail {
  /** `gateway`: id of the actor. */
  deliver(gateway: string, client: number, bytes: Uint8Array): void;
}

/** From outside; hex, since records hold events as JSON. */
export interface GatewayDatagram extends ControlEvent {
  readonly type: "gateway.datagram";
  readonly client: number;
  readonly hex: string;
}

export interface GatewayInput {
  readonly ends: FlowEnds;
  /** Flow number of packets that come. */
  readonly inFlow: number;
  /** Longest payload of a packet. */
  readonly payloadLength: number;
  /** How answers find their way: where packets come with it, as at the exit; null at the entry, whose selector knows. */
  readonly answers: "reverse" | "select" | null;
  readonly measureFrom: Nanos;
}

export interface GatewayContext extends GatewayInput, Sending, Tally {
  back: Back | null;
  /** Bytes of datagrams handed on since `measureFrom`. */
  handedOn: number;
  /** Datagrams that do not fit a packet. */
  tooLong: number;
  /** Datagrams for which no way back is known. */
  unanswerable: number;
  malformed: number;
}

const gatewayMachine = setup({
  types: { context: {} as GatewayContext, events: {} as { type: "none" }, input: {} as GatewayInput },
}).createMachine({
  id: "gateway",
  context: ({ input }) => ({
    ...input,
    ...createSending(input.ends),
    ...createTally(input.measureFrom),
    back: null,
    handedOn: 0,
    tooLong: 0,
    unanswerable: 0,
    malformed: 0,
  }),
  initial: "carrying",
  states: { carrying: {} },
});

function onPacket(state: Present<GatewayContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const gateway = state.context;
  if (!tallyOwn(gateway, gateway.inFlow, packet, env, gateway.clock)) return;
  if (gateway.answers !== null) gateway.back = backOf(gateway.answers, packet, gateway.back);
  const length = packet.payloadLength - PAYLOAD_HEADER_BYTES - CLIENT_BYTES;
  if (length < 0) {
    gateway.malformed++;
    return;
  }
  if (env.now >= gateway.measureFrom) gateway.handedOn += length;
  const mail = env.resource("gateway/mail") as GatewayMail | undefined;
  if (mail === undefined) return;
  const whole = new Uint8Array(CLIENT_BYTES + length);
  if (packet.rest !== null) whole.set(packet.rest);
  mail.deliver(env.id, get16(whole, 0), whole.subarray(CLIENT_BYTES));
  return;
}

function onDatagram(state: Present<GatewayContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const gateway = state.context;
  const { client, hex } = event as GatewayDatagram;
  const bytes = bytesOfHex(hex) ?? new Uint8Array();
  const length = PAYLOAD_HEADER_BYTES + CLIENT_BYTES + bytes.length;
  if (length > gateway.payloadLength) {
    gateway.tooLong++;
    return;
  }
  if (gateway.answers === "reverse" && gateway.back === null) {
    gateway.unanswerable++;
    return;
  }
  const rest = new Uint8Array(CLIENT_BYTES + bytes.length);
  put16(rest, 0, client);
  rest.set(bytes, CLIENT_BYTES);
  sendDatagram(gateway, takeBack(createDatagram(gateway, length, rest, env), gateway.back), env);
  return;
}

export const gatewayLogic = withPacketHandler(gatewayMachine, onPacket, {
  "gateway.datagram": onDatagram,
  "clock.set": onClockSet,
});
