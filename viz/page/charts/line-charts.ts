/** Charts of lines: what flows and paths did over time, and how long packets took. */
import type { SeriesName } from "../../../core/exploration.ts";
import { SECOND } from "../../../core/units.ts";
import { plotBox, TIME_TOP } from "../../charts/frame.ts";
import { type Line, lineChart } from "../../charts/lines.ts";
import type { Point } from "../../charts/thin.ts";
import { formatValue, formatWithUnit, type Scale, scaleOf, type Unit } from "../../charts/units.ts";
import type { SeriesStore } from "../series-store.ts";
import { csvText, type Draw, type Drawn, durationOf, faultBands, type Scene } from "./drawn.ts";
import { type Figures, figuresOf, meansOf, pointsOf, type Values } from "./figures.ts";

const HEIGHT = 210;
/** Drawn as means over stretches, not bin by bin. */
const RATES: ReadonlySet<SeriesName> = new Set(["flow.goodput", "flow.lost", "path.lost"]);
/** Colour of "other flows". */
const REST = 4;

/** One thing that is drawn as a line. */
interface Source {
  readonly name: string;
  readonly number: number;
  readonly values: Values | null;
  readonly other: Values | null;
}

interface OverTime {
  readonly title: string;
  readonly unit: Unit | "packets/s";
  readonly sources: readonly Source[];
  readonly name: SeriesName;
  /** What a bin's value is multiplied by, by its length in seconds; default 1. */
  readonly factor?: (bin_s: number) => number;
}

/** Goodput, delay or loss: a line for each flow shown. `addUp`: what the rest comes to is a line, too. */
export function flowChart(
  title: string,
  name: SeriesName,
  unit: OverTime["unit"],
  { addUp, perSecond }: { readonly addUp: boolean; readonly perSecond?: boolean },
): Draw {
  return (scene) => {
    const { run, other, rest, shown } = scene;
    const sources = shown.map((flow): Source => {
      const id = run.outline.flows[flow]?.id ?? "";
      return { name: id, number: flow, values: run.series.get(name, id), other: other?.series.get(name, id) ?? null };
    });
    if (addUp && rest.length > 0) {
      const ids = rest.map((flow) => run.outline.flows[flow]?.id ?? "");
      sources.push({
        name: `${rest.length} other flows`,
        number: REST,
        values: sumOf(run.series, name, ids),
        other: other === null ? null : sumOf(other.series, name, ids),
      });
    }
    return overTimeChart(scene, {
      title,
      name,
      unit,
      sources,
      ...(perSecond === true ? { factor: (bin) => 1 / bin } : {}),
    });
  };
}

/** Window, bytes in flight, round trips or losses: a line for each path of the flow chosen. */
export function pathChart(title: string, name: SeriesName, unit: OverTime["unit"], perSecond = false): Draw {
  return (scene) => {
    const { run, other } = scene;
    const id = run.outline.flows[scene.flow]?.id ?? "";
    const sources = fingerprintsOf(other === null ? [run.series] : [run.series, other.series], name, id).map(
      (fingerprint): Source => {
        const of = `${id}/${fingerprint}`;
        const number = scene.pathNumber(fingerprint);
        return {
          name: fingerprint,
          number,
          values: run.series.get(name, of),
          other: other?.series.get(name, of) ?? null,
        };
      },
    );
    return overTimeChart(scene, {
      title: `${title}, ${id}`,
      name,
      unit,
      sources,
      ...(perSecond ? { factor: (bin) => 1 / bin } : {}),
    });
  };
}

/** Paths of a flow that a series is there of, in any of these futures. */
export function fingerprintsOf(stores: readonly SeriesStore[], name: SeriesName, flow: string): string[] {
  const start = `${flow}/`;
  const all = stores.flatMap((store) => store.all(name));
  return [...new Set(all.flatMap(({ of }) => (of.startsWith(start) ? [of.slice(start.length)] : [])))];
}

/** Share of a flow's packets that took no longer, over a logarithmic axis. */
export const delayChart: Draw = (scene) => {
  const { run, other, shown, width } = scene;
  const title = "Latency: share of packets that took no longer";
  const curves = shown.flatMap((flow) => {
    const id = run.outline.flows[flow]?.id ?? "";
    return [run, other].flatMap((one) => {
      const found = one?.delays.find((delays) => delays.flow === id && delays.count > 0);
      return found === undefined ? [] : [{ ...found, flow, id, dashed: one === other }];
    });
  });
  const name = (id: string, dashed: boolean): string => (dashed ? `${id}, fork` : id);
  const lines = curves.map(({ counts, count, dashed, flow, id, upper_ms }): Line => {
    let sum = 0;
    const points = [...upper_ms].map((upper, n): Point => {
      sum += counts[n] ?? 0;
      return [upper, sum / count];
    });
    const start: Point[] = points[0] === undefined ? [] : [[points[0][0] * 0.98, 0]];
    return {
      name: name(id, dashed),
      series: flow,
      points: [...start, ...points],
      ...(other === null ? {} : { dashed }),
    };
  });
  const bounds = curves.flatMap(({ upper_ms }) => [upper_ms[0] ?? 1, upper_ms.at(-1) ?? 1]);
  const domain = [Math.min(...bounds) * 0.95, Math.max(...bounds) * 1.05] as const;
  const quantiles = curves.map((curve) => [0.5, 0.95, 0.99].map((share) => quantileOf(curve, share)));
  const ms: Scale = { divisor: 1, unit: "ms" };
  const svg = lineChart({
    title,
    description: curves
      .map(({ id, dashed }, n) => `${name(id, dashed)}: half within ${formatWithUnit(quantiles[n]?.[0] ?? null, ms)}`)
      .join("; "),
    width,
    height: HEIGHT,
    lines,
    x: { domain, label: "ms", log: true },
    y: { domain: [0, 1], text: (value) => `${Math.round(value * 100)} %` },
    step: true,
  });
  return {
    svg,
    time: null,
    table: {
      head: ["Flow", "Packets", "50 %, ms", "95 %, ms", "99 %, ms"],
      rows: curves.map(({ count, dashed, id }, n) => [
        name(id, dashed),
        String(count),
        ...(quantiles[n] ?? []).map((value) => formatValue(value, ms)),
      ]),
    },
    csv: () =>
      csvText(
        ["flow", "future", "up_to_ms", "packets"],
        curves.flatMap(({ counts, dashed, id, upper_ms }) =>
          [...upper_ms].map((upper, n) => [id, dashed ? "fork" : "run", upper, counts[n] ?? 0]),
        ),
      ),
  };
};

function quantileOf(
  { count, counts, upper_ms }: { count: number; counts: Float64Array; upper_ms: Float64Array },
  share: number,
): number {
  let sum = 0;
  for (let n = 0; n < counts.length; n++) {
    sum += counts[n] as number;
    if (sum >= share * count) return upper_ms[n] as number;
  }
  return Number.NaN;
}

/** The values of several flows added up, bin by bin. */
function sumOf(store: SeriesStore, name: SeriesName, flows: readonly string[]): Values | null {
  let sum: { bin_ns: number; length: number; values: Float64Array } | null = null;
  for (const flow of flows) {
    const series = store.get(name, flow);
    if (series === null) continue;
    sum ??= { bin_ns: series.bin_ns, length: 0, values: new Float64Array(0) };
    if (series.length > sum.length) {
      const values = new Float64Array(series.length);
      values.set(sum.values);
      sum = { ...sum, length: series.length, values };
    }
    for (let n = 0; n < series.length; n++) {
      const value = series.values[n] as number;
      if (!Number.isNaN(value)) (sum.values[n] as number) += value;
    }
  }
  return sum;
}

interface Curve {
  readonly name: string;
  readonly values: Values;
  readonly factor: number;
  readonly figures: Figures;
}

function overTimeChart(scene: Scene, { title, name: series, unit, sources, factor = () => 1 }: OverTime): Drawn {
  const { run, other, width } = scene;
  const duration = durationOf(run);
  const box = plotBox(width, HEIGHT, TIME_TOP);
  const columns = Math.max(1, Math.floor(box.right - box.left));
  const read = RATES.has(series) ? meansOf : pointsOf;
  const curves: Curve[] = [];
  const lines: Line[] = [];
  for (const { name, number, ...both } of sources) {
    for (const which of ["values", "other"] as const) {
      const values = both[which];
      if (values === null || values.length === 0) continue;
      const dashed = which === "other";
      const by = factor(values.bin_ns / SECOND);
      const full = dashed ? `${name}, fork` : name;
      const points = read(values, duration, columns).map(([x, y]): Point => [x, y === null ? null : y * by]);
      curves.push({ name: full, values, factor: by, figures: scaledBy(figuresOf(values), by) });
      lines.push({ name: full, series: number, points, ...(other === null ? {} : { dashed }) });
    }
  }
  const most = lines.reduce((top, { points }) => points.reduce((so, [, y]) => Math.max(so, y ?? 0), top), 0);
  const scale: Scale = unit === "packets/s" ? { divisor: 1, unit } : scaleOf(unit, [most]);
  const [highest] = [...curves].sort((a, b) => (b.figures.mean ?? 0) - (a.figures.mean ?? 0));
  const svg = lineChart({
    title: `${title}, ${scale.unit}`,
    description:
      highest === undefined
        ? "Nothing was measured yet."
        : `Over ${duration} s. Highest on average: ${highest.name}, ${formatWithUnit(highest.figures.mean, scale)}.`,
    width,
    height: HEIGHT,
    lines,
    x: { domain: [0, duration], label: "s" },
    y: { domain: [0, most > 0 ? most * 1.05 : 1], text: (value) => formatValue(value, scale) },
    bands: faultBands(run, box.right - box.left),
    stretches: [],
  });
  const cell = (value: number | null): string => formatValue(value, scale);
  return {
    svg,
    time: lines.length === 0 ? null : box,
    table: {
      head: ["", `Mean, ${scale.unit}`, "Least", "Most", "Last"],
      rows: curves.map(({ name, figures: { mean, least, most: top, last } }) => [
        name,
        ...[mean, least, top, last].map(cell),
      ]),
    },
    csv: () => timeCsv(curves),
  };
}

function scaledBy({ count, sum, mean, least, most, last }: Figures, factor: number): Figures {
  const scaled = (value: number | null): number | null => (value === null ? null : value * factor);
  return { count, sum, mean: scaled(mean), least: scaled(least), most: scaled(most), last: scaled(last) };
}

function timeCsv(curves: readonly Curve[]): string {
  const first = curves[0];
  if (first === undefined) return csvText(["time_s"], []);
  const length = Math.max(...curves.map(({ values }) => values.length));
  const bin_s = first.values.bin_ns / SECOND;
  const rows = function* (): Generator<number[]> {
    for (let n = 0; n < length; n++) {
      const at = (one: Curve): number =>
        n < one.values.length ? (one.values.values[n] as number) * one.factor : Number.NaN;
      yield [n * bin_s, ...curves.map(at)];
    }
  };
  return csvText(["time_s", ...curves.map(({ name }) => name)], rows());
}
