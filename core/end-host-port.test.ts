/** Ports of deliveries, after scionproto's rules (section "Underlay and dispatch" of its documents). */
import test from "ava";
import { END_HOST_PORT, endHostPort } from "./end-host-port.ts";
import { createPacket, type L4, type Packet } from "./packet.ts";
import { encodePacket, wireLengthOf } from "./wire/codec.ts";

const RANGE = { min: 31_000, max: 32_767 };

function packetOf(l4: L4, rest: Uint8Array | null = null): Packet {
  const payloadLength = rest?.length ?? 0;
  return createPacket({
    path: null,
    currInf: 0,
    currHf: 0,
    trafficClass: 0,
    flowId: 1,
    dstIa: "1-1",
    srcIa: "1-2",
    dstHost: "10.0.0.1",
    srcHost: "10.0.0.2",
    l4,
    flow: -1,
    number: 0,
    sentAt: 0,
    payloadLength,
    rest,
    wireLength: wireLengthOf(null, "10.0.0.2", "10.0.0.1", l4, payloadLength),
  });
}

const udp = (srcPort: number, dstPort: number): L4 => ({ kind: "udp", srcPort, dstPort });
const echo = (reply: boolean, identifier: number): L4 => ({ kind: "scmp.echo", reply, identifier, sequence: 0 });
const trace = (reply: boolean, identifier: number): L4 => ({
  kind: "scmp.traceroute",
  reply,
  identifier,
  sequence: 0,
  ia: "1-1",
  ifId: 0,
});
const DOWN: L4 = { kind: "scmp.interface-down", ia: "1-9", ifId: 4 };
const errorAbout = (l4: L4, cut = 1_000): Packet => packetOf(DOWN, encodePacket(packetOf(l4)).subarray(0, cut));

test("UDP: its port within the dispatched range, 30041 outside it or without one", (t) => {
  const ports = [30_999, 31_000, 32_767, 32_768].map((port) => endHostPort(packetOf(udp(1, port)), RANGE));
  t.deepEqual(ports, [END_HOST_PORT, 31_000, 32_767, END_HOST_PORT]);
  t.is(endHostPort(packetOf(udp(1, 31_000)), null), END_HOST_PORT);
});

test("TCP's ports stand where UDP's do; without them there is no telling; other protocols go to 30041", (t) => {
  const other = (protocol: number, hex: string): number =>
    endHostPort(packetOf({ kind: "other", protocol }, new Uint8Array(Buffer.from(hex, "hex"))), RANGE);
  t.is(other(6, "01bb791800000001"), 31_000);
  t.is(other(6, "79180050"), END_HOST_PORT);
  t.is(other(6, "01bb79"), -1);
  t.is(endHostPort({ ...packetOf({ kind: "other", protocol: 6 }), payloadLength: 20 }, RANGE), END_HOST_PORT);
  t.is(other(253, "01bb791800000001"), END_HOST_PORT);
});

test("SCMP: requests to 30041, replies to their identifier", (t) => {
  for (const message of [echo, trace]) {
    t.is(endHostPort(packetOf(message(false, 31_005)), RANGE), END_HOST_PORT);
    t.is(endHostPort(packetOf(message(true, 31_005)), RANGE), 31_005);
    t.is(endHostPort(packetOf(message(true, 5)), RANGE), END_HOST_PORT);
  }
});

test("SCMP errors: to whoever sent the packet they quote, or nowhere", (t) => {
  t.is(endHostPort(errorAbout(udp(31_007, 9)), RANGE), 31_007);
  t.is(endHostPort(errorAbout(echo(false, 31_008)), RANGE), 31_008);
  t.is(endHostPort(errorAbout(trace(false, 31_009)), RANGE), 31_009);
  t.is(endHostPort(errorAbout(udp(9, 31_007)), RANGE), END_HOST_PORT);
  t.is(endHostPort(errorAbout(udp(0, 31_007)), RANGE), -1);
  t.is(endHostPort(errorAbout(echo(true, 31_008)), RANGE), -1);
  t.is(endHostPort(errorAbout(DOWN), RANGE), -1);
  t.is(endHostPort(errorAbout(udp(31_007, 9), 30), RANGE), -1);
  t.is(endHostPort(packetOf(DOWN), RANGE), -1);
  t.is(endHostPort(packetOf({ kind: "scmp.other", type: 100, code: 0 }), RANGE), -1);
  const quote = encodePacket(packetOf(udp(31_007, 9)));
  t.is(endHostPort(packetOf({ kind: "scmp.other", type: 100, code: 0 }, quote), RANGE), -1);
});
