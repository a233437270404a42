/** What every chart of a run is made from, and what comes out: a picture, a table that says the same, the data. No DOM. */
import type { Bookmark, DelayDistribution, RunOutline } from "../../../core/exploration.ts";
import { type Nanos, SECOND } from "../../../core/units.ts";
import type { Band } from "../../charts/frame.ts";
import type { Markup } from "../../charts/markup.ts";
import type { SeriesStore } from "../series-store.ts";

/** One run as charts see it. */
export interface RunData {
  readonly outline: RunOutline;
  readonly series: SeriesStore;
  readonly bookmarks: readonly Bookmark[];
  readonly known_ns: Nanos;
  readonly delays: readonly DelayDistribution[];
}

/** What is to be drawn, and how wide. */
export interface Scene {
  readonly run: RunData;
  /** Another future, drawn beside it with dashes. */
  readonly other: RunData | null;
  /** Flows drawn by themselves, by index. */
  readonly shown: readonly number[];
  /** Flows that are neither shown nor put away: added up as "other flows" where that makes sense. */
  readonly rest: readonly number[];
  /** Flow of the charts of paths, by index; -1: none. */
  readonly flow: number;
  /** Number of the series (colour) of a path of that flow. */
  readonly pathNumber: (fingerprint: string) => number;
  readonly width: number;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Drawn {
  readonly svg: Markup;
  /** Where time runs in the picture, in its pixels; null: it does not. */
  readonly time: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  } | null;
  readonly table: Table;
  /** All values, as CSV. Made when it is asked for. */
  readonly csv: () => string;
}

export type Draw = (scene: Scene) => Drawn;

export function durationOf({ outline }: RunData): number {
  return outline.duration_ns / SECOND;
}

/** Most bands drawn. */
const MOST_BANDS = 30;
/** As bookmarks say it: what, and whether it begins or ends there. Other faults have no length. */
const BEGINS = /^(.+?) (fails|is impaired)(?: \(|$)/;
const ENDS = /^(.+?) (recovers|is mended)(?: \(|$)/;
const END_OF: Readonly<Record<string, string>> = { fails: "recovers", "is impaired": "is mended" };

/** From each fault to its end; those of the same time are one. Those without an end last to the end of the run. */
export function faultBands({ bookmarks, outline }: RunData, width: number): Band[] {
  const open = new Map<string, Nanos>();
  const found = new Map<string, { from: Nanos; to: Nanos; names: string[] }>();
  const close = (name: string, from: Nanos, to: Nanos): void => {
    const band = found.get(`${from} ${to}`) ?? { from, to, names: [] };
    band.names.push(name);
    found.set(`${from} ${to}`, band);
  };
  for (const { kind, text, time_ns } of bookmarks) {
    if (kind !== "fault") continue;
    const [, begun, how = ""] = BEGINS.exec(text) ?? [];
    if (begun !== undefined) {
      const key = `${begun} ${END_OF[how]}`;
      if (!open.has(key)) open.set(key, time_ns);
    }
    const [, ended, end] = ENDS.exec(text) ?? [];
    const from = open.get(`${ended} ${end}`);
    if (from === undefined) continue;
    close(`${ended} ${end}`, from, time_ns);
    open.delete(`${ended} ${end}`);
  }
  for (const [name, from] of open) close(name, from, outline.duration_ns);
  return [...found.values()].slice(0, MOST_BANDS).map(({ from, to, names }) => {
    const room = ((to - from) / outline.duration_ns) * width;
    const label = names.length === 1 || room < 90 ? "fault" : `${names.length} faults`;
    return { from: from / SECOND, to: to / SECOND, label: room < 34 ? "" : label };
  });
}

/** Cells with commas, quotes or line breaks in quotes (RFC 4180); numbers that are none are empty. */
export function csvText(head: readonly string[], rows: Iterable<readonly (string | number)[]>): string {
  const cell = (value: string | number): string => {
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  const lines = [head.map(cell).join(",")];
  for (const row of rows) lines.push(row.map(cell).join(","));
  return `${lines.join("\n")}\n`;
}
