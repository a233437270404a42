/** What one piece of a live run saw, as people read it: what the other side knows stands as a dash. */
import { formatMs, formatNumber, formatRate } from "./report.ts";
import { type Cell, counted, paint, table } from "./output.ts";
import type { PieceFigures, PieceFlow, PieceSummary } from "./runner/piece-summary.ts";

const MAX_ROWS = 20;

export function formatPiece(summary: PieceSummary): string {
  const { scenario, seed, simulated_s, flows, drops, live, digest, events } = summary;
  const { pieces } = live;
  const reasons = Object.entries(drops).map(([reason, count]) => `${reason} ${count}`);
  const joined = pieces.start_ms === 0 ? "" : `, joined at ${formatNumber(pieces.start_ms / 1_000)} s`;
  return [
    `${paint("bold", scenario)}  seed ${seed}, ${formatNumber(simulated_s)} s live${joined}; here: ${pieces.here.join(", ")}`,
    flowTable(flows),
    ...(reasons.length === 0 ? [] : [`drops here: ${reasons.join(", ")}`]),
    piecesLines(pieces),
    `digest ${digest}  (${events} events here)`,
  ].join("\n\n");
}

function flowTable(flows: readonly PieceFlow[]): string {
  const own = flows.filter(({ side, lost }) => side !== "transit" || lost > 0);
  if (own.length === 0) return "no flow begins or ends here";
  const rows = own
    .slice(0, MAX_ROWS)
    .map(({ id, side, sent, received, lost, goodput_bps, latency_ms }): Cell[] => [
      id,
      side,
      sent ?? "-",
      received ?? "-",
      lost,
      goodput_bps === undefined ? "-" : formatRate(goodput_bps),
      formatMs(latency_ms?.p50 ?? null),
      formatMs(latency_ms?.p99 ?? null),
    ]);
  const more = own.length > MAX_ROWS ? `\nand ${counted(own.length - MAX_ROWS, "more flow")}; all with --json` : "";
  return table([["flow", "here", "sent", "received", "lost here", "goodput", "p50", "p99 ms"], ...rows]) + more;
}

function piecesLines({ others, epoch_error_us, clocks_apart, conservation }: PieceFigures): string {
  const lines = others.map(({ here, same_machine, ended }) => {
    return `another piece: ${here.join(", ")}${same_machine ? ", on this machine" : ""}${ended ? ", ended before" : ""}`;
  });
  if (epoch_error_us > 0) lines.push(`the run's beginning is known to ${formatNumber(epoch_error_us)} us`);
  if (clocks_apart.length > 0)
    lines.push(
      `no one-way delays of ${clocks_apart.slice(0, MAX_ROWS).join(", ")}: measured by two clocks (--clocks-synchronised)`,
    );
  const { arrived, left, unaccounted } = conservation;
  lines.push(
    `${arrived} packets came in over sockets, ${left} went out${unaccounted === 0 ? "" : `; ${unaccounted} are unaccounted for`}`,
  );
  return lines.join("\n");
}
