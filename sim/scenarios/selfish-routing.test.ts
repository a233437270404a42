/**
 * Selfish routing against theory: Pigou's and Braess's networks as packets, flows and policies that ship, which converge to the fluid limit
 * (Roughgarden and Tardos, "How bad is selfish routing?", JACM 2002: price of anarchy 4/3); and what follows from switching on stale
 * measurements, at once or with a small probability (Fischer and Voecking, PODC 2005).
 */
import test from "ava";
import { type RunResult, results } from "../../actors/results.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { PolicySpec, NetworkLink, PacedFlow, Scenario } from "../../core/scenario.ts";
import { Simulation } from "../simulation.ts";
import { assembleFluid, type FluidLink } from "./fluid-links.ts";
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

function begin(of: Game, policies: readonly PolicySpec[], seconds: number): { scenario: Scenario; simulation: Simulation } {
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

function migration(probability: number): PolicySpec {
  return { name: "migration", params: { probability, interval: "250ms", period: "500ms" } };
}

const SELFISH = migration(0.05);

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

test("Pigou: selfish flows cost 4/3 of the best as flows become many and small", (t) => {
  const ways = pinnedTo(PIGOU, ["1-1#1 1-2#1", "1-1#2 1-2#2"]);
  const ratios = [4, 16, 64, 256].map((count) => {
    const selfish = cost(play(PIGOU, equally(count, SELFISH), 60));
    const best = cost(play(PIGOU, Array.from({ length: count }, (_, n) => ways[n % 2] as PolicySpec), 10));
    t.log(`${count} flows: selfish ${selfish.toFixed(4)}, half and half ${best.toFixed(4)}, ratio ${(selfish / best).toFixed(4)}`);
    return selfish / best;
  });
  t.log(ratios);
});

test("Braess: a free shortcut makes everybody slower, by 4/3", (t) => {
  for (const count of [4, 16, 64, 256]) {
    const without = cost(play(WITHOUT_SHORTCUT, equally(count, SELFISH), 60));
    const withIt = cost(play(WITH_SHORTCUT, equally(count, SELFISH), 60));
    t.log(`${count} flows: without ${without.toFixed(4)}, with ${withIt.toFixed(4)}, ratio ${(withIt / without).toFixed(4)}`);
  }
  t.pass();
});

/** Share of the selectors on the first path at each instant, `every` apart. */
function shares(of: Game, policies: readonly PolicySpec[], seconds: number, every: number): number[] {
  const { simulation } = begin(of, policies, seconds);
  const found: number[] = [];
  for (let at = every; at <= seconds * SECOND; at += every) {
    simulation.run(at);
    const choices = policies.map((_, n) => simulation.read<SelectorContext>(`selector/f${n}`).context.choice);
    found.push(choices.filter((choice) => choice === 0).length / policies.length);
  }
  return found;
}

test("two equal paths: all at once swing with period 2 T, a few at a time settle", (t) => {
  for (const p of [1, 0.5, 0.1, 0.02]) {
    const policy: PolicySpec = { name: "migration", params: { probability: p, interval: "100ms", period: "2s" } };
    t.log(p, shares(TWO_EQUAL, equally(100, policy), 60, SECOND).map((x) => x.toFixed(2)).join(" "));
  }
  t.pass();
});
