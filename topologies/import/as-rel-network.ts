/**
 * AS relationships to a SCION network. SCION knows core ASes, which have no providers, child links within an ISD that
 * never form a cycle, and peering links; the Internet is not like that, so rules make it so. They stand, with their
 * reasons, in docs/topologies.md; every AS or link that one of them changes is counted in a warning.
 */
import { formatIA, type IA, MAX_IF_ID } from "../../core/address.ts";
import { drawKey, keyedUniform } from "../../core/digest.ts";
import type { LinkType, Network, NetworkAs, NetworkLink } from "../../core/scenario.ts";
import { MILLISECOND } from "../../core/units.ts";
import { DEFAULT_MTU, makeLink } from "../model.ts";
import type { Finding } from "../problems.ts";
import { assemble } from "./assemble.ts";
import type { Relationship } from "./as-rel.ts";
import { chooseCore, connectCore } from "./core-choice.ts";
import type { ImportOptions } from "./options.ts";
import { breakCycles } from "./provider-cycles.ts";

const DEFAULT_CORES = 20;
const MBIT = 1_000_000;

/** Latency between `low` and `high` (the middle of both where it is fixed), and rate, of each type of link. */
const BY_TYPE: Readonly<Record<LinkType, { low_ms: number; high_ms: number; rate_bps: number }>> = {
  core: { low_ms: 5, high_ms: 55, rate_bps: 10_000 * MBIT },
  child: { low_ms: 1, high_ms: 19, rate_bps: 1_000 * MBIT },
  peer: { low_ms: 1, high_ms: 9, rate_bps: 1_000 * MBIT },
};

/** Relationships between ASes by their position in the ascending list of numbers. */
export interface Internet {
  readonly numbers: readonly number[];
  readonly providers: readonly number[][];
  readonly customers: readonly number[][];
  readonly peers: readonly number[][];
}

/** A link between two positions; for `child`, `a` is the parent. */
interface Tie {
  readonly a: number;
  readonly b: number;
  readonly type: LinkType;
}

export function buildInternet(
  links: readonly Relationship[],
  name: string,
  options: ImportOptions,
  warnings: string[],
  report: (finding: Finding) => void,
): Network | undefined {
  const internet = breakCycles(indexOf(links), warnings);
  const ranked = chooseCore(internet, options.core ?? "cone", report);
  if (ranked === undefined) return undefined;
  const chosen = options.core === "all" ? ranked : ranked.slice(0, options.cores ?? DEFAULT_CORES);
  const core = connectCore(internet, chosen, warnings);
  const ties = attachAll(tiesOf(internet, new Set(core), warnings), core, internet.numbers.length, warnings);
  const isds = spreadIsds(core, ties, internet.numbers.length, options);
  return networkOf(internet, new Set(core), withinIsds(ties, isds, warnings), isds, name, options, report);
}

function indexOf(links: readonly Relationship[]): Internet {
  const numbers = [...new Set(links.flatMap(({ up, down }) => [up, down]))].toSorted((left, right) => left - right);
  const positions = new Map(numbers.map((number, at) => [number, at]));
  const lists = (): number[][] => numbers.map(() => []);
  const internet = { numbers, providers: lists(), customers: lists(), peers: lists() };
  for (const { up, down, peers } of links) {
    const [a, b] = [positions.get(up) ?? 0, positions.get(down) ?? 0];
    (peers ? internet.peers : internet.customers)[a]?.push(b);
    (peers ? internet.peers : internet.providers)[b]?.push(a);
  }
  for (const list of [...internet.providers, ...internet.customers, ...internet.peers])
    list.sort((left, right) => left - right);
  return internet;
}

/** Between core ASes a link is a core link; a link between a core AS and another leads down from the core. */
function tiesOf({ customers, peers }: Internet, core: ReadonlySet<number>, warnings: string[]): readonly Tie[] {
  const counts = { turned: 0, peers: 0 };
  const tie = (a: number, b: number, type: "child" | "peer"): Tie => {
    if (core.has(a) && core.has(b)) return { a: Math.min(a, b), b: Math.max(a, b), type: "core" };
    if (!core.has(a) && !core.has(b)) return { a, b, type };
    if (type === "peer") counts.peers++;
    else if (core.has(b)) counts.turned++;
    return core.has(a) ? { a, b, type: "child" } : { a: b, b: a, type: "child" };
  };
  const ties = [
    ...customers.flatMap((list, a) => list.map((b) => tie(a, b, "child"))),
    ...peers.flatMap((list, a) => list.filter((b) => a < b).map((b) => tie(a, b, "peer"))),
  ];
  if (counts.turned > 0) warnings.push(`${counts.turned} providers of core ASes became their children`);
  if (counts.peers > 0) warnings.push(`${counts.peers} peers of core ASes became their children`);
  return ties;
}

function neighboursOf(ties: readonly Tie[], count: number): readonly (readonly number[])[] {
  const neighbours = Array.from({ length: count }, (): number[] => []);
  for (const [at, { a, b }] of ties.entries()) {
    neighbours[a]?.push(at);
    neighbours[b]?.push(at);
  }
  return neighbours;
}

/**
 * Every AS with a core AS above it. Where some have none, their links to those that have one lead down to them, and so
 * on until all are attached: no cycle can come of it, since at each step every link between the two sides turns the
 * same way. What no link leads to is dropped.
 */
function attachAll(ties: readonly Tie[], core: readonly number[], count: number, warnings: string[]): readonly Tie[] {
  const turned: Tie[] = [...ties];
  const at = neighboursOf(ties, count);
  const reached = new Uint8Array(count);
  const open = [...core];
  const waiting: number[] = [];
  const descend = (): void => {
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (reached[next] === 1) continue;
      reached[next] = 1;
      waiting.push(next);
      for (const tie of at[next] ?? [])
        if (turned[tie]?.type === "child" && turned[tie].a === next) open.push(turned[tie].b);
    }
  };
  const counts = { attached: 0, round: true };
  descend();
  while (counts.round) {
    const border = waiting.splice(0);
    const found = new Set<number>();
    for (const inside of border) {
      for (const tie of at[inside] ?? []) {
        const { a, b } = turned[tie] as Tie;
        const outside = a === inside ? b : a;
        if (reached[outside] === 1) continue;
        turned[tie] = { a: inside, b: outside, type: "child" };
        found.add(outside);
      }
    }
    counts.attached += found.size;
    counts.round = found.size > 0;
    open.push(...found);
    descend();
  }
  if (counts.attached > 0)
    warnings.push(`${counts.attached} ASes without a core AS above them became children of their customers or peers`);
  const dropped = reached.reduce((sum, one) => sum + 1 - one, 0);
  if (dropped > 0) warnings.push(`${dropped} ASes without any way to a core AS were left out`);
  return turned.filter(({ a, b }) => reached[a] === 1 && reached[b] === 1);
}

/**
 * The ISD of each AS, 0 for those left out. The first core ASes in rank are one ISD each; every other core AS joins the
 * ISD it has most core links to, of those that are not full; all others the ISD of the core AS that is fewest child
 * links above.
 */
function spreadIsds(
  core: readonly number[],
  ties: readonly Tie[],
  count: number,
  { isds, isd }: ImportOptions,
): readonly number[] {
  const isdOf = new Array<number>(count).fill(0);
  const groups = Math.min(isds, core.length);
  const sizes = new Array<number>(groups).fill(1);
  const full = Math.ceil(core.length / groups);
  const at = neighboursOf(ties, count);
  for (const [rank, as] of core.entries()) {
    if (rank < groups) {
      isdOf[as] = isd + rank;
      continue;
    }
    const votes = new Array<number>(groups).fill(0);
    for (const tie of at[as] ?? []) {
      const { a, b, type } = ties[tie] as Tie;
      const group = (isdOf[a === as ? b : a] ?? 0) - isd;
      if (type === "core" && group >= 0) votes[group] = (votes[group] ?? 0) + 1;
    }
    const open = votes.flatMap((vote, group) => ((sizes[group] ?? 0) < full ? [{ vote, group }] : []));
    const { group } = open.reduce((best, one) => (one.vote > best.vote ? one : best), open[0] ?? { vote: 0, group: 0 });
    sizes[group] = (sizes[group] ?? 0) + 1;
    isdOf[as] = isd + group;
  }
  const queue = [...core];
  for (const as of queue) {
    for (const tie of at[as] ?? []) {
      const { a, b, type } = ties[tie] as Tie;
      if (type !== "child" || a !== as || isdOf[b] !== 0) continue;
      isdOf[b] = isdOf[as] ?? 0;
      queue.push(b);
    }
  }
  return isdOf;
}

/** Child links stay within an ISD; those between two become peering links. Nobody loses the parent it has its ISD from. */
function withinIsds(ties: readonly Tie[], isdOf: readonly number[], warnings: string[]): readonly Tie[] {
  const crosses = ({ a, b, type }: Tie): boolean => type === "child" && isdOf[a] !== isdOf[b];
  const crossing = ties.filter(crosses).length;
  if (crossing > 0) warnings.push(`${crossing} links from provider to customer between two ISDs became peering links`);
  return ties.map((tie): Tie => (crosses(tie) ? { ...tie, type: "peer" } : tie));
}

function networkOf(
  { numbers }: Internet,
  core: ReadonlySet<number>,
  ties: readonly Tie[],
  isdOf: readonly number[],
  name: string,
  { latency }: ImportOptions,
  report: (finding: Finding) => void,
): Network | undefined {
  const ias = numbers.map((number, at): IA => formatIA(isdOf[at] ?? 0, number));
  const ases = ias.flatMap((ia, at): NetworkAs[] =>
    (isdOf[at] ?? 0) === 0 ? [] : [{ ia, core: core.has(at), mtu: DEFAULT_MTU }],
  );
  const sorted = ties.toSorted((left, right) => left.a - right.a || left.b - right.b);
  const nextId = new Array<number>(numbers.length).fill(1);
  const end = (at: number) => {
    const ifId = nextId[at] ?? 1;
    nextId[at] = ifId + 1;
    return { ia: ias[at] ?? "", ifId };
  };
  const key = drawKey(0, "as-rel", "latency");
  const links = sorted.map(({ a, b, type }): NetworkLink => {
    const { low_ms, high_ms, rate_bps } = BY_TYPE[type];
    const [low, high] = [Math.min(numbers[a] ?? 0, numbers[b] ?? 0), Math.max(numbers[a] ?? 0, numbers[b] ?? 0)];
    const share = latency === "fixed" ? 0.5 : keyedUniform(key, low, high);
    const tenths = Math.round((low_ms + (high_ms - low_ms) * share) * 10);
    return makeLink(end(a), type, end(b), { latency_ns: tenths * (MILLISECOND / 10), rate_bps });
  });
  const crowded = nextId.findIndex((next) => next > MAX_IF_ID + 1);
  if (crowded >= 0) {
    const message = `AS ${numbers[crowded]} has more than ${MAX_IF_ID} links`;
    report({ message, expected: `at most ${MAX_IF_ID} links`, found: "more" });
    return undefined;
  }
  const refuse = (_at: number, finding: Finding): void => report(finding);
  return assemble({ name, ases, links }, { ofAs: refuse, ofLink: (at, _end, finding) => refuse(at, finding) });
}
