import test from "ava";
import fc from "fast-check";
import type { Ranges } from "../../transport/ranges.ts";
import { type BlockStore, createBlockStore, storeBytes } from "./blocks.ts";
import { createFrameReader, decodeFrames } from "./frame-reader.ts";
import * as writing from "./frame-writer.ts";
import { FRAME, type FrameError, type FrameSink, type FrameWriter, FRAMINGS, RELIABILITIES } from "./frames.ts";
import { MAX_VARINT, readVarint, sizeOfVarint, writeVarint } from "./varint.ts";

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function varintOf(hex: string): number {
  const bytes = bytesOf(hex);
  return readVarint({ bytes, at: 0, end: bytes.length, limit: bytes.length });
}

test("numbers are those of RFC 9000, appendix A.1", (t) => {
  // The first is above 2^53: the nearest double.
  t.is(varintOf("c2197c5eff14e88c"), Number(151_288_809_941_952_652n));
  t.is(varintOf("9d7f3e7d"), 494_878_333);
  t.is(varintOf("7bbd"), 15_293);
  t.is(varintOf("25"), 37);
  t.is(varintOf("4025"), 37);
  for (const hex of ["", "40", "9d7f3e", "c2197c5eff14e8"]) t.is(varintOf(hex), -1, hex);
});

test("numbers come back as they went, in as few bytes as RFC 9000 allows", (t) => {
  const property = fc.property(fc.oneof(fc.nat(100_000), fc.maxSafeNat()), (value) => {
    const bytes = new Uint8Array(8);
    const end = writeVarint(bytes, 0, value);
    const least = value < 64 ? 1 : value < 16_384 ? 2 : value < 1_073_741_824 ? 4 : 8;
    return end === least && sizeOfVarint(value) === least && readVarint({ bytes, at: 0, end, limit: end }) === value;
  });
  t.notThrows(() => fc.assert(property));
});

type Seen = readonly unknown[];

/** Writes down what it is told. */
const LISTENER: FrameSink<Seen[]> = {
  ping: (seen) => note(seen, ["ping"]),
  ack: (seen, { path, ranges, delay, ce }) => note(seen, ["ack", path, [...ranges], delay, ce]),
  data: (seen, { channel, offset, length, fin, source, at, present }) =>
    note(seen, ["data", channel, offset, fin, contentOf(source, at, present, length)]),
  message: (seen, { channel, start, offset, total, length, source, at, present }) =>
    note(seen, ["message", channel, start, offset, total, contentOf(source, at, present, length)]),
  open: (seen, frame) => note(seen, ["open", { ...frame }]),
  accept: (seen, ...rest) => note(seen, ["accept", ...rest]),
  refuse: (seen, ...rest) => note(seen, ["refuse", ...rest]),
  closeChannel: (seen, ...rest) => note(seen, ["closeChannel", ...rest]),
  stopSending: (seen, ...rest) => note(seen, ["stopSending", ...rest]),
  reset: (seen, ...rest) => note(seen, ["reset", ...rest]),
  forward: (seen, ...rest) => note(seen, ["forward", ...rest]),
  maxData: (seen, ...rest) => note(seen, ["maxData", ...rest]),
  maxChannelData: (seen, ...rest) => note(seen, ["maxChannelData", ...rest]),
  maxChannels: (seen, ...rest) => note(seen, ["maxChannels", ...rest]),
  blocked: (seen, ...rest) => note(seen, ["blocked", ...rest]),
  channelBlocked: (seen, ...rest) => note(seen, ["channelBlocked", ...rest]),
  channelsBlocked: (seen, ...rest) => note(seen, ["channelsBlocked", ...rest]),
  pathChallenge: (seen, ...rest) => note(seen, ["pathChallenge", ...rest]),
  pathResponse: (seen, ...rest) => note(seen, ["pathResponse", ...rest]),
  pathStatus: (seen, ...rest) => note(seen, ["pathStatus", ...rest]),
  pathAbandon: (seen, ...rest) => note(seen, ["pathAbandon", ...rest]),
  rekey: (seen, channel, generation, key) => note(seen, ["rekey", channel, generation, [...key]]),
  rekeyed: (seen, channel, generation, key) => note(seen, ["rekeyed", channel, generation, [...key]]),
  closeAssociation: (seen, ...rest) => note(seen, ["closeAssociation", ...rest]),
};

function note(seen: Seen[], what: Seen): null {
  seen.push(what);
  return null;
}

function contentOf(source: Uint8Array, at: number, present: number, length: number): number[] {
  return Array.from({ length }, (_, index) => (index < present ? (source[at + index] as number) : 0));
}

interface Case {
  readonly write: (writer: FrameWriter) => boolean | void;
  readonly seen: Seen;
}

const number = fc.oneof(fc.nat(70), fc.nat(20_000), fc.integer({ min: 0, max: MAX_VARINT }));
const offset = fc.oneof(fc.nat(20_000), fc.integer({ min: 0, max: MAX_VARINT - 10_000 }));
const channel = fc.nat(0xffff);
const half = fc.nat(0xffff_ffff);
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

const OF_NUMBERS = [
  "accept",
  "refuse",
  "stopSending",
  "forward",
  "maxChannelData",
  "channelBlocked",
  "maxData",
  "maxChannels",
  "blocked",
  "channelsBlocked",
  "closeChannel",
  "reset",
] as const;
const ALONE: ReadonlySet<string> = new Set(["maxData", "maxChannels", "blocked", "channelsBlocked"]);

const ofNumbers: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom(...OF_NUMBERS), channel, number, number)
  .map(([name, id, first, second]) => {
    const three = name === "closeChannel" || name === "reset";
    const given = ALONE.has(name) ? [first] : three ? [id, first, second] : [id, first];
    return { write: (writer) => writing.writeNumbers(writer, FRAME[name], ...given), seen: [name, ...given] };
  });

const ranges: fc.Arbitrary<Ranges> = fc
  .tuple(
    fc.nat(1_000_000),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 9 })), {
      minLength: 1,
      maxLength: 60,
    }),
  )
  .map(([base, steps]) => {
    const made: Ranges = [];
    let at = base;
    for (const [gap, span] of steps) {
      made.push(at + gap, at + gap + span);
      at += gap + span;
    }
    return made;
  });

const ack: fc.Arbitrary<Case> = fc
  .tuple(fc.nat(255), ranges, fc.nat(30_000_000), fc.option(fc.nat(100_000), { nil: -1 }))
  .map(([path, given, delay, ce]) => ({
    write: (writer) => writing.writeAck(writer, path, given, delay, ce),
    seen: ["ack", path, given, Math.floor(delay / 1000) * 1000, ce],
  }));

const content = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.nat(5_000));

function keep(given: Uint8Array | number, at: number): { blocks: BlockStore; bytes: number[] } {
  const blocks = createBlockStore();
  if (typeof given === "number") return { blocks, bytes: new Array<number>(given).fill(0) };
  storeBytes(blocks, at, given, 0, given.length);
  return { blocks, bytes: [...given] };
}

const data: fc.Arbitrary<Case> = fc.tuple(channel, offset, fc.boolean(), content).map(([id, at, fin, given]) => {
  const { blocks, bytes } = keep(given, at);
  return {
    write: (writer) => writing.writeData(writer, id, at, bytes.length, fin, blocks),
    seen: ["data", id, at, fin, bytes],
  };
});

const message: fc.Arbitrary<Case> = fc
  .tuple(channel, offset, fc.nat(500), content, fc.nat(500))
  .filter(([, , before, given, after]) => before + after === 0 || keep(given, 0).bytes.length > 0)
  .map(([id, start, before, given, after]) => {
    const { blocks, bytes } = keep(given, start + before);
    const total = before + bytes.length + after;
    return {
      write: (writer) => writing.writeMessagePiece(writer, id, start, before, total, bytes.length, blocks),
      seen: ["message", id, start, before, total, bytes],
    };
  });

const others: fc.Arbitrary<Case> = fc.oneof(
  fc.constant<Case>({ write: writing.writePing, seen: ["ping"] }),
  fc
    .tuple(channel, fc.constantFrom(...RELIABILITIES), fc.constantFrom(...FRAMINGS), fc.nat(255), number)
    .map(([id, reliability, framing, priority, window]): Case => {
      const frame = { channel: id, reliability, framing, priority, window };
      return { write: (writer) => writing.writeOpen(writer, frame), seen: ["open", frame] };
    }),
  fc.tuple(half, half).map(
    ([high, low]): Case => ({
      write: (writer) => writing.writePathChallenge(writer, high, low),
      seen: ["pathChallenge", high, low],
    }),
  ),
  fc.tuple(half, half).map(
    ([high, low]): Case => ({
      write: (writer) => writing.writePathResponse(writer, high, low),
      seen: ["pathResponse", high, low],
    }),
  ),
  fc.tuple(fc.nat(255), number, fc.nat(255)).map(
    ([path, sequence, status]): Case => ({
      write: (writer) => writing.writePathStatus(writer, path, sequence, status),
      seen: ["pathStatus", path, sequence, status],
    }),
  ),
  fc.tuple(fc.nat(255), number).map(
    ([path, code]): Case => ({
      write: (writer) => writing.writePathAbandon(writer, path, code),
      seen: ["pathAbandon", path, code],
    }),
  ),
  fc.tuple(channel, number, key).map(
    ([id, generation, bytes]): Case => ({
      write: (writer) => writing.writeRekey(writer, id, generation, bytes),
      seen: ["rekey", id, generation, [...bytes]],
    }),
  ),
  fc.tuple(channel, number, key).map(
    ([id, generation, bytes]): Case => ({
      write: (writer) => writing.writeRekeyed(writer, id, generation, bytes),
      seen: ["rekeyed", id, generation, [...bytes]],
    }),
  ),
  fc.tuple(number, fc.string({ unit: "grapheme", maxLength: 20 })).map(
    ([code, reason]): Case => ({
      write: (writer) => writing.writeCloseAssociation(writer, code, reason),
      seen: ["closeAssociation", code, reason],
    }),
  ),
);

function decode(bytes: Uint8Array, end: number, length: number): { seen: Seen[]; error: FrameError | null } {
  const seen: Seen[] = [];
  return { error: decodeFrames(createFrameReader(), bytes, 18, end, length, LISTENER, seen), seen };
}

test("frames come back as they were written, with their last zeros there or not", (t) => {
  const some = fc.array(fc.oneof(ofNumbers, ack, data, message, others), { maxLength: 8 });
  const property = fc.property(some, (cases) => {
    const writer = writing.createFrameWriter(60_000);
    writing.beginFrames(writer, 18, 60_000);
    const expected: Seen[] = [];
    for (const one of cases) {
      if (writer.zeros > 0) break;
      if (one.write(writer) !== false) expected.push(one.seen);
    }
    const length = writer.at - 18 + writer.zeros;
    const short = decode(writer.bytes.slice(0, writer.at), writer.at, length);
    const whole = new Uint8Array(18 + length + 40);
    whole.set(writer.bytes.subarray(0, writer.at));
    const long = decode(whole, whole.length, length + 40);
    if (short.error !== null || long.error !== null) throw new Error(`${JSON.stringify([short.error, long.error])}`);
    t.deepEqual(short.seen, expected);
    t.deepEqual(long.seen, expected);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test("a frame that has no room is not begun, and an acknowledgement keeps its newest ranges", (t) => {
  const property = fc.property(ranges, fc.integer({ min: 0, max: 120 }), (given, budget) => {
    const writer = writing.createFrameWriter(18 + budget);
    writing.beginFrames(writer, 18, 18 + budget);
    const written = writing.writeAck(writer, 3, given, 8_000, -1);
    if (!written) return writer.at === 18 && budget < 12;
    const { seen, error } = decode(writer.bytes, writer.at, writer.at - 18);
    const kept = seen[0]?.[2] as number[];
    t.deepEqual(kept, given.slice(-kept.length));
    // What is left over has no room for one range more.
    return error === null && writer.at <= 18 + budget && (kept.length === given.length || 18 + budget - writer.at < 4);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test("any bytes give frames or an error", (t) => {
  const kinds = fc.constantFrom(...Object.values(FRAME));
  const almost = fc
    .array(fc.tuple(kinds, fc.uint8Array({ maxLength: 12 })), { maxLength: 12 })
    .map((parts) => Uint8Array.from(parts.flatMap(([kind, rest]) => [kind, ...rest])));
  const given = fc.tuple(fc.oneof(almost, fc.uint8Array({ maxLength: 200 })), fc.nat(3_000));
  const property = fc.property(given, ([bytes, beyond]) => {
    const padded = new Uint8Array(18 + bytes.length);
    padded.set(bytes, 18);
    const { error, seen } = decode(padded, padded.length, bytes.length + beyond);
    return seen.length <= bytes.length && (error === null || (error.word === "encoding" && error.at < padded.length));
  });
  t.notThrows(() => fc.assert(property, { numRuns: 3_000 }));
});

test("broken frames are refused", (t) => {
  const broken = {
    "an unknown frame": "3f0000",
    "data longer than its packet": "0802004103",
    "a message's piece beyond its end": "0a020005040101",
    "a message's piece without bytes": "0a0200000400",
    "an offset above 2^53": "0802ffffffffffffffff01aa",
    "a channel above 65535": "1180010000 40".replace(" ", ""),
    "an acknowledgement below zero": "020000000502060001",
    "more ranges than allowed": "02000040400500",
    "a reliability there is none of": "100204804000",
    "a reason that is too long": "3c0041ff",
    "a key that is cut": "280201aabb",
  };
  for (const [what, hex] of Object.entries(broken)) {
    const bytes = bytesOf(`${"00".repeat(18)}${hex}`);
    t.is(decode(bytes, bytes.length, bytes.length - 18).error?.word, "encoding", what);
  }
});
