import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import {
  answerFits,
  chooseVersion,
  decodeLong,
  encodeLong,
  headerForm,
  INITIAL_BYTES,
  LONG_HEADER,
  longHeader,
  type LongPacket,
  VERSION,
  versionsFor,
} from "./long-packets.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

const head = { version: VERSION, destination: unhex("0102030405060708"), source: unhex("1112131415161718") };
const HEAD = "504c000101020304050607081112131415161718";
const message = new Uint8Array(32).fill(0xaa);

function extended(rest: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(rest);
  return bytes;
}

/** The whole packet, its zeros with it. */
function whole(packet: LongPacket): Uint8Array {
  const { rest, length } = encodeLong(packet);
  return extended(rest, length);
}

test("layouts", (t) => {
  const cookie = unhex("c0ffee");
  const layouts: [LongPacket, string][] = [
    [{ ...head, kind: "initial", cookie: null, message }, `c0${HEAD}000020${"aa".repeat(32)}`],
    [{ ...head, kind: "initial", cookie, message }, `c0${HEAD}03c0ffee0020${"aa".repeat(32)}`],
    [{ ...head, kind: "retry", cookie }, `c1${HEAD}03c0ffee`],
    [{ ...head, kind: "response", message }, `c2${HEAD}0020${"aa".repeat(32)}`],
    [{ ...head, kind: "final", message }, `c3${HEAD}0020${"aa".repeat(32)}`],
    [{ ...head, version: 0, kind: "versions", versions: [VERSION, 7] }, `c400000000${HEAD.slice(8)}02504c000100000007`],
    [{ ...head, kind: "refusal", reason: "not_listening" }, `c5${HEAD}01`],
    [{ ...head, kind: "reset", token: new Uint8Array(16).fill(9) }, `c6${HEAD}${"09".repeat(16)}`],
  ];
  for (const [packet, bytes] of layouts) {
    const { rest, length } = encodeLong(packet);
    t.is(hex(rest), bytes);
    t.is(length, packet.kind === "initial" ? INITIAL_BYTES : rest.length);
    t.is(hex(rest.slice(0, LONG_HEADER)), hex(longHeader(packet.kind, packet)));
    t.is(headerForm(rest), "long");
    t.deepEqual(decodeLong(rest, length), { ok: true, value: packet });
    t.deepEqual(decodeLong(whole(packet), length), { ok: true, value: packet });
  }
});

test("what is wrong is told by field", (t) => {
  const faultOf = (bytes: Uint8Array, length = bytes.length): string => {
    const result = decodeLong(bytes, length);
    return result.ok ? result.value.kind : result.error.field;
  };
  const initial = whole({ ...head, kind: "initial", cookie: null, message });
  t.is(faultOf(initial.slice(0, INITIAL_BYTES - 1)), "length");
  t.is(faultOf(initial, 100), "length");
  t.is(faultOf(initial, 70_000), "length");
  t.is(faultOf(initial, Number.NaN), "length");
  t.is(faultOf(new Uint8Array(0)), "header");
  t.is(faultOf(initial.slice(0, 20)), "header");
  t.is(faultOf(initial.with(0, 0xc7)), "type");
  t.is(faultOf(initial.with(0, 0x40)), "type");
  t.is(faultOf(initial.with(4, 2)), "foreign");
  t.is(faultOf(initial.with(21, 65)), "cookie");
  t.is(faultOf(initial.with(22, 0xff)), "message");
  t.is(faultOf(initial.with(23, 31)), "message");
  t.is(faultOf(initial.with(511, 1)), "padding");
  const retry = whole({ ...head, kind: "retry", cookie: message });
  t.is(faultOf(retry.with(21, 33)), "cookie");
  t.is(faultOf(retry.with(21, 31)), "end");
  t.is(faultOf(retry.slice(0, 21)), "cookie");
  const response = whole({ ...head, kind: "response", message });
  t.is(faultOf(response.slice(0, 22)), "message");
  t.is(faultOf(response, response.length + 1), "end");
  const versions = whole({ ...head, version: 0, kind: "versions", versions: [1] });
  t.is(faultOf(versions.with(4, 1)), "version");
  t.is(faultOf(versions.with(21, 0)), "versions");
  t.is(faultOf(versions.with(21, 17), 21 + 1 + 17 * 4), "versions");
  t.is(faultOf(whole({ ...head, kind: "refusal", reason: "busy" }).with(21, 4)), "reason");
  t.is(faultOf(whole({ ...head, kind: "reset", token: new Uint8Array(16) }).slice(0, 36)), "token");
});

test("versions: a foreign initial gets the list, of which the initiator takes what it speaks", (t) => {
  const foreign = decodeLong(whole({ ...head, version: 0x504c_0002, kind: "initial", cookie: null, message }), 512);
  if (!foreign.ok || foreign.value.kind !== "foreign") return t.fail();
  t.true(foreign.value.initial);
  const answer = versionsFor(foreign.value);
  t.deepEqual([answer.destination, answer.source], [head.source, head.destination]);
  if (answer.kind !== "versions") return t.fail();
  t.is(chooseVersion(answer.versions), VERSION);
  t.is(chooseVersion([1, 2]), null);
  const final = decodeLong(whole({ ...head, version: 9, kind: "final", message }), 55);
  t.true(final.ok && final.value.kind === "foreign" && !final.value.initial);
});

test("no answer before a cookie is three times as long as the shortest initial", (t) => {
  const longest: LongPacket[] = [
    { ...head, kind: "retry", cookie: new Uint8Array(64).fill(1) },
    { ...head, version: 0, kind: "versions", versions: Array.from({ length: 16 }, () => VERSION) },
    { ...head, kind: "refusal", reason: "busy" },
    // With its keys and tags, and a payload of a kilobyte.
    { ...head, kind: "response", message: new Uint8Array(32 + 48 + 16 + 1024) },
  ];
  for (const packet of longest) t.true(answerFits(INITIAL_BYTES, 0, encodeLong(packet).length), packet.kind);
  t.true(answerFits(512, 512, 1024));
  t.false(answerFits(512, 512, 1025));
});

const packets: fc.Arbitrary<LongPacket> = fc
  .record({
    kind: fc.constantFrom(...(["initial", "retry", "response", "final", "versions", "refusal", "reset"] as const)),
    bytes: fc.uint8Array({ minLength: 32, maxLength: 64 }),
    long: fc.uint8Array({ minLength: 32, maxLength: 600 }),
    hasCookie: fc.boolean(),
    versions: fc.array(fc.nat(0xffff_ffff), { minLength: 1, maxLength: 16 }),
    reason: fc.constantFrom("busy", "not_listening", "wrong_identity", "bad_cookie"),
  })
  .map(({ kind, bytes, long, hasCookie, versions, reason }) => {
    const fields = {
      cookie: kind === "initial" && !hasCookie ? null : bytes,
      message: long,
      token: bytes.slice(0, 16),
    };
    const { cookie, token } = fields;
    const packet = { ...head, version: kind === "versions" ? 0 : VERSION };
    const bodies = { initial: { cookie, message: long }, retry: { cookie }, response: { message: long } };
    const others = { final: { message: long }, versions: { versions }, refusal: { reason }, reset: { token } };
    return { ...packet, kind, ...{ ...bodies, ...others }[kind] } as LongPacket;
  });

testProp("every packet comes back, from its prefix as from the whole", [packets], (t, packet) => {
  const { rest, length } = encodeLong(packet);
  t.deepEqual(decodeLong(rest, length), { ok: true, value: packet });
  t.deepEqual(decodeLong(whole(packet), length), { ok: true, value: packet });
});

testProp(
  "any bytes at all are a packet or a fault, never an exception; what is a packet is written back the same",
  [fc.uint8Array({ maxLength: 700 }), fc.option(packets), fc.nat(700), fc.nat(255), fc.nat(800)],
  (t, noise, packet, place, byte, length) => {
    const bytes = packet === null ? noise : whole(packet);
    if (packet !== null) bytes[place % bytes.length] = byte;
    else if (bytes.length > 0) bytes[0] = 0xc0 | (byte & 7);
    for (const logical of [bytes.length, length]) {
      const result = decodeLong(bytes, logical);
      if (!result.ok) t.true(result.error.field.length > 0 && result.error.reason.length > 0);
      else if (result.value.kind === "foreign") t.not(result.value.version, VERSION);
      else t.deepEqual(extended(encodeLong(result.value).rest, logical), extended(bytes, logical));
    }
  },
  { numRuns: 500 },
);
