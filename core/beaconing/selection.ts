/** Which beacons an AS keeps and passes on (scionproto `control/beacon/selection_algo.go`). */
import type { Beacon } from "./beacon.ts";

/**
 * Of candidates in order: the first `size - 1`, and with them the most diverse of the rest where it is more diverse than all of them, else the
 * next. Of equally diverse ones the shortest, of those the first.
 */
export function selectBeacons<B extends Beacon>(candidates: readonly B[], size: number): B[] {
  if (candidates.length <= size || size < 1) return candidates.slice(0, Math.max(0, size));
  const result = candidates.slice(0, size - 1);
  const rest = candidates.slice(size - 1);
  const best = result[0];
  if (best === undefined) return candidates.slice(0, 1);
  const served = mostDiverse(result, best);
  const further = mostDiverse(rest, best);
  const last = further.diversity > served.diversity ? further.beacon : rest[0];
  return last === undefined ? result : [...result, last];
}

/**
 * Of candidates in order those that a core AS passes on: each that is selected among the candidates that are not longer than it. So what is passed
 * on hangs on shorter beacons alone, and beaconing between core ASes comes to rest, always at the same place. Were the selection itself passed on, a longer
 * beacon chosen for its diversity would put out a shorter one, with all that others have made of that, and choices could go round for ever.
 */
export function selectPassedOn<B extends Beacon>(candidates: readonly B[], size: number): B[] {
  if (candidates.length <= size || size < 2) return selectBeacons(candidates, size);
  const passed = candidates.slice(0, size - 1);
  const rest = candidates.slice(size - 1);
  const best = passed[0] as B;
  const served = mostDiverse(passed, best).diversity;
  const first = rest[0] as B;
  let most = -1;
  let found = first;
  rest.forEach((beacon, at) => {
    const diversity = diversityOf(beacon, best);
    if (diversity > most) [found, most] = [beacon, diversity];
    if (rest[at + 1]?.hops.length === beacon.hops.length) return;
    const chosen = most > served ? found : first;
    if (chosen.hops.length === beacon.hops.length) passed.push(chosen);
  });
  return passed;
}

function mostDiverse<B extends Beacon>(beacons: readonly B[], best: B): { beacon: B | undefined; diversity: number } {
  let found: B | undefined;
  let most = -1;
  for (const beacon of beacons) {
    const diversity = diversityOf(beacon, best);
    const better = diversity > most || (diversity === most && beacon.hops.length < (found?.hops.length ?? 0));
    if (!better) continue;
    found = beacon;
    most = diversity;
  }
  return { beacon: found, diversity: most };
}

/** Links of a beacon, each an AS and its egress, that another one does not have. */
export function diversityOf({ hops }: Beacon, best: Beacon): number {
  let own = 0;
  for (const { ia, egress } of hops) {
    if (!best.hops.some((other) => other.egress === egress && other.ia === ia)) own++;
  }
  return own;
}
