/** Dots with whiskers: one row a thing compared, one dot a condition, the interval as a line. */
import { scaleLinear } from "d3";
import { type Box, chart, type Described, emptyChart, xAxis } from "./frame.ts";
import { type Child, el, group, type Markup, px, shorten } from "./markup.ts";
import { lineStyle, marker } from "./palette.ts";

export interface ForestDot {
  /** Number of the condition: colour and marker. */
  readonly series: number;
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
  /** Beside the dot, such as `best`. */
  readonly note: string;
  readonly title: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface ForestRow {
  readonly label: string;
  readonly dots: readonly ForestDot[];
}

export interface ForestChart extends Described {
  readonly width: number;
  readonly rows: readonly ForestRow[];
  readonly unit: string;
  /** The axis is in multiples of this, so that its ticks are round in the unit shown. */
  readonly scale: number;
  /** Of a tick, in the unit shown. */
  readonly text: (value: number) => string;
  /** Values cannot lie beyond these, in the unit shown. */
  readonly bounds?: readonly [low: number, high: number];
  /** Drawn through the plot, for differences. */
  readonly zero?: boolean;
}

const LABEL = 134;
const LABEL_LENGTH = 19;
const ROW = 15;
/** Width of a digit on an axis. */
const DIGIT = 6.4;

export function forestChart(input: ForestChart): Markup {
  const { width, scale } = input;
  const rows = input.rows.map(({ label, dots }) => ({ label, dots: dots.map((dot) => inUnits(dot, scale)) }));
  const dots = rows.flatMap((row) => row.dots);
  const values = dots.flatMap(({ value, interval }) => (value === null ? [] : [value, ...(interval ?? [])]));
  const perRow = Math.max(1, ...rows.map((row) => row.dots.length));
  const step = perRow * ROW + 5;
  const box: Box = { left: LABEL, top: 4, right: width - 32, bottom: 8 + rows.length * step };
  const height = box.bottom + (input.unit === "" ? 22 : 36);
  if (values.length === 0) return emptyChart(input, width, 60, "no replication has a value");
  const [low, high] = scaleLinear()
    .domain(domainOf(values, input.zero === true))
    .nice(5)
    .domain() as [number, number];
  const [least, most] = input.bounds ?? [low, high];
  // Student's interval knows no bounds: what reaches beyond them ends at the edge.
  const x = scaleLinear()
    .domain([Math.max(low, least), Math.min(high, most)])
    .range([box.left, box.right])
    .clamp(true);
  const count = ticksThatFit((most) => x.ticks(most).map(input.text), box.right - box.left);
  return chart(
    input,
    width,
    height,
    x
      .ticks(count)
      .map((tick) => el("line", { class: "grid", x1: px(x(tick)), x2: px(x(tick)), y1: box.top, y2: box.bottom })),
    input.zero === true
      ? el("line", { class: "bound", x1: px(x(0)), x2: px(x(0)), y1: box.top, y2: box.bottom })
      : null,
    xAxis(x, box, count, input.text, input.unit),
    rows.map((row, n) => drawRow(row, box.top + 4 + n * step, step, x)),
  );
}

function inUnits({ value, interval, ...dot }: ForestDot, scale: number): ForestDot {
  const divided = interval === null ? null : ([interval[0] / scale, interval[1] / scale] as const);
  return { ...dot, value: value === null ? null : value / scale, interval: divided };
}

/** Of ticks asked for: so many that their numbers stand apart. */
function ticksThatFit(labels: (count: number) => readonly string[], width: number): number {
  for (let count = 5; count > 1; count--) {
    const texts = labels(count);
    const longest = texts.reduce((most, { length }) => Math.max(most, length), 0);
    if ((texts.length - 1) * (longest + 1) * DIGIT <= width) return count;
  }
  return 1;
}

/** Values that do not differ still get a scale with a width. */
function domainOf(values: readonly number[], withZero: boolean): [number, number] {
  const all = withZero ? [...values, 0] : values;
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (high > low) return [low, high];
  const room = Math.abs(low) > 0 ? Math.abs(low) * 0.1 : 1;
  return [low - room, high + room];
}

function drawRow({ label, dots }: ForestRow, top: number, step: number, x: (value: number) => number): Markup {
  const middle = top + (step - 5) / 2;
  const name = shorten(label, LABEL_LENGTH);
  return el(
    "g",
    { "data-policy": label },
    el(
      "text",
      { class: "end", x: LABEL - 10, y: px(middle + 4) },
      name,
      name === label ? null : el("title", {}, label),
    ),
    dots.map((dot, n) => drawDot(dot, top + (n + 0.5) * ((step - 5) / dots.length), x)),
  );
}

function drawDot(dot: ForestDot, y: number, x: (value: number) => number): Child {
  const { value, interval, series, note, title, data = {} } = dot;
  if (value === null) return null;
  const attributes = Object.fromEntries(Object.entries(data).map(([key, text]) => [`data-${key}`, text]));
  const end = Math.max(x(value), interval === null ? 0 : x(interval[1]));
  return el(
    "g",
    attributes,
    interval === null ? null : whisker(interval, y, x, series),
    marker(series, x(value), y, 46, title),
    note === "" ? null : el("text", { class: "tick halo", x: px(end + 7), y: px(y + 4) }, note),
  );
}

function whisker([low, high]: readonly [number, number], y: number, x: (value: number) => number, n: number): Markup {
  const [from, to, at] = [px(x(low)), px(x(high)), px(y)];
  const style = { ...lineStyle(n), "stroke-dasharray": null };
  return group(el("path", { ...style, d: `M${from},${at}H${to}M${from},${px(y - 3)}v6M${to},${px(y - 3)}v6` }));
}
