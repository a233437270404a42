/** Every metric of every policy with its interval, over the whole run and phase by phase, and the differences behind the marks. */
import { type Metric, type PairedDifference, WHOLE_RUN } from "../../core/comparison.ts";
import type { Adoption } from "../../core/scenario.ts";
import { type ForestDot, type ForestRow, forestChart } from "../charts/forest.ts";
import { type Child, el, group, type Markup } from "../charts/markup.ts";
import { formatDifference, formatInterval, formatSeconds, formatValue, formatWithUnit } from "../charts/units.ts";
import {
  adoptionLegend,
  adoptionSeries,
  adoptionText,
  capitalize,
  dataTable,
  figure,
  gallery,
  metricScale,
  type Report,
  section,
  SMALL,
} from "./page.ts";
import { centreOf, estimateOf, headlinesOf, isBound, leadersOf, type Mark, outcomesOf } from "./standing.ts";

export function rankingSection(report: Report): Markup {
  const { comparison } = report;
  return section(
    "ranking",
    "Ranking",
    el(
      "p",
      {},
      "Dots are means over the replications (medians for latencies and completion times), whiskers 95 % intervals. ",
      el("strong", {}, "Best"),
      " values are bold; \u2248 marks those that are not distinguishable from the best (paired differences, after Holm).",
    ),
    adoptionLegend(report),
    el("h3", {}, "Whole run"),
    gallery("small", ...comparison.metrics.map((metric) => forestFigure(report, WHOLE_RUN, metric))),
    comparison.adoptions.map((adoption) => rankTable(report, WHOLE_RUN, adoption)),
    comparison.phases.length > 0 ? el("h3", {}, "Phase by phase") : null,
    comparison.phases.map(({ name, from_ns, to_ns }, n) =>
      el(
        "details",
        { class: "phase", "data-phase": name },
        el(
          "summary",
          {},
          el("b", {}, `${n + 1} ${name}`),
          `, ${formatSeconds(from_ns)} to ${formatSeconds(to_ns)} s. `,
          phaseWords(report, name),
        ),
        gallery("small", ...headlinesOf(comparison).map((metric) => forestFigure(report, name, metric))),
        comparison.adoptions.map((adoption) => rankTable(report, name, adoption)),
      ),
    ),
  );
}

/** Who delivers most in the phase. */
function phaseWords(report: Report, phase: string): string {
  const [metric] = headlinesOf(report.comparison);
  if (metric === undefined) return "";
  const best = report.comparison.adoptions.map((adoption) => {
    const standing = report.standing(adoption, phase, metric);
    const { length } = leadersOf(standing);
    const alike = length > 1 && length === standing.order.length;
    return `${alike ? "none, not distinguishable" : (standing.order[0] ?? "none")} (${adoption})`;
  });
  return `${capitalize(metric.label)}: best ${best.join(", ")}`;
}

const NOTES: Readonly<Record<Mark, string>> = {
  best: "best",
  tied: "\u2248",
  worse: "",
  bound: "",
  untested: "",
  missing: "",
};

export function forestFigure(report: Report, phase: string, metric: Metric): Markup {
  const { comparison, policies } = report;
  const scale = metricScale(report, phase, metric);
  const rows = policies.map(
    (policy): ForestRow => ({
      label: policy,
      dots: comparison.adoptions.flatMap((adoption): ForestDot[] => {
        const outcome = outcomesOf(comparison, adoption).find((one) => one.policy === policy);
        const estimate = outcome === undefined ? null : estimateOf(outcome, phase, metric.name);
        const value = centreOf(metric, estimate);
        const mark = report.standing(adoption, phase, metric).marks.get(policy) ?? "missing";
        const interval = estimate?.ci95 ?? null;
        const title = `${policy}, ${adoptionText(adoption)}: ${formatWithUnit(value, scale)}`;
        return [{ series: adoptionSeries(adoption), value, interval, note: NOTES[mark], title, data: { adoption } }];
      }),
    }),
  );
  const best = comparison.adoptions.map(
    (adoption) => `${adoptionText(adoption)}: ${report.standing(adoption, phase, metric).order[0] ?? "none"}`,
  );
  const where = phase === WHOLE_RUN ? "whole run" : `phase ${phase}`;
  const drawn = forestChart({
    title: `${capitalize(metric.label)}, ${where}: dots with 95 % intervals`,
    description: `${metric.better === "higher" ? "Higher" : "Lower"} is better. Best, ${best.join("; ")}. The figures stand in the tables that follow.`,
    width: SMALL,
    rows,
    unit: scale.unit,
    text: (value) => formatValue(value * scale.divisor, scale),
    scale: scale.divisor,
    bounds: [0, metric.unit === "share" ? 100 : metric.unit === "index" ? 1 : Number.POSITIVE_INFINITY],
  });
  const caption = group(
    el("b", { title: metric.description }, capitalize(metric.label)),
    el("span", { class: "muted" }, ` ${metric.better} is better`),
  );
  return figure(caption, drawn, { metric: metric.name });
}

function rankTable(report: Report, phase: string, adoption: Adoption): Markup {
  const { comparison } = report;
  const { metrics } = comparison;
  const where = phase === WHOLE_RUN ? "Whole run" : `Phase ${phase}`;
  const scales = metrics.map((metric) => metricScale(report, phase, metric));
  const standings = metrics.map((metric) => report.standing(adoption, phase, metric));
  const table = dataTable({
    caption: `${where}, ${adoptionText(adoption)}: value and 95 % interval`,
    head: [
      "Policy",
      ...metrics.map(({ label, better, description }, n) =>
        el(
          "span",
          { title: description },
          label,
          el("small", {}, ` ${scales[n]?.unit ?? ""} ${better === "higher" ? "\u2191" : "\u2193"}`),
        ),
      ),
    ],
    rows: outcomesOf(comparison, adoption).map((outcome) => [
      isBound(outcome.policy) ? el("i", {}, outcome.policy) : outcome.policy,
      ...metrics.map((metric, n) => {
        const estimate = estimateOf(outcome, phase, metric.name);
        const scale = scales[n] ?? { divisor: 1, unit: "" };
        const text = formatValue(centreOf(metric, estimate), scale);
        const mark = standings[n]?.marks.get(outcome.policy) ?? "missing";
        return group(markedValue(text, mark), intervalText(estimate?.ci95 ?? null, scale));
      }),
    ]),
  });
  return el("div", { "data-adoption": adoption }, table);
}

function markedValue(text: string, mark: Mark): Child {
  if (mark === "best") return el("strong", {}, text);
  if (mark !== "tied") return text;
  return group(el("abbr", { title: "not distinguishable from the best" }, "\u2248"), "\u00a0", text);
}

function intervalText(interval: readonly [number, number] | null, scale: { divisor: number; unit: string }): Child {
  return interval === null ? null : el("small", {}, formatInterval(interval, scale));
}

/** Differences of policies, replication by replication: what the marks above stand on. */
export function pairedSection(report: Report): Markup {
  const { comparison } = report;
  const against = comparison.baseline === null ? "the best of each metric" : comparison.baseline;
  return section(
    "paired",
    "Paired differences",
    el(
      "p",
      {},
      `Every policy meets the same arrivals, losses and faults, so policies are compared replication by replication, here with ${against}. `,
      "An interval that leaves out zero, and p below 0.05 after Holm\u2019s correction, means distinguishable (\u25cf).",
    ),
    comparison.paired.length === 0
      ? el("p", {}, "There are no paired differences: they need two policies and two replications.")
      : comparison.adoptions.map((adoption) => pairedBlock(report, adoption)),
  );
}

function pairedBlock(report: Report, adoption: Adoption): Markup {
  const { comparison } = report;
  const rowsOf = (phase: string, metric: Metric): PairedDifference[] =>
    comparison.paired.filter((row) => row.adoption === adoption && row.phase === phase && row.metric === metric.name);
  const headlines = headlinesOf(comparison);
  const wholeRun = comparison.metrics.flatMap((metric) =>
    rowsOf(WHOLE_RUN, metric).map((row) => pairedRow(report, metric, row)),
  );
  const head = [
    "Metric",
    "Policy",
    "less",
    "difference",
    "95 % interval",
    "p",
    "p (Holm)",
    "effect size",
    "distinguishable",
  ];
  const text = adoptionText(adoption);
  return el(
    "div",
    { "data-adoption": adoption },
    el("h3", {}, capitalize(text)),
    gallery(
      "small",
      ...headlines.map((metric) => differenceFigure(report, adoption, metric, rowsOf(WHOLE_RUN, metric))),
    ),
    el(
      "details",
      {},
      el("summary", {}, `All paired differences of the whole run (${text})`),
      dataTable({ caption: `Paired differences, whole run, ${text}`, head, rows: wholeRun }),
    ),
    comparison.phases.length === 0
      ? null
      : el(
          "details",
          {},
          el("summary", {}, `Paired differences phase by phase (${text})`),
          comparison.phases.map(({ name }) =>
            dataTable({
              caption: `Paired differences, phase ${name}, ${text}`,
              head,
              rows: headlines.flatMap((metric) => rowsOf(name, metric).map((row) => pairedRow(report, metric, row))),
            }),
          ),
        ),
  );
}

function pairedRow(report: Report, metric: Metric, row: PairedDifference): Child[] {
  const scale = metricScale(report, row.phase, metric);
  const unit = scale.unit === "%" ? "points" : scale.unit;
  const plain = { ...scale, unit };
  return [
    metric.label,
    el("span", { class: "names" }, row.a),
    el("span", { class: "names" }, row.b),
    `${formatDifference(row.mean_difference, scale)} ${unit}`,
    formatInterval(row.ci95, plain),
    probability(row.p),
    probability(row.p_holm),
    row.effect_size === null ? "\u2013" : formatDifference(row.effect_size, { divisor: 1, unit: "" }),
    row.distinguishable ? "\u25cf yes" : "\u25cb no",
  ];
}

function probability(p: number | null): string {
  if (p === null) return "\u2013";
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

function differenceFigure(
  report: Report,
  adoption: Adoption,
  metric: Metric,
  rows: readonly PairedDifference[],
): Markup {
  const scale = metricScale(report, WHOLE_RUN, metric);
  const unit = scale.unit === "%" ? "percentage points" : scale.unit;
  const plain = { ...scale, unit };
  const [other] = rows;
  const against = other === undefined ? "nothing" : other.b;
  const clear = rows.filter(({ distinguishable }) => distinguishable).map(({ a }) => a);
  const drawn = forestChart({
    title: `${capitalize(metric.label)}: each policy less ${against}, ${adoptionText(adoption)}`,
    description: `Distinguishable: ${clear.length === 0 ? "none" : clear.join(", ")}. The figures stand in the table that follows.`,
    width: SMALL,
    rows: rows.map(
      (row): ForestRow => ({
        label: row.a,
        dots: [
          {
            series: adoptionSeries(adoption),
            value: row.mean_difference,
            interval: row.ci95,
            note: row.distinguishable ? "" : "\u2248",
            title: `${row.a}: ${formatDifference(row.mean_difference, scale)} ${unit}`,
          },
        ],
      }),
    ),
    unit,
    text: (value) => formatValue(value * scale.divisor, plain),
    scale: scale.divisor,
    zero: true,
  });
  const caption = group(el("b", {}, capitalize(metric.label)), el("span", { class: "muted" }, ` less ${against}`));
  return figure(caption, drawn, { metric: metric.name });
}
