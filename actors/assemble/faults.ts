/**
 * The timeline of a scenario's faults as events for the actors they befall.
 *
 * A link holds one cause for each fault that names it and one (`FAULT@IA`) for each of its two ASes that a fault takes down, so
 * that an AS which comes back early takes back just what its own fall did.
 */
import type { IA } from "../../core/address.ts";
import type { ClockSet } from "../../core/clock.ts";
import type { ActorIndex, ControlEvent } from "../../core/env.ts";
import type { TimelineEntry } from "../../core/faults.ts";
import type { FaultEffect, FaultSpec, Impairment, LinkEnd, Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import type { FaultEvent } from "../assembly.ts";
import { type Direction, type Lookup, nodeId, type Planned } from "./plan.ts";

/** The event of a fault, as links, routers and applications understand it. */
type FaultControl =
  | { readonly type: "link.fail" | "node.fail"; readonly cause: string }
  /** `cause` null ends every cause. */
  | { readonly type: "link.recover" | "node.recover"; readonly cause: string | null }
  | { readonly type: "link.impair"; readonly cause: string; readonly impairment: Impairment }
  | { readonly type: "link.mend"; readonly cause: string }
  | ClockSet;

type Hit = readonly [target: ActorIndex, event: ControlEvent];

/** Who hears of a fault's begin and of its end. */
interface Change {
  readonly begin: readonly Hit[];
  readonly end: readonly Hit[];
}

export function planFaults(
  scenario: Scenario,
  timeline: readonly TimelineEntry[],
  directions: readonly Direction[],
  planned: readonly Planned[],
  at: Lookup,
): FaultEvent[] {
  const ground = new Ground(directions, planned, at);
  const clocks = new Clocks();
  const changes = scenario.faults.map((fault) => changeOf(fault, scenario.faults, ground));
  return timeline.flatMap(({ at_ns, position, change }) => {
    const fault = scenario.faults[position] as FaultSpec;
    const hits =
      fault.effect.kind === "clock-drift"
        ? clocks.change(fault.id, fault.effect, change, at_ns, ground)
        : (changes[position] as Change)[change];
    return hits.map(([target, event]) => ({ at: at_ns, target, event }));
  });
}

/** The actors that faults hit, by where they stand. */
class Ground {
  readonly #at: Lookup;
  readonly #bySender: ReadonlyMap<string, Direction>;
  readonly #byEnd = new Map<string, Direction[]>();
  readonly #byAs = new Map<IA, Direction[]>();
  readonly #clocked: ReadonlyMap<IA, Planned[]>;

  constructor(directions: readonly Direction[], planned: readonly Planned[], at: Lookup) {
    this.#at = at;
    this.#bySender = new Map(directions.map((direction) => [keyOf(direction.from), direction]));
    for (const direction of directions) {
      for (const end of [direction.from, direction.to]) {
        put(this.#byEnd, keyOf(end), direction);
        put(this.#byAs, end.ia, direction);
      }
    }
    const hasClock = ({ id, logic }: Planned): boolean =>
      logic === "node" || logic === "control" || id.startsWith("app/");
    this.#clocked = Map.groupBy(planned.filter(hasClock), ({ ia }) => ia);
  }

  sending(from: LinkEnd): readonly ActorIndex[] {
    const direction = this.#bySender.get(keyOf(from));
    return direction === undefined ? [] : [this.#at(direction.id)];
  }

  /** Both directions of a link. */
  link(end: LinkEnd): readonly ActorIndex[] {
    return (this.#byEnd.get(keyOf(end)) ?? []).map(({ id }) => this.#at(id));
  }

  node(ia: IA): ActorIndex {
    return this.#at(nodeId(ia));
  }

  /** Both directions of every link of an AS. */
  around(ia: IA): readonly ActorIndex[] {
    return (this.#byAs.get(ia) ?? []).map(({ id }) => this.#at(id));
  }

  /** All that reads the AS's clock: its router and its applications. */
  clocked(ia: IA): readonly ActorIndex[] {
    return (this.#clocked.get(ia) ?? []).map(({ id }) => this.#at(id));
  }
}

function keyOf({ ia, ifId }: LinkEnd): string {
  return `${ia}#${ifId}`;
}

function put<K>(map: Map<K, Direction[]>, key: K, direction: Direction): void {
  const found = map.get(key);
  if (found === undefined) map.set(key, [direction]);
  else found.push(direction);
}

function changeOf({ id, effect }: FaultSpec, all: readonly FaultSpec[], ground: Ground): Change {
  switch (effect.kind) {
    case "down":
      return { begin: outage("fail", id, effect, ground), end: outage("recover", id, effect, ground) };
    case "up":
      return { begin: liftAll(effect, all, ground), end: [] };
    case "impair": {
      const targets = [...new Set(effect.directions.flatMap(({ from }) => ground.sending(from)))];
      return {
        begin: hit(targets, { type: "link.impair", cause: id, impairment: effect.impairment }),
        end: hit(targets, { type: "link.mend", cause: id }),
      };
    }
    default:
      return { begin: [], end: [] };
  }
}

function hit(targets: readonly ActorIndex[], event: FaultControl): Hit[] {
  return targets.map((target) => [target, event]);
}

function causeOfAs(fault: string, ia: IA): string {
  return `${fault}@${ia}`;
}

type Outage = Extract<FaultEffect, { kind: "down" | "up" }>;

function linksOf({ links }: Outage, ground: Ground): ActorIndex[] {
  return [...new Set(links.flatMap((end) => ground.link(end)))];
}

/** One end of an outage: for the links named, for each AS and for the links around it. */
function outage(change: "fail" | "recover", id: string, effect: Outage, ground: Ground): Hit[] {
  const ases = [...new Set(effect.ases)];
  return [
    ...hit(linksOf(effect, ground), { type: `link.${change}`, cause: id }),
    ...ases.flatMap((ia) => [
      ...hit([ground.node(ia)], { type: `node.${change}`, cause: id }),
      ...hit(ground.around(ia), { type: `link.${change}`, cause: causeOfAs(id, ia) }),
    ]),
  ];
}

/** An AS that is lifted takes back what any fault did to its links by taking the AS down, and nothing else of them. */
function liftAll(effect: Outage, all: readonly FaultSpec[], ground: Ground): Hit[] {
  const ases = [...new Set(effect.ases)];
  return [
    ...hit(linksOf(effect, ground), { type: "link.recover", cause: null }),
    ...ases.flatMap((ia) => [
      ...hit([ground.node(ia)], { type: "node.recover", cause: null }),
      ...all
        .filter((fault) => fault.effect.kind === "down" && fault.effect.ases.includes(ia))
        .flatMap(({ id }) => hit(ground.around(ia), { type: "link.recover", cause: causeOfAs(id, ia) })),
    ]),
  ];
}

interface Drift {
  readonly since: Nanos;
  readonly ppm: number;
  readonly step_ns: Nanos;
}

/** What is wrong with each AS's clock; several faults add up. */
class Clocks {
  readonly #drifts = new Map<IA, Map<string, Drift>>();

  change(
    fault: string,
    { ases, ppm, step_ns }: Extract<FaultEffect, { kind: "clock-drift" }>,
    change: TimelineEntry["change"],
    now: Nanos,
    ground: Ground,
  ): Hit[] {
    return [...new Set(ases)].flatMap((ia) => {
      const drifts = this.#drifts.get(ia) ?? new Map<string, Drift>();
      this.#drifts.set(ia, drifts);
      if (change === "begin") drifts.set(fault, { since: now, ppm, step_ns });
      else drifts.delete(fault);
      return hit(ground.clocked(ia), clockOf([...drifts.values()], now));
    });
  }
}

function clockOf(drifts: readonly Drift[], now: Nanos): ClockSet {
  const gained = ({ since, ppm, step_ns }: Drift): Nanos => step_ns + Math.round(((now - since) * ppm) / 1e6);
  return {
    type: "clock.set",
    ppm: drifts.reduce((sum, { ppm }) => sum + ppm, 0),
    step_ns: drifts.reduce((sum, drift) => sum + gained(drift), 0),
  };
}
