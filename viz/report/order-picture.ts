/** A comparison in one picture, an SVG file of its own: how the order of the policies changes from one adopter to all. */
import type { Comparison, MetricName } from "../../core/comparison.ts";
import { WHOLE_RUN } from "../../core/comparison.ts";
import { el, type Markup } from "../charts/markup.ts";
import { chartCss } from "../charts/palette.ts";
import { capitalize, MEDIUM, metricScale, reportOf } from "./page.ts";
import { flipOf } from "./standing.ts";
import { orderChart } from "./verdict.ts";

/** What hosts care about first: does it arrive, and how soon. */
const SHOWN: readonly MetricName[] = ["delivered_share", "latency_p95_ms"];
const HEAD = 34;
const GAP = 24;

/** null where the comparison has not both adoptions. */
export function orderPicture(comparison: Comparison): string | null {
  const { adoptions, metrics, policies } = comparison;
  if (!adoptions.includes("one") || !adoptions.includes("all")) return null;
  const report = reportOf(comparison);
  const shown = SHOWN.flatMap((name) => metrics.filter((metric) => metric.name === name));
  const rows = new Set(policies.map(({ policy }) => policy)).size;
  const [width, height] = [shown.length * (MEDIUM + GAP) + GAP, HEAD + 36 + 25 * rows];
  const panels = shown.map((metric, n): Markup => {
    const chart = orderChart(
      report,
      flipOf(report.standing("one", WHOLE_RUN, metric), report.standing("all", WHOLE_RUN, metric)),
    );
    const x = GAP + n * (MEDIUM + GAP);
    const { unit } = metricScale(report, WHOLE_RUN, metric);
    const head = `${capitalize(metric.label)}${unit === "" ? "" : `, ${unit}`}`;
    return el(
      "g",
      {},
      el("text", { x: x + MEDIUM / 2, y: 22, class: "mid bold" }, head),
      el("svg", { x, y: HEAD, width: MEDIUM, height: height - HEAD, preserveAspectRatio: "xMidYMin" }, chart),
    );
  });
  const title = `${comparison.scenario}: order of path policies with one adopter and when all adopt`;
  const picture = el(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img" },
    el("title", {}, title),
    el("style", {}, { html: chartCss() }),
    el("rect", { width, height, style: "fill:var(--background)" }),
    ...panels,
  );
  return `${picture.html}\n`;
}
