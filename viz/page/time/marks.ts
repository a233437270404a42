/** What of the bookmarks is drawn on the bar of time. */
import type { Bookmark, BookmarkKind } from "../../../core/exploration.ts";
import type { Nanos } from "../../../core/units.ts";

/** Kinds from the one drawn first, below the others. */
export const KINDS: readonly BookmarkKind[] = ["state", "drop", "switch", "fault", "first-difference"];

/** Marks of one kind stand at least so many pixels apart. */
const APART = 9;

export interface Mark {
  readonly bookmark: Bookmark;
  /** Of the same kind, so near that they are not drawn. */
  readonly more: number;
}

/** The first of each kind in each few pixels. */
export function visibleMarks(bookmarks: readonly Bookmark[], whole: Nanos, pixels: number): readonly Mark[] {
  const cells = Math.max(1, Math.floor(pixels / APART));
  return KINDS.flatMap((kind) => {
    const groups = new Map<number, { bookmark: Bookmark; more: number }>();
    for (const bookmark of bookmarks) {
      if (bookmark.kind !== kind) continue;
      const cell = whole > 0 ? Math.floor((bookmark.time_ns / whole) * cells) : 0;
      const group = groups.get(cell);
      if (group === undefined) groups.set(cell, { bookmark, more: 0 });
      else group.more++;
    }
    return [...groups.values()];
  });
}

export interface Band {
  readonly from: Nanos;
  readonly to: Nanos;
  readonly text: string;
}

const ENDS = /\b(recovers?|heals?|healed|comes? back|is (back|up)|ends?|goes? up|works? again)\b/;
const BEGINS = /\b(fails?|cut|goes? down|is (cut|down|impaired)|impaired|fades?|loses|changes?)\b/;

/** When something was broken: from a fault to the end of the same actor's fault, or as far as the run is known. */
export function faultBands(bookmarks: readonly Bookmark[], known: Nanos): readonly Band[] {
  const open = new Map<string, Bookmark>();
  const bands: Band[] = [];
  for (const bookmark of bookmarks) {
    if (bookmark.kind !== "fault") continue;
    const began = open.get(bookmark.actor);
    if (ENDS.test(bookmark.text)) {
      open.delete(bookmark.actor);
      if (began !== undefined) bands.push({ from: began.time_ns, to: bookmark.time_ns, text: began.text });
    } else if (began === undefined && BEGINS.test(bookmark.text)) open.set(bookmark.actor, bookmark);
  }
  for (const { time_ns, text } of open.values()) bands.push({ from: time_ns, to: Math.max(known, time_ns), text });
  return bands;
}

/** The next bookmark in the direction `by` (1, -1) as seen from after event number `event`; null: none. Several of one event are one. */
export function neighbour(bookmarks: readonly Bookmark[], event: number, by: 1 | -1): Bookmark | null {
  let best: Bookmark | null = null;
  for (const one of bookmarks) {
    const ahead = (one.event - event) * by;
    if (ahead > 0 && (best === null || ahead < (best.event - event) * by)) best = one;
  }
  return best;
}
