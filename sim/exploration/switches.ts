/**
 * Which news led a selector to another path: noted while a run is run ahead. A selector that has changed its path during an event did so because
 * of that event; where news of a failure came in a packet, the host that took the packet did so at the same instant, and that is what told it.
 */
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { Cell } from "../../actors/world.ts";
import type { IA, IfId } from "../../core/address.ts";
import type { ControlEvent } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import type { Nanos } from "../../core/units.ts";
import type { Collector } from "./collector.ts";
import { scoreOf } from "./scores.ts";
import type { Steppable } from "./source.ts";

export interface SwitchNote {
  readonly actor: string;
  readonly time: Nanos;
  /** Number of the event that did it. */
  readonly event: number;
  readonly from: string | null;
  readonly to: string;
  readonly because: string;
  /** Number of the event that brought the news. */
  readonly told: number;
}

/** News of an interface, as a selector heard it. */
interface Failure {
  readonly time: Nanos;
  readonly event: number;
  readonly interface: string;
}

/** What is known of one selector. */
interface Watched {
  switches: number;
  /** Fingerprint of the path in use, or used last. */
  used: string | null;
  readonly notes: SwitchNote[];
  readonly failures: Failure[];
}

/** Of one selector; what comes later is counted and not noted. */
const MOST_NOTES = 2_000;
const MOST_NOTES_ALTOGETHER = 200_000;
const MOST_FAILURES = 2_000;
/** Interfaces of which a place has had news. */
const MOST_NEWS = 20_000;

const [OTHER, SELECTOR, HOST, PROBER] = [0, 1, 2, 3];
const ROLES: ReadonlyMap<string, number> = new Map([
  ["selector", SELECTOR],
  ["host", HOST],
  ["prober", PROBER],
]);

export class SwitchWatch implements Collector {
  #roles: Uint8Array = new Uint8Array(0);
  readonly #watched = new Map<string, Watched>();
  /** When an interface of a place was last said to be down, and the packet that said so first at that instant. */
  readonly #news = new Map<string, { readonly time: Nanos; readonly event: number }>();
  /** The latest event of each prober. */
  readonly #probed = new Map<number, number>();
  #notes = 0;
  /** Changes that found no room. */
  unnoted = 0;
  /** The selector that handled the event before, the event (null: a packet), its number and time. */
  #open: Cell | null = null;
  #thing: ControlEvent | null = null;
  #number = 0;
  #time: Nanos = 0;

  begin({ world }: Steppable): void {
    for (const cell of world.allCells()) this.started(cell);
  }

  started({ self, spec }: Cell): void {
    const role = ROLES.get(spec.logic) ?? OTHER;
    if (role === OTHER) return;
    if (self >= this.#roles.length) {
      const room = new Uint8Array(Math.max(2 * self, 256));
      room.set(this.#roles);
      this.#roles = room;
    }
    this.#roles[self] = role;
  }

  hears({ self }: Cell): boolean {
    return (this.#roles[self] ?? OTHER) !== OTHER;
  }

  event(target: Cell, thing: Packet | ControlEvent, ifId: number, number: number): void {
    const role = this.#roles[target.self] ?? OTHER;
    if (role === OTHER) return;
    if (role === SELECTOR) {
      this.#open = target;
      this.#thing = ifId < 0 ? (thing as ControlEvent) : null;
      this.#number = number;
      this.#time = target.world.now;
    } else if (role === PROBER) this.#probed.set(target.self, number);
    else if (ifId >= 0) this.#hear(target, thing as Packet, number);
  }

  handled(): void {
    this.end();
  }

  end(): void {
    if (this.#open !== null) this.#settle();
  }

  /** Changes of a selector up to an event, the latest of them, the newest last. */
  changesOf(actor: string, event: number, most: number): SwitchNote[] {
    this.end();
    const notes = this.#watched.get(actor)?.notes ?? [];
    const end = notes.findIndex((note) => note.event > event);
    return (end < 0 ? notes : notes.slice(0, end)).slice(-most);
  }

  /** The latest news up to an event, heard at `time`, of an interface that the path crosses. */
  failureOf(actor: string, event: number, time: Nanos, path: PathInfo): string | null {
    this.end();
    const failures = this.#watched.get(actor)?.failures ?? [];
    const crossed = failures.findLast(
      (failure) => failure.event <= event && failure.time === time && crosses(path, failure.interface),
    );
    return crossed?.interface ?? null;
  }

  #hear(host: Cell, { l4 }: Packet, event: number): void {
    if (l4.kind !== "scmp.interface-down") return;
    const key = newsKey(host.place, l4.ia, l4.ifId);
    const { now } = host.world;
    if (this.#news.get(key)?.time === now) return;
    if (this.#news.size >= MOST_NEWS) this.#news.clear();
    this.#news.set(key, { time: now, event });
  }

  /** The event that a selector has handled: did it change its path? */
  #settle(): void {
    const cell = this.#open as Cell;
    const event = this.#thing;
    this.#open = null;
    this.#thing = null;
    const selector = cell.state.context as SelectorContext | null;
    if (selector === null) return;
    const known = this.#watched.get(cell.id) ?? this.#watch(cell.id);
    if (event?.type === "path.down") this.#noteFailure(known, event as unknown as Down);
    if (selector.switches === known.switches && known.used !== null) return;
    const used = selector.paths[selector.lastPath]?.fingerprint ?? known.used;
    if (selector.switches > known.switches && used !== null) this.#note(known, cell, selector, event, used);
    known.switches = selector.switches;
    known.used = used;
  }

  #watch(id: string): Watched {
    const fresh: Watched = { switches: 0, used: null, notes: [], failures: [] };
    this.#watched.set(id, fresh);
    return fresh;
  }

  #noteFailure({ failures }: Watched, { ia, ifId }: Down): void {
    if (failures.length >= MOST_FAILURES) failures.shift();
    failures.push({ time: this.#time, event: this.#number, interface: `${ia}#${ifId}` });
  }

  #note(known: Watched, cell: Cell, selector: SelectorContext, event: ControlEvent | null, to: string): void {
    if (known.notes.length >= MOST_NOTES || this.#notes >= MOST_NOTES_ALTOGETHER) {
      this.unnoted++;
      return;
    }
    this.#notes++;
    known.notes.push({
      actor: cell.id,
      time: this.#time,
      event: this.#number,
      from: known.used,
      to,
      because: reasonOf(cell, selector, event, known.used),
      told: this.#toldBy(cell, selector, event),
    });
  }

  #toldBy({ place }: Cell, { prober }: SelectorContext, event: ControlEvent | null): number {
    if (event?.type === "path.down") {
      const { ia, ifId } = event as unknown as Down;
      const news = this.#news.get(newsKey(place, ia, ifId));
      return news?.time === this.#time ? news.event : this.#number;
    }
    const probed = event?.type === "paths.measured" ? this.#probed.get(prober ?? -1) : undefined;
    return probed ?? this.#number;
  }
}

interface Down {
  readonly ia: IA;
  readonly ifId: IfId;
}

function newsKey(place: number, ia: IA, ifId: IfId): string {
  return `${place} ${ia}#${ifId}`;
}

function crosses({ interfaces }: PathInfo, end: string): boolean {
  return interfaces.some(({ ia, ifId }) => `${ia}#${ifId}` === end);
}

/** In words, by the event that the selector handled when it changed. */
function reasonOf(cell: Cell, selector: SelectorContext, event: ControlEvent | null, from: string | null): string {
  const { eachPacket, paths } = selector;
  switch (event?.type) {
    case undefined:
      return eachPacket ? "the policy chooses for every packet" : `a report of the receiver${figures(cell, from)}`;
    case "path.down": {
      const end = `${(event as unknown as Down).ia}#${(event as unknown as Down).ifId}`;
      const before = paths.find(({ fingerprint }) => fingerprint === from);
      const bars = before !== undefined && crosses(before, end);
      return `news that ${end} is down bars ${bars ? "the path" : "another path"}`;
    }
    case "timer.revocation":
      return `a bar has fallen: the path may be used again${figures(cell, from)}`;
    case "paths.offered": {
      const isGone = paths.every(({ fingerprint }) => fingerprint !== from);
      return `the control service offers ${paths.length} paths${isGone ? ", the one before is not among them" : ""}`;
    }
    case "paths.measured":
      return `what probes measured${figures(cell, from)}`;
    case "paths.observed":
      return `what the channel's own packets measured${figures(cell, from)}`;
    case "timer.reports":
      return "packets sent long ago were never reported";
    case "timer.reconsider":
      return `the policy looked again after its period${figures(cell, from)}`;
    case "policy.replace":
      return "another policy took over";
    default:
      return `the event ${event?.type}`;
  }
}

/** `: round trip 12 ms; of the path before: round trip 31 ms`; empty where the policy has no figures. */
function figures(cell: Cell, from: string | null): string {
  const { lastPath, paths } = cell.state.context as SelectorContext;
  const now = scoreOf(cell, lastPath);
  const before = scoreOf(
    cell,
    paths.findIndex(({ fingerprint }) => fingerprint === from),
  );
  if (now === null || before === null || now.text === before.text) return "";
  return `: ${now.text}; of the path before: ${before.text}`;
}
