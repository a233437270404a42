/** The line with events against the one without, the trace's opportunities, and changes of the rate under way. */
import { testProp } from "@fast-check/ava";
import test from "ava";
import fc from "fast-check";
import { carry, createLinkModel } from "./link-model.ts";
import type { Packet } from "./packet.ts";
import { capRate, clearLine, createPacedLine, heldBy, offer, type PacedLine, takeSent } from "./paced-line.ts";
import { linkKeys, pass, createPassage } from "./passage.ts";
import { NEVER } from "./rate-schedule.ts";
import { DEFAULT_DIRECTION, type LinkDirection } from "./scenario.ts";

const KEYS = linkKeys(1, "link");
const MS = 1_000_000;
const line = (changes: Partial<LinkDirection> = {}): PacedLine =>
  createPacedLine({ ...DEFAULT_DIRECTION, rate_bps: 8_000_000_000, ...changes }, KEYS.queue);
const packet = (number: number, wireLength: number, trafficClass = 0): Packet =>
  ({ flow: 0, number, wireLength, trafficClass }) as Packet;

interface Sent {
  readonly number: number;
  readonly at: number;
}

/** Everything that has left by `until`, waking the line only when it asks for it. */
function drain(of: PacedLine, until: number): Sent[] {
  const sent: Sent[] = [];
  for (let now = Math.min(of.wake, until); ; now = of.wake) {
    for (let one = takeSent(of, now); one !== null; one = takeSent(of, now))
      sent.push({ number: one.number, at: of.left });
    if (of.wake > until) return sent;
  }
}

const someArrivals = fc.array(
  fc.record({ gap: fc.integer({ min: 0, max: 30 }), size: fc.integer({ min: 1, max: 80 }) }),
  { maxLength: 200 },
);

testProp(
  "drop-tail with events gives every packet the fate and the times of drop-tail without",
  [
    someArrivals,
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom(0, 60),
    fc.constantFrom(8_000_000_000, 5_000_000_000, 0),
    fc.boolean(),
    fc.constantFrom(0, 0.3),
  ],
  (t, arrivals, queue_packets, queue_bytes, rate_bps, reorder, loss) => {
    const delay = { kind: "uniform", width_ns: 40 } as const;
    const direction = {
      ...DEFAULT_DIRECTION,
      latency_ns: 50,
      delay,
      loss,
      queue_packets,
      queue_bytes,
      rate_bps,
      reorder,
    };
    const model = createLinkModel(direction, KEYS);
    const paced = createPacedLine(direction, KEYS.queue);
    const passage = createPassage(direction, KEYS);
    const expected: unknown[] = [];
    const found: unknown[] = [];
    let now = 0;
    const arrive = (until: number): void => {
      for (const { number, at } of drain(paced, until)) {
        const fate = pass(passage, at, packet(number, 0));
        found[number] = fate;
      }
    };
    arrivals.forEach(({ gap, size }, number) => {
      now += gap;
      const fate = carry(model, now, packet(number, size));
      expected[number] = typeof fate === "string" ? fate : now + fate;
      arrive(now);
      const refused = offer(paced, now, packet(number, size));
      if (refused !== null) found[number] = refused;
      arrive(now);
    });
    arrive(NEVER - 1);
    t.deepEqual(found, expected);
    t.is(paced.queue.highWater, model.highWater);
  },
  { numRuns: 400 },
);

test("opportunities carry exactly what they can, window by window, while there is a backlog", (t) => {
  const at_ns = [1, 1, 4, 5, 9, 10, 10, 10, 17, 20].map((at) => at * MS);
  const schedule = { kind: "opportunities", period_ns: 20 * MS, bytes: 1_500, at_ns } as const;
  const paced = line({ schedule, rate_bps: 0, queue_packets: 0 });
  // 600-byte packets: half of them stand across two opportunities.
  for (let number = 0; number < 400; number++) offer(paced, 0, packet(number, 600));
  const sent = drain(paced, 200 * MS);
  for (let window = 1; window <= 200; window++) {
    const offered = Array.from({ length: 10 }, (_, cycle) => at_ns.map((at) => at + cycle * 20 * MS))
      .flat()
      .filter((at) => at <= window * MS).length;
    const left = sent.filter(({ at }) => at <= window * MS).length;
    t.is(left, Math.min(400, Math.floor((offered * 1_500) / 600)), `by ${window} ms`);
  }
  t.true(sent.every(({ at }) => at % MS === 0));
});

test("what waits for an opportunity waits in the queue and counts against its bound", (t) => {
  const schedule = { kind: "opportunities", period_ns: 0, bytes: 1_500, at_ns: [10, 20] } as const;
  const paced = line({ schedule, queue_packets: 2 });
  t.deepEqual(
    [0, 1, 2].map((number) => offer(paced, 0, packet(number, 1_500))),
    [null, null, "queue_overflow"],
  );
  t.deepEqual(drain(paced, 100), [
    { number: 0, at: 10 },
    { number: 1, at: 20 },
  ]);
  t.is(offer(paced, 30, packet(3, 10)), null);
  t.is(takeSent(paced, 1_000), null);
  t.is(paced.wake, NEVER);
  t.is(heldBy(paced).length, 1);
});

test("a rate that changes under way: what is sent is sent, the rest goes at the new rate", (t) => {
  const paced = line();
  offer(paced, 0, packet(0, 1_000));
  takeSent(paced, 0);
  t.is(paced.wake, 1_000);
  t.is(takeSent(paced, 400), null);
  capRate(paced, 400, 800_000_000);
  t.is(takeSent(paced, 400), null);
  t.is(paced.wake, 6_400);
  capRate(paced, 2_400, 0);
  t.is(takeSent(paced, 2_400), null);
  t.is(paced.wake, NEVER);
  capRate(paced, 10_000, null);
  t.deepEqual(drain(paced, 20_000), [{ number: 0, at: 10_400 }]);
});

test("a packet that came while the line stood still begins when it moves again", (t) => {
  const paced = line();
  capRate(paced, 0, 0);
  offer(paced, 100, packet(0, 1_000));
  t.is(takeSent(paced, 500), null);
  capRate(paced, 700, null);
  t.deepEqual(drain(paced, 5_000), [{ number: 0, at: 1_700 }]);
});

test("a steps schedule spans a transmission over both rates", (t) => {
  const schedule = { kind: "steps", period_ns: 0, steps: [{ at_ns: 500, rate_bps: 800_000_000 }] } as const;
  const paced = line({ schedule });
  offer(paced, 0, packet(0, 1_000));
  t.deepEqual(drain(paced, 10_000), [{ number: 0, at: 5_500 }]);
});

test("strict priority by DSCP: bands in order, the rest last, a bound for each", (t) => {
  const paced = line({ discipline: { kind: "priority", bands: [[46], [10, 12]] }, queue_packets: 2 });
  const classes = [0, 46, 10, 0, 12, 0, 46, 0, 46, 46];
  const refused = classes.map((dscp, number) => {
    const reason = offer(paced, 0, packet(number, 100, dscp << 2));
    takeSent(paced, 0);
    return reason;
  });
  t.deepEqual(
    refused.map((reason) => reason !== null),
    [false, false, false, false, false, false, false, true, true, true],
  );
  t.deepEqual(
    drain(paced, MS).map(({ number }) => number),
    [0, 1, 6, 2, 4, 3, 5],
  );
});

test("cleared, the line gives back everything and starts anew", (t) => {
  const paced = line();
  for (let number = 0; number < 40; number++) offer(paced, 0, packet(number, 1_000));
  takeSent(paced, 500);
  t.deepEqual(
    clearLine(paced, 600).map(({ number }) => number),
    Array.from({ length: 40 }, (_, n) => n),
  );
  t.is(paced.wake, NEVER);
  offer(paced, 700, packet(99, 1_000));
  t.deepEqual(drain(paced, 9_999), [{ number: 99, at: 1_700 }]);
});
