/**
 * The machine code of ChaCha20 and Poly1305 (RFC 8439) as a WebAssembly module, put together here: four blocks of ChaCha20 at once in
 * vectors of four words, Poly1305 in five limbs of 26 bits. wasm-aead.ts runs it.
 *
 *     chacha(source, target, groups)   target = source xor key stream, 256 bytes a group; state and counter in memory at `STATE`
 *     poly(key, from, end, target)     tag of [from, end), whole blocks of 16, under the 32 bytes at `key`, to target
 */

/** Sixteen words: constants, key, counter, nonce. The counter goes on. */
export const STATE = 0;
const AT_COUNTER = 48;

type Code = readonly number[];

const [I32, I64, V128] = [0x7f, 0x7e, 0x7b];
const END = 0x0b;
const MASK = 0x3ff_ffff;

/** LEB128 without a sign. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): Code {
  const low = Number(BigInt.asUintN(7, value));
  const rest = value >> 7n;
  const isDone = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return isDone ? [low] : [low | 0x80, ...signed(rest)];
}

const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number): Code => [0x21, ...unsigned(local)];
const i32 = (value: number): Code => [0x41, ...signed(BigInt(value))];
const i64 = (value: bigint | number): Code => [0x42, ...signed(BigInt.asIntN(64, BigInt(value)))];
const simd = (op: number, ...more: readonly number[]): Code => [0xfd, ...unsigned(op), ...more];
/** Alignment (none is promised) and offset. */
const memory = (offset: number): Code => [0, ...unsigned(offset)];
const v128 = (bytes: readonly number[]): Code => simd(12, ...bytes);

const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_LESS = 0x49;
const [I64_AND, I64_OR, I64_SHL, I64_SHR_S, I64_SHR_U] = [0x83, 0x84, 0x86, 0x87, 0x88];
const [I64_ADD, I64_MUL, I64_LESS, EXTEND] = [0x7c, 0x7e, 0x54, 0xad];
const I64_XOR = 0x85;

const i64Load = (offset: number): Code => [0x29, ...memory(offset)];
const i64Store = (offset: number): Code => [0x37, ...memory(offset)];
const VECTOR_XOR = simd(81);
const VECTOR_OR = simd(80);
const VECTOR_ADD = simd(174);

/** `do { body } while (condition)`. */
const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, END];

// --- ChaCha20. Locals: source, target, groups, round, then sixteen vectors of words and four to transpose with.

const [SOURCE, TARGET, GROUPS, ROUND, WORDS, MIXED] = [0, 1, 2, 3, 4, 20];
const word = (at: number): number => WORDS + at;

/** Lanes of two vectors, four bytes each. */
const lanes = (...from: readonly number[]): Code =>
  simd(13, ...from.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]));

/** Each word turned left by whole bytes. */
function turnBytes(bytes: number): Code {
  const from = Array.from({ length: 16 }, (_, at) => (at & 12) | ((at - bytes) & 3));
  return simd(13, ...from);
}

/** d = (d ^ a) turned left by `bits`, where a was just increased by b. */
function step(a: number, b: number, d: number, bits: number): Code {
  const sum = [...get(word(a)), ...get(word(b)), ...VECTOR_ADD, ...set(word(a))];
  const mixed = [...get(word(d)), ...get(word(a)), ...VECTOR_XOR, ...set(word(d))];
  if (bits % 8 === 0)
    return [...sum, ...mixed, ...get(word(d)), ...get(word(d)), ...turnBytes(bits / 8), ...set(word(d))];
  const left = [...get(word(d)), ...i32(bits), ...simd(171)];
  const right = [...get(word(d)), ...i32(32 - bits), ...simd(173)];
  return [...sum, ...mixed, ...left, ...right, ...VECTOR_OR, ...set(word(d))];
}

function quarterRound(a: number, b: number, c: number, d: number): Code {
  return [...step(a, b, d, 16), ...step(c, d, b, 12), ...step(a, b, d, 8), ...step(c, d, b, 7)];
}

const COLUMNS = [0, 1, 2, 3].flatMap((n) => quarterRound(n, n + 4, n + 8, n + 12));
const DIAGONALS = [0, 1, 2, 3].flatMap((n) =>
  quarterRound(n, 4 + ((n + 1) & 3), 8 + ((n + 2) & 3), 12 + ((n + 3) & 3)),
);

/** A word of the state in all four blocks; the counters of the blocks follow one another. */
function initialWord(at: number): Code {
  const splat = [...i32(0), ...simd(9, ...memory(STATE + 4 * at))];
  if (4 * at !== AT_COUNTER) return splat;
  return [...splat, ...v128([0, 1, 2, 3].flatMap((block) => [block, 0, 0, 0])), ...VECTOR_ADD];
}

/** Words 4n to 4n + 3 of four blocks, turned so that each block's stand together, xored with the source. */
function writeWords(n: number): Code {
  const [a, b, c, d] = [4 * n, 4 * n + 1, 4 * n + 2, 4 * n + 3];
  const pairs = (one: number, other: number, to: number, ...from: readonly number[]): Code => [
    ...get(one),
    ...get(other),
    ...lanes(...from),
    ...set(to),
  ];
  const mixed = [
    ...pairs(word(a), word(b), MIXED, 0, 4, 1, 5),
    ...pairs(word(c), word(d), MIXED + 1, 0, 4, 1, 5),
    ...pairs(word(a), word(b), MIXED + 2, 2, 6, 3, 7),
    ...pairs(word(c), word(d), MIXED + 3, 2, 6, 3, 7),
  ];
  const write = (block: number): Code => {
    const offset = memory(64 * block + 16 * n);
    const half = block & 1;
    return [
      ...get(TARGET),
      ...get(SOURCE),
      ...simd(0, ...offset),
      ...get(MIXED + (block & 2)),
      ...get(MIXED + (block & 2) + 1),
      ...lanes(2 * half, 2 * half + 1, 4 + 2 * half, 5 + 2 * half),
      ...VECTOR_XOR,
      ...simd(11, ...offset),
    ];
  };
  return [...mixed, ...[0, 1, 2, 3].flatMap(write)];
}

function chachaCode(): Code {
  const all = Array.from({ length: 16 }, (_, at) => at);
  const rounds = repeat([...COLUMNS, ...DIAGONALS, ...get(ROUND), ...i32(1), I32_SUB, ...set(ROUND)], get(ROUND));
  const group = [
    ...all.flatMap((at) => [...initialWord(at), ...set(word(at))]),
    ...i32(10),
    ...set(ROUND),
    ...rounds,
    ...all.flatMap((at) => [...get(word(at)), ...initialWord(at), ...VECTOR_ADD, ...set(word(at))]),
    ...[0, 1, 2, 3].flatMap(writeWords),
    // The counter goes on by four blocks.
    ...i32(0),
    ...i32(0),
    0x28,
    ...memory(STATE + AT_COUNTER),
    ...i32(4),
    I32_ADD,
    0x36,
    ...memory(STATE + AT_COUNTER),
    ...[SOURCE, TARGET].flatMap((local) => [...get(local), ...i32(256), I32_ADD, ...set(local)]),
    ...get(GROUPS),
    ...i32(1),
    I32_SUB,
    ...set(GROUPS),
  ];
  return repeat(group, get(GROUPS));
}

// --- Poly1305. Locals: key, from, end, target, then limbs: r (5), five times r (5), h (5), d (5), low, high, carry.

const [KEY, FROM, UNTIL, RESULT, LOW, HIGH, CARRY] = [0, 1, 2, 3, 24, 25, 26];
const [R, FIVE_R, H, D] = [4, 9, 14, 19];

/** The 26 bits of a number of 128, in LOW and HIGH, that make a limb. */
function limb(n: number): Code {
  const shift = 26 * n;
  if (n === 2)
    return [...get(LOW), ...i64(52), I64_SHR_U, ...get(HIGH), ...i64(12), I64_SHL, I64_OR, ...i64(MASK), I64_AND];
  const part = shift < 64 ? [...get(LOW), ...i64(shift), I64_SHR_U] : [...get(HIGH), ...i64(shift - 64), I64_SHR_U];
  return n === 4 ? part : [...part, ...i64(MASK), I64_AND];
}

const LIMBS = [0, 1, 2, 3, 4];

function loadKey(): Code {
  const clamp = (offset: number, mask: bigint): Code => [...get(KEY), ...i64Load(offset), ...i64(mask), I64_AND];
  return [
    ...clamp(0, 0x0fff_fffc_0fff_ffffn),
    ...set(LOW),
    ...clamp(8, 0x0fff_fffc_0fff_fffcn),
    ...set(HIGH),
    ...LIMBS.flatMap((n) => [...limb(n), ...set(R + n), ...get(R + n), ...i64(5), I64_MUL, ...set(FIVE_R + n)]),
  ];
}

/** h += the block and a one beyond it. */
function addBlock(): Code {
  return [
    ...get(FROM),
    ...i64Load(0),
    ...set(LOW),
    ...get(FROM),
    ...i64Load(8),
    ...set(HIGH),
    ...LIMBS.flatMap((n) => {
      const top = n === 4 ? [...i64(1 << 24), I64_OR] : [];
      return [...get(H + n), ...limb(n), ...top, I64_ADD, ...set(H + n)];
    }),
  ];
}

/** d = h r modulo 2^130 - 5, each limb yet too wide. */
function multiply(): Code {
  return LIMBS.flatMap((n) => [
    ...LIMBS.flatMap((m) => {
      const other = n - m >= 0 ? R + n - m : FIVE_R + n - m + 5;
      return [...get(H + m), ...get(other), I64_MUL, ...(m === 0 ? [] : [I64_ADD])];
    }),
    ...set(D + n),
  ]);
}

/** Carries from limb to limb of `from` into `to`; what leaves the top comes back times five. */
function carry(from: number, to: number): Code {
  const chain = LIMBS.flatMap((n) => {
    const value = n === 0 ? get(from) : [...get(from + n), ...get(CARRY), I64_ADD];
    return [
      ...value,
      ...set(from + n),
      ...get(from + n),
      ...i64(26),
      I64_SHR_U,
      ...set(CARRY),
      ...get(from + n),
      ...i64(MASK),
      I64_AND,
      ...set(to + n),
    ];
  });
  return [
    ...chain,
    ...get(to),
    ...get(CARRY),
    ...i64(5),
    I64_MUL,
    I64_ADD,
    ...set(to),
    ...get(to + 1),
    ...get(to),
    ...i64(26),
    I64_SHR_U,
    I64_ADD,
    ...set(to + 1),
    ...get(to),
    ...i64(MASK),
    I64_AND,
    ...set(to),
  ];
}

/** d = h + 5 - 2^130: where that is not below zero, it is h. */
function reduce(): Code {
  const minus = LIMBS.flatMap((n) => [
    ...get(H + n),
    ...(n === 0 ? i64(5) : get(CARRY)),
    I64_ADD,
    ...set(D + n),
    ...get(D + n),
    ...i64(26),
    I64_SHR_S,
    ...set(CARRY),
    ...(n === 4 ? [] : [...get(D + n), ...i64(MASK), I64_AND, ...set(D + n)]),
  ]);
  // CARRY is 1 where h + 5 reaches 2^130, else 0: a mask of ones or of none.
  const mask = [...i64(0), ...get(CARRY), 0x7d, ...set(CARRY)];
  const choose = LIMBS.flatMap((n) => [
    ...get(H + n),
    ...get(H + n),
    ...get(D + n),
    I64_XOR,
    ...get(CARRY),
    I64_AND,
    I64_XOR,
    ...i64(MASK),
    I64_AND,
    ...set(H + n),
  ]);
  return [...minus, ...mask, ...choose];
}

/** The low 128 bits of h and the second half of the key, added. */
function finish(): Code {
  const shifted = (n: number, by: number, op: number): Code => [...get(H + n), ...i64(by), op];
  const low = [...get(H), ...shifted(1, 26, I64_SHL), I64_OR, ...shifted(2, 52, I64_SHL), I64_OR, ...set(LOW)];
  const top = [...shifted(3, 14, I64_SHL), I64_OR, ...shifted(4, 40, I64_SHL), I64_OR];
  const high = [...shifted(2, 12, I64_SHR_U), ...top, ...set(HIGH)];
  const pad = [...get(KEY), ...i64Load(16), ...set(CARRY), ...get(LOW), ...get(CARRY), I64_ADD, ...set(LOW)];
  const carried = [...get(LOW), ...get(CARRY), I64_LESS, EXTEND, I64_ADD];
  const sum = [...get(RESULT), ...get(HIGH), ...get(KEY), ...i64Load(24), I64_ADD, ...carried, ...i64Store(8)];
  return [...low, ...high, ...pad, ...get(RESULT), ...get(LOW), ...i64Store(0), ...sum];
}

function polyCode(): Code {
  const next = [...get(FROM), ...i32(16), I32_ADD, ...set(FROM)];
  const more = [...get(FROM), ...get(UNTIL), I32_LESS];
  const blocks = repeat([...addBlock(), ...multiply(), ...carry(D, H), ...next], more);
  return [...loadKey(), ...blocks, ...carry(H, H), ...carry(H, H), ...reduce(), ...finish()];
}

// --- The module.

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (letters: string): Code => [
  ...unsigned(letters.length),
  ...Array.from(letters, (one) => one.charCodeAt(0)),
];

function body(locals: readonly (readonly [count: number, type: number])[], code: Code): Code {
  const all = [...list(locals.map(([count, type]) => [...unsigned(count), type])), ...code, END];
  return [...unsigned(all.length), ...all];
}

const MAGIC: Code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** The whole module; `pages` of 64 KiB of memory. */
export function aeadModule(pages: number): Uint8Array<ArrayBuffer> {
  const type = (params: number): Code => [0x60, ...list(Array.from({ length: params }, () => [I32])), 0];
  const functions = [
    body(
      [
        [1, I32],
        [20, V128],
      ],
      chachaCode(),
    ),
    body([[23, I64]], polyCode()),
  ];
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, list([type(3), type(4)])),
    ...section(3, list([[0], [1]])),
    ...section(5, list([[0, ...unsigned(pages)]])),
    ...section(
      7,
      list([
        [...text("memory"), 2, 0],
        [...text("chacha"), 0, 0],
        [...text("poly"), 0, 1],
      ]),
    ),
    ...section(10, list(functions)),
  ]);
}
