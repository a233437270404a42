/** Messages between chosen actors around the cursor: a sequence chart, and the same as a table. */
import "../style/sequence.css";
import type { DrawnPath, RunOutline, SequenceMessage } from "../../../core/exploration.ts";
import { type App, type Panel, ProblemError } from "../app.ts";
import { clear, h } from "../dom.ts";
import { saveFile } from "../save-file.ts";
import { slowly } from "../slowly.ts";
import { type ActorChoice, actorsOfPath, makeActorChoice, neighboursOf } from "./actor-choice.ts";
import { type Drawn, drawSequence, svgFile, wordsOf } from "./sequence-drawing.ts";
import {
  fittingWindow,
  layoutSequence,
  lengthText,
  type SequenceLayout,
  type SequenceView,
  windowLengths,
} from "./sequence-layout.ts";

const MOST = 200;
const PAUSE = 150;
const FIRST_WINDOW = 50_000_000;
/** Until the reader chooses the window it is short enough for so many messages to be told apart. */
const FEW = 40;
const KEYS = "Up and Down go from message to message; Enter goes to where it ends and highlights its flow.";

export function mountSequence(root: HTMLElement, app: App): Panel {
  return new SequencePanel(root, app);
}

class SequencePanel implements Panel {
  readonly #app: App;
  readonly #choice: ActorChoice;
  readonly #window: HTMLInputElement;
  readonly #windowText: HTMLElement;
  readonly #scale: HTMLSelectElement;
  readonly #status: HTMLElement;
  readonly #chart: HTMLElement;
  readonly #table: HTMLDetailsElement;
  readonly #rows: HTMLElement;
  readonly #save: HTMLButtonElement;
  readonly #update: () => void;
  #actors: readonly string[] = [];
  #lengths: readonly number[] = [1];
  #messages: readonly SequenceMessage[] = [];
  #layout: SequenceLayout | null = null;
  #drawn: Drawn | null = null;
  #active: SequenceMessage | null = null;
  #visible = true;
  /** Has the reader chosen the window's length? */
  #isChosen = false;
  #busy = false;
  #again = false;

  constructor(root: HTMLElement, app: App) {
    this.#app = app;
    this.#update = slowly(PAUSE, () => void this.#fetch());
    this.#choice = makeActorChoice({
      choose: (actors) => this.#choose(actors),
      flow: (flow) => void this.#showFlow(flow),
      neighbours: () => this.#showNeighbours(),
    });
    this.#window = h("input", { type: "range", min: 0, step: 1, oninput: () => this.#chooseWindow() });
    this.#windowText = h("b", {});
    this.#scale = h(
      "select",
      { onchange: () => this.#changed() },
      h("option", { value: "linear" }, "by time"),
      h("option", { value: "compressed" }, "evenly"),
    );
    this.#status = h("p", { class: "sequence-status muted", role: "status" });
    this.#chart = h("div", { class: "sequence-chart" });
    this.#save = h("button", { type: "button", onclick: () => this.#download() }, "Save as SVG");
    this.#rows = h("div", { class: "sequence-rows", tabindex: 0, role: "region", "aria-label": "Messages" });
    const summary = h("summary", {}, "The messages as a table");
    this.#table = h("details", { class: "sequence-table", ontoggle: () => this.#fillTable() }, summary, this.#rows);
    root.append(this.#arrange());
    app.on("outline", (outline) => this.#begin(outline));
    app.on("frame", () => this.#moved());
    app.on("progress", () => this.#update());
    app.on("selected", (actor) => this.#choice.selected(actor));
    new ResizeObserver(() => this.#draw()).observe(this.#chart);
  }

  seen(visible: boolean): void {
    this.#visible = visible;
    if (visible) this.#changed();
  }

  #arrange(): HTMLElement {
    return h(
      "div",
      { class: "sequence" },
      this.#choice.element,
      h(
        "div",
        { class: "sequence-row" },
        h("label", { class: "sequence-window" }, h("span", {}, "Window ", this.#windowText), this.#window),
        h("label", {}, h("span", {}, "Instants"), this.#scale),
        this.#save,
      ),
      this.#status,
      this.#chart,
      h("p", { id: "sequence-keys", class: "sequence-keys muted" }, KEYS),
      this.#table,
    );
  }

  #begin(outline: RunOutline | null): void {
    this.#choice.offer(outline);
    this.#lengths = windowLengths(outline?.duration_ns ?? 1);
    this.#window.max = String(this.#lengths.length - 1);
    this.#isChosen = false;
    const start = this.#lengths.findLastIndex((length) => length <= FIRST_WINDOW);
    this.#window.value = String(Math.max(0, start));
    this.#choose([]);
    const [flow] = outline?.flows ?? [];
    if (flow !== undefined) void this.#showFlow(flow.id);
  }

  #choose(actors: readonly string[]): void {
    this.#actors = actors;
    this.#choice.show(actors);
    this.#changed();
  }

  /** The path that its packets take now, or else the first one that they may take. */
  async #showFlow(flow: string): Promise<void> {
    const { outline } = this.#app;
    if (outline === null) return;
    const paths = await this.#pathsOf(flow);
    if (outline !== this.#app.outline) return;
    const taken = this.#pathTaken(outline.flows.findIndex(({ id }) => id === flow));
    const path = paths.find(({ fingerprint }) => fingerprint === taken) ?? paths[0];
    this.#choose(actorsOfPath(outline, flow, path?.directions ?? []));
  }

  async #pathsOf(flow: string): Promise<readonly DrawnPath[]> {
    try {
      return await this.#app.ask("paths", { flow });
    } catch (error) {
      this.#complain(error);
      return [];
    }
  }

  #pathTaken(flow: number): string | null {
    const { frame } = this.#app;
    const packet = frame?.packetFlow.indexOf(flow) ?? -1;
    return packet < 0 ? null : (frame?.paths[frame.packetPath[packet] ?? -1] ?? null);
  }

  #showNeighbours(): void {
    const { outline, selected } = this.#app;
    if (outline !== null && selected !== null) this.#choose(neighboursOf(outline, selected));
  }

  #chooseWindow(): void {
    this.#isChosen = true;
    this.#changed();
  }

  /** A shorter window where this one has too many messages. */
  #narrow(): void {
    if (this.#isChosen || this.#messages.length <= FEW) return;
    const { from_ns, to_ns } = this.#view();
    const at = fittingWindow(this.#messages, (from_ns + to_ns) / 2, this.#lengths, this.#window.valueAsNumber, FEW);
    this.#window.value = String(at);
    const view = this.#view();
    this.#messages = this.#messages.filter(
      ({ received_ns }) => received_ns >= view.from_ns && received_ns <= view.to_ns,
    );
    this.#windowText.textContent = lengthText(this.#length);
    this.#window.setAttribute("aria-valuetext", lengthText(this.#length));
  }

  #changed(): void {
    const text = lengthText(this.#length);
    this.#windowText.textContent = text;
    this.#window.setAttribute("aria-valuetext", text);
    this.#update();
  }

  get #length(): number {
    return this.#lengths[this.#window.valueAsNumber] ?? 1;
  }

  #view(): SequenceView {
    const { outline, frame } = this.#app;
    const end = outline?.duration_ns ?? 0;
    const length = this.#length;
    const from_ns = Math.max(0, Math.min(end - length, Math.round((frame?.now ?? 0) - length / 2)));
    const scale = this.#scale.value === "compressed" ? "compressed" : "linear";
    const { clientWidth: width, clientHeight } = this.#chart;
    return {
      actors: this.#actors,
      from_ns,
      to_ns: from_ns + length,
      scale,
      width,
      height: Math.max(320, clientHeight - 60),
    };
  }

  async #fetch(): Promise<void> {
    if (!this.#visible || this.#app.outline === null) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    const { actors, from_ns, to_ns } = this.#view();
    try {
      this.#messages = actors.length < 2 ? [] : await this.#app.ask("sequence", { actors, from_ns, to_ns, most: MOST });
      this.#narrow();
      this.#draw();
      this.#fillTable();
    } catch (error) {
      this.#complain(error);
    }
    this.#busy = false;
    if (this.#again) this.#update();
    this.#again = false;
  }

  #moved(): void {
    this.#drawCursor();
    this.#update();
  }

  #draw(): void {
    if (!this.#visible || this.#chart.clientWidth === 0) return;
    const hadFocus = this.#drawn?.body === document.activeElement;
    const view = this.#view();
    this.#layout = layoutSequence(view, this.#messages);
    const drawn = drawSequence(this.#layout, this.#app.outline?.flows.map(({ id }) => id) ?? []);
    this.#drawn = drawn;
    drawn.body.addEventListener("click", (event) => this.#click(event));
    drawn.body.addEventListener("keydown", (event) => this.#key(event));
    const { scrollLeft, scrollTop } = this.#chart;
    clear(this.#chart, drawn.head, drawn.body);
    this.#chart.scrollTo(scrollLeft, scrollTop);
    if (hadFocus) drawn.body.focus({ preventScroll: true });
    this.#status.textContent = this.#statusText();
    this.#save.disabled = this.#messages.length === 0;
    this.#drawCursor();
    this.#markActive(false);
  }

  #statusText(): string {
    if (this.#actors.length < 2) return "Choose two actors or more.";
    const count = this.#messages.length;
    if (count === 0) return "No messages between them in this window.";
    if (count >= MOST) return `The ${MOST} messages nearest to the cursor.`;
    return count === 1 ? "1 message" : `${count} messages`;
  }

  #drawCursor(): void {
    const { frame } = this.#app;
    if (this.#drawn === null || this.#layout === null || frame === null) return;
    const y = this.#layout.yOf(frame.now);
    this.#drawn.cursor.setAttribute("y1", String(y));
    this.#drawn.cursor.setAttribute("y2", String(y));
  }

  #indexOfActive(): number {
    const active = this.#active;
    if (active === null) return -1;
    const { arrows = [] } = this.#layout ?? {};
    return arrows.findIndex(
      ({ message }) => message.event === active.event && message.from === active.from && message.label === active.label,
    );
  }

  #markActive(scroll: boolean): void {
    const index = this.#indexOfActive();
    const { marks = [], body } = this.#drawn ?? {};
    for (const [n, mark] of marks.entries()) mark.setAttribute("aria-selected", String(n === index));
    if (index < 0) body?.removeAttribute("aria-activedescendant");
    else body?.setAttribute("aria-activedescendant", `sequence-message-${index}`);
    if (scroll) marks[index]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #click(event: MouseEvent): void {
    const mark = event.target instanceof Element ? event.target.closest<SVGGElement>("[data-index]") : null;
    const message = this.#layout?.arrows[Number(mark?.dataset["index"] ?? -1)]?.message;
    if (message !== undefined) void this.#open(message);
  }

  #key(event: KeyboardEvent): void {
    const { arrows = [] } = this.#layout ?? {};
    const index = this.#indexOfActive();
    const last = arrows.length - 1;
    const nexts: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index < 0 ? last : index - 1,
      Home: 0,
      End: last,
    };
    const next = nexts[event.key];
    if (event.key === "Enter" && this.#active !== null) void this.#open(this.#active);
    else if (next !== undefined && last >= 0) {
      this.#active = arrows[Math.max(0, Math.min(last, next))]?.message ?? null;
      this.#markActive(true);
    } else return;
    event.preventDefault();
  }

  async #open(message: SequenceMessage): Promise<void> {
    this.#active = message;
    this.#markActive(false);
    this.#app.seek({ event: message.event });
    const flow = message.flow?.replace(/\/replies$/, "") ?? null;
    if (flow === null || !this.#app.outline?.flows.some(({ id }) => id === flow)) return;
    const paths = await this.#pathsOf(flow);
    this.#app.highlight({ flow, path: null, directions: [...new Set(paths.flatMap(({ directions }) => directions))] });
  }

  #fillTable(): void {
    if (!this.#table.open) return;
    const rows = this.#messages.map((message) => {
      const { sent_ns, received_ns, from, to, label, dropped } = message;
      const time = (ns: number): HTMLElement => h("td", { class: "number" }, (ns / 1e9).toFixed(6));
      const go = h(
        "button",
        {
          type: "button",
          class: "plain",
          "aria-label": `Go to: ${wordsOf(message)}`,
          onclick: () => void this.#open(message),
        },
        label,
      );
      return h(
        "tr",
        {},
        time(sent_ns),
        time(received_ns),
        h("td", {}, from),
        h("td", {}, to),
        h("td", {}, go),
        h("td", {}, dropped ?? ""),
      );
    });
    const names = ["Sent (s)", "Ends (s)", "From", "To", "Message", "Dropped"];
    const head = h(
      "tr",
      {},
      names.map((name, n) => h("th", { scope: "col", class: n < 2 ? "number" : null }, name)),
    );
    clear(this.#rows, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
  }

  #download(): void {
    if (this.#drawn === null) return;
    const blob = new Blob([svgFile(this.#drawn)], { type: "image/svg+xml" });
    saveFile(`${this.#app.outline?.name ?? "run"}-sequence.svg`, blob);
  }

  #complain(error: unknown): void {
    if (error instanceof ProblemError) this.#app.complain(error.problem);
    else throw error;
  }
}
