/** Values as people read them: three significant digits, the unit's own prefix. */
import { format } from "d3";
import type { Metric } from "../../core/comparison.ts";

export type Unit = Metric["unit"];

const three = format(".3~r");
const MISSING = "\u2013";

/** How the values of a metric are written: what they are divided by, and what stands behind them. */
export interface Scale {
  readonly divisor: number;
  readonly unit: string;
}

/** One scale for all values of a table or chart, by the largest of them. */
export function scaleOf(unit: Unit, values: readonly (number | null)[]): Scale {
  const largest = values.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  switch (unit) {
    case "share":
      return { divisor: 0.01, unit: "%" };
    case "bit/s":
      return decimal(largest, "bit/s");
    case "B":
      return decimal(largest, "B");
    case "ms":
      return largest >= 1_000 ? { divisor: 1000, unit: "s" } : { divisor: 1, unit: "ms" };
    case "s":
      return largest < 1 && largest > 0 ? { divisor: 0.001, unit: "ms" } : { divisor: 1, unit: "s" };
    case "1/min":
      return { divisor: 1, unit: "/min" };
    case "index":
      return { divisor: 1, unit: "" };
  }
}

function decimal(largest: number, unit: string): Scale {
  if (largest >= 1e9) return { divisor: 1e9, unit: `G${unit}` };
  if (largest >= 1e6) return { divisor: 1e6, unit: `M${unit}` };
  if (largest >= 1e3) return { divisor: 1e3, unit: `k${unit}` };
  return { divisor: 1, unit };
}

/** Without the unit; a dash where there is no value. Shares close to 1 keep what they lack: 99.96, not 100. */
export function formatValue(value: number | null, { divisor, unit }: Scale): string {
  if (value === null || !Number.isFinite(value)) return MISSING;
  const scaled = value / divisor;
  const lacking = 100 - scaled;
  if (unit === "%" && lacking > 0 && lacking < 1) return withMinus(fixed(scaled, lacking < 0.01 ? 4 : 2));
  const size = Math.abs(scaled);
  if (size === 0) return "0";
  if (size >= 100) return withMinus(fixed(scaled, 0));
  if (size < 0.001) return withMinus(format(".1e")(scaled));
  return withMinus(three(scaled));
}

function fixed(value: number, digits: number): string {
  return format(`,.${digits}f`)(value);
}

function withMinus(text: string): string {
  return text.replace("-", "\u2212");
}

/** With the unit. */
export function formatWithUnit(value: number | null, scale: Scale): string {
  const text = formatValue(value, scale);
  return text === MISSING || scale.unit === "" ? text : `${text}\u00a0${scale.unit}`;
}

/** `a to b`, without the unit. */
export function formatInterval(interval: readonly [number, number] | null, scale: Scale): string {
  return interval === null ? MISSING : `${formatValue(interval[0], scale)} to ${formatValue(interval[1], scale)}`;
}

/** With its sign, for differences. */
export function formatDifference(value: number | null, scale: Scale): string {
  const plain: Scale = scale.unit === "%" ? { ...scale, unit: "points" } : scale;
  const text = formatValue(value, plain);
  return value !== null && value > 0 ? `+${text}` : text;
}

export function formatCount(value: number): string {
  return format(",.0f")(value);
}

/** A share of one as percent. */
export function formatShare(share: number | null): string {
  return formatWithUnit(share, { divisor: 0.01, unit: "%" });
}

export function formatSeconds(ns: number): string {
  return `${three(ns / 1e9)}`;
}
