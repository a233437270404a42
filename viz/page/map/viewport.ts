/** Zooming and panning of one or two drawings together: by wheel, drag, pinch, double click, buttons and keys. */
import { select, zoom, type ZoomBehavior, zoomIdentity, type ZoomTransform } from "d3";
import type { Extent } from "./layout.ts";
import { ZOOM_RANGE } from "./level.ts";
import type { Spot } from "./lines.ts";
import type { View } from "./painter.ts";

/** Room around what is fitted in, in pixels; the count of packets stands below. */
const ROOM = { x: 14, top: 14, bottom: 30 };
/** Small networks are not blown up beyond it. */
const MOST_FITTED = 1.7;
const FLIGHT_MS = 450;
/** A flight to one place comes at least so near. */
const NEAR = 1;

const still = typeof matchMedia === "function" ? matchMedia("(prefers-reduced-motion: reduce)") : null;

function fitted({ left, top, right, bottom }: Extent, width: number, height: number, least: number): View {
  const [roomX, roomY] = [Math.max(width - 2 * ROOM.x, 40), Math.max(height - ROOM.top - ROOM.bottom, 40)];
  const k = Math.max(
    Math.min(roomX / Math.max(right - left, 1), roomY / Math.max(bottom - top, 1), MOST_FITTED),
    least,
  );
  return {
    k,
    x: width / 2 - (k * (left + right)) / 2,
    y: ROOM.top + roomY / 2 - (k * (top + bottom)) / 2,
  };
}

export class Viewport {
  readonly #zoom: ZoomBehavior<HTMLElement, unknown>;
  readonly #moved: (view: View) => void;
  #halves: readonly HTMLElement[] = [];
  #view: View = { k: 1, x: 0, y: 0 };
  /** The reader has moved the map: it is no longer fitted in by itself. */
  touched = false;

  constructor(moved: (view: View) => void) {
    this.#moved = moved;
    this.#zoom = zoom<HTMLElement, unknown>()
      .scaleExtent([...ZOOM_RANGE])
      .clickDistance(4)
      .on("zoom", (event: { readonly transform: ZoomTransform; readonly sourceEvent: unknown }) => {
        if (event.sourceEvent !== null && event.sourceEvent !== undefined) this.touched = true;
        this.#take(event.transform);
      });
  }

  get view(): View {
    return this.#view;
  }

  /** The drawings, all of one size. */
  attach(halves: readonly HTMLElement[]): void {
    for (const half of this.#halves) select(half).on(".zoom", null);
    this.#halves = halves;
    for (const half of halves) select(half).call(this.#zoom);
    this.set(this.#view);
  }

  #take({ k, x, y }: View): void {
    const before = this.#view;
    if (before.k === k && before.x === x && before.y === y) return;
    this.#view = { k, x, y };
    // The other half has to begin its next gesture from here, too.
    const transform = zoomIdentity.translate(x, y).scale(k);
    for (const half of this.#halves) Object.assign(half, { __zoom: transform });
    this.#moved(this.#view);
  }

  set({ k, x, y }: View): void {
    const [first] = this.#halves;
    const transform = zoomIdentity.translate(x, y).scale(k);
    for (const half of this.#halves) Object.assign(half, { __zoom: transform });
    if (first !== undefined) this.#take(transform);
  }

  /** `least`: not smaller than this, though something be outside. */
  fit(extent: Extent, least: number = ZOOM_RANGE[0]): void {
    const [first] = this.#halves;
    if (first === undefined) return;
    this.touched = false;
    this.set(fitted(extent, first.clientWidth, first.clientHeight, least));
  }

  scaleBy(factor: number): void {
    const [first] = this.#halves;
    if (first === undefined) return;
    this.touched = true;
    this.#zoom.scaleBy(select(first), factor);
  }

  /** By shares of the width and height. */
  pan(x: number, y: number): void {
    const [first] = this.#halves;
    if (first === undefined) return;
    this.touched = true;
    const { k, x: left, y: top } = this.#view;
    this.set({ k, x: left - x * first.clientWidth, y: top - y * first.clientHeight });
  }

  /** Brings a place to the middle. */
  fly({ x, y }: Spot): void {
    const [first] = this.#halves;
    if (first === undefined) return;
    this.touched = true;
    const k = Math.max(this.#view.k, NEAR);
    const to = zoomIdentity.translate(first.clientWidth / 2 - k * x, first.clientHeight / 2 - k * y).scale(k);
    if (still?.matches === true) this.set(to);
    else select(first).transition().duration(FLIGHT_MS).call(this.#zoom.transform, to);
  }

  /** Moves only as far as a place needs to be in sight. */
  reveal({ x, y }: Spot): void {
    const [first] = this.#halves;
    if (first === undefined) return;
    const { k, x: left, y: top } = this.#view;
    const into = (at: number, size: number): number => {
      const room = Math.min(40, size / 4);
      return at < room ? room - at : at > size - room ? size - room - at : 0;
    };
    const [dx, dy] = [into(x * k + left, first.clientWidth), into(y * k + top, first.clientHeight)];
    if (dx !== 0 || dy !== 0) this.set({ k, x: left + dx, y: top + dy });
  }
}
