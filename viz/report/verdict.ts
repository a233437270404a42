/** The answer in words first, and how adoption turns the order round. */
import { type Metric, WHOLE_RUN } from "../../core/comparison.ts";
import type { Adoption } from "../../core/scenario.ts";
import { type Child, el, group, type Markup } from "../charts/markup.ts";
import { type Ranked, slopeChart } from "../charts/slope.ts";
import { formatInterval, formatValue, formatWithUnit } from "../charts/units.ts";
import {
  adoptionText,
  capitalize,
  dataTable,
  figure,
  gallery,
  MEDIUM,
  metricScale,
  policyLegend,
  type Report,
  section,
} from "./page.ts";
import {
  estimateOf,
  type Flip,
  flipOf,
  headlinesOf,
  isBound,
  leadersOf,
  outcomesOf,
  type Standing,
  valueOf,
} from "./standing.ts";

export function verdictSection(report: Report): Markup {
  const { comparison } = report;
  const headlines = headlinesOf(comparison);
  return section(
    "verdict",
    "Verdict",
    comparison.adoptions.map((adoption) =>
      el(
        "div",
        { "data-adoption": adoption },
        el("h3", {}, `${capitalize(adoptionText(adoption))}: who is best`),
        el(
          "ul",
          { class: "words" },
          headlines.map((metric) => el("li", {}, leaderText(report, adoption, metric))),
        ),
      ),
    ),
    flips(report, headlines),
    leaderTable(report),
    el(
      "aside",
      { class: "note" },
      el("p", {}, el("strong", {}, "There is no single score. "), NO_SCORE),
      comparison.policies.some(({ policy }) => isBound(policy)) ? el("p", {}, BOUND_TEXT) : null,
    ),
  );
}

const NO_SCORE =
  "The metrics disagree with each other, and so do the phases and the two adoptions; any sum of them would hide a choice of weights. " +
  "Which metric counts is for those to say who run the network; the tables show all of them.";
const BOUND_TEXT =
  "oracle knows the load of every link, which no sender does. It is an upper bound to compare with (a greedy one, not the optimum) and not a contestant.";

function leaderText(report: Report, adoption: Adoption, metric: Metric): Child {
  const standing = report.standing(adoption, WHOLE_RUN, metric);
  const [best, ...others] = leadersOf(standing);
  if (best === undefined) return group(el("b", {}, capitalize(metric.label)), ": no replication has a value.");
  const untested = standing.order.some((policy) => standing.marks.get(policy) === "untested");
  return group(
    el("b", {}, capitalize(metric.label)),
    ": ",
    el("strong", { class: "winner" }, best),
    ` (${figureText(report, adoption, metric, best)})`,
    others.length > 0 ? `; not distinguishable from it: ${others.join(", ")}` : null,
    untested
      ? "; the others were not tested against it"
      : others.length === 0
        ? ", distinguishable from all others"
        : null,
    ".",
  );
}

/** `97.9 %, 95 % interval 97.4 to 98.2` */
function figureText(report: Report, adoption: Adoption, metric: Metric, policy: string): string {
  const outcome = outcomesOf(report.comparison, adoption).find((one) => one.policy === policy);
  const estimate = outcome === undefined ? null : estimateOf(outcome, WHOLE_RUN, metric.name);
  const scale = metricScale(report, WHOLE_RUN, metric);
  const value = outcome === undefined ? null : valueOf(outcome, WHOLE_RUN, metric);
  const interval = estimate?.ci95 ?? null;
  const text = `${metric.summary === "mean" ? "mean" : "median"} ${formatWithUnit(value, scale)}`;
  return interval === null ? `${text}, no interval` : `${text}, 95 % interval ${formatInterval(interval, scale)}`;
}

function flips(report: Report, headlines: readonly Metric[]): Markup | null {
  const { adoptions } = report.comparison;
  if (!adoptions.includes("one") || !adoptions.includes("all")) return null;
  const found = headlines.map((metric) =>
    flipOf(report.standing("one", WHOLE_RUN, metric), report.standing("all", WHOLE_RUN, metric)),
  );
  const count = found.filter(({ kind }) => kind === "flip").length;
  const unsure = found.some(({ kind }) => kind === "unsure");
  const head =
    count > 0
      ? `Adoption turns the order round in ${count} of ${found.length} metrics`
      : unsure
        ? "Adoption may change who is best"
        : "Adoption does not change who is best";
  return group(
    el("h3", { id: "adoption" }, head),
    el(
      "p",
      {},
      "What is good for a single pair while the others take the shortest path need not be good when everybody does the same. ",
      "Each chart joins the order with one adopter to the order when all adopt, best on top; thick lines are the best of either side. Values are means; \u2248 marks those not distinguishable from the best. Ranks hide distances: those stand in the ranking below.",
    ),
    el(
      "ul",
      { class: "words" },
      found.map((flip) => el("li", {}, flipText(report, flip))),
    ),
    policyLegend(report),
    gallery("medium", ...found.map((flip) => slopeFigure(report, flip))),
  );
}

function flipText(report: Report, flip: Flip): Child {
  const { metric, one, all, kind, turned, of } = flip;
  const [alone, together] = [one.order[0], all.order[0]];
  const label = el("b", {}, capitalize(metric.label));
  if (alone === undefined || together === undefined) return group(label, ": no values.");
  const order = ` ${turned} of ${of} pairs of policies change order.`;
  const rank = all.order.indexOf(alone) + 1;
  const text = {
    flip: `with one adopter ${alone} is best; when all adopt it is number ${rank} of ${all.order.length}, and ${together} is best.`,
    unsure: `with one adopter ${alone} leads; when all adopt ${together} leads (${alone} was not tested against it).`,
    same:
      alone === together
        ? `${alone} is best either way.`
        : `with one adopter ${alone} is best; when all adopt it is not distinguishable from the best, ${together}.`,
  }[kind];
  const figures = `${shortFigure(report, "one", metric, alone)} alone, ${shortFigure(report, "all", metric, alone)} together`;
  return group(
    label,
    ": ",
    text,
    ` (${alone}: ${figures}.)`,
    order,
    kind === "flip" ? el("strong", { class: "flag" }, " The order turns.") : null,
  );
}

/** The mean, by which policies are ordered. */
function shortFigure(report: Report, adoption: Adoption, metric: Metric, policy: string): string {
  return formatWithUnit(meanOf(report, adoption, metric, policy), metricScale(report, WHOLE_RUN, metric));
}

function meanOf({ comparison }: Report, adoption: Adoption, metric: Metric, policy: string): number | null {
  const outcome = outcomesOf(comparison, adoption).find((one) => one.policy === policy);
  return outcome === undefined ? null : (estimateOf(outcome, WHOLE_RUN, metric.name)?.mean ?? null);
}

function slopeFigure(report: Report, flip: Flip): Markup {
  const { metric } = flip;
  const scale = metricScale(report, WHOLE_RUN, metric);
  const unit = scale.unit === "" ? "" : ` (${scale.unit})`;
  const caption = group(el("b", {}, capitalize(metric.label)), unit);
  return figure(caption, orderChart(report, flip), { metric: metric.name });
}

/** The order of the policies with one adopter beside that when all adopt. */
export function orderChart(report: Report, { metric, one, all, turned, of }: Flip): Markup {
  return slopeChart({
    title: `${capitalize(metric.label)}: order of the policies, from one adopter to all`,
    description: `Order with one adopter: ${one.order.join(", ")}. Order when all adopt: ${all.order.join(", ")}. ${turned} of ${of} pairs change order. The figures stand in the tables of the ranking.`,
    width: MEDIUM,
    heads: ["one adopts", "all adopt"],
    left: ranked(report, one),
    right: ranked(report, all),
    strong: [one.order[0], all.order[0]].flatMap((best) => best ?? []),
  });
}

/** The order with its means; those that cannot be told from the best are marked. */
function ranked(report: Report, { metric, adoption, order, marks }: Standing): Ranked {
  const scale = metricScale(report, WHOLE_RUN, metric);
  return order.map((name) => {
    const value = formatValue(meanOf(report, adoption, metric, name), scale);
    const text = marks.get(name) === "tied" ? `\u2248${value}` : value;
    return { name, series: report.policies.indexOf(name), text };
  });
}

/** For every metric the best and those not distinguishable from it. */
function leaderTable(report: Report): Markup {
  const { metrics, adoptions } = report.comparison;
  const cell = (adoption: Adoption, metric: Metric): Child => {
    const [best, ...others] = leadersOf(report.standing(adoption, WHOLE_RUN, metric));
    if (best === undefined) return el("span", { class: "muted" }, "no values");
    return group(el("strong", {}, best), others.length > 0 ? ` \u2248 ${others.join(", ")}` : null);
  };
  return dataTable({
    kind: "words",
    caption: "Best policy in each metric over the whole run; after \u2248 those not distinguishable from it",
    head: ["Metric", "better is", ...adoptions.map((adoption) => capitalize(adoptionText(adoption)))],
    rows: metrics.map((metric) => [
      el("span", {}, metric.label),
      el("span", { class: "muted" }, metric.better),
      ...adoptions.map((adoption) => el("span", { class: "names" }, cell(adoption, metric))),
    ]),
  });
}
