/**
 * Instants worth looking at, noted while a run is run ahead: faults and what a fork changes, changes of path, interfaces and BFD sessions
 * that go down or come up, the first packet dropped at each actor for each reason. Bounded by kind; what is too much is counted.
 */
import type { NodeContext } from "../../actors/node.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { Cell, World } from "../../actors/world.ts";
import type { ActorIndex, ControlEvent, DropReason } from "../../core/env.ts";
import type { Bookmark, BookmarkKind } from "../../core/exploration.ts";
import type { Packet } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import type { Nanos } from "../../core/units.ts";
import type { Collector } from "./collector.ts";
import type { Steppable } from "./source.ts";

/** Of each kind. */
const MOST = 2_000;

/** What a fault's or a fork's control event may carry. */
interface FaultEvent extends ControlEvent {
  readonly cause?: string | null;
  readonly policy?: string;
  readonly rate_bps?: number;
  readonly interval?: number;
}

export class Bookmarks implements Collector {
  /** Bookmarks that are left out since there are too many of their kind. */
  omitted = 0;
  readonly #all: Bookmark[] = [];
  #taken = 0;
  readonly #counts = new Map<BookmarkKind, number>();
  /** Reasons met, by actor. */
  readonly #dropsSeen = new Map<ActorIndex, Set<DropReason>>();
  /** Faults of links at this instant that stand already: each hits both directions. */
  #faultsAt = -1;
  readonly #faults = new Set<string>();
  #world: World | null = null;
  readonly types: ReadonlySet<string> = new Set([...FAULTS.keys(), CLOCK_SET]);
  /** Of the event being handled, or about to be. */
  #number = 0;
  /** Selectors by actor index, with the changes of path known. */
  #selectors: (Watched | null)[] = [];
  #handler: Watched | null = null;

  begin({ world }: Steppable): void {
    this.#world = world;
    this.#selectors = world.cells.map((cell) =>
      cell.spec.logic === "selector" ? { cell, switches: contextOf(cell).switches, at: 0 } : null,
    );
  }

  hears({ self }: Cell): boolean {
    return (this.#selectors[self] ?? null) !== null;
  }

  event(target: Cell, thing: Packet | ControlEvent, ifId: number, number: number): void {
    this.#number = number;
    this.#handler = this.#selectors[target.self] ?? null;
    if (this.#handler !== null) this.#handler.at = (this.#world as World).now;
    if (ifId < 0) this.#noteFault(target, thing as FaultEvent);
  }

  handled(): void {
    this.end();
  }

  end(): void {
    if (this.#handler !== null) this.#noteSwitches(this.#handler);
    this.#handler = null;
  }

  dropped(at: Cell, _packet: Packet, reason: DropReason): void {
    const seen = this.#dropsSeen.get(at.self);
    if (seen?.has(reason) === true) return;
    if (seen === undefined) this.#dropsSeen.set(at.self, new Set([reason]));
    else seen.add(reason);
    this.#number = at.world.events;
    this.#note("drop", at, `first packet dropped at ${placeOf(at)}: ${reason}`);
  }

  walked(actor: Cell, event: ControlEvent, before: unknown): void {
    const { value } = actor.state;
    this.#number = actor.world.events;
    if (actor.spec.logic === "bfd") {
      if (value === before || (before !== "Up" && value !== "Up")) return;
      this.#note("state", actor, `BFD session ${actor.id.slice("bfd/".length)}: ${String(before)} to ${String(value)}`);
    } else if (actor.spec.logic === "node") this.#noteInterface(actor, event as ControlEvent & { ifId?: number });
    else if (actor.spec.logic === "selector" && value !== before && before !== "starting") {
      const flow = flowOf(actor);
      this.#note("state", actor, value === "unreachable" ? `${flow} has no path` : `${flow} has a path again`);
    }
  }

  /** Those that are new since the last time. */
  take(): readonly Bookmark[] {
    const news = this.#all.slice(this.#taken);
    this.#taken = this.#all.length;
    return news;
  }

  get all(): readonly Bookmark[] {
    return this.#all;
  }

  #noteSwitches(watched: Watched): void {
    const { cell } = watched;
    const { switches, paths, choice, lastPath, eachPacket } = contextOf(cell);
    if (switches === watched.switches) return;
    watched.switches = switches;
    // A policy that spreads packets goes over with nearly every one.
    if (eachPacket) return;
    const path = paths[choice < 0 ? lastPath : choice];
    const name = path === undefined ? "none" : pathText(path);
    this.#add("switch", watched.at, cell.id, `${flowOf(cell)} goes over to path ${name}`);
  }

  #noteInterface(node: Cell, { type, ifId }: ControlEvent & { readonly ifId?: number }): void {
    const change = /^(?:interface|bfd)\.(down|up)$/.exec(type)?.[1];
    if (change === undefined || ifId === undefined) return;
    const { up } = (node.state.context as NodeContext).interfaces[ifId] ?? {};
    if (up !== (change === "up")) return;
    this.#note("state", node, `${node.id.slice("node/".length)} learns that its interface ${ifId} is ${change}`);
  }

  #noteFault(target: Cell, event: FaultEvent): void {
    const words = event.type === CLOCK_SET && target.spec.logic === "node" ? CLOCK : FAULTS.get(event.type);
    if (words === undefined) return;
    const text = words(target.id.slice(target.id.indexOf("/") + 1), event);
    const { now } = this.#world as World;
    if (now !== this.#faultsAt) this.#faults.clear();
    this.#faultsAt = now;
    if (this.#faults.has(text)) return;
    this.#faults.add(text);
    this.#note("fault", target, text);
  }

  #note(kind: BookmarkKind, { id }: Cell, text: string): void {
    this.#add(kind, (this.#world as World | null)?.now ?? 0, id, text);
  }

  #add(kind: BookmarkKind, time_ns: Nanos, actor: string, text: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count > MOST) {
      this.omitted++;
      return;
    }
    this.#all.push({ kind, time_ns, event: this.#number, actor, text });
  }
}

interface Watched {
  readonly cell: Cell;
  switches: number;
  /** When it handled its latest event. */
  at: Nanos;
}

function contextOf(cell: Cell): SelectorContext {
  return cell.state.context as SelectorContext;
}

function flowOf({ id }: Cell): string {
  return id.slice("selector/".length);
}

/** A direction of a link by its ends' ASes, a router by its AS, all others by their ids. */
function placeOf({ id, spec }: Cell): string {
  const name = id.slice(id.indexOf("/") + 1);
  if (spec.logic === "node") return name;
  if (spec.logic !== "link") return id;
  const [from, to] = name.split(">").map((end) => end.split("#")[0]);
  return `${from}'s link to ${to}`;
}

/** `ab2e7e60 (111-130-211)`: the fingerprint's beginning and the ASes; these whole where their last groups do not tell them apart. */
function pathText({ fingerprint, interfaces, src }: PathInfo): string {
  const ases = [src, ...interfaces.filter((_, at) => at % 2 === 1).map(({ ia }) => ia)];
  const brief = ases.map((ia) => ia.slice(Math.max(ia.lastIndexOf(":"), ia.indexOf("-")) + 1));
  const way = new Set(brief).size === new Set(ases).size ? brief.join("-") : ases.join(" ");
  return `${fingerprint.slice(0, 8)} (${way})`;
}

type Words = (name: string, event: FaultEvent) => string;

const ofLink =
  (what: string): Words =>
  (name, { cause }) =>
    // One text for both directions.
    `link ${name.split(">").toSorted().join(" to ")} ${what}${typeof cause === "string" ? ` (${cause})` : ""}`;

/** By type of event; nothing else is a fault. */
const FAULTS: ReadonlyMap<string, Words> = new Map<string, Words>([
  ["link.fail", ofLink("fails")],
  ["link.recover", ofLink("recovers")],
  ["link.impair", ofLink("is impaired")],
  ["link.mend", ofLink("is mended")],
  ["link.rate", (name, event) => `${ofLink("has another rate")(name, event)}: ${rateText(event.rate_bps)}`],
  ["node.fail", (name, { cause }) => `AS ${name} fails (${cause})`],
  ["node.recover", (name, { cause }) => `AS ${name} recovers${cause === null ? "" : ` (${cause})`}`],
  ["policy.replace", (name, { policy }) => `${name} has another policy: ${policy}`],
  ["rate.set", (name, { interval }) => `${name} sends every ${interval} ns from now on`],
]);
/** One of the many events that it comes to stands for all. */
const CLOCK_SET = "clock.set";
const CLOCK: Words = (name) => `the clock of AS ${name} is set`;

function rateText(rate_bps: number | undefined): string {
  return rate_bps === 0 ? "no limit" : `${rate_bps} bit/s`;
}
