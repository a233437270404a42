/** Impairments: shares as asked for, causes that combine, draws that hang on packet and cause alone. */
import test from "ava";
import { impair, mend, rateLeft } from "./impairment.ts";
import type { Packet } from "./packet.ts";
import { createPassage, linkKeys, type Passage, pass } from "./passage.ts";
import { DEFAULT_DIRECTION, type Impairment, type LinkDirection, NO_IMPAIRMENT } from "./scenario.ts";

const N = 100_000;
function passageWith(
  causes: Readonly<Record<string, Partial<Impairment>>>,
  changes: Partial<LinkDirection> = {},
): Passage {
  const passage = createPassage({ ...DEFAULT_DIRECTION, latency_ns: 1_000, ...changes }, linkKeys(1, "link"));
  for (const [cause, part] of Object.entries(causes))
    passage.impairments = impair(passage.impairments, cause, { ...NO_IMPAIRMENT, ...part }, passage.keys.fault);
  return passage;
}

/** Fates of packets 100 us apart. */
function fates(passage: Passage): unknown[] {
  return Array.from({ length: N }, (_, number) => {
    const left = number * 100_000;
    const fate = pass(passage, left, { flow: 2, number } as Packet);
    return typeof fate === "number" ? fate - left : fate;
  });
}

const share = (of: readonly unknown[], what: unknown): number => of.filter((one) => one === what).length / of.length;
const near = (found: number, expected: number): boolean =>
  Math.abs(found - expected) < 5 * Math.sqrt((expected * (1 - expected)) / N);

test("losses of causes and of the line itself combine as 1 - (1 - p)(1 - q)", (t) => {
  const found = fates(passageWith({ a: { loss: 0.1 }, b: { loss: 0.2 } }, { loss: 0.05 }));
  t.true(near(share(found, "loss"), 1 - 0.9 * 0.8 * 0.95), `${share(found, "loss")}`);
});

test("corruption strikes what is not lost", (t) => {
  const found = fates(passageWith({ a: { loss: 0.1, corrupt: 0.3 } }));
  t.true(near(share(found, "corrupted"), 0.9 * 0.3), `${share(found, "corrupted")}`);
});

test("latencies add up, jitter is uniform about them, nothing arrives before it left", (t) => {
  const found = fates(passageWith({ a: { latency_ns: 500 }, b: { latency_ns: 700, jitter_ns: 100 } })) as number[];
  t.true(found.every((delay) => delay >= 2_100 && delay <= 2_300));
  t.true(Math.abs(found.reduce((sum, delay) => sum + delay, 0) / N - 2_200) < 1);
  t.true((fates(passageWith({ a: { jitter_ns: 9_000 } })) as number[]).every((delay) => delay >= 0));
});

test("duplicates and packets held back come in the share asked for", (t) => {
  const passage = passageWith({ a: { duplicate: 0.1, reorder: 0.2, reorder_ns: 250_000 }, b: { duplicate: 0.1 } });
  let copies = 0;
  const found = Array.from({ length: N }, (_, number) => {
    const left = number * 100_000;
    const delay = (pass(passage, left, { flow: 2, number } as Packet) as number) - left;
    copies += passage.copies;
    return delay;
  });
  t.true(Math.abs(copies / N - 0.2) < 0.007, `${copies} copies`);
  t.true(near(share(found, 251_000), 0.2), `${share(found, 251_000)}`);
  t.true(near(share(found, 1_000), 0.8), "what is not held back is not delayed by what is");
});

test("a cause's draws stay the same beside others, and end with it", (t) => {
  const alone = fates(passageWith({ a: { loss: 0.3 } }));
  const beside = passageWith({ b: { latency_ns: 5 }, a: { loss: 0.3 } });
  t.deepEqual(
    fates(beside).map((fate) => fate === "loss"),
    alone.map((fate) => fate === "loss"),
  );
  t.notDeepEqual(fates(passageWith({ c: { loss: 0.3 } })), alone);
  beside.impairments = mend(mend(beside.impairments, "a"), "none");
  beside.lastArrival = 0;
  t.is(share(fates(beside), 1_005), 1);
});

test("begun again, a cause has its new values; the least rate holds", (t) => {
  const { impairments, keys } = passageWith({ a: { rate_bps: 5 }, b: { rate_bps: 0 }, c: {} });
  t.is(rateLeft(impairments), 0);
  t.is(rateLeft(mend(impairments, "b")), 5);
  const again = impair(mend(impairments, "b"), "a", { ...NO_IMPAIRMENT, rate_bps: 7 }, keys.fault);
  t.is(rateLeft(again), 7);
  t.is(again.length, 2);
  t.is(rateLeft(mend(again, "a")), null);
});

test("order is kept when a latency ends, unless the line may reorder", (t) => {
  for (const reorder of [false, true]) {
    const passage = passageWith({ a: { latency_ns: 50_000 } }, { reorder });
    pass(passage, 0, { flow: 0, number: 0 } as Packet);
    passage.impairments = [];
    t.is(pass(passage, 10, { flow: 0, number: 1 } as Packet), reorder ? 1_010 : 51_000);
  }
});
