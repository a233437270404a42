/**
 * Compact lists of what an AS entry says of interfaces: numbers of seven bits a byte, lowest first, the top bit set on all but the last (LEB128, as
 * protobuf's); ascending ids as runs; values of one kind as runs of equal ones. Reading takes any bytes and never throws.
 */
import type { IfId } from "../address.ts";

/** Bytes as they are written. */
export type Written = number[];

/** Bytes yet to be read, up to `end`; once `failed`, all further numbers are 0. */
export interface Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  failed: boolean;
}

export function createReader(bytes: Uint8Array, start: number, end: number): Reader {
  return { bytes, at: start, end, failed: false };
}

/** A whole number from 0 to 2^53 - 1. */
export function putNumber(out: Written, value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    const low = rest % 0x80;
    out.push(low + 0x80);
    rest = (rest - low) / 0x80;
  }
  out.push(rest);
}

export function getNumber(reader: Reader): number {
  let value = 0;
  let scale = 1;
  for (let taken = 0; taken < 8; taken++) {
    const byte = getByte(reader);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : fail(reader);
    scale *= 0x80;
  }
  return fail(reader);
}

export function getByte(reader: Reader): number {
  if (reader.failed || reader.at >= reader.end) return fail(reader);
  return reader.bytes[reader.at++] as number;
}

/** Whatever is read from here on is nothing. */
export function fail(reader: Reader): 0 {
  reader.failed = true;
  return 0;
}

const SCRATCH = new DataView(new ArrayBuffer(8));

/** An IEEE double, big endian. */
export function putDouble(out: Written, value: number): void {
  SCRATCH.setFloat64(0, value);
  for (let n = 0; n < 8; n++) out.push(SCRATCH.getUint8(n));
}

export function getDouble(reader: Reader): number {
  for (let n = 0; n < 8; n++) SCRATCH.setUint8(n, getByte(reader));
  const value = SCRATCH.getFloat64(0);
  return Number.isFinite(value) ? value : fail(reader);
}

const MAX_ID = 0xffff;

/** Ascending ids: number of runs, then for each the ids left out before it and its length less one. */
export function putIds(out: Written, ids: readonly IfId[]): void {
  const runs: { first: IfId; last: IfId }[] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1 === id) run.last = id;
    else runs.push({ first: id, last: id });
  }
  putNumber(out, runs.length);
  let next = 0;
  for (const { first, last } of runs) {
    putNumber(out, first - next);
    putNumber(out, last - first);
    next = last + 1;
  }
}

export function getIds(reader: Reader): IfId[] {
  const ids: IfId[] = [];
  const runs = getNumber(reader);
  let next = 0;
  for (let n = 0; n < runs && !reader.failed; n++) {
    const first = next + getNumber(reader);
    const last = first + getNumber(reader);
    if (reader.failed || last > MAX_ID) {
      fail(reader);
      return [];
    }
    for (let id = first; id <= last; id++) ids.push(id);
    next = last + 1;
  }
  return ids;
}

/** Values as runs of equal ones: how many, and the value. */
export function putRuns<V>(out: Written, values: readonly V[], put: (out: Written, value: V) => void): void {
  for (let at = 0; at < values.length; ) {
    const value = values[at] as V;
    let end = at + 1;
    while (end < values.length && values[end] === value) end++;
    putNumber(out, end - at);
    put(out, value);
    at = end;
  }
}

/** `count` values. */
export function getRuns<V>(reader: Reader, count: number, get: (reader: Reader) => V): V[] {
  const values: V[] = [];
  while (values.length < count && !reader.failed) {
    const run = getNumber(reader);
    if (run === 0 || run > count - values.length) fail(reader);
    const value = get(reader);
    if (!reader.failed) for (let n = 0; n < run; n++) values.push(value);
  }
  return values;
}

/** Powers of ten that numbers are given in: milliseconds, megabits. */
const UNITS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;

/** Whole numbers: the greatest power of ten that divides all of them, then runs of their multiples of it. */
export function putQuantities(out: Written, values: readonly number[]): void {
  let power = UNITS.length - 1;
  for (const value of values) while (power > 0 && value % (UNITS[power] as number) !== 0) power--;
  const unit = UNITS[power] as number;
  out.push(power);
  putRuns(out, values, (into, value) => putNumber(into, value / unit));
}

export function getQuantities(reader: Reader, count: number): number[] {
  const unit = UNITS[getByte(reader)] ?? fail(reader);
  return getRuns(reader, count, (from) => {
    const value = getNumber(from) * unit;
    return value <= Number.MAX_SAFE_INTEGER ? value : fail(from);
  });
}
