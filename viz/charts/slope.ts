/** Two orders joined by lines: who comes first under one condition, and under another. Places are ranks; the values stand beside the names. */
import { chart, type Described, emptyChart } from "./frame.ts";
import { el, group, type Markup, shorten } from "./markup.ts";
import { lineStyle, marker } from "./palette.ts";

/** Best first; `text`: what stands beside the name. */
export type Ranked = readonly { readonly name: string; readonly series: number; readonly text: string }[];

export interface SlopeChart extends Described {
  readonly width: number;
  readonly heads: readonly [left: string, right: string];
  readonly left: Ranked;
  readonly right: Ranked;
  /** Drawn thick: the lines that the picture is about. */
  readonly strong: readonly string[];
}

const SIDE = 172;
const TOP = 36;
const STEP = 25;
const NAME_LENGTH = 18;

export function slopeChart(input: SlopeChart): Markup {
  const { width, left, right, strong } = input;
  const rows = Math.max(left.length, right.length);
  if (rows === 0) return emptyChart(input, width, 80);
  const [from, to] = [SIDE, width - SIDE];
  const names = [...new Set([...left, ...right].map(({ name }) => name))];
  const ordered = names.sort((a, b) => Number(strong.includes(a)) - Number(strong.includes(b)));
  return chart(
    input,
    width,
    TOP + rows * STEP - 6,
    el("text", { class: "end bold", x: from + 4, y: 14 }, input.heads[0]),
    el("text", { class: "bold", x: to - 4, y: 14 }, input.heads[1]),
    ordered.map((name) => drawLine(name, input, from, to)),
    left.map((one, n) =>
      label(one.name, `${shorten(one.name, NAME_LENGTH)}  ${one.text}`, n, from - 11, "end", strong),
    ),
    right.map((one, n) => label(one.name, `${one.text}  ${shorten(one.name, NAME_LENGTH)}`, n, to + 11, "", strong)),
  );
}

function height(rank: number): number {
  return TOP + rank * STEP;
}

function drawLine(name: string, { left, right, strong }: SlopeChart, from: number, to: number): Markup {
  const [before, after] = [left, right].map((order) => order.findIndex((one) => one.name === name)) as [number, number];
  const series = (left[before] ?? right[after])?.series ?? 0;
  const style = lineStyle(series);
  const thick = strong.includes(name) ? `${style["class"]} strong` : `${style["class"]}`;
  const ends = { x1: from, x2: to, y1: height(before), y2: height(after) };
  return el(
    "g",
    { "data-policy": name },
    before < 0 || after < 0 ? null : el("line", { ...style, class: thick, ...ends }),
    before < 0 ? null : marker(series, from, height(before), 44),
    after < 0 ? null : marker(series, to, height(after), 44),
  );
}

function label(name: string, text: string, rank: number, x: number, side: string, strong: readonly string[]): Markup {
  const classes = `${side} ${strong.includes(name) ? "bold" : ""}`.trim();
  return group(
    el("text", { "data-policy": name, class: classes === "" ? null : classes, x, y: height(rank) + 4 }, text),
  );
}
