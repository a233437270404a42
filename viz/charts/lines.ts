/** Lines over a continuous axis: curves over time, cumulative distributions. */
import { curveStepAfter, line, scaleLinear, scaleLog } from "d3";
import {
  type Band,
  bands,
  chart,
  type Described,
  emptyChart,
  plotBox,
  stretches,
  TIME_TOP,
  xAxis,
  yAxis,
} from "./frame.ts";
import { el, group, type Markup } from "./markup.ts";
import { lineStyle, marker } from "./palette.ts";

export interface Line {
  readonly name: string;
  /** Number of the series: colour, dashes and marker. */
  readonly series: number;
  /** Ascending in x; y null: a gap. */
  readonly points: readonly (readonly [x: number, y: number | null])[];
  /** Whole or dashed in place of the series' own dashes, where that tells apart what is compared; dashed lines have no markers. */
  readonly dashed?: boolean;
  /** Attributes `data-*` for scripts. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface LineChart extends Described {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
  readonly x: { readonly domain: readonly [number, number]; readonly label: string; readonly log?: boolean };
  readonly y: { readonly domain: readonly [number, number]; readonly text: (value: number) => string };
  readonly bands?: readonly Band[];
  /** Stretches that are only named, above the plot. */
  readonly stretches?: readonly Band[];
  readonly step?: boolean;
}

export function lineChart(input: LineChart): Markup {
  const { width, height, lines } = input;
  const hasData = lines.some(({ points }) => points.some(([, y]) => y !== null));
  const [low, high] = input.x.domain;
  if (!hasData || !(high > low)) return emptyChart(input, width, height);
  const box = plotBox(width, height, input.stretches === undefined ? 10 : TIME_TOP);
  const x = (input.x.log === true ? scaleLog() : scaleLinear()).domain([low, high]).range([box.left, box.right]);
  const y = scaleLinear()
    .domain([...input.y.domain])
    .range([box.bottom, box.top]);
  const tickText = (value: number): string => tickNumber(value, input.x.log === true);
  return chart(
    input,
    width,
    height,
    yAxis(y, box, 4, input.y.text),
    bands(input.bands ?? [], x, box),
    stretches(input.stretches ?? [], x, box),
    xAxis(x, box, 6, tickText, input.x.label),
    lines.map((one, n) => drawLine(one, n, lines.length, x, y, input.step === true)),
  );
}

/** Logarithmic axes write 1, 2 and 5 of each decade only. */
function tickNumber(value: number, isLog: boolean): string {
  if (!isLog) return String(value);
  const [first] = value.toExponential();
  return first === "1" || first === "2" || first === "5" ? String(value) : "";
}

function drawLine(
  { name, series, points, dashed, data = {} }: Line,
  n: number,
  of: number,
  x: (value: number) => number,
  y: (value: number) => number,
  step: boolean,
): Markup {
  const path = line<readonly [number, number | null]>()
    .digits(1)
    .defined(([, value]) => value !== null)
    .x(([at]) => x(at))
    .y(([, value]) => y(value ?? 0));
  if (step) path.curve(curveStepAfter);
  const drawn = points.filter((point): point is [number, number] => point[1] !== null);
  const attributes = Object.fromEntries(Object.entries(data).map(([key, value]) => [`data-${key}`, value]));
  const style = dashed === undefined ? {} : { "stroke-dasharray": dashed ? "3 3" : null };
  return el(
    "g",
    attributes,
    el("title", {}, name),
    el("path", { ...lineStyle(series), ...style, d: path(points) ?? "" }),
    dashed === true ? null : markersAlong(drawn, n, of, series, x, y),
  );
}

/** Markers at a few points, those of different lines at different places, so that lines stay apart where they cross. */
function markersAlong(
  points: readonly (readonly [number, number])[],
  n: number,
  of: number,
  series: number,
  x: (value: number) => number,
  y: (value: number) => number,
): Markup | null {
  if (of < 2) return null;
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return null;
  const shares = [0, 1, 2].map((part) => (part + (n + 0.5) / of) / 3);
  const places = shares.map((share) => x(first[0]) + share * (x(last[0]) - x(first[0])));
  return group(
    places.map((place) => {
      const nearest = points.findIndex(([at]) => x(at) >= place);
      const [at, value] = points[Math.max(0, nearest)] as readonly [number, number];
      return marker(series, x(at), y(value), 26);
    }),
  );
}
