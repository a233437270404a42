/** The README's picture is what the code draws: `npm run picture` writes it, this test compares it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { PathInfo } from "../core/path.ts";
import { createPathFinder } from "../core/path-finder.ts";
import { buildPreset } from "../topologies/presets.ts";
import { networkSvg } from "./network-svg.ts";

const PICTURE = join(import.meta.dirname, "../docs/diamond.svg");

function drawn(): string {
  const built = buildPreset("diamond");
  if (!built.ok) throw new Error("the preset diamond cannot be built");
  const network = built.value;
  const paths = createPathFinder(network, { max: 10 })("1-ff00:0:110", "1-ff00:0:120");
  const [shortest, fastest] = [paths[0], [...paths].sort((a, b) => (a.latencyNs ?? 0) - (b.latencyNs ?? 0))[0]] as [
    PathInfo,
    PathInfo,
  ];
  return networkSvg(network, paths, [
    { label: "shortest: 2 links", path: shortest },
    { label: "lowest latency: 15 ms", path: fastest },
  ]);
}

test("the picture of the diamond is up to date", (t) => {
  if (process.env["PATHLOOM_WRITE_PICTURE"] === "1") writeFileSync(PICTURE, drawn());
  t.is(readFileSync(PICTURE, "utf8"), drawn());
});

test("every AS and link is drawn once, and the picture has a title", (t) => {
  const svg = drawn();
  t.is(svg.match(/<circle/g)?.length, 6);
  t.is(svg.match(/Mbit\/s/g)?.length, 7);
  t.regex(svg, /<title>diamond: 6 ASes, 7 links/);
});
