/** Colours of flows, paths and loads as CSS strings, for what is drawn on a canvas; what is an element takes the custom properties of base.css. */
import { DARK, LIGHT, type Theme } from "../charts/palette.ts";

const dark = typeof matchMedia === "function" ? matchMedia("screen and (prefers-color-scheme: dark)") : null;

/** The theme that the reader prefers now; light where nobody can be asked. */
export function currentTheme(): Theme {
  return dark?.matches === true ? DARK : LIGHT;
}

/** Calls `redraw` when the reader prefers another theme; returns what ends that. */
export function onThemeChange(redraw: () => void): () => void {
  dark?.addEventListener("change", redraw);
  return () => dark?.removeEventListener("change", redraw);
}

/** Colour of the flow of this index in the outline; more flows than colours begin again. */
export function flowColour(index: number): string {
  return seriesColour(index);
}

/** Colour of the path of this index in a frame's `paths`; more paths than colours begin again. */
export function pathColour(index: number): string {
  return seriesColour(index);
}

/** Below 0: of no series. */
function seriesColour(index: number): string {
  const { series, muted } = currentTheme();
  return index < 0 ? muted : (series[index % series.length] ?? muted);
}
