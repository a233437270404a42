/** Authenticated data as scionproto's pkg/spao/mac_test.go gives it, byte for byte, and the MAC over it. */
import test from "ava";
import { cmac } from "@noble/ciphers/aes.js";
import { createPacket, type Packet } from "./packet.ts";
import type { HopField, InfoField, PacketPath, ScionPath } from "./path.ts";
import { authenticatedBytes, isAuthentic } from "./spao.ts";
import { encodePacket, wireLengthOf } from "./wire/codec.ts";
import { encodeAuthenticator, layOut } from "./wire/extensions.ts";

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const KEY = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
const PAYLOAD = new TextEncoder().encode("some payload");
const OPTION = { spi: 1, algorithm: 0, timestamp: 0x0605_0403_0201 };
const SCMP = 202;

const hop = (consIngress: number, consEgress: number, ingressAlert: boolean, egressAlert: boolean): HopField => ({
  ingressAlert,
  egressAlert,
  expTime: 63,
  consIngress,
  consEgress,
  mac: 0x0102_0304_0506,
});
const info = (consDir: boolean, segId: number): InfoField => ({ consDir, peer: false, segId, timestamp: 0x03_0201 });
const HOPS = [hop(0, 1, false, true), hop(2, 3, true, true), hop(4, 0, true, false)] as const;
const DECODED: ScionPath = {
  kind: "scion",
  segLens: [1, 1, 1],
  infos: [info(false, 0xf001), info(false, 0xf002), info(true, 0xf003)],
  hops: HOPS,
};
const PATHS = {
  empty: null,
  decoded: DECODED,
  oneHop: { kind: "one-hop", info: info(false, 0xf001), first: HOPS[0], second: hop(2, 3, true, false) },
  epic: { kind: "epic", timestamp: 1, counter: 0x0200_0003, phvf: 0x0102_0304, lhvf: 0x0506_0708, scion: DECODED },
} as const satisfies Record<string, PacketPath | null>;

function packetOf(path: PacketPath | null, srcHost: string, dstHost: string): Packet {
  const l4 = { kind: "udp", srcPort: 1, dstPort: 2 } as const;
  return createPacket({
    trafficClass: 0xff,
    flowId: 0x1234,
    dstIa: "1-ff00:0:112",
    srcIa: "1-ff00:0:111",
    dstHost,
    srcHost,
    path,
    currInf: path === null || path.kind === "one-hop" ? 0 : 3,
    currHf: path === null || path.kind === "one-hop" ? 0 : 0x3b,
    l4,
    flow: -1,
    number: 0,
    sentAt: 0,
    payloadLength: PAYLOAD.length,
    rest: PAYLOAD,
    wireLength: wireLengthOf(path, srcHost, dstHost, l4, PAYLOAD.length),
  });
}

const ZEROED = `00001041 0000000000030201 0000000000030201 0100000000030201
  003f00000001010203040506 003f00020003010203040506 003f00040000010203040506`;

test("the MAC's input for each path type", (t) => {
  const cases: [PacketPath | null, string, string, string][] = [
    [PATHS.empty, "10.1.1.11", "10.1.1.12", "09ca000c 00000605 04030201 03f01234 00000000 0a01010b"],
    [
      PATHS.decoded,
      "2001:cafe::1",
      "CS",
      `1cca000c 00000605 04030201 03f01234 01430000 2001cafe000000000000000000000001 ${ZEROED}`,
    ],
    [
      PATHS.oneHop,
      "192.0.0.2",
      "192.0.0.1",
      `11ca000c 00000605 04030201 03f01234 02000000 c0000002
       0000000000030201 003f00000001010203040506 000000000000000000000000`,
    ],
    [
      PATHS.epic,
      "192.0.0.2",
      "192.0.0.1",
      `1dca000c 00000605 04030201 03f01234 03000000 c0000002 00000001020000030102030405060708 ${ZEROED}`,
    ],
  ];
  for (const [path, src, dst, expected] of cases) {
    const input = authenticatedBytes(packetOf(path, src, dst), OPTION, SCMP, PAYLOAD);
    t.is(hexOf(input), `${expected.replaceAll(/\s/g, "")}${hexOf(PAYLOAD)}`);
  }
});

test("the MAC of the empty path's input", (t) => {
  const input = authenticatedBytes(packetOf(null, "10.1.1.11", "10.1.1.12"), OPTION, SCMP, PAYLOAD);
  t.is(hexOf(cmac(input, KEY)), "6062d7f9d82fd411188497f38509c68e");
});

test("which addresses are in it hangs on the SPI", (t) => {
  const packet = packetOf(null, "10.1.1.11", "10.1.1.12");
  const [ias, dst, src] = ["0001ff00000001120001ff0000000111", "0a01010c", "0a01010b"];
  const addresses = (spi: number): string =>
    hexOf(authenticatedBytes(packet, { ...OPTION, spi }, SCMP, PAYLOAD).subarray(20)).slice(0, -2 * PAYLOAD.length);
  t.is(addresses(0x00001), src);
  t.is(addresses(0x10001), dst);
  t.is(addresses(0x20001), "");
  t.is(addresses(0x30001), "");
  t.is(addresses(0x1f_ffff), "");
  for (const spi of [0, 0x20_0000, 0xffff_ffff]) t.is(addresses(spi), `${ias}${dst}${src}`);
});

test("an authenticator stays right on its way, and not if what it protects is changed", (t) => {
  const l4 = { kind: "udp", srcPort: 1, dstPort: 2 } as const;
  const bare = packetOf(PATHS.decoded, "10.1.1.11", "10.1.1.12");
  const upper = encodePacket(bare).subarray(-8 - PAYLOAD.length);
  const signed = (authenticator: Uint8Array): Packet => {
    const extensions = { hopByHop: null, endToEnd: layOut([encodeAuthenticator({ ...OPTION, authenticator })]) };
    const { path, srcHost, dstHost } = bare;
    return { ...bare, extensions, wireLength: wireLengthOf(path, srcHost, dstHost, l4, PAYLOAD.length, extensions) };
  };
  const authenticator = cmac(authenticatedBytes(bare, OPTION, 17, upper), KEY);
  const option = { ...OPTION, authenticator };
  const packet = signed(authenticator);
  t.true(isAuthentic(packet, option, KEY));
  t.true(isAuthentic({ ...packet, currHf: 1, currInf: 1, segId1: 9, trafficClass: 0x3f }, option, KEY));
  t.false(isAuthentic({ ...packet, flowId: 5 }, option, KEY));
  t.false(isAuthentic({ ...packet, l4: { ...l4, dstPort: 3 } }, option, KEY));
  t.false(isAuthentic({ ...packet, rest: new TextEncoder().encode("Some payload") }, option, KEY));
  t.false(isAuthentic(packet, { ...option, authenticator: authenticator.subarray(0, 15) }, KEY));
  t.is(isAuthentic(packet, { ...option, algorithm: 1 }, KEY), null);
});
