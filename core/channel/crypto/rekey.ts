/**
 * A channel's next generation of keys, by a fresh X25519 exchange that its frames REKEY and REKEYED carry.
 *
 *     asker                                   answerer
 *     beginRekey        -- REKEY -->          answerRekey     opens the new generation too, seals with the old one
 *     finishRekey     <-- REKEYED --
 *     seals with the new one ------->         confirmRekey    seals with the new one
 *     confirmRekey    <--------------
 *
 * Each end drops the old generation a while (3 probe timeouts) after it has seen the new one used: `retireKeys`. Frames are sent
 * again where they are lost; the same question gets the same answer. Where both ask at once, the greater key's question counts.
 */
import type { Nanos } from "../../units.ts";
import { type ChannelKeys, keyChannel, type Keys, keysOfChannel, nextGeneration } from "./keys.ts";
import { createKeyPair, isZero, KEY_BYTES, type Primitives, sameBytes } from "./primitives.ts";

/** What REKEY and REKEYED carry, with the channel. */
export interface RekeyMessage {
  /** The one to begin. */
  readonly generation: number;
  /** Ephemeral key, 32 bytes. */
  readonly public: Uint8Array;
}

export type RekeyFault =
  /** The last rekeying is not over at both ends: `beginRekey` again later. */
  | "busy"
  /** Of a generation past: a late copy, nothing to do. */
  | "stale"
  /** Both asked at once and ours counts: nothing to do, the peer will answer. */
  | "ours_counts"
  /** A generation that is not the next one, or another key for the one that was answered: the peer breaks the protocol. */
  | "mismatch"
  /** Not 32 bytes, a point of low order, or our own key sent back: the peer breaks the protocol. */
  | "weak_key";

/** Asks for a channel's next generation; `ephemeral` is 32 fresh bytes. The answer goes into a frame REKEY. */
export function beginRekey(
  keys: Keys,
  channel: number,
  ephemeral: Uint8Array,
  p: Primitives,
): RekeyMessage | RekeyFault {
  const state = keysOfChannel(keys, channel, p);
  if (!isSettled(state) || state.pending !== null) return "busy";
  const pair = createKeyPair(ephemeral, p);
  const generation = state.current.number + 1;
  state.pending = { generation, secret: pair.secret, public: pair.public };
  return { generation, public: pair.public };
}

/** Takes a frame REKEY; `ephemeral` is 32 fresh bytes. The answer goes into a frame REKEYED. */
export function answerRekey(
  keys: Keys,
  channel: number,
  asked: RekeyMessage,
  ephemeral: Uint8Array,
  p: Primitives,
): RekeyMessage | RekeyFault {
  const state = keysOfChannel(keys, channel, p);
  const { answered, pending, current } = state;
  if (answered?.generation === asked.generation) {
    if (!sameBytes(answered.theirs, asked.public)) return "mismatch";
    return { generation: answered.generation, public: answered.public };
  }
  if (asked.generation <= current.number) return "stale";
  // Where `current` is not confirmed yet, the question itself shows that the peer has it.
  if (asked.generation !== current.number + 1 || state.next !== null) return "mismatch";
  if (pending !== null) {
    const order = compareKeys(pending.public, asked.public);
    if (order === 0) return "weak_key";
    if (order > 0) return "ours_counts";
  }
  const own = createKeyPair(ephemeral, p);
  const shared = sharedSecret(own.secret, asked.public, own.public, p);
  if (shared === null) return "weak_key";
  const exchange = { shared, asker: asked.public, answerer: own.public };
  state.next = nextGeneration(keys, keyChannel(keys, channel), current, exchange, p);
  state.pending = null;
  state.answered = { generation: asked.generation, theirs: asked.public.slice(), public: own.public };
  return { generation: asked.generation, public: own.public };
}

/** Takes a frame REKEYED: from now on this end seals with the new generation. Null: done. */
export function finishRekey(keys: Keys, channel: number, answer: RekeyMessage, p: Primitives): RekeyFault | null {
  const state = keysOfChannel(keys, channel, p);
  const { pending, current } = state;
  if (answer.generation <= current.number || state.next?.number === answer.generation) return "stale";
  if (pending === null || answer.generation !== pending.generation) return "mismatch";
  const shared = sharedSecret(pending.secret, answer.public, pending.public, p);
  if (shared === null) return "weak_key";
  const exchange = { shared, asker: pending.public, answerer: answer.public };
  state.previous = current;
  state.current = nextGeneration(keys, keyChannel(keys, channel), current, exchange, p);
  state.confirmed = false;
  state.pending = null;
  return null;
}

/** After a packet opened as `newer`: both ends have the new generation, and the old one ends at `retireAt` (now and 3 probe timeouts). */
export function confirmRekey(keys: Keys, channel: number, retireAt: Nanos): void {
  const state = keys.channels.get(keyChannel(keys, channel));
  if (state === undefined) return;
  if (state.next !== null) {
    state.previous = state.current;
    state.current = state.next;
    state.next = null;
  }
  state.confirmed = true;
  state.retireAt = retireAt;
}

/** Drops the generations whose time is over; answers when the next one ends (-1: none). */
export function retireKeys(keys: Keys, now: Nanos): Nanos {
  let deadline = -1;
  for (const state of keys.channels.values()) {
    if (state.retireAt < 0) continue;
    if (state.retireAt <= now) {
      state.previous = null;
      state.retireAt = -1;
    } else if (deadline < 0 || state.retireAt < deadline) deadline = state.retireAt;
  }
  return deadline;
}

/** One generation only. Asking from here on leaves never more than three, which two bits tell from each other. */
function isSettled({ next, previous, confirmed }: ChannelKeys): boolean {
  return next === null && previous === null && confirmed;
}

function sharedSecret(secret: Uint8Array, theirs: Uint8Array, own: Uint8Array, p: Primitives): Uint8Array | null {
  if (theirs.length !== KEY_BYTES || sameBytes(theirs, own)) return null;
  const shared = p.dh(secret, theirs);
  return isZero(shared) ? null : shared;
}

function compareKeys(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < KEY_BYTES; i++) {
    const difference = (a[i] as number) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
