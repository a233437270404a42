/** Rows of the log as text: for cells, for hints and for files. */
import type { LogRow } from "../../../core/exploration.ts";

const SECOND = 1_000_000_000;

/** Seconds with microseconds; what lies below them is seen in hints and files. */
export function timeText(time_ns: number): string {
  return (time_ns / SECOND).toFixed(6);
}

export function dropText({ dropped, others }: LogRow): string {
  const rest =
    others?.map(({ reason, packets }) => `${packets} ${packets === 1 ? "other" : "others"}: ${reason}`) ?? [];
  return [...(dropped === null ? [] : [dropped]), ...rest].join(", ");
}

/** In one cell: why the packet ended, or else what it is; packets are known by their flow or protocol. */
export function briefKind(row: LogRow): string {
  const dropped = dropText(row);
  return dropped === "" ? row.kind.replace(/^packet /, "") : dropped;
}

/** Everything that is known of a row. */
export function hintText(row: LogRow): string {
  const { event, time_ns, sent_ns, actor, kind, from, ifId, flow, packet } = row;
  const what = flow === null ? kind : `${kind} ${packet} of ${flow}`;
  const sender = from === null ? "" : ` from ${from}, sent ${sent_ns.toLocaleString("en")} ns`;
  const entry = ifId === null || ifId === 0 ? "" : `, interface ${ifId}`;
  const dropped = dropText(row);
  return `event ${event} at ${time_ns.toLocaleString("en")} ns: ${what} at ${actor}${sender}${entry}${dropped === "" ? "" : `; ended: ${dropped}`}`;
}

const HEAD = "time_ns,event,actor,kind,flow,packet,interface,from,sent_ns,dropped,others";

/** RFC 4180, with a line of names. */
export function csvOf(rows: readonly LogRow[], withHead: boolean): string {
  const lines = rows.map(({ time_ns, event, actor, kind, flow, packet, ifId, from, sent_ns, dropped, others = [] }) => {
    const rest = others.map(({ reason, packets }) => `${packets} ${reason}`).join("; ");
    return [time_ns, event, actor, kind, flow, packet, ifId, from, sent_ns, dropped, rest].map(csvField).join(",");
  });
  return [...(withHead ? [HEAD] : []), ...lines].map((line) => `${line}\r\n`).join("");
}

/** A text that a spreadsheet would take for a formula is marked as a text. */
function csvField(value: string | number | null): string {
  if (value === null) return "";
  const text = typeof value === "string" && /^[=+@\t\r-]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
