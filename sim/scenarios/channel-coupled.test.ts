/** LIA and OLIA over channels, in whole networks. Twenty seeds each: `npm run bench -- channel-coupled`. */
import test from "ava";
import { SECOND } from "../../core/units.ts";
import { besideCongestion, interval, shareOfBottleneck } from "./channel-coupled.ts";

const TIMES = { from: 5 * SECOND, until: 35 * SECOND };

for (const controller of ["lia", "olia"] as const) {
  test(`${controller}: two paths over one bottleneck take one flow's share`, (t) => {
    const shares = [1, 2, 3, 4].map((seed) => shareOfBottleneck({ ...TIMES, controller, seed }));
    const { mean } = interval(shares);
    t.log(`mean share ${mean.toFixed(3)} (${shares.map((share) => share.toFixed(2)).join(" ")})`);
    t.true(mean > 0.85 && mean < 1.2, `${mean}, seeds 1 to 4`);
  });

  test(`${controller}: data moves off the congested path`, (t) => {
    const { free, crowded } = besideCongestion({ ...TIMES, controller, seed: 1 });
    t.log(`${free.toFixed(3)} of the free line, ${crowded.toFixed(3)} of one flow's share of the crowded one`);
    t.true(free > 0.8);
    t.true(crowded < 0.5);
  });
}

test("each path by itself takes a share of its own, on both networks: the tests can tell", (t) => {
  const run = { ...TIMES, controller: "newreno", seed: 1 } as const;
  const share = shareOfBottleneck(run);
  const { crowded } = besideCongestion(run);
  t.log(`${share.toFixed(3)} of one flow's share, ${crowded.toFixed(3)} on the crowded line`);
  t.true(share > 1.6);
  t.true(crowded > 0.7);
});
