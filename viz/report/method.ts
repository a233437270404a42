/** What was run, how it was measured, and what the figures do not say. */
import type { Comparison } from "../../core/comparison.ts";
import { type Child, el, type Markup } from "../charts/markup.ts";
import { formatShare } from "../charts/units.ts";
import { adoptionText, dataTable, type Report, section } from "./page.ts";

export function runSection({ comparison, policies }: Report): Markup {
  const { replications, pairs, adoptions, duration_s, warmup_s, network, seed, file, scenario } = comparison;
  const facts: readonly (readonly [string, Child])[] = [
    ["Scenario", el("span", {}, scenario, " ", el("code", {}, file))],
    ["Network", `${network.name}: ${network.ases.length} ASes, ${network.links.length} links`],
    ["Policies", policies.join(", ")],
    ["Adoption", adoptions.map(adoptionText).join("; ")],
    ["Replications", `${replications}, seed ${seed}`],
    ["Measured", `${pairs.length} pairs of hosts, ${duration_s} s, of which the first ${warmup_s} s are warm-up`],
    ["Digest", el("code", {}, comparison.digest)],
  ];
  return section(
    "run",
    "What was run",
    el(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
    el("p", { class: "over" }, "This command repeats it, bit for bit:"),
    el("pre", { id: "repeat" }, el("code", {}, comparison.repeat)),
    comparison.notes.length === 0
      ? null
      : el(
          "div",
          { class: "note" },
          el("p", {}, el("strong", {}, "Note")),
          el(
            "ul",
            {},
            comparison.notes.map((note) => el("li", {}, note)),
          ),
        ),
  );
}

export function methodSection({ comparison }: Report): Markup {
  const { replications, stopping, warmup_s, baseline, metrics } = comparison;
  const points: readonly Child[] = [
    `The unit of all statistics is the replication: ${replications} with seeds that follow from ${comparison.seed}, the same for every policy, so that each policy meets the same arrivals, losses and faults.`,
    "Intervals hold the true value in 95 of 100 comparisons: Student\u2019s t on the replications\u2019 means; order statistics for latencies and completion times (medians of the replications\u2019 quantiles).",
    `Policies are ordered by their means. Differences are paired by replication and tested with the paired t test, ${baseline === null ? "each policy with the best of the metric" : `each policy with ${baseline}`}; p is corrected after Holm over all comparisons of one adoption, phase and metric. Effect size: mean difference over its standard deviation, with Hedges\u2019 correction.`,
    `The first ${warmup_s} s are left out for every policy. Packets belong to the phase in which they were sent.`,
    stoppingText(stopping, replications),
  ];
  return section(
    "method",
    "Method",
    el(
      "ul",
      { class: "words" },
      points.map((point) => el("li", {}, point)),
    ),
    dataTable({
      kind: "words",
      caption: "Metrics: what is counted",
      head: ["Metric", "unit", "better is", "summed up as", "meaning"],
      rows: metrics.map(({ label, unit, better, summary, description }) => [
        label,
        unit,
        better,
        summary === "mean" ? "mean" : "median",
        el("span", { class: "prose" }, description),
      ]),
    }),
    pairTable(comparison),
    el("details", {}, el("summary", {}, "Versions, inputs and digests"), manifestList(comparison)),
  );
}

function stoppingText(
  { precision, limit, reached, half_widths, wall_s }: Comparison["stopping"],
  made: number,
): string {
  if (precision === null) return `The number of replications was fixed at ${made}.`;
  const last = half_widths.at(-1) ?? null;
  const width = last === null ? "" : ` The widest half-width at the end was ${formatShare(last)} of its mean.`;
  const time = wall_s === null ? "" : ` It took ${wall_s.toFixed(1)} s to get there.`;
  return reached
    ? `Replications were added until delivered share and goodput of every policy had a half-width within ${formatShare(precision)} of its mean: ${made} of at most ${limit}.${width}${time}`
    : `Half-widths within ${formatShare(precision)} of their means were wanted, and not reached within ${limit} replications.${width}`;
}

function pairTable({ pairs }: Comparison): Markup {
  return el(
    "details",
    {},
    el("summary", {}, `The ${pairs.length} pairs that are measured`),
    dataTable({
      kind: "words",
      caption: "Pairs of hosts, their flows and the paths offered",
      head: ["Pair", "paths", "flows"],
      rows: pairs.map(({ pair, flows, paths }) => [el("code", {}, pair), paths, flows.join(", ")]),
    }),
  );
}

function manifestList({ manifest, digest, policies }: Comparison): Markup {
  const entries = Object.entries(manifest).map(([name, value]) =>
    el(
      "div",
      {},
      el("dt", {}, name),
      el("dd", {}, el("code", {}, typeof value === "string" ? value : JSON.stringify(value))),
    ),
  );
  return el(
    "div",
    {},
    el("dl", { class: "facts" }, entries),
    dataTable({
      kind: "words",
      caption: `Digests of the runs, in order of the replications; of all together ${digest}`,
      head: ["Policy", "adoption", "digests"],
      rows: policies.map(({ policy, adoption, digests }) => [
        policy,
        adoptionText(adoption),
        el("code", { class: "names" }, digests.join(" ")),
      ]),
    }),
  );
}

export function limitsSection({ comparison }: Report): Markup {
  const points: readonly Child[] = [
    "The figures hold for this network, this load and these faults. Another scenario can turn the order round, as adoption does here.",
    "Intervals speak of the replications of this simulation, not of real networks: what the model leaves out, no interval contains.",
    "\u201cNot distinguishable\u201d is not \u201cequal\u201d: more replications may tell the two apart.",
    comparison.replications === 1
      ? "There is one replication: no intervals and no tests; differences may be chance."
      : `With ${comparison.replications} replications the t intervals rest on the means being nearly normal; shares close to 0 or 100 % are skewed, and their intervals somewhat too short.`,
    "Distributions, curves over time and drops add all replications up; they have no intervals.",
    "Tests are corrected within a metric, phase and adoption, not over all of them: of a hundred marks a few are chance.",
  ];
  return section(
    "limits",
    "Limits",
    el(
      "ul",
      { class: "words" },
      points.map((point) => el("li", {}, point)),
    ),
  );
}
