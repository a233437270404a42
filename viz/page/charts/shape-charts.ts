/** Charts that fill areas: how a flow's packets were shared among its paths, and how full queues were. */
import { SECOND } from "../../../core/units.ts";
import { areaChart, type Layer } from "../../charts/areas.ts";
import { plotBox, TIME_TOP } from "../../charts/frame.ts";
import { heatBox, heatChart, type HeatRow } from "../../charts/heat.ts";
import { shorten } from "../../charts/markup.ts";
import { fold } from "../../charts/thin.ts";
import { formatCount, formatShare } from "../../charts/units.ts";
import type { Series } from "../series-store.ts";
import { csvText, type Draw, durationOf, faultBands, type RunData } from "./drawn.ts";
import { figuresOf, overTime } from "./figures.ts";
import { fingerprintsOf } from "./line-charts.ts";

const HEIGHT = 200;
/** Width of what stands for one value, in pixels. */
const COLUMN = 3;
/** Links drawn, the fullest. */
const MOST_LINKS = 24;

/** Which of two futures a chart is of. */
export type Which = "run" | "other";

/** Packets by path of the flow chosen. */
export function pathShareChart(which: Which): Draw {
  return (scene) => {
    const { width, pathNumber } = scene;
    const run = chosen(scene.run, scene.other, which);
    const id = scene.run.outline.flows[scene.flow]?.id ?? "";
    const box = plotBox(width, HEIGHT, TIME_TOP);
    const columns = Math.max(1, Math.floor((box.right - box.left) / COLUMN));
    const duration = durationOf(scene.run);
    const found = run === null ? [] : fingerprintsOf([run.series], "path.packets", id);
    const series = found.map((fingerprint) => run?.series.get("path.packets", `${id}/${fingerprint}`) as Series);
    const sums = series.map((one) => figuresOf(one).sum);
    const all = sums.reduce((sum, one) => sum + one, 0);
    const layers = found.map((fingerprint, n): Layer => {
      const values = fold(overTime(series[n] as Series), 0, duration, columns, "sum");
      const known = Array.from(values, (value) => (Number.isNaN(value) ? 0 : value));
      return { name: fingerprint, series: pathNumber(fingerprint), key: fingerprint.slice(0, 6), values: known };
    });
    const title = `Share of paths, ${id}${which === "other" ? ", fork" : ""}`;
    const shares = found.map((fingerprint, n) => `${fingerprint}: ${formatShare((sums[n] ?? 0) / all)}`);
    return {
      svg: areaChart({
        title,
        description: shares.join("; "),
        width,
        height: HEIGHT,
        times: Array.from({ length: columns }, (_, n) => ((n + 0.5) * duration) / columns),
        layers,
        domain: [0, duration],
        label: "s",
        bands: run === null ? [] : faultBands(run, box.right - box.left),
        stretches: [],
      }),
      time: all > 0 ? box : null,
      table: {
        head: ["Path", "Packets", "Share"],
        rows: found.map((fingerprint, n) => [
          fingerprint,
          formatCount(sums[n] ?? 0),
          formatShare((sums[n] ?? 0) / all),
        ]),
      },
      csv: () => seriesCsv(series),
    };
  };
}

/** Packets that waited, of the links where most did. */
export function queueChart(which: Which): Draw {
  return (scene) => {
    const { width } = scene;
    const run = chosen(scene.run, scene.other, which);
    const ranked = (run?.series.all("link.queue") ?? [])
      .map((series) => ({ series, sum: figuresOf(series).sum }))
      .filter(({ sum }) => sum > 0)
      .sort((a, b) => b.sum - a.sum);
    const top = ranked.slice(0, MOST_LINKS).map(({ series }) => series);
    const box = heatBox(width, top.length);
    const duration = durationOf(scene.run);
    const columns = Math.max(1, Math.floor((box.right - box.left) / COLUMN));
    const room = Math.floor((box.left - 8) / 6);
    const rows = top.map((series): HeatRow => {
      const name = series.of.replace(/^link\//, "");
      const values = fold(overTime(series), 0, duration, columns, "greatest");
      return { name, label: shorten(shortLink(name), room), values };
    });
    const most = top.map((series) => figuresOf(series).most ?? 0);
    const full = Math.max(0, ...most);
    const more = ranked.length > top.length ? `, the fullest ${top.length} of ${ranked.length}` : "";
    return {
      svg: heatChart({
        title: `Packets waiting${which === "other" ? ", fork" : ""}`,
        description:
          top.length === 0
            ? "No packet has waited."
            : `A row for each direction of a link${more}; the darkest colour stands for ${full} packets.`,
        width,
        rows,
        domain: [0, duration],
        label: "s",
        full,
        text: (value) => `${formatCount(value)} packets`,
        bands: run === null ? [] : faultBands(run, box.right - box.left),
      }),
      time: top.length === 0 ? null : box,
      table: {
        head: ["Link", "Most packets waiting", "Mean"],
        rows: top.map((series, n) => [
          rows[n]?.name ?? "",
          formatCount(most[n] ?? 0),
          (figuresOf(series).mean ?? 0).toFixed(1),
        ]),
      },
      csv: () => seriesCsv(ranked.map(({ series }) => series)),
    };
  };
}

function chosen(run: RunData, other: RunData | null, which: Which): RunData | null {
  return which === "run" ? run : other;
}

/** `1-ff00:0:110#2>1-ff00:0:120#1` as `110#2>120#1`. */
function shortLink(name: string): string {
  return name
    .split(">")
    .map((end) => end.replace(/^\d+-(?:[0-9a-f]+:)*/, ""))
    .join("\u2192");
}

function seriesCsv(list: readonly Series[]): string {
  const bin_s = (list[0]?.bin_ns ?? 0) / SECOND;
  const length = Math.max(0, ...list.map((series) => series.length));
  const rows = function* (): Generator<number[]> {
    for (let n = 0; n < length; n++) {
      yield [n * bin_s, ...list.map((series) => (n < series.length ? (series.values[n] as number) : Number.NaN))];
    }
  };
  return csvText(["time_s", ...list.map(({ of }) => of)], rows());
}
