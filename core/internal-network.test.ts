import test from "ava";
import { createCrossings, cross, crossingOf, MAX_WAITING } from "./internal-network.ts";

const NETWORK = {
  latency_ns: 100,
  rate_bps: 0,
  pairs: [{ a: 1, b: 2, latency_ns: 7_000, rate_bps: 8_000_000 }],
};

test("a pair has its own latency and rate either way, the rest the AS's", (t) => {
  t.deepEqual(crossingOf(NETWORK, 2, 1), { latency: 7_000, rate: 8_000_000 });
  t.deepEqual(crossingOf(NETWORK, 0, 1), { latency: 100, rate: 0 });
  t.deepEqual(crossingOf(undefined, 1, 2), { latency: 0, rate: 0 });
});

test("packets of one direction queue for its line; the other direction has its own", (t) => {
  const crossings = createCrossings(NETWORK);
  // 1000 B at 1 B/us.
  t.is(cross(crossings, 1, 2, 1000, 0), 1_000_000 + 7_000);
  t.is(cross(crossings, 1, 2, 1000, 0), 2_000_000 + 7_000);
  t.is(cross(crossings, 2, 1, 1000, 0), 1_000_000 + 7_000);
  t.is(cross(crossings, 1, 2, 1000, 1_500_000), 3_000_000 - 1_500_000 + 7_000);
  t.is(cross(crossings, 1, 3, 1000, 0), 100);
});

test("what waits is bounded", (t) => {
  const crossings = createCrossings(NETWORK);
  for (let n = 0; n <= MAX_WAITING; n++) t.true(cross(crossings, 1, 2, 1000, 0) > 0 || n < 0);
  t.is(cross(crossings, 1, 2, 1000, 0), -1);
});
