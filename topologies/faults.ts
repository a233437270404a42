/** Reads what goes wrong in a scenario: where, when, and how. */
import { formatInterface, type IA } from "../core/address.ts";
import { expandFaults } from "../core/faults.ts";
import type {
  DirectionRef,
  FaultEffect,
  FaultSpec,
  FaultTiming,
  Impairment,
  LinkEnd,
  Network,
} from "../core/scenario.ts";
import { MILLISECOND } from "../core/units.ts";
import { readDurations } from "./distributions.ts";
import { readShare } from "./line-rates.ts";
import { findInterface, type LinkNumbers } from "./link-ends.ts";
import { type Names, readGroup } from "./names.ts";
import { shown } from "./problems.ts";
import type { FaultDocument, ImpairDocument } from "./scenario/fault.ts";
import type { Section } from "./section.ts";
import { DURATION, formatDuration, parseQuantity, RATE } from "./units.ts";

export interface FaultContext {
  readonly network: Network | null;
  readonly numbers: LinkNumbers | null;
  readonly names: Names;
  readonly seed: number;
  readonly duration_ns: number;
  /** What the file says, whatever this run's duration is. */
  readonly ownDuration_ns: number;
}

/** In the order of their time; the file's order where two happen at once. */
export function readFaults(documents: readonly FaultDocument[], section: Section, context: FaultContext): FaultSpec[] {
  const used = new Map<string, string>();
  const places = new Map<string, Section>();
  const before = section.file.problemCount;
  const faults = documents.flatMap((document, at): FaultSpec[] => {
    const place = section.at(at);
    const id = document.id ?? `fault-${Number(place.path.at(-1)) + 1}`;
    place.ownId(id, "faults", used);
    places.set(id, place);
    const timing = readTiming(document, place, context);
    const effect = readEffect(document, place, context);
    return timing === undefined || effect === undefined ? [] : [{ id, timing, effect }];
  });
  const sorted = faults.toSorted((left, right) => beginOf(left) - beginOf(right));
  if (section.file.problemCount === before) checkTimeline(sorted, places, section, context);
  return sorted;
}

/** More than a run can hold is said at the fault that is too much. */
function checkTimeline(
  faults: readonly FaultSpec[],
  places: ReadonlyMap<string, Section>,
  section: Section,
  { network, seed, duration_ns }: FaultContext,
): void {
  // Where the duration could not be read, every fault would seem to go on without end.
  if (network === null || faults.length === 0 || duration_ns === Number.MAX_SAFE_INTEGER) return;
  const expanded = expandFaults({ network, faults, seed, duration_ns });
  if (expanded.ok) return;
  const { fault, message } = expanded.error;
  const place = places.get(fault) ?? section;
  place.problem({ message: `${place.name}: ${message}`, expected: "fewer faults", found: "too many" });
}

function beginOf({ timing }: FaultSpec): number {
  return timing.kind === "random" ? timing.from_ns : timing.at_ns;
}

type Timed = Exclude<FaultDocument, { event: "up" | "flap" }>;

function readTiming(document: FaultDocument, section: Section, context: FaultContext): FaultTiming | undefined {
  if (document.event === "up") return { kind: "once", at_ns: readTime(document.at, "at", section) ?? 0, for_ns: null };
  if (document.event === "flap") {
    const at_ns = document.at === undefined ? 0 : readBegin(document.at, section, context);
    return at_ns === undefined ? undefined : readRepetition(document, at_ns, section, context);
  }
  if (document.random !== undefined) return readRandom(document, document.random, section, context);
  if (document.at === undefined) {
    const message = `${section.name} needs a time: at, or random`;
    return section.problem({ message, expected: "at", found: "nothing" });
  }
  const at_ns = readBegin(document.at, section, context);
  if (at_ns === undefined) return undefined;
  const { every, until, for: length } = document;
  if (every !== undefined) return readRepetition({ every, until, for: length }, at_ns, section, context);
  if (until !== undefined) {
    const message = `${section.name} has until, which only every and random have an end for; the length of a fault is for`;
    section.at("until").ofKey().problem({ message, expected: "every or random", found: "neither" });
  }
  return { kind: "once", at_ns, for_ns: length === undefined ? null : (readTime(length, "for", section, 1) ?? 1) };
}

function readTime(text: string, key: string, section: Section, minimum = 0): number | undefined {
  return section.at(key).quantity(text, DURATION, minimum);
}

/** A fault after the end of the run never comes. */
function readBegin(text: string, section: Section, { ownDuration_ns }: FaultContext): number | undefined {
  const at_ns = readTime(text, "at", section);
  if (at_ns === undefined || at_ns < ownDuration_ns) return at_ns;
  return section.at("at").mismatch(`a time before the end of the run, ${formatDuration(ownDuration_ns)}`, text);
}

interface Repetition {
  readonly for?: string | undefined;
  readonly every: string;
  readonly until?: string | undefined;
}

function readRepetition(
  { for: length, every, until }: Repetition,
  at_ns: number,
  section: Section,
  context: FaultContext,
): FaultTiming | undefined {
  if (length === undefined) {
    const message = `${section.name} has every and needs for: how long each lasts`;
    return section.problem({ message, expected: "for", found: "nothing" });
  }
  const active_ns = readTime(length, "for", section, 1);
  const every_ns = readTime(every, "every", section, 1);
  const until_ns = readUntil(until, at_ns, section, context);
  if (active_ns === undefined || every_ns === undefined) return undefined;
  if (every_ns <= active_ns) {
    return section
      .at("every")
      .mismatch(`more than for, ${formatDuration(active_ns)}: the time from one to the next`, every);
  }
  return { kind: "flapping", at_ns, until_ns, active_ns, idle_ns: every_ns - active_ns };
}

function readUntil(
  until: string | undefined,
  begin_ns: number,
  section: Section,
  { duration_ns }: FaultContext,
): number {
  if (until === undefined) return Math.max(begin_ns, duration_ns);
  const until_ns = readTime(until, "until", section) ?? Number.MAX_SAFE_INTEGER;
  if (until_ns <= begin_ns) section.at("until").mismatch(`a time after the first, ${formatDuration(begin_ns)}`, until);
  return until_ns;
}

function readRandom(
  document: Timed,
  random: NonNullable<Timed["random"]>,
  section: Section,
  context: FaultContext,
): FaultTiming | undefined {
  for (const key of ["for", "every"] as const) {
    if (document[key] === undefined) continue;
    const message = `${section.name} has both random and ${key}: the times are either given or drawn`;
    section
      .at(key)
      .ofKey()
      .problem({ message, expected: `random or ${key}`, found: "both" });
  }
  const from_ns = document.at === undefined ? 0 : readBegin(document.at, section, context);
  const between_ns = section.at("random", "between").quantity(random.between, DURATION, 1);
  const duration = readDurations(random.for, section.at("random", "for"), 1);
  if (from_ns === undefined || between_ns === undefined) return undefined;
  return {
    kind: "random",
    from_ns,
    until_ns: readUntil(document.until, from_ns, section, context),
    between_ns,
    duration,
  };
}

function readEffect(document: FaultDocument, section: Section, context: FaultContext): FaultEffect | undefined {
  switch (document.event) {
    case "down":
    case "up":
    case "flap": {
      const links = readLinks(document, section, context);
      const ases = readAses(document, section, context);
      if (!isAnywhere(document, ["link", "links", "as", "ases"], section)) return undefined;
      return { kind: document.event === "up" ? "up" : "down", links, ases };
    }
    case "partition": {
      const links = readPartition(document.between, section.at("between"), context);
      return links === undefined ? undefined : { kind: "down", links, ases: [] };
    }
    case "impair": {
      const links = readLinks(document, section, context);
      const impairment = readImpairment(document, section);
      if (!isAnywhere(document, ["link", "links"], section)) return undefined;
      return { kind: "impair", directions: directionsOf(links, document.direction ?? "both", context), impairment };
    }
    default: {
      const ases = readAses(document, section, context);
      if (!isAnywhere(document, ["as", "ases"], section)) return undefined;
      const { ppm = 0, step = "0s" } = document;
      const step_ns = readStep(step, section.at("step"));
      if (ppm === 0 && step_ns === 0) {
        const message = `${section.name} changes no clock: it needs ppm or step`;
        return section.problem({ message, expected: "ppm or step", found: "neither" });
      }
      return { kind: "clock-drift", ases, ppm, step_ns };
    }
  }
}

/** Whether the fault says where it happens. */
function isAnywhere(document: object, keys: readonly string[], section: Section): boolean {
  if (keys.some((key) => key in document)) return true;
  const expected = keys.join(", ");
  section.problem({ message: `${section.name} needs a place: ${expected}`, expected, found: "nothing" });
  return false;
}

interface LinkPlaces {
  readonly link?: string | undefined;
  readonly links?: readonly string[] | undefined;
}

/** The ends as they are named: they say which direction is meant. */
function readLinks(
  { link, links }: LinkPlaces,
  section: Section,
  { network, numbers }: FaultContext,
): readonly LinkEnd[] {
  const read = (text: string, place: Section): readonly LinkEnd[] => {
    const end =
      network === null || numbers === null ? place.interface(text) : findInterface(text, place, network, numbers);
    return end === undefined ? [] : [end];
  };
  if (links?.length === 0) section.at("links").mismatch("at least one link", links);
  return [
    ...(link === undefined ? [] : read(link, section.at("link"))),
    ...(links ?? []).flatMap((text, at) => read(text, section.at("links", at))),
  ];
}

interface AsPlaces {
  readonly as?: string | undefined;
  readonly ases?: readonly string[] | undefined;
}

function readAses({ as, ases }: AsPlaces, section: Section, { names }: FaultContext): readonly IA[] {
  const read = (text: string, place: Section): readonly IA[] => {
    const ia = place.ia(text);
    if (ia === undefined) return [];
    if (names.network !== null && !names.known.has(ia)) place.unknownAs(ia, names.known);
    return [ia];
  };
  if (ases?.length === 0) section.at("ases").mismatch("at least one AS", ases);
  return [
    ...(as === undefined ? [] : read(as, section.at("as"))),
    ...(ases ?? []).flatMap((text, at) => read(text, section.at("ases", at))),
  ];
}

function directionsOf(
  ends: readonly LinkEnd[],
  direction: NonNullable<ImpairDocument["direction"]>,
  { network, numbers }: FaultContext,
): readonly DirectionRef[] {
  return ends.flatMap((end) => {
    const link = network?.links[numbers?.get(formatInterface(end.ia, end.ifId)) ?? -1];
    if (link === undefined) return [];
    const isA = link.a.ia === end.ia && link.a.ifId === end.ifId;
    const [here, there] = isA ? [link.a, link.b] : [link.b, link.a];
    if (direction === "from") return [{ from: here }];
    return direction === "to" ? [{ from: there }] : [{ from: here }, { from: there }];
  });
}

function readPartition(
  between: readonly [string, string],
  section: Section,
  { network, names }: FaultContext,
): readonly LinkEnd[] | undefined {
  const sides = between.map((group, at) => readGroup(group, section.at(at), names));
  const [left, right] = sides.map((hosts) => (hosts === undefined ? undefined : new Set(hosts.map(({ ia }) => ia))));
  if (left === undefined || right === undefined || network === null) return undefined;
  const shared = [...left].find((ia) => right.has(ia));
  if (shared !== undefined) {
    const message = `${section.name}: AS ${shared} is in both groups`;
    return section.problem({ message, expected: "two groups without a common AS", found: shared });
  }
  const across = network.links.filter(
    ({ a, b }) => (left.has(a.ia) && right.has(b.ia)) || (left.has(b.ia) && right.has(a.ia)),
  );
  if (across.length > 0) return across.map(({ a }) => a);
  const message = `${section.name}: no link leads from ${shown(between[0])} to ${shown(between[1])}`;
  return section.problem({ message, expected: "at least one link between the groups", found: "none" });
}

function readImpairment(document: ImpairDocument, section: Section): Impairment {
  const time = (key: "latency" | "jitter"): number => {
    const text = document[key];
    return text === undefined ? 0 : (readTime(text, key, section) ?? 0);
  };
  const share = (key: "loss" | "corrupt" | "duplicate" | "reorder"): number => {
    const value = document[key];
    return value === undefined ? 0 : readShare(value, section.at(key));
  };
  const { rate, reorder, reorder_by } = document;
  const impairment = {
    latency_ns: time("latency"),
    jitter_ns: time("jitter"),
    loss: share("loss"),
    corrupt: share("corrupt"),
    duplicate: share("duplicate"),
    reorder: share("reorder"),
    rate_bps: rate === undefined ? null : (section.at("rate").quantity(rate, RATE) ?? 0),
  };
  const isNothing = impairment.rate_bps === null && Object.values(impairment).every((value) => !value);
  if (isNothing && reorder === undefined) {
    const message = `${section.name} impairs nothing: it needs latency, jitter, loss, corrupt, duplicate, reorder or rate`;
    section.problem({ message, expected: "what is wrong with the link", found: "nothing" });
  }
  const held = reorder_by === undefined ? 10 * MILLISECOND : (readTime(reorder_by, "reorder_by", section, 1) ?? 0);
  return { ...impairment, reorder_ns: impairment.reorder === 0 ? 0 : held };
}

/** A duration that may be below zero. */
function readStep(text: string, section: Section): number {
  const read = parseQuantity(text.replace(/^-/, ""), DURATION);
  if (read.ok) return text.startsWith("-") && read.value > 0 ? -read.value : read.value;
  section.mismatch(`${read.error.expected}, or below zero such as -250ms`, text, read.error.didYouMean);
  return 0;
}
