/**
 * The sequences of AS entries met so far, as a tree: beacons that came the same way share one list of hops, one key and the bytes of their
 * entries, whatever their timestamps. It remembers what follows from the entries alone, and changes no result.
 */
import type { IfId } from "../address.ts";
import type { BeaconKeys } from "./authenticator.ts";
import type { BeaconHop } from "./beacon.ts";
import type { EntryBody } from "./beacon-codec.ts";

/** Entries from an origin up to one of them. */
export interface Chain {
  /** The last one. */
  readonly body: EntryBody;
  readonly bodies: readonly EntryBody[];
  readonly hops: readonly BeaconHop[];
  readonly key: string;
  /** Least of the entries'. */
  readonly expTime: number;
  /** One entry longer, by that one's interfaces. */
  readonly after: Map<number, Chain>;
}

export interface Chains {
  readonly keys: BeaconKeys;
  /** Of one entry, by the texts of their hops. */
  readonly first: Map<string, Chain>;
  /** By their lists of hops. */
  readonly byHops: WeakMap<readonly BeaconHop[], Chain>;
  count: number;
}

/** Chains remembered; then all are forgotten. */
const MAX_CHAINS = 2_000_000;

export function createChains(keys: BeaconKeys): Chains {
  return { keys, first: new Map(), byHops: new WeakMap(), count: 0 };
}

export function placeOf(ingress: IfId, egress: IfId): number {
  return ingress * 0x1_0000 + egress;
}

/** A chain (null: none yet) with one more entry. Another entry than the one known in its place is not remembered. */
export function chainAfter(chains: Chains, before: Chain | null, body: EntryBody): Chain {
  const { egress, ingress, text } = body.hop;
  const known = before === null ? chains.first.get(text) : before.after.get(placeOf(ingress, egress));
  if (known?.body === body) return known;
  const chain: Chain = {
    body,
    bodies: before === null ? [body] : [...before.bodies, body],
    hops: before === null ? [body.hop] : [...before.hops, body.hop],
    key: before === null ? text : `${before.key} ${text}`,
    expTime: Math.min(before?.expTime ?? body.hop.expTime, body.hop.expTime),
    after: new Map(),
  };
  chains.byHops.set(chain.hops, chain);
  if (known !== undefined) return chain;
  if (++chains.count > MAX_CHAINS) {
    chains.first.clear();
    chains.count = 0;
    return chain;
  }
  if (before === null) chains.first.set(text, chain);
  else before.after.set(placeOf(ingress, egress), chain);
  return chain;
}

/** The chain of a beacon's entries; of copies of it, too. */
export function chainOf(chains: Chains, bodies: readonly EntryBody[], hops: readonly BeaconHop[]): Chain | null {
  const known = chains.byHops.get(hops);
  if (known !== undefined) return known;
  return bodies.reduce((before: Chain | null, body) => chainAfter(chains, before, body), null);
}
