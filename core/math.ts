/**
 * Logarithm, exponential, power, cube root, sine and cosine that give the same bits on every engine. `Math.log` and its kin may
 * differ between engine versions; here all is built on + - * / and whole-number bit operations, which IEEE 754 and
 * ECMAScript fix to the last bit. (Dekker's error-free sums and products assume just that: every operation rounded
 * once, to nearest.)
 *
 * No constant is taken on trust: tables, ln 2 and pi come from BigInt series when the module loads (about 3 ms).
 * The stated errors are in units in the last place of the result (ulp) and measured in math.test.ts.
 *
 *   log x   x = 2^k m, m times a tabled short reciprocal within 1/128 of 1; Taylor series; sum of two doubles
 *   exp x   x = (128 k + j) ln2/128 + r, tabled 2^(j/128), Taylor series in r
 *   pow     exp(y log x), the logarithm and the product carried as sums of two doubles
 *   cbrt    Halley's iteration, and one step of Newton's on the exact remainder
 *   sin/cos x = n pi/2 + r, Cody and Waite's reduction up to 2^20, exact in BigInt beyond; Taylor series on pi/4
 */

// ---- Constants, from exact integers ----

/** Fraction bits of the fixed-point numbers the tables are made from. */
const TABLE_BITS = 160;
/** Enough for the remainder of the largest double by pi/2 and 100 bits of its fraction. */
const REDUCTION_BITS = 1_280;

/** POWERS_OF_TWO[1074 + e] is 2^e, from the least subnormal to 2^1023. Each doubling is exact. */
const POWERS_OF_TWO = powersOfTwo();
const TWO_TO_54 = powerOfTwo(54);
const LEAST_NORMAL = powerOfTwo(-1022);

const LN2_FIXED = 2n * fixedAtanh(1n, 3n, TABLE_BITS);
/** ln 2 to 2^-42, so that its multiples by any exponent, table entry added, are exact. */
const LN2_HIGH = bitSlice(LN2_FIXED, TABLE_BITS, -1, 42);
const LN2_LOW = bitSlice(LN2_FIXED, TABLE_BITS, 42, TABLE_BITS);
/** 1 / ln 2 as a sum of two doubles. */
const LOG2E_FIXED = (1n << BigInt(2 * TABLE_BITS)) / LN2_FIXED;
const LOG2E_HIGH = fixedToDouble(LOG2E_FIXED, TABLE_BITS);
const LOG2E_LOW = fixedToDouble(LOG2E_FIXED - exactFixed(LOG2E_HIGH, TABLE_BITS), TABLE_BITS);

const LOG_CELLS = 128;
/** The upper word of 0.6875: mantissas are taken from [0.6875, 1.375), so that 1 is a boundary between two cells. */
const LOG_ORIGIN = 0x3fe6_0000;
/** By cell: a multiple of 1/512 near 1/m; and minus its logarithm, to 2^-42 and the rest. */
const RECIPROCAL = new Float64Array(LOG_CELLS);
const LOG_HIGH = new Float64Array(LOG_CELLS);
const LOG_LOW = new Float64Array(LOG_CELLS);
fillLogTable();

const EXP_CELLS = 128;
/** 2^(j/128) as a sum of two doubles. */
const EXP_HIGH = new Float64Array(EXP_CELLS);
const EXP_LOW = new Float64Array(EXP_CELLS);
fillExpTable();
/** ln2 / 128 to 2^-42 (35 bits, so that its multiples up to 2^18 are exact) and the rest. */
const STEP_HIGH = bitSlice(LN2_FIXED / BigInt(EXP_CELLS), TABLE_BITS, -1, 42);
const STEP_LOW = bitSlice(LN2_FIXED / BigInt(EXP_CELLS), TABLE_BITS, 42, TABLE_BITS);
const STEPS_PER_UNIT = EXP_CELLS * LOG2E_HIGH;
/** Above, exp overflows; below, it rounds to 0. */
const EXP_OVERFLOW = 709.79;
const EXP_UNDERFLOW = -745.14;

const HALF_PI_FIXED = fixedHalfPi(REDUCTION_BITS);
/** pi/2 in three pieces of 33 bits, whose multiples up to 2^20 are exact, and a rest. */
const HALF_PI_1 = bitSlice(HALF_PI_FIXED, REDUCTION_BITS, -1, 32);
const HALF_PI_2 = bitSlice(HALF_PI_FIXED, REDUCTION_BITS, 32, 65);
const HALF_PI_3 = bitSlice(HALF_PI_FIXED, REDUCTION_BITS, 65, 98);
const HALF_PI_4 = bitSlice(HALF_PI_FIXED, REDUCTION_BITS, 98, 256);
const QUARTERS_PER_UNIT = 1 / (HALF_PI_1 + HALF_PI_2);
const QUARTER_PI = (HALF_PI_1 + HALF_PI_2) / 2;
const COMMON_ARGUMENT = powerOfTwo(20);

/** Veltkamp's splitter: multiplies a double into halves of 26 bits. */
const SPLITTER = powerOfTwo(27) + 1;
/** Added and taken away, it rounds a number near 1 to a multiple of 2^-23. */
const TO_23_BITS = 1.5 * powerOfTwo(29);
/** |y| from which x^y is 0, 1 or infinite for every x. Clamping there keeps products finite. */
const HUGE_EXPONENT = powerOfTwo(70);

// ---- Scratch: written and read within one call, so that no pair of results is allocated ----

const DOUBLE = new Float64Array(1);
const WORDS = new Int32Array(DOUBLE.buffer);
/** Where the upper word of a double stands on this machine. */
const UPPER = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
/** The lower part of a result given as a sum of two doubles, and its upper part. */
const PAIR = new Float64Array(2);

// ---- The functions ----

/** Natural logarithm. NaN below 0, -Infinity at ±0. Error below 0.51 ulp. */
export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return logOfSpecial(x);
  logAsPair(x);
  return PAIR[0] as number;
}

/** Logarithm to base 2; exact for powers of two. NaN below 0, -Infinity at ±0. Error below 0.51 ulp. */
export function log2(x: number): number {
  if (!(x > 0 && x < Infinity)) return logOfSpecial(x);
  logAsPair(x);
  const high = PAIR[0] as number;
  const product = high * LOG2E_HIGH;
  const rest = productError(high, LOG2E_HIGH, product);
  return product + (rest + (high * LOG2E_LOW + (PAIR[1] as number) * LOG2E_HIGH));
}

/** e^x. Error below 0.51 ulp; below 0.76 ulp where the result is subnormal (it is rounded twice). */
export function exp(x: number): number {
  if (!(x < EXP_OVERFLOW && x > EXP_UNDERFLOW)) return expOfSpecial(x);
  return expOfSum(x, 0);
}

/**
 * x^y with the special cases of ECMAScript's exponentiation (so `pow(1, NaN)` and `pow(-1, Infinity)` are NaN).
 * Error below 0.56 ulp; below 0.81 ulp where the result is subnormal. A power that is itself a double comes out exact.
 */
export function pow(x: number, y: number): number {
  if (!(x > 0 && x < Infinity && y - y === 0)) return powOfSpecial(x, y);
  return positivePower(x, y);
}

/** Cube root of any double. Error below 0.51 ulp; perfect cubes come out exact. */
export function cbrt(x: number): number {
  const size = Math.abs(x);
  if (!(size > 0 && size < Infinity)) return x;
  if (size < LEAST_NORMAL) return cbrt(x * TWO_TO_54) * powerOfTwo(-18);
  const root = positiveCubeRoot(size);
  return x < 0 ? -root : root;
}

/** Sine of x radians. NaN at ±Infinity. Error below 0.85 ulp for every finite x; 30 times slower beyond 2^20. */
export function sin(x: number): number {
  if (Math.abs(x) <= QUARTER_PI) return x === 0 ? x : sinNearZero(x, 0);
  const quadrant = reduceByHalfPi(Math.abs(x));
  const size = turned(quadrant, PAIR[0] as number, PAIR[1] as number);
  return x < 0 ? -size : size;
}

/** Cosine of x radians. NaN at ±Infinity. Error below 0.85 ulp for every finite x; 30 times slower beyond 2^20. */
export function cos(x: number): number {
  if (Math.abs(x) <= QUARTER_PI) return cosNearZero(x, 0);
  const quadrant = reduceByHalfPi(Math.abs(x));
  return turned(quadrant + 1, PAIR[0] as number, PAIR[1] as number);
}

// ---- Logarithm ----

function logOfSpecial(x: number): number {
  if (x === 0) return -Infinity;
  return x === Infinity ? Infinity : NaN;
}

/** ln x for positive finite x as PAIR[0] + PAIR[1], relative error below 2^-66. */
function logAsPair(x: number): void {
  const normal = x < LEAST_NORMAL ? x * TWO_TO_54 : x;
  DOUBLE[0] = normal;
  const fromOrigin = (WORDS[UPPER] as number) - LOG_ORIGIN;
  const exponent = fromOrigin >> 20;
  const cell = (fromOrigin >> 13) & (LOG_CELLS - 1);
  const mantissa = normal * (POWERS_OF_TWO[1074 - exponent] as number);
  const k = x < LEAST_NORMAL ? exponent - 54 : exponent;

  // r = m * reciprocal - 1 without error: both products have few enough bits. |r| <= 2^-7.
  const reciprocal = RECIPROCAL[cell] as number;
  const upper = mantissa + TO_23_BITS - TO_23_BITS;
  const rUpper = upper * reciprocal - 1;
  const rLower = (mantissa - upper) * reciprocal;
  const r = rUpper + rLower;

  // ln(1 + r) = r - r^2/2 + r^3 (1/3 - r/4 + ...), the square from the halves, where rUpper^2 is exact.
  const square = -0.5 * rUpper * rUpper;
  const line = r + square;
  const base = k * LN2_HIGH + (LOG_HIGH[cell] as number);
  const high = base + line;
  const lost = line - (high - base) + (square - (line - r)) + (rLower - (r - rUpper));
  const low =
    lost + (k * LN2_LOW + (LOG_LOW[cell] as number) - rLower * (rUpper + 0.5 * rLower) + r * r * r * logTail(r));
  const sum = high + low;
  PAIR[0] = sum;
  PAIR[1] = low - (sum - high);
}

/** 1/3 - r/4 + r^2/5 - ... for |r| <= 2^-7, to 2^-56; in pairs, so that the products overlap. */
function logTail(r: number): number {
  const r2 = r * r;
  return 1 / 3 - r / 4 + r2 * (1 / 5 - r * (1 / 6) + r2 * (1 / 7 - r / 8 + r2 * (1 / 9 - r * (1 / 10))));
}

// ---- Exponential and power ----

function expOfSpecial(x: number): number {
  if (x >= EXP_OVERFLOW) return Infinity;
  return x <= EXP_UNDERFLOW ? 0 : NaN;
}

/** e^(high + low) for high within the range of exp and low within an ulp of it. */
function expOfSum(high: number, low: number): number {
  const steps = Math.floor(high * STEPS_PER_UNIT + 0.5);
  const r = high - steps * STEP_HIGH - steps * STEP_LOW + low;
  const cell = steps & (EXP_CELLS - 1);
  // |r| <= 0.0028, and the next term, r^7/5040, is below 2^-71.
  const growth = r + r * r * (1 / 2 + r * (1 / 6) + r * r * (1 / 24 + r * (1 / 120 + r * (1 / 720))));
  const root = EXP_HIGH[cell] as number;
  const mantissa = root + ((EXP_LOW[cell] as number) + root * growth);
  const k = steps >> 7;
  if (k < -1022 || k > 1023) return scaleAtEdge(mantissa, k);
  return mantissa * (POWERS_OF_TWO[1074 + k] as number);
}

/** mantissa * 2^k where 2^k itself is no normal number: by a first factor that rounds nothing. */
function scaleAtEdge(mantissa: number, k: number): number {
  if (k > 0) return mantissa * 2 * powerOfTwo(k - 1);
  return mantissa * powerOfTwo(k + 54) * powerOfTwo(-54);
}

/** x^y for positive finite x and finite y. */
function positivePower(x: number, y: number): number {
  logAsPair(x);
  const bounded = y > HUGE_EXPONENT ? HUGE_EXPONENT : y < -HUGE_EXPONENT ? -HUGE_EXPONENT : y;
  const logarithm = PAIR[0] as number;
  const product = bounded * logarithm;
  if (!(product < EXP_OVERFLOW && product > EXP_UNDERFLOW)) return expOfSpecial(product);
  return expOfSum(product, productError(bounded, logarithm, product) + bounded * (PAIR[1] as number));
}

/** Everything in ECMAScript's table for exponentiation but a positive finite base with a finite exponent. */
function powOfSpecial(x: number, y: number): number {
  if (y === 0) return 1;
  if (x !== x || y !== y) return NaN;
  const size = Math.abs(x);
  if (Math.abs(y) === Infinity) {
    if (size === 1) return NaN;
    return size > 1 === y > 0 ? Infinity : 0;
  }
  const whole = Math.floor(y) === y;
  const odd = whole && Math.floor(y / 2) !== y / 2;
  const negative = x < 0 || 1 / x < 0;
  if (size === 0 || size === Infinity) {
    const result = (size === 0) === y > 0 ? 0 : Infinity;
    return negative && odd ? -result : result;
  }
  if (!whole) return NaN;
  return odd ? -positivePower(size, y) : positivePower(size, y);
}

/** Of a normal double: x = 8^k m, m in [1, 8). */
function positiveCubeRoot(x: number): number {
  DOUBLE[0] = x;
  const k = Math.floor((((WORDS[UPPER] as number) >> 20) - 1_023) / 3);
  const m = x * powerOfTwo(-3 * k);
  // Within 15 %; each step cubes the error, so that the third is at the limit of the format.
  let root = 0.85 + 0.15 * m;
  for (let step = 0; step < 4; step++) {
    const cube = root * root * root;
    root = (root * (cube + 2 * m)) / (2 * cube + m);
  }
  // m - root^3 to some hundred bits: the square and its product with the root keep what rounding took.
  const square = root * root;
  const cube = square * root;
  const lost = productError(square, root, cube) + productError(root, root, square) * root;
  return (root + (m - cube - lost) / (3 * square)) * powerOfTwo(k);
}

/** a * b - product exactly (Dekker), unless a part over- or underflows. */
function productError(a: number, b: number, product: number): number {
  const aScaled = SPLITTER * a;
  const aUpper = aScaled - (aScaled - a);
  const aLower = a - aUpper;
  const bScaled = SPLITTER * b;
  const bUpper = bScaled - (bScaled - b);
  const bLower = b - bUpper;
  return aUpper * bUpper - product + aUpper * bLower + aLower * bUpper + aLower * bLower;
}

// ---- Sine and cosine ----

/** sin(r + tail + quadrant * pi/2). */
function turned(quadrant: number, r: number, tail: number): number {
  const size = (quadrant & 1) === 0 ? sinNearZero(r, tail) : cosNearZero(r, tail);
  return (quadrant & 2) === 0 ? size : -size;
}

/** sin(x + tail) for |x| up to a little above pi/4: Taylor series to x^17, the rest below 2^-61 x. */
function sinNearZero(x: number, tail: number): number {
  const z = x * x;
  const last = 1 / 1_307_674_368_000 - z * (1 / 355_687_428_096_000);
  const upper = 1 / 362_880 - z * (1 / 39_916_800 - z * (1 / 6_227_020_800 - z * last));
  const cubic = -1 / 6 + z * (1 / 120 - z * (1 / 5_040 - z * upper));
  return x + (x * z * cubic + tail * (1 - 0.5 * z));
}

/** cos(x + tail) for |x| up to a little above pi/4: Taylor series to x^16, the rest below 2^-58. */
function cosNearZero(x: number, tail: number): number {
  const z = x * x;
  const upper = 1 / 3_628_800 - z * (1 / 479_001_600 - z * (1 / 87_178_291_200 - z * (1 / 20_922_789_888_000)));
  const quartic = 1 / 24 - z * (1 / 720 - z * (1 / 40_320 - z * upper));
  const half = 0.5 * z;
  const rounded = 1 - half;
  // The subtraction's rounding error is put back with the small terms.
  return rounded + (1 - rounded - half + (z * z * quartic - x * tail));
}

/** For x >= 0, puts x - n pi/2 into PAIR, n the nearest whole number, and returns n modulo 4. NaN for Infinity. */
function reduceByHalfPi(x: number): number {
  if (!(x <= COMMON_ARGUMENT)) return reduceLarge(x);
  const n = Math.floor(x * QUARTERS_PER_UNIT + 0.5);
  // The first three products are exact, and so is the first difference; each later one keeps its rounding error.
  const first = x - n * HALF_PI_1;
  const take2 = n * HALF_PI_2;
  const second = first - take2;
  const back2 = first - second;
  const error2 = first - (second + back2) + (back2 - take2);
  const take3 = n * HALF_PI_3;
  const third = second - take3;
  const back3 = second - third;
  const error3 = second - (third + back3) + (back3 - take3);
  const rest = error2 + error3 - n * HALF_PI_4;
  const r = third + rest;
  PAIR[0] = r;
  PAIR[1] = rest - (r - third);
  return n & 3;
}

/** The same by exact whole-number division, for x above 2^20. */
function reduceLarge(x: number): number {
  if (x - x !== 0) {
    PAIR[0] = NaN;
    return 0;
  }
  const whole = Math.trunc(x);
  // Above 2^20 the fraction of a double is a multiple of 2^-32.
  const fraction = BigInt((x - whole) * powerOfTwo(32)) << BigInt(REDUCTION_BITS - 32);
  const scaled = (BigInt(whole) << BigInt(REDUCTION_BITS)) + fraction;
  const n = (scaled + (HALF_PI_FIXED >> 1n)) / HALF_PI_FIXED;
  // No double comes closer to a multiple of pi/2 than 2^-62: these bits leave two doubles' worth of the remainder.
  const remainder = (scaled - n * HALF_PI_FIXED) >> BigInt(REDUCTION_BITS - 2 * TABLE_BITS);
  const r = fixedToDouble(remainder, 2 * TABLE_BITS);
  PAIR[0] = r;
  PAIR[1] = fixedToDouble(remainder - exactFixed(r, 2 * TABLE_BITS), 2 * TABLE_BITS);
  return Number(n & 3n);
}

// ---- Making the constants; nothing below runs after loading but powerOfTwo and the fixed-point conversions ----

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(2_098);
  powers[1_074] = 1;
  for (let at = 1_075; at < powers.length; at++) powers[at] = 2 * (powers[at - 1] as number);
  for (let at = 1_073; at >= 0; at--) powers[at] = (powers[at + 1] as number) / 2;
  return powers;
}

function powerOfTwo(exponent: number): number {
  return POWERS_OF_TWO[1_074 + exponent] as number;
}

/** The double nearest to value * 2^-bits (the engine rounds a BigInt to nearest, ties to even). */
function fixedToDouble(value: bigint, bits: number): number {
  return Number(value) * powerOfTwo(-bits);
}

/** x as a fixed-point number; x a multiple of 2^-bits. */
function exactFixed(x: number, bits: number): bigint {
  return BigInt(x * powerOfTwo(bits));
}

/** The part of a fixed-point number between its fraction bits `from` (-1: all above) and `to`, as a double. */
function bitSlice(value: bigint, bits: number, from: number, to: number): number {
  const rest = from < 0 ? value : value & ((1n << BigInt(bits - from)) - 1n);
  const kept = rest >> BigInt(bits - to);
  return fixedToDouble(kept, to);
}

/** atanh(a/b) = a/b + (a/b)^3/3 + ... in fixed point; a/b well below 1. Its signs alternated, arctan(a/b). */
function fixedAtanh(a: bigint, b: bigint, bits: number, alternate = false): bigint {
  let power = (a << BigInt(bits)) / b;
  let sum = power;
  for (let n = 3n; power !== 0n; n += 2n) {
    power = (power * a * a) / (b * b);
    sum += alternate && n % 4n === 3n ? -power / n : power / n;
  }
  return sum;
}

/** pi/2 by Machin's formula, 8 arctan(1/5) - 2 arctan(1/239). The 32 guard bits take the rounding of the terms. */
function fixedHalfPi(bits: number): bigint {
  const guarded = bits + 32;
  return (8n * fixedAtanh(1n, 5n, guarded, true) - 2n * fixedAtanh(1n, 239n, guarded, true)) >> 32n;
}

function fillLogTable(): void {
  for (let cell = 0; cell < LOG_CELLS; cell++) {
    // Cells are 2^-8 wide below 1 and 2^-7 above; the two that touch 1 keep ln(1 + r) = r free of any table entry.
    const centre = cell < 80 ? 0.6875 + (cell + 0.5) / 256 : 1 + (cell - 79.5) / 128;
    const steps = cell === 79 || cell === 80 ? 512 : Math.floor(512 / centre + 0.5);
    const minusLog = 2n * fixedAtanh(BigInt(512 - steps), BigInt(512 + steps), TABLE_BITS);
    RECIPROCAL[cell] = steps / 512;
    LOG_HIGH[cell] = bitSlice(minusLog, TABLE_BITS, -1, 42);
    LOG_LOW[cell] = fixedToDouble(minusLog - exactFixed(LOG_HIGH[cell] as number, TABLE_BITS), TABLE_BITS);
  }
}

function fillExpTable(): void {
  const one = 1n << BigInt(TABLE_BITS);
  const step = LN2_FIXED / BigInt(EXP_CELLS);
  let root = one;
  for (let term = step, n = 2n; term !== 0n; n += 1n) {
    root += term;
    term = (term * step) / (n * one);
  }
  for (let cell = 0, value = one; cell < EXP_CELLS; cell++) {
    EXP_HIGH[cell] = fixedToDouble(value, TABLE_BITS);
    EXP_LOW[cell] = fixedToDouble(value - exactFixed(EXP_HIGH[cell] as number, TABLE_BITS), TABLE_BITS);
    value = (value * root) / one;
  }
}
