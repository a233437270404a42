import test from "ava";
import fc from "fast-check";
import { formatIA, HOST_TYPE, hostFromBytes, hostLength, MAX_AS } from "../address.ts";
import { createPacket, type L4, NO_FLOW, type Packet } from "../packet.ts";
import type { HopField, InfoField, ScionPath } from "../path.ts";
import { checksumOf, pseudoHeaderSum, sumWords } from "./checksum.ts";
import { decodePacket, encodePacket, wireLengthOf } from "./codec.ts";

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
  .tuple(fc.constantFrom<number>(...Object.values(HOST_TYPE)), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(([type, random]) => {
    const bytes = random.slice(0, hostLength(type));
    if (type === HOST_TYPE.svc) bytes.fill(0, 2);
    const text = hostFromBytes(type, bytes, 0);
    return text.ok ? text.value : "::";
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

const path: fc.Arbitrary<ScionPath> = segLens.chain((segLens) => {
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

const udp: fc.Arbitrary<L4> = fc.tuple(u16, u16).map(([srcPort, dstPort]) => ({ kind: "udp", srcPort, dstPort }));
const echo: fc.Arbitrary<L4> = fc
  .tuple(fc.boolean(), u16, u16)
  .map(([reply, identifier, sequence]) => ({ kind: "scmp.echo", reply, identifier, sequence }));
const interfaceDown: fc.Arbitrary<L4> = fc
  .tuple(ia, u53)
  .map(([ia, ifId]) => ({ kind: "scmp.interface-down", ia, ifId }));
const other: fc.Arbitrary<L4> = fc
  .tuple(fc.oneof(u8, fc.constantFrom(5, 128, 129)), u8)
  .map(([type, code]) => ({ kind: "scmp.other", type, code: [5, 128, 129].includes(type) ? Math.max(1, code) : code }));

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
  .tuple(fc.oneof(udp, echo, interfaceDown, other), restOf(0))
  .map(([l4, { length, rest }]) => ({ l4, flow: NO_FLOW, number: 0, sentAt: 0, payloadLength: length, rest }));

const packet: fc.Arbitrary<Packet> = fc
  .tuple(
    fc.tuple(u8, fc.nat(0xf_ffff), ia, ia, host, host),
    fc.option(fc.tuple(path, fc.nat(3), fc.nat(63)), { nil: null }),
    fc.oneof(withHeader, withoutHeader),
  )
  .map(([[trafficClass, flowId, dstIa, srcIa, dstHost, srcHost], way, message]) => {
    const [path, currInf, currHf] = way ?? [null, 0, 0];
    const wireLength = wireLengthOf(path, srcHost, dstHost, message.l4, message.payloadLength);
    const header = { trafficClass, flowId, dstIa, srcIa, dstHost, srcHost, path, currInf, currHf };
    return createPacket({ ...header, ...message, wireLength });
  });

/** Writes the right PayloadLen and, where there is room for it, checksum, so that a mutation reaches what lies behind them. */
function repair(bytes: Uint8Array): Uint8Array {
  const headerLength = 4 * (bytes[5] ?? 0);
  const upperLength = bytes.length - headerLength;
  const isUdp = bytes[4] === 17;
  if (bytes.length < 28 || upperLength < (isUdp ? 8 : 4)) return bytes;
  const addressEnd = 28 + hostLength((bytes[9] ?? 0) >>> 4) + hostLength((bytes[9] ?? 0) & 0xf);
  if (addressEnd > bytes.length) return bytes;
  const at = headerLength + (isUdp ? 6 : 2);
  bytes.set([upperLength >>> 8, upperLength], 6);
  bytes.set([0, 0], at);
  const pseudo = pseudoHeaderSum(bytes, 12, addressEnd, upperLength, bytes[4] ?? 0);
  const checksum = checksumOf(sumWords(pseudo, bytes, headerLength, bytes.length));
  bytes.set([checksum >>> 8, checksum], at);
  return bytes;
}

/** Throws where decoding throws or where accepted bytes do not come back; answers whether they were accepted. */
function check(bytes: Uint8Array): boolean {
  const before = bytes.slice();
  const decoded = decodePacket(bytes);
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

test("random bytes never throw", (t) => {
  const near = fc
    .tuple(u8, u8, u8, fc.uint8Array({ minLength: 12, maxLength: 200 }))
    .map(([type, hosts, protocol, bytes]) => {
      bytes[0] = (bytes[0] ?? 0) & 0xf;
      bytes.set([protocol % 2 === 0 ? 17 : 202, bytes.length >>> 3], 4);
      bytes.set([type & 1, hosts & 0b0111_0111, 0, 0], 8);
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
