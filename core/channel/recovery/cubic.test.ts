/** CUBIC against the equations of RFC 9438. The figures of the curve were computed with 40 decimal digits by another program. */
import test from "ava";
import { createRtt, type Rtt, sampleRtt } from "../../transport/rtt.ts";
import { CUBIC, type CubicState, cubicWindow } from "./cubic.ts";

const MS = 1_000_000;
const SECOND = 1_000 * MS;
const SIZE = 1_500;

/** W_max, K and W_cubic at 0, 1, 2.5, 5 and 8 s, in datagrams. */
const CURVES: [wMax: number, k: number, at: [seconds: number, window: number][]][] = [
  [
    100,
    4.217163326508746,
    [
      [0, 70],
      [1, 86.68076383512],
      [2.5, 97.97467461853],
      [5, 100.1918993394],
      [8, 121.6527351396],
    ],
  ],
  [
    336,
    6.316359597656379,
    [
      [0, 235.2],
      [1, 275.896046763],
      [2.5, 313.7664987182],
      [5, 335.0876034717],
      [8, 337.9090091422],
    ],
  ],
  [
    1_000,
    9.085602964160698,
    [
      [0, 700],
      [1, 788.5550939098],
      [2.5, 885.7525214358],
      [5, 972.7209984093],
      [8, 999.4882320871],
    ],
  ],
];

function rttOf(rtt: number): Rtt {
  const estimate = createRtt();
  sampleRtt(estimate, rtt, 0, 0);
  return estimate;
}

/** A window reduced at 0 s from `datagrams`, every packet sent before that. */
function reduced(datagrams: number, options = {}): CubicState {
  const state = CUBIC.create({ datagram: SIZE, window: datagrams * SIZE, ...options }, 0);
  CUBIC.onCongestion(state, 0, 0, rttOf(10 * MS));
  return state;
}

/** Acknowledges a window a round trip, in steps of a millisecond; answers the window in datagrams. */
function acknowledge(state: CubicState, from: number, to: number, rtt: Rtt, limited = true): number {
  for (let now = from; now < to; now += MS) {
    CUBIC.onAcked(state, (state.window * MS) / rtt.smoothed, now + 1, now + MS, rtt, limited);
  }
  return state.window / SIZE;
}

test("figures 1 and 2: the curve itself", (t) => {
  for (const [wMax, k, at] of CURVES) {
    const state = reduced(wMax, { friendly: false });
    t.true(Math.abs(state.window / SIZE - 0.7 * wMax) < 1e-9);
    CUBIC.onAcked(state, 1, 1, 0, rttOf(10 * MS), true);
    t.true(Math.abs(state.k - k) < 1e-12, `K ${state.k}`);
    for (const [seconds, window] of at) {
      t.true(Math.abs(cubicWindow(state, seconds) - window) < 1e-9 * window, `W(${seconds}) of ${wMax}`);
    }
  }
});

test("the window follows the curve, whatever an acknowledgement stands for", (t) => {
  const rtt = rttOf(10 * MS);
  for (const [wMax, , at] of CURVES) {
    const state = reduced(wMax, { friendly: false });
    let now = MS;
    for (const [seconds, expected] of at) {
      const window = acknowledge(state, now, MS + seconds * SECOND, rtt);
      now = MS + seconds * SECOND;
      t.true(Math.abs(window - expected) < 0.003 * expected, `${window} for ${expected} at ${seconds} s`);
    }
  }
});

test("4.3: where the curve is slower, Reno's rate rules: 0.53 datagrams a round trip, and one once the old window is reached", (t) => {
  const rtt = rttOf(20 * MS);
  const state = reduced(10);
  // 3 datagrams at 9/17 a round trip: 17/3 round trips of 20 ms.
  t.true(Math.abs(acknowledge(state, 0, 60 * MS, rtt) - (7 + (9 / 17) * 3)) < 0.05);
  t.true(Math.abs(acknowledge(state, 60 * MS, 200 * MS, rtt) - (10 + (10 - 17 / 3))) < 0.1);
  const plain = reduced(10, { friendly: false });
  t.true(acknowledge(plain, 0, 200 * MS, rtt) < 8.5);
});

test("4.6 and 4.7: the window falls to 0.7, and W_max further where the last one was not reached", (t) => {
  const state = reduced(100);
  t.is(state.wMax, 100);
  t.is(state.threshold, state.window);
  t.false(CUBIC.onCongestion(state, 0, 5, rttOf(10 * MS)), "the same recovery period");
  t.true(CUBIC.onCongestion(state, 1, 9, rttOf(10 * MS)));
  t.true(Math.abs(state.window / SIZE - 49) < 1e-9);
  t.true(Math.abs(state.wMax - (70 * 1.7) / 2) < 1e-9);
  const slow = reduced(100, { fastConvergence: false });
  CUBIC.onCongestion(slow, 1, 9, rttOf(10 * MS));
  t.true(Math.abs(slow.wMax - 70) < 1e-9);
});

test("4.2: the target lies at most half a window above the window", (t) => {
  const state = reduced(1_000, { friendly: false });
  const rtt = rttOf(10 * MS);
  acknowledge(state, MS, 20 * MS, rtt);
  state.threshold = state.window = 10 * SIZE;
  CUBIC.onAcked(state, 10 * SIZE, SECOND, 2 * SECOND, rtt, true);
  t.is(state.window, 15 * SIZE);
});

test("4.8: after persistent congestion slow start, and then a curve that begins in its middle", (t) => {
  const state = reduced(100);
  CUBIC.onPersistent(state, SECOND);
  t.is(state.window, 2 * SIZE);
  const rtt = rttOf(10 * MS);
  CUBIC.onAcked(state, 68 * SIZE, SECOND + 1, SECOND + 2, rtt, true);
  t.is(state.window, 70 * SIZE);
  CUBIC.onAcked(state, SIZE, SECOND + 3, SECOND + 4, rtt, true);
  t.is(state.k, 0);
  t.is(state.wMax, 70);
});

test("5.8: while the application has nothing to send the curve stands still", (t) => {
  const rtt = rttOf(10 * MS);
  const busy = reduced(100, { friendly: false });
  const paused = reduced(100, { friendly: false });
  const expected = acknowledge(busy, MS, 3_001 * MS, rtt);
  acknowledge(paused, MS, 1_001 * MS, rtt);
  const before = paused.window;
  t.is(acknowledge(paused, 1_001 * MS, 9_001 * MS, rtt, false) * SIZE, before);
  t.true(Math.abs(acknowledge(paused, 9_001 * MS, 11_001 * MS, rtt) - expected) < 0.01 * expected);
});

test("a reduction undone leaves no trace", (t) => {
  const state = reduced(100);
  const rtt = rttOf(10 * MS);
  acknowledge(state, MS, 500 * MS, rtt);
  const before = structuredClone(state);
  CUBIC.onCongestion(state, 400 * MS, 500 * MS, rtt);
  CUBIC.onSpurious(state, 510 * MS);
  t.deepEqual({ ...state, before: null, events: 0 }, { ...before, before: null, events: 0 });
});

test("RFC 9406: slow start ends five rounds after round trips grew by an eighth, and goes on where they fall again", (t) => {
  const grow = (roundTrips: readonly number[]): number[] => {
    const state = CUBIC.create({ datagram: SIZE, hystart: true }, 0);
    const windows: number[] = [];
    let now = 0;
    for (const roundTrip of roundTrips) {
      const rtt = rttOf(roundTrip);
      for (let i = 0; i < 10; i++) CUBIC.onAcked(state, SIZE, now + i, now + roundTrip + i, rtt, true);
      now += roundTrip + 10;
      windows.push(state.window < state.threshold ? state.window / SIZE : -1);
    }
    return windows;
  };
  const [low, high] = [40 * MS, 50 * MS];
  const steady = grow([low, low, low, low]);
  t.is((steady[3] as number) - (steady[2] as number), 10);
  const risen = grow([low, low, high, high, high, high, high, high, high]);
  t.true((risen[3] as number) - (risen[2] as number) === 2.5, "a quarter of the growth");
  t.is(risen.indexOf(-1), 7);
  const chance = grow([low, low, high, low, low]);
  t.is((chance[4] as number) - (chance[3] as number), 10);
});
