/** `pathloom live`: the same actors in real time, each AS on a UDP socket of its own. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { InputError, reporting, RunError } from "../errors.ts";
import {
  forceFlag,
  jsonFlag,
  overrideFlags,
  overridesOf,
  recordBounds,
  recordingFlags,
  repeatCommand,
  scenarioArgument,
} from "../flags.ts";
import {
  keepSecret,
  liveFlags,
  liveJobOf,
  liveWords,
  manifestFields,
  strictVerdict,
  wrongTogether,
} from "../live-flags.ts";
import { print, printJson } from "../output.ts";
import type { LiveFigures, SimulationJob } from "../runner/job.ts";
import type { Manifest } from "../runner/manifest.ts";
import { stopSignal } from "../runner/stop-signal.ts";
import { levelOf, openFolder, recordIsFull } from "./run.ts";

const recordFlag = Flag.String("record").pipe(
  Flag.withMetavar("dir"),
  Flag.withDescription("Keep the run and its record in this folder (for pathloom replay)"),
  Flag.optional,
);

const flags = {
  scenario: scenarioArgument,
  ...overrideFlags,
  ...liveFlags,
  record: recordFlag,
  force: forceFlag,
  ...recordingFlags,
  json: jsonFlag,
};

type LiveInput = Command.Command.Config.Infer<typeof flags>;

const execute = Effect.fnUntraced(function* (input: LiveInput) {
  const { scenario: file, record, force, json } = input;
  const { loadScenario } = yield* Effect.promise(() => import("../runner/load.ts"));
  const { manifestOf, recordHeader, summaryOf } = yield* Effect.promise(() => import("../runner/manifest.ts"));
  const { runJob } = yield* Effect.promise(() => import("../runner/pool.ts"));
  const wrong = wrongTogether(input, Option.isSome(record));
  if (wrong !== null) return yield* new InputError({ message: wrong });
  const loaded = yield* loadScenario(file, overridesOf(input));
  const { scenario } = loaded;
  const repeat = repeatCommand("live", file, scenario.seed, input, liveWords(input));
  const level = Option.isNone(record) ? null : yield* levelOf(scenario, input);
  const live = liveJobOf(input, level !== null);
  const deliveries = level === null ? null : { ...level, deliveries: true };
  const manifest: Manifest = { ...manifestOf(loaded, "live", repeat, deliveries), ...manifestFields(input, live) };
  const folder = yield* openFolder(record, force);
  if (folder !== null) yield* folder.begin(scenario, manifest);
  if (folder !== null && live.secret !== null && input["keep-secrets"]) yield* keepSecret(folder.path, live.secret);
  yield* Effect.logInfo(
    `${scenario.network.ases.length} ASes live for ${scenario.duration_ns / 1e9} s; Ctrl-C ends early and keeps what is there`,
  );
  const signal = yield* stopSignal;
  const header = recordHeader(manifest);
  const files =
    folder === null || level === null
      ? null
      : { folder: folder.path, header, everyDelivery: true, level, ...recordBounds(input) };
  const job: SimulationJob = { scenario, repeat, policies: loaded.policies, files, trace: "none" };
  const report = yield* runJob(job, { signal }, live);
  const figures = report.live as LiveFigures;
  const done: Manifest = { ...manifest, lateness: figures.lateness_us.histogram };
  const strict = strictVerdict(input, figures);
  const summary = { ...summaryOf(scenario, done, report), world: "live", live: { ...figures, ...strict.figures } };
  if (folder !== null) yield* folder.complete(scenario, done, summary);
  const { formatRun } = yield* Effect.promise(() => import("../report.ts"));
  yield* json ? printJson(summary) : print(`${formatRun(summary)}\n\n${formatLive(figures)}`);
  if (report.unrecorded !== undefined) yield* Effect.logWarning(recordIsFull(report.unrecorded));
  if (Option.isSome(record))
    yield* Effect.logInfo(`kept in ${record.value}; to check it: pathloom replay ${record.value}`);
  if (strict.problem !== null) return yield* new RunError({ message: strict.problem });
  // Whoever ended it early got what there was: that is success.
  process.exitCode = 0;
}, Effect.scoped);

function formatLive({ lateness_us, underlay }: LiveFigures): string {
  const us = (value: number | null): string => (value === null ? "-" : `${value.toFixed(0)} us`);
  const { p50, p99, max } = lateness_us;
  const { sent, received, ...troubles } = underlay;
  const counted = Object.entries(troubles).flatMap(([name, count]) => (count > 0 ? [`${name} ${count}`] : []));
  const datagrams = [`datagrams: ${sent} sent, ${received} received`, ...counted].join(", ");
  return `late by p50 ${us(p50)}, p99 ${us(p99)}, at most ${us(max)}; ${datagrams}`;
}

// Not to be interrupted from outside: Ctrl-C goes through `stopSignal`, so that results are still printed.
const whole = (input: LiveInput): Effect.Effect<void, InputError | RunError> =>
  Effect.uninterruptible(reporting(execute(input)));

export const liveCommand = Command.make("live", flags, whole).pipe(
  Command.withDescription("Run a scenario in real time on real sockets"),
  Command.withExamples([
    { command: "pathloom live examples/02-failover.yaml", description: "Ten seconds on loopback sockets" },
    {
      command: "pathloom live examples/02-failover.yaml --duration 2s --record runs/live",
      description: "Shorter, and recorded for pathloom replay",
    },
  ]),
);
