/** Many rows over time, a cell for each stretch: how full, how busy. In five steps of the load colours; empty cells stay blank. */
import { scaleLinear } from "d3";
import { type Band, bands, type Box, chart, type Described, emptyChart, TIME_TOP, xAxis } from "./frame.ts";
import { el, group, type Markup, px } from "./markup.ts";
import { LIGHT } from "./palette.ts";

export interface HeatRow {
  readonly name: string;
  /** Short, for the place left of the row. */
  readonly label: string;
  /** At even distances over the whole domain; NaN or 0: blank. */
  readonly values: ArrayLike<number>;
}

export interface HeatChart extends Described {
  readonly width: number;
  readonly rows: readonly HeatRow[];
  readonly domain: readonly [number, number];
  readonly label: string;
  /** Value from which on a cell has the colour of the fullest. */
  readonly full: number;
  readonly text: (value: number) => string;
  readonly bands?: readonly Band[];
}

const ROW = 14;
const STEPS = LIGHT.load.length;

/** Where the plot of a heat map lies. */
export function heatBox(width: number, rows: number): Box {
  const left = Math.min(120, Math.round(width * 0.3));
  return { left, right: width - 8, top: TIME_TOP, bottom: TIME_TOP + rows * ROW };
}

export function heatHeight(rows: number): number {
  return TIME_TOP + rows * ROW + 36;
}

export function heatChart(input: HeatChart): Markup {
  const { width, rows, full } = input;
  const [low, high] = input.domain;
  if (rows.length === 0 || !(high > low) || !(full > 0)) return emptyChart(input, width, 60);
  const box = heatBox(width, rows.length);
  const x = scaleLinear().domain([low, high]).range([box.left, box.right]);
  return chart(
    input,
    width,
    heatHeight(rows.length),
    bands(input.bands ?? [], x, box),
    rows.map((row, n) => heatRow(row, input, box, box.top + n * ROW)),
    xAxis(x, box, 6, String, input.label),
  );
}

function heatRow({ name, label, values }: HeatRow, { full, text }: HeatChart, box: Box, top: number): Markup {
  const width = (box.right - box.left) / Math.max(1, values.length);
  const cells: Markup[] = [];
  let most = 0;
  for (let from = 0; from < values.length; ) {
    const step = stepOf(values[from] as number, full);
    let to = from;
    // Cells that look alike are one.
    for (; to < values.length && stepOf(values[to] as number, full) === step; to++) {
      const value = values[to] as number;
      if (value > most) most = value;
    }
    if (step >= 0) {
      const place = { x: px(box.left + from * width), y: top + 1, width: px((to - from) * width), height: ROW - 2 };
      cells.push(el("rect", { class: `cell l${step}`, ...place }));
    }
    from = to;
  }
  return el(
    "g",
    {},
    el("title", {}, `${name}: most ${text(most)}`),
    el("rect", { class: "hit", x: box.left, y: top, width: px(box.right - box.left), height: ROW }),
    el("text", { class: "tick end", x: box.left - 6, y: top + ROW - 3.5 }, label),
    group(cells),
  );
}

/** Step of the colours, -1: blank. */
function stepOf(value: number, full: number): number {
  if (!(value > 0)) return -1;
  return Math.min(STEPS - 1, Math.floor((value / full) * STEPS));
}
