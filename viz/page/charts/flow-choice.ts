/** Which flows are drawn: those that send most, until the reader says otherwise; and the flow whose paths are looked at. */
import type { RunOutline } from "../../../core/exploration.ts";
import { block, seriesClass } from "../../charts/palette.ts";
import { clear, h } from "../dom.ts";
import type { SeriesStore } from "../series-store.ts";
import { svgElement } from "./downloads.ts";
import { figuresOf } from "./figures.ts";

/** Flows with a line of their own at first. */
const MOST_SHOWN = 8;
/** Flows offered by name. */
const MOST_OFFERED = 500;

export class FlowChoice {
  readonly element: HTMLElement;
  readonly #legend = h("div", { class: "charts-legend", role: "group", "aria-label": "Flows drawn" });
  readonly #add: HTMLSelectElement;
  readonly #paths: HTMLSelectElement;
  readonly #changed: () => void;
  #outline: RunOutline | null = null;
  /** In the legend, by index; of these, those put away. */
  #listed: number[] = [];
  readonly #away = new Set<number>();
  /** The reader has chosen: what is listed stays. */
  #chosen = false;
  #flow = -1;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#add = h("select", { "aria-label": "Draw another flow", onchange: () => this.#list() });
    this.#paths = h("select", { id: "charts-flow", onchange: () => this.#choose() });
    this.element = h(
      "div",
      { class: "charts-choice" },
      this.#legend,
      this.#add,
      h("span", { class: "charts-paths" }, h("label", { for: "charts-flow" }, "Paths of flow "), this.#paths),
    );
  }

  get shown(): number[] {
    return this.#listed.filter((flow) => !this.#away.has(flow));
  }

  /** Not in the legend. */
  get rest(): number[] {
    const listed = new Set(this.#listed);
    return (this.#outline?.flows ?? []).flatMap((_, flow) => (listed.has(flow) ? [] : [flow]));
  }

  /** Flow whose paths are looked at; -1: there is none. */
  get flow(): number {
    return this.#flow;
  }

  meet(outline: RunOutline | null): void {
    this.#outline = outline;
    this.#away.clear();
    this.#chosen = false;
    const count = outline?.flows.length ?? 0;
    this.#listed = Array.from({ length: Math.min(MOST_SHOWN, count) }, (_, flow) => flow);
    this.#flow = count > 0 ? 0 : -1;
    this.#show();
  }

  /** Lists those that have sent most, and looks at the paths of the first of them, while the reader has not chosen. */
  rank(series: SeriesStore): void {
    const flows = this.#outline?.flows ?? [];
    if (this.#chosen || flows.length <= MOST_SHOWN) return;
    const sent = flows.map(({ id }) => {
      const one = series.get("flow.sent", id);
      return one === null ? 0 : figuresOf(one).sum;
    });
    const ranked = flows.map((_, flow) => flow).sort((a, b) => (sent[b] as number) - (sent[a] as number) || a - b);
    const listed = ranked.slice(0, MOST_SHOWN).sort((a, b) => a - b);
    if (listed.join() === this.#listed.join()) return;
    this.#listed = listed;
    this.#flow = ranked[0] ?? -1;
    this.#show();
  }

  #list(): void {
    const flow = Number(this.#add.value);
    if (this.#add.value === "" || this.#listed.includes(flow)) return;
    this.#chosen = true;
    this.#listed = [...this.#listed, flow];
    this.#show();
    this.#changed();
  }

  #choose(): void {
    this.#chosen = true;
    this.#flow = Number(this.#paths.value);
    this.#changed();
  }

  #toggle(flow: number, button: HTMLElement): void {
    this.#chosen = true;
    if (this.#away.has(flow)) this.#away.delete(flow);
    else this.#away.add(flow);
    button.setAttribute("aria-pressed", String(!this.#away.has(flow)));
    this.#changed();
  }

  #show(): void {
    const flows = this.#outline?.flows ?? [];
    clear(
      this.#legend,
      this.#listed.map((flow) => this.#button(flow, flows[flow]?.id ?? "")),
    );
    const options = (list: readonly number[]): HTMLOptionElement[] =>
      list.slice(0, MOST_OFFERED).map((flow) => h("option", { value: flow }, flows[flow]?.id ?? ""));
    const { rest } = this;
    clear(this.#add, h("option", { value: "" }, `Other flows: ${rest.length}`), options(rest));
    this.#add.hidden = rest.length === 0;
    clear(
      this.#paths,
      options(this.#flow < MOST_OFFERED ? flows.map((_, flow) => flow) : [this.#flow, ...flows.keys()]),
    );
    this.#paths.value = String(this.#flow);
    this.element.hidden = flows.length === 0;
  }

  #button(flow: number, id: string): HTMLElement {
    const button = h(
      "button",
      {
        type: "button",
        class: "plain charts-flow",
        "aria-pressed": !this.#away.has(flow),
        onclick: () => this.#toggle(flow, button),
      },
      svgElement(block(seriesClass(flow))),
      id,
    );
    return button;
  }
}
