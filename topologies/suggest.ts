/** "Did you mean": the known word nearest to a wrong one. */

/** Longer words are not compared: a suggestion for them helps nobody, and the comparison costs length squared. */
const MAX_LENGTH = 80;

/**
 * The candidate with the fewest typing errors between it and `word` (one for each letter inserted, left out, replaced
 * or swapped with its neighbour), the earlier one where two are equal. undefined where even that one is too far off:
 * more than one error in three letters of the longer word.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = MAX_LENGTH;
  for (const candidate of candidates) {
    const limit = Math.min(bestDistance, Math.floor(Math.max(word.length, candidate.length) / 3) + 1);
    // Insertions alone cost the difference in length.
    if (Math.abs(candidate.length - word.length) >= limit || candidate === word) continue;
    const distance = typingErrors(wanted, candidate.toLowerCase());
    if (distance >= limit) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Optimal string alignment distance. */
export function typingErrors(left: string, right: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      const replaced = (last[j - 1] ?? 0) + (same ? 0 : 1);
      const shifted = Math.min(last[j] ?? 0, row[j - 1] ?? 0) + 1;
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      row.push(Math.min(replaced, shifted, swapped ? (beforeLast[j - 2] ?? 0) + 1 : replaced));
    }
    beforeLast = last;
    last = row;
  }
  return last[right.length] ?? left.length;
}
