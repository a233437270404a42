/** The network of a run as the map needs it: by index, with what lies beside what. */
import type { OutlinedAs, RunOutline } from "../../../core/exploration.ts";
import type { LinkType } from "../../../core/scenario.ts";
import { iaOf, isdOf } from "../../charts/network.ts";

export interface MapAs {
  readonly ia: string;
  readonly isd: string;
  readonly core: boolean;
  /** What stands beside it: its label, or what tells its number from those of its neighbours. */
  readonly name: string;
  readonly outlined: OutlinedAs;
  /** Its links by index, in their order. */
  readonly links: readonly number[];
}

export interface MapLink {
  /** Indices of the ASes; of `child` links `a` is the parent. */
  readonly a: number;
  readonly b: number;
  readonly type: LinkType;
  /** Which of the links between the same two ASes: 0 for the middle, else so many steps aside, seen from the AS of the lower index. */
  readonly bend: number;
}

export interface MapIsd {
  readonly isd: string;
  readonly members: readonly number[];
}

/** ASes and links by their index in the outline. */
export interface MapGraph {
  readonly ases: readonly MapAs[];
  readonly links: readonly MapLink[];
  /** By number. */
  readonly isds: readonly MapIsd[];
  readonly indexOf: ReadonlyMap<string, number>;
}

/** @throws RangeError where a link ends at an AS that the outline has not. */
export function graphOf({ ases, links }: Pick<RunOutline, "ases" | "links">): MapGraph {
  const indexOf = new Map(ases.map(({ ia }, n) => [ia as string, n]));
  const find = (end: string): number => {
    const index = indexOf.get(iaOf(end));
    if (index === undefined) throw new RangeError(`${end} is an end of a link, but there is no such AS`);
    return index;
  };
  const ends = links.map(({ a, b, type }) => ({ a: find(a), b: find(b), type }));
  const own: number[][] = ases.map(() => []);
  ends.forEach(({ a, b }, link) => {
    own[a]?.push(link);
    if (b !== a) own[b]?.push(link);
  });
  return {
    ases: ases.map((outlined, n) => ({
      ia: outlined.ia,
      isd: isdOf(outlined.ia),
      core: outlined.core,
      name: outlined.label ?? shortName(outlined.ia),
      outlined,
      links: own[n] ?? [],
    })),
    links: withBends(ends),
    isds: isdsOf(ases),
    indexOf,
  };
}

function withBends(ends: readonly Omit<MapLink, "bend">[]): MapLink[] {
  const keyOf = ({ a, b }: Omit<MapLink, "bend">): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
  const total = new Map<string, number>();
  for (const link of ends) total.set(keyOf(link), (total.get(keyOf(link)) ?? 0) + 1);
  const met = new Map<string, number>();
  return ends.map((link) => {
    const key = keyOf(link);
    const before = met.get(key) ?? 0;
    met.set(key, before + 1);
    return { ...link, bend: before - ((total.get(key) ?? 1) - 1) / 2 };
  });
}

function isdsOf(ases: readonly OutlinedAs[]): MapIsd[] {
  const members = new Map<string, number[]>();
  ases.forEach(({ ia }, n) => {
    const isd = isdOf(ia);
    const known = members.get(isd);
    if (known === undefined) members.set(isd, [n]);
    else known.push(n);
  });
  return [...members].map(([isd, list]) => ({ isd, members: list })).sort((x, y) => Number(x.isd) - Number(y.isd));
}

/** `1-ff00:0:110` is called 110, `71-2:0:3b` 2:0:3b, `1-64512` 64512. */
export function shortName(ia: string): string {
  const number = ia.slice(isdOf(ia).length + 1);
  return number.startsWith("ff00:0:") ? number.slice("ff00:0:".length) : number;
}

/** The AS at the other end of one of its links. */
export function otherEnd(graph: MapGraph, link: number, as: number): number {
  const { a, b } = linkAt(graph, link);
  return a === as ? b : a;
}

export function linkAt({ links }: MapGraph, index: number): MapLink {
  const link = links[index];
  if (link === undefined) throw new RangeError(`there is no link ${index}`);
  return link;
}

export function asAt({ ases }: MapGraph, index: number): MapAs {
  const as = ases[index];
  if (as === undefined) throw new RangeError(`there is no AS ${index}`);
  return as;
}

/** Where direction `2 * link` or `2 * link + 1` begins and ends. */
export function endsOf(graph: MapGraph, direction: number): { readonly from: number; readonly to: number } {
  const { a, b } = linkAt(graph, direction >> 1);
  return (direction & 1) === 0 ? { from: a, to: b } : { from: b, to: a };
}
