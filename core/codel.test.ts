/** CoDel's behaviour as RFC 8289 describes it: a standing queue ends near the target, drops come each interval / sqrt(count). */
import test from "ava";
import type { Packet } from "./packet.ts";
import { createPacedLine, offer, takeSent } from "./paced-line.ts";
import { linkKeys } from "./passage.ts";
import { DEFAULT_DIRECTION, type LinkDirection } from "./scenario.ts";

const MS = 1_000_000;
const TARGET = 5 * MS;
const INTERVAL = 100 * MS;
/** A packet of 1,000 bytes takes a millisecond. */
const DIRECTION: LinkDirection = {
  ...DEFAULT_DIRECTION,
  rate_bps: 8_000_000,
  queue_packets: 0,
  discipline: { kind: "codel", target_ns: TARGET, interval_ns: INTERVAL, ecn: false },
};

interface Seen {
  readonly drops: number[];
  /** By time of leaving: how long each packet waited. */
  readonly waits: { at: number; waited: number }[];
  readonly marks: number;
  readonly marked: number;
}

/** Packets come with these gaps until `end`; the sender may answer to drops. */
function run(
  gapAt: (now: number, drops: number) => number,
  end: number,
  changes: Partial<LinkDirection> = {},
  trafficClass = 0,
): Seen {
  const line = createPacedLine({ ...DIRECTION, ...changes }, linkKeys(1, "link").queue);
  const came: number[] = [];
  const seen = { drops: [] as number[], waits: [] as { at: number; waited: number }[], marks: 0, marked: 0 };
  const take = (now: number): void => {
    for (let one = takeSent(line, now); one !== null; one = takeSent(line, now)) {
      seen.waits.push({ at: line.left, waited: line.left - MS - (came[one.number] as number) });
      if (one.trafficClass === 3) seen.marked++;
    }
    for (let one = line.queue.discarded.shift(); one !== undefined; one = line.queue.discarded.shift())
      seen.drops.push(now);
  };
  for (let now = 0, number = 0; now < end; now += gapAt(now, seen.drops.length), number++) {
    for (take(now); line.wake <= now; ) take(line.wake);
    came.push(now);
    offer(line, now, { flow: 0, number, wireLength: 1_000, trafficClass } as Packet);
    take(now);
    for (const next = now + gapAt(now, seen.drops.length); line.wake < next; ) take(line.wake);
  }
  return { ...seen, marks: line.queue.codel?.marks ?? 0 };
}

test("below the target nothing is dropped, and a burst is let pass", (t) => {
  t.deepEqual(run(() => 1.1 * MS, 2_000 * MS).drops, []);
  // 60 packets at once drain within the interval.
  let sent = 0;
  t.deepEqual(run(() => (++sent % 60 === 0 ? 200 * MS : 0), 2_000 * MS).drops, []);
});

test("in a steady overload the first drop comes an interval after the wait passes the target, the next by the control law", (t) => {
  const { drops, waits } = run(() => 0.8 * MS, 1_500 * MS);
  const above = waits.find(({ waited }) => waited >= TARGET)?.at ?? 0;
  const first = drops[0] as number;
  // Packets are looked at once a millisecond.
  t.true(
    first - (above - MS) >= INTERVAL && first - (above - MS) <= INTERVAL + 2 * MS,
    `above at ${above}, dropped at ${first}`,
  );
  let due = first;
  for (let count = 1; count < drops.length; count++) {
    due += INTERVAL / Math.sqrt(count);
    const late = (drops[count] as number) - due;
    t.true(late >= -1 && late <= 1.5 * MS, `drop ${count + 1} at ${drops[count]}, due at ${due}`);
  }
  t.true(drops.length > 20);
});

test("dropping again soon after, it goes on about as fast as it stopped; after long it starts anew", (t) => {
  /** Drops in the half second after the second onset of an overload that had paused for so long. */
  const dropsAfter = (pause: number): number => {
    const onset = 2_000 * MS + pause;
    const gap = (now: number): number => (now < 2_000 * MS || now >= onset ? 0.8 * MS : 20 * MS);
    return run(gap, onset + 700 * MS).drops.filter((at) => at > onset).length;
  };
  const anew = dropsAfter(9_000 * MS);
  t.true(
    dropsAfter(600 * MS) > 2 * anew,
    `${dropsAfter(600 * MS)} drops after a short pause, ${anew} after a long one`,
  );
});

test("a sender that slows down a little with each drop ends with a wait near the target", (t) => {
  // Additive increase, and a tenth less for each drop, as many flows together behave.
  let rate = 1.2;
  let answered = 0;
  const { waits } = run((_now, drops) => {
    rate = drops > answered ? Math.max(0.5, rate * 0.93) : rate + 0.000_2;
    answered = drops;
    return Math.round(MS / rate);
  }, 20_000 * MS);
  const standing = waits.filter(({ at }) => at > 5_000 * MS);
  const mean = standing.reduce((sum, { waited }) => sum + waited, 0) / standing.length;
  const withoutCodel = 250 * MS;
  t.log(`mean wait ${(mean / MS).toFixed(2)} ms, target 5 ms`);
  t.true(mean > 1 * MS && mean < 4 * TARGET && mean < withoutCodel, `mean wait ${mean} ns`);
});

test("with ECN packets are marked at the times of the drops, and none is lost", (t) => {
  const discipline = { kind: "codel", target_ns: TARGET, interval_ns: INTERVAL, ecn: true } as const;
  const plain = run(() => 0.8 * MS, 1_000 * MS);
  const ecn = run(() => 0.8 * MS, 1_000 * MS, { discipline }, 0b10);
  t.deepEqual(ecn.drops, []);
  t.true(ecn.marks >= plain.drops.length && ecn.marks > 5);
  t.true(ecn.marked >= ecn.marks - 400 && ecn.marked > 0);
  t.deepEqual(run(() => 0.8 * MS, 1_000 * MS, { discipline }, 0).drops, plain.drops);
});
