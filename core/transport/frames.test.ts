import test from "ava";
import fc from "fast-check";
import { createPacket, type Packet } from "../packet.ts";
import {
  ackPayloadLength,
  dataOverhead,
  decodeFrame,
  encodeFrame,
  type Frame,
  MAX_ACK_RANGES,
  MESSAGE_OVERHEAD,
} from "./frames.ts";

function packet(rest: Uint8Array | null, payloadLength: number): Packet {
  const ends = { dstIa: "1-2", srcIa: "1-1", dstHost: "10.0.0.1", srcHost: "10.0.0.1" };
  const rests = { rest, payloadLength, wireLength: 0, sentAt: 0, number: 0, flow: 0, flowId: 1, trafficClass: 0 };
  return createPacket({
    ...ends,
    ...rests,
    path: null,
    currInf: 0,
    currHf: 0,
    l4: { kind: "udp", srcPort: 1, dstPort: 1 },
  });
}

const u32 = fc.nat(0xffff_ffff);
const u48 = fc.maxSafeInteger().map((n) => Math.abs(n) % 0xffff_0000_0000);
const data: fc.Arbitrary<Frame> = fc.record(
  {
    kind: fc.constant("data" as const),
    connection: u32,
    number: u32,
    floor: u32,
    offset: u48,
    length: fc.nat(1400),
    fin: fc.boolean(),
    answer: fc.oneof(fc.constant(-1), u48),
  },
  { noNullPrototype: true },
);
/** Ranges from gaps and lengths of at least one. */
const ranges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 })), { maxLength: MAX_ACK_RANGES })
  .map((steps) => {
    let at = 0;
    return steps.flatMap(([gap, length]) => {
      const first = at + gap;
      at = first + length;
      return [first, at];
    });
  });
const ack: fc.Arbitrary<Frame> = fc.record(
  {
    kind: fc.constant("ack" as const),
    connection: u32,
    complete: fc.boolean(),
    refused: fc.boolean(),
    delayUs: u32,
    ce: u32,
    ranges,
  },
  { noNullPrototype: true },
);
const message: fc.Arbitrary<Frame> = fc
  .tuple(u32, fc.nat(0xfffe), fc.nat(0xffff), u32)
  .map(
    ([id, a, b, bytes]) =>
      ({
        kind: "message",
        message: id,
        index: Math.min(a, b),
        count: Math.max(a, b) + (a === b ? 1 : 0),
        bytes,
      }) as Frame,
  )
  .filter((frame) => frame.kind === "message" && frame.count <= 0xffff && frame.index < frame.count);

function payloadLengthOf(frame: Frame): number {
  if (frame.kind === "data") return dataOverhead(frame.answer) + frame.length;
  return frame.kind === "ack" ? ackPayloadLength(frame) : MESSAGE_OVERHEAD + 10;
}

test("frames come back from their bytes, with data behind them and without", (t) => {
  fc.assert(
    fc.property(fc.oneof(data, ack, message), (frame) => {
      const length = payloadLengthOf(frame);
      const bytes = encodeFrame(frame);
      t.deepEqual(decodeFrame(packet(bytes, length)), frame);
      const whole = new Uint8Array(length - 20);
      whole.set(bytes);
      t.deepEqual(decodeFrame(packet(whole, length)), frame);
    }),
  );
});

test("any bytes are a frame or none, never an exception; what is a frame is written back the same", (t) => {
  const byte = fc.oneof(fc.constant(0), fc.nat(4), fc.nat(255));
  const bytes = fc.array(byte, { maxLength: 80, size: "max" }).map((some) => Uint8Array.from(some));
  let frames = 0;
  fc.assert(
    fc.property(fc.oneof(fc.constant(null), bytes), fc.nat(200), (rest, extra) => {
      const frame = decodeFrame(packet(rest, 20 + (rest?.length ?? 0) + extra));
      if (frame === null || rest === null) return;
      frames++;
      const again = encodeFrame(frame);
      t.deepEqual(again, rest.slice(0, again.length));
    }),
    { numRuns: 5_000 },
  );
  t.true(frames > 10, `${frames} of 5,000 were frames`);
});

test("frames that contradict themselves are none", (t) => {
  const good = {
    kind: "ack",
    connection: 1,
    complete: false,
    refused: false,
    delayUs: 0,
    ce: 0,
    ranges: [0, 5, 7, 9],
  } as const;
  const decoded = (frame: Frame, length: number) => decodeFrame(packet(encodeFrame(frame), length));
  t.not(decoded({ ...good, ranges: [0, 5, 7, 9] }, 60), null);
  t.is(decoded({ ...good, ranges: [0, 5, 5, 9] }, 60), null, "ranges that touch");
  t.is(decoded({ ...good, ranges: [7, 9, 0, 5] }, 60), null, "ranges that descend");
  const piece = {
    kind: "data",
    connection: 0,
    number: 0,
    floor: 0,
    offset: 0,
    length: 100,
    fin: false,
    answer: -1,
  } as const;
  t.not(decoded(piece, dataOverhead(-1) + 100), null);
  t.is(decoded(piece, dataOverhead(-1) + 99), null, "more data than payload");
  t.is(decoded({ ...piece, offset: 0xffff_ffff_ffff }, 200), null, "data beyond 2^48");
  t.is(decoded({ kind: "message", message: 1, index: 3, count: 3, bytes: 9 }, 60), null, "the fourth packet of three");
});
