/**
 * Which pieces are known to live. News of a piece spreads from neighbour to neighbour; only the piece itself counts its beat up, so
 * that what is dead is forgotten everywhere, however often neighbours repeat it.
 */
import { type Nanos, SECOND } from "../../core/units.ts";
import type { PieceNews } from "./message.ts";

/** A piece that nobody has heard for so long is gone. */
export const GONE_AFTER: Nanos = 4 * SECOND;
/** Pieces forgotten whose last beat is still known. */
const MAX_FORGOTTEN = 1_024;

export interface KnownPiece extends PieceNews {
  /** When its beat last rose, by our clock. */
  readonly heardAt: Nanos;
}

export interface Roster {
  /** This piece, and its places: nobody else has them. */
  readonly own: string;
  readonly here: readonly number[];
  /** Places of the network: more than these no piece can have, and there cannot be more pieces. */
  readonly places: number;
  readonly pieces: Map<string, KnownPiece>;
  /** Last beats of pieces that are gone. */
  readonly forgotten: Map<string, number>;
}

export function createRoster(own: string, here: readonly number[], places: number): Roster {
  return { own, here, places, pieces: new Map(), forgotten: new Map() };
}

/** `new`: who it is, or that it has ended, was not known; `refused`: it cannot be, or there is no room. */
export function learn(roster: Roster, news: PieceNews, now: Nanos): "new" | "known" | "old" | "refused" {
  const { own, here, pieces, forgotten } = roster;
  const { instance, beat, ended, places } = news;
  if (instance === own || places.some((place) => here.includes(place))) return "old";
  const known = pieces.get(instance);
  if (known !== undefined) {
    if (beat <= known.beat) return "old";
    pieces.set(instance, { ...known, beat, ended: known.ended || ended, heardAt: now });
    return ended && !known.ended ? "new" : "known";
  }
  if (beat <= (forgotten.get(instance) ?? 0)) return "old";
  const fits = places.length > 0 && new Set(places).size === places.length;
  if (!fits || places.some((place) => place >= roster.places) || pieces.size >= roster.places) return "refused";
  // A piece that was started again has a new name: what had its ASes before is gone.
  for (const [other, { places: theirs }] of pieces)
    if (theirs.some((place) => places.includes(place))) forget(roster, other);
  pieces.set(instance, { ...news, heardAt: now });
  return "new";
}

/** Forgets who has not been heard for long, and says who that was. */
export function forgetSilent(roster: Roster, now: Nanos): readonly KnownPiece[] {
  const silent = [...roster.pieces.values()].filter(({ heardAt }) => now - heardAt > GONE_AFTER);
  for (const { instance } of silent) forget(roster, instance);
  return silent;
}

function forget({ pieces, forgotten }: Roster, instance: string): void {
  forgotten.set(instance, pieces.get(instance)?.beat ?? 0);
  pieces.delete(instance);
  const [oldest] = forgotten.keys();
  if (forgotten.size > MAX_FORGOTTEN && oldest !== undefined) forgotten.delete(oldest);
}

/** Places of pieces that live and have not ended. */
export function placesUp({ pieces }: Roster): ReadonlySet<number> {
  return new Set([...pieces.values()].flatMap(({ ended, places }) => (ended ? [] : places)));
}
