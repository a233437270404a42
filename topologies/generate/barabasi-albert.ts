/**
 * Growth with preferential attachment (Barabási and Albert, Science 286, 1999): new ASes link to old ones with a
 * probability proportional to their degree, which gives a degree distribution with the tail P(k) ~ k^-3.
 */
import { RandomStream } from "../../core/rng.ts";
import type { Network } from "../../core/scenario.ts";
import { MAX_ASES, preset, type PresetConflict, SEED, whole } from "../presets/parameters.ts";
import { type FlatLink, layFlatGraph } from "./flat.ts";

interface Growth {
  readonly nodes: number;
  readonly m: number;
  readonly cores: number;
  readonly seed: number;
}

export const BARABASI_ALBERT = preset(
  "grown by preferential attachment; the best connected ASes are core",
  {
    nodes: whole(2, MAX_ASES, 50, "number of ASes"),
    m: whole(1, 20, 2, "links that each new AS brings"),
    cores: whole(1, 1_000, 5, "number of core ASes"),
    seed: SEED,
  },
  ({ nodes, m, cores, seed }) => barabasiAlbert({ nodes, m, cores, seed }),
  ({ nodes, m }): PresetConflict | null =>
    nodes > m ? null : { parameter: "nodes", expected: `more ASes than the ${m} links that each new AS brings` },
);

/** Begins with m + 1 ASes that are all linked, so the number of links is m (m + 1) / 2 + m (nodes - m - 1). */
function barabasiAlbert({ nodes, m, cores, seed }: Growth): Network {
  const stream = new RandomStream(seed, "topology/barabasi-albert", "attachment");
  const links: FlatLink[] = [];
  /** Every AS once for each of its links: a uniform draw from here is a draw by degree. */
  const ends: number[] = [];
  for (let node = 1; node < nodes; node++) {
    const targets = node <= m ? [...Array(node).keys()] : drawDistinct(ends, m, stream);
    for (const target of targets) {
      links.push({ from: target, to: node });
      ends.push(target, node);
    }
  }
  return layFlatGraph(`barabasi-albert-${nodes}`, { nodes, links }, cores);
}

/** More than `count` different values stand in `ends`. */
function drawDistinct(ends: readonly number[], count: number, stream: RandomStream): readonly number[] {
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(ends[stream.below(ends.length)] ?? 0);
  return [...drawn];
}
