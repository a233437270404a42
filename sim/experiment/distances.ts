/** Distances between two samples, each ascending. null where one is empty. Pure. */

/** Kolmogorov and Smirnov's: the largest difference of the empirical distribution functions, 0 to 1. */
export function ksDistance(left: readonly number[], right: readonly number[]): number | null {
  let most = 0;
  const found = sweep(left, right, (below, above) => {
    most = Math.max(most, Math.abs(below - above));
  });
  return found ? most : null;
}

/** Wasserstein's of order 1: the area between the empirical distribution functions, in the unit of the values. */
export function wassersteinDistance(left: readonly number[], right: readonly number[]): number | null {
  let area = 0;
  const found = sweep(left, right, (below, above, width) => {
    area += Math.abs(below - above) * width;
  });
  return found ? area : null;
}

/** Tells the shares of both samples up to each value, and the distance to the next. */
function sweep(
  left: readonly number[],
  right: readonly number[],
  take: (left: number, right: number, width: number) => void,
): boolean {
  if (left.length === 0 || right.length === 0) return false;
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const at = Math.min(left[i] ?? Number.POSITIVE_INFINITY, right[j] ?? Number.POSITIVE_INFINITY);
    while (i < left.length && (left[i] as number) <= at) i++;
    while (j < right.length && (right[j] as number) <= at) j++;
    const next = Math.min(left[i] ?? Number.POSITIVE_INFINITY, right[j] ?? Number.POSITIVE_INFINITY);
    take(i / left.length, j / right.length, next === Number.POSITIVE_INFINITY ? 0 : next - at);
  }
  return true;
}
