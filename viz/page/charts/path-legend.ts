/** The paths of the flow that is looked at: their colours, and on the map where they go. */
import type { DrawnPath } from "../../../core/exploration.ts";
import { swatch } from "../../charts/palette.ts";
import { type App, ProblemError } from "../app.ts";
import { clear, h } from "../dom.ts";
import { svgElement } from "./downloads.ts";
import { fingerprintsOf } from "./line-charts.ts";

/** Paths with a place in the legend: those that have carried packets, in order of their first. */
const MOST = 24;

export class PathLegend {
  readonly element = h("ul", { class: "charts-pathlist", "aria-label": "Paths used" });
  readonly #app: App;
  readonly #pathNumber: (fingerprint: string) => number;
  #shown = "";

  constructor(app: App, pathNumber: (fingerprint: string) => number) {
    this.#app = app;
    this.#pathNumber = pathNumber;
  }

  /** @param flow by index; -1: none. */
  show(flow: number): void {
    const { outline, series } = this.#app;
    const id = outline?.flows[flow]?.id ?? null;
    const used = id === null ? [] : fingerprintsOf([series], "path.packets", id).slice(0, MOST);
    const shown = JSON.stringify([outline?.name, outline?.seed, id, ...used]);
    if (shown === this.#shown || id === null) return;
    this.#shown = shown;
    clear(
      this.element,
      used.map((fingerprint) => h("li", {}, this.#button(id, fingerprint))),
    );
  }

  #button(flow: string, fingerprint: string): HTMLElement {
    const leave = (): void => this.#app.highlight(null);
    const show = (): void => void this.#highlight(flow, fingerprint);
    return h(
      "button",
      {
        type: "button",
        class: "plain",
        title: `${fingerprint}: show it on the map`,
        onclick: show,
        onmouseenter: show,
        onmouseleave: leave,
        onfocus: show,
        onblur: leave,
      },
      svgElement(swatch(this.#pathNumber(fingerprint))),
      h("code", {}, fingerprint.slice(0, 8)),
    );
  }

  async #highlight(flow: string, path: string): Promise<void> {
    try {
      const paths: readonly DrawnPath[] = await this.#app.ask("paths", { flow });
      const found = paths.find(({ fingerprint }) => fingerprint === path);
      if (found !== undefined) this.#app.highlight({ flow, path, directions: found.directions });
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      this.#app.complain(cause.problem);
    }
  }
}
