/**
 * Static info as bytes, column by column: the note's length and its 16-bit code units; the number of further sets of interfaces and the ids of each; then for each field
 * of which something is known its number, which set of interfaces it is known of (0: the entry's egress and its peering interfaces) and the values in that order. Latencies are
 * nanoseconds and bandwidths bits a second, in a power of ten; geographic positions two IEEE doubles, the extensions one each. Ids, runs and numbers as in columns.ts.
 */
import type { IfId } from "../address.ts";
import type { StaticInfo } from "../segment.ts";
import {
  createReader,
  fail,
  getByte,
  getDouble,
  getIds,
  getNumber,
  getQuantities,
  getRuns,
  putDouble,
  putIds,
  putNumber,
  putQuantities,
  putRuns,
  type Reader,
  type Written,
} from "./columns.ts";

type Geo = { readonly lat: number; readonly lon: number; readonly address: string };
type LinkType = "direct" | "multihop" | "opennet";

const LINK_TYPES: readonly LinkType[] = ["direct", "multihop", "opennet"];
const MAX_NOTE = 255;
const FIELDS = 10;
const GEO = 4;

/** Fields in the order of their numbers. */
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

/** `named`: the entry's egress and peering interfaces, ascending. */
export function putStaticInfo(out: Written, info: StaticInfo, named: readonly IfId[]): void {
  const note = info.note.slice(0, MAX_NOTE);
  out.push(note.length);
  for (let n = 0; n < note.length; n++) out.push(note.charCodeAt(n) >> 8, note.charCodeAt(n) & 0xff);
  const sets: (readonly IfId[])[] = [named];
  const columns: { field: number; place: number; values: readonly unknown[] }[] = [];
  for (const [field, known] of fieldsOf(info).entries()) {
    if (known.size === 0) continue;
    const ids = [...known.keys()].sort((left, right) => left - right);
    let place = sets.findIndex((set) => isSame(set, ids));
    if (place < 0) place = sets.push(ids) - 1;
    columns.push({ field, place, values: ids.map((ifId) => known.get(ifId)) });
  }
  putNumber(out, sets.length - 1);
  for (const ids of sets.slice(1)) putIds(out, ids);
  for (const { field, place, values } of columns) {
    out.push(field, place);
    putColumn(out, field, values);
  }
}

function isSame(left: readonly IfId[], right: readonly IfId[]): boolean {
  return left.length === right.length && left.every((ifId, n) => ifId === right[n]);
}

function putColumn(out: Written, field: number, values: readonly unknown[]): void {
  if (field < 4) {
    const scale = field < 2 ? 1 : 1_000;
    putQuantities(
      out,
      (values as number[]).map((value) => Math.round(value * scale)),
    );
  } else if (field === GEO) putRuns(out, values as Geo[], putGeo);
  else if (field === 5) putRuns(out, values as LinkType[], (into, type) => into.push(LINK_TYPES.indexOf(type)));
  else if (field === 6) putRuns(out, values as number[], (into, hops) => into.push(hops));
  else putRuns(out, values as number[], putDouble);
}

function putGeo(out: Written, { lat, lon }: Geo): void {
  putDouble(out, lat);
  putDouble(out, lon);
}

/** What fills `bytes[start, end)`; null where that is no static info. */
export function decodeStaticInfo(
  bytes: Uint8Array,
  start: number,
  end: number,
  named: readonly IfId[],
): StaticInfo | null {
  const reader = createReader(bytes, start, end);
  const note = Array.from({ length: getByte(reader) }, () => {
    const high = getByte(reader);
    return String.fromCharCode(high * 0x100 + getByte(reader));
  }).join("");
  const further = getNumber(reader);
  if (further > FIELDS) return null;
  const sets = [named, ...Array.from({ length: further }, () => getIds(reader))];
  const maps = Array.from({ length: FIELDS }, () => new Map<IfId, unknown>());
  let before = -1;
  while (!reader.failed && reader.at < end) {
    const field = getByte(reader);
    const ids = sets[getByte(reader)];
    // Ascending, so that no bytes stand for more than there are fields.
    if (field <= before || field >= FIELDS || ids === undefined) return null;
    before = field;
    const values = getColumn(reader, field, ids.length, note);
    if (reader.failed) return null;
    const map = maps[field] as Map<IfId, unknown>;
    for (const [n, ifId] of ids.entries()) map.set(ifId, values[n]);
  }
  return reader.failed ? null : infoOf(maps, note);
}

function getColumn(reader: Reader, field: number, count: number, address: string): readonly unknown[] {
  if (field < 2) return getQuantities(reader, count);
  if (field < 4) return getQuantities(reader, count).map((rate) => rate / 1_000);
  if (field === GEO) return getRuns(reader, count, (from) => ({ lat: getDouble(from), lon: getDouble(from), address }));
  if (field === 5) return getRuns(reader, count, (from) => LINK_TYPES[getByte(from)] ?? fail(from));
  return getRuns(reader, count, field === 6 ? getByte : getDouble);
}

function infoOf(maps: readonly Map<IfId, unknown>[], note: string): StaticInfo {
  const numbers = (field: number): ReadonlyMap<IfId, number> => maps[field] as Map<IfId, number>;
  return {
    latency: { intra: numbers(0), inter: numbers(1) },
    bandwidthKbps: { intra: numbers(2), inter: numbers(3) },
    geo: maps[GEO] as Map<IfId, Geo>,
    linkType: maps[5] as Map<IfId, LinkType>,
    internalHops: numbers(6),
    note,
    carbonGPerGb: numbers(7),
    costPerGb: numbers(8),
    lossRatio: numbers(9),
  };
}
