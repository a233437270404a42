/** The bar of time: what is known of the run, when something was broken, bookmarks, and a slider over all of it. */
import type { Bookmark, BookmarkKind } from "../../../core/exploration.ts";
import type { Nanos } from "../../../core/units.ts";
import type { RunApp } from "../app-state.ts";
import { clear, h, onFrame, svg } from "../dom.ts";
import { faultBands, visibleMarks } from "./marks.ts";
import { formatBriefly } from "./instants.ts";

/** Of the bar, from left to right. */
const WIDTH = 1000;
const STEPS = 10_000;

const NAMES: Readonly<Record<BookmarkKind, string>> = {
  fault: "Fault",
  switch: "Path switch",
  drop: "Drop",
  state: "State",
  "first-difference": "First difference",
};

/** Each kind has a shape of its own, around 0, 0. */
const SHAPES: Readonly<Record<BookmarkKind, string>> = {
  fault: "M0-5 5 4H-5Z",
  switch: "M0-5 5 0 0 5-5 0Z",
  drop: "M-4-4 4 4M4-4-4 4",
  state: "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0Z",
  "first-difference": "M0-6 1.6-2 6-2 2.5 1 4 5.5 0 2.8-4 5.5-2.5 1-6-2-1.6-2Z",
};

export function nameOf(kind: BookmarkKind): string {
  return NAMES[kind];
}

/** A bookmark's shape; the reader knows the kind by its name. */
export function markOf(kind: BookmarkKind): SVGSVGElement {
  return svg(
    "svg",
    { class: `time-mark time-mark-${kind}`, viewBox: "-7 -7 14 14", width: 14, height: 14, "aria-hidden": "true" },
    svg("path", { d: SHAPES[kind] }),
  );
}

export interface Track {
  readonly element: HTMLElement;
  /** Puts the slider where the cursor is. */
  show(now: Nanos): void;
  /** What the slider's place is called. */
  speak(text: string): void;
  /** Draws anew what lies behind the slider. */
  refresh(): void;
}

/** `grab` is called when the reader takes hold of the slider. */
export function makeTrack(app: RunApp, grab: () => void): Track {
  const known = h("div", { class: "time-known" });
  const bands = svg("svg", { class: "time-bands", viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: "none" });
  const marks = h("div", { class: "time-marks", "aria-hidden": "true" });
  const duration = (): Nanos => app.outline?.duration_ns ?? 0;
  const seekShare = (share: number): void =>
    app.seek({ time: Math.round(duration() * Math.min(1, Math.max(0, share))) });
  const slider = h("input", {
    class: "time-slider",
    type: "range",
    min: 0,
    max: STEPS,
    step: 1,
    value: 0,
    "aria-label": "Time in the run",
    onpointerdown: grab,
    oninput: () => {
      grab();
      seekShare(Number(slider.value) / STEPS);
    },
    onkeydown: (event) => {
      const by = { ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01, PageDown: -0.1, PageUp: 0.1 }[
        event.key
      ];
      if (by === undefined) return;
      event.preventDefault();
      grab();
      const share = Math.min(1, Math.max(0, Number(slider.value) / STEPS + by));
      slider.value = String(Math.round(share * STEPS));
      seekShare(share);
    },
  });
  const element = h("div", { class: "time-track" }, marks, h("div", { class: "time-rail" }, known, bands), slider);
  const draw = onFrame(() => {
    const whole = duration();
    known.style.setProperty("--known", String(whole > 0 ? (app.progress?.known_ns ?? 0) / whole : 0));
    drawBands(bands, app.bookmarks, whole, app.progress?.known_ns ?? 0);
    drawMarks(marks, app, whole);
  });
  return {
    element,
    show(now) {
      const whole = duration();
      if (app.seeking && document.activeElement === slider) return;
      slider.value = String(whole > 0 ? Math.round((now / whole) * STEPS) : 0);
    },
    speak: (text) => slider.setAttribute("aria-valuetext", text),
    refresh: draw,
  };
}

function drawBands(root: SVGSVGElement, bookmarks: readonly Bookmark[], whole: Nanos, known: Nanos): void {
  const bands = faultBands(bookmarks, known).map(({ from, to, text }) => {
    const x = (from / whole) * WIDTH;
    return svg(
      "rect",
      { x, y: 0, width: Math.max(1, ((to - from) / whole) * WIDTH), height: 10 },
      svg("title", {}, `${text}: ${formatBriefly(from)} to ${formatBriefly(to)}`),
    );
  });
  clear(root, bands);
}

function drawMarks(root: HTMLElement, app: RunApp, whole: Nanos): void {
  const pixels = root.clientWidth || WIDTH;
  const marks = visibleMarks(app.bookmarks, whole, pixels).map(({ bookmark, more }) => {
    const others = more > 0 ? ` (and ${more} more)` : "";
    const shape = markOf(bookmark.kind);
    shape.append(svg("title", {}, `${formatBriefly(bookmark.time_ns)}: ${bookmark.text}${others}`));
    shape.style.setProperty("--at", String(whole > 0 ? bookmark.time_ns / whole : 0));
    shape.addEventListener("click", () => app.seek({ event: bookmark.event }));
    return shape;
  });
  clear(root, marks);
}
