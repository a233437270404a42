/** The explorer in a real browser does what its bench measures: a small run, the same as in Node, and what each picture costs, as a distribution. */
import test from "ava";
import { assemble } from "../../actors/assemble.ts";
import { Simulation } from "../../sim/simulation.ts";
import { resolveScenario } from "../../topologies/resolve.ts";
import { buildPreset } from "../../topologies/presets.ts";
import { browserTest, expectBrowser, launchBrowser } from "../browser-testing.ts";
import { type GalleryFile, serveSite } from "./site-testing.ts";
import { busyScenario, crowdedScenario, playOn, quantile, runAhead } from "./speed-testing.ts";

test("there is a browser to measure in", (t) => expectBrowser(t, "the explorer's speed"));

function digestInNode({ text }: GalleryFile): string {
  const none = () => ({ ok: false, error: "there are no files" }) as const;
  const resolved = resolveScenario(text, { file: "busy.yaml", readFile: none, readTopology: none, overrides: {} });
  if (!resolved.ok) throw new Error(resolved.error[0]?.message);
  const world = Simulation.create(assemble(resolved.value, { repeat: "" }));
  world.run(resolved.value.duration_ns);
  return world.digest();
}

const spread = (values: readonly number[], unit: string): string =>
  [0.5, 0.95, 1].map((share) => `${quantile(values, share).toFixed(1)} ${unit}`).join(", ");

browserTest("a run ahead, seeks, and pictures of 200 ASes with 1,000 packets", async (t) => {
  const network = buildPreset("internet", { ases: 200 });
  if (!network.ok) throw new Error("the preset internet cannot be built");
  const leaves = network.value.ases.filter(({ core }) => !core).slice(-40);
  const busy = busyScenario(2);
  const site = await serveSite([
    crowdedScenario(
      leaves.map(({ ia }) => ia),
      0.3,
    ),
  ]);
  const browser = await launchBrowser();
  try {
    const { progress, cpu_s, seeks } = await runAhead(browser, site.url, busy, [1e9, 5e8, 1.9e9]);
    t.is(progress.digest, digestInNode(busy));
    t.log(`${Math.round(progress.hops / cpu_s)} packet-hops per CPU second of the page, start included`);
    t.log(`seeks: ${spread(seeks, "ms")} (median, 95 %, worst of ${seeks.length})`);
    const { ms, packets } = await playOn(browser, site.url, 0.1, 1_000);
    t.true(ms.length > 5);
    t.true(quantile(packets, 0.5) > 700, `${quantile(packets, 0.5)} packets`);
    t.log(`own work for a picture: ${spread(ms, "ms")} (median, 95 %, worst of ${ms.length})`);
  } finally {
    await browser.close();
    await site.close();
  }
});
