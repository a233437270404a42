/** What charts have around their data: size, title for those who hear it, axes, bands of time. */
import type { AxisScale } from "d3";
import { type Child, el, group, type Markup, px } from "./markup.ts";

/** What a chart says to those who do not see it. */
export interface Described {
  readonly title: string;
  /** One or two sentences: what is drawn over what, and what it comes to. */
  readonly description: string;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where the plot of a chart lies: room for numbers to its left and below it, and above it `top`. */
export function plotBox(width: number, height: number, top: number): Box {
  return { left: 44, right: width - 8, top, bottom: height - 36 };
}

/** A chart of its natural size, which scales down with its column. */
export function chart(
  { title, description }: Described,
  width: number,
  height: number,
  ...children: readonly Child[]
): Markup {
  return el(
    "svg",
    { class: "chart", viewBox: `0 0 ${width} ${px(height)}`, role: "img" },
    el("title", {}, title),
    el("desc", {}, description),
    ...children,
  );
}

/** In place of a chart where there is nothing to draw. */
export function emptyChart(described: Described, width: number, height: number, reason = "nothing to draw"): Markup {
  const text = el("text", { x: width / 2, y: px(height / 2), class: "mid tick" }, reason);
  return chart(described, width, height, text);
}

interface Ticked extends AxisScale<number> {
  ticks(count?: number): number[];
}

/** Line, ticks and their numbers below the plot. */
export function xAxis(scale: Ticked, box: Box, count: number, text: (value: number) => string, label = ""): Markup {
  const ticks = scale.ticks(count).map((value) => {
    const x = px(scale(value) ?? 0);
    return group(
      el("line", { class: "axis", x1: x, x2: x, y1: box.bottom, y2: box.bottom + 4 }),
      el("text", { class: "tick mid", x, y: box.bottom + 15 }, text(value)),
    );
  });
  return group(
    el("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }),
    ticks,
    label === ""
      ? null
      : el("text", { class: "tick mid", x: px((box.left + box.right) / 2), y: box.bottom + 30 }, label),
  );
}

/** Grid lines and their numbers left of the plot. */
export function yAxis(scale: Ticked, box: Box, count: number, text: (value: number) => string): Markup {
  return group(
    scale.ticks(count).map((value) => {
      const y = px(scale(value) ?? 0);
      return group(
        el("line", { class: "grid", x1: box.left, x2: box.right, y1: y, y2: y }),
        el("text", { class: "tick end", x: box.left - 6, y: px(y + 4) }, text(value)),
      );
    }),
  );
}

/** A stretch of the time axis with a short name at its head. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** Room above a plot over time: phases in the lower row, faults in the upper. */
export const TIME_TOP = 32;

/** Shaded stretches, named in the upper row above the plot. */
export function bands(list: readonly Band[], scale: (value: number) => number, box: Box): Markup {
  return group(
    list.map(({ from, to, label }) => {
      const [x, end] = [Math.max(box.left, scale(from)), Math.min(box.right, scale(to))];
      if (end <= x) return null;
      const middle = px((x + end) / 2);
      return group(
        el("rect", { class: "band", x: px(x), y: box.top, width: px(end - x), height: px(box.bottom - box.top) }),
        el("text", { class: "mid bold", x: middle, y: box.top - 18 }, label),
      );
    }),
  );
}

/** Names of stretches in the lower row above the plot, with the bounds between them. */
export function stretches(list: readonly Band[], scale: (value: number) => number, box: Box): Markup {
  const inside = list.filter(({ from, to }) => scale(to) > box.left && scale(from) < box.right);
  const edges = [...new Set(inside.flatMap(({ from, to }) => [px(scale(from)), px(scale(to))]))];
  return group(
    edges.map((x) => el("line", { class: "bound", x1: x, x2: x, y1: box.top, y2: box.bottom })),
    inside.map(({ from, to, label }) => {
      const middle = (scale(from) + scale(to)) / 2;
      return el("text", { class: "tick mid", x: px(middle), y: box.top - 4 }, label);
    }),
  );
}
