/**
 * Noise_XX_25519_ChaChaPoly_SHA256 and Noise_IK_25519_ChaChaPoly_SHA256 (The Noise Protocol Framework, revision 34). The state
 * is plain data. A message that cannot be read leaves it as it was: over datagrams anybody may send one, and the right one may
 * still come.
 *
 *     XX:  -> e                       IK:  <- s  (known before)
 *          <- e, ee, s, es                 -> e, es, s, ss
 *          -> s, se                        <- e, ee, se
 */
import {
  bytesOfText,
  concat,
  createKeyPair,
  hkdfExpand,
  hkdfExtract,
  isZero,
  KEY_BYTES,
  type KeyPair,
  NONCE_BYTES,
  type Primitives,
  sameBytes,
  TAG_BYTES,
} from "./primitives.ts";

export type NoisePattern = "XX" | "IK";

/** Why a message was not read. */
export type NoiseFault =
  /** Shorter than its keys and tags. */
  | "truncated"
  /** Read after the last message, or where it is this end's turn to write. */
  | "out_of_turn"
  /** A point of low order came in place of a key. */
  | "weak_key"
  /** A tag does not fit: changed on the way, or made for another static key than ours (IK), or in another prologue. */
  | "forged"
  /** All is well, but the peer's static key is not the one that was asked for. */
  | "wrong_identity";

export interface NoiseOptions {
  readonly pattern: NoisePattern;
  readonly initiator: boolean;
  /** What both ends must have seen alike: version, ids. */
  readonly prologue: Uint8Array;
  readonly localStatic: KeyPair;
  /** IK's initiator must know it. With XX: the only identity to be accepted; absent: anybody's. */
  readonly remoteStatic?: Uint8Array;
  /** Fresh 32 bytes, never used for another handshake. */
  readonly ephemeral: Uint8Array;
}

/** What each message changes. */
interface Progress {
  chaining: Uint8Array;
  hash: Uint8Array;
  /** Empty before the first key. */
  key: Uint8Array;
  nonce: number;
  /** Messages written and read so far. */
  step: number;
  remoteStatic: Uint8Array | null;
  remoteEphemeral: Uint8Array | null;
}

export interface Noise extends Progress {
  readonly pattern: NoisePattern;
  readonly initiator: boolean;
  readonly localStatic: KeyPair;
  readonly localEphemeral: KeyPair;
  readonly expected: Uint8Array | null;
  done: boolean;
  /** Of the last message that was not read. */
  fault: NoiseFault | null;
}

/** What splitting gives: each end's own direction first. */
export interface SplitSecret {
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
}

type Token = "e" | "s" | "ee" | "es" | "se" | "ss";

const MESSAGES: Readonly<Record<NoisePattern, readonly (readonly Token[])[]>> = {
  XX: [["e"], ["e", "ee", "s", "es"], ["s", "se"]],
  IK: [
    ["e", "es", "s", "ss"],
    ["e", "ee", "se"],
  ],
};

/** Where the initiator's part of a key exchange is its static key. */
const INITIATOR_STATIC: ReadonlySet<Token> = new Set(["se", "ss"]);
const RESPONDER_STATIC: ReadonlySet<Token> = new Set(["es", "ss"]);

const NONE = new Uint8Array(0);

/** Begins a handshake. Throws where an initiator of IK is not told whom to reach. */
export function createNoise(options: NoiseOptions, p: Primitives): Noise {
  const { pattern, initiator, prologue, localStatic, ephemeral } = options;
  const expected = options.remoteStatic ?? null;
  const knowsPeer = pattern === "IK" && initiator;
  if (knowsPeer && expected === null) throw new Error("Noise IK: the initiator needs the responder's static key");
  // The protocol's name has exactly the 32 bytes of a hash, and so is its own first hash (section 5.2).
  const name = bytesOfText(`Noise_${pattern}_25519_ChaChaPoly_SHA256`);
  const noise: Noise = {
    pattern,
    initiator,
    localStatic,
    localEphemeral: createKeyPair(ephemeral, p),
    expected,
    chaining: name,
    hash: p.sha256(concat(name, prologue)),
    key: NONE,
    nonce: 0,
    step: 0,
    remoteStatic: knowsPeer ? expected : null,
    remoteEphemeral: null,
    done: false,
    fault: null,
  };
  if (pattern === "IK") mixHash(noise, initiator ? (expected as Uint8Array) : localStatic.public, p);
  return noise;
}

/** Whether the next message is this end's to write. */
export function isTurnToWrite(noise: Noise): boolean {
  return !noise.done && (noise.step % 2 === 0) === noise.initiator;
}

/**
 * Writes the next message, with `payload` in it (in clear in XX's first message). `header`, where given, is authenticated with it:
 * the reader must pass the same bytes. Throws out of turn.
 */
export function writeNoise(noise: Noise, payload: Uint8Array, p: Primitives, header: Uint8Array = NONE): Uint8Array {
  if (!isTurnToWrite(noise))
    throw new Error(`Noise ${noise.pattern}: message ${noise.step + 1} is not this end's to write`);
  const parts: Uint8Array[] = [];
  if (header.length > 0) mixHash(noise, header, p);
  for (const token of tokensOf(noise)) {
    if (token === "e") {
      parts.push(noise.localEphemeral.public);
      mixHash(noise, noise.localEphemeral.public, p);
    } else if (token === "s") parts.push(encryptAndHash(noise, noise.localStatic.public, p));
    else mixKey(noise, exchange(noise, noise, token, p), p);
  }
  parts.push(encryptAndHash(noise, payload, p));
  advance(noise);
  return concat(...parts);
}

/** Reads the next message: its payload, or null with the reason in `noise.fault` and all else as it was. */
export function readNoise(
  noise: Noise,
  bytes: Uint8Array,
  p: Primitives,
  header: Uint8Array = NONE,
): Uint8Array | null {
  noise.fault = null;
  if (noise.done || isTurnToWrite(noise)) return refuse(noise, "out_of_turn");
  const { chaining, hash, key, nonce, step, remoteStatic, remoteEphemeral } = noise;
  const draft: Progress = { chaining, hash, key, nonce, step, remoteStatic, remoteEphemeral };
  if (header.length > 0) mixHash(draft, header, p);
  let at = 0;
  for (const token of tokensOf(noise)) {
    if (token === "e" || token === "s") {
      const end = at + KEY_BYTES + (token === "s" && draft.key.length > 0 ? TAG_BYTES : 0);
      if (bytes.length < end) return refuse(noise, "truncated");
      if (!readKey(draft, token, bytes.slice(at, end), p)) return refuse(noise, "forged");
      at = end;
      continue;
    }
    const shared = exchange(noise, draft, token, p);
    if (isZero(shared)) return refuse(noise, "weak_key");
    mixKey(draft, shared, p);
  }
  if (draft.key.length > 0 && bytes.length < at + TAG_BYTES) return refuse(noise, "truncated");
  const payload = decryptAndHash(draft, bytes.slice(at), p);
  if (payload === null) return refuse(noise, "forged");
  const { expected } = noise;
  if (expected !== null && draft.remoteStatic !== null && !sameBytes(expected, draft.remoteStatic)) {
    return refuse(noise, "wrong_identity");
  }
  Object.assign(noise, draft);
  advance(noise);
  return payload;
}

/** The two directions' secrets of a finished handshake (Split, section 5.2). Throws before it is done. */
export function splitSecret(noise: Noise, p: Primitives): SplitSecret {
  if (!noise.done) throw new Error(`Noise ${noise.pattern}: not done`);
  const [first, second] = hkdfPair(noise.chaining, NONE, p);
  return noise.initiator ? { send: first, receive: second } : { send: second, receive: first };
}

function tokensOf(noise: Noise): readonly Token[] {
  return MESSAGES[noise.pattern][noise.step] ?? [];
}

function advance(noise: Noise): void {
  noise.step++;
  noise.done = noise.step === MESSAGES[noise.pattern].length;
}

function refuse(noise: Noise, fault: NoiseFault): null {
  noise.fault = fault;
  return null;
}

/** Answers false where a tag does not fit. */
function readKey(draft: Progress, token: "e" | "s", bytes: Uint8Array, p: Primitives): boolean {
  if (token === "s") {
    draft.remoteStatic = decryptAndHash(draft, bytes, p);
    return draft.remoteStatic !== null;
  }
  draft.remoteEphemeral = bytes;
  mixHash(draft, bytes, p);
  return true;
}

/** The key exchange that a token names: the first letter is the initiator's key, the second the responder's. */
function exchange(noise: Noise, progress: Progress, token: Token, p: Primitives): Uint8Array {
  const ourStatic = (noise.initiator ? INITIATOR_STATIC : RESPONDER_STATIC).has(token);
  const theirStatic = (noise.initiator ? RESPONDER_STATIC : INITIATOR_STATIC).has(token);
  const theirs = theirStatic ? progress.remoteStatic : progress.remoteEphemeral;
  return p.dh((ourStatic ? noise.localStatic : noise.localEphemeral).secret, theirs as Uint8Array);
}

function mixHash(progress: Progress, bytes: Uint8Array, p: Primitives): void {
  progress.hash = p.sha256(concat(progress.hash, bytes));
}

function mixKey(progress: Progress, material: Uint8Array, p: Primitives): void {
  [progress.chaining, progress.key] = hkdfPair(progress.chaining, material, p);
  progress.nonce = 0;
}

/** HKDF of section 4.3: RFC 5869's with empty info. */
function hkdfPair(chaining: Uint8Array, material: Uint8Array, p: Primitives): [Uint8Array, Uint8Array] {
  const both = hkdfExpand(hkdfExtract(chaining, material, p), NONE, 2 * KEY_BYTES, p);
  return [both.slice(0, KEY_BYTES), both.slice(KEY_BYTES)];
}

function encryptAndHash(progress: Progress, plain: Uint8Array, p: Primitives): Uint8Array {
  const sealed =
    progress.key.length === 0 ? plain : p.seal(progress.key, nonceOf(progress.nonce++), progress.hash, plain);
  mixHash(progress, sealed, p);
  return sealed;
}

function decryptAndHash(progress: Progress, sealed: Uint8Array, p: Primitives): Uint8Array | null {
  const plain =
    progress.key.length === 0 ? sealed : p.open(progress.key, nonceOf(progress.nonce++), progress.hash, sealed);
  mixHash(progress, sealed, p);
  return plain;
}

/** Four zero bytes, then the count, little endian (section 12.3); a handshake counts no further than to 2. */
function nonceOf(count: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce[4] = count;
  return nonce;
}
