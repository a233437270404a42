import test from "ava";
import fc from "fast-check";
import { formatIA, HOST_TYPE, hostFromBytes, hostLength, MAX_AS } from "../address.ts";
import { createPacket, type Extensions, type L4, NO_FLOW, type Packet } from "../packet.ts";
import {
  type EpicPath,
  type HopField,
  type InfoField,
  type OneHopPath,
  type PacketPath,
  type ScionPath,
  scionPathOf,
} from "../path.ts";
import { decodePacket, decodeQuote, encodePacket, wireLengthOf } from "./codec.ts";
import { layOut, type UnplacedOption } from "./extensions.ts";

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff));
const u48 = fc.oneof(
  fc.maxSafeInteger().map((n) => Math.abs(n) % (MAX_AS + 1)),
  fc.constantFrom(0, 0xffff_ffff, MAX_AS),
);
const u53 = fc.oneof(fc.maxSafeInteger().map(Math.abs), fc.constantFrom(0, 0xffff_ffff, Number.MAX_SAFE_INTEGER));

const ia = fc.tuple(u16, u48).map(([isd, as]) => formatIA(isd, as));

const host = fc
  .tuple(
    fc.oneof(fc.constantFrom<number>(...Object.values(HOST_TYPE)), fc.nat(15)),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  )
  .map(([type, random]) => {
    const bytes = random.slice(0, hostLength(type));
    if (type === HOST_TYPE.svc && (bytes[0] ?? 0) % 2 === 0) bytes.fill(0, 2);
    return hostFromBytes(type, bytes, 0);
  });

const info: fc.Arbitrary<InfoField> = fc.record(
  { consDir: fc.boolean(), peer: fc.boolean(), segId: u16, timestamp: u32 },
  { noNullPrototype: true },
);

const hop: fc.Arbitrary<HopField> = fc.record(
  { ingressAlert: fc.boolean(), egressAlert: fc.boolean(), expTime: u8, consIngress: u16, consEgress: u16, mac: u48 },
  { noNullPrototype: true },
);

/** At most 64 hop fields, in segments of any length. */
const segLens = fc
  .oneof(
    fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
    fc.constantFrom([63, 1], [1, 63], [21, 21, 22], [63]),
  )
  .map(([first = 0, second = 0, third = 0]): [number, number, number] => [first, second, third]);

const scionPath: fc.Arbitrary<ScionPath> = segLens.chain((segLens) => {
  const numInfos = segLens.filter((length) => length > 0).length;
  const numHops = segLens[0] + segLens[1] + segLens[2];
  return fc.record(
    {
      kind: fc.constant("scion" as const),
      segLens: fc.constant(segLens),
      infos: fc.array(info, { minLength: numInfos, maxLength: numInfos }),
      hops: fc.array(hop, { minLength: numHops, maxLength: numHops, size: "max" }),
    },
    { noNullPrototype: true },
  );
});

const oneHopPath: fc.Arbitrary<OneHopPath> = fc.record(
  { kind: fc.constant("one-hop" as const), info, first: hop, second: hop },
  { noNullPrototype: true },
);

/** EPIC's prefix leaves less room: a header has at most 1020 bytes. */
const epicPath: fc.Arbitrary<EpicPath> = fc.record(
  {
    kind: fc.constant("epic" as const),
    timestamp: u32,
    counter: u32,
    phvf: u32,
    lhvf: u32,
    scion: scionPath.filter(({ hops }) => hops.length <= 63),
  },
  { noNullPrototype: true },
);

/** A path with pointers that may lead anywhere; those of OneHop and Empty are 0. */
const way: fc.Arbitrary<readonly [PacketPath | null, number, number]> = fc.oneof(
  fc.constant([null, 0, 0] as const),
  oneHopPath.map((path) => [path, 0, 0] as const),
  fc.tuple(fc.oneof(scionPath, epicPath), fc.nat(3), fc.nat(63)),
);

const option: fc.Arbitrary<UnplacedOption> = fc
  .tuple(fc.oneof(fc.nat(4), u8), fc.uint8Array({ maxLength: 20 }), fc.constantFrom(1, 2, 4, 8), fc.nat(7))
  .map(([type, data, unit, rest]) => ({
    type,
    data: type === 0 ? new Uint8Array(0) : data,
    align: [unit, rest % unit] as const,
  }));

const header = fc.option(fc.array(option, { maxLength: 4 }).map(layOut), { nil: null });

const extensions: fc.Arbitrary<Extensions | null> = fc
  .tuple(header, header)
  .map(([hopByHop, endToEnd]) => (hopByHop === null && endToEnd === null ? null : { hopByHop, endToEnd }));

const udp: fc.Arbitrary<L4> = fc.tuple(u16, u16).map(([srcPort, dstPort]) => ({ kind: "udp", srcPort, dstPort }));
const echo: fc.Arbitrary<L4> = fc
  .tuple(fc.boolean(), u16, u16)
  .map(([reply, identifier, sequence]) => ({ kind: "scmp.echo", reply, identifier, sequence }));
const interfaceDown: fc.Arbitrary<L4> = fc
  .tuple(ia, u53)
  .map(([ia, ifId]) => ({ kind: "scmp.interface-down", ia, ifId }));
const connectivityDown: fc.Arbitrary<L4> = fc
  .tuple(ia, u53, u53)
  .map(([ia, ingress, egress]) => ({ kind: "scmp.connectivity-down", ia, ingress, egress }));
const traceroute: fc.Arbitrary<L4> = fc
  .tuple(fc.boolean(), u16, u16, ia, u53)
  .map(([reply, identifier, sequence, ia, ifId]) => ({
    kind: "scmp.traceroute",
    reply,
    identifier,
    sequence,
    ia,
    ifId,
  }));
const unreachable: fc.Arbitrary<L4> = u8.map((code) => ({ kind: "scmp.destination-unreachable", code }));
const tooBig: fc.Arbitrary<L4> = u16.map((mtu) => ({ kind: "scmp.packet-too-big", mtu }));
const problem: fc.Arbitrary<L4> = fc
  .tuple(u8, u16)
  .map(([code, pointer]) => ({ kind: "scmp.parameter-problem", code, pointer }));
/** Of types without a record of their own. */
const otherScmp: fc.Arbitrary<L4> = fc
  .tuple(fc.constantFrom(0, 3, 7, 100, 127, 132, 200, 255), u8)
  .map(([type, code]) => ({ kind: "scmp.other", type, code }));
const scmp = fc.oneof(interfaceDown, connectivityDown, traceroute, unreachable, tooBig, problem, otherScmp);

const bfd: fc.Arbitrary<L4> = fc.record(
  {
    kind: fc.constant("bfd" as const),
    diagnostic: fc.nat(31),
    state: fc.nat(3),
    poll: fc.boolean(),
    final: fc.boolean(),
    controlPlaneIndependent: fc.boolean(),
    authenticationPresent: fc.boolean(),
    demand: fc.boolean(),
    multipoint: fc.boolean(),
    detectMult: u8,
    myDiscriminator: u32,
    yourDiscriminator: u32,
    desiredMinTx: u32,
    requiredMinRx: u32,
    requiredMinEchoRx: u32,
  },
  { noNullPrototype: true },
);
const otherProtocol: fc.Arbitrary<L4> = u8
  .filter((protocol) => ![17, 200, 201, 202, 203].includes(protocol))
  .map((protocol) => ({ kind: "other", protocol }));

/** Payloads in the one form that decoding gives: `rest` is null exactly where all of it is zero. */
const restOf = (min: number): fc.Arbitrary<{ length: number; rest: Uint8Array | null }> =>
  fc.oneof(
    fc.nat(1500).map((length) => ({ length, rest: null })),
    fc.uint8Array({ minLength: min, maxLength: 100 }).map((bytes) => {
      const rest = bytes.some((byte) => byte !== 0) ? bytes : null;
      return { length: bytes.length, rest };
    }),
  );

interface Message {
  readonly l4: L4;
  readonly flow: number;
  readonly number: number;
  readonly sentAt: number;
  readonly payloadLength: number;
  readonly rest: Uint8Array | null;
}

const withHeader: fc.Arbitrary<Message> = fc
  .tuple(fc.oneof(udp, echo), u32, u32, u53, restOf(0))
  .map(([l4, flow, number, sentAt, { length, rest }]) => ({
    l4,
    flow,
    number,
    sentAt,
    payloadLength: 20 + length,
    rest,
  }));

const withoutHeader: fc.Arbitrary<Message> = fc
  .tuple(fc.oneof(udp, echo, scmp, otherProtocol), restOf(0))
  .map(([l4, { length, rest }]) => ({ l4, flow: NO_FLOW, number: 0, sentAt: 0, payloadLength: length, rest }));

const bfdMessage: fc.Arbitrary<Message> = fc.tuple(bfd, fc.nat(0xff - 24)).map(([l4, payloadLength]) => ({
  l4,
  flow: NO_FLOW,
  number: 0,
  sentAt: 0,
  payloadLength,
  rest: null,
}));

const packet: fc.Arbitrary<Packet> = fc
  .tuple(
    fc.tuple(u8, fc.nat(0xf_ffff), ia, ia, host, host),
    way,
    extensions,
    fc.oneof(withHeader, withoutHeader, bfdMessage),
  )
  .map(([[trafficClass, flowId, dstIa, srcIa, dstHost, srcHost], [path, currInf, currHf], extensions, message]) => {
    const wireLength = wireLengthOf(path, srcHost, dstHost, message.l4, message.payloadLength, extensions);
    const header = { trafficClass, flowId, dstIa, srcIa, dstHost, srcHost, path, currInf, currHf, extensions };
    return createPacket({ ...header, ...message, wireLength });
  });

/** Writes the right PayloadLen and checksum where decoding asks for others, so that a mutation reaches what lies behind them. */
function repair(bytes: Uint8Array): Uint8Array {
  for (let attempt = 0; attempt < 3; attempt++) {
    const decoded = decodePacket(bytes);
    if (decoded.ok) return bytes;
    const { offset, reason } = decoded.error;
    const wanted = /^(?:checksum \d+ is wrong, expected|PayloadLen says \d+ bytes, the packet has) (\d+)$/.exec(reason);
    if (wanted === null) return bytes;
    bytes.set([Number(wanted[1]) >>> 8, Number(wanted[1]) & 0xff], offset);
  }
  return bytes;
}

/** Throws where decoding throws or where accepted bytes do not come back; answers whether they were accepted. */
function check(bytes: Uint8Array): boolean {
  const before = bytes.slice();
  const decoded = decodePacket(bytes);
  decodeQuote(bytes);
  if (!decoded.ok) {
    const { offset, reason } = decoded.error;
    if (reason === "") throw new Error("an error names its reason");
    if (!(offset >= 0 && offset <= bytes.length)) throw new Error(`offset ${offset} outside ${bytes.length} bytes`);
    return false;
  }
  const again = encodePacket(decoded.value);
  if (Buffer.compare(again, before) !== 0) throw new Error(`${Buffer.from(before).toString("hex")} comes back changed`);
  return true;
}

test("every record comes back from its bytes", (t) => {
  const property = fc.property(packet, (packet) => {
    t.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: packet });
  });
  fc.assert(property, { numRuns: 500 });
});

test("SegIDs on the wire are the packet's, not those its path started with", (t) => {
  const property = fc.property(packet, fc.tuple(u16, u16, u16), (packet, segIds) => {
    const decoded = decodePacket(encodePacket({ ...packet, segId0: segIds[0], segId1: segIds[1], segId2: segIds[2] }));
    if (!decoded.ok) throw new Error(decoded.error.reason);
    const { path, segId0, segId1, segId2 } = decoded.value;
    const count = path === null ? 0 : path.kind === "one-hop" ? 1 : (scionPathOf(path)?.infos.length ?? 0);
    t.deepEqual(
      [segId0, segId1, segId2],
      segIds.map((segId, inf) => (inf < count ? segId : 0)),
    );
  });
  fc.assert(property, { numRuns: 200 });
});

test("random bytes never throw", (t) => {
  const near = fc
    .tuple(fc.nat(4), u8, fc.constantFrom(17, 200, 201, 202, 203, 6), fc.uint8Array({ minLength: 12, maxLength: 200 }))
    .map(([type, hosts, protocol, bytes]) => {
      bytes[0] = (bytes[0] ?? 0) & 0xf;
      bytes.set([protocol, bytes.length >>> 3], 4);
      bytes.set([type, hosts], 8);
      return repair(bytes);
    });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void check(bytes)),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(near, (bytes) => void check(bytes)),
    { numRuns: 5_000 },
  );
  t.pass();
});

test("mutated packets never throw, and those that pass come back", (t) => {
  const mutation = fc.tuple(fc.nat(), fc.oneof(u8, fc.constantFrom(0, 0xff)));
  let accepted = 0;
  const property = fc.property(packet, fc.array(mutation, { minLength: 1, maxLength: 4 }), (packet, mutations) => {
    const bytes = encodePacket(packet);
    for (const [at, value] of mutations) bytes[at % Math.min(bytes.length, 200)] = value;
    check(bytes);
    if (check(repair(bytes))) accepted++;
  });
  fc.assert(property, { numRuns: 2_000 });
  t.true(accepted > 200, `only ${accepted} of 2000 repaired mutants were accepted`);
});

test("packets cut short or made longer are refused", (t) => {
  const property = fc.property(
    packet,
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    (packet, part) => {
      const bytes = encodePacket(packet);
      t.false(check(bytes.slice(0, Math.floor(bytes.length * part))));
      t.false(check(new Uint8Array([...bytes, 0])));
    },
  );
  fc.assert(property, { numRuns: 300 });
});
