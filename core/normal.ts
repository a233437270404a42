/**
 * Quantiles of the standard normal distribution: algorithm AS 241, routine PPND16 (Wichura 1988, Applied Statistics 37, 477-484),
 * three ratios of polynomials, with our own logarithm, so that every engine gives the same bits. Error below 4e-15 of the
 * probability that lies beyond, measured in normal.test.ts.
 */
import { log } from "./math.ts";

/** Half width of the middle part: |p - 1/2| up to it needs no logarithm. */
const MIDDLE = 0.425;
/** Where the tails are cut in two, in units of sqrt(-ln p). */
const FAR = 5;

// Coefficients from the highest power down.
const MIDDLE_ABOVE = [
  2_509.080_928_730_122_7, 33_430.575_583_588_13, 67_265.770_927_008_7, 45_921.953_931_549_87, 13_731.693_765_509_46,
  1_971.590_950_306_551_3, 133.141_667_891_784_38, 3.387_132_872_796_366_5,
];
const MIDDLE_BELOW = [
  5_226.495_278_852_854, 28_729.085_735_721_943, 39_307.895_800_092_71, 21_213.794_301_586_597, 5_394.196_021_424_751,
  687.187_007_492_057_9, 42.313_330_701_600_91, 1,
];
const NEAR_ABOVE = [
  0.000_774_545_014_278_341_4, 0.022_723_844_989_269_184, 0.241_780_725_177_450_6, 1.270_458_252_452_368_4,
  3.647_848_324_763_204_5, 5.769_497_221_460_691, 4.630_337_846_156_546, 1.423_437_110_749_683_5,
];
const NEAR_BELOW = [
  1.050_750_071_644_416_9e-9, 0.000_547_593_808_499_534_5, 0.015_198_666_563_616_457, 0.148_103_976_427_480_08,
  0.689_767_334_985_1, 1.676_384_830_183_803_8, 2.053_191_626_637_759, 1,
];
const FAR_ABOVE = [
  2.010_334_399_292_288_1e-7, 2.711_555_568_743_487_6e-5, 0.001_242_660_947_388_078_4, 0.026_532_189_526_576_124,
  0.296_560_571_828_504_87, 1.784_826_539_917_291_3, 5.463_784_911_164_114, 6.657_904_643_501_103,
];
const FAR_BELOW = [
  2.044_263_103_389_939_7e-15, 1.421_511_758_316_446e-7, 1.846_318_317_510_054_8e-5, 0.000_786_869_131_145_613_3,
  0.014_875_361_290_850_615, 0.136_929_880_922_735_8, 0.599_832_206_555_888, 1,
];

/** The x below which a standard normal variable stays with probability p. -Infinity at 0, Infinity at 1. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= MIDDLE) {
    const r = MIDDLE * MIDDLE - q * q;
    return (q * polynomial(MIDDLE_ABOVE, r)) / polynomial(MIDDLE_BELOW, r);
  }
  const tail = q < 0 ? p : 1 - p;
  if (!(tail > 0)) return q < 0 ? -Infinity : Infinity;
  const size = tailQuantile(Math.sqrt(-log(tail)));
  return q < 0 ? -size : size;
}

function tailQuantile(r: number): number {
  if (r <= FAR) return polynomial(NEAR_ABOVE, r - 1.6) / polynomial(NEAR_BELOW, r - 1.6);
  return polynomial(FAR_ABOVE, r - FAR) / polynomial(FAR_BELOW, r - FAR);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}
