/** For tests: an app with made-up series, and how long the page's callbacks took. Runs in the browser. */
import type {
  Bookmark,
  DelayDistribution,
  Frame,
  Progress,
  RunOutline,
  SeriesName,
} from "../../../core/exploration.ts";
import type { App, Topics } from "../app.ts";
import { SeriesStore } from "../series-store.ts";
import { mountCharts } from "./charts.ts";

const SECOND = 1_000_000_000;
const DURATION = 60 * SECOND;
const PATHS = ["5ad2f00011223344", "9b01c0de55667788", "03ffee9900aabbcc"];

interface Options {
  readonly flows: number;
  readonly bins: number;
  /** Values are multiplied by it. */
  readonly scale: number;
}

function outlineOf({ flows }: Options): RunOutline {
  const ia = "1-ff00:0:110";
  return {
    name: "made up",
    seed: 1,
    duration_ns: DURATION,
    source: "sim",
    world: "sim",
    ases: [{ ia, core: true, label: null, position: null, mtu: 1472 }],
    links: [],
    directions: [],
    flows: Array.from({ length: flows }, (_, n) => ({
      id: n === 1 ? "<b>f&2</b>" : `f${n + 1}`,
      app: "bulk",
      src: `${ia},10.0.0.1`,
      dst: `${ia},10.0.0.2`,
      policy: "shortest",
      selector: null,
    })),
    actors: [],
    policies: [],
  };
}

function wave(n: number, bins: number, phase: number): number {
  const dip = n > bins * 0.4 && n < bins * 0.55 ? 0.2 : 1;
  return dip * (1 + 0.5 * Math.sin((n / bins) * 40 + phase) + 0.1 * Math.sin(n * 1.7));
}

function fill(store: SeriesStore, outline: RunOutline, { bins, scale }: Options): void {
  const bin_ns = DURATION / bins;
  const add = (name: SeriesName, of: string, value: (n: number) => number): void =>
    store.add({ name, of, bin_ns, from: 0, values: Float64Array.from({ length: bins }, (_, n) => value(n)) });
  outline.flows.forEach(({ id }, flow) => {
    const at = (n: number): number => (wave(n, bins, flow) * scale) / (1 + flow / 4);
    add("flow.goodput", id, (n) => 3e6 * at(n));
    add("flow.delay", id, (n) => (n % 977 < 20 ? Number.NaN : 20 + flow + 4 / at(n)));
    add("flow.sent", id, (n) => 10 * at(n));
    add("flow.lost", id, (n) => (n > bins * 0.4 && n < bins * 0.42 ? 5 : 0));
    PATHS.forEach((path, p) => {
      const used = (n: number): boolean => n < bins * 0.42 === (p === 0) || p === 2;
      add("path.packets", `${id}/${path}`, (n) => (used(n) ? 10 * at(n) : 0));
      add("path.cwnd", `${id}/${path}`, (n) => (used(n) ? 20_000 * (1 + (((n / bins) * 30) % 1)) * scale : Number.NaN));
      add("path.inflight", `${id}/${path}`, (n) => (used(n) ? 15_000 * at(n) : Number.NaN));
      add("path.srtt", `${id}/${path}`, (n) => (used(n) ? 30 + 10 * p + at(n) : Number.NaN));
      add("path.lost", `${id}/${path}`, (n) => (n % Math.ceil(bins / 30) === 0 ? 2 : 0));
    });
  });
  for (let link = 0; link < 12; link++) {
    const of = `link/1-ff00:0:${110 + link}#${link}>1-ff00:0:${111 + link}#2`;
    add("link.queue", of, (n) => (link === 5 ? 0 : Math.max(0, Math.floor(40 * (wave(n, bins, link) - 1)) - link)));
  }
}

const BOOKMARKS: readonly Bookmark[] = [
  { kind: "fault", time_ns: 24 * SECOND, event: 1, actor: "link/a", text: "link 1-ff00:0:110#2 fails" },
  { kind: "fault", time_ns: 33 * SECOND, event: 2, actor: "link/a", text: "link 1-ff00:0:110#2 recovers" },
];

function delaysOf(outline: RunOutline, scale: number): DelayDistribution[] {
  return outline.flows.map(({ id }, flow) => {
    const upper_ms = Float64Array.from({ length: 120 }, (_, n) => (10 + flow) * 1.03 ** n * scale);
    const counts = Float64Array.from({ length: 120 }, (_, n) => Math.round(1_000 * Math.exp(-(((n - 30) / 12) ** 2))));
    return { flow: id, count: counts.reduce((sum, one) => sum + one, 0), upper_ms, counts };
  });
}

export interface FakeApp extends App {
  readonly seeks: { readonly time: number }[];
  readonly problems: unknown[];
  /** Moves the cursor. */
  move(time_ns: number): void;
  /** Says that more is known. */
  grow(): void;
}

export function fakeApp(options: Options): FakeApp {
  const outline = outlineOf(options);
  const series = new SeriesStore();
  fill(series, outline, options);
  const ears = new Map<string, ((value: never) => void)[]>();
  const tell = (topic: keyof Topics, value: unknown): void => {
    for (const hear of ears.get(topic) ?? []) hear(value as never);
  };
  const app = {
    outline,
    series,
    bookmarks: BOOKMARKS,
    frame: { now: 12 * SECOND, paths: PATHS } as unknown as Frame,
    progress: { known_ns: DURATION } as unknown as Progress,
    selected: null,
    seeks: [] as { time: number }[],
    problems: [] as unknown[],
    on(topic: keyof Topics, hear: (value: never) => void) {
      ears.set(topic, [...(ears.get(topic) ?? []), hear]);
      const value = { outline, progress: app.progress, frame: app.frame }[topic as "outline"];
      if (value !== undefined) hear(value as never);
      return () => {
        ears.set(
          topic,
          (ears.get(topic) ?? []).filter((one) => one !== hear),
        );
      };
    },
    ask: (name: string) => Promise.resolve(name === "delays" ? delaysOf(outline, options.scale) : null),
    seek: (to: { time: number }) => {
      app.seeks.push(to);
      app.move(to.time);
    },
    select() {},
    highlight() {},
    complain: (problem: unknown) => void app.problems.push(problem),
    move(time: number) {
      app.frame = { ...app.frame, now: time };
      tell("frame", app.frame);
    },
    grow: () => tell("progress", app.progress),
  };
  return app as unknown as FakeApp;
}

/** Milliseconds of each callback that drew or waited to draw. */
function measureCallbacks(): number[] {
  const costs: number[] = [];
  const measured =
    <Args extends unknown[]>(work: (...args: Args) => void) =>
    (...args: Args): void => {
      const begin = performance.now();
      work(...args);
      costs.push(performance.now() - begin);
    };
  const { requestAnimationFrame: frame } = window;
  window.requestAnimationFrame = (draw) => frame.call(window, measured(draw));
  return costs;
}

/** Puts charts on the page, and what tests look at on the window. */
export function show(root: HTMLElement, options: Options): void {
  const costs = measureCallbacks();
  const app = fakeApp(options);
  const panel = mountCharts(root, app);
  const fork = (): void => panel.compareWith?.(fakeApp({ ...options, scale: 0.7 * options.scale }));
  Object.assign(window, { charts: { app, panel, costs, fork } });
}
