/** The frame around one chart of the page: its title, what saves it, the time cursor over it, and a table that says the same. */
import { type Nanos, SECOND } from "../../../core/units.ts";
import type { ExplorerProblem } from "../../../core/exploration.ts";
import { clear, h } from "../dom.ts";
import { fileName, pngOf, saveFile, standaloneSvg, svgElement } from "./downloads.ts";
import type { Draw, Drawn, Scene } from "./drawn.ts";

/** What a box needs of the page. */
export interface BoxSurroundings {
  /** Length of the run. */
  duration(): Nanos;
  now(): Nanos;
  seek(time: Nanos): void;
  complain(problem: ExplorerProblem): void;
  /** The box has come into sight. */
  appeared(): void;
}

/** Steps of the arrow keys, in shares of the run; with the shift key, and page up and down, ten times as far. */
const STEP = 0.005;

export class ChartBox {
  readonly element: HTMLElement;
  /** Something has changed since it was drawn. */
  stale = true;
  inSight = false;
  readonly #draw: Draw;
  readonly #around: BoxSurroundings;
  readonly #title: HTMLElement;
  readonly #picture = h("div", { class: "charts-picture" });
  readonly #line = h("div", { class: "charts-line" });
  readonly #slider: HTMLElement;
  readonly #table = h("div", { class: "charts-table" });
  readonly #details: HTMLDetailsElement;
  readonly #name: string;
  #drawn: Drawn | null = null;
  #heading = "";

  constructor(name: string, draw: Draw, around: BoxSurroundings) {
    this.#name = name;
    this.#draw = draw;
    this.#around = around;
    this.#title = h("h3", {}, name);
    this.#slider = h(
      "div",
      {
        class: "charts-slider",
        role: "slider",
        tabindex: 0,
        "aria-label": `Time, in ${name}`,
        "aria-valuemin": 0,
        onkeydown: (event) => this.#key(event),
        onfocus: () => this.#say(),
      },
      this.#line,
    );
    this.#slider.hidden = true;
    this.#details = h(
      "details",
      { class: "charts-details", ontoggle: () => this.#fillTable() },
      h("summary", {}, "Figures"),
      this.#table,
    );
    const plot = h(
      "div",
      {
        class: "charts-plot",
        onpointerdown: (event) => this.#point(event),
        onpointermove: (event) => this.#drag(event),
      },
      this.#picture,
      this.#slider,
    );
    this.element = h(
      "figure",
      { class: "charts-box" },
      h("figcaption", {}, this.#title, this.#buttons()),
      plot,
      this.#details,
    );
    new IntersectionObserver((entries) => {
      this.inSight = entries.at(-1)?.isIntersecting === true;
      if (this.inSight) around.appeared();
    }).observe(this.element);
  }

  draw(scene: Scene): void {
    this.stale = false;
    const drawn = this.#draw(scene);
    this.#drawn = drawn;
    const svg = svgElement(drawn.svg);
    this.#heading = svg.querySelector("title")?.textContent ?? this.#name;
    this.#title.textContent = this.#heading;
    this.#picture.replaceChildren(svg);
    const { time } = drawn;
    this.#slider.hidden = time === null;
    if (time !== null) {
      const { style } = this.#slider;
      style.left = `${time.left}px`;
      style.width = `${time.right - time.left}px`;
      style.top = `${time.top}px`;
      style.height = `${time.bottom - time.top}px`;
    }
    this.cursor();
    this.#say();
    this.#fillTable();
  }

  /** Puts the line where the cursor is; cheap. */
  cursor(): void {
    const time = this.#drawn?.time;
    if (time === null || time === undefined) return;
    const share = Math.max(0, Math.min(1, this.#around.now() / Math.max(1, this.#around.duration())));
    this.#line.style.transform = `translateX(${(share * (time.right - time.left)).toFixed(1)}px)`;
    if (this.#slider === document.activeElement) this.#say();
  }

  #say(): void {
    const seconds = this.#around.now() / SECOND;
    this.#slider.setAttribute("aria-valuemax", String(this.#around.duration() / SECOND));
    this.#slider.setAttribute("aria-valuenow", seconds.toFixed(3));
    this.#slider.setAttribute("aria-valuetext", `${seconds.toFixed(3)} seconds`);
  }

  #key(event: KeyboardEvent): void {
    const far = event.shiftKey ? 10 * STEP : STEP;
    const by = {
      ArrowLeft: -far,
      ArrowDown: -far,
      ArrowRight: far,
      ArrowUp: far,
      PageDown: -10 * STEP,
      PageUp: 10 * STEP,
      Home: -Infinity,
      End: Infinity,
    }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const duration = this.#around.duration();
    this.#around.seek(Math.round(Math.max(0, Math.min(duration, this.#around.now() + by * duration))));
  }

  #point(event: PointerEvent & { readonly currentTarget: HTMLElement }): void {
    if (event.button !== 0 || !this.#isInside(event)) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    this.#seekTo(event);
  }

  #drag(event: PointerEvent & { readonly currentTarget: HTMLElement }): void {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) this.#seekTo(event);
  }

  #isInside({ clientX, clientY }: PointerEvent): boolean {
    if (this.#slider.hidden) return false;
    const { left, right, top, bottom } = this.#slider.getBoundingClientRect();
    return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  }

  #seekTo({ clientX }: PointerEvent): void {
    const { left, width } = this.#slider.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (clientX - left) / Math.max(1, width)));
    this.#around.seek(Math.round(share * this.#around.duration()));
  }

  #fillTable(): void {
    if (!this.#details.open || this.#drawn === null) return;
    const { head, rows } = this.#drawn.table;
    const cell = (text: string, n: number): HTMLElement => h("td", { class: n === 0 ? null : "number" }, text);
    const heading = (text: string, n: number): HTMLElement =>
      text === "" ? h("td", {}) : h("th", { scope: "col", class: n === 0 ? null : "number" }, text);
    clear(
      this.#table,
      h(
        "table",
        { "aria-label": this.#heading },
        h("thead", {}, h("tr", {}, head.map(heading))),
        h(
          "tbody",
          {},
          rows.map((row) => h("tr", {}, row.map(cell))),
        ),
      ),
    );
  }

  #buttons(): HTMLElement {
    const button = (kind: string, label: string, save: (drawn: Drawn) => void | Promise<void>): HTMLElement =>
      h(
        "button",
        {
          type: "button",
          class: "plain charts-save",
          "aria-label": `Save ${this.#name} as ${label}`,
          title: `Save as ${label}`,
          onclick: () => void this.#save(save),
        },
        kind,
      );
    const svgOf = (drawn: Drawn): string => standaloneSvg(drawn.svg, this.#heading);
    const file = (kind: string, content: string | Blob, type: string): void =>
      saveFile(fileName(this.#heading, kind), content instanceof Blob ? content : new Blob([content], { type }));
    return h(
      "span",
      { class: "charts-saves" },
      button("SVG", "SVG", (drawn) => file("svg", svgOf(drawn), "image/svg+xml")),
      button("PNG", "PNG", async (drawn) => file("png", await pngOf(svgOf(drawn)), "image/png")),
      button("CSV", "CSV", (drawn) => file("csv", drawn.csv(), "text/csv")),
    );
  }

  async #save(save: (drawn: Drawn) => void | Promise<void>): Promise<void> {
    if (this.#drawn === null) return;
    try {
      await save(this.#drawn);
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      this.#around.complain({ message: `The chart could not be saved: ${what}`, places: [] });
    }
  }
}
