/** Formats that are made of what a run tells while it is gone through. */
import type { Scenario } from "../../core/scenario.ts";
import { CSV_HEADER, csvExporter } from "../../sim/exports/csv.ts";
import type { Exporter, ExportFilter, WritePiece } from "../../sim/exports/exporter.ts";
import { PERFETTO_BEGINNING, perfettoExporter } from "../../sim/exports/perfetto.ts";
import { QLOG_BEGINNING, qlogExporter } from "../../sim/exports/qlog.ts";

export const EVENT_FORMATS = ["qlog", "perfetto", "csv"] as const;
export type EventFormat = (typeof EVENT_FORMATS)[number];

interface FormatOf {
  /** In the run's folder. */
  readonly name: string;
  /** A folder of files, not one file. */
  readonly isFolder: boolean;
  /** How each file begins. */
  readonly beginning: string;
  /** For "FILE exists already and is ...". */
  readonly isNone: string;
  create(scenario: Scenario, filter: ExportFilter, write: WritePiece): Exporter;
}

export const FORMAT_OF: Readonly<Record<EventFormat, FormatOf>> = {
  qlog: {
    name: "qlog",
    isFolder: true,
    beginning: QLOG_BEGINNING,
    isNone: "no folder of qlog files",
    create: qlogExporter,
  },
  perfetto: {
    name: "perfetto.json",
    isFolder: false,
    beginning: PERFETTO_BEGINNING,
    isNone: "no trace that pathloom export wrote",
    create: (scenario, filter, write) => perfettoExporter(scenario, filter, (piece) => write("", piece)),
  },
  csv: {
    name: "events.csv",
    isFolder: false,
    beginning: CSV_HEADER,
    isNone: "no table of events",
    create: (scenario, filter, write) => csvExporter(scenario, filter, (piece) => write("", piece)),
  },
};
