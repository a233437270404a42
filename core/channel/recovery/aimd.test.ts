/** NewReno under random losses against theory: additive increase, multiplicative decrease. */
import test from "ava";
import { runDumbbell } from "./dumbbell-testing.ts";

const SEED = 1;
/** Seconds so that a loss rate shows itself some hundred times. */
const RUNS: [ackEvery: number, loss: number, seconds: number][] = [
  [1, 3e-4, 500],
  [1, 3e-3, 1_200],
  [2, 1e-4, 1_500],
  [2, 1e-3, 800],
  [2, 3e-3, 1_800],
];

for (const [ackEvery, loss, seconds] of RUNS) {
  test(`AIMD, p = ${loss}, an acknowledgement every ${ackEvery}: throughput is 1.31 MSS / (RTT sqrt(p)) within 10 %`, (t) => {
    // Mathis et al. 1997, table 1: 1.31 for random losses, and growth by bytes makes delayed acknowledgements no matter.
    const rtt = 100_000_000;
    const { delivered } = runDumbbell({
      controller: "newreno",
      rate: 0,
      rtt,
      loss,
      ackEvery,
      seconds,
      from: 20,
      seed: SEED,
    });
    const packetsPerRoundTrip = (delivered[0] as number) / (seconds - 20) / 10;
    const constant = packetsPerRoundTrip * Math.sqrt(loss);
    t.log(`C = ${constant.toFixed(3)}`);
    t.true(Math.abs(constant / 1.31 - 1) < 0.1, `C = ${constant}, seed ${SEED}`);
  });
}
