/** Horizontal bars, each divided into parts. */
import { scaleLinear } from "d3";
import { type Box, chart, type Described, emptyChart, xAxis } from "./frame.ts";
import { el, type Markup, px, shorten } from "./markup.ts";
import { seriesClass } from "./palette.ts";

export interface BarRow {
  readonly label: string;
  /** One value a part, in the order of `parts`. */
  readonly values: readonly number[];
}

export interface BarChart extends Described {
  readonly width: number;
  readonly rows: readonly BarRow[];
  readonly parts: readonly { readonly name: string; readonly series: number }[];
  readonly unit: string;
  readonly text: (value: number) => string;
}

const LABEL = 134;
const ROW = 24;
const LABEL_LENGTH = 19;

export function barChart(input: BarChart): Markup {
  const { rows, parts, width } = input;
  const totals = rows.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const most = Math.max(0, ...totals);
  if (most === 0) return emptyChart(input, width, 60, "none");
  const box: Box = { left: LABEL, top: 4, right: width - 50, bottom: 8 + rows.length * ROW };
  const x = scaleLinear().domain([0, most]).nice(4).range([box.left, box.right]);
  return chart(
    input,
    width,
    box.bottom + 36,
    x.ticks(4).map((at) => el("line", { class: "grid", x1: px(x(at)), x2: px(x(at)), y1: box.top, y2: box.bottom })),
    xAxis(x, box, 4, input.text, input.unit),
    rows.map(({ label, values }, n) => {
      const [y, total] = [box.top + 6 + n * ROW, totals[n] as number];
      const short = shorten(label, LABEL_LENGTH);
      return el(
        "g",
        { "data-policy": label },
        el("text", { class: "end", x: LABEL - 8, y: y + 12 }, short),
        pieces(values).map(({ from, to, part }) =>
          el(
            "rect",
            {
              class: `area ${seriesClass(parts[part]?.series ?? 0)}`,
              x: px(x(from)),
              width: px(x(to) - x(from)),
              y,
              height: 16,
            },
            el("title", {}, `${label}, ${parts[part]?.name ?? ""}: ${input.text(to - from)}`),
          ),
        ),
        el("text", { class: "tick", x: px(x(total) + 5), y: y + 12 }, input.text(total)),
      );
    }),
  );
}

function pieces(values: readonly number[]): { from: number; to: number; part: number }[] {
  const found: { from: number; to: number; part: number }[] = [];
  let from = 0;
  for (const [part, value] of values.entries()) {
    if (value > 0) found.push({ from, to: from + value, part });
    from += value;
  }
  return found;
}
