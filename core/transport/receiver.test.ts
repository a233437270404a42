/** RFC 9000 section 13.2: when a receiver acknowledges, and what the application gets. */
import test from "ava";
import type { DataFrame } from "./frames.ts";
import { ackIsDue, createReceiver, isComplete, receiveData, takeAck } from "./receiver.ts";

const MS = 1_000_000;

function piece(number: number, changes: Partial<DataFrame> = {}): DataFrame {
  return {
    kind: "data",
    connection: 0,
    number,
    floor: 0,
    offset: number * 100,
    length: 100,
    fin: false,
    answer: -1,
    ...changes,
  };
}

test("every second packet is acknowledged at once, a single one after 25 ms", (t) => {
  const receiver = createReceiver();
  t.is(receiveData(receiver, piece(0), false, 10 * MS), 100);
  t.false(ackIsDue(receiver, 10 * MS));
  t.is(receiver.ackAt, 35 * MS);
  receiveData(receiver, piece(1), false, 12 * MS);
  t.true(ackIsDue(receiver, 12 * MS));
  t.deepEqual(takeAck(receiver, 0, 12 * MS).ranges, [0, 2]);
  receiveData(receiver, piece(2), false, 20 * MS);
  t.false(ackIsDue(receiver, 44 * MS));
  t.true(ackIsDue(receiver, 45 * MS));
  const ack = takeAck(receiver, 0, 45 * MS);
  t.is(ack.delayUs, 25_000);
  t.deepEqual(ack.ranges, [0, 3]);
});

test("a gap, a packet out of order and a mark are acknowledged at once", (t) => {
  const receiver = createReceiver();
  for (const n of [0, 1]) receiveData(receiver, piece(n), false, 0);
  takeAck(receiver, 0, 0);
  t.is(receiveData(receiver, piece(3), false, MS), 0);
  t.true(ackIsDue(receiver, MS), "2 is missing");
  t.deepEqual(takeAck(receiver, 0, MS).ranges, [0, 2, 3, 4]);
  t.is(receiveData(receiver, piece(2), false, 2 * MS), 200, "the hole is filled: two pieces at once");
  t.true(ackIsDue(receiver, 2 * MS), "2 is late");
  takeAck(receiver, 0, 2 * MS);
  receiveData(receiver, piece(4), true, 3 * MS);
  t.true(ackIsDue(receiver, 3 * MS), "marked");
  t.is(takeAck(receiver, 0, 3 * MS).ce, 1);
});

test("duplicates neither reach the application nor ask for an acknowledgement", (t) => {
  const receiver = createReceiver();
  receiveData(receiver, piece(0), false, 0);
  t.is(receiveData(receiver, piece(0), false, 0), 0);
  t.false(ackIsDue(receiver, 0));
  t.is(receiveData(receiver, piece(5, { offset: 0 }), false, 0), 0, "the same bytes under another number");
  t.is(receiver.delivered, 100);
});

test("a whole stream says so at once; what lies behind its end is malformed", (t) => {
  const receiver = createReceiver();
  receiveData(receiver, piece(0, { fin: true }), false, 0);
  t.true(isComplete(receiver));
  t.true(takeAck(receiver, 0, 0).complete);
  receiveData(receiver, piece(1), false, 0);
  receiveData(receiver, piece(2, { offset: 0, length: 50, fin: true }), false, 0);
  t.is(receiver.malformed, 2);
  t.is(receiver.delivered, 100);
});

test("holes are bounded; the piece that fills the first one is always taken", (t) => {
  const receiver = createReceiver();
  for (let n = 1; n <= 1_100; n++) receiveData(receiver, piece(n, { offset: 200 * n }), false, 0);
  t.is(receiver.refused, 1_100 - 1_024);
  t.is(receiver.bytes.length, 2_048);
  t.is(receiveData(receiver, piece(2_000, { offset: 0, length: 200 }), false, 0), 300);
  t.true(takeAck(receiver, 0, 0).ranges.length <= 64);
});

test("what the sender needs no more is left out of acknowledgements", (t) => {
  const receiver = createReceiver();
  for (const n of [0, 2, 4, 6]) receiveData(receiver, piece(n), false, 0);
  t.deepEqual(takeAck(receiver, 0, 0).ranges, [0, 1, 2, 3, 4, 5, 6, 7]);
  receiveData(receiver, piece(8, { floor: 4 }), false, 0);
  t.deepEqual(takeAck(receiver, 0, 0).ranges, [4, 5, 6, 7, 8, 9]);
});
