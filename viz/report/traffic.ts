/** Where the traffic went and where it was lost: load of links, drops by reason, recovery after faults. */
import { type PolicyOutcome, WHOLE_RUN } from "../../core/comparison.ts";
import { barChart } from "../charts/bars.ts";
import { el, type Markup } from "../charts/markup.ts";
import { layoutNetwork, type Layout, LOAD_STEPS, networkChart } from "../charts/network.ts";
import { block, seriesClass } from "../charts/palette.ts";
import { formatCount, formatShare } from "../charts/units.ts";
import {
  adoptionText,
  capitalize,
  dataBehind,
  dataTable,
  figure,
  gallery,
  MEDIUM,
  perAdoption,
  type Report,
  section,
  SMALL,
} from "./page.ts";
import { forestFigure } from "./ranking.ts";
import { outcomesOf } from "./standing.ts";

const NETWORK_HEIGHT = 300;
/** Reasons with a colour of their own; the rest is added up. */
const REASONS = 8;

export function networkSection(report: Report): Markup {
  const { comparison } = report;
  const { network } = comparison;
  const layout = layoutNetwork(network, SMALL, NETWORK_HEIGHT);
  const shares = [0, ...LOAD_STEPS].map((low, n) => {
    const high = LOAD_STEPS[n];
    return high === undefined ? `${low * 100} % and more` : `${low * 100} to ${high * 100} %`;
  });
  return section(
    "network",
    "The network and its load",
    el(
      "p",
      {},
      `${network.name}: ${network.ases.length} ASes, ${network.links.length} links. Each link is drawn as two lines, one a direction (traffic keeps to the right); `,
      "width and colour: mean share of the measured time in which it was sending. Square names in bold are core ASes; dashed links are peering links.",
    ),
    el(
      "ul",
      { class: "legend", "aria-label": "Load of links" },
      shares.map((text, n) => el("li", {}, block(`l${n}`), ` ${text}`)),
    ),
    perAdoption(report, (adoption, outcomes) => [
      gallery("small", ...outcomes.map((outcome) => networkFigure(report, outcome, layout))),
      dataBehind(`load of every link, ${adoptionText(adoption)}`, loadTable(report, outcomes)),
    ]),
  );
}

function networkFigure(report: Report, { policy, adoption, curves }: PolicyOutcome, layout: Layout): Markup {
  const load = new Map(curves.links.map((link) => [link.id, meanLoad(report, link.load, curves.bin_ns)]));
  const [busiest] = [...load].sort((a, b) => b[1] - a[1]);
  const drawn = networkChart({
    title: `Load of links, ${policy}, ${adoptionText(adoption)}`,
    description:
      busiest === undefined ? "No link carried anything." : `Busiest: ${busiest[0]}, ${formatShare(busiest[1])}.`,
    width: SMALL,
    height: NETWORK_HEIGHT,
    network: report.comparison.network,
    layout,
    load,
  });
  return figure(el("b", {}, policy), drawn, { policy, adoption });
}

/** From the end of the warm-up to the end of the last phase, or of the run. */
function meanLoad({ comparison }: Report, load: readonly number[], bin_ns: number): number {
  const end = comparison.phases.at(-1)?.to_ns ?? comparison.duration_s * 1e9;
  const measured = load.slice(Math.floor((comparison.warmup_s * 1e9) / bin_ns), Math.ceil(end / bin_ns));
  return measured.length === 0 ? 0 : measured.reduce((sum, share) => sum + share, 0) / measured.length;
}

function loadTable(report: Report, outcomes: readonly PolicyOutcome[]): Markup {
  const columns = outcomes.map(
    ({ curves }) => new Map(curves.links.map((link) => [link.id, { ...link, bin_ns: curves.bin_ns }])),
  );
  const used = report.comparison.network.links
    .flatMap(({ directions, rate_bps }) => directions.map((id) => ({ id, rate_bps })))
    .filter(({ id }) => columns.some((column) => column.has(id)));
  return dataTable({
    caption: "Mean load in percent of each direction that carried anything",
    head: ["Link", "Mbit/s", ...outcomes.map(({ policy }) => policy)],
    rows: used.map(({ id, rate_bps }) => [
      id,
      rate_bps / 1e6,
      ...columns.map((column) => {
        const link = column.get(id);
        return link === undefined ? "0" : (meanLoad(report, link.load, link.bin_ns) * 100).toFixed(1);
      }),
    ]),
  });
}

export function dropsSection(report: Report): Markup {
  const { comparison } = report;
  const sums = new Map<string, number>();
  for (const { curves } of comparison.policies)
    for (const [reason, count] of Object.entries(curves.drops)) sums.set(reason, (sums.get(reason) ?? 0) + count);
  const reasons = [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([reason]) => reason);
  const [own, rest] = [reasons.slice(0, REASONS), reasons.slice(REASONS)];
  const parts = [...own, ...(rest.length > 0 ? ["other"] : [])].map((name, series) => ({ name, series }));
  const valuesOf = ({ curves: { drops } }: PolicyOutcome): number[] => [
    ...own.map((reason) => drops[reason] ?? 0),
    ...(rest.length > 0 ? [rest.reduce((sum, reason) => sum + (drops[reason] ?? 0), 0)] : []),
  ];
  return section(
    "drops",
    "Drops by reason",
    el("p", {}, "Packets lost, all replications together, all traffic (background and what is not measured included)."),
    el(
      "ul",
      { class: "legend", "aria-label": "Reasons" },
      parts.map(({ name, series }) => el("li", {}, block(seriesClass(series)), ` ${name}`)),
    ),
    gallery(
      "medium",
      ...comparison.adoptions.map((adoption) => {
        const outcomes = outcomesOf(comparison, adoption);
        const drawn = barChart({
          title: `Packets dropped by reason, ${adoptionText(adoption)}`,
          description: outcomes
            .map((outcome) => `${outcome.policy}: ${formatCount(total(valuesOf(outcome)))}`)
            .join("; "),
          width: MEDIUM,
          rows: outcomes.map((outcome) => ({ label: outcome.policy, values: valuesOf(outcome) })),
          parts,
          unit: "packets",
          text: shortCount,
        });
        return figure(el("b", {}, capitalize(adoptionText(adoption))), drawn, { adoption });
      }),
    ),
    dataBehind(
      "drops by reason",
      dataTable({
        caption: "Packets dropped by reason, all replications together",
        head: ["Policy", "Adoption", ...reasons],
        rows: comparison.policies.map(({ policy, adoption, curves }) => [
          policy,
          adoptionText(adoption),
          ...reasons.map((reason) => formatCount(curves.drops[reason] ?? 0)),
        ]),
      }),
    ),
  );
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** 1.2M, 340k, 12. */
function shortCount(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Math.round(value));
}

/** Time to recover, whole run and each phase that has a value; the figures stand in the ranking's tables. */
export function recoverySection(report: Report): Markup | null {
  const { comparison } = report;
  const metric = comparison.metrics.find(({ name }) => name === "recovery_s");
  if (metric === undefined) return null;
  const has = (phase: string): boolean =>
    comparison.policies.some(
      ({ metrics, phases }) => ((phase === WHOLE_RUN ? metrics : phases[phase])?.recovery_s?.n ?? 0) > 0,
    );
  const shown = [WHOLE_RUN, ...comparison.phases.map(({ name }) => name)].filter(has);
  return section(
    "recovery",
    "Recovery after faults",
    el("p", {}, metric.description, " Switching and oscillation beside it: fast recovery can cost calm."),
    shown.length === 0 ? el("p", {}, "No replication has a value: there was no fault, or delivery never fell.") : null,
    gallery(
      "small",
      ...shown.map((phase) => phaseFigure(phase, forestFigure(report, phase, metric))),
      ...comparison.metrics
        .filter(({ name }) => name === "switches_per_min" || name === "oscillation_share")
        .map((other) => forestFigure(report, WHOLE_RUN, other)),
    ),
    dataBehind("recovery by phase", recoveryTable(report, shown)),
  );
}

function phaseFigure(phase: string, drawn: Markup): Markup {
  return el("div", {}, el("p", { class: "over" }, phase === WHOLE_RUN ? "Whole run" : `Phase ${phase}`), drawn);
}

function recoveryTable({ comparison }: Report, shown: readonly string[]): Markup {
  return dataTable({
    caption:
      "Seconds until 95 % of the delivery before the fault: mean over the replications that have a value, and their number",
    head: ["Policy", "Adoption", ...shown.map((phase) => (phase === WHOLE_RUN ? "whole run" : phase))],
    rows: comparison.policies.map(({ policy, adoption, metrics, phases }) => [
      policy,
      adoptionText(adoption),
      ...shown.map((phase) => {
        const estimate = (phase === WHOLE_RUN ? metrics : phases[phase])?.recovery_s;
        const mean = estimate?.mean ?? null;
        return mean === null ? "\u2013" : `${Number(mean.toPrecision(3))} (${estimate?.n ?? 0})`;
      }),
    ]),
  });
}
