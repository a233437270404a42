/** What is said on stderr when a comparison is over: how long it took, whether it is precise enough, and where the files are. */
import { join } from "node:path";
import type { Comparison } from "../core/comparison.ts";
import { counted } from "./output.ts";

export interface CompareEnd {
  readonly out: string | null;
  readonly wall_s: number;
  readonly workers: number;
}

export function formatEnd(comparison: Comparison, { out, wall_s, workers }: CompareEnd): string[] {
  const { policies, stopping, replications } = comparison;
  const runs = new Set(policies.flatMap(({ digests }) => digests)).size;
  return [
    `${counted(replications, "replication")}, ${runs} different runs in ${wall_s.toFixed(1)} s, ${workers} at a time`,
    ...precisionLine(stopping),
    ...(out === null
      ? ["to keep this with its report: --out DIR"]
      : [`kept in ${out}; open ${join(out, "report.html")} in a browser`]),
  ];
}

function precisionLine({ precision, reached, half_widths, limit, wall_s }: Comparison["stopping"]): string[] {
  if (precision === null) return [];
  const wanted = `${Number((precision * 100).toPrecision(6))} %`;
  const widest = half_widths.at(-1);
  const now = widest === undefined || widest === Number.MAX_VALUE ? "unknown" : `${(widest * 100).toFixed(1)} %`;
  return reached
    ? [`half-widths are within ${wanted} of their means after ${(wall_s ?? 0).toFixed(1)} s (the widest: ${now})`]
    : [`half-widths are not within ${wanted} after at most ${limit} replications: the widest is ${now}`];
}
