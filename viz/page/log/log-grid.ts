/** The grid of the log: as many rows as are in sight, whatever there are; scrolled by hand, keys and from outside. */
import type { LogRow } from "../../../core/exploration.ts";
import { h, onFrame } from "../dom.ts";
import type { RowCache } from "./row-cache.ts";
import { shortActor } from "../short-names.ts";
import { briefKind, dropText, hintText, timeText } from "./row-text.ts";
import { clampTop, lastTop, movedTop, type ScrollSizes, scrollHeight, scrollOf } from "./scroll-scale.ts";

const ROW_HEIGHT = 24;
const COLUMNS = ["Time (s)", "#", "Actor", "Kind", "Flow", "Packet", "From", "Dropped", "Inspect"] as const;
const CLASSES = ["time", "event", "actor", "kind", "flow", "packet", "from", "dropped", "inspect"] as const;
/** Rows moved in one go stay in sight by so many. */
const KEPT_IN_SIGHT = 1;
/** Below it there is no room for whole ids. */
const NARROW = 1_000;
/** Below it a row says in one cell what it is and, where the packet ended, why. */
const TIGHT = 745;
/** A scroll bar that stands still for so long is put where the rows are. */
const SETTLE = 160;

/** For the help. */
export const LOG_KEYS = [
  { shown: "Up, Down, Page Up, Page Down", what: "row by row, page by page" },
  { shown: "Home, End", what: "the first row, the last row" },
  { shown: "Enter", what: "go to the row's event" },
  { shown: "I", what: "inspect the row's actor" },
] as const;

export interface GridDoes {
  seek(row: LogRow): void;
  inspect(row: LogRow): void;
  /** The reader moved: the log need not follow the cursor any more. */
  moved(): void;
}

interface Line {
  readonly element: HTMLElement;
  readonly cells: readonly HTMLElement[];
  readonly button: HTMLButtonElement;
  row: LogRow | null;
}

export class LogGrid {
  readonly element: HTMLElement;
  readonly #cache: RowCache;
  readonly #does: GridDoes;
  readonly #scroller: HTMLElement;
  readonly #spacer: HTMLElement;
  readonly #layer: HTMLElement;
  readonly #kindHead: HTMLElement;
  readonly #lines: Line[] = [];
  readonly #draw = onFrame(() => this.#drawNow());
  #top = 0;
  #scroll = 0;
  #settle = 0;
  /** Row chosen by the reader. */
  #active = 0;
  /** Row at the cursor; -1: none. */
  #current = -1;
  #seen = 0;
  #isNarrow = false;
  #isTight = false;

  constructor(cache: RowCache, does: GridDoes) {
    this.#cache = cache;
    this.#does = does;
    this.#spacer = h("div", { class: "log-spacer" });
    this.#layer = h("div", { class: "log-layer" });
    this.#scroller = h(
      "div",
      { class: "log-scroll", role: "rowgroup", tabindex: 0, "aria-label": "Rows", onscroll: () => this.#scrolled() },
      this.#layer,
      this.#spacer,
    );
    this.#kindHead = h("span", {}, "Kind");
    const heads = COLUMNS.map((name, n) =>
      h(
        "span",
        { role: "columnheader", class: `log-${CLASSES[n]}`, "aria-colindex": n + 1 },
        name === "Inspect" ? h("span", { class: "unseen" }, name) : name === "Kind" ? this.#kindHead : name,
      ),
    );
    this.element = h(
      "div",
      {
        class: "log-grid",
        role: "grid",
        tabindex: 0,
        "aria-label": "Event log",
        "aria-colcount": COLUMNS.length,
        "aria-describedby": "log-keys",
        onkeydown: (event) => this.#key(event),
      },
      h("div", { role: "rowgroup" }, h("div", { class: "log-head", role: "row", "aria-rowindex": 1 }, heads)),
      this.#scroller,
    );
    new ResizeObserver(() => this.resized()).observe(this.#scroller);
  }

  /** The part was hidden, or has another size. */
  resized(): void {
    this.#seen = this.#scroller.clientHeight;
    const { clientWidth } = this.#scroller;
    const [isNarrow, isTight] = [clientWidth < NARROW, clientWidth < TIGHT];
    if (isNarrow !== this.#isNarrow || isTight !== this.#isTight) for (const line of this.#lines) line.row = null;
    this.#isNarrow = isNarrow;
    this.#isTight = isTight;
    this.element.classList.toggle("is-tight", isTight);
    this.#kindHead.textContent = isTight ? "Kind or drop" : "Kind";
    this.#moveTo(this.#top);
  }

  /** From the first row on. */
  reset(): void {
    this.#active = 0;
    this.#current = -1;
    this.#moveTo(0);
  }

  /** Rows have come, or there are more. */
  refresh(): void {
    this.#active = Math.max(0, Math.min(this.#active, this.#cache.total - 1));
    this.#syncBar();
    this.#draw();
  }

  /** Marks the row at the cursor; `follow` brings it into sight. */
  mark(index: number, follow: boolean): void {
    this.#current = index;
    if (follow && index >= 0) {
      this.#active = index;
      if (!this.#isInSight(index)) this.#moveTo(index - Math.floor(this.#seen / ROW_HEIGHT / 2));
    }
    this.#draw();
  }

  get active(): LogRow | null {
    return this.#cache.rowAt(this.#active);
  }

  get #sizes(): ScrollSizes {
    return { rows: this.#cache.total, rowHeight: ROW_HEIGHT, seen: this.#seen };
  }

  get #rowsSeen(): number {
    return Math.max(1, Math.floor(this.#seen / ROW_HEIGHT));
  }

  #isInSight(index: number): boolean {
    return index >= Math.ceil(this.#top) && index < Math.floor(this.#top + this.#seen / ROW_HEIGHT);
  }

  #scrolled(): void {
    const now = this.#scroller.scrollTop;
    if (now === this.#scroll) return;
    this.#top = movedTop(this.#sizes, this.#top, this.#scroll, now);
    this.#scroll = now;
    this.#does.moved();
    window.clearTimeout(this.#settle);
    this.#settle = window.setTimeout(() => this.#syncBar(), SETTLE);
    this.#draw();
  }

  #moveTo(top: number): void {
    this.#top = clampTop(this.#sizes, top);
    this.#syncBar();
    this.#draw();
  }

  /** Puts the scroll bar where the rows are; what it tells of that is no movement. */
  #syncBar(): void {
    const sizes = this.#sizes;
    this.#top = clampTop(sizes, this.#top);
    this.#spacer.style.height = `${scrollHeight(sizes)}px`;
    const wanted = scrollOf(sizes, this.#top);
    if (Math.abs(wanted - this.#scroller.scrollTop) >= 1) this.#scroller.scrollTop = wanted;
    this.#scroll = this.#scroller.scrollTop;
  }

  #key(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: this.#rowsSeen - KEPT_IN_SIGHT,
      PageUp: KEPT_IN_SIGHT - this.#rowsSeen,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const step = steps[event.key];
    const row = this.active;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step !== undefined) this.#activate(this.#active + step);
    else if (event.key === "Enter" && row !== null && event.target === this.element) this.#does.seek(row);
    else if ((event.key === "i" || event.key === "I") && row !== null) this.#does.inspect(row);
    else return;
    event.preventDefault();
  }

  #activate(index: number): void {
    this.#does.moved();
    this.#active = Math.max(0, Math.min(this.#cache.total - 1, index));
    const first = Math.ceil(this.#top);
    if (this.#active < first) this.#moveTo(this.#active);
    else if (this.#active >= first + this.#rowsSeen - 1)
      this.#moveTo(Math.min(lastTop(this.#sizes), this.#active - this.#rowsSeen + 1));
    this.#draw();
  }

  #drawNow(): void {
    const { total } = this.#cache;
    const first = Math.floor(this.#top);
    const shown = Math.min(total - first, Math.ceil(this.#seen / ROW_HEIGHT) + 1);
    this.#cache.want(first - this.#rowsSeen, Math.min(total, first + 2 * this.#rowsSeen));
    while (this.#lines.length < shown) this.#addLine();
    for (const [n, line] of this.#lines.entries()) this.#drawLine(line, first + n, n < shown);
    this.element.setAttribute("aria-rowcount", String(total + 1));
    const isActiveShown = this.#active >= first && this.#active < first + shown;
    if (isActiveShown) this.element.setAttribute("aria-activedescendant", `log-row-${this.#active - first}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #addLine(): void {
    const button = h("button", { type: "button", class: "plain", tabindex: -1 }, "⌕");
    const cells = CLASSES.map((name, n) =>
      h("span", { role: "gridcell", class: `log-${name}`, "aria-colindex": n + 1 }, name === "inspect" ? button : null),
    );
    const element = h("div", { role: "row", class: "log-row", id: `log-row-${this.#lines.length}` }, cells);
    const line: Line = { element, cells, button, row: null };
    element.addEventListener("click", (event) => this.#click(line, event));
    this.#lines.push(line);
    this.#layer.append(element);
  }

  #click(line: Line, event: Event): void {
    const { row } = line;
    if (row === null) return;
    this.#active = Number(line.element.dataset["index"]);
    this.element.focus({ preventScroll: true });
    if (event.target instanceof Node && line.button.contains(event.target)) this.#does.inspect(row);
    else this.#does.seek(row);
    this.#draw();
  }

  #drawLine(line: Line, index: number, isShown: boolean): void {
    const { element, cells, button } = line;
    element.hidden = !isShown;
    if (!isShown) return;
    const row = this.#cache.rowAt(index);
    element.style.transform = `translateY(${(index - this.#top) * ROW_HEIGHT}px)`;
    element.dataset["index"] = String(index);
    element.setAttribute("aria-rowindex", String(index + 2));
    element.setAttribute("aria-selected", String(index === this.#active));
    element.classList.toggle("is-even", index % 2 === 0);
    if (index === this.#current) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
    if (row === line.row && row !== null) return;
    line.row = row;
    const texts =
      row === null
        ? ["…", "", "", "", "", "", "", ""]
        : textsOf(row, this.#isNarrow ? shortActor : (id) => id, this.#isTight);
    for (const [n, text] of texts.entries()) (cells[n] as HTMLElement).textContent = text;
    element.title = row === null ? "" : hintText(row);
    element.classList.toggle("is-drop", row !== null && dropText(row) !== "");
    button.hidden = row === null;
    button.setAttribute("aria-label", `Inspect ${row?.actor ?? ""}`);
  }
}

function textsOf(row: LogRow, nameOf: (id: string) => string, isTight: boolean): readonly string[] {
  const { time_ns, event, actor, kind, flow, packet, from } = row;
  return [
    timeText(time_ns),
    String(event),
    nameOf(actor),
    isTight ? briefKind(row) : kind,
    flow ?? "",
    packet === null ? "" : String(packet),
    nameOf(from ?? ""),
    dropText(row),
  ];
}
