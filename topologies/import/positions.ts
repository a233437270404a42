/** Positions as files give them. */
import type { Position } from "../geography.ts";

/** Degrees within their bounds; no number is not. */
export function isPosition({ lat, lon }: Position): boolean {
  return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180;
}
