/** What LIA and OLIA take of a bottleneck that both their paths share: twenty seeds. */
import { SECOND } from "../core/units.ts";
import { hexHash, hashText } from "../core/digest.ts";
import { interval, shareOfBottleneck } from "../sim/scenarios/channel-coupled.ts";
import { type Bench, type BenchResult, measure, peakRssMb } from "./bench.ts";

const CONTROLLERS = ["lia", "olia"] as const;

function run(seeds: number, seconds: number): BenchResult {
  const { value, wall_s, cpu_s } = measure(() =>
    CONTROLLERS.map((controller) =>
      Array.from({ length: seeds }, (_, n) =>
        shareOfBottleneck({ controller, seed: n + 1, from: (seconds / 10) * SECOND, until: seconds * SECOND }),
      ),
    ),
  );
  const more: Record<string, string> = {};
  value.forEach((shares, n) => {
    const { mean, low, high } = interval(shares);
    more[CONTROLLERS[n] as string] =
      `${mean.toFixed(3)} of one flow's share (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`;
  });
  return {
    name: "channel-coupled",
    rate: (CONTROLLERS.length * seeds * seconds) / wall_s,
    unit: "simulated s/s",
    hash: hexHash(hashText(JSON.stringify(value))),
    wall_s,
    cpu_s,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more,
  };
}

export const channelCoupledBench: Bench = {
  name: "channel-coupled",
  about: "LIA and OLIA on a shared bottleneck: shares of 20 seeds, 60 s each (small: 2 seeds, 2 s)",
  run: (size) => (size === "large" ? run(20, 60) : run(2, 2)),
};
