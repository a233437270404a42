/** Layouts as scionproto's own tests and the RFCs give them, byte for byte. */
import test from "ava";
import { createPacket, type Extensions, type L4, NO_FLOW, type Packet } from "../packet.ts";
import type { EpicPath, OneHopPath, PacketPath, ScionPath } from "../path.ts";
import { decodePacket, decodeQuote, encodePacket, wireLengthOf } from "./codec.ts";
import { decodeAuthenticator, encodeAuthenticator, layOut } from "./extensions.ts";

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

interface Parts {
  readonly path?: PacketPath;
  readonly l4?: L4;
  readonly extensions?: Extensions;
  readonly rest?: Uint8Array;
  readonly currInf?: number;
  readonly currHf?: number;
}

function packetOf({ path, l4, extensions, rest, currInf = 0, currHf = 0 }: Parts): Packet {
  const header = { dstIa: "1-ff00:0:112", srcIa: "1-ff00:0:110", dstHost: "172.16.4.2", srcHost: "174.16.4.1" };
  const [full, length] = [l4 ?? { kind: "other" as const, protocol: 254 }, rest?.length ?? 0];
  return createPacket({
    ...header,
    trafficClass: 0,
    flowId: 1,
    path: path ?? null,
    currInf,
    currHf,
    l4: full,
    flow: NO_FLOW,
    number: 0,
    sentAt: 0,
    payloadLength: length,
    rest: rest ?? null,
    extensions: extensions ?? null,
    wireLength: wireLengthOf(path ?? null, header.srcHost, header.dstHost, full, length, extensions ?? null),
  });
}

/** The packet comes back from its bytes; answers what stands behind its address header. */
function bytesBehindAddresses(packet: Packet): string {
  const bytes = encodePacket(packet);
  const decoded = decodePacket(bytes);
  if (!decoded.ok) throw new Error(`${decoded.error.layer} ${decoded.error.offset}: ${decoded.error.reason}`);
  if (toHex(encodePacket(decoded.value)) !== toHex(bytes)) throw new Error("the bytes come back changed");
  return toHex(bytes.subarray(36));
}

const info = (consDir: boolean, segId: number) => ({ consDir, peer: false, segId, timestamp: 0x100 });
const hop = (consIngress: number, consEgress: number, alert = false) => ({
  ingressAlert: alert,
  egressAlert: alert,
  expTime: 63,
  consIngress,
  consEgress,
  mac: 0x0102_0304_0506,
});

/** pkg/slayers/path/scion/raw_test.go, rawPath. */
const SCION: ScionPath = {
  kind: "scion",
  segLens: [2, 2, 0],
  infos: [info(false, 0x111), info(true, 0x222)],
  hops: [hop(1, 0), hop(3, 2), hop(0, 2), hop(1, 0)],
};
const SCION_HEX = `00002080 0000011100000100 0100022200000100 003f00010000010203040506
  003f00030002010203040506 003f00000002010203040506 003f00010000010203040506`.replaceAll(/\s/g, "");

test("EPIC: pkg/slayers/path/epic/epic_test.go, rawEpicPath", (t) => {
  const epic: EpicPath = {
    kind: "epic",
    timestamp: 1,
    counter: 0x0200_0003,
    phvf: 0x0102_0304,
    lhvf: 0x0506_0708,
    scion: SCION,
  };
  t.is(bytesBehindAddresses(packetOf({ path: SCION })), SCION_HEX);
  t.is(bytesBehindAddresses(packetOf({ path: epic })), `00000001020000030102030405060708${SCION_HEX}`);
  t.deepEqual(decodePacket(encodePacket(packetOf({ path: epic, currInf: 1, currHf: 2 }))), {
    ok: true,
    value: packetOf({ path: epic, currInf: 1, currHf: 2 }),
  });
});

test("OneHop: the path of pkg/slayers/path/onehop/onehop_test.go in the layout of onehop.go", (t) => {
  const path: OneHopPath = {
    kind: "one-hop",
    info: info(true, 0x222),
    first: hop(0, 1, true),
    second: hop(2, 0, true),
  };
  const hex = "0100022200000100033f00000001010203040506033f00020000010203040506";
  const packet = packetOf({ path });
  t.is(bytesBehindAddresses(packet), hex);
  t.is(packet.segId0, 0x222);
  t.is(bytesBehindAddresses({ ...packet, segId0: 0xbeef }), `0100beef${hex.slice(8)}`);
});

/** pkg/slayers/extn_test.go, after RFC 8200, Appendix A. */
const X = { type: 0x1e, data: fromHex("aaaaaaaabbbbbbbbbbbbbbbb"), align: [8, 2] as const };
const Y = { type: 0x3e, data: fromHex("11222244444444"), align: [4, 3] as const };
const XY = "1e0caaaaaaaabbbbbbbbbbbbbbbb0101003e0711222244444444";
const YX = "003e0711222244444444010400000000 1e0caaaaaaaabbbbbbbbbbbbbbbb".replace(" ", "");

test("extension headers: pkg/slayers/extn_test.go, options X and Y in either order", (t) => {
  const [xy, yx] = [layOut([X, Y]), layOut([Y, X])];
  t.is(bytesBehindAddresses(packetOf({ extensions: { hopByHop: xy, endToEnd: null } })), `fe06${XY}`);
  t.is(bytesBehindAddresses(packetOf({ extensions: { hopByHop: null, endToEnd: yx } })), `fe07${YX}`);
  t.is(bytesBehindAddresses(packetOf({ extensions: { hopByHop: xy, endToEnd: yx } })), `c906${XY}fe07${YX}`);
  t.deepEqual(
    xy.map(({ type, data }) => [type, data.length]),
    [
      [0x1e, 12],
      [1, 1],
      [0x3e, 7],
    ],
  );
});

test("final padding: pkg/slayers/extn_test.go, TestSerializeTLVOptionsWithFinalPadding", (t) => {
  const padded = ["7600", "7601ff010100", "7602ffff0100", "7603ffffff00", "7604ffffffff", "7605ffffffffff010100"];
  padded.forEach((hex, length) => {
    const options = layOut([{ type: 0x76, data: new Uint8Array(length).fill(0xff), align: [1, 0] }]);
    const extensions = { hopByHop: options, endToEnd: null };
    t.is(bytesBehindAddresses(packetOf({ extensions })).slice(4), hex, `${length} B`);
  });
});

test("padding in any form is kept", (t) => {
  for (const options of [
    "0000",
    "0100",
    "010400000000",
    "0104deadbeef",
    "000001020000",
    "02000100 0000".replace(" ", ""),
  ]) {
    const bytes = encodePacket(packetOf({ rest: fromHex(`fe0${options.length === 4 ? 0 : 1}${options}`) }));
    bytes[4] = 200;
    const decoded = decodePacket(bytes);
    t.true(decoded.ok, options);
    if (decoded.ok) t.is(toHex(encodePacket(decoded.value)), toHex(bytes), options);
  }
});

test("the order and number of extension headers: pkg/slayers/extn_test.go, TestExtnOrderDecode", (t) => {
  const [hbh, e2e] = [200, 201];
  const cases: [number[], string | null][] = [
    [[e2e], null],
    [[hbh], null],
    [[hbh, e2e], null],
    [[e2e, e2e], "a second end-to-end header follows"],
    [[hbh, hbh], "a second hop-by-hop header follows"],
    [[e2e, hbh], "a hop-by-hop header follows; it must come first"],
    [[hbh, e2e, e2e], "a second end-to-end header follows"],
    [[hbh, e2e, hbh], "a hop-by-hop header follows; it must come first"],
  ];
  for (const [headers, expected] of cases) {
    const rest = Uint8Array.from([...headers.slice(1), 254].flatMap((next) => [next, 0, 1, 0]));
    const bytes = encodePacket(packetOf({ rest }));
    bytes[4] = headers[0] ?? 0;
    const decoded = decodePacket(bytes);
    t.is(decoded.ok ? null : decoded.error.reason, expected, headers.join(" "));
  }
});

test("extension headers that reach too far are named with their place", (t) => {
  const cases: [string, number, string][] = [
    ["fe", 36, "expected 2 bytes of header, found 1"],
    ["fe010000", 37, "ExtLen says 8 bytes, the packet has 4"],
    ["fe000101", 38, "option of type 1 reaches beyond its header"],
    ["fe000002", 39, "option of type 2 reaches beyond its header"],
  ];
  for (const [hex, offset, reason] of cases) {
    const bytes = encodePacket(packetOf({ rest: fromHex(hex) }));
    bytes[4] = 200;
    t.deepEqual(decodePacket(bytes), { ok: false, error: { layer: "hop-by-hop", offset, reason } });
    bytes[4] = 201;
    t.deepEqual(decodePacket(bytes), { ok: false, error: { layer: "end-to-end", offset, reason } });
  }
  const odd = { hopByHop: [Y], endToEnd: null };
  t.throws(() => encodePacket(packetOf({ extensions: odd, rest: new Uint8Array(0) })), { message: /multiple of 4/ });
});

test("the authenticator option: pkg/slayers/pkt_auth_test.go, rawE2EOptAuth", (t) => {
  const fields = {
    spi: 0x0001_0001,
    algorithm: 1,
    timestamp: 0x0605_0403_0201,
    authenticator: new TextEncoder().encode("16byte_mac_foooo"),
  };
  const endToEnd = layOut([encodeAuthenticator(fields)]);
  const packet = packetOf({ extensions: { hopByHop: null, endToEnd }, l4: { kind: "other", protocol: 17 + 1 } });
  t.is(bytesBehindAddresses(packet), `1207021c0001000101000605040302013136627974655f6d61635f666f6f6f6f`);
  t.deepEqual(decodeAuthenticator(endToEnd[0] ?? X), {
    ...fields,
    authenticator: new Uint8Array(fields.authenticator),
  });
  t.is(decodeAuthenticator(X), null);
  t.is(decodeAuthenticator({ type: 2, data: new Uint8Array(11) }), null);
});

test("SCMP bodies: pkg/slayers/scmp_msg_test.go", (t) => {
  const IA = "1-ff00:0:111";
  const bodies: [L4, string, string][] = [
    [{ kind: "scmp.interface-down", ia: IA, ifId: 5 }, "0500", "0001ff00000001110000000000000005"],
    [
      { kind: "scmp.connectivity-down", ia: IA, ingress: 5, egress: 15 },
      "0600",
      "0001ff00000001110000000000000005000000000000000f",
    ],
    [{ kind: "scmp.echo", reply: false, identifier: 42, sequence: 1337 }, "8000", "002a0539"],
    [{ kind: "scmp.echo", reply: true, identifier: 42, sequence: 1337 }, "8100", "002a0539"],
    [{ kind: "scmp.parameter-problem", code: 51, pointer: 66 }, "0433", "00000042"],
    [
      { kind: "scmp.traceroute", reply: false, identifier: 42, sequence: 9, ia: IA, ifId: 5 },
      "8200",
      "002a00090001ff00000001110000000000000005",
    ],
    [
      { kind: "scmp.traceroute", reply: true, identifier: 42, sequence: 9, ia: IA, ifId: 5 },
      "8300",
      "002a00090001ff00000001110000000000000005",
    ],
    [{ kind: "scmp.destination-unreachable", code: 4 }, "0104", "00000000"],
    [{ kind: "scmp.packet-too-big", mtu: 1404 }, "0200", "0000057c"],
  ];
  for (const [l4, head, body] of bodies) {
    const packet = packetOf({ l4, rest: new Uint8Array(10).fill(0xff) });
    const hex = bytesBehindAddresses(packet);
    t.is(hex.slice(0, 4), head, l4.kind);
    t.is(hex.slice(8), `${body}${"ff".repeat(10)}`, l4.kind);
    t.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: packet }, l4.kind);
    const bare = encodePacket({ ...packet, rest: null, payloadLength: 0, wireLength: packet.wireLength - 10 });
    const short = bare.slice(0, -1);
    short[7] = short.length - 36;
    const reason = `expected ${bare.length - 36} bytes of type ${bare[36]}, found ${bare.length - 37}`;
    t.deepEqual(decodePacket(short), { ok: false, error: { layer: "scmp", offset: 36, reason } });
  }
});

test("SCMP's unused bytes are ignored and kept: scmp_msg_test.go, 'valid non-zero ignored'", (t) => {
  const packet = packetOf({ l4: { kind: "scmp.destination-unreachable", code: 0 } });
  const reserved = [40, 41, 42, 43].map((offset) => ({ offset, bits: 0xff }));
  const odd = { ...packet, irregular: { reserved, checksum: null } };
  const bytes = encodePacket(odd);
  t.is(toHex(bytes.subarray(40)), "ffffffff");
  t.deepEqual(decodePacket(bytes), { ok: true, value: odd });
});

/** Up, polling, with 200 ms both ways, as scionproto's routers set a session up; layout of RFC 5880, section 4.1. */
const BFD: L4 = {
  kind: "bfd",
  diagnostic: 3,
  state: 3,
  poll: true,
  final: false,
  controlPlaneIndependent: false,
  authenticationPresent: false,
  demand: false,
  multipoint: false,
  detectMult: 3,
  myDiscriminator: 0xdead_beef,
  yourDiscriminator: 7,
  desiredMinTx: 200_000,
  requiredMinRx: 200_000,
  requiredMinEchoRx: 0,
};

test("BFD: RFC 5880, section 4.1", (t) => {
  const packet = packetOf({ l4: BFD });
  t.is(bytesBehindAddresses(packet), "23e00318deadbeef0000000700030d4000030d4000000000");
  t.is(encodePacket(packet)[4], 203);
  const flags = ["multipoint", "demand", "authenticationPresent", "controlPlaneIndependent", "final"] as const;
  flags.forEach((flag, bit) => {
    t.is(encodePacket(packetOf({ l4: { ...BFD, [flag]: true } }))[37], 0xe0 | (1 << bit), flag);
  });
  const authenticated = packetOf({ l4: { ...BFD, authenticationPresent: true }, rest: fromHex("01040a61") });
  t.is(bytesBehindAddresses(authenticated).slice(0, 8), "23e4031c");
  t.deepEqual(decodePacket(encodePacket(authenticated)), { ok: true, value: authenticated });
  const long = packetOf({ l4: BFD, rest: new Uint8Array(232).fill(1) });
  t.throws(() => encodePacket(long), { message: /a BFD packet of 256 bytes/ });
});

test("BFD's faults are named with their place", (t) => {
  const bytes = encodePacket(packetOf({ l4: BFD }));
  const errorWith = (at: number, value: number): unknown => {
    const copy = bytes.slice();
    copy[at] = value;
    const decoded = decodePacket(copy);
    return decoded.ok ? null : decoded.error;
  };
  t.deepEqual(errorWith(36, 0x43), { layer: "bfd", offset: 36, reason: "version 2, expected 1" });
  t.deepEqual(errorWith(39, 23), { layer: "bfd", offset: 39, reason: "length says 23 bytes, the packet has 24" });
  const short = bytes.slice(0, -1);
  short[7] = 23;
  const reason = "expected 24 bytes of header, found 23";
  t.deepEqual(decodePacket(short), { ok: false, error: { layer: "bfd", offset: 36, reason } });
});

test("a protocol without a record of its own is all payload; one with a record is not", (t) => {
  for (const protocol of [0, 6, 59, 199, 204, 253, 255]) {
    const packet = packetOf({ l4: { kind: "other", protocol }, rest: fromHex("0102") });
    t.is(encodePacket(packet)[4], protocol);
    t.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: packet });
  }
  for (const protocol of [17, 200, 201, 202, 203]) {
    const packet = packetOf({ l4: { kind: "other", protocol } });
    t.throws(() => encodePacket(packet), { message: `protocol ${protocol} is not carried as "other"` });
  }
});

test("a quote tells whose packet it is as long as the L4 header is whole", (t) => {
  const l4: L4 = { kind: "udp", srcPort: 40_000, dstPort: 80 };
  const extensions = { hopByHop: null, endToEnd: layOut([Y]) };
  const bytes = encodePacket(packetOf({ path: SCION, l4, extensions, rest: new Uint8Array(100).fill(7) }));
  const l4End = bytes.length - 100;
  for (let length = 0; length <= bytes.length; length++) {
    const quote = decodeQuote(bytes.subarray(0, length));
    t.is(quote.ok, length >= l4End, `${length} B`);
    if (quote.ok) t.like(quote.value, { l4, srcIa: "1-ff00:0:110", srcHost: "174.16.4.1", dstIa: "1-ff00:0:112" });
  }
});
