/** Every record of the trace as a row (RFC 4180): time, actor, kind, flow, packet number, and the rest as JSON. */
import type { Scenario } from "../../core/scenario.ts";
import type { TraceRecord } from "../../core/trace.ts";
import { type Exporter, type ExportFilter, Flows, isIn } from "./exporter.ts";

export const CSV_HEADER = "time_ns,actor,kind,flow,direction,packet,detail";

export function csvExporter(scenario: Scenario, filter: ExportFilter, write: (piece: string) => void): Exporter {
  const flows = new Flows(scenario);
  let written = 0;
  write(`${CSV_HEADER}\r\n`);
  return {
    trace: (record) => {
      const flow = flows.of(record)?.id ?? null;
      if (!isIn(filter, record.time_ns) || (filter.flows !== null && (flow === null || !filter.flows.has(flow))))
        return;
      write(rowOf(record, flow, directionOf(record, scenario)));
      written++;
    },
    end: () => {},
    get written() {
      return written;
    },
  };
}

function directionOf({ flow }: TraceRecord, { flows }: Scenario): string | null {
  return flow === undefined || flow < 0 ? null : flow < flows.length ? "out" : "back";
}

function rowOf(
  { time_ns, actor, kind, number, detail }: TraceRecord,
  flow: string | null,
  direction: string | null,
): string {
  const cells = [
    time_ns,
    actor,
    kind,
    flow,
    direction,
    number ?? null,
    detail === undefined ? null : JSON.stringify(detail),
  ];
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(value: string | number | null): string {
  if (value === null) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
