/** One series over the whole run, small, with the cursor. */
import type { Series } from "../series-store.ts";
import { h, svg } from "../dom.ts";

export interface Spark {
  readonly label: string;
  readonly series: Series;
  readonly now: number;
  /** Length of the run. */
  readonly end: number;
  text(value: number): string;
}

const [WIDTH, HEIGHT] = [300, 44];

export function sparkline({ end, label, now, series, text }: Spark): HTMLElement {
  const columns = columnsOf(series, end);
  const most = columns.reduce((greatest, value) => Math.max(greatest, Number.isNaN(value) ? 0 : value), 0);
  const y = (value: number): number => HEIGHT - 2 - (most === 0 ? 0 : (value / most) * (HEIGHT - 6));
  const cursor = Math.min(WIDTH, (now / Math.max(1, end)) * WIDTH);
  const at = series.values[Math.min(series.length - 1, Math.floor(now / series.bin_ns))] ?? Number.NaN;
  const said = `${label} now ${Number.isNaN(at) ? "unknown" : text(at)}, at most ${text(most)}`;
  return h(
    "figure",
    { class: "insp-spark" },
    h("figcaption", {}, said),
    svg(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${label} over time`,
      },
      svg("path", { class: "insp-spark-area", d: areaOf(columns, y) }),
      svg("line", { class: "insp-spark-now", x1: cursor, x2: cursor, y1: 0, y2: HEIGHT }),
    ),
  );
}

/** The greatest value of each column; NaN where nothing is known. */
function columnsOf({ bin_ns, length, values }: Series, end: number): number[] {
  const columns = Array.from({ length: WIDTH }, () => Number.NaN);
  for (let bin = 0; bin < length; bin++) {
    const value = values[bin] as number;
    if (Number.isNaN(value)) continue;
    const from = Math.floor(((bin * bin_ns) / Math.max(1, end)) * WIDTH);
    const to = Math.max(from + 1, Math.ceil((((bin + 1) * bin_ns) / Math.max(1, end)) * WIDTH));
    for (let column = from; column < Math.min(WIDTH, to); column++) {
      const before = columns[column] as number;
      if (!(before >= value)) columns[column] = value;
    }
  }
  return columns;
}

function areaOf(columns: readonly number[], y: (value: number) => number): string {
  return columns
    .map((value, x) => (Number.isNaN(value) ? "" : `M${x} ${HEIGHT}V${y(value).toFixed(1)}H${x + 1}V${HEIGHT}Z`))
    .join("");
}
