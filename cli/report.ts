/** Results as people read them. */
import type { FlowResult, LatencyMs, LinkResult } from "../actors/results.ts";
import { type Cell, paint, table } from "./output.ts";
import type { RunSummary } from "./runner/manifest.ts";

/** Links shown before the rest is only counted. */
const MAX_LINKS = 20;
/** Lines of the timeline, and what a fault hits, before the rest is only counted. */
const MAX_TIMELINE = 20;
const MAX_TARGETS = 4;

/** The tables of one run: flows, links that dropped packets, reasons, and the line that identifies it. */
export function formatRun(summary: RunSummary): string {
  const { scenario, seed, policy, digest, manifest, simulated_s, wall_s, events } = summary;
  const world = manifest.world === "sim" ? "simulated" : "live";
  const warmup = summary.warmup_s === 0 ? "" : `, measured from ${formatNumber(summary.warmup_s)} s on`;
  const head =
    paint("bold", `${scenario}`) + `  seed ${seed}, policy ${policy}, ${formatNumber(simulated_s)} s ${world}${warmup}`;
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
    ...timelineTable(summary),
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

function timelineTable({ timeline, timeline_omitted }: RunSummary): string[] {
  if (timeline.length === 0) return [];
  const rows = timeline.slice(0, MAX_TIMELINE).map((entry): Cell[] => {
    const at = `${formatNumber(entry.at_ms / 1_000)} s`;
    if (entry.event === "switch") return [at, `${entry.flow} switches to path ${entry.path}`];
    const ends = entry.event === "end" ? " ends" : "";
    return [at, `${entry.fault}${ends}: ${entry.effect} ${formatTargets(entry.targets)}`];
  });
  const more = timeline.length - rows.length + timeline_omitted;
  const note = more === 0 ? "" : `\nand ${more} more; all with --json or --out`;
  return [table([["time", "what happened"], ...rows]) + note];
}

function formatTargets(targets: readonly string[]): string {
  const names = wholeLinks(targets);
  const shown = names.slice(0, MAX_TARGETS).join(", ");
  return names.length > MAX_TARGETS ? `${shown} and ${names.length - MAX_TARGETS} more` : shown;
}

/** Both directions of a link are named as one. */
function wholeLinks(targets: readonly string[]): string[] {
  const all = new Set(targets);
  const turned = (name: string): string => name.split(">").toReversed().join(">");
  return [...all].flatMap((name) => {
    if (!name.includes(">") || !all.has(turned(name))) return [name];
    return name < turned(name) ? [name.replace(">", " - ")] : [];
  });
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
