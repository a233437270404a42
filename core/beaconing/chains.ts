/**
 * The sequences of AS entries met so far, as a tree: beacons that came the same way share one list of hops, one key and the bytes of their
 * entries, whatever their timestamps. It remembers what follows from the entries alone, and changes no result.
 */
import type { IfId } from "../address.ts";
import { get16, get48 } from "../wire/bytes.ts";
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
  /** One entry longer, by that one's interfaces; null: none yet. */
  after: Map<number, Chain> | null;
}

export interface Chains {
  readonly keys: BeaconKeys;
  /** Of one entry, by its AS number, then by ISD and egress. */
  readonly first: Map<number, Map<number, Chain>>;
  count: number;
}

/** Chains remembered; then all are forgotten. */
const MAX_CHAINS = 2_000_000;

export function createChains(keys: BeaconKeys): Chains {
  return { keys, first: new Map(), count: 0 };
}

function placeOf(ingress: IfId, egress: IfId): number {
  return ingress * 0x1_0000 + egress;
}

/** The chain known that goes on from another one (null: begins) with the entry whose bytes begin at `at`. */
export function knownAfter({ first }: Chains, before: Chain | null, bytes: Uint8Array, at: number): Chain | undefined {
  const [ingress, egress] = [get16(bytes, at + 16), get16(bytes, at + 18)];
  if (before !== null) return before.after?.get(placeOf(ingress, egress));
  return first.get(get48(bytes, at + 2))?.get(placeOf(get16(bytes, at), egress));
}

/** A chain (null: none yet) with one more entry. Another entry than the one known in its place is not remembered. */
export function chainAfter(chains: Chains, before: Chain | null, body: EntryBody): Chain {
  const known = knownAfter(chains, before, body.bytes, 0);
  if (known?.body === body) return known;
  const { text, expTime } = body.hop;
  const chain: Chain = {
    body,
    bodies: before === null ? [body] : [...before.bodies, body],
    hops: before === null ? [body.hop] : [...before.hops, body.hop],
    key: before === null ? text : `${before.key} ${text}`,
    expTime: Math.min(before?.expTime ?? expTime, expTime),
    after: null,
  };
  if (known === undefined) keep(chains, before, chain);
  return chain;
}

function keep(chains: Chains, before: Chain | null, chain: Chain): void {
  if (++chains.count > MAX_CHAINS) {
    chains.first.clear();
    chains.count = 0;
    return;
  }
  const { bytes, hop } = chain.body;
  if (before !== null) {
    before.after ??= new Map();
    before.after.set(placeOf(hop.ingress, hop.egress), chain);
    return;
  }
  const number = get48(bytes, 2);
  const begun = chains.first.get(number) ?? new Map<number, Chain>();
  chains.first.set(number, begun.set(placeOf(get16(bytes, 0), hop.egress), chain));
}

/** The chain of a beacon's entries; of copies of it, too. */
export function chainOf(chains: Chains, bodies: readonly EntryBody[]): Chain | null {
  let chain: Chain | null = null;
  for (const body of bodies) chain = chainAfter(chains, chain, body);
  return chain;
}
