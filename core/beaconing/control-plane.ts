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
import { decodeSegment, encodeBody } from "./beacon-codec.ts";
import { makeEntry } from "./entries.ts";

/** Name among an assembly's resources. */
export const CONTROL_PLANE = "control-plane";

export interface ControlPlane {
  readonly views: ReadonlyMap<IA, AsView>;
  readonly keys: BeaconKeys;
  /** Body of the entry of a hop; null where it is too long for the wire. */
  bodyOf(hop: BeaconHop): Uint8Array | null;
  /** The segment of bytes that were accepted; null where its peer entries or its static info are malformed. */
  segmentOf(bytes: Uint8Array): Segment | null;
  readonly combine: Combiner;
}

export function createControlPlane(seed: number, network: Network, combine: Combiner): ControlPlane {
  const views = viewAses(network);
  const bodies = new Map<string, Uint8Array | null>();
  const segments = new WeakMap<Uint8Array, { readonly segment: Segment | null }>();
  return {
    views,
    keys: createBeaconKeys(seed, views.keys()),
    combine,
    bodyOf: (hop) => {
      const name = `${hop.text}!${hop.expTime}`;
      const before = bodies.get(name);
      if (before !== undefined) return before;
      const view = views.get(hop.ia);
      const entry = view === undefined ? null : makeEntry(view, hop);
      const body = entry === null ? null : encodeBody(entry);
      bodies.set(name, body);
      return body;
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
