/** Instants as people write them. */
import type { Nanos } from "../../../core/units.ts";

const UNITS: Readonly<Record<string, number>> = {
  h: 3600e9,
  min: 60e9,
  m: 60e9,
  s: 1e9,
  ms: 1e6,
  us: 1e3,
  µs: 1e3,
  ns: 1,
};
const PART = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(h|min|ms|us|µs|ns|m|s)?/;

/** "12.5s", "12.5", "1m30s", "350ms", "1:30.5" or "#1234", an event's number; null: none of those. */
export function parseInstant(text: string): { readonly time: Nanos } | { readonly event: number } | null {
  const event = /^\s*#\s*(\d{1,15})\s*$/.exec(text);
  if (event !== null) return { event: Number(event[1]) };
  const clock = /^\s*(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)\s*$/.exec(text);
  if (clock !== null) {
    const [, hours = "0", minutes, seconds] = clock;
    return { time: Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1e9) };
  }
  return parseParts(text);
}

function parseParts(text: string): { readonly time: Nanos } | null {
  let rest = text;
  let time = 0;
  let parts = 0;
  for (let part = PART.exec(rest); part !== null; part = PART.exec(rest)) {
    const [whole, value, unit] = part;
    if (unit === undefined && parts > 0) return null;
    time += Number(value) * (UNITS[unit ?? "s"] ?? 1e9);
    rest = rest.slice(whole.length);
    parts++;
    if (unit === undefined) break;
  }
  return parts === 0 || rest.trim() !== "" ? null : { time: Math.round(time) };
}

/** "12.500000 s": with as many digits as tell events apart. */
export function formatInstant(time: Nanos): string {
  return `${(time / 1e9).toFixed(6)} s`;
}

/** "12.5 s", "350 ms": short, for tooltips and what is read aloud. */
export function formatBriefly(time: Nanos): string {
  if (time >= 1e9 || time === 0) return `${Number((time / 1e9).toFixed(3))} s`;
  return time >= 1e6 ? `${Number((time / 1e6).toFixed(3))} ms` : `${Number((time / 1e3).toFixed(3))} µs`;
}

/** A speed at which a run lasts about half a minute: two digits, 0.01 to 100. */
export function fittingSpeed(duration: Nanos): number {
  return clampSpeed(Number((duration / 30e9).toPrecision(2)));
}

export function clampSpeed(speed: number): number {
  return Number.isFinite(speed) ? Math.min(100, Math.max(0.01, speed)) : 1;
}
