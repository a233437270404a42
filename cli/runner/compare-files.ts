/** The files that a comparison leaves: everything as JSON, and tables for other programs. */
import { canonicalJson } from "../../core/canonical.ts";
import type { Comparison, Estimate, Estimates, MetricName, PolicyOutcome } from "../../core/comparison.ts";
import { WHOLE_RUN } from "../../core/comparison.ts";
import type { Scenario } from "../../core/scenario.ts";
import { reportHtml } from "../../viz/report/report.ts";
import { csvText, type CsvValue } from "./csv.ts";

/** By name. */
export function comparisonFiles(comparison: Comparison, scenario: Scenario): Readonly<Record<string, string>> {
  return {
    "scenario.json": `${canonicalJson(scenario)}\n`,
    "summary.json": `${JSON.stringify(comparison, null, 2)}\n`,
    "summary.csv": summaryTable(comparison),
    "replications.csv": replicationTable(comparison),
    "paired.csv": pairedTable(comparison),
    "report.html": reportHtml(comparison),
    "manifest.json": `${JSON.stringify(comparison.manifest, null, 2)}\n`,
  };
}

interface Row {
  readonly outcome: PolicyOutcome;
  readonly phase: string;
  readonly metric: MetricName;
  readonly estimate: Estimate;
}

function rowsOf({ policies, metrics }: Comparison): Row[] {
  return policies.flatMap((outcome) => {
    const phases: [string, Estimates][] = [[WHOLE_RUN, outcome.metrics], ...Object.entries(outcome.phases)];
    return phases.flatMap(([phase, estimates]) =>
      metrics.map(({ name }) => ({ outcome, phase, metric: name, estimate: estimates[name] })),
    );
  });
}

/** A row for each policy, adoption, phase and metric. */
function summaryTable(comparison: Comparison): string {
  const head = ["policy", "adoption", "phase", "metric", "mean", "median", "ci95_low", "ci95_high", "n"];
  const rows = rowsOf(comparison).map(({ outcome, phase, metric, estimate }): CsvValue[] => {
    const { mean, median, ci95, n } = estimate;
    return [outcome.policy, outcome.adoption, phase, metric, mean, median, ci95?.[0], ci95?.[1], n];
  });
  return csvText([head, ...rows]);
}

/** A row for each of those and each replication, counted from 1. */
function replicationTable(comparison: Comparison): string {
  const head = ["policy", "adoption", "phase", "metric", "replication", "value"];
  const rows = rowsOf(comparison).flatMap(({ outcome, phase, metric, estimate }) =>
    estimate.values.map((value, at): CsvValue[] => [outcome.policy, outcome.adoption, phase, metric, at + 1, value]),
  );
  return csvText([head, ...rows]);
}

function pairedTable({ paired }: Comparison): string {
  const head = [
    "a",
    "b",
    "adoption",
    "phase",
    "metric",
    "n",
    "mean_difference",
    "ci95_low",
    "ci95_high",
    "p",
    "p_holm",
    "effect_size",
    "distinguishable",
  ];
  const rows = paired.map((one): CsvValue[] => [
    one.a,
    one.b,
    one.adoption,
    one.phase,
    one.metric,
    one.n,
    one.mean_difference,
    one.ci95?.[0],
    one.ci95?.[1],
    one.p,
    one.p_holm,
    one.effect_size,
    one.distinguishable,
  ]);
  return csvText([head, ...rows]);
}
