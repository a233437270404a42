/** Results as people read them. */
import type { FlowResult, LatencyMs, LinkResult } from "../actors/results.ts";
import { type Cell, paint, table } from "./output.ts";
import type { RunSummary } from "./runner/manifest.ts";

/** Links shown before the rest is only counted. */
const MAX_LINKS = 20;

/** The tables of one run: flows, links that dropped packets, reasons, and the line that identifies it. */
export function formatRun(summary: RunSummary): string {
  const { scenario, seed, policy, digest, manifest, simulated_s, wall_s, events } = summary;
  const world = manifest.world === "sim" ? "simulated" : "live";
  const head =
    paint("bold", `${scenario}`) + `  seed ${seed}, policy ${policy}, ${formatNumber(simulated_s)} s ${world}`;
  const rate = wall_s > 0 ? `, ${formatCount(events / wall_s)} events/s` : "";
  const speed =
    manifest.world === "sim"
      ? `${formatCount(events)} events in ${formatNumber(wall_s)} s${rate}`
      : `${formatCount(events)} events`;
  const parts = [
    head,
    flowTable(summary.flows),
    ...linkTable(summary.links),
    ...dropLine(summary.drops),
    `digest ${digest}  (${speed})`,
  ];
  return parts.join("\n\n");
}

function flowTable(flows: readonly FlowResult[]): string {
  const head: Cell[] = ["flow", "sent", "received", "lost", "goodput", "p50", "p95", "p99 ms", "switches"];
  const rows = flows.map((flow): Cell[] => {
    const { p50, p95, p99 } = flow.latency_ms;
    const goodput = formatRate(flow.goodput_bps);
    return [
      flow.id,
      flow.sent,
      flow.received,
      flow.lost,
      goodput,
      formatMs(p50),
      formatMs(p95),
      formatMs(p99),
      flow.switches,
    ];
  });
  const flying = flows.reduce((sum, { in_flight = 0 }) => sum + in_flight, 0);
  const note =
    flying === 0 ? "" : `\n${flying} ${flying === 1 ? "packet was" : "packets were"} still under way at the end.`;
  return table([head, ...rows]) + note;
}

function linkTable(links: readonly LinkResult[]): string[] {
  const dropping = links.filter(({ drops }) => drops > 0);
  if (dropping.length === 0) return [];
  const rows = dropping
    .slice(0, MAX_LINKS)
    .map(({ id, packets, drops, utilization }): Cell[] => [id, packets, drops, `${(utilization * 100).toFixed(1)} %`]);
  const more = dropping.length > MAX_LINKS ? `\nand ${dropping.length - MAX_LINKS} more links with drops` : "";
  return [table([["links with drops", "packets", "drops", "utilization"], ...rows]) + more];
}

function dropLine(drops: RunSummary["drops"]): string[] {
  const reasons = Object.entries(drops).map(([reason, count]) => `${reason} ${count}`);
  return reasons.length === 0 ? [] : [`drops: ${reasons.join(", ")}`];
}

export function formatMs(ms: LatencyMs["p50"]): string {
  return ms === null ? "-" : ms.toFixed(ms < 10 ? 3 : 2);
}

export function formatRate(bps: number): string {
  if (bps >= 1e9) return `${(bps / 1e9).toFixed(2)} Gbit/s`;
  if (bps >= 1e6) return `${(bps / 1e6).toFixed(2)} Mbit/s`;
  return `${(bps / 1e3).toFixed(1)} kbit/s`;
}

/** `1.2 M`, `35 k`, `712` */
export function formatCount(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  return count >= 1e4 ? `${(count / 1e3).toFixed(0)} k` : String(Math.round(count));
}

/** At most three digits behind the point, none that say nothing. */
export function formatNumber(value: number): string {
  return String(Number(value.toFixed(3)));
}
