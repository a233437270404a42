/**
 * AES-128 encryption (FIPS 197) on 32-bit words with one table of the round function and its rotations. Made for MACs over
 * public packets: its running time depends on the data, so it guards nothing against whoever can time it closely.
 */

/** Expanded key: eleven round keys of four words. Plain data. */
export type AesKey = Int32Array;

const ROUNDS = 10;

const SBOX = makeSbox();
const TABLES = [0, 8, 16, 24].map(makeTable) as [Int32Array, Int32Array, Int32Array, Int32Array];
const [T0, T1, T2, T3] = TABLES;

/** Multiplication by x in GF(2^8). */
function double(a: number): number {
  return ((a << 1) ^ ((a >>> 7) * 0x11b)) & 0xff;
}

/** Multiplicative inverses by powers of 3 and of 3^-1, then the affine map (FIPS 197, 5.1.1). */
function makeSbox(): Uint8Array {
  const sbox = new Uint8Array(256);
  let power = 1;
  let inverse = 1;
  do {
    power ^= double(power);
    inverse ^= inverse << 1;
    inverse ^= inverse << 2;
    inverse ^= inverse << 4;
    inverse &= 0xff;
    if ((inverse & 0x80) !== 0) inverse ^= 0x09;
    const doubled = (inverse << 8) | inverse;
    sbox[power] = 0x63 ^ inverse ^ (doubled >>> 7) ^ (doubled >>> 6) ^ (doubled >>> 5) ^ (doubled >>> 4);
  } while (power !== 1);
  sbox[0] = 0x63;
  return sbox;
}

/** SubBytes and MixColumns of one byte, turned right by `bits`. */
function makeTable(bits: number): Int32Array {
  return Int32Array.from(SBOX, (s) => {
    const two = double(s);
    const word = (two << 24) | (s << 16) | (s << 8) | (two ^ s);
    return bits === 0 ? word : (word >>> bits) | (word << (32 - bits));
  });
}

function substituteWord(word: number): number {
  return (
    ((SBOX[word >>> 24] as number) << 24) |
    ((SBOX[(word >>> 16) & 0xff] as number) << 16) |
    ((SBOX[(word >>> 8) & 0xff] as number) << 8) |
    (SBOX[word & 0xff] as number)
  );
}

/** Key expansion (FIPS 197, 5.2) of 16 bytes. */
export function expandAesKey(key: Uint8Array): AesKey {
  if (key.length !== 16) throw new Error(`an AES-128 key has 16 bytes, found ${key.length}`);
  const words = new Int32Array(4 * (ROUNDS + 1));
  for (let i = 0; i < 4; i++) words[i] = wordAt(key, 4 * i);
  let constant = 1;
  for (let i = 4; i < words.length; i++) {
    let word = words[i - 1] as number;
    if (i % 4 === 0) {
      word = substituteWord((word << 8) | (word >>> 24)) ^ (constant << 24);
      constant = double(constant);
    }
    words[i] = (words[i - 4] as number) ^ word;
  }
  return words;
}

/** Big-endian word at a byte offset; bytes beyond the end are zero. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}

/** Encrypts the four words of a block in place. */
export function encryptBlock(key: AesKey, block: Int32Array): void {
  let a = (block[0] as number) ^ (key[0] as number);
  let b = (block[1] as number) ^ (key[1] as number);
  let c = (block[2] as number) ^ (key[2] as number);
  let d = (block[3] as number) ^ (key[3] as number);
  for (let at = 4; at < 4 * ROUNDS; at += 4) {
    const w = mixColumn(a, b, c, d) ^ (key[at] as number);
    const x = mixColumn(b, c, d, a) ^ (key[at + 1] as number);
    const y = mixColumn(c, d, a, b) ^ (key[at + 2] as number);
    d = mixColumn(d, a, b, c) ^ (key[at + 3] as number);
    a = w;
    b = x;
    c = y;
  }
  block[0] = lastColumn(a, b, c, d) ^ (key[40] as number);
  block[1] = lastColumn(b, c, d, a) ^ (key[41] as number);
  block[2] = lastColumn(c, d, a, b) ^ (key[42] as number);
  block[3] = lastColumn(d, a, b, c) ^ (key[43] as number);
}

/** One column after SubBytes, ShiftRows and MixColumns. */
function mixColumn(a: number, b: number, c: number, d: number): number {
  return (
    (T0[a >>> 24] as number) ^
    (T1[(b >>> 16) & 0xff] as number) ^
    (T2[(c >>> 8) & 0xff] as number) ^
    (T3[d & 0xff] as number)
  );
}

function lastColumn(a: number, b: number, c: number, d: number): number {
  return (
    ((SBOX[a >>> 24] as number) << 24) |
    ((SBOX[(b >>> 16) & 0xff] as number) << 16) |
    ((SBOX[(c >>> 8) & 0xff] as number) << 8) |
    (SBOX[d & 0xff] as number)
  );
}
