/** Policies that spread packets or flows over paths: round-robin, weighted, random, ecmp, most-disjoint. */
import { hashText } from "../../core/digest.ts";
import type { PathInfo } from "../../core/path.ts";
import { type Settings, settingsOf, type Weights } from "../../core/policy-parameters.ts";
import { carryPosition, usablePositions } from "./measured.ts";
import type { Policy } from "./policy.ts";

interface RoundRobin {
  /** Position of the path that the packet before took; -1 at the start. */
  last: number;
}

/** Each packet takes the next usable path in the order offered. Source: draft-bonaventure-iccrg-schedulers, section 3.1. */
const roundRobin: Policy<RoundRobin> = {
  name: "round-robin",
  each: "packet",
  init: (params) => {
    settingsOf("round-robin", params);
    return { last: -1 };
  },
  choose: (state, { paths, usable }) => {
    for (let step = 1; step <= paths.length; step++) {
      const index = (state.last + step) % paths.length;
      if (usable[index] !== true) continue;
      state.last = index;
      return index;
    }
    return -1;
  },
  // Of the packets to come, were every path usable.
  score: ({ last }, { paths }, index) => {
    const turn = 1 + ((index - last - 1 + paths.length) % Math.max(1, paths.length));
    return { name: "turn", value: turn, unit: "place", prefers: "least" };
  },
};

interface Weighted {
  readonly weights: readonly number[];
  /** What each path is owed, in units of the weights. */
  readonly credit: number[];
}

/**
 * Each packet takes the path that is owed most: every usable path is owed its weight more, the one taken the sum of the weights less. So paths
 * get packets in proportion to their weights, interleaved as evenly as can be. Source: nginx's smooth weighted round robin.
 */
const weighted: Policy<Weighted> = {
  name: "weighted",
  each: "packet",
  init: (params, paths) => ({
    weights: weightsOf(settingsOf("weighted", params).weights, paths),
    credit: paths.map(() => 0),
  }),
  choose: ({ weights, credit }, { usable }) => {
    let total = 0;
    for (let index = 0; index < credit.length; index++) if (usable[index] === true) total += weights[index] as number;
    // Where no usable path has a weight, all weigh the same.
    const [factor, added] = total > 0 ? [1, 0] : [0, 1];
    let sum = 0;
    let best = -1;
    for (let index = 0; index < credit.length; index++) {
      const weight = factor * (weights[index] as number) + added;
      if (usable[index] !== true || weight === 0) continue;
      sum += weight;
      credit[index] = (credit[index] as number) + weight;
      if (best < 0 || (credit[index] as number) > (credit[best] as number)) best = index;
    }
    if (best >= 0) credit[best] = (credit[best] as number) - sum;
    return best;
  },
  score: ({ weights }, _view, index) => ({
    name: "weight",
    value: weights[index] ?? 0,
    unit: "none",
    prefers: "greatest",
  }),
};

function weightsOf(rule: Weights, paths: readonly PathInfo[]): readonly number[] {
  if (rule === "equal") return paths.map(() => 1);
  if (rule === "bandwidth") {
    const known = paths.flatMap(({ bandwidthKbps }) => bandwidthKbps ?? []);
    const mean = known.reduce((sum, rate) => sum + rate, 0) / known.length;
    return paths.map(({ bandwidthKbps }) => bandwidthKbps ?? (known.length === 0 ? 1 : mean));
  }
  if (rule === "latency") {
    const longest = paths.reduce((most, { latencyNs }) => Math.max(most, latencyNs ?? 0), 1);
    return paths.map(({ latencyNs }) => 1 / Math.max(1, latencyNs ?? longest));
  }
  return paths.map((_path, index) => rule[index] ?? 0);
}

interface Drawn {
  pick: number;
}

/** One path drawn for the flow, evenly among the usable; another is drawn when it is no longer usable. Source: Valiant's random routing. */
const random: Policy<Drawn> = {
  name: "random",
  init: (params) => {
    settingsOf("random", params);
    return { pick: -1 };
  },
  update: ({ pick }, _params, before, paths) => ({ pick: carryPosition(before, paths, pick) }),
  choose: (state, view, stream) => {
    if (view.usable[state.pick] === true) return state.pick;
    const positions = usablePositions(view);
    state.pick = positions.length === 0 ? -1 : (positions[stream.below(positions.length)] as number);
    return state.pick;
  },
};

interface Ecmp {
  readonly by: Settings<"ecmp">["by"];
  readonly hash: number;
  /** Hash of flow and path. */
  readonly affinity: readonly number[];
}

/**
 * Among the usable paths with the fewest links one by the flow's hash. `rendezvous`: the path whose hash with the flow is highest, so that a
 * flow leaves its path only when that fails or a shorter one comes; `modulo`: the remainder of the flow's hash by the number of paths,
 * as the simplest routers do. Sources: RFC 2992; Thaler and Ravishankar 1998 (highest random weight).
 */
const ecmp: Policy<Ecmp> = {
  name: "ecmp",
  init: (params, paths, { hash }) => ({
    by: settingsOf("ecmp", params).by,
    hash,
    affinity: paths.map(({ fingerprint }) => hashText(fingerprint, hash)[0] >>> 0),
  }),
  choose: ({ by, hash, affinity }, { paths, usable }) => {
    let best = -1;
    const equals: number[] = [];
    for (let index = 0; index < paths.length; index++) {
      if (usable[index] !== true) continue;
      const longer = best < 0 ? -1 : (paths[index] as PathInfo).length - (paths[best] as PathInfo).length;
      if (longer > 0) continue;
      if (longer < 0) equals.length = 0;
      if (longer < 0 || (affinity[index] as number) > (affinity[best] as number)) best = index;
      equals.push(index);
    }
    return by === "rendezvous" || best < 0 ? best : (equals[hash % equals.length] as number);
  },
  score: (_state, { paths }, index) => {
    const path = paths[index];
    return path === undefined ? null : { name: "links", value: path.length, unit: "links", prefers: "least" };
  },
};

interface Disjoint {
  /** Positions in the order in which this flow prefers them. */
  readonly order: readonly number[];
}

/**
 * Spreads flows by their hash over k paths that share as little as can be: the first offered, then each time the one that has the fewest links
 * (or ASes) in common with those taken so far, the earlier of equals. While a flow's path is unusable it takes the next of the k, then
 * of the rest in the order offered, and returns. The same k for all flows of a pair. Sources: jpan `SameLink` turned round; the greedy
 * choice is that of SCION's diversity-based beaconing (CoNEXT 2021).
 */
const mostDisjoint: Policy<Disjoint> = {
  name: "most-disjoint",
  init: (params, paths, { hash }) => {
    const { k, by } = settingsOf("most-disjoint", params);
    const set = disjointSet(paths, k, by);
    const turn = set.length === 0 ? 0 : hash % set.length;
    const rest = paths.map((_path, index) => index).filter((index) => !set.includes(index));
    return { order: [...set.slice(turn), ...set.slice(0, turn), ...rest] };
  },
  choose: ({ order }, { usable }) => order.find((index) => usable[index] === true) ?? -1,
  score: ({ order }, _view, index) => ({
    name: "turn",
    value: order.indexOf(index) + 1,
    unit: "place",
    prefers: "least",
  }),
};

function disjointSet(paths: readonly PathInfo[], k: number, by: "links" | "ases"): number[] {
  const parts = paths.map((path) => (by === "links" ? linksOf(path) : transitOf(path)));
  const taken: number[] = [];
  const used = new Set<string>();
  while (taken.length < Math.min(k, paths.length)) {
    let best = -1;
    let bestShared = Number.POSITIVE_INFINITY;
    for (const [index, own] of parts.entries()) {
      if (taken.includes(index)) continue;
      const shared = own.filter((part) => used.has(part)).length;
      if (shared >= bestShared) continue;
      best = index;
      bestShared = shared;
    }
    taken.push(best);
    for (const part of parts[best] as readonly string[]) used.add(part);
  }
  return taken;
}

/** A link by the interface it is left by. */
function linksOf({ interfaces }: PathInfo): string[] {
  return interfaces.filter((_end, index) => index % 2 === 0).map(({ ia, ifId }) => `${ia}#${ifId}`);
}

function transitOf({ interfaces, src, dst }: PathInfo): string[] {
  return [...new Set(interfaces.map(({ ia }) => ia))].filter((ia) => ia !== src && ia !== dst);
}

export const SPREADING_POLICIES: readonly Policy[] = [roundRobin, weighted, random, ecmp, mostDisjoint];
