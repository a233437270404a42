import { testProp } from "@fast-check/ava";
import test from "ava";
import fc from "fast-check";
import { admit, createTransmitQueue, release } from "./queue.ts";

test("a free line starts at once; a busy one when it is free", (t) => {
  const queue = createTransmitQueue(10, 0);
  t.is(admit(queue, 100, 1000, 50), 100);
  t.is(admit(queue, 120, 1000, 50), 150);
  t.is(queue.waiting, 1);
  release(queue, 149);
  t.is(queue.waiting, 1);
  release(queue, 150);
  t.is(queue.waiting, 0);
});

test("the packet being sent does not count against the bound", (t) => {
  const queue = createTransmitQueue(2, 0);
  t.deepEqual(
    [0, 0, 0, 0].map(() => admit(queue, 0, 100, 10)),
    [0, 10, 20, -1],
  );
});

test("a bound in bytes", (t) => {
  const queue = createTransmitQueue(0, 250);
  t.deepEqual(
    [0, 0, 0, 0].map(() => admit(queue, 0, 100, 10)),
    [0, 10, 20, -1],
  );
  t.is(admit(queue, 0, 50, 10), 30);
});

const arrivals = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 30 }), size: fc.integer({ min: 1, max: 40 }) }), {
  maxLength: 200,
});

/** Drop-tail by the book: a list of packets, served one after the other. */
function byTheBook(
  packets: readonly { gap: number; size: number }[],
  limitPackets: number,
  limitBytes: number,
): number[] {
  let now = 0;
  let free = 0;
  const admitted: { start: number; size: number }[] = [];
  return packets.map(({ gap, size }) => {
    now += gap;
    const waiting = admitted.filter(({ start }) => start > now);
    const bytes = waiting.reduce((sum, packet) => sum + packet.size, 0);
    const full =
      (limitPackets !== 0 && waiting.length >= limitPackets) || (limitBytes !== 0 && bytes + size > limitBytes);
    if (free > now && full) return -1;
    const start = Math.max(now, free);
    free = start + size;
    admitted.push({ start, size });
    return start;
  });
}

testProp(
  "starts and drops are those of a list served in order",
  [arrivals, fc.integer({ min: 0, max: 5 }), fc.constantFrom(0, 60)],
  (t, packets, limitPackets, limitBytes) => {
    const queue = createTransmitQueue(limitPackets, limitBytes);
    let now = 0;
    const starts = packets.map(({ gap, size }) => {
      now += gap;
      return admit(queue, now, size, size);
    });
    t.deepEqual(starts, byTheBook(packets, limitPackets, limitBytes));
    if (limitPackets !== 0) t.true(queue.highWater <= limitPackets);
  },
  { numRuns: 500 },
);
