/** The answer of `replay` and `doctor` as people read it. */
import type { ReplayResult } from "../sim/replay.ts";
import { paint } from "./output.ts";

/** `names`: what the two sides are called. */
export function formatVerdict(
  what: string,
  { identical, digest, events, firstDifference, stopped }: ReplayResult,
  names: readonly [string, string],
): string {
  const [first, second] = digest;
  if (identical && stopped !== undefined) {
    const same = `${what}: ${paint("green", "identical")} as far as the record goes, ${events} events`;
    const ends = stopped.map(({ place, time_ns }) => `${place} to ${(time_ns / 1e9).toFixed(3)} s`).join(", ");
    return `${same} (${ends}); it stops before the run did, so that final states are not compared`;
  }
  if (identical) return `${what}: ${paint("green", "identical")}, ${events} events, digest ${first}`;
  const width = Math.max(...names.map(({ length }) => length));
  const side = (at: 0 | 1, text: string): string => `  ${names[at].padEnd(width)}  ${text}`;
  const lines = [`${what}: ${paint("red", "different")}`, side(0, `digest ${first}`), side(1, `digest ${second}`)];
  if (firstDifference === null) return lines.join("\n");
  const { time_ns, actor, expected, found } = firstDifference;
  const place = `first difference at ${(time_ns / 1e9).toFixed(9)} s (${time_ns} ns), ${actor}`;
  return [...lines, place, side(0, expected), side(1, found)].join("\n");
}
