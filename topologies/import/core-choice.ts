/** Which ASes of the Internet become core. */
import type { Finding } from "../problems.ts";
import type { Internet } from "./as-rel-network.ts";

/** Most links followed while customer cones are measured: minutes would be more than anybody waits. */
const MAX_STEPS = 100_000_000;

/** All ASes, the best first: by customer cone (itself and all below it) or by number of links, then by AS number. */
export function chooseCore(
  internet: Internet,
  rule: "cone" | "degree" | "all",
  report: (finding: Finding) => void,
): readonly number[] | undefined {
  const { numbers, customers, providers, peers } = internet;
  const degrees = numbers.map((_, at) =>
    [customers, providers, peers].reduce((sum, one) => sum + (one[at]?.length ?? 0), 0),
  );
  const cones = rule === "cone" ? conesOf(internet) : degrees;
  if (cones === undefined) {
    const message =
      "the customer cones of this list are too large to measure: choose the core by degree (--core degree)";
    report({ message, expected: "cones that can be measured", found: "more" });
    return undefined;
  }
  return numbers
    .map((_, at) => at)
    .toSorted(
      (left, right) =>
        (cones[right] ?? 0) - (cones[left] ?? 0) || (degrees[right] ?? 0) - (degrees[left] ?? 0) || left - right,
    );
}

/** Size of each customer cone; undefined where that takes too long. */
function conesOf({ customers }: Internet): readonly number[] | undefined {
  const seen = new Int32Array(customers.length).fill(-1);
  const state = { steps: 0 };
  const coneOf = (top: number): number => {
    const open = [top];
    seen[top] = top;
    for (const next of open) {
      for (const customer of customers[next] ?? []) {
        state.steps++;
        if (seen[customer] === top) continue;
        seen[customer] = top;
        open.push(customer);
      }
    }
    return open.length;
  };
  const cones: number[] = [];
  for (let at = 0; at < customers.length; at++) {
    if (state.steps > MAX_STEPS) return undefined;
    cones.push((customers[at]?.length ?? 0) === 0 ? 1 : coneOf(at));
  }
  return cones;
}

/**
 * The core as one connected mesh: while it has several parts, the ASes on a shortest way from the first part to the
 * nearest other one join it.
 */
export function connectCore(
  { customers, providers, peers }: Internet,
  chosen: readonly number[],
  warnings: string[],
): readonly number[] {
  const core = new Set(chosen);
  const around = (at: number): number[] => [customers, providers, peers].flatMap((lists) => lists[at] ?? []);
  const counts = { joined: 0, apart: 0 };
  const home = new Set<number>();
  const grow = (from: number): void => {
    const open = [from];
    for (const next of open) {
      if (home.has(next)) continue;
      home.add(next);
      open.push(...around(next).filter((one) => core.has(one) && !home.has(one)));
    }
  };
  for (const first of chosen) {
    while (!home.has(first)) {
      const way = home.size === 0 ? [first] : shortestWay(home, core, around);
      if (way.length === 0) counts.apart++;
      for (const joined of way) {
        if (!core.has(joined)) counts.joined++;
        core.add(joined);
      }
      for (const joined of way.length === 0 ? [first] : way) grow(joined);
    }
  }
  if (counts.joined > 0)
    warnings.push(`${counts.joined} ASes between core ASes became core, so that the core is connected`);
  if (counts.apart > 0) warnings.push(`${counts.apart} parts of the core have no way to the others`);
  return [...core];
}

/** ASes from just outside `home` to the nearest core AS that is not in it; empty where there is none. */
function shortestWay(
  home: ReadonlySet<number>,
  core: ReadonlySet<number>,
  around: (at: number) => readonly number[],
): readonly number[] {
  const before = new Map<number, number>();
  const open = [...home];
  for (const at of open) {
    for (const next of around(at)) {
      if (home.has(next) || before.has(next)) continue;
      before.set(next, at);
      if (!core.has(next)) {
        open.push(next);
        continue;
      }
      const way: number[] = [];
      for (let step: number | undefined = next; step !== undefined && !home.has(step); step = before.get(step))
        way.push(step);
      return way.toReversed();
    }
  }
  return [];
}
