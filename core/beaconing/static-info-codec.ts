/**
 * Static info as bytes: `u8` length and that many 16-bit code units of the note, `u16` number of runs, and for each of them the `u16` ids of its
 * first and last interface (interfaces one after another of which the same is known), a `u16` mask of what that is, and that in the order of the mask's bits. Latencies are nanoseconds (48 bits), bandwidths bits a second (64 bits),
 * geographic positions two IEEE doubles, the extensions one each.
 */
import type { IfId } from "../address.ts";
import type { StaticInfo } from "../segment.ts";
import { get16, get48, get64, put16, put48, put64 } from "../wire/bytes.ts";

type Geo = { readonly lat: number; readonly lon: number; readonly address: string };
type LinkType = "direct" | "multihop" | "opennet";

const LINK_TYPES: readonly LinkType[] = ["direct", "multihop", "opennet"];
const MAX_NOTE = 255;
/** Bytes of each field, by its bit. */
const SIZES = [6, 6, 8, 8, 16, 1, 1, 8, 8, 8] as const;
const MAX_MASK = 0x3ff;

/** Fields in the order of bits. */
function fieldsOf(info: StaticInfo): readonly ReadonlyMap<IfId, unknown>[] {
  const { bandwidthKbps, carbonGPerGb, costPerGb, geo, internalHops, latency, linkType, lossRatio } = info;
  return [
    latency.intra,
    latency.inter,
    bandwidthKbps.intra,
    bandwidthKbps.inter,
    geo,
    linkType,
    internalHops,
    carbonGPerGb,
    costPerGb,
    lossRatio,
  ];
}

export function encodeStaticInfo(info: StaticInfo): Uint8Array {
  const fields = fieldsOf(info);
  const ids = [...new Set(fields.flatMap((field) => [...field.keys()]))].sort((left, right) => left - right);
  const note = info.note.slice(0, MAX_NOTE);
  const runs: Run[] = [];
  for (const ifId of ids) {
    const run = runs.at(-1);
    const values = fields.map((field) => field.get(ifId));
    if (run !== undefined && run.last + 1 === ifId && isSame(run.values, values)) run.last = ifId;
    else runs.push({ first: ifId, last: ifId, mask: maskOf(values), values });
  }
  const bytes = new Uint8Array(runs.reduce((sum, { mask }) => sum + RUN_BYTES + sizeOf(mask), 3 + 2 * note.length));
  bytes[0] = note.length;
  for (let n = 0; n < note.length; n++) put16(bytes, 1 + 2 * n, note.charCodeAt(n));
  let at = 1 + 2 * note.length;
  put16(bytes, at, runs.length);
  at += 2;
  for (const { first, last, mask, values } of runs) {
    put16(bytes, at, first);
    put16(bytes, at + 2, last);
    put16(bytes, at + 4, mask);
    at += RUN_BYTES;
    for (const [bit, value] of values.entries()) {
      if (value === undefined) continue;
      putField(bytes, at, bit, value);
      at += SIZES[bit] as number;
    }
  }
  return bytes;
}

/** Interfaces one after another of which the same is known. */
interface Run {
  readonly first: IfId;
  last: IfId;
  readonly mask: number;
  readonly values: readonly unknown[];
}

const RUN_BYTES = 6;

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.every((value, bit) => value === right[bit]);
}

function maskOf(values: readonly unknown[]): number {
  return values.reduce<number>((mask, value, bit) => (value === undefined ? mask : mask | (1 << bit)), 0);
}

function sizeOf(mask: number): number {
  return SIZES.reduce<number>((sum, size, bit) => ((mask >> bit) & 1 ? sum + size : sum), 0);
}

function putField(bytes: Uint8Array, at: number, bit: number, value: unknown): void {
  if (bit < 2) put48(bytes, at, value as number);
  else if (bit < 4) put64(bytes, at, Math.round((value as number) * 1_000));
  else if (bit === 4) {
    putDouble(bytes, at, (value as Geo).lat);
    putDouble(bytes, at + 8, (value as Geo).lon);
  } else if (bit === 5) bytes[at] = LINK_TYPES.indexOf(value as LinkType);
  else if (bit === 6) bytes[at] = value as number;
  else putDouble(bytes, at, value as number);
}

/** What fills `bytes[start, end)`; null where that is no static info. */
export function decodeStaticInfo(bytes: Uint8Array, start: number, end: number): StaticInfo | null {
  if (end - start < 3) return null;
  const length = bytes[start] as number;
  let at = start + 1 + 2 * length;
  if (at + 2 > end) return null;
  const note = String.fromCharCode(...Array.from({ length }, (_, n) => get16(bytes, start + 1 + 2 * n)));
  const count = get16(bytes, at);
  at += 2;
  const maps = SIZES.map(() => new Map<IfId, unknown>());
  let before = -1;
  for (let n = 0; n < count; n++) {
    if (at + RUN_BYTES > end) return null;
    const [first, last, mask] = [get16(bytes, at), get16(bytes, at + 2), get16(bytes, at + 4)];
    at += RUN_BYTES;
    // Ascending, so that no bytes stand for more than there are interfaces.
    if (first <= before || last < first || mask > MAX_MASK || at + sizeOf(mask) > end) return null;
    before = last;
    for (let bit = 0; bit < SIZES.length; bit++) {
      if (((mask >> bit) & 1) === 0) continue;
      const value = fieldAt(bytes, at, bit, note);
      if (value === null) return null;
      for (let ifId = first; ifId <= last; ifId++) maps[bit]?.set(ifId, value);
      at += SIZES[bit] as number;
    }
  }
  return at === end ? infoOf(maps, note) : null;
}

function infoOf(maps: readonly Map<IfId, unknown>[], note: string): StaticInfo {
  const numbers = (bit: number): ReadonlyMap<IfId, number> => maps[bit] as Map<IfId, number>;
  return {
    latency: { intra: numbers(0), inter: numbers(1) },
    bandwidthKbps: { intra: numbers(2), inter: numbers(3) },
    geo: maps[4] as Map<IfId, Geo>,
    linkType: maps[5] as Map<IfId, LinkType>,
    internalHops: numbers(6),
    note,
    carbonGPerGb: numbers(7),
    costPerGb: numbers(8),
    lossRatio: numbers(9),
  };
}

/** null: no such value. */
function fieldAt(bytes: Uint8Array, at: number, bit: number, note: string): unknown {
  if (bit < 2) return get48(bytes, at);
  if (bit < 4) {
    const rate = get64(bytes, at);
    return rate < 0 ? null : rate / 1_000;
  }
  if (bit === 4) {
    const [lat, lon] = [getDouble(bytes, at), getDouble(bytes, at + 8)];
    return lat === null || lon === null ? null : { lat, lon, address: note };
  }
  if (bit === 5) return LINK_TYPES[bytes[at] as number] ?? null;
  return bit === 6 ? bytes[at] : getDouble(bytes, at);
}

function putDouble(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset + at, 8).setFloat64(0, value);
}

function getDouble(bytes: Uint8Array, at: number): number | null {
  const value = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0);
  return Number.isFinite(value) ? value : null;
}
