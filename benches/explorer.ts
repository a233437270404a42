/**
 * The explorer in a real Chromium: packet-hops a second in the page's worker with the map closed and everything collected, how long it takes
 * to go to a random instant, and the page's own work for each picture of 200 ASes with 1,000 packets.
 */
import { hashText, hexHash } from "../core/digest.ts";
import { RandomStream } from "../core/rng.ts";
import { SECOND } from "../core/units.ts";
import { ADVICE, executable, launchBrowser } from "../viz/chromium-testing.ts";
import { serveSite } from "../viz/page/site-testing.ts";
import { busyScenario, crowdedScenario, playOn, quantile, runAhead } from "../viz/page/speed-testing.ts";
import type { Bench } from "./bench.ts";
import { peakRssMb } from "./bench.ts";
import { generatedInternet } from "./networks.ts";

/** Simulated seconds run ahead; instants gone to; real milliseconds of playing. */
const SIZES = { small: { run: 2, seeks: 3, play: 500 }, large: { run: 600, seeks: 30, play: 10_000 } };
const ASES = 200;
const FLOWS = 40;
/** Simulated seconds that are played, so slowly that they last. */
const PLAYED = 2;
const SPEED = 0.05;

function leaves(): string[] {
  const all = generatedInternet(ASES).ases.filter(({ core }) => !core);
  return all.slice(-FLOWS).map(({ ia }) => ia);
}

export const explorerBench: Bench = {
  name: "explorer",
  about:
    "ten minutes run ahead in Chromium, 30 random seeks, pictures of 200 ASes with 1,000 packets (small: 2 s, 3 seeks)",
  missing: () => (executable === null ? `the explorer's bench needs Chromium: ${ADVICE}` : null),
  run: async (size) => {
    const { run, seeks, play } = SIZES[size];
    const random = new RandomStream(1, "explorer", "seeks");
    const times = Array.from({ length: seeks }, () => random.below(run * SECOND));
    const site = await serveSite([crowdedScenario(leaves(), PLAYED)]);
    const browser = await launchBrowser();
    try {
      const ahead = await runAhead(browser, site.url, busyScenario(run), times);
      const drawn = await playOn(browser, site.url, SPEED, play);
      const { hops, events, busy_ms, digest } = ahead.progress;
      const ms = (values: readonly number[], share: number): number => Number(quantile(values, share).toFixed(2));
      return {
        name: "explorer",
        rate: hops / ahead.cpu_s,
        unit: "packet-hops/s of CPU time in the page",
        hash: hexHash(hashText(digest ?? "")),
        wall_s: ahead.wall_s,
        cpu_s: ahead.cpu_s,
        peak_rss_mb: peakRssMb(),
        node: process.version,
        more: {
          browser: browser.version(),
          packet_hops: hops,
          events,
          wall_rate: Math.round((1_000 * hops) / busy_ms),
          seek_ms_median: ms(ahead.seeks, 0.5),
          seek_ms_p95: ms(ahead.seeks, 0.95),
          seek_ms_worst: ms(ahead.seeks, 1),
          frames: drawn.ms.length,
          packets_median: quantile(drawn.packets, 0.5),
          frame_ms_median: ms(drawn.ms, 0.5),
          frame_ms_p95: ms(drawn.ms, 0.95),
          frame_ms_worst: ms(drawn.ms, 1),
        },
      };
    } finally {
      await browser.close();
      await site.close();
    }
  },
};
