/** Ten bulk flows over channels on one bottleneck: against real Linux TCP. The whole table: `npm run bench -- channel-dumbbell`. */
import test from "ava";
import { SECOND } from "../../core/units.ts";
import { dumbbellFigures, LINUX, misses } from "./channel-dumbbell.ts";

const SEED = 1;
/** Shares differ more over 15 s than over 50 (0.98 there): a few cycles of each flow. ns-3's CUBIC has 0.84 over 50. */
const FAIR = 0.95;

for (const linux of LINUX) {
  const { controller, queue } = linux;
  test(`ten ${controller} flows, queue of ${queue}: utilisation, loss, fairness and mean queue of Linux`, (t) => {
    const run = { controller, queue, flows: 10, seed: SEED, from: 10 * SECOND, until: 25 * SECOND };
    const found = dumbbellFigures(run);
    const { utilisation, loss, jain, meanQueue } = found;
    t.log(
      `utilisation ${utilisation.toFixed(4)}, loss ${loss.toFixed(5)}, Jain ${jain.toFixed(4)}, queue ${meanQueue.toFixed(1)}`,
    );
    t.deepEqual(misses(found, linux, FAIR), [], `seed ${SEED}`);
  });
}
