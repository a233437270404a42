/** What follows from a comparison, in sentences: no single score, and no difference that could be chance. */
import type { Comparison, Estimate, MetricName } from "../core/comparison.ts";
import { WHOLE_RUN } from "../core/comparison.ts";
import type { Adoption } from "../core/scenario.ts";
import { centre, estimateOf, isUpperBound, metricOf, outcomesOf, rank } from "./compare-rank.ts";

/** What the sentences are about, with how they name it. */
const SUBJECTS: readonly (readonly [MetricName, string])[] = [
  ["delivered_share", "delivers most"],
  ["latency_p95_ms", "has the least delays (p95)"],
  ["fct_p50_ms", "completes transfers soonest (p50)"],
];
/** Names in a row; the rest are counted. */
const MAX_NAMES = 4;
const WIDTH = 100;

const HEADS: Readonly<Record<Adoption, string>> = { one: "With one adopter:", all: "When all adopt:" };

export function verdict(comparison: Comparison): string[] {
  const { adoptions, replications } = comparison;
  if (replications < 2) return [];
  return [
    ...adoptions.map((adoption) => wrap(`${HEADS[adoption]} ${sentences(comparison, adoption).join(" ")}`)),
    ...(adoptions.length < 2 ? [] : [wrap(adoptionSentence(comparison))]),
  ];
}

function sentences(comparison: Comparison, adoption: Adoption): string[] {
  const bests = SUBJECTS.flatMap(([metric, verb]) => {
    const { best, equals } = rank(comparison, adoption, WHOLE_RUN, metric);
    if (best === null) return [];
    const value = shownValue(comparison, adoption, best, metric);
    const others = equals.length === 0 ? "" : `; not distinguishable: ${named(equals)}`;
    return [{ best, equals, text: `${best} ${verb} (${value}${others}).` }];
  });
  const always = bests.reduce<readonly string[] | null>((common, { best, equals }) => {
    const among = [best, ...equals];
    return common === null ? among : common.filter((policy) => among.includes(policy));
  }, null);
  const overall =
    always === null || bests.length < 2
      ? []
      : always.length === 0
        ? ["No policy is best at all of these."]
        : [`At all of these ${named(always)} ${always.length === 1 ? "is" : "are"} best or not distinguishable from it.`];
  const ranked = bests.length === 0 ? ["there is nothing to tell apart."] : bests.map(({ text }) => text);
  return [...ranked, ...overall, ...boundSentence(comparison, adoption)];
}

function boundSentence(comparison: Comparison, adoption: Adoption): string[] {
  const bound = outcomesOf(comparison, adoption).find(({ policy }) => isUpperBound(policy));
  const value = bound && shownValue(comparison, adoption, bound.policy, "delivered_share");
  return value === undefined ? [] : [`The ${bound?.policy}, which no host can be, delivers ${value}.`];
}

/** The order is turned where the best with one adopter is worse than the best when all adopt, beyond chance. */
function adoptionSentence(comparison: Comparison): string {
  const flips = SUBJECTS.flatMap(([metric, verb]): string[] => {
    const one = rank(comparison, "one", WHOLE_RUN, metric);
    const all = rank(comparison, "all", WHOLE_RUN, metric);
    if (one.best === null || all.best === null) return [];
    if (one.best === all.best || all.equals.includes(one.best)) return [];
    const place = all.order.indexOf(one.best) + 1;
    return [`${one.best} ${verb} with one adopter, and is number ${place} of ${all.order.length} when all adopt`];
  });
  if (flips.length > 0) return `Adoption changes the order: ${flips.join("; ")}.`;
  return "Which policies are best does not depend on adoption, as far as these runs can tell.";
}

function shownValue(comparison: Comparison, adoption: Adoption, policy: string, name: MetricName): string {
  const outcome = outcomesOf(comparison, adoption).find((one) => one.policy === policy);
  const estimate = outcome && estimateOf(outcome, WHOLE_RUN, name);
  return estimate === undefined ? "-" : textOf(comparison, name, estimate);
}

function textOf(comparison: Comparison, name: MetricName, estimate: Estimate): string {
  const metric = metricOf(comparison, name);
  const value = centre(metric, estimate);
  if (value === null) return "-";
  return metric.unit === "share" ? `${(value * 100).toFixed(2)} %` : `${value.toFixed(value >= 100 ? 0 : 1)} ms`;
}

function named(policies: readonly string[]): string {
  const shown = policies.slice(0, MAX_NAMES);
  const rest = policies.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
