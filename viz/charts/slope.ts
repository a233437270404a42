/** Two columns of values joined by lines: how an order changes from one condition to another. */
import { scaleLinear } from "d3";
import { chart, type Described, emptyChart, spread } from "./frame.ts";
import { el, group, type Markup, px, shorten } from "./markup.ts";
import { lineStyle, marker } from "./palette.ts";

export interface SlopeLine {
  readonly name: string;
  readonly series: number;
  readonly left: number | null;
  readonly right: number | null;
  /** Drawn thick: the lines that the picture is about. */
  readonly strong: boolean;
}

export interface SlopeChart extends Described {
  readonly width: number;
  readonly heads: readonly [left: string, right: string];
  readonly lines: readonly SlopeLine[];
  /** Is a higher value drawn higher? Better is up. */
  readonly up: "higher" | "lower";
  readonly text: (value: number) => string;
}

const SIDE = 158;
const TOP = 30;
const GAP = 15;
const NAME_LENGTH = 18;

export function slopeChart(input: SlopeChart): Markup {
  const { width, lines, up } = input;
  const values = lines.flatMap(({ left, right }) => [left, right]).filter((value) => value !== null);
  const height = TOP + Math.max(150, lines.length * (GAP + 9)) + 12;
  if (values.length === 0) return emptyChart(input, width, 80);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const range = up === "higher" ? [height - 14, TOP] : [TOP, height - 14];
  const y = scaleLinear()
    .domain(low === high ? [low - 1, high + 1] : [low, high])
    .range(range);
  const [from, to] = [SIDE, width - SIDE];
  const ordered = [...lines].sort((a, b) => Number(a.strong) - Number(b.strong));
  return chart(
    input,
    width,
    height,
    [from, to].map((x) => el("line", { class: "axis", x1: x, x2: x, y1: TOP - 8, y2: height - 8 })),
    el("text", { class: "end bold", x: from, y: 14 }, input.heads[0]),
    el("text", { class: "bold", x: to, y: 14 }, input.heads[1]),
    ordered.map((one) => drawLine(one, from, to, y)),
    labels(lines, "left", from, y, input.text, height),
    labels(lines, "right", to, y, input.text, height),
  );
}

function drawLine(
  { name, series, left, right, strong }: SlopeLine,
  from: number,
  to: number,
  y: (value: number) => number,
): Markup {
  const style = lineStyle(series);
  const both = left !== null && right !== null;
  return el(
    "g",
    { "data-policy": name },
    both
      ? el("line", {
          ...style,
          class: strong ? `${style["class"]} strong` : (style["class"] as string),
          x1: from,
          x2: to,
          y1: px(y(left)),
          y2: px(y(right)),
        })
      : null,
    left === null ? null : marker(series, from, y(left)),
    right === null ? null : marker(series, to, y(right)),
  );
}

/** Names with their values beside the axis, moved apart where they would cover each other. */
function labels(
  lines: readonly SlopeLine[],
  side: "left" | "right",
  x: number,
  y: (value: number) => number,
  text: (value: number) => string,
  height: number,
): Markup {
  const shown = lines.filter((one) => one[side] !== null);
  const wanted = shown.map((one) => y(one[side] ?? 0));
  const places = spread(wanted, GAP, TOP, height - 10);
  const [sign, anchor] = side === "left" ? [-1, "end"] : [1, ""];
  return group(
    shown.map(({ name, strong, ...values }, n) => {
      const [at, place] = [wanted[n] as number, places[n] as number];
      const value = text(values[side] ?? 0);
      const short = shorten(name, NAME_LENGTH);
      const label = side === "left" ? `${short}  ${value}` : `${value}  ${short}`;
      return el(
        "g",
        { "data-policy": name },
        el("path", { class: "grid", d: `M${x + sign * 5},${px(at)}L${x + sign * 14},${px(place)}` }),
        el("text", { class: `${anchor} ${strong ? "bold" : ""}`.trim(), x: x + sign * 17, y: px(place + 4) }, label),
      );
    }),
  );
}
