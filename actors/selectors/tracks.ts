/** What a selector remembers of each path, by its fingerprint, and what it shows its policy. Plain data. */
import { directionName } from "../../core/faults.ts";
import { CUT, LOAD_WORDS } from "../../core/link-load.ts";
import type { PathInfo } from "../../core/path.ts";
import { NEVER } from "../../core/rate-schedule.ts";
import type { Nanos } from "../../core/units.ts";
import { createMeasured, type Measured } from "./measurement.ts";
import type { PathLoad, PathView } from "./policy.ts";
import { pathKey } from "./report-frame.ts";
import { createReported, type Reportable, type ReportedPath } from "./reports.ts";

export interface Track extends Reportable {
  readonly fingerprint: string;
  readonly measured: Measured;
  readonly reported: ReportedPath | null;
  /** Time from which the path may be used again. */
  barredUntil: Nanos;
  /** Packets sent on it up to when it was offered last. */
  used: number;
}

/** The view as its selector changes it: one object for all decisions. */
export type SelectorView = { -readonly [K in keyof Omit<PathView, "usable">]: PathView[K] } & { usable: boolean[] };

/** Links that an oracle looks at. */
export interface LoadView {
  /** Ids of directions, each once. */
  readonly links: readonly string[];
  /** Of each path, positions in `links`. */
  readonly ways: readonly (readonly number[])[];
  /** What was told last, `LOAD_WORDS` numbers a link. */
  readonly reading: number[];
  readonly paths: { -readonly [K in keyof PathLoad]: PathLoad[K] }[];
}

/** Paths remembered that are not offered. */
const MAX_RETIRED = 1_000;

export function createTrack({ fingerprint, forwarding }: PathInfo, reported: boolean): Track {
  const known = reported ? createReported(pathKey(forwarding)) : null;
  return { fingerprint, measured: createMeasured(), reported: known, barredUntil: 0, used: 0 };
}

/** Puts away what is known; of more than `MAX_RETIRED` paths the oldest is forgotten. @returns packets on paths forgotten */
export function retire(retired: Map<string, Track>, tracks: readonly Track[], used: readonly number[]): number {
  tracks.forEach((track, position) => {
    track.used = used[position] ?? 0;
    retired.set(track.fingerprint, track);
  });
  let forgotten = 0;
  for (const [fingerprint, track] of retired) {
    if (retired.size <= MAX_RETIRED + tracks.length) break;
    retired.delete(fingerprint);
    forgotten += track.used;
  }
  return forgotten;
}

export function bringBack(retired: Map<string, Track>, path: PathInfo, reported: boolean): Track {
  const known = retired.get(path.fingerprint);
  retired.delete(path.fingerprint);
  return known ?? createTrack(path, reported);
}

/** Notes which paths no bar stands before now. @returns when the next bar falls; NEVER without one */
export function refreshUsable(usable: boolean[], tracks: readonly Track[], now: Nanos): Nanos {
  let next = NEVER;
  usable.length = tracks.length;
  tracks.forEach(({ barredUntil }, position) => {
    usable[position] = barredUntil <= now;
    if (barredUntil > now) next = Math.min(next, barredUntil);
  });
  return next;
}

export function createLoadView(paths: readonly PathInfo[]): LoadView {
  const positions = new Map<string, number>();
  const ways = paths.map(({ interfaces }) => linksOf(interfaces).map((link) => positionOf(positions, link)));
  const blank = paths.map(() => ({ delay: 0, loss: 0 }));
  return { links: [...positions.keys()], ways, reading: [], paths: blank };
}

function positionOf(positions: Map<string, number>, link: string): number {
  const known = positions.get(link);
  if (known !== undefined) return known;
  positions.set(link, positions.size);
  return positions.size - 1;
}

/** Ids of the directions of links that a path crosses. */
function linksOf(interfaces: PathInfo["interfaces"]): string[] {
  const links: string[] = [];
  for (let at = 0; at + 1 < interfaces.length; at += 2) {
    const [from, to] = [interfaces[at], interfaces[at + 1]];
    if (from !== undefined && to !== undefined) links.push(`link/${directionName(from, to)}`);
  }
  return links;
}

/** From the links' readings to paths: delays add up, a packet of full size is transmitted on every link. */
export function sumLoad({ paths: loads, reading, ways }: LoadView, paths: readonly PathInfo[]): void {
  for (let n = 0; n < loads.length; n++) {
    const [load, way, mtu] = [loads[n], ways[n], paths[n]?.mtu ?? 0];
    if (load === undefined || way === undefined) continue;
    let [delay, passing] = [0, 1];
    for (const link of way) {
      const wait = reading[link * LOAD_WORDS] ?? CUT;
      delay = wait === CUT ? Infinity : delay + wait + (reading[link * LOAD_WORDS + 1] ?? 0) * mtu;
      passing *= 1 - (reading[link * LOAD_WORDS + 2] ?? 0);
    }
    load.delay = delay;
    load.loss = 1 - passing;
  }
}
