/**
 * The receiving end of a reliable byte stream: puts the pieces together, each byte once and in order, and acknowledges packets as
 * RFC 9000 says (13.2): every second one, or after 25 ms; at once where packets are missing or out of order, where one is marked
 * CE, and where the stream is whole.
 */
import type { Nanos } from "../units.ts";
import { type AckFrame, type DataFrame, MAX_ACK_RANGES } from "./frames.ts";
import { addRange, hasNumber, prefixOf, type Ranges } from "./ranges.ts";
import { MAX_ACK_DELAY } from "./rtt.ts";

export interface Receiver {
  /** Packet numbers that arrived; ranges that the sender needs no more are forgotten, and the oldest beyond `MAX_ACK_RANGES`. */
  readonly numbers: Ranges;
  /** Bytes of the stream that arrived. */
  readonly bytes: Ranges;
  /** Bytes handed to the application. */
  delivered: number;
  /** Length of the stream, -1 until it is known. */
  end: number;
  /** Packets since the last acknowledgement. */
  waiting: number;
  /** By when to acknowledge, -1: nothing waits. */
  ackAt: Nanos;
  /** When the largest packet number arrived. */
  largestAt: Nanos;
  /** Packets marked "congestion experienced". */
  ce: number;
  /** Packets not taken: more holes in the stream than `MAX_HOLES`. They are not acknowledged. */
  refused: number;
  /** Packets that contradict the stream: data behind its end. */
  malformed: number;
}

/** Holes in the stream that a receiver keeps track of. The piece that fills the first hole is always taken. */
const MAX_HOLES = 1_024;
const ACK_EVERY = 2;

export function createReceiver(): Receiver {
  return {
    numbers: [],
    bytes: [],
    delivered: 0,
    end: -1,
    waiting: 0,
    ackAt: -1,
    largestAt: 0,
    ce: 0,
    refused: 0,
    malformed: 0,
  };
}

export function isComplete(receiver: Receiver): boolean {
  return receiver.delivered === receiver.end;
}

/** Takes a packet in; answers how many bytes the application gets now. `ce`: marked on its way. */
export function receiveData(receiver: Receiver, frame: DataFrame, ce: boolean, now: Nanos): number {
  const { numbers, bytes } = receiver;
  if (hasNumber(numbers, frame.number)) return 0;
  const end = frame.offset + frame.length;
  if (contradicts(receiver, frame, end)) {
    receiver.malformed++;
    return 0;
  }
  if (bytes.length >= 2 * MAX_HOLES && frame.offset > receiver.delivered) {
    receiver.refused++;
    return 0;
  }
  addRange(bytes, frame.offset, end);
  if (frame.fin) receiver.end = end;
  if (ce) receiver.ce++;
  noteNumber(receiver, frame, ce, now);
  const delivered = prefixOf(bytes);
  const news = delivered - receiver.delivered;
  receiver.delivered = delivered;
  if (isComplete(receiver)) receiver.ackAt = now;
  return news;
}

export function ackIsDue(receiver: Receiver, now: Nanos): boolean {
  return receiver.ackAt >= 0 && receiver.ackAt <= now;
}

/** The acknowledgement to send now. */
export function takeAck(receiver: Receiver, connection: number, now: Nanos): AckFrame {
  receiver.waiting = 0;
  receiver.ackAt = -1;
  const delayUs = Math.floor((now - receiver.largestAt) / 1000);
  const ranges = receiver.numbers.slice();
  return { kind: "ack", connection, complete: isComplete(receiver), refused: false, delayUs, ce: receiver.ce, ranges };
}

/** Answers a packet of a connection that is over: whole (`complete`), or given up. */
export function lastWord(frame: DataFrame, complete: boolean): AckFrame {
  const ranges = [frame.number, frame.number + 1];
  return { kind: "ack", connection: frame.connection, complete, refused: !complete, delayUs: 0, ce: 0, ranges };
}

function contradicts(receiver: Receiver, frame: DataFrame, end: number): boolean {
  if (receiver.end >= 0) return end > receiver.end || (frame.fin && end !== receiver.end);
  return frame.fin && end < (receiver.bytes.at(-1) ?? 0);
}

function noteNumber(receiver: Receiver, { number, floor }: DataFrame, ce: boolean, now: Nanos): void {
  const { numbers } = receiver;
  const expected = numbers.at(-1) ?? 0;
  addRange(numbers, number, number + 1);
  if (numbers.length > 2 && (numbers[1] as number) <= floor) dropBelow(numbers, floor);
  if (numbers.length > 2 * MAX_ACK_RANGES) numbers.splice(0, numbers.length - 2 * MAX_ACK_RANGES);
  if (number >= expected) receiver.largestAt = now;
  receiver.waiting++;
  if (receiver.waiting >= ACK_EVERY || number !== expected || ce) receiver.ackAt = now;
  else if (receiver.ackAt < 0) receiver.ackAt = now + MAX_ACK_DELAY;
}

/** The last range stays, whatever the sender says. */
function dropBelow(numbers: Ranges, floor: number): void {
  let count = 0;
  while (count + 2 < numbers.length && (numbers[count + 1] as number) <= floor) count += 2;
  numbers.splice(0, count);
}
