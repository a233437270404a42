/** The charts of a run: drawn again at most four times a second while it grows, one box a picture, and only those that are seen. */
import "../style/charts.css";
import type { DelayDistribution } from "../../../core/exploration.ts";
import { chartRules } from "../../charts/palette.ts";
import { type App, type Panel, ProblemError } from "../app.ts";
import { h } from "../dom.ts";
import { type BoxSurroundings, ChartBox } from "./chart-box.ts";
import type { RunData, Scene } from "./drawn.ts";
import { PathLegend } from "./path-legend.ts";
import { FlowChoice } from "./flow-choice.ts";
import { delayChart, flowChart, pathChart } from "./line-charts.ts";
import { pathShareChart, queueChart } from "./shape-charts.ts";

/** Between two rounds of drawing, and two questions for the delays, in real milliseconds. */
const PAUSE = 250;
const DELAYS_PAUSE = 1_000;
/** Two beside each other on paper, in pixels (charts.css). */
const PRINTED_WIDTH = 340;

export function mountCharts(root: HTMLElement, app: App): Panel {
  return new Charts(root, app);
}

/** The delays of an app, as far as they were asked for. */
class Delays {
  list: readonly DelayDistribution[] = [];
  #nextAt = 0;
  #waiting = false;

  /** Asks again, at most once a second; `told` is called when they are there. */
  refresh(app: App, told: () => void): void {
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => void this.#ask(app, told), Math.max(0, this.#nextAt - performance.now()));
  }

  async #ask(app: App, told: () => void): Promise<void> {
    this.#waiting = false;
    this.#nextAt = performance.now() + DELAYS_PAUSE;
    try {
      this.list = await app.ask("delays", null);
      told();
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      app.complain(cause.problem);
    }
  }
}

class Charts implements Panel {
  readonly #app: App;
  readonly #choice: FlowChoice;
  readonly #boxes: ChartBox[];
  readonly #delayBox: ChartBox;
  readonly #legend: PathLegend;
  readonly #ofPaths: HTMLElement;
  readonly #ofWindows: HTMLElement;
  readonly #forkOnly: readonly ChartBox[];
  readonly #empty = h("p", { class: "charts-empty muted" }, "Nothing is measured yet: open a scenario, or press play.");
  readonly #note = h("p", { class: "charts-note muted" }, "Dashed lines: the fork.");
  #delays = new Delays();
  /** Something has happened since they were asked for. */
  #delaysStale = true;
  #otherDelays = new Delays();
  #other: App | null = null;
  #endOther: (() => void) | null = null;
  #visible = true;
  #width = 0;
  #nextRound = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #drawing = false;
  /** Something changed while a round was drawn. */
  #again = false;
  #pathNumbers = new Map<string, number>();

  constructor(root: HTMLElement, app: App) {
    this.#app = app;
    this.#choice = new FlowChoice(() => this.#changed(true));
    const around: BoxSurroundings = {
      duration: () => app.outline?.duration_ns ?? 1,
      now: () => app.frame?.now ?? 0,
      seek: (time) => app.seek({ time }),
      complain: (problem) => app.complain(problem),
      appeared: () => this.#request(),
    };
    const box = (name: string, draw: ConstructorParameters<typeof ChartBox>[1]): ChartBox =>
      new ChartBox(name, draw, around);
    const flows = [
      box("Goodput", flowChart("Goodput", "flow.goodput", "bit/s", { addUp: true })),
      box("Latency", flowChart("Latency, mean", "flow.delay", "ms", { addUp: false })),
      box("Distribution of latency", delayChart),
      box("Loss", flowChart("Packets lost", "flow.lost", "packets/s", { addUp: true, perSecond: true })),
    ];
    const queues = [box("Queues", queueChart("run")), box("Queues of the fork", queueChart("other"))];
    const shares = [
      box("Share of paths", pathShareChart("run")),
      box("Share of paths in the fork", pathShareChart("other")),
    ];
    const windows = [
      box("Congestion window", pathChart("Congestion window", "path.cwnd", "B")),
      box("Bytes in flight", pathChart("In flight", "path.inflight", "B")),
      box("Round trip", pathChart("Round trip, smoothed", "path.srtt", "ms")),
      box("Losses of paths", pathChart("Losses seen by the sender", "path.lost", "packets/s", true)),
    ];
    this.#delayBox = flows[2] as ChartBox;
    this.#forkOnly = [queues[1], shares[1]] as ChartBox[];
    this.#boxes = [...flows, ...queues, ...shares, ...windows];
    const gallery = (...boxes: ChartBox[]): HTMLElement =>
      h(
        "div",
        { class: "charts-gallery" },
        boxes.map(({ element }) => element),
      );
    this.#ofWindows = gallery(...windows);
    this.#legend = new PathLegend(app, (fingerprint) => this.#pathNumber(fingerprint));
    this.#ofPaths = h("div", {}, this.#legend.element, gallery(...shares), this.#ofWindows);
    root.classList.add("charts");
    root.append(this.#empty, this.#choice.element, this.#note, gallery(...flows, ...queues), this.#ofPaths);
    useChartRules();
    this.#compare(null);
    new ResizeObserver(() => this.#resized()).observe(root);
    app.on("outline", () => this.#met());
    app.on("progress", ({ ended }) => {
      this.#changed(false);
      // Paper does not wait for an answer.
      if (ended) this.#askDelays();
    });
    app.on("frame", () => this.#moveCursors());
  }

  compareWith(other: App | null): void {
    this.#compare(other);
    this.#changed(true);
  }

  seen(visible: boolean): void {
    this.#visible = visible;
    if (visible) this.#request();
  }

  /** Everything at once: what is printed is what stands there when this returns. */
  print(): void {
    if (this.#app.outline === null) return;
    this.#prepare();
    const scene = this.#scene(PRINTED_WIDTH);
    if (scene === null) return;
    for (const box of this.#boxes) {
      if (box.element.hidden) continue;
      box.draw(scene);
      box.stale = true;
    }
    // Back on the screen they have another width.
    this.#request();
  }

  #compare(other: App | null): void {
    this.#endOther?.();
    this.#other = other;
    this.#otherDelays = new Delays();
    this.#endOther = other?.on("progress", () => this.#changed(false)) ?? null;
    this.#note.hidden = other === null;
    for (const { element } of this.#forkOnly) element.hidden = other === null;
  }

  #met(): void {
    const { outline } = this.#app;
    this.#delays = new Delays();
    this.#pathNumbers = new Map();
    this.#choice.meet(outline);
    this.#empty.hidden = outline !== null;
    this.#changed(true);
  }

  #resized(): void {
    const width = this.#boxes[0]?.element.clientWidth ?? 0;
    if (width === this.#width || width === 0) return;
    this.#width = width;
    this.#changed(true);
  }

  #moveCursors(): void {
    if (!this.#visible) return;
    for (const box of this.#boxes) if (box.inSight) box.cursor();
  }

  /** `now`: the reader waits for it. */
  #changed(now: boolean): void {
    for (const box of this.#boxes) box.stale = true;
    this.#delaysStale = true;
    if (now) this.#nextRound = 0;
    this.#request();
  }

  #request(): void {
    if (!this.#visible || this.#app.outline === null) return;
    this.#again = this.#drawing;
    if (this.#drawing) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, this.#nextRound - performance.now()));
  }

  #begin(): void {
    this.#timer = null;
    if (this.#app.outline === null || !this.#visible) return;
    this.#nextRound = performance.now() + PAUSE;
    this.#prepare();
    this.#drawing = true;
    const round = this.#boxes.filter(({ element, inSight, stale }) => stale && inSight && !element.hidden);
    requestAnimationFrame(() => this.#drawNext(round));
  }

  #prepare(): void {
    this.#choice.rank(this.#app.series);
    this.#ofPaths.hidden = this.#choice.flow < 0;
    this.#ofWindows.hidden = !this.#hasWindows();
    this.#legend.show(this.#choice.flow);
  }

  /** One box a picture, so that none of them takes long. */
  #drawNext(round: readonly ChartBox[]): void {
    const [box, ...rest] = this.#visible ? round : [];
    const scene = box === undefined ? null : this.#scene(box.element.clientWidth);
    if (box === undefined || scene === null) {
      this.#drawing = false;
      if (this.#again) this.#request();
      return;
    }
    // Asked for first: a chart that cannot be drawn stops no other.
    requestAnimationFrame(() => this.#drawNext(rest));
    if (box === this.#delayBox) this.#askDelays();
    box.draw(scene);
  }

  /** What is there is drawn meanwhile. */
  #askDelays(): void {
    if (!this.#delaysStale) return;
    this.#delaysStale = false;
    const told = (): void => {
      this.#delayBox.stale = true;
      this.#request();
    };
    this.#delays.refresh(this.#app, told);
    if (this.#other !== null) this.#otherDelays.refresh(this.#other, told);
  }

  #hasWindows(): boolean {
    const id = this.#app.outline?.flows[this.#choice.flow]?.id;
    return id !== undefined && this.#app.series.all("path.cwnd").some(({ of }) => of.startsWith(`${id}/`));
  }

  #scene(width: number): Scene | null {
    const run = dataOf(this.#app, this.#delays);
    if (run === null || width < 40) return null;
    return {
      run,
      other: this.#other === null ? null : dataOf(this.#other, this.#otherDelays),
      shown: this.#choice.shown,
      rest: this.#choice.rest,
      flow: this.#choice.flow,
      pathNumber: (fingerprint) => this.#pathNumber(fingerprint),
      width,
    };
  }

  /** As the map numbers it, where no other path has that number. */
  #pathNumber(fingerprint: string): number {
    const known = this.#pathNumbers.get(fingerprint);
    if (known !== undefined) return known;
    const taken = new Set(this.#pathNumbers.values());
    const wished = this.#app.frame?.paths.indexOf(fingerprint) ?? -1;
    let number = Math.max(0, wished);
    while (taken.has(number)) number++;
    this.#pathNumbers.set(fingerprint, number);
    return number;
  }
}

function dataOf(app: App, delays: Delays): RunData | null {
  const { bookmarks, outline, progress, series } = app;
  if (outline === null) return null;
  return { outline, series, bookmarks, known_ns: progress?.known_ns ?? 0, delays: delays.list };
}

/** The rules that charts share with the report; the colours are the page's. */
function useChartRules(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(chartRules());
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
