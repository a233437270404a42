/** How the policies behaved: delays, delivery over time, paths taken. */
import type { PathCurve, PolicyOutcome, RunCurves } from "../../core/comparison.ts";
import type { Adoption } from "../../core/scenario.ts";
import { areaChart, type Layer } from "../charts/areas.ts";
import { type Line, lineChart } from "../charts/lines.ts";
import { el, group, type Markup, shorten } from "../charts/markup.ts";
import { block, seriesClass } from "../charts/palette.ts";
import { formatShare, formatWithUnit } from "../charts/units.ts";
import {
  adoptionLegend,
  adoptionSeries,
  adoptionText,
  capitalize,
  dataBehind,
  dataTable,
  faultBands,
  figure,
  gallery,
  MEDIUM,
  perAdoption,
  phaseStretches,
  policyLegend,
  type Report,
  section,
  SMALL,
  timeKey,
} from "./page.ts";
import { outcomesOf } from "./standing.ts";

const MS = { divisor: 1, unit: "ms" };
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
/** Paths of a pair that are drawn by themselves; the rest is one area. */
const SHOWN_PATHS = 6;
const REST = 9;

export function latencySection(report: Report): Markup {
  const { comparison, policies } = report;
  const uppers = comparison.policies
    .flatMap(({ curves }) => curves.latency.map(([upper]) => upper))
    .filter((ms) => ms > 0);
  const domain = [Math.min(...uppers), Math.max(...uppers)] as const;
  return section(
    "latency",
    "Latency",
    el(
      "p",
      {},
      "One-way delay of the packets that arrived, all replications together: share of packets with at most this delay. What was lost is not in it.",
    ),
    policyLegend(report),
    gallery(
      "medium",
      ...comparison.adoptions.map((adoption) => {
        const outcomes = outcomesOf(comparison, adoption);
        const drawn = lineChart({
          title: `Distribution of one-way delay, ${adoptionText(adoption)}`,
          description: `Medians: ${outcomes.map(({ policy, curves }) => `${policy} ${formatWithUnit(quantile(curves.latency, 0.5), MS)}`).join(", ")}.`,
          width: MEDIUM,
          height: 300,
          lines: outcomes.map(
            ({ policy, curves }): Line => ({
              name: policy,
              series: policies.indexOf(policy),
              points: cumulative(curves.latency),
              data: { policy },
            }),
          ),
          x: { domain, label: "one-way delay (ms, logarithmic)", log: true },
          y: { domain: [0, 1], text: (value) => `${Math.round(value * 100)} %` },
        });
        return figure(el("b", {}, capitalize(adoptionText(adoption))), drawn, { adoption });
      }),
    ),
    dataBehind(
      "quantiles of one-way delay",
      ...comparison.adoptions.map((adoption) => quantileTable(report, adoption)),
    ),
  );
}

function cumulative(steps: RunCurves["latency"]): [number, number][] {
  const total = steps.reduce((sum, [, count]) => sum + count, 0);
  let below = 0;
  return steps.map(([upper, count]): [number, number] => {
    below += count;
    return [upper, total === 0 ? 0 : below / total];
  });
}

function quantile(steps: RunCurves["latency"], share: number): number | null {
  return cumulative(steps).find(([, below]) => below >= share)?.[0] ?? null;
}

function quantileTable({ comparison }: Report, adoption: Adoption): Markup {
  return dataTable({
    caption: `Quantiles of one-way delay in ms, all replications together, ${adoptionText(adoption)}`,
    head: ["Policy", ...QUANTILES.map((share) => `p${share * 100}`)],
    rows: outcomesOf(comparison, adoption).map(({ policy, curves }) => [
      policy,
      ...QUANTILES.map((share) => formatWithUnit(quantile(curves.latency, share), { divisor: 1, unit: "" })),
    ]),
  });
}

export function deliverySection(report: Report): Markup {
  const { comparison, policies } = report;
  const shares = comparison.policies.flatMap(({ curves }) =>
    deliveredShares(curves).flatMap(([, share]) => share ?? []),
  );
  const lowest = Math.floor(Math.min(0.9, ...shares) * 10) / 10;
  return section(
    "delivery",
    "Delivery over time",
    el(
      "p",
      {},
      "Share of the packets sent in each bin that arrived, all replications together. Shaded: faults. Dotted: bounds of phases.",
    ),
    timeKey(report),
    adoptionLegend(report),
    gallery(
      "small",
      ...policies.map((policy) =>
        figure(el("b", {}, policy), deliveryChart(report, policy, Math.max(0, lowest)), { policy }),
      ),
    ),
    dataBehind("delivered share over time", ...comparison.adoptions.map((adoption) => deliveryTable(report, adoption))),
  );
}

function deliveryChart(report: Report, policy: string, lowest: number): Markup {
  const { comparison } = report;
  const outcomes = comparison.policies.filter((outcome) => outcome.policy === policy);
  const worst = outcomes.map(({ adoption, curves }) => {
    const known = deliveredShares(curves).filter(([, share]) => share !== null);
    const [at, share] = known.reduce(
      (low, point) => ((point[1] ?? 1) < (low[1] ?? 1) ? point : low),
      known[0] ?? [0, null],
    );
    return `${adoptionText(adoption)}: lowest ${formatShare(share)} at ${at} s`;
  });
  return lineChart({
    title: `Delivered share over time, ${policy}`,
    description: `${worst.join("; ")}.`,
    width: SMALL,
    height: 190,
    lines: outcomes.map(
      ({ adoption, curves }): Line => ({
        name: `${policy}, ${adoptionText(adoption)}`,
        series: adoptionSeries(adoption),
        points: deliveredShares(curves),
        data: { adoption },
      }),
    ),
    x: { domain: [0, sendingEnd(report)], label: "time of sending (s)" },
    y: { domain: [lowest, 1], text: (value) => `${Math.round(value * 100)} %` },
    bands: faultBands(report),
    stretches: phaseStretches(report),
    step: true,
  });
}

/** Seconds and share by bin; null where nothing was sent. */
function deliveredShares({ bin_ns, sent, delivered }: RunCurves): [number, number | null][] {
  return sent.map((count, bin) => [(bin * bin_ns) / 1e9, count > 0 ? (delivered[bin] ?? 0) / count : null]);
}

/** Where the charts over time end: the end of the last bin in which something was sent. */
function sendingEnd({ comparison }: Report): number {
  const ends = comparison.policies.map(({ curves }) => {
    const last = curves.sent.findLastIndex((count) => count > 0);
    return ((last + 1) * curves.bin_ns) / 1e9;
  });
  return Math.max(0, ...ends) || comparison.duration_s;
}

function deliveryTable({ comparison }: Report, adoption: Adoption): Markup {
  const outcomes = outcomesOf(comparison, adoption);
  const columns = outcomes.map(({ curves }) => deliveredShares(curves));
  const bins = columns[0]?.map(([at]) => at) ?? [];
  return dataTable({
    caption: `Delivered share in percent by time of sending, ${adoptionText(adoption)}`,
    head: ["Time (s)", ...outcomes.map(({ policy }) => policy)],
    rows: bins.map((at, bin) => [at, ...columns.map((column) => percent(column[bin]?.[1] ?? null))]),
  });
}

function percent(share: number | null): string {
  return share === null ? "\u2013" : (share * 100).toFixed(1);
}

export function pathsSection(report: Report): Markup {
  const pairs = [...new Set(report.comparison.policies.flatMap(({ curves }) => curves.paths.map(({ pair }) => pair)))];
  const [shown] = pairs.filter((pair) => pair !== null);
  return section(
    "paths",
    "Paths used",
    el(
      "p",
      {},
      "Share of packets on each path by time of sending. Quick changes of colour are switches; a policy that keeps switching shows as stripes.",
    ),
    timeKey(report),
    shown === undefined ? null : pathGallery(report, shown),
    pairs.includes(null) ? pathGallery(report, null) : null,
    pairs.length === 0 ? el("p", {}, "The comparison holds no curves of paths.") : null,
  );
}

function pathGallery(report: Report, pair: string | null): Markup {
  const numbers = drawnPaths(report, pair);
  const title =
    pair === null ? "All pairs together, by place in the order offered (0 is the shortest)" : "One pair of hosts";
  const body = [
    pair === null ? null : el("p", {}, "The pair ", el("code", {}, pair), "."),
    pathLegend(report, pair, numbers),
    perAdoption(report, (adoption, outcomes) => [
      gallery("small", ...outcomes.map((outcome) => pathFigure(report, outcome, adoption, pair, numbers))),
    ]),
    dataBehind(`share of each path by phase (${pair ?? "all pairs"})`, pathTable(report, pair)),
  ];
  if (pair === null) return el("details", { class: "phase" }, el("summary", {}, title), body);
  return group(el("h3", {}, title), body);
}

/** The paths that carry most over all policies, in the order offered. */
function drawnPaths({ comparison }: Report, pair: string | null): number[] {
  const sums = new Map<number, number>();
  for (const { curves } of comparison.policies) {
    for (const { position, packets } of curvesOf(curves, pair)) {
      sums.set(position, (sums.get(position) ?? 0) + packets.reduce((sum, count) => sum + count, 0));
    }
  }
  const busiest = [...sums].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, SHOWN_PATHS);
  return busiest.map(([position]) => position).sort((a, b) => a - b);
}

function curvesOf({ paths }: RunCurves, pair: string | null): PathCurve[] {
  return paths.filter((curve) => curve.pair === pair);
}

function pathLegend({ comparison }: Report, pair: string | null, numbers: readonly number[]): Markup {
  const labels = new Map<number, string>();
  for (const { curves } of comparison.policies)
    for (const { position, label } of curvesOf(curves, pair)) labels.set(position, labels.get(position) ?? label);
  return el(
    "ul",
    { class: pair === null ? "legend" : "legend tall", "aria-label": "Paths and their colours" },
    numbers.map((position, n) =>
      el(
        "li",
        {},
        block(seriesClass(n)),
        " ",
        el("b", {}, position),
        pair === null ? null : ` ${labels.get(position) ?? ""}`,
      ),
    ),
    labels.size > numbers.length
      ? el("li", {}, block(seriesClass(REST)), ` other: ${labels.size - numbers.length} more`)
      : null,
  );
}

function pathFigure(
  report: Report,
  { policy, curves }: PolicyOutcome,
  adoption: Adoption,
  pair: string | null,
  numbers: readonly number[],
): Markup {
  const all = curvesOf(curves, pair);
  const merge = Math.max(1, Math.round(1e9 / curves.bin_ns));
  const bins = Math.ceil((sendingEnd(report) * 1e9) / curves.bin_ns / merge);
  const sums = (chosen: readonly PathCurve[]): number[] =>
    Array.from({ length: bins }, (_, bin) =>
      chosen.reduce((sum, { packets }) => sum + total(packets.slice(bin * merge, (bin + 1) * merge)), 0),
    );
  const layers = numbers.map(
    (position, n): Layer => ({
      name: shorten(all.find((curve) => curve.position === position)?.label ?? `path ${position}`, 80),
      series: n,
      key: String(position),
      values: sums(all.filter((curve) => curve.position === position)),
    }),
  );
  const rest = all.filter(({ position }) => !numbers.includes(position));
  if (rest.length > 0)
    layers.push({ name: `${rest.length} other paths`, series: REST, key: "other", values: sums(rest) });
  const grand = layers.reduce((sum, { values }) => sum + total(values), 0);
  const words = layers.map(({ key, values }) => `${key} ${formatShare(grand > 0 ? total(values) / grand : null)}`);
  const drawn = areaChart({
    title: `Share of paths over time, ${policy}, ${adoptionText(adoption)}`,
    description: `Over the whole run by path: ${words.join(", ")}.`,
    width: SMALL,
    height: 190,
    times: Array.from({ length: bins }, (_, bin) => ((bin + 0.5) * merge * curves.bin_ns) / 1e9),
    layers,
    domain: [0, sendingEnd(report)],
    label: "time of sending (s)",
    bands: faultBands(report),
    stretches: phaseStretches(report),
  });
  return figure(el("b", {}, policy), drawn, { policy, adoption });
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function pathTable(report: Report, pair: string | null): Markup {
  const { comparison } = report;
  const rows = comparison.policies.flatMap(({ policy, adoption, curves }) => {
    const all = curvesOf(curves, pair);
    return comparison.phases.map(({ name, from_ns, to_ns }) => {
      const [from, to] = [Math.floor(from_ns / curves.bin_ns), Math.ceil(to_ns / curves.bin_ns)];
      const sums = all.map(({ position, packets }) => ({ position, packets: total(packets.slice(from, to)) }));
      const grand = total(sums.map(({ packets }) => packets));
      const used = sums.filter(({ packets }) => packets > 0).sort((a, b) => b.packets - a.packets);
      const words = used
        .slice(0, SHOWN_PATHS)
        .map(({ position, packets }) => `${position}: ${formatShare(packets / grand)}`);
      return [policy, adoptionText(adoption), name, words.join(", ") || "no packets", used.length];
    });
  });
  return dataTable({
    kind: "words",
    caption: `Share of the most used paths by phase, ${pair ?? "all pairs together"}`,
    head: ["Policy", "Adoption", "Phase", "Paths and their shares", "Paths used"],
    rows,
  });
}
