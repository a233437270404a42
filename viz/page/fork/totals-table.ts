/** What two futures came to since the fork, side by side. */
import type { FutureTotals } from "../../../core/exploration.ts";
import { h } from "../dom.ts";
import { formatBriefly } from "../time/instants.ts";

type FlowTotals = FutureTotals["flows"][number];

interface Figure {
  readonly name: string;
  readonly of: (flow: FlowTotals) => number | null;
  readonly digits: number;
  /** Is more of it good (1), bad (-1), or neither? */
  readonly good: 1 | 0 | -1;
}

const FIGURES: readonly Figure[] = [
  { name: "packets sent", of: ({ sent }) => sent, digits: 0, good: 0 },
  { name: "packets received", of: ({ received }) => received, digits: 0, good: 1 },
  { name: "packets lost", of: ({ lost }) => lost, digits: 0, good: -1 },
  { name: "goodput, Mbit/s", of: ({ goodput_bps }) => goodput_bps / 1e6, digits: 3, good: 1 },
  { name: "mean latency, ms", of: ({ latency_mean_ms }) => latency_mean_ms, digits: 2, good: -1 },
  { name: "path switches", of: ({ switches }) => switches, digits: 0, good: 0 },
];

export function totalsTable(run: FutureTotals, fork: FutureTotals): HTMLElement {
  const flows = run.flows.flatMap((flow) => {
    const other = fork.flows.find(({ id }) => id === flow.id);
    return other === undefined ? [] : [flowRows(flow, other)];
  });
  return h(
    "table",
    { class: "fork-totals" },
    h(
      "caption",
      {},
      `From the fork to ${formatBriefly(run.until_ns)} in the run, to ${formatBriefly(fork.until_ns)} in the fork`,
    ),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["", "Run", "Fork", "Difference"].map((text, n) => h("th", { scope: "col", class: n > 0 && "number" }, text)),
      ),
    ),
    flows,
    h("tbody", {}, heading("All flows"), dropRows(run, fork)),
  );
}

function heading(text: string): HTMLElement {
  return h("tr", {}, h("th", { colspan: 4, scope: "rowgroup", class: "fork-flow" }, text));
}

function flowRows(run: FlowTotals, fork: FlowTotals): HTMLElement {
  const rows = FIGURES.map(({ name, of, digits, good }) => row(name, of(run), of(fork), digits, good));
  return h("tbody", {}, heading(`Flow ${run.id}`), rows);
}

function dropRows(run: FutureTotals, fork: FutureTotals): readonly HTMLElement[] {
  const reasons = [...new Set([...run.drops, ...fork.drops].map(({ reason }) => reason))].sort();
  const count = ({ drops }: FutureTotals, wanted: string): number =>
    drops.find(({ reason }) => reason === wanted)?.packets ?? 0;
  if (reasons.length === 0) return [row("packets dropped", 0, 0, 0, -1)];
  return reasons.map((reason) => row(`dropped: ${reason}`, count(run, reason), count(fork, reason), 0, -1));
}

function row(name: string, run: number | null, fork: number | null, digits: number, good: Figure["good"]): HTMLElement {
  const shown = (value: number | null): string =>
    value === null ? "-" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const by = run === null || fork === null ? null : fork - run;
  const same = by === null || shown(by) === shown(0) || shown(by) === `-${shown(0)}`;
  const verdict = same || good === 0 ? "" : Math.sign(by) === good ? "good" : "bad";
  const difference = same ? (by === null ? "-" : "same") : `${by > 0 ? "+" : ""}${shown(by)}`;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, name),
    h("td", { class: "number" }, shown(run)),
    h("td", { class: "number" }, shown(fork)),
    h("td", { class: `number ${verdict}` }, difference),
  );
}
