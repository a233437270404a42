/** A comparison as people read it in a terminal: what was run, a table for each adoption, one for each phase, and what follows from them. */
import { stripVTControlCharacters } from "node:util";
import type { Comparison, Estimate, Metric, MetricName } from "../core/comparison.ts";
import { WHOLE_RUN } from "../core/comparison.ts";
import type { Adoption } from "../core/scenario.ts";
import { SECOND } from "../core/units.ts";
import { centreOf, isBound } from "../viz/report/standing.ts";
import { Ranks } from "./compare-rank.ts";
import { verdict } from "./compare-verdict.ts";
import { counted, paint } from "./output.ts";
import { formatNumber, formatTargets } from "./report.ts";

/** Longer names are shortened in the middle: tables fit into 100 columns. */
const MAX_NAME = 19;
const WIDTH = 100;

interface Column {
  readonly head: string;
  readonly metric: MetricName;
  readonly adoption: Adoption;
}

/** `scale`: what a value is multiplied with. */
const SHOWN: Partial<Record<MetricName, { readonly head: string; readonly scale: number }>> = {
  delivered_share: { head: "deliv. %", scale: 100 },
  latency_p50_ms: { head: "p50 ms", scale: 1 },
  latency_p95_ms: { head: "p95 ms", scale: 1 },
  fct_p50_ms: { head: "file p50 s", scale: 1e-3 },
  fct_p95_ms: { head: "file p95 s", scale: 1e-3 },
  switches_per_min: { head: "switches/min", scale: 1 },
};
/** Of the whole run. */
const MAIN: readonly MetricName[] = [
  "delivered_share",
  "latency_p50_ms",
  "latency_p95_ms",
  "fct_p50_ms",
  "fct_p95_ms",
  "switches_per_min",
];
/** Of a phase, for each adoption. */
const BRIEF: readonly MetricName[] = ["delivered_share", "latency_p95_ms", "fct_p50_ms"];

const ADOPTIONS: Readonly<Record<Adoption, string>> = {
  one: "One pair adopts the policy, the others take the shortest way",
  all: "All pairs adopt the policy",
};

/** Everything that `pathloom compare` prints but the line that says where files are. */
export function formatComparison(comparison: Comparison): string {
  const { adoptions, phases, digest, notes } = comparison;
  const ranks = new Ranks(comparison);
  return [
    headLine(comparison),
    ...adoptions.map((adoption) => `${paint("bold", ADOPTIONS[adoption])}\n${mainTable(ranks, adoption)}`),
    legend(comparison),
    ...phases.map(({ name }) => phaseTable(ranks, name)),
    verdict(ranks).join("\n"),
    ...(notes.length === 0 ? [] : [notes.map((note) => `Note: ${note}`).join("\n")]),
    `digest ${digest}`,
  ].join("\n\n");
}

function headLine({
  scenario,
  network,
  policies,
  replications,
  seed,
  pairs,
  duration_s,
  warmup_s,
}: Comparison): string {
  const names = new Set(policies.map(({ policy }) => policy)).size;
  return [
    `${paint("bold", scenario)}  ${counted(names, "path policy", "path policies")} on ${network.name}, ${counted(replications, "replication")} from seed ${seed}`,
    `${counted(pairs.length, "pair")} of hosts, ${formatNumber(duration_s)} s each, measured from ${formatNumber(warmup_s)} s on`,
  ].join("\n");
}

function mainTable(ranks: Ranks, adoption: Adoption): string {
  const columns = MAIN.filter((metric) => hasValues(ranks, adoption, WHOLE_RUN, metric)).map((metric) => ({
    head: SHOWN[metric]?.head ?? metric,
    metric,
    adoption,
  }));
  return widestThatFits(columns.length, (count) => tableOf(ranks, WHOLE_RUN, columns.slice(0, count)));
}

function phaseTable(ranks: Ranks, name: string): string {
  const { phases, faults, adoptions } = ranks.comparison;
  const phase = phases.find((one) => one.name === name);
  const [from, to] = [(phase?.from_ns ?? 0) / SECOND, (phase?.to_ns ?? 0) / SECOND];
  const within = faults.filter(({ from_s, to_s }) => from_s < to && (to_s ?? Number.POSITIVE_INFINITY) > from);
  const what = within.map(({ id, effect, targets }) => `${id} (${effect} ${formatTargets(targets)})`);
  const columns = (count: number): Column[] =>
    adoptions.flatMap((adoption) =>
      BRIEF.filter((metric) => hasValues(ranks, adoption, name, metric))
        .slice(0, count)
        .map((metric, at): Column => {
          const head = SHOWN[metric]?.head ?? metric;
          return { head: at === 0 ? `${adoption}: ${head}` : head, metric, adoption };
        }),
    );
  const title = `${paint("bold", `Phase ${name}`)}, ${formatNumber(from)} to ${formatNumber(to)} s`;
  const text = widestThatFits(BRIEF.length, (count) => tableOf(ranks, name, columns(count)));
  return `${[title, ...what].join("; ")}\n${text}`;
}

/** The last metrics are left out where there is no room for them; the files have them all. */
function widestThatFits(most: number, tableWith: (count: number) => string): string {
  for (let count = most; count > 1; count--) {
    const text = tableWith(count);
    if (
      stripVTControlCharacters(text)
        .split("\n")
        .every((line) => line.length <= WIDTH)
    )
      return text;
  }
  return tableWith(1);
}

function hasValues(ranks: Ranks, adoption: Adoption, phase: string, metric: MetricName): boolean {
  return ranks.comparison.policies.some(({ policy }) => (ranks.estimate(policy, adoption, phase, metric)?.n ?? 0) > 0);
}

interface Cell {
  readonly value: string;
  readonly half: string;
  readonly mark: string;
  readonly best: boolean;
}

function tableOf(ranks: Ranks, phase: string, columns: readonly Column[]): string {
  const names = [...new Set(ranks.comparison.policies.map(({ policy }) => policy))];
  const nameWidth = Math.max("policy".length, ...names.map((name) => shortened(name).length));
  const blocks = columns.map((column) => columnBlock(ranks, phase, column, names));
  const head = ["policy".padEnd(nameWidth), ...blocks.map(([title = ""]) => title)].join("  ").trimEnd();
  const rows = names.map((name, row) =>
    [shortened(name).padEnd(nameWidth), ...blocks.map((block) => block[row + 1] ?? "")].join("  ").trimEnd(),
  );
  return [paint("bold", head), ...rows].join("\n");
}

/** The head and the cells, all of one width; figures stand under each other. */
function columnBlock(
  ranks: Ranks,
  phase: string,
  { head, metric: name, adoption }: Column,
  policies: readonly string[],
): readonly string[] {
  const cells = policies.map((policy): Cell => {
    const estimate = ranks.estimate(policy, adoption, phase, name);
    const shown = estimate === null ? { value: "-", half: "" } : figureOf(ranks.metric(name), estimate);
    const lacks = estimate !== null && estimate.n < ranks.comparison.replications;
    const mark = ranks.mark(policy, adoption, phase, name);
    return { ...shown, mark: mark + (lacks ? "!" : ""), best: mark === "*" };
  });
  const [valueWidth, halfWidth, markWidth] = (["value", "half", "mark"] as const).map((part) =>
    Math.max(0, ...cells.map((cell) => cell[part].length)),
  ) as [number, number, number];
  const width = Math.max(head.length, valueWidth + (halfWidth === 0 ? 0 : halfWidth + 1) + markWidth);
  const texts = cells.map(({ value, half, mark, best: isBest }) => {
    const figures = [value.padStart(valueWidth), ...(halfWidth === 0 ? [] : [half.padStart(halfWidth)])].join(" ");
    const text = (figures + mark.padEnd(markWidth)).padStart(width);
    return isBest ? paint("bold", text) : text;
  });
  return [head.padStart(width), ...texts];
}

function figureOf(metric: Metric, estimate: Estimate): { readonly value: string; readonly half: string } {
  const middle = centreOf(metric, estimate);
  if (middle === null) return { value: "-", half: "" };
  const { scale = 1 } = SHOWN[metric.name] ?? {};
  const digits = decimals(metric, middle * scale);
  const value = (middle * scale).toFixed(digits);
  const { ci95 } = estimate;
  if (ci95 === null) return { value, half: "" };
  return { value, half: `±${(halfWidth(middle, ci95) * scale).toFixed(digits)}` };
}

/** Of an interval that is not even, the longer side. */
function halfWidth(middle: number, [low, high]: readonly [number, number]): number {
  return Math.max(high - middle, middle - low);
}

function decimals({ unit }: Metric, value: number): number {
  if (unit === "share") return 2;
  if (Math.abs(value) >= 100) return 0;
  return Math.abs(value) >= 10 ? 1 : 2;
}

function shortened(name: string): string {
  if (name.length <= MAX_NAME) return name;
  const before = Math.ceil((MAX_NAME - 3) / 2);
  return `${name.slice(0, before)}...${name.slice(name.length - (MAX_NAME - 3 - before))}`;
}

function legend({ replications, policies, baseline }: Comparison): string {
  if (replications < 2) {
    return "One replication: there are no intervals, and nothing can be said about which differences are chance.";
  }
  const none = replications < 6 ? " (none below six)" : "";
  const test = "paired t test after Holm, 5 %";
  const lines = [
    `±: 95 % interval over ${counted(replications, "replication")}, for times that of the median${none}.`,
    baseline === null
      ? `*: best of those a host can use. =: not distinguishable from it (${test}).`
      : `b: the baseline. +: better, -: worse, =: not distinguishable from it (${test}).`,
  ];
  if (policies.some(({ policy }) => isBound(policy))) {
    lines.push("^: knows the load of every link, as no host does: an upper bound, greedy, not optimal; not ranked.");
  }
  const counts = MAIN.map((name) => policies.map(({ metrics }) => metrics[name].n));
  if (counts.some((ns) => ns.some((n) => n > 0) && ns.some((n) => n < replications))) {
    lines.push("!: not every replication has a value: too many files did not end, or there was none.");
  }
  return lines.join("\n");
}
