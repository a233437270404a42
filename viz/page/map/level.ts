/**
 * Sizes by zoom. Symbols grow and shrink less than the map does, and in steps: within a step everything is only moved and scaled as a whole,
 * at its end sizes are set anew.
 */

/** Steps for each doubling of the zoom. */
const STEPS = 2;
/** Pixels of a unit of the map, least and most. */
export const ZOOM_RANGE: readonly [number, number] = [0.01, 12];

/** All in units of the map. */
export interface Level {
  readonly step: number;
  /** A pixel. */
  readonly pixel: number;
  /** Half the width of an AS. */
  readonly radius: number;
  /** What one pixel of a line's nominal width is. */
  readonly line: number;
  /** Height of the names. */
  readonly font: number;
}

export function stepOf(zoom: number): number {
  return Math.round(Math.log2(zoom) * STEPS);
}

export function levelOf(step: number): Level {
  const zoom = 2 ** (step / STEPS);
  const pixel = 1 / zoom;
  return {
    step,
    pixel,
    radius: Math.min(13, 9.5 * zoom ** 0.6) * pixel,
    line: Math.max(0.3, Math.min(1.25, zoom ** 0.4)) * pixel,
    font: (zoom > 1.2 ? 12.5 : 11) * pixel,
  };
}
