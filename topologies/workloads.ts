/** Reads workloads: many flows between groups, or after a demand matrix. */
import type { IA } from "../core/address.ts";
import { RandomStream } from "../core/rng.ts";
import type { FlowSpec, HostSpec } from "../core/scenario.ts";
import { spacingOf, takesDemand } from "./apps.ts";
import { type Demand, readDemand } from "./demand.ts";
import {
  type FlowBody,
  type FlowContext,
  flowOf,
  MAX_FLOWS,
  noPath,
  offeredPaths,
  readTemplate,
  firstPaths,
  sizeMisfit,
} from "./flows.ts";
import { readGroup } from "./names.ts";
import { shown } from "./problems.ts";
import type { PairsDocument, WorkloadDocument } from "./scenario/workload.ts";
import type { Section } from "./section.ts";
import { DURATION, formatRate } from "./units.ts";

/** A pair of hosts; `rate_bps` null: what the template says. */
export interface Pair {
  readonly src: HostSpec;
  readonly dst: HostSpec;
  readonly rate_bps: number | null;
}

/** The flows of all workloads; `already` counts those of the scenario itself. */
export function readWorkloads(
  documents: readonly WorkloadDocument[],
  section: Section,
  context: FlowContext,
  already: number,
): FlowSpec[] {
  const flows: FlowSpec[] = [];
  const names = new Map<string, string>();
  for (const [at, document] of documents.entries()) {
    const place = section.at(at);
    const other = names.get(document.name);
    names.set(document.name, place.name);
    if (other !== undefined) {
      const message = `two workloads have the name ${shown(document.name)}, ${other} and ${place.name}`;
      place.at("name").problem({ message, expected: "another name", found: shown(document.name) });
    }
    flows.push(...readWorkload(document, place, context, MAX_FLOWS - already - flows.length));
  }
  return flows;
}

function readWorkload(
  document: WorkloadDocument,
  section: Section,
  context: FlowContext,
  room: number,
): readonly FlowSpec[] {
  const before = section.file.problemCount;
  if (document.demand !== undefined && !takesDemand(document.flow.app)) {
    section.at("flow", "app").mismatch("constant-rate or poisson, whose rate a demand can say", document.flow.app);
  }
  const body = readTemplate(document.flow, section.at("flow"), context, document.demand !== undefined);
  const spread_ns = document.spread === undefined ? 0 : (section.at("spread").quantity(document.spread, DURATION) ?? 0);
  if (body !== undefined && body.common.start_ns + spread_ns > context.ownDuration_ns) {
    section.at("spread").mismatch("a time that ends before the run does", document.spread ?? "0s");
  }
  const pairs = readPairs(document, section, context, room);
  if (body === undefined || pairs === undefined || section.file.problemCount > before) return [];
  const flows = makeFlows(document.name, body, pairs, spread_ns, section, context);
  checkFlows(flows, section, context);
  return flows;
}

function readPairs(
  document: WorkloadDocument,
  section: Section,
  context: FlowContext,
  room: number,
): readonly Pair[] | undefined {
  const { demand, pairs = "all", rate } = document;
  if (rate !== undefined && demand === undefined) {
    const message = `${section.name} has a rate but no demand to share it by: a flow's own rate stands in flow`;
    return section.at("rate").ofKey().problem({ message, expected: "a demand", found: "nothing" });
  }
  const isFile = typeof demand === "object" && "file" in demand;
  const ends = isFile ? noEnds(document, section) : readEnds(document, section, context);
  if (ends === undefined || context.names.network === null) return undefined;
  const shared: Demand = { document: demand, rate, room };
  if (isFile) return readDemand([], shared, section, context.names);
  const chosen = choosePairs(ends.from, ends.to, pairs, document.name, section, context, room);
  if (chosen === undefined || demand === undefined) return chosen;
  return readDemand(chosen, shared, section, context.names);
}

interface Ends {
  readonly from: readonly HostSpec[];
  readonly to: readonly HostSpec[];
}

/** The pairs of a file are all there are. */
function noEnds(document: WorkloadDocument, section: Section): Ends {
  for (const key of ["from", "to", "pairs"] as const) {
    if (document[key] === undefined) continue;
    const message = `${section.at(key).name}: the demand's file says which pairs there are`;
    section.at(key).ofKey().problem({ message, expected: "no such key", found: key });
  }
  return { from: [], to: [] };
}

function readEnds(document: WorkloadDocument, section: Section, { names }: FlowContext): Ends | undefined {
  const [from, to] = (["from", "to"] as const).map((key) => {
    const group = document[key];
    if (group !== undefined) return readGroup(group, section.at(key), names);
    const message = `${section.name} needs ${key}: a group of hosts`;
    return section.problem({ message, expected: key, found: "nothing" });
  });
  return from === undefined || to === undefined ? undefined : { from, to };
}

function isSame(left: HostSpec, right: HostSpec): boolean {
  return left.ia === right.ia && left.host === right.host;
}

function choosePairs(
  from: readonly HostSpec[],
  to: readonly HostSpec[],
  pairs: PairsDocument,
  name: string,
  section: Section,
  { seed }: FlowContext,
  room: number,
): readonly Pair[] | undefined {
  const place = section.at("pairs");
  const pairAt = (src: HostSpec | undefined, dst: HostSpec | undefined): readonly Pair[] =>
    src === undefined || dst === undefined || isSame(src, dst) ? [] : [{ src, dst, rate_bps: null }];
  if (pairs === "one-to-one") {
    if (from.length !== to.length) {
      return place.mismatch(`as many senders as receivers for one-to-one`, `${from.length} and ${to.length}`);
    }
    return withinRoom(
      from.flatMap((src, at) => pairAt(src, to[at])),
      section,
      room,
    );
  }
  const inBoth = from.filter((src) => to.some((dst) => isSame(src, dst))).length;
  const possible = from.length * to.length - inBoth;
  if (pairs === "all") {
    if (possible > room) return tooMany(possible, section, room);
    return withinRoom(
      from.flatMap((src) => to.flatMap((dst) => pairAt(src, dst))),
      section,
      room,
    );
  }
  const wanted = pairs.random;
  if (wanted > possible) return place.at("random").mismatch(`at most ${possible}, all the pairs there are`, wanted);
  if (wanted > room) return tooMany(wanted, section, room);
  const numbers = drawPairs(from, to, wanted, possible, new RandomStream(seed, `workload/${name}`, "pairs"));
  return numbers.flatMap((number) => pairAt(from[Math.floor(number / to.length)], to[number % to.length]));
}

/** Numbers of different pairs, in the order drawn: drawn again where taken, or counted out where most are wanted. */
function drawPairs(
  from: readonly HostSpec[],
  to: readonly HostSpec[],
  wanted: number,
  possible: number,
  stream: RandomStream,
): readonly number[] {
  const isPair = (number: number): boolean => {
    const [src, dst] = [from[Math.floor(number / to.length)], to[number % to.length]];
    return src !== undefined && dst !== undefined && !isSame(src, dst);
  };
  const all = from.length * to.length;
  if (wanted * 4 > possible) {
    const left = Array.from({ length: all }, (_, at) => at).filter(isPair);
    return Array.from({ length: wanted }, (_, at) => {
      const other = at + stream.below(left.length - at);
      [left[at], left[other]] = [left[other] ?? 0, left[at] ?? 0];
      return left[at] ?? 0;
    });
  }
  const taken = new Set<number>();
  while (taken.size < wanted) {
    const number = Math.floor(stream.uniform() * all);
    if (isPair(number)) taken.add(number);
  }
  return [...taken];
}

function withinRoom(pairs: readonly Pair[], section: Section, room: number): readonly Pair[] | undefined {
  if (pairs.length === 0) {
    const message = `${section.name} makes no flow: no sender has a receiver other than itself`;
    return section.problem({ message, expected: "at least one pair", found: "none" });
  }
  return pairs.length > room ? tooMany(pairs.length, section, room) : pairs;
}

function tooMany(count: number, section: Section, room: number): undefined {
  const rest = room === MAX_FLOWS ? "" : `, of which ${Math.max(0, room)} are left`;
  const message = `${section.name} would make ${count} flows: a scenario has room for ${MAX_FLOWS}${rest}; draw some of them with pairs: {random: ...}`;
  return section.problem({ message, expected: `at most ${Math.max(0, room)} flows`, found: String(count) });
}

function makeFlows(
  name: string,
  body: FlowBody,
  pairs: readonly Pair[],
  spread_ns: number,
  section: Section,
  context: FlowContext,
): readonly FlowSpec[] {
  const starts = new RandomStream(context.seed, `workload/${name}`, "starts");
  return pairs.flatMap(({ src, dst, rate_bps }, at): readonly FlowSpec[] => {
    const id = `${name}-${at + 1}`;
    if (section.file.full) return [];
    section.ownId(id, "flows", context.used, "name");
    const start_ns = body.common.start_ns + (spread_ns === 0 ? 0 : Math.floor(starts.uniform() * spread_ns));
    const common = { ...body.common, start_ns, stop_ns: Math.max(start_ns, body.common.stop_ns) };
    const { own } = body;
    const paced = rate_bps === null || !takesDemand(own.app) ? own : paceOf(own, common.packet_size, rate_bps, section);
    const flow = flowOf({ common, own: paced }, id, src, dst);
    return [{ ...flow, workload: name }];
  });
}

function paceOf(own: FlowBody["own"], size: number, rate_bps: number, section: Section): FlowBody["own"] {
  const interval_ns = spacingOf(size, rate_bps);
  if (interval_ns >= 1) return { ...own, interval_ns } as FlowBody["own"];
  section.at("demand").mismatch(`at most one packet a nanosecond of ${size}B for each flow`, formatRate(rate_bps));
  return own;
}

/** One message for all flows that cannot reach their receivers, one for all whose packets do not fit. */
function checkFlows(flows: readonly FlowSpec[], section: Section, { paths }: FlowContext): void {
  if (paths === null) return;
  const lost: [IA, IA][] = [];
  let misfit: string | undefined;
  for (const flow of flows) {
    const offered = offeredPaths(flow, paths);
    if (offered === null) continue;
    const ways = firstPaths(flow, offered);
    if (ways === null) lost.push([flow.src.ia, flow.dst.ia]);
    else misfit ??= sizeMisfit(flow, ways, offered);
  }
  const [pair] = lost;
  if (pair !== undefined) {
    const of = `${lost.length} of the ${flows.length} flows of ${section.name} cannot reach their receivers`;
    section.at("to").problem({ message: `${of}: ${noPath(...pair)}`, expected: "a path", found: "none" });
  }
  if (misfit !== undefined) {
    const size = `${flows[0]?.packet_size}B`;
    section.at("flow", "packet_size").mismatch(misfit, size);
  }
}
