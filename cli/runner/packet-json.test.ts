/**
 * Packets as other stacks send them, put together here by hand from the specification (none of our encoding is used): each is
 * accepted, says what it should, and comes back byte for byte from its record and from its JSON.
 */
import test from "ava";
import { decodePacket, encodePacket } from "../../core/wire/codec.ts";
import { bytesOfJson, packetAsJson } from "./packet-json.ts";

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
const digits = (value: number, bytes: number): string => value.toString(16).padStart(2 * bytes, "0");

/** One's complement of the one's complement sum, as RFC 1071 writes it. */
function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  bytes.forEach((byte, at) => (sum += at % 2 === 0 ? byte * 256 : byte));
  while (sum > 0xffff) sum = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  return 0xffff - sum;
}

interface Parts {
  /** Version, TrafficClass and FlowID. */
  readonly first?: string;
  /** DT, DL, ST and SL. */
  readonly types?: string;
  readonly ias?: string;
  readonly hosts?: string;
  readonly pathType?: number;
  readonly path?: string;
  /** Extension headers; their last NextHdr is `protocol`. */
  readonly extensions?: string;
  readonly nextHdr?: number;
  readonly protocol: number;
  /** L4 with `xxxx` for the checksum. */
  readonly l4: string;
}

const IAS = "0001ff0000000111 0002ff0000000222".replace(" ", "");
const V4 = "0a000002 0a000001".replace(" ", "");
const V6 = "20010db8000000000000000000000068 20010db8000000000000000000000001".replace(" ", "");
/** pkg/slayers/path/scion/raw_test.go, rawPath. */
const PATH = `00002080 0000011100000100 0100022200000100 003f00010000010203040506 003f00030002010203040506
  003f00000002010203040506 003f00010000010203040506`.replaceAll(/\s/g, "");

function build({ first = "0b80dead", types = "00", ias = IAS, hosts = V4, ...rest }: Parts): Uint8Array {
  const { pathType = 0, path = "", extensions = "", protocol, l4 } = rest;
  const zeroed = l4.replaceAll(/\s/g, "").replace("xxxx", "0000");
  const upper = zeroed.length / 2;
  const pseudo = `${ias}${hosts}${digits(upper, 4)}000000${digits(protocol, 1)}${zeroed}`;
  const sum = digits(internetChecksum(bytesOf(pseudo)), 2);
  const behind = `${extensions}${l4.replaceAll(/\s/g, "").replace("xxxx", sum)}`.replaceAll(/\s/g, "");
  const headerLength = 12 + (ias.length + hosts.length + path.length) / 2;
  const lengths = `${digits(headerLength / 4, 1)}${digits(behind.length / 2, 2)}`;
  const nextHdr = digits(rest.nextHdr ?? protocol, 1);
  return bytesOf(`${first}${nextHdr}${lengths}${digits(pathType, 1)}${types}0000${ias}${hosts}${path}${behind}`);
}

const udp = (payload: string): string => `9c40 7918 ${digits(8 + payload.length / 2, 2)} xxxx ${payload}`;
const COUNTING = Array.from({ length: 1024 }, (_, at) => digits(at & 0xff, 1)).join("");
/** pkg/slayers/pkt_auth_test.go, with the SPI of a host-to-host key. */
const SPAO = "021c 00010001 00 00 060504030201 3136627974655f6d61635f666f6f6f6f".replaceAll(" ", "");
const IA_IF = "0001ff0000000111 0000000000000005".replace(" ", "");
const BFD = "20c00318 00000005 00000009 00030d40 00030d40 00000000".replaceAll(" ", "");
const ONE_HOP = "01000222 65000000 003f 0000 0005 010203040506 000000000000000000000000".replaceAll(" ", "");
const QUOTED = hexOf(build({ protocol: 17, pathType: 1, path: PATH, l4: udp(COUNTING) }));
const EPIC_PREFIX = "00000001 02000003 01020304 05060708".replaceAll(" ", "");
const LONGEST = `0003f000 0100000165000000 ${"003f0001000201020304050a".repeat(63)}`.replaceAll(" ", "");

const PACKETS: Readonly<Record<string, readonly [Parts, object]>> = {
  "UDP over an empty path from IPv4 to IPv6 (slayers, empty-udp.bin)": [
    {
      ias: `${IAS.slice(0, 16)}${IAS.slice(0, 16)}`,
      types: "30",
      hosts: `${V6.slice(0, 32)}0a000064`,
      protocol: 17,
      l4: `0500 0050 0408 xxxx ${COUNTING}`,
    },
    { hdrLen: 12, payloadLen: 1032, l4: { kind: "udp", srcPort: 1280, dstPort: 80, checksum: 0xb8e4 } },
  ],
  "UDP behind hop-by-hop options and a packet authenticator": [
    { protocol: 17, nextHdr: 200, extensions: `c9 01 01 04 00000000 11 07 ${SPAO}`, l4: udp("01020304") },
    { extensions: [{ type: "hop-by-hop" }, { type: "end-to-end", options: [{ authenticator: { spi: 0x1_0001 } }] }] },
  ],
  "UDP behind an end-to-end option that nobody has defined": [
    { protocol: 17, nextHdr: 201, extensions: "11 01 c8 03 aabbcc 00", l4: udp("") },
    { extensions: [{ type: "end-to-end", options: [{ type: 200, data: "aabbcc" }, { type: 0 }] }], payload: "" },
  ],
  "traceroute request with an alert, IPv6": [
    {
      types: "33",
      hosts: V6,
      pathType: 1,
      path: PATH.replace("003f00030002", "023f00030002"),
      protocol: 202,
      l4: `8200 xxxx 7530 0001 ${"00".repeat(16)}`,
    },
    {
      l4: { kind: "scmp.traceroute", reply: false, identifier: 30_000, sequence: 1, ia: "0-0", ifId: 0 },
      path: { hops: { 1: { ingressAlert: true, egressAlert: false } } },
    },
  ],
  "traceroute reply": [
    { pathType: 1, path: PATH, protocol: 202, l4: `8300 xxxx 7530 0001 ${IA_IF}` },
    { l4: { kind: "scmp.traceroute", reply: true, ia: "1-ff00:0:111", ifId: 5 } },
  ],
  "echo request with data of odd length": [
    { protocol: 202, l4: "8000 xxxx 002a 0539 68656c6c6f" },
    { l4: { kind: "scmp.echo", reply: false, identifier: 42, sequence: 1337 }, payload: "68656c6c6f" },
  ],
  "BFD on a OneHop path, as routers send it": [
    { pathType: 2, path: ONE_HOP, protocol: 203, l4: BFD },
    { path: { type: "one-hop", first: { consEgress: 5 } }, l4: { kind: "bfd", state: 3, detectMult: 3 } },
  ],
  "BFD over an empty path, between routers of one AS": [
    { types: "33", hosts: V6, protocol: 203, l4: BFD.replace("20c0", "2060") },
    { pathType: 0, l4: { kind: "bfd", state: 1, poll: true } },
  ],
  "EPIC with UDP": [
    { pathType: 3, path: `${EPIC_PREFIX}${PATH}`, protocol: 17, l4: udp("ff") },
    { path: { type: "epic", timestamp: 1, counter: 0x0200_0003, phvf: 0x0102_0304, lhvf: 0x0506_0708 } },
  ],
  "to a service, and to all its instances": [
    { types: "40", hosts: `00020000${V4.slice(8)}`, protocol: 17, l4: udp("00") },
    { dst: { host: "CS" } },
  ],
  "to the discovery service, multicast": [
    { types: "40", hosts: `80010000${V4.slice(8)}`, protocol: 17, l4: udp("00") },
    { dst: { host: "DS_M" } },
  ],
  "a service number that nobody has given": [
    { types: "40", hosts: `00050000${V4.slice(8)}`, protocol: 17, l4: udp("00") },
    { pathType: 0, protocol: 17 },
  ],
  "host types of 8 and 12 bytes": [
    { types: "9e", hosts: "0102030405060708 0102030405060708090a0b0c".replace(" ", ""), protocol: 17, l4: udp("00") },
    { hdrLen: 12, dst: { host: "<HOST:0x9:0102030405060708>" } },
  ],
  "IPv4 in IPv6's clothes": [
    { types: "30", hosts: `00000000000000000000ffff0a000001${V4.slice(8)}`, protocol: 17, l4: udp("00") },
    { dst: { host: "::ffff:10.0.0.1" } },
  ],
  "destination unreachable without a checksum (slayers, TestSCIONSCMP)": [
    { pathType: 1, path: PATH, protocol: 202, l4: `0106 0000 00000000 ${"ff".repeat(18)}` },
    { l4: { kind: "scmp.destination-unreachable", code: 6, checksum: 0 }, quote: null },
  ],
  "internal connectivity down without a checksum (slayers, TestSCIONSCMP)": [
    { pathType: 1, path: PATH, protocol: 202, l4: `0600 0000 ${IA_IF} 000000000000000f ${"ff".repeat(18)}` },
    { l4: { kind: "scmp.connectivity-down", ia: "1-ff00:0:111", ingress: 5, egress: 15, checksum: 0 } },
  ],
  "parameter problem with a quote cut at 1232 bytes in all": [
    { pathType: 1, path: PATH, protocol: 202, l4: `0433 xxxx 0000 0040 ${QUOTED.slice(0, 2 * (1232 - 112))}` },
    { l4: { kind: "scmp.parameter-problem", code: 51, pointer: 64 }, quote: { l4: { kind: "udp", srcPort: 40_000 } } },
  ],
  "packet too big with a quote cut within its header": [
    { protocol: 202, l4: `0200 xxxx 0000 057c ${QUOTED.slice(0, 61)}0` },
    { l4: { kind: "scmp.packet-too-big", mtu: 1404 }, quote: null },
  ],
  "an SCMP type of the experiments": [
    { protocol: 202, l4: "c801 xxxx 0102030405" },
    { l4: { kind: "scmp.other", type: 200, code: 1 }, payload: "0102030405" },
  ],
  TCP: [
    { protocol: 6, l4: "01bb 9c40 00000001 00000000 5002 ffff 1234 0000" },
    { protocol: 6, l4: null },
  ],
  "the longest path, 63 hop fields in one segment": [
    { pathType: 1, path: LONGEST, protocol: 17, l4: udp("00") },
    { hdrLen: (36 + 4 + 8 + 63 * 12) / 4, path: { segLens: [63, 0, 0] } },
  ],
  "alerts and reserved bits everywhere": [
    {
      pathType: 1,
      path: PATH.replace("00002080", "c0fc2080")
        .replace("003f00010000", "ff3f00010000")
        .replace("01000222", "ffff0222"),
      protocol: 17,
      l4: udp("00"),
    },
    { path: { currInf: 3, hops: { 0: { ingressAlert: true, egressAlert: true } } } },
  ],
};

for (const [name, [parts, expected]] of Object.entries(PACKETS)) {
  test(name, (t) => {
    const bytes = build(parts);
    const decoded = decodePacket(bytes);
    if (!decoded.ok) {
      t.fail(JSON.stringify(decoded.error));
      return;
    }
    const json = packetAsJson(decoded.value, bytes);
    t.like(json, expected);
    t.is(hexOf(encodePacket(decoded.value)), hexOf(bytes));
    const back = bytesOfJson(JSON.parse(JSON.stringify(json)));
    t.is(back.ok ? hexOf(back.value) : back.error, hexOf(bytes));
  });
}
