/** RFC 9002 by example: thresholds, timers, windows. Section numbers are the RFC's. */
import test from "ava";
import type { AckFrame, DataFrame } from "./frames.ts";
import { addRange, type Ranges } from "./ranges.ts";
import { createRtt, persistentCongestionTime, probeTimeout, sampleRtt } from "./rtt.ts";
import { createSender, deadlineOf, endStream, nextData, NO_END, onAck, onTimeout, type Sender } from "./sender.ts";

const MS = 1_000_000;
const DATAGRAM = 1_200;

function ackOf(numbers: readonly number[], changes: Partial<AckFrame> = {}): AckFrame {
  const ranges: Ranges = [];
  for (const number of numbers) addRange(ranges, number, number + 1);
  return { kind: "ack", connection: 0, complete: false, refused: false, delayUs: 0, ce: 0, ranges, ...changes };
}

const upTo = (end: number): number[] => Array.from({ length: end }, (_, n) => n);

function drain(sender: Sender, now: number): DataFrame[] {
  const frames: DataFrame[] = [];
  for (let frame = nextData(sender, now); frame !== null; frame = nextData(sender, now)) frames.push(frame);
  return frames;
}

/** A sender without end whose first ten packets, sent at 0, are acknowledged at 100 ms. */
function started(): Sender {
  const sender = createSender({ connection: 0, datagram: DATAGRAM, total: NO_END });
  drain(sender, 0);
  onAck(sender, ackOf(upTo(10)), 100 * MS);
  return sender;
}

test("7.2: ten datagrams at first, 14,720 bytes at most, never below two datagrams", (t) => {
  const first = (datagram: number) => drain(createSender({ connection: 0, datagram, total: NO_END }), 0).length;
  t.is(first(1_200), 10);
  t.is(first(1_472), 10);
  t.is(first(4_000), 3);
  t.is(first(9_000), 2);
});

test("5.3: the first sample stands for itself, later ones are smoothed without the delay of acknowledgements", (t) => {
  const rtt = createRtt();
  t.is(probeTimeout(rtt, 0), (333 + 4 * 166.5 + 25) * MS);
  sampleRtt(rtt, 100 * MS, 20 * MS, 1);
  t.deepEqual([rtt.smoothed, rtt.variation], [100 * MS, 50 * MS]);
  sampleRtt(rtt, 140 * MS, 20 * MS, 2);
  t.is(rtt.smoothed, 0.875 * 100 * MS + 0.125 * 120 * MS);
  t.is(rtt.variation, 0.75 * 50 * MS + 0.25 * 20 * MS);
  const { smoothed } = rtt;
  sampleRtt(rtt, 110 * MS, 90 * MS, 3);
  t.is(
    rtt.smoothed,
    0.875 * smoothed + 0.125 * 110 * MS,
    "less than the minimum and the delay: the delay is not believed",
  );
});

test("6.1.1: three packets behind the largest acknowledged is lost, two is not", (t) => {
  const sender = createSender({ connection: 0, datagram: DATAGRAM, total: NO_END });
  drain(sender, 0);
  onAck(sender, ackOf([2]), 50 * MS);
  t.is(sender.lost.length, 0);
  onAck(sender, ackOf([2, 3]), 50 * MS);
  t.deepEqual(sender.lost, [0, sender.capacity], "number 0, but not 1");
  const again = nextData(sender, 50 * MS);
  t.deepEqual([again?.number, again?.offset], [10, 0], "the bytes again under a new number");
  t.is(sender.counts.retransmitted, 1);
});

test("6.1.2: a packet older than 9/8 of a round trip is lost, and the timer says when", (t) => {
  const sender = createSender({ connection: 0, datagram: DATAGRAM, total: NO_END });
  drain(sender, 0);
  onAck(sender, ackOf([1]), 80 * MS);
  t.is(deadlineOf(sender), 90 * MS);
  onTimeout(sender, 90 * MS - 1);
  t.is(sender.lost.length, 0);
  onTimeout(sender, 90 * MS);
  t.deepEqual(sender.lost, [0, sender.capacity]);
});

test("6.2: probes after the timeout, twice as late each time in a row, two packets each, whatever the window", (t) => {
  const sender = started();
  // The pacer lets ten go at once, the other ten later.
  drain(sender, 100 * MS);
  drain(sender, 150 * MS);
  const last = sender.lastSentAt;
  const base = probeTimeout(sender.rtt, 0);
  t.is(base, (100 + 4 * 50 + 25) * MS);
  t.is(deadlineOf(sender), last + base);
  let now = deadlineOf(sender);
  for (const factor of [2, 4, 8]) {
    onTimeout(sender, now);
    const probes = drain(sender, now);
    t.is(probes.length, 2);
    t.is(deadlineOf(sender), now + factor * base);
    now = deadlineOf(sender);
  }
  t.is(sender.counts.probeTimeouts, 3);
  const window = sender.reno.window;
  onAck(sender, ackOf([...upTo(10), sender.sent.next - 1]), now);
  t.is(sender.probeCount, 0);
  t.true(sender.reno.window <= window);
});

test("6.2.4: a probe with no new data repeats what is in flight, the oldest first", (t) => {
  const sender = createSender({ connection: 0, datagram: DATAGRAM, total: 3_000 });
  t.is(drain(sender, 0).length, 3);
  onTimeout(sender, deadlineOf(sender));
  const probes = drain(sender, 1_100 * MS);
  t.deepEqual(
    probes.map(({ number, offset }) => [number, offset]),
    [
      [3, 0],
      [4, sender.capacity],
    ],
  );
});

test("7.3.1: slow start adds what is acknowledged; 7.3.3: then one datagram a window", (t) => {
  const sender = started();
  t.is(sender.reno.window, 20 * DATAGRAM);
  sender.reno.threshold = sender.reno.window;
  const { length } = drain(sender, 200 * MS);
  onAck(sender, ackOf(upTo(10 + length)), 300 * MS);
  t.true(Math.abs(sender.reno.window - 20 * DATAGRAM - (length / 20) * DATAGRAM) < 0.05 * DATAGRAM);
});

test("7.3.2: one reduction a round trip: losses of packets sent before the recovery began count no more", (t) => {
  const sender = started();
  drain(sender, 100 * MS);
  const { window } = sender.reno;
  const sent = sender.sent.next;
  onAck(sender, ackOf([...upTo(10), 13]), 200 * MS);
  t.is(sender.reno.window, window / 2);
  onAck(sender, ackOf([...upTo(10), 13, sent - 1]), 201 * MS);
  t.is(sender.reno.window, window / 2);
  t.is(sender.reno.events, 1);
  t.not(nextData(sender, 201 * MS), null, "one packet at once hastens recovery");
});

test("7.8: a window that is not used does not grow", (t) => {
  const sender = createSender({ connection: 0, datagram: DATAGRAM, total: 3_000 });
  drain(sender, 0);
  const { window } = sender.reno;
  onAck(sender, ackOf(upTo(3)), 100 * MS);
  t.is(sender.reno.window, window);
});

test("7.6: losses in a row over more than three probe timeouts are persistent congestion", (t) => {
  const collapse = (spread: number): number => {
    const sender = started();
    const frames: DataFrame[] = [];
    for (const at of [200 * MS, 200 * MS + spread]) {
      const frame = nextData(sender, at);
      if (frame !== null) frames.push(frame);
    }
    const later = 200 * MS + spread + MS;
    const last = drain(sender, later).at(-1) as DataFrame;
    t.true(last.number - (frames[1] as DataFrame).number >= 3);
    onAck(sender, ackOf([...upTo(10), last.number]), later + 100 * MS);
    return sender.reno.window;
  };
  const limit = persistentCongestionTime(started().rtt);
  t.is(limit, 3 * (100 + 200 + 25) * MS);
  // The one packet acknowledged already adds itself, in slow start again.
  t.is(collapse(limit + 100 * MS), 2 * DATAGRAM + DATAGRAM);
  t.is(collapse(limit - 200 * MS), 10 * DATAGRAM);
});

test("7.6.2: a packet acknowledged in between breaks the row", (t) => {
  const sender = started();
  const limit = persistentCongestionTime(sender.rtt);
  nextData(sender, 200 * MS);
  nextData(sender, 200 * MS + limit / 2);
  nextData(sender, 300 * MS + limit);
  const last = drain(sender, 310 * MS + limit).at(-1) as DataFrame;
  onAck(sender, ackOf([...upTo(10), 11, last.number]), 400 * MS + limit);
  t.is(sender.reno.window, 10 * DATAGRAM);
});

test("7.1, B.7: marks reduce the window once a round trip, and nothing is sent again", (t) => {
  const sender = started();
  drain(sender, 100 * MS);
  const { window } = sender.reno;
  onAck(sender, ackOf(upTo(12), { ce: 1 }), 200 * MS);
  t.is(sender.reno.window, window / 2);
  onAck(sender, ackOf(upTo(14), { ce: 3 }), 201 * MS);
  t.is(sender.reno.events, 1);
  t.is(sender.lost.length, 0);
});

test("7.7: no more than ten datagrams at once; the rest at 1.25 windows a round trip", (t) => {
  const sender = started();
  const burst = drain(sender, 100 * MS);
  t.is(burst.length, 10);
  const gap = deadlineOf(sender) - 100 * MS;
  t.true(Math.abs(gap - (100 * MS) / (1.25 * 20)) <= 1, `${gap} ns`);
  t.is(drain(sender, 100 * MS + gap).length, 1);
});

test("packets acknowledged after they were declared lost are spurious, and are not sent again", (t) => {
  const sender = createSender({ connection: 0, datagram: DATAGRAM, total: NO_END });
  drain(sender, 0);
  onAck(sender, ackOf([5]), 50 * MS);
  t.deepEqual(sender.lost, [0, 3 * sender.capacity]);
  onAck(sender, ackOf([0, 1, 5]), 51 * MS);
  t.is(sender.counts.spurious, 2);
  t.deepEqual(sender.lost, [2 * sender.capacity, 3 * sender.capacity]);
});

test("acknowledgements of packets never sent are refused and change nothing", (t) => {
  const sender = started();
  const before = structuredClone(sender);
  t.false(onAck(sender, ackOf([10_000]), 200 * MS));
  t.deepEqual(sender, before);
});

test("a stream whose end comes late ends with an empty packet", (t) => {
  const sender = started();
  onAck(sender, ackOf(upTo(10)), 110 * MS);
  endStream(sender);
  const [end, ...more] = drain(sender, 120 * MS);
  t.deepEqual([end?.length, end?.fin, more.length], [0, true, 0]);
  onAck(sender, ackOf(upTo(11)), 220 * MS);
  t.true(sender.done);
  t.is(deadlineOf(sender), -1);
});
