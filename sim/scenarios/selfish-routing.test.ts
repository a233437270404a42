/**
 * Selfish routing against theory: Pigou's and Braess's networks as packets, flows and policies that ship, which converge to the fluid limit
 * (Roughgarden and Tardos, "How bad is selfish routing?", JACM 2002: price of anarchy 4/3); and what follows from switching on stale
 * measurements, at once or with a small probability (Fischer and Voecking, PODC 2005).
 */
import test, { type ExecutionContext } from "ava";
import { type RunResult, results } from "../../actors/results.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { PolicySpec, NetworkLink, PacedFlow, Scenario } from "../../core/scenario.ts";
import { Simulation } from "../simulation.ts";
import { assembleFluid, type FluidLink } from "./fluid-links-testing.ts";
import { BETWEEN, link, MS, SECOND, world } from "./transport-worlds.ts";

/** Latency of a link that carries all traffic. */
const UNIT = 100 * MS;
/** Between two packets of a flow; also the window over which links measure their load. */
const INTERVAL = 100 * MS;
const PACKET = 1_000;
/** Reverse directions cost next to nothing, so that measured round trips compare the ways there. */
const WIDE = { rate_bps: 0, latency_ns: MS };

const RISING: FluidLink = { constant: 0, slope: UNIT };
const CONSTANT: FluidLink = { constant: UNIT, slope: 0 };
const FREE: FluidLink = { constant: 0, slope: 0 };

interface Game {
  readonly links: readonly NetworkLink[];
  readonly fluid: ReadonlyMap<string, FluidLink>;
  readonly dst: string;
}

function game(dst: string, edges: readonly (readonly [a: string, b: string, FluidLink])[]): Game {
  const links = edges.map(([a, b]) => link(a, b, WIDE));
  return { links, fluid: new Map(edges.map(([a, b, fluid]) => [`${a}>${b}`, fluid])), dst };
}

const PIGOU = game("1-2", [
  ["1-1#1", "1-2#1", CONSTANT],
  ["1-1#2", "1-2#2", RISING],
]);
const TWO_EQUAL = game("1-2", [
  ["1-1#1", "1-2#1", RISING],
  ["1-1#2", "1-2#2", RISING],
]);
const SQUARE: readonly (readonly [a: string, b: string, FluidLink])[] = [
  ["1-1#1", "1-2#1", RISING],
  ["1-1#2", "1-3#1", CONSTANT],
  ["1-2#2", "1-4#1", CONSTANT],
  ["1-3#2", "1-4#2", RISING],
];
const WITHOUT_SHORTCUT = game("1-4", SQUARE);
const WITH_SHORTCUT = game("1-4", [...SQUARE, ["1-2#3", "1-3#3", FREE]]);

/** `flows` equal flows whose packets are spread evenly over the interval. */
function scenarioOf({ links, dst }: Game, policies: readonly PolicySpec[], seconds: number): Scenario {
  const flows = policies.map((policy, n): PacedFlow => {
    return {
      ...BETWEEN,
      id: `f${n}`,
      app: "constant-rate",
      dst: { ia: dst, host: "10.0.0.2" },
      policy,
      start_ns: Math.round((n * INTERVAL) / policies.length),
      stop_ns: seconds * SECOND,
      interval_ns: INTERVAL,
      packet_size: PACKET,
    };
  });
  return { ...world(links, flows, (seconds + 2) * SECOND), warmup_ns: (seconds / 2) * SECOND, max_paths: 8 };
}

function begin(
  of: Game,
  policies: readonly PolicySpec[],
  seconds: number,
): { scenario: Scenario; simulation: Simulation } {
  const scenario = scenarioOf(of, policies, seconds);
  const demand = policies.length * PACKET;
  const simulation = Simulation.create(assembleFluid(scenario, { links: of.fluid, window: INTERVAL, demand }));
  return { scenario, simulation };
}

function play(of: Game, policies: readonly PolicySpec[], seconds: number): RunResult {
  const { scenario, simulation } = begin(of, policies, seconds);
  simulation.run(scenario.duration_ns);
  return results(simulation, scenario);
}

/** Mean latency of all packets after the warm-up, in units of a fully loaded link. */
function cost(result: RunResult): number {
  return ((result.totals.latency_ms.mean ?? Number.NaN) * MS) / UNIT;
}

function equally(count: number, policy: PolicySpec): PolicySpec[] {
  return Array.from({ length: count }, () => policy);
}

/** Few move at a time, and fewer the more there are: about two flows at each occasion. */
function selfish(count: number): PolicySpec[] {
  const params = { probability: Math.min(0.5, 2 / count), interval: "50ms", period: "500ms" };
  return equally(count, { name: "migration", params });
}

/** Long enough for nearly all to have had their occasion before the warm-up ends. */
function selfishCost(of: Game, count: number): number {
  return cost(play(of, selfish(count), Math.max(40, 3 * count)));
}

/** Positions of paths in the order offered are not part of the game: pins are found by the links they use. */
function pinnedTo(of: Game, through: readonly string[]): PolicySpec[] {
  const { simulation } = begin(of, [{ name: "shortest", params: {} }], 1);
  simulation.run(0);
  const { paths } = simulation.read<SelectorContext>("selector/f0").context;
  return through.map((wanted) => {
    const path = paths.find(({ interfaces }) => interfaces.map(({ ia, ifId }) => `${ia}#${ifId}`).join(" ") === wanted);
    if (path === undefined) throw new Error(`no path ${wanted}`);
    return { name: "pinned", params: { path: path.fingerprint } };
  });
}

/** Beyond the fluid limit, of which a game of `count` players falls short. */
const FLOWS = [4, 16, 64] as const;
const PRICE = 4 / 3;

/** Each more, smaller flows come closer to the price of anarchy, from below. */
function converges(t: ExecutionContext, ratios: readonly number[]): void {
  t.log(
    `ratios ${ratios.map((ratio) => ratio.toFixed(4)).join(", ")} with ${FLOWS.join(", ")} flows; limit ${PRICE.toFixed(4)}`,
  );
  const short = ratios.map((ratio) => PRICE - ratio);
  short.forEach((gap, at) => t.true(gap > 0 && gap < (short[at - 1] ?? 1)));
  t.true((short.at(-1) as number) < 0.04);
}

test("Pigou: selfish flows cost 4/3 of the best as flows become many and small", (t) => {
  const ways = pinnedTo(PIGOU, ["1-1#1 1-2#1", "1-1#2 1-2#2"]);
  const halves = (count: number): PolicySpec[] => Array.from({ length: count }, (_, n) => ways[n % 2] as PolicySpec);
  const ratios = FLOWS.map((count) => {
    const best = cost(play(PIGOU, halves(count), 10));
    t.true(Math.abs(best - 0.75) < 0.005, `half and half costs ${best}, in theory 0.75`);
    return selfishCost(PIGOU, count) / best;
  });
  converges(t, ratios);
});

test("Braess: a free shortcut makes everybody slower, by 4/3", (t) => {
  const costs = FLOWS.map(
    (count) => [selfishCost(WITHOUT_SHORTCUT, count), selfishCost(WITH_SHORTCUT, count)] as const,
  );
  t.log(
    `costs without and with the shortcut: ${costs.map(([without, with_]) => `${without.toFixed(3)} ${with_.toFixed(3)}`).join("; ")}; limit 1.5 2`,
  );
  converges(
    t,
    costs.map(([without, with_]) => with_ / without),
  );
});

/** Share of the flows on the first path in the middle of each period. */
function shares(probability: number): number[] {
  const params = { probability, interval: "100ms", period: "2s" };
  const policies = equally(60, { name: "migration", params });
  const { simulation } = begin(TWO_EQUAL, policies, PERIODS * 2);
  return Array.from({ length: PERIODS }, (_, period) => {
    simulation.run((2 * period + 1) * SECOND);
    const choices = policies.map((_, n) => simulation.read<SelectorContext>(`selector/f${n}`).context.choice);
    return choices.filter((choice) => choice === 0).length / policies.length;
  });
}

const PERIODS = 30;

test("two equal paths: all who switch at once swing from one to the other, with a period of two intervals", (t) => {
  const found = shares(1);
  t.log(found.join(" "));
  found.forEach((share, period) => t.is(share, period % 2 === 0 ? 1 : 0));
});

test("two equal paths: the smaller the probability of switching, the less they swing", (t) => {
  const swings = [0.8, 0.4, 0.1].map((probability) => {
    const late = shares(probability).slice(PERIODS / 2);
    return Math.max(...late) - Math.min(...late);
  });
  t.log(
    `swing between greatest and least share with probabilities 0.8, 0.4, 0.1: ${swings.map((swing) => swing.toFixed(3)).join(", ")}`,
  );
  swings.forEach((swing, at) => t.true(swing < (swings[at - 1] ?? 1)));
  t.true((swings.at(-1) as number) < 0.2);
});
