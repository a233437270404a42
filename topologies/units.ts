/**
 * Quantities as people write them, to and from base units: `250ms`, `100Mbit/s`, `64KiB`, `5%`. Parsing is exact (no
 * floating point between the digits and the result), so that a text names one value on every machine.
 */
import { err, ok, type Result } from "../core/result.ts";
import type { BitsPerSecond, Bytes, Nanos } from "../core/units.ts";
import { closest } from "./suggest.ts";

/** Why a text is no quantity. */
export interface QuantityProblem {
  readonly expected: string;
  readonly found: string;
  readonly didYouMean?: string;
}

/** A kind of quantity: its units, from small to large, each with its factor to the base unit. */
export interface QuantityKind {
  readonly expected: string;
  readonly base: string;
  readonly units: ReadonlyMap<string, number>;
  /** What else people write for a unit, in lower case. */
  readonly aliases: ReadonlyMap<string, string>;
}

export const DURATION: QuantityKind = {
  expected: "a duration such as 250ms, 10s or 2min",
  base: "nanoseconds",
  units: new Map([
    ["ns", 1],
    ["us", 1e3],
    ["ms", 1e6],
    ["s", 1e9],
    ["min", 60e9],
    ["h", 3_600e9],
  ]),
  aliases: new Map([
    ["µs", "us"],
    ["μs", "us"],
    ["sec", "s"],
    ["secs", "s"],
    ["second", "s"],
    ["seconds", "s"],
    ["m", "min"],
    ["minutes", "min"],
    ["hr", "h"],
    ["hour", "h"],
    ["hours", "h"],
  ]),
};

export const RATE: QuantityKind = {
  expected: "a rate such as 64kbit/s, 100Mbit/s or 1Gbit/s",
  base: "bits a second",
  units: new Map([
    ["bit/s", 1],
    ["kbit/s", 1e3],
    ["Mbit/s", 1e6],
    ["Gbit/s", 1e9],
    ["Tbit/s", 1e12],
  ]),
  aliases: new Map(
    ["", "k", "M", "G", "T"].flatMap((prefix) =>
      ["bps", "b/s", "bit", "bits/s", "bit/sec"].map((unit): [string, string] => [
        (prefix + unit).toLowerCase(),
        `${prefix}bit/s`,
      ]),
    ),
  ),
};

export const SIZE: QuantityKind = {
  expected: "a size such as 1200B, 64KiB or 1MB",
  base: "bytes",
  units: new Map([
    ["B", 1],
    ["kB", 1e3],
    ["KiB", 1_024],
    ["MB", 1e6],
    ["MiB", 1_048_576],
    ["GB", 1e9],
    ["GiB", 1_073_741_824],
  ]),
  aliases: new Map([
    ["", "B"],
    ["byte", "B"],
    ["bytes", "B"],
    ["k", "KiB"],
    ["m", "MiB"],
    ["g", "GiB"],
  ]),
};

const SHARE_EXPECTED = "a share between 0 and 1, or a percentage such as 5%";

/** Digits before or after the point; more make no number that anybody means. */
const MAX_DIGITS = 24;

/** Whole nanoseconds, from `9600ns` to `2h`. */
export function parseDuration(text: string): Result<Nanos, QuantityProblem> {
  return parseQuantity(text, DURATION);
}

/** Whole bits a second. */
export function parseRate(text: string): Result<BitsPerSecond, QuantityProblem> {
  return parseQuantity(text, RATE);
}

/** Whole bytes: `kB`, `MB`, `GB` are powers of 1000, `KiB`, `MiB`, `GiB` of 1024. */
export function parseSize(text: string): Result<Bytes, QuantityProblem> {
  return parseQuantity(text, SIZE);
}

/** A share of one, as a percentage or a plain number: `5%` is `0.05`. */
export function parseShare(text: string): Result<number, QuantityProblem> {
  const match = /^(\d{1,24}(?:\.\d{1,24})?)(%?)$/.exec(text);
  if (match === null) return err({ expected: SHARE_EXPECTED, found: shown(text) });
  const share = match[2] === "%" ? Number(match[1]) / 100 : Number(match[1]);
  return share <= 1 ? ok(share) : err({ expected: SHARE_EXPECTED, found: shown(text) });
}

/** A quantity of any kind, in whole base units. */
export function parseQuantity(text: string, kind: QuantityKind): Result<number, QuantityProblem> {
  const match = /^(\d+)(?:\.(\d+))?([A-Za-z/]+)$/.exec(text);
  const [, whole = "", fraction = "", unit = ""] = match ?? [];
  const factor = kind.units.get(unit);
  if (factor === undefined || whole.length > MAX_DIGITS || fraction.length > MAX_DIGITS) {
    return err(misread(text, kind));
  }
  const scale = BigInt(`1${"0".repeat(fraction.length)}`);
  const scaled = BigInt(whole + fraction) * BigInt(factor);
  const value = scaled / scale;
  if (scaled % scale !== 0n) return err({ expected: `whole ${kind.base}`, found: shown(text) });
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    return err({ expected: `at most ${Number.MAX_SAFE_INTEGER} ${kind.base}`, found: shown(text) });
  }
  return ok(Number(value));
}

/** The suggestion keeps the number and replaces the unit by the nearest one. */
function misread(text: string, kind: QuantityKind): QuantityProblem {
  const problem = { expected: kind.expected, found: shown(text) };
  const [, number, written = ""] = /^\s*(\d{1,24}(?:\.\d{1,24})?)\s*(\S{0,16})\s*$/.exec(text) ?? [];
  if (number === undefined) return problem;
  const same = [...kind.units.keys()].find((name) => name === written);
  const unit = same ?? kind.aliases.get(written.toLowerCase()) ?? closest(written, kind.units.keys());
  return unit === undefined ? problem : { ...problem, didYouMean: number + unit };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

/** The shortest exact text: `5ms`, `1500us`. */
export function formatDuration(value: Nanos): string {
  return formatQuantity(value, DURATION, "s");
}

/** `20Mbit/s`; 0, which stands for no limit, has no text of its own here. */
export function formatRate(value: BitsPerSecond): string {
  return formatQuantity(value, RATE, "bit/s");
}

/** `64KiB`, `1200B`. */
export function formatSize(value: Bytes): string {
  return formatQuantity(value, SIZE, "B");
}

/** The text with the fewest characters, the larger unit where two are equal; `zero` is the unit that 0 is given. */
function formatQuantity(value: number, kind: QuantityKind, zero: string): string {
  if (value === 0) return `0${zero}`;
  const texts = [...kind.units].flatMap(([unit, factor]) => (value % factor === 0 ? [`${value / factor}${unit}`] : []));
  return texts.reduce((best, text) => (text.length <= best.length ? text : best));
}
