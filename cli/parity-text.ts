/** What `pathloom parity` prints. */
import type { Parity } from "../core/parity.ts";
import { metricText, verdictText } from "../viz/parity/parity-words.ts";
import { type Cell, paint, table } from "./output.ts";

const COLOURS = { same: "green", noise: "yellow", different: "red" } as const;

export function formatParity(parity: Parity): string {
  const { scenario, seed, metrics, flows, verdict, machines, compared, firstDifference } = parity;
  const rows = metrics.map((metric): Cell[] => {
    const text = metricText(metric);
    return [metric.name, text.sim, text.live, text.difference, text.tolerance, text.verdict];
  });
  const distances = flows.map(({ id, ks, wasserstein_ms }): Cell[] => [
    id,
    ks === null ? "-" : ks.toFixed(3),
    wasserstein_ms === null ? "-" : `${wasserstein_ms.toFixed(3)} ms`,
  ]);
  const logic = machines.same ? "the same machines ran in both worlds" : "the worlds ran different machines";
  const first =
    firstDifference === null
      ? `${compared} steps of actors compared: no actor did anything else`
      : `first step that differs, at ${(firstDifference.time_ns / 1e9).toFixed(6)} s: ${firstDifference.actor}\n  simulated  ${firstDifference.expected}\n  live       ${firstDifference.found}`;
  return [
    `${paint("bold", scenario)}  seed ${seed}, simulated and live`,
    table([["figure", "simulated", "live", "difference", "tolerance", "verdict"], ...rows]),
    table([["delays of", "KS distance", "Wasserstein"], ...distances]),
    `${first}; ${logic}`,
    paint(COLOURS[verdict], verdictText(parity)),
  ].join("\n\n");
}
