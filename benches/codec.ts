/** Packets between record and bytes: UDP with 100 bytes of payload over the paths that real networks have, 2 to 7 hop fields. */
import { hashBytes, hexHash } from "../core/digest.ts";
import { createPacket, type L4, type Packet } from "../core/packet.ts";
import type { HopField, InfoField, ScionPath } from "../core/path.ts";
import { decodePacket, encodeInto, encodePacket, wireLengthOf } from "../core/wire/codec.ts";
import { type Bench, type BenchResult, measure, peakRssMb } from "./bench.ts";

/** Hop fields of each segment. */
const SEGMENTS: readonly (readonly [number, number, number])[] = [
  [2, 0, 0],
  [2, 2, 0],
  [3, 2, 0],
  [2, 2, 2],
  [2, 3, 2],
];

/** More packets than a branch predictor learns by heart. */
const PACKETS = 1024;
const PAYLOAD_BYTES = 100;

const info = (inf: number): InfoField => ({
  consDir: inf > 0,
  peer: false,
  segId: 0x1111 * inf,
  timestamp: 1_700_000_000,
});
const hop = (hf: number): HopField => ({
  ingressAlert: false,
  egressAlert: false,
  expTime: 63,
  consIngress: hf,
  consEgress: hf + 1,
  mac: 0x0102_0304_0506 * (hf + 1),
});

function packetOf(number: number): Packet {
  const segLens = SEGMENTS[number % SEGMENTS.length] as (typeof SEGMENTS)[number];
  const path: ScionPath = {
    kind: "scion",
    segLens,
    infos: segLens.filter((length) => length > 0).map((_, inf) => info(inf)),
    hops: Array.from({ length: segLens[0] + segLens[1] + segLens[2] }, (_, hf) => hop(hf)),
  };
  const l4: L4 = { kind: "udp", srcPort: 31_000 + number, dstPort: 443 };
  const [srcHost, dstHost] = [`10.0.${number >> 8}.${number & 0xff}`, number % 2 === 0 ? "10.1.2.3" : "2001:db8::68"];
  return createPacket({
    trafficClass: 0,
    flowId: number,
    dstIa: "1-ff00:0:110",
    srcIa: `2-ff00:0:${(0x200 + (number % 50)).toString(16)}`,
    dstHost,
    srcHost,
    path,
    currInf: 0,
    currHf: 0,
    l4,
    flow: 7,
    number,
    sentAt: 1_000_000 * number,
    payloadLength: PAYLOAD_BYTES,
    rest: new Uint8Array(PAYLOAD_BYTES - 20).fill(number),
    wireLength: wireLengthOf(path, srcHost, dstHost, l4, PAYLOAD_BYTES),
  });
}

function run(rounds: number): BenchResult {
  const packets = Array.from({ length: PACKETS }, (_, number) => packetOf(number));
  const datagrams = packets.map(encodePacket);
  const hashes: string[] = [];
  const decoding = measure(() => {
    let sum = 0;
    for (let round = 0; round < rounds; round++) {
      for (const datagram of datagrams) {
        const decoded = decodePacket(datagram);
        if (!decoded.ok) throw new Error(decoded.error.reason);
        sum += decoded.value.number + decoded.value.wireLength;
      }
    }
    return sum;
  });
  const buffer = new Uint8Array(2048);
  const encoding = measure(() => {
    let sum = 0;
    for (let round = 0; round < rounds; round++) for (const packet of packets) sum += encodeInto(packet, buffer, 0);
    return sum;
  });
  for (const datagram of datagrams) {
    const decoded = decodePacket(datagram);
    if (decoded.ok) hashes.push(hexHash(hashBytes(encodePacket(decoded.value))));
  }
  const count = rounds * PACKETS;
  const perSecond = (seconds: number): number => Math.round(count / seconds);
  return {
    name: "codec",
    rate: count / Math.max(decoding.wall_s, encoding.wall_s),
    unit: "packets/s",
    hash: hexHash(hashBytes(new TextEncoder().encode(`${decoding.value} ${encoding.value} ${hashes.join()}`))),
    wall_s: decoding.wall_s + encoding.wall_s,
    cpu_s: decoding.cpu_s + encoding.cpu_s,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: { decode_per_s: perSecond(decoding.wall_s), encode_per_s: perSecond(encoding.wall_s) },
  };
}

export const codecBench: Bench = {
  name: "codec",
  about: "decode and encode of typical UDP packets, 4,000,000 each (small: 2,048); the rate is the slower of the two",
  run: (size) => run(size === "large" ? 3906 : 2),
};
