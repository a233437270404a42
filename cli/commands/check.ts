/** `pathloom check`: is a scenario file sound, and what does it stand for? */
import * as Effect from "effect/Effect";
import * as Command from "effect/cli/Command";
import { iaParts } from "../../core/address.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { Problem } from "../../topologies/problems.ts";
import { InputError, InputRefused, reporting } from "../errors.ts";
import { jsonFlag, scenarioArgument } from "../flags.ts";
import { counted, paint, print, printJson } from "../output.ts";

const flags = { scenario: scenarioArgument, json: jsonFlag };

const execute = Effect.fnUntraced(function* ({ scenario: file, json }: Command.Command.Config.Infer<typeof flags>) {
  const { completeScenario, readScenario } = yield* Effect.promise(() => import("../runner/load.ts"));
  const { problemText } = yield* Effect.promise(() => import("../runner/problem-text.ts"));
  const read = yield* readScenario(file);
  const { text, resolved } = read;
  if (!resolved.ok) {
    if (!json)
      return yield* new InputError({
        message: `${countOf(resolved.error)}\n${problemText(text, resolved.error, MAX_TOLD)}`,
      });
    yield* printJson({ ok: false, file, problems: resolved.error.map(problemAsJson) });
    return yield* new InputRefused();
  }
  // Policies in files are part of what must be sound.
  const { scenario, scenario_sha } = yield* completeScenario(file, read);
  const summary = summaryOf(scenario, scenario_sha);
  const { flowsWithoutPath } = yield* Effect.promise(() => import("../../topologies/flows.ts"));
  const warnings = flowsWithoutPath(scenario).map(
    ({ id }) =>
      `flow ${id}: its path policy takes none of the paths there are; all its packets will be dropped (no_path)`,
  );
  yield* json ? printJson({ ok: true, file, ...summary, warnings }) : print(formatSummary(summary));
  for (const warning of warnings.slice(0, MAX_WARNED)) yield* Effect.logWarning(warning);
  if (warnings.length > MAX_WARNED) yield* Effect.logWarning(`and ${warnings.length - MAX_WARNED} more flows`);
});

/** Nobody reads more, and the reader of a file stops there, too. */
const MAX_TOLD = 101;

/** Flows warned of by themselves; `--json` has them all. */
const MAX_WARNED = 10;

function countOf(problems: readonly Problem[]): string {
  return problems.length === 1 ? "1 problem" : `${problems.length} problems`;
}

function problemAsJson({ source: _line, ...problem }: Problem): Omit<Problem, "source"> {
  return problem;
}

/** How many of each there are, by name. */
function tally(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, { length }]) => [name, length]));
}

/** `hash` is that of the resolved scenario: it names what a run is made from. */
function summaryOf(scenario: Scenario, hash: string) {
  const { name, seed, duration_ns, network, flows, faults } = scenario;
  return {
    scenario: name,
    hash,
    seed,
    duration_s: duration_ns / 1e9,
    ases: network.ases.length,
    isds: new Set(network.ases.map(({ ia }) => iaParts(ia).isd)).size,
    links: network.links.length,
    link_types: tally(network.links.map(({ type }) => type)),
    flows: flows.length,
    apps: tally(flows.map(({ app }) => app)),
    workloads: tally(flows.flatMap(({ workload }) => workload ?? [])),
    policies: tally(flows.map(({ policy }) => policy.name)),
    faults: faults.length,
    events: tally(faults.map(({ effect }) => effect.kind)),
  };
}

function formatSummary(summary: ReturnType<typeof summaryOf>): string {
  const { scenario, hash, seed, duration_s, ases, isds, links, flows, faults } = summary;
  const network = `${counted(ases, "AS", "ASes")} in ${counted(isds, "ISD")}, ${counted(links, "link")}${listed(summary.link_types)}`;
  const traffic = `${counted(flows, "flow")}${listed(summary.apps)}`;
  const trouble = `${counted(faults, "fault")}${listed(summary.events)}`;
  const policies = Object.keys(summary.policies);
  const by = policies.length === 0 ? "" : ` by ${policies.join(", ")}`;
  return [
    `${paint("bold", scenario)} is sound: ${network}; ${traffic}${by}; ${trouble}; ${duration_s} s from seed ${seed}.`,
    `hash ${hash}`,
  ].join("\n");
}

function listed(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

export const checkCommand = Command.make("check", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Check a scenario file: everything that is wrong with it, or what it stands for"),
  Command.withExamples([
    { command: "pathloom check examples/02-failover.yaml", description: "One paragraph and the scenario's hash" },
    { command: "pathloom check examples/02-failover.yaml --json", description: "The same as JSON" },
  ]),
);
