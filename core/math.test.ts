/**
 * The functions against values in print, and against a reference of 320 bits written here in whole numbers, by other
 * series and other reductions than math.ts uses.
 */
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { cbrt, cos, exp, log, log2, pow, sin } from "./math.ts";
import { RandomStream } from "./rng.ts";

const SEED = 20_260_101;
const SAMPLES = 2_000;
/** The bounds stated in math.ts, in ulp. */
const BOUND = { log: 0.51, log2: 0.51, exp: 0.51, pow: 0.56, cbrt: 0.51, sin: 0.85, cos: 0.85 };
/** In the subnormal range a result is rounded once more, by at most a quarter of an ulp. */
const SUBNORMAL = 0.25;

// ---- Published values ----

/** Function, argument(s), value, source. A&S: Abramowitz and Stegun, Handbook of Mathematical Functions. */
const PUBLISHED: [name: keyof typeof BOUND, x: number, y: number, value: string, source: string][] = [
  ["log", 2, 0, "0.693147180559945309417232121458176568", "A&S table 1.1; OEIS A002162"],
  ["log", 3, 0, "1.098612288668109691395245236922525705", "A&S table 1.1; OEIS A002391"],
  ["log", 10, 0, "2.302585092994045684017991454684364208", "A&S table 1.1; OEIS A002392"],
  ["log", 1.5, 0, "0.405465108108164381978013115464349137", "A&S table 4.2; OEIS A016578"],
  ["log2", 10, 0, "3.321928094887362347870319429489390176", "OEIS A020862"],
  ["exp", 1, 0, "2.718281828459045235360287471352662498", "A&S table 1.1; OEIS A001113"],
  ["exp", 2, 0, "7.389056098930650227230427460575007813", "A&S table 4.4; OEIS A072334"],
  ["exp", -1, 0, "0.367879441171442321595523770161460867", "A&S table 1.1; OEIS A068985"],
  ["exp", 0.5, 0, "1.648721270700128146848650787814163572", "A&S table 4.4; OEIS A019774"],
  ["exp", 100, 0, "26881171418161354484126255515800135873611118.77", "A&S table 4.4"],
  ["exp", -100, 0, "0.0000000000000000000000000000000000000000000372007597602083596295969580386", "A&S table 4.4"],
  ["pow", 2, 0.5, "1.414213562373095048801688724209698079", "A&S table 1.1; OEIS A002193"],
  ["pow", 10, 0.5, "3.162277660168379331998893544432718534", "A&S table 1.1; OEIS A010467"],
  ["cbrt", 2, 0, "1.259921049894873164767210607278228350", "OEIS A002580"],
  ["cbrt", 3, 0, "1.442249570307408382321638310780109588", "OEIS A002581"],
  ["cbrt", 100, 0, "4.641588833612778892410076350919446576", "A&S table 1.1, by 100 ^ (1/3)"],
  ["pow", 2, 1.5, "2.828427124746190097603377448419396157", "OEIS A010466"],
  ["sin", 0.5, 0, "0.479425538604203000273287935215571388", "A&S table 4.6"],
  ["cos", 0.5, 0, "0.877582561890372716116281582603829652", "A&S table 4.6"],
  ["sin", 1, 0, "0.841470984807896506652502321630298999", "A&S table 4.6; OEIS A049469"],
  ["cos", 1, 0, "0.540302305868139717400936607442976603", "A&S table 4.6; OEIS A049470"],
  ["sin", 10, 0, "-0.544021110889369813404747661851377282", "A&S table 4.8"],
  ["cos", 10, 0, "-0.839071529076452452258863947824064835", "A&S table 4.8"],
  ["sin", 1e22, 0, "-0.852200849767188801772705893753029368", "Ng, Argument Reduction for Huge Arguments (1992)"],
  ["cos", 1e22, 0, "0.523214785395138945497594473384709492", "the same, by sin^2 + cos^2 = 1"],
];

test("published values are met", (t) => {
  for (const [name, x, y, value, source] of PUBLISHED) {
    const actual = compute(name, x, y);
    const error = ulpError(actual, fromDecimal(value));
    t.true(error <= BOUND[name], `${name}(${x}, ${y}) is ${actual}, off by ${error} ulp from ${value} (${source})`);
  }
});

test("the double nearest to a multiple of pi/2 is reduced right", (t) => {
  // 6381956970095103 * 2^797: the hardest argument in the format (Muller, Elementary Functions, section 11.3).
  const hardest = 6_381_956_970_095_103 * pow(2, 797);
  const expected = fromDecimal(`-0.${"0".repeat(18)}468716592425462761112258280196`);
  t.true(ulpError(cos(hardest), expected) <= BOUND.cos, `${cos(hardest)}`);
  t.is(sin(hardest), 1);
});

test("the reference itself gives the printed constants", (t) => {
  // OEIS A002162 and A000796.
  t.is(decimals(LN2, 50), "69314718055994530941723212145817656807550013436025");
  t.is(decimals(PI >> BigInt(PI_BITS - BITS), 50), "314159265358979323846264338327950288419716939937510");
});

// ---- Against the reference ----

type Draw = (stream: RandomStream) => readonly [x: number, y: number];

const LOG_RANGES: Record<string, Draw> = {
  "(0, 1)": (s) => [uniform(s, 0, 1), 0],
  "[0.5, 2)": (s) => [uniform(s, 0.5, 2), 0],
  "close to 1": (s) => [1 + uniform(s, -1, 1) * pow(2, -s.below(52)), 0],
  "all positive": (s) => [anyDouble(s, 0, 2_047), 0],
  subnormal: (s) => [anyDouble(s, 0, 1), 0],
};
const EXP_RANGES: Record<string, Draw> = {
  "[-1, 1)": (s) => [uniform(s, -1, 1), 0],
  "close to 0": (s) => [uniform(s, -1, 1) * pow(2, -s.below(80)), 0],
  "[-708, 709.7)": (s) => [uniform(s, -708, 709.7), 0],
  "close to overflow": (s) => [uniform(s, 709.7, 709.79), 0],
  "subnormal result": (s) => [uniform(s, -745.2, -708.4), 0],
};
const POW_RANGES: Record<string, Draw> = {
  "small numbers": (s) => [uniform(s, 0, 10), uniform(s, -10, 10)],
  "whole exponents": (s) => [uniform(s, 0, 100), s.below(200) - 100],
  "base close to 1": (s) => withPower(s, 1 + uniform(s, -1, 1) * pow(2, -s.below(53)), -708, 709.7),
  "base at the far end of the table's cell above 1": (s) => withPower(s, uniform(s, 1.007, 1.0078), 600, 709.7),
  "any base, any result": (s) => withPower(s, anyDouble(s, 0, 2_047), -708, 709.7),
  "result close to 1": (s) => withPower(s, anyDouble(s, 0, 2_047), -1, 1),
  "close to overflow": (s) => withPower(s, anyDouble(s, 0, 2_047), 709.5, 709.79),
  "subnormal result": (s) => withPower(s, anyDouble(s, 0, 2_047), -745.2, -708.4),
};
const ROOT_RANGES: Record<string, Draw> = {
  "[1, 8)": (s) => [uniform(s, 1, 8), 0],
  "all positive": (s) => [anyDouble(s, 0, 2_047), 0],
  negative: (s) => [-anyDouble(s, 0, 2_047), 0],
  subnormal: (s) => [anyDouble(s, 0, 1), 0],
};
const ANGLE_RANGES: Record<string, Draw> = {
  "[-pi/4, pi/4)": (s) => [uniform(s, -0.7854, 0.7854), 0],
  "close to 0": (s) => [anyDouble(s, 0, 1_022), 0],
  "[-100, 100)": (s) => [uniform(s, -100, 100), 0],
  "up to 2^20": (s) => [uniform(s, -1_048_576, 1_048_576), 0],
  "close to a multiple of pi/2, below 2^20": (s) => [s.below(667_544) * 1.5707963267948966, 0],
  "close to a multiple of pi/2, beyond": (s) => [s.below(4_294_967_296) * 2_097_152 * 1.5707963267948966, 0],
  "2^20 to 2^53": (s) => [anyDouble(s, 1_043, 1_076), 0],
  "all finite": (s) => [anyDouble(s, 0, 2_047), 0],
};

for (const [name, ranges, reference] of [
  ["log", LOG_RANGES, referenceLog],
  ["log2", LOG_RANGES, referenceLog2],
  ["exp", EXP_RANGES, (x) => referenceExp(toFixed(x, BITS))],
  ["pow", POW_RANGES, referencePow],
  ["cbrt", ROOT_RANGES, referenceCbrt],
  ["sin", ANGLE_RANGES, (x) => referenceTurned(x, 0)],
  ["cos", ANGLE_RANGES, (x) => referenceTurned(x, 1)],
] as [keyof typeof BOUND, Record<string, Draw>, (x: number, y: number) => Exact][]) {
  test(`${name} stays within ${BOUND[name]} ulp of the reference`, (t) => {
    for (const [range, draw] of Object.entries(ranges)) measure(t, name, range, draw, reference);
  });
}

function measure(
  t: ExecutionContext,
  name: keyof typeof BOUND,
  range: string,
  draw: Draw,
  reference: (x: number, y: number) => Exact,
): void {
  const stream = new RandomStream(SEED, name, range);
  const bound = BOUND[name] + (range === "subnormal result" ? SUBNORMAL : 0);
  let worst = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [x, y] = draw(stream);
    const error = ulpError(compute(name, x, y), reference(x, y));
    if (!(error <= bound)) t.fail(`${name}(${x}, ${y}) is off by ${error} ulp (seed ${SEED}, ${range})`);
    if (error > worst) worst = error;
  }
  t.log(`${name}, ${range}: at most ${worst.toFixed(4)} ulp`);
  t.true(worst <= bound);
}

// ---- Special cases, as ECMAScript has them ----

const LEAST = Number.MIN_VALUE;
const MOST = Number.MAX_VALUE;

const SPECIAL: [name: keyof typeof BOUND, x: number, y: number, value: number][] = [
  ["log", NaN, 0, NaN],
  ["log", -1, 0, NaN],
  ["log", -Infinity, 0, NaN],
  ["log", -LEAST, 0, NaN],
  ["log", 0, 0, -Infinity],
  ["log", -0, 0, -Infinity],
  ["log", 1, 0, 0],
  ["log", Infinity, 0, Infinity],
  ["log2", NaN, 0, NaN],
  ["log2", -1, 0, NaN],
  ["log2", -0, 0, -Infinity],
  ["log2", 1, 0, 0],
  ["log2", Infinity, 0, Infinity],
  ["exp", NaN, 0, NaN],
  ["exp", 0, 0, 1],
  ["exp", -0, 0, 1],
  ["exp", LEAST, 0, 1],
  ["exp", Infinity, 0, Infinity],
  ["exp", -Infinity, 0, 0],
  ["exp", 709.782712893384, 0, 1.7976931348622732e308],
  ["exp", 709.7827128933841, 0, Infinity],
  ["exp", -745.1332191019411, 0, LEAST],
  ["exp", -745.1332191019412, 0, 0],
  ["exp", MOST, 0, Infinity],
  ["exp", -MOST, 0, 0],
  ["sin", NaN, 0, NaN],
  ["sin", Infinity, 0, NaN],
  ["sin", -Infinity, 0, NaN],
  ["sin", 0, 0, 0],
  ["sin", -0, 0, -0],
  ["sin", LEAST, 0, LEAST],
  ["sin", -LEAST, 0, -LEAST],
  ["cos", NaN, 0, NaN],
  ["cos", Infinity, 0, NaN],
  ["cos", -Infinity, 0, NaN],
  ["cos", 0, 0, 1],
  ["cos", -0, 0, 1],
  ["cos", LEAST, 0, 1],
];

/** Number::exponentiate, in the order of the specification's steps. */
const SPECIAL_POWERS: [x: number, y: number, value: number][] = [
  [2, NaN, NaN],
  [1, NaN, NaN],
  [NaN, NaN, NaN],
  [NaN, 0, 1],
  [NaN, -0, 1],
  [0, 0, 1],
  [-Infinity, -0, 1],
  [NaN, 1, NaN],
  [Infinity, LEAST, Infinity],
  [Infinity, -LEAST, 0],
  [-Infinity, 3, -Infinity],
  [-Infinity, 2, Infinity],
  [-Infinity, 2.5, Infinity],
  [-Infinity, -3, -0],
  [-Infinity, -2, 0],
  [0, 2.5, 0],
  [0, -2.5, Infinity],
  [-0, 3, -0],
  [-0, 2, 0],
  [-0, 0.5, 0],
  [-0, -3, -Infinity],
  [-0, -2, Infinity],
  [-0, 9_007_199_254_740_991, -0],
  [-0, 9_007_199_254_740_992, 0],
  [1.5, Infinity, Infinity],
  [-1.5, Infinity, Infinity],
  [-1.5, -Infinity, 0],
  [Infinity, Infinity, Infinity],
  [Infinity, -Infinity, 0],
  [1, Infinity, NaN],
  [-1, Infinity, NaN],
  [-1, -Infinity, NaN],
  [0.5, Infinity, 0],
  [-0.5, -Infinity, Infinity],
  [0, Infinity, 0],
  [-0, -Infinity, Infinity],
  [-2, 0.5, NaN],
  [-LEAST, -1.5, NaN],
  [-2, 3, -8],
  [-2, 2, 4],
  [-2, 1_023, -pow(2, 1_023)],
  [-2, 1_025, -Infinity],
  [-2, -1_075, -0],
  [-2, -1_074, LEAST],
  [2, 1_024, Infinity],
  [2, -1_075, 0],
  [1, MOST, 1],
  [1.0000000000000002, MOST, Infinity],
  [1.0000000000000002, -MOST, 0],
  [0.9999999999999999, MOST, 0],
  [2, LEAST, 1],
  [MOST, 1, MOST],
  [LEAST, 1, LEAST],
  [LEAST, -1, Infinity],
  [10, 308, 1e308],
  [10, 309, Infinity],
];

test("special cases are those of ECMAScript, signs of zero included", (t) => {
  for (const [name, x, y, value] of SPECIAL) t.is(compute(name, x, y), value, `${name}(${x})`);
  for (const [x, y, value] of SPECIAL_POWERS) t.is(pow(x, y), value, `pow(${x}, ${y})`);
});

// ---- Identities ----

const POSITIVE = fc.double({ min: LEAST, noNaN: true, noDefaultInfinity: true });
const FINITE = fc.double({ noNaN: true, noDefaultInfinity: true });

test("powers of two are exact, and so are their logarithms to base 2", (t) => {
  let expected = LEAST;
  for (let k = -1_074; k <= 1_023; k++, expected *= 2) {
    if (pow(2, k) !== expected) t.fail(`pow(2, ${k}) is ${pow(2, k)}`);
    if (log2(expected) !== k) t.fail(`log2(2^${k}) is ${log2(expected)}`);
  }
  t.is(expected, Infinity);
});

test("a power that is a double is found exactly", (t) => {
  const exact = (base: number, exponent: number): void => {
    let product = 1;
    for (let factor = 0; factor < exponent; factor++) product *= base;
    fc.pre(product <= Number.MAX_SAFE_INTEGER);
    t.is(pow(base, exponent), product);
  };
  fc.assert(fc.property(fc.integer({ min: 2, max: 3_000 }), fc.integer({ min: 1, max: 20 }), exact), { seed: SEED });
});

test("a cube root that is a double is found exactly, and of what has none the number itself comes back", (t) => {
  const exact = (root: number, k: number): boolean => cbrt(root * root * root * pow(8, k)) === root * pow(2, k);
  fc.assert(fc.property(fc.integer({ min: -200_000, max: 200_000 }), fc.integer({ min: -300, max: 300 }), exact), {
    seed: SEED,
  });
  for (const special of [0, -0, Infinity, -Infinity, NaN]) t.is(cbrt(special), special);
});

test("x to the 1 is x, to the -1 its reciprocal, to the 1/2 its root", (t) => {
  const holds = (x: number): boolean =>
    pow(x, 1) === x &&
    pow(-x, 1) === -x &&
    ulpsApart(pow(x, -1), 1 / x) <= 1 &&
    ulpsApart(pow(x, 0.5), Math.sqrt(x)) <= 1;
  fc.assert(fc.property(POSITIVE, holds), { seed: SEED, numRuns: 2_000 });
  t.pass();
});

test("exp undoes log to what the argument's rounding allows", (t) => {
  // An error of half an ulp in ln x is a relative error of |ln x| / 2^53 in x.
  const holds = (x: number): boolean => Math.abs(exp(log(x)) / x - 1) <= (Math.abs(log(x)) + 2) * Number.EPSILON;
  const normal = fc.double({ min: 2.3e-308, max: 1.7e308, noNaN: true });
  fc.assert(fc.property(normal, holds), { seed: SEED, numRuns: 2_000 });
  t.pass();
});

test("sine is odd, cosine even, their squares add up to 1", (t) => {
  const holds = (x: number): boolean => {
    const [s, c] = [sin(x), cos(x)];
    return sin(-x) === -s && cos(-x) === c && Math.abs(s * s + c * c - 1) <= 2 * Number.EPSILON;
  };
  fc.assert(fc.property(FINITE, holds), { seed: SEED, numRuns: 2_000 });
  t.pass();
});

test("a call leaves nothing behind that another could see", (t) => {
  const names = Object.keys(BOUND) as (keyof typeof BOUND)[];
  const holds = (x: number, y: number, disturbance: number): boolean =>
    names.every((name) => {
      const alone = compute(name, x, y);
      return names.every((other) => {
        compute(other, disturbance, y);
        return Object.is(compute(name, x, y), alone);
      });
    });
  const moderate = fc.double({ min: -8, max: 8, noNaN: true });
  fc.assert(fc.property(moderate, moderate, FINITE, holds), { seed: SEED });
  t.pass();
});

// ---- Draws ----

function compute(name: keyof typeof BOUND, x: number, y: number): number {
  if (name === "pow") return pow(x, y);
  return { log, log2, exp, cbrt, sin, cos }[name](x);
}

/** Uniform on [low, high), with all 53 bits. */
function uniform(stream: RandomStream, low: number, high: number): number {
  return low + (stream.uniform() + stream.uniform() / 4_294_967_296) * (high - low);
}

/** Any positive double with its exponent field from `from` to `to - 1`: each field equally likely. */
function anyDouble(stream: RandomStream, from: number, to: number): number {
  const words = new DataView(new ArrayBuffer(8));
  words.setUint32(0, ((from + stream.below(to - from)) << 20) | stream.below(1 << 20));
  words.setUint32(4, stream.below(4_294_967_296) | 1);
  return words.getFloat64(0);
}

/** The base with an exponent that takes its power to e^low ... e^high. */
function withPower(stream: RandomStream, base: number, low: number, high: number): readonly [number, number] {
  const logarithm = log(base);
  return logarithm === 0 ? [2, 1] : [base, uniform(stream, low, high) / logarithm];
}

// ---- The reference: fixed point in BigInt ----

/** The number value * 2^-bits; bits may be negative. */
interface Exact {
  readonly value: bigint;
  readonly bits: number;
}

const BITS = 320;
const PI_BITS = 1_500;
/** ln 2 = 18 artanh(1/26) - 2 artanh(1/4801) + 8 artanh(1/8749). */
const LN2 =
  (18n * inverseSeries(26n, BITS, 1n) - 2n * inverseSeries(4_801n, BITS, 1n) + 8n * inverseSeries(8_749n, BITS, 1n)) >>
  64n;
/** pi by Gauss: 48 arctan(1/18) + 32 arctan(1/57) - 20 arctan(1/239). */
const PI =
  (48n * inverseSeries(18n, PI_BITS, -1n) +
    32n * inverseSeries(57n, PI_BITS, -1n) -
    20n * inverseSeries(239n, PI_BITS, -1n)) >>
  64n;

/** 1/n + sign/(3 n^3) + 1/(5 n^5) + ..., with 64 bits more than asked for. */
function inverseSeries(n: bigint, bits: number, sign: bigint): bigint {
  let sum = 0n;
  let power = (1n << BigInt(bits + 64)) / n;
  for (let k = 1n; power !== 0n; k += 2n, power = (sign * power) / (n * n)) sum += power / k;
  return sum;
}

/** e^argument for an argument with BITS fraction bits. */
function referenceExp(argument: bigint): Exact {
  const k = (2n * argument + LN2) / (2n * LN2);
  const one = 1n << BigInt(BITS);
  const small = (argument - k * LN2) >> 16n;
  let sum = one;
  let term = small;
  for (let n = 2n; term !== 0n && term !== -1n; n += 1n) {
    sum += term;
    term = (term * small) / one / n;
  }
  for (let squarings = 0; squarings < 16; squarings++) sum = (sum * sum) >> BigInt(BITS);
  return { value: sum, bits: BITS - Number(k) };
}

/** ln x with BITS fraction bits, by Halley's iteration on the exponential above. */
function referenceLog(x: number): Exact {
  const [mantissa, exponent] = parts(x);
  const k = exponent + 52;
  const m = mantissa << BigInt(BITS - 52);
  let y = 0n;
  for (let round = 0; round < 60; round++) {
    const e = referenceExp(y);
    const power = shifted(e.value, BITS - e.bits);
    const step = ((2n * (m - power)) << BigInt(BITS)) / (m + power);
    y += step;
    // The error is cubed in each round.
    if (step < 1n << 200n && step > -1n << 200n) return { value: y + BigInt(k) * LN2, bits: BITS };
  }
  throw new Error(`no convergence at ${x}`);
}

function referenceLog2(x: number): Exact {
  return { value: (referenceLog(x).value << BigInt(BITS)) / LN2, bits: BITS };
}

function referencePow(x: number, y: number): Exact {
  const [mantissa, exponent] = parts(y);
  return referenceExp(shifted(referenceLog(x).value * mantissa, exponent));
}

/** sin(x + quarters * pi/2), with BITS significant bits and more. */
function referenceCbrt(x: number): Exact {
  const [mantissa, exponent] = parts(x);
  const bits = 200 + Math.ceil(Math.max(0, -exponent) / 3);
  const size = mantissa < 0n ? -mantissa : mantissa;
  const cube = size << BigInt(3 * bits + exponent);
  let low = 0n;
  let high = 1n << BigInt(Math.ceil(cube.toString(2).length / 3) + 1);
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle * middle * middle <= cube) low = middle;
    else high = middle - 1n;
  }
  return { value: mantissa < 0n ? -low : low, bits };
}

function referenceTurned(x: number, quarters: number): Exact {
  const [mantissa, exponent] = parts(x);
  const size = mantissa === 0n ? 0 : exponent + 53;
  // Fine enough for the remainder of a large argument as well as for a small one.
  const bits = size > 0 ? BITS + 80 : BITS - size;
  const wide = Math.max(bits, PI_BITS - 60);
  const half = shifted(PI, wide - 1 - PI_BITS);
  const full = shifted(mantissa, exponent + wide);
  const n = (2n * full + (full < 0n ? -half : half)) / (2n * half);
  const r = shifted(full - n * half, bits - wide);
  const quadrant = Number(BigInt.asUintN(2, n)) + quarters;
  const value = alternatingSeries(r, bits, quadrant % 2 === 0 ? 1n : 0n);
  return { value: quadrant % 4 < 2 ? value : -value, bits };
}

/** r - r^3/3! + ... from start 1, 1 - r^2/2! + ... from start 0. */
function alternatingSeries(r: bigint, bits: number, start: bigint): bigint {
  const square = (r * r) >> BigInt(bits);
  let term = start === 1n ? r : 1n << BigInt(bits);
  let sum = 0n;
  for (let n = start; term !== 0n; n += 2n) {
    sum += term;
    term = -((term * square) / ((n + 1n) * (n + 2n))) / (1n << BigInt(bits));
  }
  return sum;
}

// ---- Doubles, taken apart ----

/** x = mantissa * 2^exponent, the mantissa with 53 bits (also for a subnormal x). */
function parts(x: number): [mantissa: bigint, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const field = (view.getUint16(0) >> 4) & 0x7ff;
  let mantissa = view.getBigUint64(0) & ((1n << 52n) - 1n);
  let exponent = Math.max(field, 1) - 1_075;
  if (field > 0) mantissa |= 1n << 52n;
  for (; mantissa !== 0n && mantissa < 1n << 52n; exponent--) mantissa <<= 1n;
  return [x < 0 ? -mantissa : mantissa, exponent];
}

function toFixed(x: number, bits: number): bigint {
  const [mantissa, exponent] = parts(x);
  return shifted(mantissa, exponent + bits);
}

function shifted(value: bigint, places: number): bigint {
  return places >= 0 ? value << BigInt(places) : value >> BigInt(-places);
}

function fromDecimal(text: string): Exact {
  const [whole = "", fraction = ""] = text.split(".");
  return { value: (BigInt(whole + fraction) << 400n) / BigInt(`1${"0".repeat(fraction.length)}`), bits: 400 };
}

/** The first digits of a number between 0 and 10 with BITS fraction bits, cut off, without the point. */
function decimals(value: bigint, places: number): string {
  return ((value * BigInt(`1${"0".repeat(places)}`)) >> BigInt(BITS)).toString();
}

/** How far a double is from the truth, in units of the last place a double of that size has. */
function ulpError(actual: number, { value, bits }: Exact): number {
  if (value === 0n || actual !== actual) return actual === 0 ? 0 : Infinity;
  const digits = (value < 0n ? -value : value).toString(16);
  const size = 4 * digits.length - Math.clz32(Number.parseInt(digits[0] as string, 16)) + 28 - bits;
  // Infinity stands for what would come next after the largest double.
  if (size > 1_024 && Math.abs(actual) === Infinity) return 0;
  const [mantissa, exponent] = Math.abs(actual) === Infinity ? [1n << 52n, 972] : parts(actual);
  const place = Math.max(size - 53, -1_074);
  const common = Math.max(bits, -exponent);
  const difference = shifted(mantissa, exponent + common) - shifted(value, common - bits);
  return Math.abs(Number(shifted(difference, 24 - common - place))) / 16_777_216;
}

/** Distance of two positive doubles, counted in doubles. */
function ulpsApart(a: number, b: number): number {
  const words = new BigInt64Array(new Float64Array([a, b]).buffer);
  return Math.abs(Number((words[0] as bigint) - (words[1] as bigint)));
}
