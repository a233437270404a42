/**
 * Scrolling over more rows than a browser's greatest height has room for: beyond it the scroll bar stands for the whole list by proportion, while short movements
 * (wheel, finger) still move as many pixels of rows as the reader's hand does.
 */

export interface ScrollSizes {
  readonly rows: number;
  readonly rowHeight: number;
  /** Height of the window on them. */
  readonly seen: number;
}

/** Browsers end between 17 and 33 million pixels. */
export const MAX_HEIGHT = 8_000_000;
/** Movements up to so many windows at once are a wheel's or a finger's; longer ones the scroll bar's. */
const SHORT = 2;

/** Of the element that is scrolled. */
export function scrollHeight({ rows, rowHeight, seen }: ScrollSizes): number {
  return Math.max(seen, Math.min(MAX_HEIGHT, rows * rowHeight));
}

/** The greatest first row, with its part that is scrolled out of sight. */
export function lastTop({ rows, rowHeight, seen }: ScrollSizes): number {
  return Math.max(0, rows - seen / rowHeight);
}

/** Where the scroll bar stands when `top` is the first row in sight. */
export function scrollOf(sizes: ScrollSizes, top: number): number {
  const last = lastTop(sizes);
  const room = scrollHeight(sizes) - sizes.seen;
  return last === 0 ? 0 : (clampTop(sizes, top) / last) * room;
}

export function topOf(sizes: ScrollSizes, scroll: number): number {
  const room = scrollHeight(sizes) - sizes.seen;
  return room <= 0 ? 0 : (Math.max(0, Math.min(room, scroll)) / room) * lastTop(sizes);
}

/** The first row after the scroll bar went from `before` to `now`, when it was `top`. */
export function movedTop(sizes: ScrollSizes, top: number, before: number, now: number): number {
  const room = scrollHeight(sizes) - sizes.seen;
  const isEnd = now <= 0 || now >= room - 1;
  const isShort = Math.abs(now - before) <= SHORT * sizes.seen;
  if (isEnd || !isShort || sizes.rows * sizes.rowHeight <= MAX_HEIGHT) return topOf(sizes, now);
  return clampTop(sizes, top + (now - before) / sizes.rowHeight);
}

export function clampTop(sizes: ScrollSizes, top: number): number {
  return Math.max(0, Math.min(lastTop(sizes), top));
}
