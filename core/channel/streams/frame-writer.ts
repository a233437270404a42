/** Writes frames (layouts: frames.ts) into a buffer that is used for packet after packet. A frame stands whole in it, or not at all. */
import type { Ranges } from "../../transport/ranges.ts";
import type { Nanos } from "../../units.ts";
import { put32 } from "../../wire/bytes.ts";
import { type BlockStore, copyBytes, holdsBytes } from "./blocks.ts";
import {
  FRAME,
  FRAMINGS,
  type FrameWriter,
  MAX_ACK_RANGES,
  MAX_REASON_BYTES,
  type OpenFrame,
  PUBLIC_KEY_BYTES,
  RELIABILITIES,
} from "./frames.ts";
import { sizeOfVarint, writeVarint } from "./varint.ts";

/** Zeros up to this many are written out where other frames fit behind them. */
const FEW_ZEROS = 256;
const ROOM_FOR_MORE = 64;

/** `capacity`: bytes of the longest packet. */
export function createFrameWriter(capacity: number): FrameWriter {
  return { bytes: new Uint8Array(capacity), at: 0, limit: 0, zeros: 0, opened: 0 };
}

/** Begins a packet's frames at `start`; the last byte stands before `limit`, which lies within the buffer. */
export function beginFrames(writer: FrameWriter, start: number, limit: number): void {
  writer.at = start;
  writer.limit = Math.min(limit, writer.bytes.length);
  writer.zeros = 0;
  writer.opened = 0;
}

/** Bytes that still fit. */
export function roomIn(writer: FrameWriter): number {
  return writer.zeros > 0 ? 0 : writer.limit - writer.at;
}

export function writePing(writer: FrameWriter): boolean {
  return writeNumbers(writer, FRAME.ping);
}

/** Zeros at the packet's end: `count` of them, or as many as fit. */
export function writePadding(writer: FrameWriter, count: number): boolean {
  writer.zeros += Math.min(count, writer.limit - writer.at - writer.zeros);
  return true;
}

/** The newest of `ranges` (ascending, half-open) that fit. `ce` -1: marks are not told. */
export function writeAck(writer: FrameWriter, path: number, ranges: Ranges, delay: Nanos, ce: number): boolean {
  const last = ranges.length - 2;
  if (last < 0) return false;
  const delayUs = Math.floor(delay / 1000);
  const [start, end] = [ranges[last] as number, ranges[last + 1] as number];
  // One byte says how many ranges follow the first.
  const fixed = 2 + sizeOfVarint(path) + sizeOfVarint(delayUs) + (ce < 0 ? 0 : sizeOfVarint(ce));
  let room = roomIn(writer) - fixed - sizeOfVarint(end - 1) - sizeOfVarint(end - 1 - start);
  if (room < 0) return false;
  let first = last;
  while (first >= 2 && last - first < 2 * (MAX_ACK_RANGES - 1)) {
    room -= sizeOfVarint(gapBefore(ranges, first)) + sizeOfVarint(spanOf(ranges, first - 2));
    if (room < 0) break;
    first -= 2;
  }
  const { bytes } = writer;
  let at = writeVarint(bytes, writer.at, ce < 0 ? FRAME.ack : FRAME.ackCe);
  at = writeVarint(bytes, writeVarint(bytes, at, path), delayUs);
  at = writeVarint(bytes, at, (last - first) >> 1);
  at = writeVarint(bytes, writeVarint(bytes, at, end - 1), end - 1 - start);
  for (let index = last; index > first; index -= 2) {
    at = writeVarint(bytes, at, gapBefore(ranges, index));
    at = writeVarint(bytes, at, spanOf(ranges, index - 2));
  }
  writer.at = ce < 0 ? at : writeVarint(bytes, at, ce);
  return true;
}

/** Bytes of a data frame before its content, where that is at most `room` long. */
export function dataHeadBytes(channel: number, offset: number, room: number): number {
  return 1 + sizeOfVarint(channel) + sizeOfVarint(offset) + sizeOfVarint(Math.max(0, room));
}

/** A piece of a stream with its content from `blocks`; the caller has seen that it fits. */
export function writeData(
  writer: FrameWriter,
  channel: number,
  offset: number,
  length: number,
  fin: boolean,
  blocks: BlockStore,
): void {
  let at = writeVarint(writer.bytes, writer.at, fin ? FRAME.dataFin : FRAME.data);
  at = writeVarint(writer.bytes, at, channel);
  at = writeVarint(writer.bytes, at, offset);
  writer.at = writeVarint(writer.bytes, at, length);
  writeContent(writer, blocks, offset, length);
}

/** Bytes of a message frame before its content, where that is at most `room` long. */
export function messageHeadBytes(channel: number, start: number, offset: number, total: number, room: number): number {
  const piece = sizeOfVarint(offset) + sizeOfVarint(Math.min(total, Math.max(0, room)));
  return 1 + sizeOfVarint(channel) + sizeOfVarint(start) + piece + sizeOfVarint(total);
}

/** A piece of a message with its content from `blocks`; the caller has seen that it fits. */
export function writeMessagePiece(
  writer: FrameWriter,
  channel: number,
  start: number,
  offset: number,
  total: number,
  length: number,
  blocks: BlockStore,
): void {
  const { bytes } = writer;
  const whole = length === total;
  let at = writeVarint(bytes, writer.at, whole ? FRAME.wholeMessage : FRAME.message);
  at = writeVarint(bytes, writeVarint(bytes, at, channel), start);
  if (!whole) at = writeVarint(bytes, writeVarint(bytes, at, offset), total);
  writer.at = writeVarint(bytes, at, length);
  writeContent(writer, blocks, start + offset, length);
}

function writeContent(writer: FrameWriter, blocks: BlockStore, offset: number, length: number): void {
  if (holdsBytes(blocks, offset, length)) {
    copyBytes(blocks, offset, length, writer.bytes, writer.at);
    writer.at += length;
  } else if (length <= FEW_ZEROS && writer.at + length + ROOM_FOR_MORE <= writer.limit) {
    writer.bytes.fill(0, writer.at, writer.at + length);
    writer.at += length;
  } else {
    writer.zeros = length;
  }
}

export function writeOpen(writer: FrameWriter, frame: OpenFrame): boolean {
  const size = 3 + sizeOfVarint(frame.channel) + sizeOfVarint(frame.window);
  if (size > roomIn(writer)) return false;
  const { bytes } = writer;
  let at = writeVarint(bytes, writeVarint(bytes, writer.at, FRAME.open), frame.channel);
  bytes[at++] = RELIABILITIES.indexOf(frame.reliability) | (FRAMINGS.indexOf(frame.framing) << 4);
  bytes[at++] = frame.priority;
  writer.at = writeVarint(bytes, at, frame.window);
  return true;
}

/** A frame of up to three numbers. */
export function writeNumbers(writer: FrameWriter, type: number, first = -1, second = -1, third = -1): boolean {
  const size = 1 + sizeOrNone(first) + sizeOrNone(second) + sizeOrNone(third);
  if (size > roomIn(writer)) return false;
  let at = writeVarint(writer.bytes, writer.at, type);
  if (first >= 0) at = writeVarint(writer.bytes, at, first);
  if (second >= 0) at = writeVarint(writer.bytes, at, second);
  if (third >= 0) at = writeVarint(writer.bytes, at, third);
  writer.at = at;
  return true;
}

/** Eight bytes as two halves. */
export function writePathChallenge(writer: FrameWriter, high: number, low: number): boolean {
  return writeHalves(writer, FRAME.pathChallenge, high, low);
}

export function writePathResponse(writer: FrameWriter, high: number, low: number): boolean {
  return writeHalves(writer, FRAME.pathResponse, high, low);
}

/** `status`: one byte, the path manager's. Of two, the one with the higher sequence counts. */
export function writePathStatus(writer: FrameWriter, path: number, sequence: number, status: number): boolean {
  if (2 + sizeOfVarint(path) + sizeOfVarint(sequence) > roomIn(writer)) return false;
  writeNumbers(writer, FRAME.pathStatus, path, sequence);
  writer.bytes[writer.at++] = status;
  return true;
}

export function writePathAbandon(writer: FrameWriter, path: number, code: number): boolean {
  return writeNumbers(writer, FRAME.pathAbandon, path, code);
}

/** `key`: `PUBLIC_KEY_BYTES` long. */
export function writeRekey(writer: FrameWriter, channel: number, generation: number, key: Uint8Array): boolean {
  return writeKey(writer, FRAME.rekey, channel, generation, key);
}

export function writeRekeyed(writer: FrameWriter, channel: number, generation: number, key: Uint8Array): boolean {
  return writeKey(writer, FRAME.rekeyed, channel, generation, key);
}

/** `reason` in at most `MAX_REASON_BYTES` bytes of UTF-8; what is longer is cut. */
export function writeCloseAssociation(writer: FrameWriter, code: number, reason: string): boolean {
  const text = new TextEncoder().encode(reason).subarray(0, MAX_REASON_BYTES);
  if (1 + sizeOfVarint(code) + sizeOfVarint(text.length) + text.length > roomIn(writer)) return false;
  writeNumbers(writer, FRAME.closeAssociation, code, text.length);
  writer.bytes.set(text, writer.at);
  writer.at += text.length;
  return true;
}

function writeKey(writer: FrameWriter, type: number, channel: number, generation: number, key: Uint8Array): boolean {
  const size = 1 + sizeOfVarint(channel) + sizeOfVarint(generation) + PUBLIC_KEY_BYTES;
  if (size > roomIn(writer)) return false;
  writeNumbers(writer, type, channel, generation);
  writer.bytes.set(key.subarray(0, PUBLIC_KEY_BYTES), writer.at);
  writer.at += PUBLIC_KEY_BYTES;
  return true;
}

function writeHalves(writer: FrameWriter, type: number, high: number, low: number): boolean {
  if (roomIn(writer) < 9) return false;
  writer.bytes[writer.at] = type;
  put32(writer.bytes, writer.at + 1, high);
  put32(writer.bytes, writer.at + 5, low);
  writer.at += 9;
  return true;
}

function sizeOrNone(value: number): number {
  return value < 0 ? 0 : sizeOfVarint(value);
}

/** RFC 9000, 19.3.1: numbers that are missing between two ranges, less one. */
function gapBefore(ranges: Readonly<Ranges>, index: number): number {
  return (ranges[index] as number) - (ranges[index - 1] as number) - 1;
}

function spanOf(ranges: Readonly<Ranges>, index: number): number {
  return (ranges[index + 1] as number) - (ranges[index] as number) - 1;
}
