/**
 * Faults as they stand in a scenario, laid out in time: when each begins and ends. Random times come from streams of (seed, fault
 * id) alone, so that neither the policy nor another fault moves them.
 */
import { formatInterface, type IA } from "./address.ts";
import { sample } from "./distribution.ts";
import { err, ok, type Result } from "./result.ts";
import { RandomStream } from "./rng.ts";
import type { FaultEffect, FaultSpec, FaultTiming, LinkEnd, Network, NetworkLink, Scenario } from "./scenario.ts";
import type { Nanos } from "./units.ts";

/** Begins and ends that one scenario may have. */
export const MAX_TIMELINE_ENTRIES = 100_000;
/** Events for links, routers and applications that they may come to. */
const MAX_FAULT_EVENTS = 1_000_000;

export interface TimelineEntry {
  readonly at_ns: Nanos;
  /** Id of the fault, and its position in the scenario. */
  readonly fault: string;
  readonly position: number;
  /** An `up` has no end: it is over at once. */
  readonly change: "begin" | "end";
  readonly effect: FaultEffect["kind"];
  /** Directions of links as `1-ff00:0:110#1>1-ff00:0:111#2`, and ASes. */
  readonly targets: readonly string[];
}

/** What is asked of a scenario to lay its faults out. */
export type FaultSource = Pick<Scenario, "seed" | "duration_ns" | "network" | "faults">;

/** Which fault is too much, and a sentence for people. */
export interface TimelineProblem {
  readonly fault: string;
  readonly message: string;
}

/** A direction of a link by its ends; `links[].id` of a run's results. */
export function directionName(from: LinkEnd, to: LinkEnd): string {
  return `${formatInterface(from.ia, from.ifId)}>${formatInterface(to.ia, to.ifId)}`;
}

/** The timeline of a checked scenario, see `expandFaults`. */
export function planTimeline(source: FaultSource): readonly TimelineEntry[] {
  const expanded = expandFaults(source);
  if (expanded.ok) return expanded.value;
  throw new Error(`fault ${expanded.error.fault}: ${expanded.error.message}`);
}

/**
 * Every begin and end, ordered by time; at one instant begins stand before ends, and both in the order of the scenario. What flaps
 * or strikes at random begins no later than the run ends. Two occurrences of one fault never touch: a flapping fault without idle
 * time lasts, and random gaps and lengths are at least a nanosecond.
 */
export function expandFaults(source: FaultSource): Result<readonly TimelineEntry[], TimelineProblem> {
  const entries: TimelineEntry[] = [];
  const links = linksByEnd(source.network);
  let events = 0;
  for (const [position, fault] of source.faults.entries()) {
    const { id, effect } = fault;
    const weight = eventsOf(effect, source.network);
    const base = { fault: id, position, effect: effect.kind, targets: targetsOf(effect, links) };
    for (const { begin, end } of occurrences(source.seed, fault, source.duration_ns)) {
      entries.push({ ...base, at_ns: begin, change: "begin" });
      const ends = end !== null && end <= Number.MAX_SAFE_INTEGER && effect.kind !== "up";
      if (ends) entries.push({ ...base, at_ns: end, change: "end" });
      events += 2 * weight;
      const message = excess(entries.length, events);
      if (message !== null) return err({ fault: id, message });
    }
  }
  return ok(entries.toSorted(byTime));
}

function byTime(left: TimelineEntry, right: TimelineEntry): number {
  if (left.at_ns !== right.at_ns) return left.at_ns - right.at_ns;
  if (left.change !== right.change) return left.change === "begin" ? -1 : 1;
  return left.position - right.position;
}

function excess(entries: number, events: number): string | null {
  const advice = "let it happen less often, or make the run shorter";
  if (entries > MAX_TIMELINE_ENTRIES)
    return `with this fault there are more than ${MAX_TIMELINE_ENTRIES} begins and ends in the run; ${advice}`;
  if (events > MAX_FAULT_EVENTS)
    return `with this fault more than ${MAX_FAULT_EVENTS} changes of links and ASes happen in the run; ${advice}`;
  return null;
}

interface Occurrence {
  readonly begin: Nanos;
  /** null: to the end of the run. */
  readonly end: Nanos | null;
}

function* occurrences(seed: number, { id, timing }: FaultSpec, duration: Nanos): Generator<Occurrence> {
  switch (timing.kind) {
    case "once":
      yield { begin: timing.at_ns, end: timing.for_ns === null ? null : timing.at_ns + timing.for_ns };
      return;
    case "flapping":
      yield* flaps(timing, duration);
      return;
    default:
      yield* strikes(seed, id, timing, duration);
  }
}

function* flaps(timing: Extract<FaultTiming, { kind: "flapping" }>, duration: Nanos): Generator<Occurrence> {
  const { at_ns, until_ns, active_ns, idle_ns } = timing;
  if (idle_ns === 0 && at_ns < until_ns) yield { begin: at_ns, end: until_ns };
  if (idle_ns === 0) return;
  for (let begin = at_ns; begin < until_ns && begin <= duration; begin += active_ns + idle_ns)
    yield { begin, end: begin + active_ns };
}

/** Gaps and lengths have a stream each: another distribution of lengths leaves the gaps as they are. */
function* strikes(
  seed: number,
  id: string,
  timing: Extract<FaultTiming, { kind: "random" }>,
  duration: Nanos,
): Generator<Occurrence> {
  const gaps = new RandomStream(seed, `fault/${id}`, "between");
  const lengths = new RandomStream(seed, `fault/${id}`, "duration");
  const gap = (): Nanos => atLeastOne(gaps.exponential(timing.between_ns));
  for (let begin = timing.from_ns + gap(); begin < timing.until_ns && begin <= duration; ) {
    const end = begin + atLeastOne(sample(timing.duration, lengths));
    yield { begin, end };
    begin = end + gap();
  }
}

function atLeastOne(drawn: number): Nanos {
  return Math.max(1, Math.min(Math.round(drawn), Number.MAX_SAFE_INTEGER));
}

function linksByEnd({ links }: Network): Map<string, NetworkLink> {
  return new Map(links.flatMap((link) => [link.a, link.b].map(({ ia, ifId }) => [formatInterface(ia, ifId), link])));
}

function targetsOf(effect: FaultEffect, links: ReadonlyMap<string, NetworkLink>): string[] {
  const linkOf = ({ ia, ifId }: LinkEnd): NetworkLink | undefined => links.get(formatInterface(ia, ifId));
  const isA = (end: LinkEnd, { a }: NetworkLink): boolean => a.ia === end.ia && a.ifId === end.ifId;
  if (effect.kind === "clock-drift") return [...new Set<string>(effect.ases)];
  if (effect.kind === "impair") {
    const names = effect.directions.flatMap(({ from }) => {
      const link = linkOf(from);
      return link === undefined ? [] : [directionName(from, isA(from, link) ? link.b : link.a)];
    });
    return [...new Set(names)];
  }
  const names = effect.links.flatMap((end) => {
    const link = linkOf(end);
    return link === undefined ? [] : [directionName(link.a, link.b), directionName(link.b, link.a)];
  });
  return [...new Set([...names, ...effect.ases])];
}

/** At most so many actors hear of one begin or end. */
function eventsOf(effect: FaultEffect, network: Network): number {
  if (effect.kind === "impair") return effect.directions.length;
  if (effect.kind === "clock-drift") return effect.ases.length;
  return 2 * effect.links.length + effect.ases.reduce((sum, ia) => sum + 1 + 2 * degreeOf(ia, network), 0);
}

function degreeOf(ia: IA, { links }: Network): number {
  return links.filter(({ a, b }) => a.ia === ia || b.ia === ia).length;
}
