/** Pieces that every section of the report is made of: figures, tables, legends, and what a section must know. */
import type { Comparison, Metric, PolicyOutcome } from "../../core/comparison.ts";
import type { Adoption } from "../../core/scenario.ts";
import type { Band } from "../charts/frame.ts";
import { type Child, el, type Markup } from "../charts/markup.ts";
import { swatch } from "../charts/palette.ts";
import { formatSeconds, type Scale, scaleOf } from "../charts/units.ts";
import { estimateOf, indexPairs, outcomesOf, type PairIndex, type Standing, standingOf } from "./standing.ts";

/** Natural widths of charts: three columns, or two, on a wide screen; one on a phone, still legible. */
export const SMALL = 360;
export const MEDIUM = 430;
/** Targets of a fault that are named before the rest is only mentioned. */
const SHOWN_TARGETS = 3;

/** What every section reads. */
export interface Report {
  readonly comparison: Comparison;
  readonly pairs: PairIndex;
  /** Names in the order given; a policy's place is the number of its series. */
  readonly policies: readonly string[];
  readonly standing: (adoption: Adoption, phase: string, metric: Metric) => Standing;
}

export function reportOf(comparison: Comparison): Report {
  const pairs = indexPairs(comparison);
  const policies = [...new Set(comparison.policies.map(({ policy }) => policy))];
  return {
    comparison,
    pairs,
    policies,
    standing: (adoption, phase, metric) => standingOf(comparison, pairs, adoption, phase, metric),
  };
}

/** One scale for a metric in a phase, so that both adoptions read alike. */
export function metricScale({ comparison }: Report, phase: string, metric: Metric): Scale {
  const values = comparison.policies.map((outcome) => estimateOf(outcome, phase, metric.name)?.mean ?? null);
  return scaleOf(metric.unit, values);
}

export function section(id: string, title: string, ...children: readonly Child[]): Markup {
  return el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), ...children);
}

/** A chart with its caption; `data`: the attributes that scripts choose by. */
export function figure(caption: Child, chart: Markup, data: Readonly<Record<string, string>> = {}): Markup {
  const attributes = Object.fromEntries(Object.entries(data).map(([key, value]) => [`data-${key}`, value]));
  return el("figure", attributes, el("figcaption", {}, caption), chart);
}

/** Figures side by side where there is room. */
export function gallery(size: "small" | "medium", ...figures: readonly Child[]): Markup {
  return el("div", { class: `gallery ${size}` }, ...figures);
}

export interface Table {
  readonly caption: string;
  /** Words stand left, numbers right. */
  readonly kind?: "words";
  readonly head: readonly Child[];
  /** First cell: the row's head. */
  readonly rows: readonly (readonly Child[])[];
}

/** A table that scrolls by itself where it is wider than the page. */
export function dataTable({ caption, head, rows, kind }: Table): Markup {
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    el(
      "table",
      { class: kind ?? null },
      el("caption", {}, caption),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          head.map((cell) => el("th", { scope: "col" }, cell)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map(([first = "", ...cells]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, first),
            cells.map((cell) => el("td", {}, cell)),
          ),
        ),
      ),
    ),
  );
}

/** The figures behind a chart, for those who read numbers or hear the page. */
export function dataBehind(what: string, ...tables: readonly Markup[]): Markup {
  return el("details", { class: "data" }, el("summary", {}, `Data: ${what}`), tables);
}

export function policyLegend({ policies }: Report): Markup {
  return el(
    "ul",
    { class: "legend", "aria-label": "Policies and their lines" },
    policies.map((policy, n) => el("li", { "data-policy": policy }, swatch(n), " ", policy)),
  );
}

const ADOPTION_TEXT: Readonly<Record<Adoption, string>> = {
  one: "one pair adopts",
  all: "all pairs adopt",
};

export function adoptionText(adoption: Adoption): string {
  return ADOPTION_TEXT[adoption];
}

/** Series of an adoption where colours tell adoptions apart. */
export function adoptionSeries(adoption: Adoption): number {
  return adoption === "one" ? 1 : 0;
}

export function adoptionLegend({ comparison }: Report): Markup {
  return el(
    "ul",
    { class: "legend", "aria-label": "Adoptions and their marks" },
    comparison.adoptions.map((adoption) =>
      el("li", { "data-adoption": adoption }, swatch(adoptionSeries(adoption)), " ", adoptionText(adoption)),
    ),
  );
}

/** One block for each adoption, with a head of its own. */
export function perAdoption(
  { comparison }: Report,
  body: (adoption: Adoption, outcomes: readonly PolicyOutcome[]) => readonly Child[],
): Markup[] {
  return comparison.adoptions.map((adoption) =>
    el(
      "div",
      { class: "adoption", "data-adoption": adoption },
      el("h3", {}, capitalize(adoptionText(adoption))),
      ...body(adoption, outcomesOf(comparison, adoption)),
    ),
  );
}

export function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Faults as stretches of time, named A, B, C. */
export function faultBands({ comparison }: Report): Band[] {
  return comparison.faults.map(({ from_s, to_s }, n) => ({
    from: from_s,
    to: to_s ?? comparison.duration_s,
    label: letter(n),
  }));
}

/** Phases as stretches of time, numbered from 1. */
export function phaseStretches({ comparison }: Report): Band[] {
  return comparison.phases.map(({ from_ns, to_ns }, n) => ({
    from: from_ns / 1e9,
    to: to_ns / 1e9,
    label: String(n + 1),
  }));
}

/** A to Z, then A1. */
function letter(n: number): string {
  const round = Math.floor(n / 26);
  return `${String.fromCodePoint(65 + (n % 26))}${round === 0 ? "" : round}`;
}

/** What the letters and numbers in charts over time stand for. */
export function timeKey({ comparison: { phases, faults } }: Report): Markup {
  const phaseList = phases.map(({ name, from_ns, to_ns }, n) =>
    el("li", {}, el("b", {}, n + 1), ` ${name}, ${formatSeconds(from_ns)} to ${formatSeconds(to_ns)} s`),
  );
  const faultList = faults.map(({ id, effect, targets, from_s, to_s }, n) => {
    const where = `${targets.slice(0, SHOWN_TARGETS).join(", ")}${targets.length > SHOWN_TARGETS ? ", and more" : ""}`;
    const when = `${from_s} s to ${to_s === null ? "the end" : `${to_s} s`}`;
    return el("li", {}, el("b", {}, letter(n)), ` ${id}: ${effect}, ${when} `, el("span", { class: "muted" }, where));
  });
  const keyed = (label: string, list: readonly Markup[]): Markup | null =>
    list.length === 0 ? null : el("div", {}, el("p", { class: "over" }, label), el("ul", { class: "key" }, list));
  return el("div", { class: "keys" }, keyed("Phases", phaseList), keyed("Faults (shaded)", faultList));
}
