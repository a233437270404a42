/** BBR's promises: the line full, the queue short, losses that do not matter, flows that share. */
import test from "ava";
import { createRtt, sampleRtt } from "../../transport/rtt.ts";
import { BBR } from "./bbr.ts";
import type { RateSample } from "./controller.ts";
import { runDumbbell } from "./dumbbell-testing.ts";

test("one flow fills the line, and no more than a tenth of the round trip waits", (t) => {
  const result = runDumbbell({ controller: "bbr", queue: 170, seconds: 40 });
  t.log({ utilisation: result.utilisation, queue: result.meanQueue, rtt: result.meanRttMs, loss: result.loss });
  t.true(result.utilisation > 0.95);
  t.true(result.meanQueue < 0.1 * 166);
  t.is(result.loss, 0);
});

test("one packet in a hundred lost: BBR keeps the line full, NewReno does not", (t) => {
  const result = runDumbbell({ controller: "bbr", queue: 170, loss: 0.01, seconds: 30 });
  const reno = runDumbbell({ controller: "newreno", queue: 170, loss: 0.01, seconds: 30 });
  t.log({ bbr: result.utilisation, newreno: reno.utilisation });
  t.true(result.utilisation > 0.9);
  t.true(reno.utilisation < 0.3);
});

test("ten flows share the line", (t) => {
  const result = runDumbbell({ controller: "bbr", queue: 340, flows: 10, seconds: 60, from: 20 });
  t.log({ utilisation: result.utilisation, jain: result.jain, queue: result.meanQueue, loss: result.loss });
  t.true(result.utilisation > 0.97);
  t.true(result.jain > 0.8);
});

test("the phases: startup until the rate no longer grows, drain, the cycle, and the round trip probed after ten seconds", (t) => {
  const MS = 1_000_000;
  const state = BBR.create({ datagram: 1_000 }, 0);
  const rtt = createRtt();
  let delivered = 0;
  let now = 0;
  const round = (rate: number, inFlight: number, latest = 20 * MS): void => {
    now += latest;
    sampleRtt(rtt, latest, 0, now);
    const priorDelivered = delivered;
    delivered += 20_000;
    const sample: RateSample = {
      rate,
      appLimited: false,
      priorDelivered,
      delivered,
      newlyAcked: 20_000,
      newlyLost: 0,
      priorInFlight: inFlight,
      inFlight,
    };
    BBR.onAckEnd?.(state, sample, now, rtt);
  };
  for (const rate of [1e-3, 2e-3, 4e-3]) round(rate, 1e6);
  t.is(state.mode, "startup");
  t.true(Math.abs(state.pacing - 2.885 * 4e-3) < 1e-9);
  for (let i = 0; i < 3; i++) round(4.5e-3, 1e6);
  t.is(state.mode, "drain");
  t.true(Math.abs(state.pacing - 4.5e-3 / 2.885) < 1e-9);
  round(4.5e-3, 80_000);
  t.is(state.mode, "probe-bw");
  // 2 * 4.5e-3 * 20 ms = 180,000 bytes, and three quanta.
  for (let i = 0; i < 20; i++) round(4.5e-3, 170_000);
  t.true(state.window >= 180_000 && state.window < 200_000, `${state.window}`);
  const gains = new Set<number>();
  for (let i = 0; i < 16; i++) {
    round(4.5e-3, 170_000, 21 * MS);
    gains.add(state.paceGain);
  }
  t.deepEqual([...gains].sort(), [0.75, 1, 1.25]);
  for (let i = 0; i < 600 && state.mode === "probe-bw"; i++) round(4.5e-3, 170_000, 21 * MS);
  t.is(state.mode, "probe-rtt");
  t.is(state.window, 4_000);
  const since = now;
  for (let i = 0; i < 600 && state.mode === "probe-rtt"; i++) round(1e-3, 4_000, 20 * MS);
  t.is(state.mode, "probe-bw");
  t.true(now - since > 200 * MS && now - since < 300 * MS);
  t.true(state.window >= 100_000, "the window of before");
});

test("a rate is remembered for ten rounds", (t) => {
  const state = BBR.create({ datagram: 1_000 }, 0);
  const rtt = createRtt();
  sampleRtt(rtt, 20, 0, 0);
  const rest = { appLimited: false, newlyAcked: 10, newlyLost: 0, priorInFlight: 0, inFlight: 0 };
  for (let round = 0; round < 11; round++) {
    t.is(state.rate, round === 0 ? 0 : 9);
    const rate = round === 0 ? 9 : 2;
    BBR.onAckEnd?.(state, { ...rest, rate, priorDelivered: round, delivered: round + 1 }, round, rtt);
  }
  t.is(state.rate, 2);
});
