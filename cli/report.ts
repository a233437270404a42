/** Results as people read them. */
import type { FlowResult, LatencyMs, LinkResult, TimelineEvent } from "../actors/results.ts";
import { type Cell, paint, table } from "./output.ts";
import type { RunSummary } from "./runner/manifest.ts";

/** Rows of a table before the rest is only counted. */
const MAX_ROWS = 20;
/** Lines of the timeline, and what a fault hits, before the rest is only counted. */
const MAX_TIMELINE = 12;
const MAX_TARGETS = 4;
/** Switches in a row that stand in lines of their own in a timeline that is too long. */
const MAX_SWITCHES = 3;
/** Columns of text; names give way. */
const WIDTH = 100;
const LEAST_NAME = 12;

/** The tables of one run: flows, what their applications say, links that dropped packets, reasons, and the line that identifies it. */
export function formatRun(summary: RunSummary): string {
  const { flows } = summary;
  return [
    headLine(summary),
    flowTable(summary),
    ...section(transferRows(flows), "flows with transfers"),
    ...section(messageRows(flows), "flows with messages"),
    ...section(transportRows(flows), "flows with transport"),
    ...section(channelRows(flows), "flows over channels"),
    ...linkTable(summary.links),
    ...controlPlaneTable(summary),
    ...dropLine(summary.drops),
    ...timelineTable(summary),
    lastLine(summary),
  ].join("\n\n");
}

function headLine({ scenario, seed, policy, manifest, simulated_s, warmup_s }: RunSummary): string {
  const world = manifest.world === "sim" ? "simulated" : "live";
  const chosen = policy === "" ? "" : `, policy ${policy}`;
  const warmup = warmup_s === 0 ? "" : `, measured from ${formatNumber(warmup_s)} s on (warm-up)`;
  return paint("bold", `${scenario}`) + `  seed ${seed}${chosen}, ${formatNumber(simulated_s)} s ${world}${warmup}`;
}

function lastLine({ digest, manifest, events, wall_s }: RunSummary): string {
  const rate = wall_s > 0 ? `, ${formatCount(events / wall_s)} events/s` : "";
  const inTime = manifest.world === "sim" ? ` in ${formatNumber(wall_s)} s${rate}` : "";
  return `digest ${digest}  (${formatCount(events)} events${inTime})`;
}

/** A table with its head; the names in its first column are shortened in the middle where it would be too wide. */
function fittedTable(head: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  const all = [head, ...rows];
  const others = head.slice(1).map((_, at) => Math.max(...all.map((row) => String(row[at + 1] ?? "").length)) + 2);
  const room = Math.max(LEAST_NAME, WIDTH - others.reduce((sum, width) => sum + width, 0));
  return table(all.map(([name = "", ...cells]) => [shorten(String(name), room), ...cells]));
}

function shorten(name: string, room: number): string {
  if (name.length <= room) return name;
  const before = Math.ceil((room - 3) / 2);
  return `${name.slice(0, before)}...${name.slice(name.length - (room - 3 - before))}`;
}

interface Rows {
  readonly head: readonly Cell[];
  readonly rows: readonly (readonly Cell[])[];
}

/** No table without rows; `what`: the name of the rows that are left out. */
function section({ head, rows }: Rows, what: string): string[] {
  if (rows.length === 0) return [];
  return [fittedTable(head, rows.slice(0, MAX_ROWS)) + moreLine(rows.length - MAX_ROWS, what)];
}

function moreLine(count: number, what: string): string {
  return count > 0 ? `\nand ${count} more ${what}; all with --json or --out` : "";
}

function flowTable({ flows, totals }: RunSummary): string {
  if (flows.length === 0) return "no flows";
  const head: Cell[] = ["flow", "sent", "received", "lost", "goodput", "p50", "p95", "p99 ms", "switches"];
  const rowOf = (id: string, flow: Omit<typeof totals, "in_flight" | "jain">, switches: number): Cell[] => {
    const { sent, received, lost, goodput_bps, latency_ms } = flow;
    const { p50, p95, p99 } = latency_ms;
    return [id, sent, received, lost, formatRate(goodput_bps), formatMs(p50), formatMs(p95), formatMs(p99), switches];
  };
  const switches = flows.reduce((sum, flow) => sum + flow.switches, 0);
  const rows = flows.slice(0, MAX_ROWS).map((flow) => rowOf(flow.id, flow, flow.switches));
  if (flows.length > 1) rows.push(rowOf(`all ${flows.length}`, totals, switches));
  const flying = totals.in_flight;
  const note =
    flying === 0 ? "" : `\n${flying} ${flying === 1 ? "packet was" : "packets were"} still under way at the end.`;
  return fittedTable(head, rows) + moreLine(flows.length - MAX_ROWS, "flows") + note;
}

function transferRows(flows: readonly FlowResult[]): Rows {
  const rows = flows.flatMap(({ id, app, transfers }): Cell[][] => {
    if (transfers === undefined) return [];
    const { started, completed, fct_ms } = transfers;
    const { p50, p95, max } = fct_ms;
    return [[id, app, `${completed}/${started}`, formatMs(p50), formatMs(p95), formatMs(max)]];
  });
  return { head: ["transfers", "app", "completed/started", "FCT p50", "p95", "max ms"], rows };
}

function messageRows(flows: readonly FlowResult[]): Rows {
  const rows = flows.flatMap(({ id, messages }): Cell[][] => {
    if (messages === undefined) return [];
    const { sent, on_time, late, lost } = messages;
    return [[id, sent, on_time, formatShare(on_time, on_time + late + lost), late, lost]];
  });
  return { head: ["messages", "sent", "on time", "share", "late", "lost"], rows };
}

function transportRows(flows: readonly FlowResult[]): Rows {
  const rows = flows.flatMap(({ id, transport }): Cell[][] => {
    if (transport === undefined) return [];
    const { retransmitted, spurious, probe_timeouts, congestion_events, ecn_marked, srtt_ms, cwnd_bytes } = transport;
    const window = `${formatNumber(cwnd_bytes / 1_000)} kB`;
    return [[id, retransmitted, spurious, probe_timeouts, congestion_events, ecn_marked, formatMs(srtt_ms), window]];
  });
  const head = ["transport", "retransmitted", "spurious", "timeouts", "reductions", "marked", "srtt ms", "cwnd"];
  return { head, rows };
}

function channelRows(flows: readonly FlowResult[]): Rows {
  const rows = flows.flatMap(({ id, channel, paths }): Cell[][] => {
    if (channel === undefined) return [];
    const { handshake_ms, associations, closed } = channel;
    const fates = channel.paths.map(({ state }) => state);
    const count = (state: (typeof fates)[number]): number => fates.filter((one) => one === state).length;
    return [
      [id, formatMs(handshake_ms), associations, paths.length, count("active"), count("failed"), closed ?? "open"],
    ];
  });
  return { head: ["channels", "handshake ms", "associations", "paths used", "active", "failed", "end"], rows };
}

function linkTable(links: readonly LinkResult[]): string[] {
  const rows = links
    .filter(({ drops }) => drops > 0)
    .map(({ id, packets, drops, utilization, queue_max_packets }): Cell[] => {
      return [id, packets, drops, formatShare(utilization, 1), queue_max_packets];
    });
  return section(
    { head: ["links with drops", "packets", "drops", "utilization", "longest queue"], rows },
    "links with drops",
  );
}

function dropLine(drops: RunSummary["drops"]): string[] {
  const reasons = Object.entries(drops).map(([reason, count]) => `${reason} ${count}`);
  return reasons.length === 0 ? [] : [`drops: ${reasons.join(", ")}`];
}

type Switch = Extract<TimelineEvent, { readonly event: "switch" }>;

function timelineTable({ timeline, timeline_omitted }: RunSummary): string[] {
  if (timeline.length === 0) return [];
  const all = timeline.length <= MAX_TIMELINE ? timeline.map(timelineRow) : gatheredRows(timeline);
  const rows = all.slice(0, MAX_TIMELINE);
  const [lines, switches] = [all.length - rows.length, timeline_omitted];
  const unnamed = switches === 0 ? "" : `\n${switches} more switches are not named`;
  return [table([["time", "what happened"], ...rows]) + moreLine(lines, lines === 1 ? "line" : "lines") + unnamed];
}

/** What control services sent, took and refused, where the scenario has them. */
function controlPlaneTable({ control_plane: plane, simulated_s }: RunSummary): string[] {
  if (plane === undefined) return [];
  const { beacons_refused, converged_ms, segments_refused } = plane;
  const settled = converged_ms === null ? "still changing" : `unchanged since ${formatSeconds(converged_ms)}`;
  const refused = { ...beacons_refused };
  for (const [reason, count] of Object.entries(segments_refused)) refused[reason] = (refused[reason] ?? 0) + count;
  const reasons = Object.keys(refused).sort();
  const named = reasons.map((reason) => `${reason} ${formatCount(refused[reason] ?? 0)}`);
  const rows: Cell[][] = [
    ["control plane", ""],
    ["segments", `${formatCount(plane.segments)}, ${settled}`],
    [
      "beacons",
      `${formatCount(plane.beacons_originated)} begun, ${formatCount(plane.beacons_propagated)} passed on, ` +
        `${formatCount(plane.beacons_received)} received`,
    ],
    ["refused", named.length === 0 ? "none" : named.join(", ")],
    [
      "lookups",
      `${formatCount(plane.requests_sent)} requests, ${formatCount(plane.requests_unanswered)} unanswered, ` +
        `${formatCount(plane.offers)} offers of paths, ${formatCount(plane.revocations)} revocations`,
    ],
    [
      "traffic",
      `${formatCount(plane.packets_sent)} packets, ${formatRate(simulated_s > 0 ? (plane.bytes_sent * 8) / simulated_s : 0)} ` +
        `in all, ${formatCount(plane.packets_resent)} sent again`,
    ],
  ];
  return [table(rows)];
}

function timelineRow(entry: TimelineEvent): Cell[] {
  const at = formatSeconds(entry.at_ms);
  if (entry.event === "switch") return [at, `${entry.flow} switches to path ${entry.path}`];
  const ends = entry.event === "end" ? " ends" : "";
  return [at, `${entry.fault}${ends}: ${entry.effect} ${formatTargets(entry.targets)}`];
}

/** One line for all switches between two changes of a fault, where they are many. */
function gatheredRows(timeline: readonly TimelineEvent[]): Cell[][] {
  const rows: Cell[][] = [];
  let run: Switch[] = [];
  const close = (): void => {
    rows.push(...(run.length > MAX_SWITCHES ? [switchesRow(run)] : run.map(timelineRow)));
    run = [];
  };
  for (const entry of timeline) {
    if (entry.event === "switch") run.push(entry);
    else {
      close();
      rows.push(timelineRow(entry));
    }
  }
  close();
  return rows;
}

function switchesRow(run: readonly Switch[]): Cell[] {
  const [first, last] = [run[0] as Switch, run.at(-1) as Switch];
  const flows = new Set(run.map(({ flow }) => flow)).size;
  const who = flows === 1 ? first.flow : `${flows} flows`;
  const until = first.at_ms === last.at_ms ? "" : `, the last at ${formatSeconds(last.at_ms)}`;
  return [formatSeconds(first.at_ms), `${who}: ${run.length} switches of path${until}`];
}

function formatSeconds(ms: number): string {
  return `${formatNumber(ms / 1_000)} s`;
}

/** Links and ASes that a fault hits. */
export function formatTargets(targets: readonly string[]): string {
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

/** `93.1 %`; `-` of nothing. */
function formatShare(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((part / whole) * 100).toFixed(1)} %`;
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
