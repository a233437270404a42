/** Reads frames (layouts: frames.ts). Any bytes whatever give frames or a `FrameError`, never an exception. */
import { get32 } from "../../wire/bytes.ts";
import {
  type ErrorWord,
  FRAME,
  type FrameError,
  FRAMINGS,
  type FrameReader,
  type FrameSink,
  MAX_ACK_RANGES,
  MAX_CHANNEL,
  MAX_REASON_BYTES,
  PUBLIC_KEY_BYTES,
  RELIABILITIES,
} from "./frames.ts";
import { MAX_VARINT, readByte, readVarint } from "./varint.ts";

type Taken = ErrorWord | null;

const NOTHING = new Uint8Array(0);

export function createFrameReader(): FrameReader {
  const content = { source: NOTHING, at: 0, present: 0, channel: 0, offset: 0, length: 0 };
  return {
    bytes: NOTHING,
    at: 0,
    end: 0,
    limit: 0,
    ack: { path: 0, ranges: [], delay: 0, ce: -1 },
    data: { ...content, fin: false },
    message: { ...content, start: 0, total: 0 },
  };
}

/**
 * Tells `sink` each frame of `bytes[start, end)`, a packet's frames `length` bytes long of which those behind `end` are zeros. Null
 * where all were taken; a word of the sink ends the reading.
 */
export function decodeFrames<T>(
  reader: FrameReader,
  bytes: Uint8Array,
  start: number,
  end: number,
  length: number,
  sink: FrameSink<T>,
  target: T,
): FrameError | null {
  reader.bytes = bytes;
  reader.at = start;
  reader.limit = start + length;
  reader.end = Math.min(end, reader.limit, bytes.length);
  let error: FrameError | null = null;
  while (error === null && reader.at < reader.end) {
    const at = reader.at;
    const frame = bytes[at] as number;
    reader.at++;
    if (frame === FRAME.padding) continue;
    const word = decodeFrame(reader, frame, sink, target);
    if (word !== null) error = { word, at, frame };
  }
  reader.bytes = NOTHING;
  reader.data.source = NOTHING;
  reader.message.source = NOTHING;
  return error;
}

function decodeFrame<T>(reader: FrameReader, frame: number, sink: FrameSink<T>, target: T): Taken {
  switch (frame) {
    case FRAME.data:
    case FRAME.dataFin:
      return decodeData(reader, frame === FRAME.dataFin, sink, target);
    case FRAME.message:
    case FRAME.wholeMessage:
      return decodeMessage(reader, frame === FRAME.wholeMessage, sink, target);
    case FRAME.ack:
    case FRAME.ackCe:
      return decodeAck(reader, frame === FRAME.ackCe, sink, target);
    case FRAME.ping:
      return sink.ping(target);
    case FRAME.open:
      return decodeOpen(reader, sink, target);
    case FRAME.maxData:
    case FRAME.maxChannels:
    case FRAME.blocked:
    case FRAME.channelsBlocked:
      return decodeOne(reader, frame, sink, target);
    case FRAME.pathChallenge:
    case FRAME.pathResponse:
      return decodeHalves(reader, frame, sink, target);
    case FRAME.pathStatus:
    case FRAME.pathAbandon:
      return decodePath(reader, frame, sink, target);
    case FRAME.rekey:
    case FRAME.rekeyed:
      return decodeKey(reader, frame, sink, target);
    case FRAME.closeAssociation:
      return decodeClose(reader, sink, target);
    default:
      return decodeOfChannel(reader, frame, sink, target);
  }
}

/** The next number, -1 where bytes are missing or it is too large for one. */
function readNumber(reader: FrameReader): number {
  const value = readVarint(reader);
  return value > MAX_VARINT ? -1 : value;
}

function readChannel(reader: FrameReader): number {
  const value = readVarint(reader);
  return value > MAX_CHANNEL ? -1 : value;
}

/** `count` bytes, zeros included that are not there; null where the packet is too short. */
function readBytes(reader: FrameReader, count: number): Uint8Array | null {
  if (reader.at + count > reader.limit) return null;
  const bytes = new Uint8Array(count);
  bytes.set(reader.bytes.subarray(reader.at, Math.max(reader.at, Math.min(reader.at + count, reader.end))));
  reader.at += count;
  return bytes;
}

function decodeData<T>(reader: FrameReader, fin: boolean, sink: FrameSink<T>, target: T): Taken {
  const frame = reader.data;
  frame.channel = readChannel(reader);
  frame.offset = readNumber(reader);
  frame.length = readNumber(reader);
  frame.fin = fin;
  if (frame.channel < 0 || frame.offset < 0 || frame.length < 0) return "encoding";
  if (frame.offset + frame.length > MAX_VARINT || !takeContent(reader, frame, frame.length)) return "encoding";
  return sink.data(target, frame);
}

function decodeMessage<T>(reader: FrameReader, whole: boolean, sink: FrameSink<T>, target: T): Taken {
  const frame = reader.message;
  frame.channel = readChannel(reader);
  frame.start = readNumber(reader);
  frame.offset = whole ? 0 : readNumber(reader);
  frame.total = whole ? 0 : readNumber(reader);
  frame.length = readNumber(reader);
  if (whole) frame.total = frame.length;
  if (frame.channel < 0 || frame.start < 0 || frame.offset < 0 || frame.total < 0 || frame.length < 0)
    return "encoding";
  // A piece without bytes says nothing, except for a message without bytes.
  if (frame.offset + frame.length > frame.total || (frame.length === 0 && frame.total > 0)) return "encoding";
  if (frame.start + frame.total > MAX_VARINT || !takeContent(reader, frame, frame.length)) return "encoding";
  return sink.message(target, frame);
}

function takeContent(
  reader: FrameReader,
  content: { source: Uint8Array; at: number; present: number },
  length: number,
): boolean {
  const { at } = reader;
  if (length > reader.limit - at) return false;
  content.source = reader.bytes;
  content.at = at;
  content.present = Math.max(0, Math.min(length, reader.end - at));
  reader.at = at + length;
  return true;
}

function decodeAck<T>(reader: FrameReader, marked: boolean, sink: FrameSink<T>, target: T): Taken {
  const { ack } = reader;
  const path = readByteNumber(reader);
  const delay = readNumber(reader) * 1000;
  const more = readNumber(reader);
  if (path < 0 || delay < 0 || delay > MAX_VARINT || more < 0 || more >= MAX_ACK_RANGES) return "encoding";
  const { ranges } = ack;
  ranges.length = 0;
  let end = readNumber(reader) + 1;
  for (let left = more; ; left--) {
    const span = readNumber(reader);
    if (end < 1 || end > MAX_VARINT || span < 0 || span >= end) return "encoding";
    ranges.push(end, end - 1 - span);
    if (left === 0) break;
    const gap = readNumber(reader);
    end = gap < 0 ? 0 : end - 1 - span - (gap + 1);
  }
  ranges.reverse();
  ack.path = path;
  ack.delay = delay;
  ack.ce = marked ? readNumber(reader) : -1;
  return marked && ack.ce < 0 ? "encoding" : sink.ack(target, ack);
}

function decodeOpen<T>(reader: FrameReader, sink: FrameSink<T>, target: T): Taken {
  const channel = readChannel(reader);
  const kind = readByte(reader);
  const priority = readByte(reader);
  const window = readNumber(reader);
  const [reliability, framing] = [RELIABILITIES[kind & 0xf], FRAMINGS[kind >> 4]];
  if (channel < 0 || priority < 0 || window < 0 || reliability === undefined || framing === undefined)
    return "encoding";
  return sink.open(target, { channel, reliability, framing, priority, window });
}

function decodeOne<T>(reader: FrameReader, frame: number, sink: FrameSink<T>, target: T): Taken {
  const value = readNumber(reader);
  if (value < 0) return "encoding";
  if (frame === FRAME.maxData) return sink.maxData(target, value);
  if (frame === FRAME.maxChannels) return sink.maxChannels(target, value);
  return frame === FRAME.blocked ? sink.blocked(target, value) : sink.channelsBlocked(target, value);
}

function decodeOfChannel<T>(reader: FrameReader, frame: number, sink: FrameSink<T>, target: T): Taken {
  const channel = readChannel(reader);
  const value = readNumber(reader);
  if (channel < 0 || value < 0) return "encoding";
  switch (frame) {
    case FRAME.accept:
      return sink.accept(target, channel, value);
    case FRAME.refuse:
      return sink.refuse(target, channel, value);
    case FRAME.stopSending:
      return sink.stopSending(target, channel, value);
    case FRAME.forward:
      return sink.forward(target, channel, value);
    case FRAME.maxChannelData:
      return sink.maxChannelData(target, channel, value);
    case FRAME.channelBlocked:
      return sink.channelBlocked(target, channel, value);
    case FRAME.closeChannel:
    case FRAME.reset: {
      const final = readNumber(reader);
      if (final < 0) return "encoding";
      return frame === FRAME.reset
        ? sink.reset(target, channel, value, final)
        : sink.closeChannel(target, channel, value, final);
    }
    default:
      return "encoding";
  }
}

function decodeHalves<T>(reader: FrameReader, frame: number, sink: FrameSink<T>, target: T): Taken {
  const bytes = readBytes(reader, 8);
  if (bytes === null) return "encoding";
  const [high, low] = [get32(bytes, 0), get32(bytes, 4)];
  return frame === FRAME.pathChallenge ? sink.pathChallenge(target, high, low) : sink.pathResponse(target, high, low);
}

function decodePath<T>(reader: FrameReader, frame: number, sink: FrameSink<T>, target: T): Taken {
  const path = readByteNumber(reader);
  const value = readNumber(reader);
  if (path < 0 || value < 0) return "encoding";
  if (frame === FRAME.pathAbandon) return sink.pathAbandon(target, path, value);
  const status = readByte(reader);
  return status < 0 ? "encoding" : sink.pathStatus(target, path, value, status);
}

/** A number that one byte holds: paths. */
function readByteNumber(reader: FrameReader): number {
  const value = readVarint(reader);
  return value > 0xff ? -1 : value;
}

function decodeKey<T>(reader: FrameReader, frame: number, sink: FrameSink<T>, target: T): Taken {
  const channel = readChannel(reader);
  const generation = readNumber(reader);
  const key = readBytes(reader, PUBLIC_KEY_BYTES);
  if (channel < 0 || generation < 0 || key === null) return "encoding";
  return frame === FRAME.rekey
    ? sink.rekey(target, channel, generation, key)
    : sink.rekeyed(target, channel, generation, key);
}

function decodeClose<T>(reader: FrameReader, sink: FrameSink<T>, target: T): Taken {
  const code = readNumber(reader);
  const length = readNumber(reader);
  if (code < 0 || length < 0 || length > MAX_REASON_BYTES) return "encoding";
  const reason = readBytes(reader, length);
  return reason === null ? "encoding" : sink.closeAssociation(target, code, new TextDecoder().decode(reason));
}
