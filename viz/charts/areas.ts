/** Shares of a whole over time, stacked. */
import { area, scaleLinear, type SeriesPoint, stack } from "d3";
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
import { el, group, type Markup, px } from "./markup.ts";
import { seriesClass } from "./palette.ts";

export interface Layer {
  readonly name: string;
  readonly series: number;
  /** Written into the area where there is room. */
  readonly key: string;
  readonly values: readonly number[];
}

export interface AreaChart extends Described {
  readonly width: number;
  readonly height: number;
  /** Middle of each bin. */
  readonly times: readonly number[];
  readonly layers: readonly Layer[];
  readonly domain: readonly [number, number];
  readonly label: string;
  readonly bands?: readonly Band[];
  /** Stretches that are only named, above the plot. */
  readonly stretches?: readonly Band[];
}

/** Thinner areas than this have no room for a key. */
const KEY_HEIGHT = 15;

export function areaChart(input: AreaChart): Markup {
  const { width, height, layers, times } = input;
  const totals = times.map((_, bin) => layers.reduce((sum, { values }) => sum + (values[bin] ?? 0), 0));
  if (!totals.some((total) => total > 0)) return emptyChart(input, width, height, "no packets");
  const box = plotBox(width, height, input.stretches === undefined ? 10 : TIME_TOP);
  const x = scaleLinear()
    .domain([...input.domain])
    .range([box.left, box.right]);
  const y = scaleLinear().domain([0, 1]).range([box.bottom, box.top]);
  const keys = layers.map((_, n) => n);
  const share = (bin: number, n: number): number => {
    const total = totals[bin] as number;
    return total > 0 ? (layers[n]?.values[bin] ?? 0) / total : 0;
  };
  const stacked = stack<number, number>()
    .keys(keys)
    .value((bin, n) => share(bin, n))(times.map((_, bin) => bin));
  const shape = area<Piece>()
    // Whole pixels: bins are several wide, and there are many of these.
    .digits(0)
    .defined((piece) => (totals[piece.data] as number) > 0)
    .x((piece) => x(times[piece.data] as number))
    .y0(([low]) => y(low))
    .y1(([, high]) => y(high));
  return chart(
    input,
    width,
    height,
    yAxis(y, box, 4, (value) => `${Math.round(value * 100)} %`),
    stacked.map((pieces, n) => {
      const { name, series } = layers[n] as Layer;
      return el("path", { class: `area ${seriesClass(series)}`, d: shape(pieces) ?? "" }, el("title", {}, name));
    }),
    stacked.map((pieces, n) => keyOf(layers[n] as Layer, pieces, x, y, times)),
    bands(input.bands ?? [], x, box),
    stretches(input.stretches ?? [], x, box),
    xAxis(x, box, 6, String, input.label),
  );
}

type Piece = SeriesPoint<number>;

/** The layer's key where the layer is thickest. */
function keyOf(
  layer: Layer,
  pieces: readonly Piece[],
  x: (value: number) => number,
  y: (value: number) => number,
  times: readonly number[],
): Markup {
  const edge = Math.floor(pieces.length * 0.12);
  const inner = pieces.slice(edge, pieces.length - edge);
  const thick = ([low, high]: Piece): number => y(low) - y(high);
  const most = inner.reduce((so, piece) => Math.max(so, thick(piece)), 0);
  // In the middle of where it is thickest: keys of layers that follow each other in time stay apart.
  const widest = inner.filter((piece) => thick(piece) > most - 1);
  const piece = widest[Math.floor(widest.length / 2)];
  if (piece === undefined || most < KEY_HEIGHT) return group();
  const [low, high] = piece;
  const at = { x: px(x(times[piece.data] as number)), y: px((y(low) + y(high)) / 2 + 4) };
  return el("text", { class: "mid halo", ...at }, layer.key);
}
