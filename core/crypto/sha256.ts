/** SHA-256 (FIPS 180-4), HMAC (RFC 2104) and PBKDF2 (RFC 8018) over it. */
import { wordAt } from "./aes.ts";
import { bytesOfWords } from "./cmac.ts";

const BLOCK_BYTES = 64;

/** First 64 primes: the constants are 32 bits of the fraction of their roots, found in whole numbers (no Math of V8's). */
const PRIMES = firstPrimes(64);
const K = Int32Array.from(PRIMES, (prime) => fractionOfRoot(prime, 3n));
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (prime) => fractionOfRoot(prime, 2n));

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

/** The first 32 bits of the fraction of the given root: the greatest r with r^degree <= prime * 2^(32 * degree), less its whole part. */
function fractionOfRoot(prime: number, degree: bigint): number {
  const target = BigInt(prime) << (32n * degree);
  let root = 0n;
  for (let bit = 1n << 37n; bit > 0n; bit >>= 1n) {
    const tried = root | bit;
    const power = degree === 2n ? tried * tried : tried * tried * tried;
    if (power <= target) root = tried;
  }
  return Number(BigInt.asIntN(32, root));
}

/** Adds one block of sixteen words to a state of eight; `schedule` is room for 64 words, the first sixteen the block. */
function compress(state: Int32Array, schedule: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15] as number;
    const y = schedule[i - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    schedule[i] = (schedule[i - 16] as number) + s0 + (schedule[i - 7] as number) + s1;
  }
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] as number) + (schedule[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

/** Ends a hash: the last bytes of a message of `total` bytes, padded. Leaves the result in `state`. */
function finishWith(state: Int32Array, bytes: Uint8Array, total: number): void {
  const blocks = Math.ceil((bytes.length + 9) / BLOCK_BYTES);
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  new DataView(padded.buffer).setUint32(padded.length - 4, total * 8);
  const schedule = new Int32Array(64);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) schedule[i] = wordAt(padded, at + 4 * i);
    compress(state, schedule);
  }
}

/** Hash of a message below 512 MiB, 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array {
  const state = INITIAL.slice();
  finishWith(state, message, message.length);
  return bytesOfWords(state);
}

/** States of inner and outer hash after their first block, the padded key. */
function hmacStates(key: Uint8Array): { inner: Int32Array; outer: Int32Array } {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key);
  const after = (pad: number): Int32Array => {
    const state = INITIAL.slice();
    const schedule = new Int32Array(64);
    for (let i = 0; i < 16; i++) schedule[i] = wordAt(block, 4 * i) ^ Math.imul(pad, 0x0101_0101);
    compress(state, schedule);
    return state;
  };
  return { inner: after(0x36), outer: after(0x5c) };
}

/** HMAC-SHA-256, 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const { inner, outer } = hmacStates(key);
  finishWith(inner, message, BLOCK_BYTES + message.length);
  finishWith(outer, bytesOfWords(inner), BLOCK_BYTES + 32);
  return bytesOfWords(outer);
}

/** The first block of PBKDF2 with HMAC-SHA-256, cut to `length` bytes (at most 32). */
export function pbkdf2Sha256(password: Uint8Array, salt: Uint8Array, iterations: number, length: number): Uint8Array {
  const first = new Uint8Array(salt.length + 4);
  first.set(salt);
  first[salt.length + 3] = 1;
  const { inner, outer } = hmacStates(password);
  const round = new Int32Array(8);
  wordsOf(hmacSha256(password, first), round);
  const sum = round.slice();
  const schedule = new Int32Array(64);
  const state = new Int32Array(8);
  for (let iteration = 1; iteration < iterations; iteration++) {
    hashOfRound(inner, round, state, schedule);
    hashOfRound(outer, state, round, schedule);
    for (let i = 0; i < 8; i++) sum[i] = (sum[i] as number) ^ (round[i] as number);
  }
  return bytesOfWords(sum).slice(0, length);
}

/** Hash of one keyed block followed by the 32 bytes of `input`. */
function hashOfRound(keyed: Int32Array, input: Int32Array, output: Int32Array, schedule: Int32Array): void {
  schedule.set(input);
  schedule.fill(0, 8, 15);
  schedule[8] = 0x8000_0000;
  schedule[15] = (BLOCK_BYTES + 32) * 8;
  output.set(keyed);
  compress(output, schedule);
}

function wordsOf(bytes: Uint8Array, words: Int32Array): void {
  for (let i = 0; i < words.length; i++) words[i] = wordAt(bytes, 4 * i);
}
