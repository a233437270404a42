import test from "ava";
import { createPacket, NO_FLOW, type Packet } from "../packet.ts";
import type { ScionPath } from "../path.ts";
import { decodePacket, encodeInto, encodePacket, type WireError, wireLengthOf } from "./codec.ts";

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** UDP over the empty path with a payload header: flow 7, number 42. Checksums here were computed by other means. */
const UDP = fromHex(`
  0b812345 11090020 00000000
  0001ff0000000111 000100000000fc00 0a000002 0a000001
  75599c40 0020325b
  504c0100 00000007 0000002a 000462d53c8abac0 00000000`);

const UDP_PACKET = createPacket({
  trafficClass: 0xb8,
  flowId: 0x12345,
  dstIa: "1-ff00:0:111",
  srcIa: "1-64512",
  dstHost: "10.0.0.2",
  srcHost: "10.0.0.1",
  path: null,
  currInf: 0,
  currHf: 0,
  l4: { kind: "udp", srcPort: 30041, dstPort: 40000 },
  flow: 7,
  number: 42,
  sentAt: 1_234_567_890_123_456,
  payloadLength: 24,
  rest: null,
  wireLength: 68,
});

/** Echo request over two segments with every flag, to a service address, with an odd payload. */
const ECHO = fromHex(`
  00000001 ca1d000b 01430000
  ffffffffffffffff 0000000000000000 00020000 20010db8000000000000000000000068
  42002080
  02000111 6553f100 0300beef ffffffff
  013f00000029 2ce9580ad14e 00ff00070000 ffffffffffff 02000009ffff 010203040506 030100010000 000000000008
  8000da53 7777002a
  0011ff`);

const ECHO_PATH: ScionPath = {
  kind: "scion",
  segLens: [2, 2, 0],
  infos: [
    { consDir: false, peer: true, segId: 0x111, timestamp: 1_700_000_000 },
    { consDir: true, peer: true, segId: 0xbeef, timestamp: 0xffff_ffff },
  ],
  hops: [
    { ingressAlert: false, egressAlert: true, expTime: 63, consIngress: 0, consEgress: 41, mac: 0x2ce9_580a_d14e },
    { ingressAlert: false, egressAlert: false, expTime: 255, consIngress: 7, consEgress: 0, mac: 0xffff_ffff_ffff },
    { ingressAlert: true, egressAlert: false, expTime: 0, consIngress: 9, consEgress: 65_535, mac: 0x0102_0304_0506 },
    { ingressAlert: true, egressAlert: true, expTime: 1, consIngress: 1, consEgress: 0, mac: 8 },
  ],
};

const ECHO_PACKET = createPacket({
  trafficClass: 0,
  flowId: 1,
  dstIa: "65535-ffff:ffff:ffff",
  srcIa: "0-0",
  dstHost: "CS",
  srcHost: "2001:db8::68",
  path: ECHO_PATH,
  currInf: 1,
  currHf: 2,
  l4: { kind: "scmp.echo", reply: false, identifier: 0x7777, sequence: 42 },
  flow: NO_FLOW,
  number: 0,
  sentAt: 0,
  payloadLength: 3,
  rest: new Uint8Array([0x00, 0x11, 0xff]),
  wireLength: 127,
});

/** Interface down, from IPv6 to a multicast service, quoting the first 40 bytes of the echo request. */
const INTERFACE_DOWN = fromHex(`
  0000dead ca0c003c 00340000
  0001000000000002 0001000000000003 00000000000000000000000000000001 80010000
  05007fa3 0002ff0000000222 000000000000ffff ${toHex(ECHO.subarray(0, 40))}`);

const INTERFACE_DOWN_PACKET = createPacket({
  trafficClass: 0,
  flowId: 0xdead,
  dstIa: "1-2",
  srcIa: "1-3",
  dstHost: "::1",
  srcHost: "DS_M",
  path: null,
  currInf: 0,
  currHf: 0,
  l4: { kind: "scmp.interface-down", ia: "2-ff00:0:222", ifId: 65_535 },
  flow: NO_FLOW,
  number: 0,
  sentAt: 0,
  payloadLength: 40,
  rest: ECHO.slice(0, 40),
  wireLength: 108,
});

/** A traceroute request with four bytes behind it. */
const TRACEROUTE = fromHex(`
  00000000 ca09001c 00000000
  0001000000000002 0001000000000003 01020304 05060708
  820060f0 00010002 0000000000000000 0000000000000000 0a0b0200`);

const TRACEROUTE_PACKET = createPacket({
  trafficClass: 0,
  flowId: 0,
  dstIa: "1-2",
  srcIa: "1-3",
  dstHost: "1.2.3.4",
  srcHost: "5.6.7.8",
  path: null,
  currInf: 0,
  currHf: 0,
  l4: { kind: "scmp.traceroute", reply: false, identifier: 1, sequence: 2, ia: "0-0", ifId: 0 },
  flow: NO_FLOW,
  number: 0,
  sentAt: 0,
  payloadLength: 4,
  rest: new Uint8Array([0x0a, 0x0b, 0x02, 0x00]),
  wireLength: 64,
});

const KNOWN: [string, Uint8Array, Packet][] = [
  ["udp", UDP, UDP_PACKET],
  ["echo", ECHO, ECHO_PACKET],
  ["interface down", INTERFACE_DOWN, INTERFACE_DOWN_PACKET],
  ["traceroute", TRACEROUTE, TRACEROUTE_PACKET],
];

/** The bytes with the checksum that decoding says they should have. */
function recomputed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const expected = /expected (\d+)$/.exec(errorAfter(bytes, 0)?.reason ?? "")?.[1];
  const at = errorAfter(bytes, 0)?.offset;
  if (expected === undefined || at === undefined) return copy;
  copy.set([Number(expected) >>> 8, Number(expected) & 0xff], at);
  return copy;
}

/** What decoding says of `bytes` with some of them written over; null where it accepts them. */
function errorAfter(bytes: Uint8Array, at: number, ...values: number[]): WireError | null {
  const copy = bytes.slice();
  copy.set(values, at);
  const result = decodePacket(copy);
  return result.ok ? null : result.error;
}

test("known packets decode to their records and encode to their bytes", (t) => {
  for (const [name, bytes, packet] of KNOWN) {
    t.deepEqual(decodePacket(bytes), { ok: true, value: packet }, name);
    t.is(toHex(encodePacket(packet)), toHex(bytes), name);
    t.is(
      wireLengthOf(packet.path, packet.srcHost, packet.dstHost, packet.l4, packet.payloadLength),
      bytes.length,
      name,
    );
  }
});

test("a packet is written anywhere into a buffer, over whatever was there, and nothing else is touched", (t) => {
  for (const [name, bytes, packet] of KNOWN) {
    const buffer = new Uint8Array(bytes.length + 10).fill(0xaa);
    t.is(encodeInto(packet, buffer, 3), bytes.length, name);
    t.is(toHex(buffer), `aaaaaa${toHex(bytes)}aaaaaaaaaaaaaa`, name);
  }
});

test("records share no memory with the bytes they came from", (t) => {
  const bytes = ECHO.slice();
  const decoded = decodePacket(bytes);
  bytes.fill(0);
  t.deepEqual(decoded, { ok: true, value: ECHO_PACKET });
  const fromBuffer = decodePacket(Buffer.from(ECHO));
  t.deepEqual(fromBuffer, { ok: true, value: ECHO_PACKET }, "a Buffer's bytes come as a plain Uint8Array");
});

test("the common header's faults are named with their place", (t) => {
  const layer = "common header";
  t.deepEqual(decodePacket(new Uint8Array(11)), {
    ok: false,
    error: { layer, offset: 11, reason: "expected 12 bytes, found 11" },
  });
  t.deepEqual(errorAfter(UDP, 0, 0x1b), { layer, offset: 0, reason: "version 1 is unknown, expected 0" });
  t.deepEqual(errorAfter(UDP, 5, 8), {
    layer,
    offset: 5,
    reason: "HdrLen says 32 bytes, the address header ends at 36",
  });
  t.deepEqual(errorAfter(UDP, 5, 18), { layer, offset: 5, reason: "HdrLen says 72 bytes, the packet has 68" });
  t.deepEqual(errorAfter(UDP, 6, 0, 31), { layer, offset: 6, reason: "PayloadLen says 31 bytes, the packet has 32" });
  t.deepEqual(errorAfter(UDP, 6, 0, 33), { layer, offset: 6, reason: "PayloadLen says 33 bytes, the packet has 32" });
});

test("host types that nobody has defined, and hosts that routers refuse, are carried", (t) => {
  const changed: [string, Uint8Array, number, number[]][] = [
    ["<HOST:0x8:0a000002>", UDP, 9, [0x80]],
    ["<HOST:0x4:00020100>", ECHO, 30, [1]],
  ];
  for (const [dstHost, bytes, at, values] of changed) {
    const copy = bytes.slice();
    copy.set(values, at);
    const decoded = decodePacket(recomputed(copy));
    t.like(decoded, { ok: true, value: { dstHost } });
    if (decoded.ok) t.is(toHex(encodePacket(decoded.value)), toHex(recomputed(copy)));
  }
  const mapped = ECHO.slice();
  mapped.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4], 32);
  t.like(decodePacket(recomputed(mapped)), { ok: true, value: { srcHost: "::ffff:1.2.3.4" } });
});

test("a path's faults are named with their place", (t) => {
  const layer = "path";
  t.deepEqual(errorAfter(UDP, 8, 2), { layer, offset: 36, reason: "a one-hop path of 0 bytes, expected 32" });
  t.deepEqual(errorAfter(ECHO, 8, 2), { layer, offset: 48, reason: "a one-hop path of 68 bytes, expected 32" });
  t.deepEqual(errorAfter(UDP, 8, 3), { layer, offset: 36, reason: "expected 16 bytes before EPIC's path, found 0" });
  t.deepEqual(errorAfter(UDP, 8, 4), { layer, offset: 8, reason: "path type 4 is unknown" });
  t.deepEqual(errorAfter(UDP, 8, 1), { layer, offset: 36, reason: "expected 4 bytes of meta header, found 0" });
  t.deepEqual(errorAfter(ECHO, 8, 0), { layer, offset: 48, reason: "an empty path of 68 bytes" });
  t.deepEqual(errorAfter(ECHO, 49, 0x00, 0x00, 0x80), {
    layer,
    offset: 49,
    reason: "segment lengths 0, 2, 0: a segment follows an empty one",
  });
  t.deepEqual(errorAfter(ECHO, 49, 0x00, 0x20, 0x40), {
    layer,
    offset: 48,
    reason: "the segments take 56 bytes, the header leaves 68 to the path",
  });
  t.deepEqual(errorAfter(ECHO, 49, 0x00, 0x20, 0x00), {
    layer,
    offset: 48,
    reason: "the segments take 36 bytes, the header leaves 68 to the path",
  });
  t.deepEqual(errorAfter(ECHO, 49, 0x02, 0x00, 0x01), {
    layer,
    offset: 49,
    reason: "segment lengths 32, 0, 1: a segment follows an empty one",
  });
  t.deepEqual(errorAfter(ECHO, 49, 0x02, 0x08, 0x01), {
    layer,
    offset: 49,
    reason: "65 hop fields, at most 64 are allowed",
  });
});

test("reserved bits are kept: they are ignored, and come back", (t) => {
  const set: [number, number][] = [
    [10, 0x01],
    [11, 0x80],
    [49, 0xfc],
    [52, 0x04],
    [61, 0x01],
    [68, 0x80],
    [104, 0x04],
  ];
  const all = ECHO.slice();
  for (const [offset, bits] of set) {
    const bytes = ECHO.slice();
    bytes[offset] = (bytes[offset] ?? 0) | bits;
    all[offset] = (all[offset] ?? 0) | bits;
    const irregular = { reserved: [{ offset, bits }], checksum: null };
    t.deepEqual(decodePacket(bytes), { ok: true, value: { ...ECHO_PACKET, irregular } });
    t.is(toHex(encodePacket({ ...ECHO_PACKET, irregular })), toHex(bytes));
  }
  const irregular = { reserved: set.map(([offset, bits]) => ({ offset, bits })), checksum: null };
  t.deepEqual(decodePacket(all), { ok: true, value: { ...ECHO_PACKET, irregular } });
  const beyond = { reserved: [{ offset: ECHO.length, bits: 1 }], checksum: null };
  t.throws(() => encodePacket({ ...ECHO_PACKET, irregular: beyond }), { message: /reserved bits at 127 of a packet/ });
});

test("pointers beyond the path pass: routers judge them", (t) => {
  const bytes = ECHO.slice();
  bytes[48] = 0xff;
  const decoded = decodePacket(bytes);
  t.deepEqual(decoded, { ok: true, value: { ...ECHO_PACKET, currInf: 3, currHf: 63 } });
  t.is(toHex(encodePacket({ ...ECHO_PACKET, currInf: 3, currHf: 63 })), toHex(bytes));
});

test("a path may have 64 hop fields, and none", (t) => {
  const [hop] = ECHO_PATH.hops;
  const [info] = ECHO_PATH.infos;
  if (hop === undefined || info === undefined) throw new Error("the path has fields");
  const longest: ScionPath = {
    kind: "scion",
    segLens: [63, 1, 0],
    infos: [info, info],
    hops: Array.from({ length: 64 }, () => hop),
  };
  const none: ScionPath = { kind: "scion", segLens: [0, 0, 0], infos: [], hops: [] };
  for (const path of [longest, none]) {
    const wireLength = wireLengthOf(path, "CS", "2001:db8::68", ECHO_PACKET.l4, 3);
    const packet = createPacket({ ...ECHO_PACKET, path, wireLength });
    t.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: packet });
  }
});

test("L4's faults are named with their place", (t) => {
  t.deepEqual(errorAfter(UDP, 40, 0, 31), {
    layer: "udp",
    offset: 40,
    reason: "length says 31 bytes, the packet has 32",
  });
  t.deepEqual(errorAfter(UDP.slice(0, 43), 6, 0, 7), {
    layer: "udp",
    offset: 36,
    reason: "expected 8 bytes of header, found 7",
  });
  t.deepEqual(errorAfter(TRACEROUTE.slice(0, 39), 6, 0, 3), {
    layer: "scmp",
    offset: 36,
    reason: "expected 4 bytes of header, found 3",
  });
  t.deepEqual(errorAfter(ECHO.slice(0, 123), 6, 0, 7), {
    layer: "scmp",
    offset: 116,
    reason: "expected 8 bytes of type 128, found 7",
  });
  t.deepEqual(errorAfter(INTERFACE_DOWN.slice(0, 67), 6, 0, 19), {
    layer: "scmp",
    offset: 48,
    reason: "expected 20 bytes of type 5, found 19",
  });
});

test("a wrong checksum is refused; none at all and the other zero of one's complement are kept", (t) => {
  t.deepEqual(errorAfter(UDP, 43, 0x5c), {
    layer: "udp",
    offset: 42,
    reason: "checksum 12892 is wrong, expected 12891",
  });
  t.deepEqual(errorAfter(ECHO, 118, 0xda, 0x54), {
    layer: "scmp",
    offset: 118,
    reason: "checksum 55892 is wrong, expected 55891",
  });
  const none = ECHO.slice();
  none.fill(0, 118, 120);
  const withNone = { ...ECHO_PACKET, irregular: { reserved: [], checksum: 0 as const } };
  t.deepEqual(decodePacket(none), { ok: true, value: withNone });
  t.is(toHex(encodePacket(withNone)), toHex(none));
  const bytes = encodePacket(zeroChecksum());
  t.is(toHex(bytes.subarray(42, 44)), "0000");
  t.deepEqual(decodePacket(bytes), { ok: true, value: zeroChecksum() });
  bytes.fill(0xff, 42, 44);
  const otherZero = { ...zeroChecksum(), irregular: { reserved: [], checksum: 0xffff as const } };
  t.deepEqual(decodePacket(bytes), { ok: true, value: otherZero });
  t.is(toHex(encodePacket(otherZero)), toHex(bytes));
  t.deepEqual(errorAfter(UDP, 42, 0xff, 0xff), {
    layer: "udp",
    offset: 42,
    reason: "checksum 65535 is wrong, expected 12891",
  });
});

/** The UDP packet with a source port that makes its checksum zero. */
function zeroChecksum(): Packet {
  return { ...UDP_PACKET, l4: { kind: "udp", srcPort: 30041 + 0x325b, dstPort: 40000 } };
}

test("SCMP messages that their type's record cannot hold are carried as they are", (t) => {
  const rest = new Uint8Array(28).fill(0x7f);
  for (const type of [2, 5, 6, 128, 129, 130, 131]) {
    const l4 = { kind: "scmp.other", type, code: 1 } as const;
    const packet = { ...TRACEROUTE_PACKET, l4, rest, payloadLength: 28, wireLength: 68 };
    t.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: packet }, `type ${type}, code 1`);
  }
  for (const type of [5, 6, 130, 131]) {
    const l4 = { kind: "scmp.other", type, code: 0 } as const;
    const packet = { ...TRACEROUTE_PACKET, l4, rest, payloadLength: 28, wireLength: 68 };
    t.deepEqual(
      decodePacket(encodePacket(packet)),
      { ok: true, value: packet },
      `type ${type}, interface beyond 2^53-1`,
    );
  }
});

test("what is no payload header is payload", (t) => {
  const rest = new Uint8Array(24);
  rest.set(UDP.subarray(44));
  const headerless = { ...UDP_PACKET, flow: NO_FLOW, number: 0, sentAt: 0 };
  for (const at of [0, 1, 2, 3, 12]) {
    const changed = rest.slice();
    changed[at] = 0xff; // magic, version, zero byte, a time beyond 2^53-1
    const packet = { ...headerless, rest: changed };
    t.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: packet }, `byte ${at}`);
  }
  const short = { ...headerless, payloadLength: 19, wireLength: 63, rest: rest.slice(0, 19) };
  t.deepEqual(decodePacket(encodePacket(short)), { ok: true, value: short });
  const zeros = { ...headerless, rest: null };
  t.deepEqual(decodePacket(encodePacket(zeros)), { ok: true, value: zeros });
  const inTraceroute = { ...TRACEROUTE_PACKET, payloadLength: 24, wireLength: 84, rest };
  t.deepEqual(decodePacket(encodePacket(inTraceroute)), { ok: true, value: inTraceroute });
});

test("what follows the payload header is kept unless it is all zero", (t) => {
  const packet = { ...UDP_PACKET, rest: new Uint8Array([0, 0, 0, 1]) };
  t.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: packet });
  const bare = { ...UDP_PACKET, payloadLength: 20, wireLength: 64 };
  t.deepEqual(decodePacket(encodePacket(bare)), { ok: true, value: bare });
});

test("records that contradict themselves are bugs", (t) => {
  const bugs: [string, Partial<Packet>, RegExp][] = [
    ["length", { wireLength: 67 }, /wireLength 67 of a packet of 68 bytes/],
    ["length", { wireLength: 69 }, /wireLength 69 of a packet of 68 bytes/],
    ["too long", { payloadLength: 65_528, wireLength: 65_572 }, /65536 bytes after the header are too many/],
    ["rest", { rest: new Uint8Array(5) }, /5 bytes of payload where 4 are announced/],
    ["room", { payloadLength: 19, wireLength: 63 }, /no room for a payload header in 19 bytes/],
    ["flow", { flow: 0x1_0000_0000 }, /flow 4294967296 does not fit 32 bits/],
    ["number", { number: -1 }, /packet number -1 does not fit 32 bits/],
    ["time", { sentAt: 0.5 }, /time of sending 0.5 is no whole number/],
    ["kind", { l4: { kind: "scmp.other", type: 1, code: 0 }, wireLength: 64 }, /scmp.other carries no payload header/],
    ["host", { srcHost: "localhost" }, /not a host address: "localhost"/],
    ["ia", { srcIa: "1" }, /not an ISD-AS number: "1"/],
  ];
  for (const [name, change, message] of bugs) {
    t.throws(() => encodePacket({ ...UDP_PACKET, ...change }), { instanceOf: RangeError, message }, name);
  }
  t.throws(() => encodeInto(UDP_PACKET, new Uint8Array(70), 3), { message: /no room for 68 bytes in 67/ });
  const path: ScionPath = { ...ECHO_PATH, segLens: [2, 1, 0] };
  const message = /segment lengths 2, 1, 0 do not agree with 2 info fields and 4 hop fields/;
  t.throws(() => encodePacket({ ...ECHO_PACKET, path }), { message });
});

test("a path and an empty path take the bytes they should", (t) => {
  t.is(wireLengthOf(null, "1.2.3.4", "1.2.3.4", UDP_PACKET.l4, 0), 12 + 16 + 8 + 8);
  t.is(wireLengthOf(ECHO_PATH, "::1", "CS", ECHO_PACKET.l4, 100), 12 + 16 + 20 + (4 + 2 * 8 + 4 * 12) + 8 + 100);
  t.is(wireLengthOf(null, "1.2.3.4", "::1", INTERFACE_DOWN_PACKET.l4, 0), 12 + 16 + 20 + 20);
});
