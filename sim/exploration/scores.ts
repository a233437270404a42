/** What a policy went by for a path, in figures and words. */
import type { PathScore, Policy } from "../../actors/selectors/policy.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { Cell } from "../../actors/world.ts";
import { durationText } from "./context-view.ts";

export interface ToldScore extends PathScore {
  /** "latency 12.1 ms", "links 3", "round trip not known", "untried". */
  readonly text: string;
}

/** Of the path at a position; null where the policy has no figure for one path, or none yet. */
export function scoreOf({ state, world }: Cell, position: number): ToldScore | null {
  const { started, paths, policyState, resource, view } = state.context as SelectorContext;
  const policy = world.assembly.resources.get(resource) as Policy | undefined;
  if (!started || policy?.score === undefined || paths[position] === undefined) return null;
  const score = policy.score(policyState, view, position);
  return score === null ? null : { ...score, text: textOf(score) };
}

function textOf({ name, note, unit, value }: PathScore): string {
  if (note !== undefined) return note;
  return value === Number.POSITIVE_INFINITY ? `${name} not known` : `${name} ${figureOf(unit, value)}`;
}

function figureOf(unit: PathScore["unit"], value: number): string {
  switch (unit) {
    case "ns":
      return durationText(value);
    case "share":
      return `${Number((100 * value).toFixed(2))} %`;
    case "kbps":
      return rateText(value * 1_000);
    case "bps":
      return rateText(value);
    case "place":
    case "links":
      return String(value);
    case "none":
      return String(Number(value.toPrecision(4)));
  }
}

function rateText(bps: number): string {
  const [unit, size] = bps >= 1e9 ? ["Gbit/s", 1e9] : bps >= 1e6 ? ["Mbit/s", 1e6] : ["kbit/s", 1e3];
  return `${Number((bps / size).toFixed(2))} ${unit}`;
}
