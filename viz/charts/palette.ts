/**
 * Colours, dashes and markers that tell series apart: after Okabe and Ito (2008) and Tol, darkened or lightened until each has a contrast of
 * at least 3 : 1 with its background. No meaning stands in colour alone: lines have dashes, points have shapes, areas have numbers.
 */
import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
  type SymbolType,
} from "d3";
import { type Attributes, el, type Markup, px } from "./markup.ts";

export interface Theme {
  readonly background: string;
  readonly text: string;
  /** For secondary text: at least 4.5 : 1. */
  readonly muted: string;
  /** For axes, which must be seen: at least 3 : 1. */
  readonly axis: string;
  /** For grids and borders of no meaning. */
  readonly faint: string;
  /** Behind tables' heads and code. */
  readonly panel: string;
  readonly accent: string;
  readonly series: readonly string[];
  /** Load of links, from idle to full. */
  readonly load: readonly string[];
}

export const LIGHT: Theme = {
  background: "#ffffff",
  text: "#1b1f24",
  muted: "#565e68",
  axis: "#767e88",
  faint: "#e3e6ea",
  panel: "#f5f6f8",
  accent: "#005a9c",
  series: [
    "#0072b2",
    "#d55e00",
    "#008a65",
    "#b8477f",
    "#3d3d3d",
    "#2288c8",
    "#a86e00",
    "#7d7400",
    "#882255",
    "#4b3fa8",
  ],
  load: ["#8391a3", "#3f86b8", "#9a7b00", "#d2600a", "#b3001e"],
};

export const DARK: Theme = {
  background: "#14171c",
  text: "#e6e9ed",
  muted: "#a3acb8",
  axis: "#7d8794",
  faint: "#2c323a",
  panel: "#1d2229",
  accent: "#7cc0f5",
  series: [
    "#56b4e9",
    "#f0803c",
    "#2cc295",
    "#e08fbd",
    "#e2e2e2",
    "#5b94ee",
    "#e69f00",
    "#e8dc4a",
    "#e0668f",
    "#a79ff0",
  ],
  load: ["#6f7b8b", "#4aa3dc", "#d4b106", "#f58a3c", "#ff6b6b"],
};

const DASHES = ["none", "6 2.5", "2 2", "8 2 2 2", "none", "4 2", "10 3", "1.5 3", "8 2 2 2 2 2", "3 1.5"];

const INVERTED: SymbolType = {
  draw(context, size) {
    const half = Math.sqrt(size / (Math.sqrt(3) * 3));
    context.moveTo(0, half * 2);
    context.lineTo(-Math.sqrt(3) * half, -half);
    context.lineTo(Math.sqrt(3) * half, -half);
    context.closePath();
  },
};

const SHAPES: readonly SymbolType[] = [
  symbolCircle,
  symbolSquare,
  symbolTriangle,
  symbolDiamond,
  symbolCross,
  INVERTED,
  symbolStar,
  symbolWye,
];

const SERIES = LIGHT.series.length;

/** Class that gives what is in it the colour of series `n`; more series than colours begin again, with other shapes. */
export function seriesClass(n: number): string {
  return `s${n % SERIES}`;
}

/** Class and dashes of the line of series `n`. */
export function lineStyle(n: number): Attributes {
  const dash = DASHES[n % DASHES.length] as string;
  return { class: `ln ${seriesClass(n)}`, "stroke-dasharray": dash === "none" ? null : dash };
}

/** The marker of series `n` around a point. */
export function marker(n: number, x: number, y: number, size = 34, title: string | null = null): Markup {
  const shape = symbol(SHAPES[n % SHAPES.length] as SymbolType, size).digits(1)() ?? "";
  const attributes = { class: `mk ${seriesClass(n)}`, transform: `translate(${px(x)},${px(y)})`, d: shape };
  return title === null ? el("path", attributes) : el("path", attributes, el("title", {}, title));
}

/** A short line with its marker, for legends. */
export function swatch(n: number): Markup {
  return el(
    "svg",
    { class: "swatch", width: 34, height: 12, viewBox: "0 0 34 12", "aria-hidden": "true" },
    el("line", { ...lineStyle(n), x1: 1, y1: 6, x2: 33, y2: 6 }),
    marker(n, 17, 6, 40),
  );
}

/** A small filled square, for legends of areas and bars. */
export function block(className: string): Markup {
  return el(
    "svg",
    { class: "swatch", width: 14, height: 12, viewBox: "0 0 14 12", "aria-hidden": "true" },
    el("rect", { class: `area ${className}`, x: 1, y: 0, width: 12, height: 12 }),
  );
}

function variables({ series, load, ...rest }: Theme): string {
  const named = Object.entries(rest).map(([name, value]) => `--${name}:${value};`);
  const colours = series.map((colour, n) => `--s${n}:${colour};`);
  const loads = load.map((colour, n) => `--l${n}:${colour};`);
  return [...named, ...colours, ...loads].join("");
}

/** Style rules that every chart of this folder needs: light, dark where the reader prefers it, light on paper. */
export function chartCss(): string {
  return `:root{color-scheme:light dark;${variables(LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{${variables(DARK)}}}
${chartRules()}`;
}

/** Style rules of a chart that stands alone, in a file of its own: light, whatever the reader prefers. */
export function paperCss(): string {
  return `svg{${variables(LIGHT)}background:${LIGHT.background}}\n${chartRules()}`;
}

/** Those of `chartCss` without the colours themselves, which are custom properties: `--text`, `--s0` ... */
export function chartRules(): string {
  const classes = LIGHT.series.map((_, n) => `.s${n}{--c:var(--s${n})}`);
  const loads = LIGHT.load.map((_, n) => `.l${n}{--c:var(--l${n})}`);
  return `${classes.join("")}${loads.join("")}
svg.chart{display:block;width:100%;height:auto;overflow:visible;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
.chart text{fill:var(--text)}
.chart .tick{fill:var(--muted);font-size:11px}
.chart .axis{stroke:var(--axis);fill:none}
.chart .grid{stroke:var(--faint);fill:none}
.chart .band{fill:var(--text);opacity:.07}
.chart .bound{stroke:var(--axis);stroke-dasharray:2 3;fill:none}
.chart .halo{stroke:var(--background);stroke-width:3px;paint-order:stroke;stroke-linejoin:round}
.ln{fill:none;stroke:var(--c);stroke-width:1.6;stroke-linejoin:round}
.mk{fill:var(--c);stroke:var(--background);stroke-width:.6}
.mk.hollow{fill:var(--background);stroke:var(--c);stroke-width:1.6}
.cell{fill:var(--c)}.hit{fill:none;pointer-events:all}
.area{fill:var(--c);stroke:var(--background);stroke-width:.8}
.strong{stroke-width:3}
.bold{font-weight:650}
.end{text-anchor:end}.mid{text-anchor:middle}`;
}
