/**
 * What control services look up that is no state of theirs: their network, each AS's vouching key, and results that follow from both and are
 * remembered. Remembering changes no result.
 */
import type { IA } from "../address.ts";
import type { Combiner } from "../combinator/combine.ts";
import type { Network } from "../scenario.ts";
import type { AsEntry, Segment } from "../segment.ts";
import { type AsView, viewAses } from "./as-view.ts";
import { createBeaconKeys } from "./authenticator.ts";
import { beaconHop, type BeaconHop } from "./beacon.ts";
import { type EncodedBeacon, encodeBody, encodeTail, type EntryBody, entryOf } from "./beacon-codec.ts";
import { type Chains, createChains } from "./chains.ts";
import { headOf, tailOf } from "./entries.ts";

/** Name among an assembly's resources. */
export const CONTROL_PLANE = "control-plane";

export interface ControlPlane {
  readonly views: ReadonlyMap<IA, AsView>;
  readonly chains: Chains;
  /** The entry of an AS of the network for one of its hops; null where it is too long for the wire. */
  bodyOf(hop: Omit<BeaconHop, "text">): EntryBody | null;
  /** null where its peer entries or its static info are malformed. */
  segmentOf(beacon: EncodedBeacon): Segment | null;
  readonly combine: Combiner;
}

export function createControlPlane(seed: number, network: Network, combine: Combiner): ControlPlane {
  const views = viewAses(network);
  const keys = createBeaconKeys(seed, views.keys());
  /** By AS and lifetime, then by interfaces: names of hops are long to make. */
  const bodies = new Map<IA, Map<number, EntryBody | null>[]>();
  const tails = new Map<string, Uint8Array | null>();
  const entries = new WeakMap<EntryBody, { readonly entry: AsEntry | null }>();
  const segments = new WeakMap<EncodedBeacon, { readonly segment: Segment | null }>();
  const makeBody = (hop: BeaconHop): EntryBody | null => {
    const [view, key] = [views.get(hop.ia), keys(hop.ia)];
    const head = view === undefined ? null : headOf(view, hop);
    if (view === undefined || head === null || key === null) return null;
    const name = `${hop.ia}#${hop.ingress === 0 ? "0," : ""}${hop.egress}!${hop.expTime}`;
    const tail = remember(tails, name, () => encodeTail(tailOf(view, hop), hop.egress));
    return tail === null ? null : encodeBody(hop, { head, tail }, key);
  };
  const entry = (body: EntryBody): AsEntry | null => remember(entries, body, () => ({ entry: entryOf(body) })).entry;
  return {
    views,
    chains: createChains(keys),
    combine,
    bodyOf: ({ ia, ingress, egress, expTime }) => {
      const own = remember(bodies, ia, () => []);
      own[expTime] ??= new Map();
      return remember(own[expTime], ingress * 0x1_0000 + egress, () =>
        makeBody(beaconHop(ia, ingress, egress, expTime)),
      );
    },
    segmentOf: (beacon) =>
      remember(segments, beacon, () => {
        const { segId, timestamp } = beacon;
        const own = beacon.bodies.map(entry).filter((one) => one !== null);
        return { segment: own.length < beacon.bodies.length ? null : { timestamp, segId, entries: own } };
      }).segment,
  };
}

interface Memory<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

function remember<K, V>(memory: Memory<K, V>, key: K, make: () => V): V {
  const before = memory.get(key);
  if (before !== undefined) return before;
  const made = make();
  memory.set(key, made);
  return made;
}
