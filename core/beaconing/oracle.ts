/**
 * The path segments that beaconing converges to, at once and for nothing: the rules are those that control services follow (selection.ts,
 * filters.ts, store.ts), time and messages are left out. What is asked for is computed, no more:
 *
 * - within ISDs an AS's best set follows from those of its parents: child links have no cycles, so each is computed once;
 * - between core ASes each origin's beacons are for themselves: rounds in which every AS hears what its neighbours passed on in the
 *   round before, until a round changes nothing. What is passed on hangs on shorter beacons alone, so that this ends (selection.ts).
 */
import type { IA } from "../address.ts";
import { hashText } from "../digest.ts";
import { LINK_TO } from "../forwarding/router.ts";
import type { Network } from "../scenario.ts";
import type { Segment } from "../segment.ts";
import { type AsInterface, type AsView, viewAses } from "./as-view.ts";
import { type Beacon, extend, originate, terminate } from "./beacon.ts";
import { type EntryTable, segmentOf } from "./entries.ts";
import { refuseBeacon } from "./filters.ts";
import { type BeaconPolicy, DEFAULT_BEACON_POLICY } from "./policy.ts";
import { bestOf, type BeaconStore, createBeaconStore, passedOn, storeBeacon } from "./store.ts";

/** Rounds after which core beaconing counts as one that never settles; it takes about as many as a beacon may have hops. */
const MAX_ROUNDS = 1_000;

/** Most beacons between core ASes kept at a time; the origins asked for longest ago go first, one stays. */
const MAX_CORE_BEACONS = 500_000;

type BeaconSets = ReadonlyMap<IA, readonly Beacon[]>;

export class SegmentOracle {
  readonly network: Network;
  readonly policy: BeaconPolicy;
  readonly epochS: number;
  readonly views: ReadonlyMap<IA, AsView>;
  readonly #cores: readonly AsView[];
  readonly #entries: EntryTable = new Map();
  /** Best sets of non-core ASes: at most one for each AS. */
  readonly #below = new Map<IA, readonly Beacon[]>();
  readonly #ending = new Map<IA, readonly Segment[]>();
  /** Best sets of core ASes, by origin. */
  readonly #between = new Map<IA, BeaconSets>();

  /** @param epochS Unix seconds at which all segments are originated. */
  constructor(network: Network, epochS: number, policy: BeaconPolicy = DEFAULT_BEACON_POLICY) {
    this.network = network;
    this.policy = policy;
    this.epochS = epochS;
    this.views = viewAses(network);
    this.#cores = [...this.views.values()].filter(({ as }) => as.core);
  }

  isCore(ia: IA): boolean {
    return this.views.get(ia)?.as.core === true;
  }

  /** Segments that a non-core AS has registered, from core ASes down to it: its up segments, and others' down segments to it. */
  segmentsTo(ia: IA): readonly Segment[] {
    const known = this.#ending.get(ia);
    if (known !== undefined) return known;
    const view = this.views.get(ia);
    const segments = view === undefined || view.as.core ? [] : this.#terminate(this.#bestBelow(view), view);
    this.#ending.set(ia, segments);
    return segments;
  }

  /** Segments from one core AS to another one. */
  coreSegments(origin: IA, end: IA): readonly Segment[] {
    const [from, to] = [this.views.get(origin), this.views.get(end)];
    if (from?.as.core !== true || to?.as.core !== true) return [];
    const name = `${origin} ${end}`;
    const known = this.#ending.get(name);
    if (known !== undefined) return known;
    const segments = this.#terminate(this.#bestBetween(from).get(end) ?? [], to);
    this.#ending.set(name, segments);
    return segments;
  }

  #terminate(beacons: readonly Beacon[], view: AsView): readonly Segment[] {
    return beacons.flatMap(
      (beacon) => segmentOf(terminate(beacon, view, this.policy), this.views, this.#entries) ?? [],
    );
  }

  /** Parents first; the ASes still open stand on a list, as lines of descent may be long. */
  #bestBelow(view: AsView): readonly Beacon[] {
    const open = [view];
    const begun = new Set<IA>();
    for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
      const waiting = begun.has(next.ia) ? [] : this.#parentsWithout(next);
      begun.add(next.ia);
      open.push(...waiting);
      if (waiting.length > 0) continue;
      open.pop();
      if (!this.#below.has(next.ia)) this.#below.set(next.ia, this.#hearParents(next));
    }
    return this.#below.get(view.ia) ?? [];
  }

  /** Non-core parents whose best sets are not known. */
  #parentsWithout({ interfaces }: AsView): AsView[] {
    return interfaces.flatMap(({ linkTo, neighbour }) => {
      const parent = linkTo === LINK_TO.parent ? this.views.get(neighbour) : undefined;
      return parent === undefined || parent.as.core || this.#below.has(parent.ia) ? [] : [parent];
    });
  }

  #hearParents(view: AsView): readonly Beacon[] {
    const store = createBeaconStore(false);
    for (const { linkTo, neighbour, remoteIfId } of view.interfaces) {
      const parent = linkTo === LINK_TO.parent ? this.views.get(neighbour) : undefined;
      const egress = parent?.byIfId.get(remoteIfId);
      if (parent === undefined || egress === undefined) continue;
      if (parent.as.core) this.#take(store, this.#originated(parent, egress), view.ia);
      else this.#hear(store, this.#below.get(neighbour) ?? [], parent, egress, view.ia);
    }
    return bestOf(store, this.policy);
  }

  #originated(view: AsView, egress: AsInterface): Beacon {
    // The accumulator's start is drawn from the interface: the same segment has the same MACs in every path.
    const segId = hashText(`${view.ia}#${egress.ifId}`)[0] & 0xffff;
    return originate(view, egress, this.epochS, segId, this.policy);
  }

  #take(store: BeaconStore, beacon: Beacon, at: IA): void {
    if (refuseBeacon(beacon, at, this.policy, this.epochS) === null) storeBeacon(store, beacon, this.policy);
  }

  /** What a neighbour passes on to this AS. Beacons come in order: behind one too long for a full set all are too long. */
  #hear(store: BeaconStore, beacons: readonly Beacon[], from: AsView, egress: AsInterface, at: IA): void {
    const { candidateSetSize, maxHopsLength } = this.policy;
    for (const beacon of beacons) {
      const length = beacon.hops.length + 1;
      const [set] = store.sets.values();
      const longest = set?.[candidateSetSize - 1]?.hops.length ?? maxHopsLength;
      if (length > longest) break;
      this.#take(store, extend(beacon, from, egress, this.policy), at);
    }
  }

  #bestBetween(origin: AsView): BeaconSets {
    const known = this.#between.get(origin.ia);
    if (known !== undefined) return known;
    const settled = this.#settle(origin);
    const room = Math.max(1, Math.floor(MAX_CORE_BEACONS / (this.#cores.length * this.policy.bestSetSize)));
    for (const ia of [...this.#between.keys()].slice(0, Math.max(0, this.#between.size + 1 - room))) {
      this.#between.delete(ia);
    }
    this.#between.set(origin.ia, settled);
    return settled;
  }

  #settle(origin: AsView): BeaconSets {
    const passed = new Map<IA, readonly Beacon[]>();
    const stores = new Map<IA, BeaconStore>();
    let changed = new Set<IA>([origin.ia]);
    for (let round = 0; changed.size > 0; round++) {
      if (round === MAX_ROUNDS) throw new Error(unsettled(origin.ia, changed));
      const hearing = this.#cores.filter(
        ({ ia, cores }) => ia !== origin.ia && cores.some(({ neighbour }) => changed.has(neighbour)),
      );
      const heard = hearing.map((view) => [view.ia, this.#hearCores(view, origin, passed, stores)] as const);
      const different = heard.filter(([ia, now]) => !isSame(passed.get(ia) ?? [], now));
      for (const [ia, now] of different) passed.set(ia, now);
      changed = new Set(different.map(([ia]) => ia));
    }
    return new Map([...stores].map(([ia, store]) => [ia, bestOf(store, this.policy)]));
  }

  #hearCores(view: AsView, origin: AsView, passed: BeaconSets, stores: Map<IA, BeaconStore>): readonly Beacon[] {
    const store = stores.get(view.ia) ?? createBeaconStore(true);
    stores.set(view.ia, store);
    for (const { neighbour, remoteIfId } of view.cores) {
      const sender = this.views.get(neighbour);
      const egress = sender?.byIfId.get(remoteIfId);
      if (sender?.as.core !== true || egress === undefined) continue;
      if (sender === origin) this.#take(store, this.#originated(origin, egress), view.ia);
      else this.#hear(store, passed.get(neighbour) ?? [], sender, egress, view.ia);
    }
    return passedOn(store, this.policy);
  }
}

function isSame(before: readonly Beacon[], now: readonly Beacon[]): boolean {
  return before.length === now.length && now.every(({ key }, at) => key === before[at]?.key);
}

function unsettled(origin: IA, changed: ReadonlySet<IA>): string {
  const some = [...changed].slice(0, 5).join(", ");
  return `core beaconing of ${origin} does not settle: after ${MAX_ROUNDS} rounds the best sets of ${some} still change`;
}
