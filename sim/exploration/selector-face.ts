/** A selector's candidates, what its policy goes by, why it chose, and what led it from one path to another. */
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { Cell } from "../../actors/world.ts";
import type { CandidateView, SelectorFace } from "../../core/exploration.ts";
import type { PathInfo } from "../../core/path.ts";
import { formatInterface } from "../../core/address.ts";
import { scoreOf, type ToldScore } from "./scores.ts";
import type { SwitchWatch } from "./switches.ts";

const MOST_SWITCHES = 50;

/** `directionOf`: index of a direction by its actor's id. `event`: number of the last event that the world handled. */
export function selectorFace(
  cell: Cell,
  directionOf: ReadonlyMap<string, number>,
  watch: SwitchWatch,
  event: number,
): SelectorFace {
  const selector = cell.state.context as SelectorContext;
  const scores = selector.paths.map((_path, position) => scoreOf(cell, position));
  const shares = sharesOf(scores);
  return {
    kind: "selector",
    flow: cell.id.slice(cell.id.indexOf("/") + 1),
    policy: selector.policy,
    candidates: selector.paths.map((path, position): CandidateView => {
      const measured = selector.tracks[position]?.measured;
      const score = scores[position] ?? null;
      return {
        fingerprint: path.fingerprint,
        interfaces: path.interfaces.map(({ ia, ifId }) => formatInterface(ia, ifId)),
        directions: directionsOf(path, directionOf),
        ...barOf(cell, position, watch, event),
        chosen: position === selector.choice,
        packets: selector.used[position] ?? 0,
        score: score === null ? null : shownScore(score, shares[position] ?? 0),
        latency_ms: millisecondsOf(path.latencyNs),
        mtu: path.mtu,
        links: path.length,
        srtt_ms: millisecondsOf(measured?.srtt ?? null),
        loss: measured?.loss ?? null,
        goodput_bps: measured?.goodputBps ?? null,
      };
    }),
    why: whyOf(selector, scores),
    switches: watch
      .changesOf(cell.id, event, MOST_SWITCHES)
      .map(({ actor: _actor, time: time_ns, ...note }) => ({ time_ns, ...note })),
    changes: selector.switches,
  };
}

/** Directions that a path crosses, in order; those the outline does not have are left out. */
export function directionsOf({ interfaces }: PathInfo, directionOf: ReadonlyMap<string, number>): number[] {
  const directions: number[] = [];
  for (let at = 0; at + 1 < interfaces.length; at += 2) {
    const [from, to] = [interfaces[at], interfaces[at + 1]];
    if (from === undefined || to === undefined) continue;
    const id = `link/${formatInterface(from.ia, from.ifId)}>${formatInterface(to.ia, to.ifId)}`;
    const direction = directionOf.get(id);
    if (direction !== undefined) directions.push(direction);
  }
  return directions;
}

function barOf(
  cell: Cell,
  position: number,
  watch: SwitchWatch,
  event: number,
): Pick<CandidateView, "usable" | "barred"> {
  const { paths, revocation, tracks } = cell.state.context as SelectorContext;
  const until = tracks[position]?.barredUntil ?? 0;
  const path = paths[position];
  if (until <= cell.world.now || path === undefined) return { usable: true, barred: null };
  const failed = watch.failureOf(cell.id, event, until - revocation, path);
  const news = failed === null ? "news of a failure" : `news that ${failed} is down`;
  return { usable: false, barred: `${news} at ${secondsText(until - revocation)}, until ${secondsText(until)}` };
}

function millisecondsOf(nanoseconds: number | null): number | null {
  return nanoseconds === null ? null : nanoseconds / 1e6;
}

function secondsText(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(3)} s`;
}

function shownScore({ name, text, value }: ToldScore, share: number): CandidateView["score"] {
  return { name, text, share, value: Number.isFinite(value) ? value : null };
}

/** From the worst known, or 0, to the best: in proportion where no figure is below zero. */
function sharesOf(scores: readonly (ToldScore | null)[]): number[] {
  const known = scores.flatMap((score) => (score === null || !Number.isFinite(score.value) ? [] : [score.value]));
  const [least, greatest] = [Math.min(...known), Math.max(...known)];
  return scores.map((score) => {
    if (score === null || !Number.isFinite(score.value)) return 0;
    const { prefers, value } = score;
    if (least === greatest) return 1;
    if (least < 0) return (prefers === "least" ? greatest - value : value - least) / (greatest - least);
    if (prefers === "greatest") return value / greatest;
    return value === least ? 1 : least / value;
  });
}

/** "lowest-latency: latency 12.1 ms is the least among the 2 usable of 3 paths". */
function whyOf(selector: SelectorContext, scores: readonly (ToldScore | null)[]): string {
  const { choice, eachPacket, paths, policy, started, view } = selector;
  const usable = paths.map((_path, position) => position).filter((position) => view.usable[position] === true);
  if (!started) return "nothing is chosen yet";
  if (paths.length === 0) return "no path is offered";
  const among = `among the ${usable.length} usable of ${paths.length} paths`;
  if (choice < 0) {
    if (usable.length === 0) return `none of the ${paths.length} paths is usable`;
    return eachPacket ? "the policy chooses for every packet, and none has come yet" : `${policy} takes none ${among}`;
  }
  const said = eachPacket ? `${policy}, for the latest packet` : policy;
  const own = scores[choice] ?? null;
  if (!usable.includes(choice)) return `${said}: keeps a path that news of a failure speaks against`;
  if (own === null) return `${said}: its choice ${among}`;
  const rivals = usable.flatMap((position) => (position === choice ? [] : (scores[position] ?? [])));
  const better = bestOf(rivals.filter((rival) => beats(rival, own)));
  if (better !== null) return `${said}: ${own.text} ${among}; kept or drawn though one has ${better.text}`;
  const equal = rivals.some(({ value }) => value === own.value);
  const rank = own.prefers === "least" ? "the least" : "the most";
  return `${said}: ${own.text} is ${rank} ${among}${equal ? ", with others equal" : ""}`;
}

function beats(rival: ToldScore, own: ToldScore): boolean {
  if (rival.value === Number.POSITIVE_INFINITY) return false;
  if (own.value === Number.POSITIVE_INFINITY) return true;
  return own.prefers === "least" ? rival.value < own.value : rival.value > own.value;
}

function bestOf(scores: readonly ToldScore[]): ToldScore | null {
  return scores.reduce<ToldScore | null>((best, one) => (best === null || beats(one, best) ? one : best), null);
}
