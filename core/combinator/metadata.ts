/** Gathers what the ASes on a path say of it (scionproto `combinator/staticinfo_accumulator.go`). */
import type { IA, IfId } from "../address.ts";
import type { PathInterface, PathMetadata } from "../path.ts";
import type { AsEntry, StaticInfo } from "../segment.ts";

/** @param entries those that the path uses, of all its segments; undefined where none says anything. */
export function gatherMetadata(
  interfaces: readonly PathInterface[],
  entries: readonly AsEntry[],
): PathMetadata | undefined {
  if (entries.every(({ staticInfo }) => staticInfo === null)) return undefined;
  const said = new Map<IA, AsEntry[]>();
  for (const entry of entries) {
    const known = said.get(entry.ia);
    if (known === undefined) said.set(entry.ia, [entry]);
    else known.push(entry);
  }
  const infos = new Map(
    [...said].map(([ia, own]) => [ia, own.flatMap(({ staticInfo }) => (staticInfo === null ? [] : [staticInfo]))]),
  );
  const infosOf = (ia: IA): readonly StaticInfo[] => infos.get(ia) ?? [];
  const atEnd = <T>({ ia, ifId }: PathInterface, of: (info: StaticInfo) => ReadonlyMap<IfId, T>): readonly T[] =>
    infosOf(ia).flatMap((info) => of(info).get(ifId) ?? []);
  const overLinks = <T>(of: (info: StaticInfo) => ReadonlyMap<IfId, T>): readonly T[][] =>
    linksOf(interfaces).map(([from, to]) => [...atEnd(from, of), ...atEnd(to, of)]);
  const within = <T>(of: (info: StaticInfo) => ReadonlyMap<IfId, T>): readonly T[][] =>
    crossingsOf(interfaces).map(([from, to]) => acrossAs(said.get(from.ia) ?? [], from.ifId, to.ifId, of));
  const both = <T>(
    inter: (info: StaticInfo) => ReadonlyMap<IfId, T>,
    intra: (info: StaticInfo) => ReadonlyMap<IfId, T>,
  ): readonly T[][] => {
    const inside = within(intra);
    return overLinks(inter).flatMap((link, at) => [link, ...inside.slice(at, at + 1)]);
  };
  const asesOnTheWay = [...new Set(interfaces.map(({ ia }) => ia))];
  return {
    latencyNs: both(
      ({ latency }) => latency.inter,
      ({ latency }) => latency.intra,
    ).map(highest),
    bandwidthKbps: both(
      ({ bandwidthKbps }) => bandwidthKbps.inter,
      ({ bandwidthKbps }) => bandwidthKbps.intra,
    ).map(lowest),
    geo: interfaces.map((end) => atEnd(end, ({ geo }) => geo).at(-1) ?? null),
    linkType: overLinks(({ linkType }) => linkType).map(agreed),
    internalHops: within(({ internalHops }) => internalHops).map(lowest),
    notes: asesOnTheWay.map((ia) => notesOf(infosOf(ia))),
    carbonGPerGb: overLinks(({ carbonGPerGb }) => carbonGPerGb).map(highest),
    costPerGb: overLinks(({ costPerGb }) => costPerGb).map(highest),
    lossRatio: overLinks(({ lossRatio }) => lossRatio).map(highest),
  };
}

type Pair = readonly [from: PathInterface, to: PathInterface];

function linksOf(interfaces: readonly PathInterface[]): Pair[] {
  return pairsFrom(interfaces, 0);
}

function crossingsOf(interfaces: readonly PathInterface[]): Pair[] {
  return pairsFrom(interfaces, 1);
}

function pairsFrom(interfaces: readonly PathInterface[], first: number): Pair[] {
  const pairs: Pair[] = [];
  for (let at = first; at + 1 < interfaces.length; at += 2) {
    pairs.push([interfaces[at] as PathInterface, interfaces[at + 1] as PathInterface]);
  }
  return pairs;
}

/** What entries of one AS say of the way between two of its interfaces: each speaks of the ways from its egress. */
function acrossAs<T>(
  entries: readonly AsEntry[],
  from: IfId,
  to: IfId,
  of: (info: StaticInfo) => ReadonlyMap<IfId, T>,
): T[] {
  return entries.flatMap(({ hop, staticInfo }) => {
    const other = hop.egress === from ? to : hop.egress === to ? from : 0;
    return staticInfo === null || other === 0 ? [] : (of(staticInfo).get(other) ?? []);
  });
}

function highest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

/** 0 says nothing (`addHopBandwidth`, `addHopInternalHops`). */
function lowest(values: readonly number[]): number | null {
  const known = values.filter((value) => value > 0);
  return known.length === 0 ? null : Math.min(...known);
}

/** Each different note once (`collectNotes`). */
function notesOf(infos: readonly StaticInfo[]): string {
  return [...new Set(infos.flatMap(({ note }) => (note === "" ? [] : [note])))].join("\n");
}

function agreed<T>(values: readonly T[]): T | null {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : null;
}
