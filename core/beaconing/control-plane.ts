/**
 * What control services look up that is no state of theirs: their network, each AS's vouching key, and results that follow from both and are
 * remembered. Remembering changes no result.
 */
import type { IA } from "../address.ts";
import type { Combiner } from "../combinator/combine.ts";
import type { Network } from "../scenario.ts";
import type { Segment } from "../segment.ts";
import { type AsView, viewAses } from "./as-view.ts";
import { type Authenticator, type BeaconKeys, createBeaconKeys } from "./authenticator.ts";
import type { BeaconHop } from "./beacon.ts";
import { decodeSegment, encodeTail, type EntryContent } from "./beacon-codec.ts";
import { headOf, tailOf } from "./entries.ts";

/** Name among an assembly's resources. */
export const CONTROL_PLANE = "control-plane";

export interface ControlPlane {
  readonly views: ReadonlyMap<IA, AsView>;
  readonly keys: BeaconKeys;
  /** What the AS of a hop says in its entry; null where it is too long for the wire. */
  contentOf(hop: BeaconHop): EntryContent | null;
  /** The segment of bytes that were accepted; null where its peer entries or its static info are malformed. */
  segmentOf(bytes: Uint8Array): Segment | null;
  readonly combine: Combiner;
}

export function createControlPlane(seed: number, network: Network, combine: Combiner): ControlPlane {
  const views = viewAses(network);
  const tails = new Map<string, Uint8Array | null>();
  const segments = new WeakMap<Uint8Array, { readonly segment: Segment | null }>();
  return {
    views,
    keys: createBeaconKeys(seed, views.keys()),
    combine,
    contentOf: (hop) => {
      const view = views.get(hop.ia);
      const head = view === undefined ? null : headOf(view, hop);
      if (view === undefined || head === null) return null;
      const name = `${hop.ia}#${hop.ingress === 0 ? "0," : ""}${hop.egress}!${hop.expTime}`;
      let tail = tails.get(name);
      if (tail === undefined) {
        tail = encodeTail(tailOf(view, hop));
        tails.set(name, tail);
      }
      return tail === null ? null : { head, tail };
    },
    segmentOf: (bytes) => {
      const before = segments.get(bytes);
      if (before !== undefined) return before.segment;
      const segment = decodeSegment(bytes);
      segments.set(bytes, { segment });
      return segment;
    },
  };
}

export function keyOf({ keys }: ControlPlane, ia: IA): Authenticator {
  const key = keys(ia);
  if (key === null) throw new Error(`nobody vouches for ${ia}`);
  return key;
}
