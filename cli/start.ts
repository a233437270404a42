/**
 * `npm start`: the policies that ship, side by side on a network whose best path fails. Every policy meets the same seeds;
 * runs are spread over all cores. Beginners start here.
 */
import { join, relative } from "node:path";
import * as Effect from "effect/Effect";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { buildInfo } from "./build-info.ts";
import { reporting } from "./errors.ts";
import { jsonFlag, wholeNumber } from "./flags.ts";
import { type Cell, print, printJson, table } from "./output.ts";
import { runProgram } from "./program.ts";
import { formatMs, formatNumber } from "./report.ts";
import type { SimulationJob, SimulationReport } from "./runner/job.ts";
import { type LoadedScenario, loadScenario } from "./runner/load.ts";
import { sha256 } from "./runner/manifest.ts";
import { defaultWorkers, runJobs } from "./runner/pool.ts";

/** `pinned` to the widest way, which does not fail but is the slowest. */
const POLICIES = ["shortest", "lowest-latency", "pinned:path=1"] as const;
const SEEDS = [1, 2, 3, 4, 5] as const;
const SCENARIO = relative(process.cwd(), join(import.meta.dirname, "..", "examples", "02-failover.yaml"));

interface Run {
  readonly policy: string;
  readonly seed: number;
  readonly report: SimulationReport;
}

const flags = {
  workers: wholeNumber("workers", 1, 1_024).pipe(
    Flag.withDescription("Runs at once; default: one a core. The result does not depend on it"),
    Flag.withDefault(defaultWorkers()),
  ),
  json: jsonFlag,
};

const execute = Effect.fnUntraced(function* ({ workers, json }: Command.Command.Config.Infer<typeof flags>) {
  const started = performance.now();
  const plan = POLICIES.flatMap((policy) => SEEDS.map((seed) => ({ policy, seed })));
  const jobs: SimulationJob[] = [];
  const loaded: LoadedScenario[] = [];
  for (const { policy, seed } of plan) {
    const one = yield* loadScenario(SCENARIO, { policy, seed });
    const repeat = `pathloom run ${SCENARIO} --seed ${seed} --policy ${policy}`;
    loaded.push(one);
    jobs.push({ scenario: one.scenario, repeat, policies: [], files: null, trace: "none" });
  }
  const reports = yield* runJobs(jobs, { workers });
  const runs = reports.map((report, at): Run => ({ ...(plan[at] as (typeof plan)[number]), report }));
  const seconds = (performance.now() - started) / 1_000;
  const digest = sha256(runs.map(({ policy, seed, report }) => `${policy} ${seed} ${report.digest}`).join("\n")).slice(
    0,
    16,
  );
  const policies = POLICIES.map((policy) => figuresOf(policy, runs));
  yield* json
    ? printJson({ scenario: loaded[0]?.scenario.name, seeds: SEEDS, policies, digest })
    : print(formatComparison(loaded[0] as LoadedScenario, policies, runs, digest));
  yield* Effect.logInfo(`${runs.length} runs in ${formatNumber(seconds)} s, ${workers} at a time`);
});

interface PolicyFigures {
  readonly policy: string;
  readonly delivered: number;
  readonly lost: number;
  readonly latency_ms: { readonly p50: number | null; readonly p95: number | null };
  readonly switches: number;
}

/** Means over the seeds. */
function figuresOf(policy: string, runs: readonly Run[]): PolicyFigures {
  const results = runs.filter((run) => run.policy === policy).map(({ report }) => report.result);
  const totals = results.map((result) => result.totals);
  return {
    policy,
    delivered: mean(totals.map(({ received, sent }) => received / sent)) ?? 0,
    lost: mean(totals.map(({ lost }) => lost)) ?? 0,
    latency_ms: {
      p50: mean(totals.map(({ latency_ms }) => latency_ms.p50)),
      p95: mean(totals.map(({ latency_ms }) => latency_ms.p95)),
    },
    switches: mean(results.map(({ flows }) => flows.reduce((sum, { switches }) => sum + switches, 0))) ?? 0,
  };
}

/** null where any value is missing. */
function mean(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (sum, value) => (sum === null || value === null ? null : sum + value / values.length),
    0,
  );
}

function formatComparison(
  { scenario }: LoadedScenario,
  figures: readonly PolicyFigures[],
  runs: readonly Run[],
  digest: string,
): string {
  const head: Cell[] = ["policy", "delivered", "lost", "p50 ms", "p95 ms", "switches"];
  const rows = figures.map(({ policy, delivered, lost, latency_ms, switches }): Cell[] => [
    policy,
    `${(delivered * 100).toFixed(2)} %`,
    formatNumber(lost),
    formatMs(latency_ms.p50),
    formatMs(latency_ms.p95),
    formatNumber(switches),
  ]);
  const draws = POLICIES.some(
    (policy) => new Set(runs.filter((run) => run.policy === policy).map(({ report }) => report.digest)).size > 1,
  );
  const { network, duration_ns } = scenario;
  return [
    `${POLICIES.length} path policies on ${SCENARIO} (${network.name}, ${duration_ns / 1e9} s)\nLink ${faultText(scenario)}.`,
    table([head, ...rows]),
    [
      `Means over seeds ${SEEDS.join(", ")}, the same for every policy.`,
      ...(draws ? [] : ["This scenario draws no random numbers, so that all seeds agree."]),
      "No confidence intervals yet: they come with the command pathloom compare, which is not built.",
      `One run in full: npx pathloom run ${SCENARIO} --policy lowest-latency`,
    ].join("\n"),
    `digest ${digest}`,
  ].join("\n\n");
}

function faultText({ faults }: LoadedScenario["scenario"]): string {
  const verbs = { down: "fails", up: "comes back" };
  const texts = faults.flatMap(({ effect, timing }) => {
    if ((effect.kind !== "down" && effect.kind !== "up") || timing.kind !== "once") return [];
    const { kind, links } = effect;
    return links.map(({ ia, ifId }) => ({ link: `${ia}#${ifId}`, what: `${verbs[kind]} at ${timing.at_ns / 1e9} s` }));
  });
  const byLink = Map.groupBy(texts, ({ link }) => link);
  return [...byLink].map(([link, events]) => `${link} ${events.map(({ what }) => what).join(", ")}`).join("; ");
}

const start = Command.make("npm start --", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Compare the policies that ship on a network whose best path fails"),
  Command.withExamples([
    { command: "npm start", description: "All cores" },
    { command: "npm start -- --workers 1", description: "One run at a time: the same digest" },
  ]),
);

runProgram(start, buildInfo().version);
