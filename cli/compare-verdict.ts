/** What follows from a comparison, in sentences: no single score, and no difference that could be chance. */
import type { MetricName } from "../core/comparison.ts";
import { WHOLE_RUN } from "../core/comparison.ts";
import type { Adoption } from "../core/scenario.ts";
import { isBound, outcomesOf } from "../viz/report/standing.ts";
import type { Ranks } from "./compare-rank.ts";

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

export function verdict(ranks: Ranks): string[] {
  const { adoptions, replications, baseline } = ranks.comparison;
  if (replications < 2) return [];
  if (baseline !== null)
    return adoptions.map((adoption) => wrap(`${HEADS[adoption]} ${againstBaseline(ranks, adoption, baseline)}`));
  return [
    ...adoptions.map((adoption) => wrap(`${HEADS[adoption]} ${sentences(ranks, adoption).join(" ")}`)),
    ...(adoptions.length < 2 ? [] : [wrap(adoptionSentence(ranks))]),
  ];
}

function sentences(ranks: Ranks, adoption: Adoption): string[] {
  const bests = SUBJECTS.flatMap(([metric, verb]) => {
    const leaders = ranks.leaders(adoption, metric);
    const [best, ...equals] = leaders;
    if (best === undefined) return [];
    const others = equals.length === 0 ? "" : `; not distinguishable: ${named(equals)}`;
    return [{ leaders, text: `${best} ${verb} (${shownValue(ranks, adoption, best, metric)}${others}).` }];
  });
  if (bests.length === 0) return ["there is nothing to tell apart.", ...boundSentence(ranks, adoption)];
  const [first, ...rest] = bests.map(({ leaders }) => leaders);
  const always = (first ?? []).filter((policy) => rest.every((leaders) => leaders.includes(policy)));
  return [...bests.map(({ text }) => text), ...overall(always, rest.length), ...boundSentence(ranks, adoption)];
}

function overall(always: readonly string[], others: number): string[] {
  if (others === 0) return [];
  if (always.length === 0) return ["No policy is among the best at all of these."];
  return [`Among the best at all of these: ${named(always)}.`];
}

function boundSentence(ranks: Ranks, adoption: Adoption): string[] {
  const bound = outcomesOf(ranks.comparison, adoption).find(({ policy }) => isBound(policy));
  if (bound === undefined) return [];
  const value = shownValue(ranks, adoption, bound.policy, "delivered_share");
  const [most = 0, own = 0] = [ranks.leaders(adoption, "delivered_share")[0] ?? "", bound.policy].map(
    (policy) => ranks.value(policy, adoption, WHOLE_RUN, "delivered_share") ?? 0,
  );
  // It takes the earliest arrival, for which it fills queues that a cut then empties.
  const beaten = most > own ? ", less than the best: it is greedy for time" : "";
  return [`${bound.policy}, which no host can be, delivers ${value}${beaten}.`];
}

function againstBaseline(ranks: Ranks, adoption: Adoption, baseline: string): string {
  const policies = outcomesOf(ranks.comparison, adoption).map(({ policy }) => policy);
  const texts = SUBJECTS.flatMap(([metric]): string[] => {
    const marked = (mark: string): string[] =>
      policies.filter((policy) => ranks.mark(policy, adoption, WHOLE_RUN, metric) === mark);
    const parts = [
      ["better", marked("+")],
      ["worse", marked("-")],
      ["not distinguishable", marked("=")],
    ] as const;
    const told = parts.flatMap(([word, names]) => (names.length === 0 ? [] : [`${word}: ${named(names)}`]));
    return told.length === 0 ? [] : [`${ranks.metric(metric).label}: ${told.join("; ")}.`];
  });
  return texts.length === 0 ? "there is nothing to tell apart." : `against ${baseline}, ${texts.join(" ")}`;
}

/**
 * The order is turned where the best with one adopter is worse than the best when all adopt, and that one is worse than the best with one,
 * both beyond chance. Where only the first is so, no more is said.
 */
function adoptionSentence(ranks: Ranks): string {
  const found = SUBJECTS.flatMap(([metric, verb]) => {
    const [one, all] = [ranks.leaders("one", metric), ranks.leaders("all", metric)];
    const [best] = one;
    const [other] = all;
    if (best === undefined || other === undefined || all.includes(best)) return [];
    const { order } = ranks.standing("all", WHOLE_RUN, metric);
    const place = `number ${order.indexOf(best) + 1} of ${order.length} when all adopt`;
    const turned = !one.includes(other);
    const tied = turned ? "" : `, though not distinguishable from ${other}`;
    return [{ turned, text: `${best} ${verb} with one adopter${tied}, and is ${place}` }];
  });
  if (found.length === 0) return "Which policies are best does not depend on adoption, as far as these runs can tell.";
  const head = found.some(({ turned }) => turned)
    ? "Adoption flips the order"
    : "Adoption changes who is among the best";
  return `${head}: ${found.map(({ text }) => text).join("; ")}.`;
}

function shownValue(ranks: Ranks, adoption: Adoption, policy: string, name: MetricName): string {
  const value = ranks.value(policy, adoption, WHOLE_RUN, name);
  if (value === null) return "-";
  return name === "delivered_share" ? `${(value * 100).toFixed(2)} %` : `${value.toFixed(value >= 100 ? 0 : 1)} ms`;
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
