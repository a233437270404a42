/** `pathloom run`: one simulation, in a worker that is watched from here. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import type { Scenario } from "../../core/scenario.ts";
import { InputError, reporting } from "../errors.ts";
import {
  forceFlag,
  jsonFlag,
  overrideFlags,
  overridesOf,
  recordBounds,
  recordingFlags,
  type RecordingValues,
  recordingWish,
  repeatCommand,
  scenarioArgument,
} from "../flags.ts";
import { print, printJson, progressLine } from "../output.ts";
import type { RunFiles, SimulationJob, TraceTarget } from "../runner/job.ts";
import type { OpenRunFolder } from "../runner/run-folder.ts";

const outFlag = Flag.String("out").pipe(
  Flag.withMetavar("dir"),
  Flag.withDescription("Keep the run in this folder: manifest, scenario, summary and tables (CSV)"),
  Flag.optional,
);

const traceFlag = Flag.Boolean("trace").pipe(
  Flag.withDescription("Log every step of every packet: to stdout, or with --out into the folder as NDJSON"),
  Flag.withDefault(false),
);

const recordFlag = Flag.Boolean("record").pipe(
  Flag.withDescription(
    "With --out, write down every delivery too (15 to 50 times slower): for export, and for replay to name the first event that differs",
  ),
  Flag.withDefault(false),
);

const wireFlag = Flag.Boolean("wire").pipe(
  Flag.withDescription("Encode every packet to bytes and decode it at every hop: slower, the same result"),
  Flag.withDefault(false),
);

const flags = {
  scenario: scenarioArgument,
  ...overrideFlags,
  out: outFlag,
  force: forceFlag,
  record: recordFlag,
  ...recordingFlags,
  trace: traceFlag,
  wire: wireFlag,
  json: jsonFlag,
};

type RunInput = Command.Command.Config.Infer<typeof flags>;

const execute = Effect.fnUntraced(function* (input: RunInput) {
  const { scenario: file, out, force, trace, wire, json } = input;
  if (trace && json && Option.isNone(out)) {
    return yield* new InputError({
      message: "--trace and --json both write to stdout; give --out DIR too, and the trace goes there",
    });
  }
  if (Option.isNone(out) && (Option.isSome(input.series) || Option.isSome(input.samples))) {
    return yield* new InputError({ message: "--series and --samples say what is kept of a run; give --out DIR too" });
  }
  if (!input.record && Option.isSome(input["record-limit"])) {
    return yield* new InputError({ message: "--record-limit bounds the record of deliveries; give --record too" });
  }
  if (Option.isNone(out) && input.record) {
    return yield* new InputError({
      message: "--record writes down every delivery of a run that is kept; give --out DIR too",
    });
  }
  const { loadScenario } = yield* Effect.promise(() => import("../runner/load.ts"));
  const { manifestOf, recordHeader, summaryOf } = yield* Effect.promise(() => import("../runner/manifest.ts"));
  const { runJob } = yield* Effect.promise(() => import("../runner/pool.ts"));
  const loaded = yield* loadScenario(file, overridesOf(input));
  const { scenario, policies } = loaded;
  const repeat = repeatCommand("run", file, scenario.seed, input);
  const level = Option.isNone(out) ? null : yield* levelOf(scenario, input);
  const manifest = manifestOf(loaded, "sim", repeat, level === null ? null : { ...level, deliveries: input.record });
  const folder = yield* openFolder(out, force);
  if (folder !== null) yield* folder.begin(scenario, manifest);
  const header = recordHeader(manifest);
  const files: RunFiles | null =
    folder === null || level === null
      ? null
      : { folder: folder.path, header, everyDelivery: input.record, level, ...recordBounds(input) };
  const job: SimulationJob = { scenario, repeat, policies, files, trace: traceTarget(trace, files), wire };
  const progress = progressLine(scenario.duration_ns);
  const report = yield* Effect.ensuring(
    runJob(job, { onProgress: progress.show, onTrace: (text) => void process.stdout.write(text) }),
    Effect.sync(progress.clear),
  );
  const summary = summaryOf(scenario, manifest, report);
  if (folder !== null) yield* folder.complete(scenario, manifest, summary);
  const { formatRun } = yield* Effect.promise(() => import("../report.ts"));
  yield* json ? printJson(summary) : print(formatRun(summary));
  if (report.unrecorded !== undefined) yield* Effect.logWarning(recordIsFull(report.unrecorded));
  if (Option.isSome(out)) yield* Effect.logInfo(`kept in ${out.value}; to check it: pathloom replay ${out.value}`);
}, Effect.scoped);

export function recordIsFull(unrecorded: number): string {
  return `the record reached its limit: ${unrecorded} of its entries were not written (--record-limit gives it more room)`;
}

/** What is written down of a run that is kept; an error where that is too much. */
export const levelOf = Effect.fnUntraced(function* (scenario: Scenario, input: RecordingValues) {
  const { recordingLevel, recordingProblem } = yield* Effect.promise(() => import("../runner/recording.ts"));
  const level = recordingLevel(scenario, recordingWish(input));
  const problem = recordingProblem(scenario, level);
  if (problem !== null) return yield* new InputError({ message: problem });
  return level;
});

function traceTarget(trace: boolean, files: RunFiles | null): TraceTarget {
  if (!trace) return "none";
  return files === null ? "lines" : "file";
}

/** Opens the folder that `--out` names, if it does. */
export const openFolder = Effect.fnUntraced(function* (out: Option.Option<string>, force: boolean) {
  if (Option.isNone(out)) return null;
  const { openRunFolder } = yield* Effect.promise(() => import("../runner/run-folder.ts"));
  const folder: OpenRunFolder = yield* openRunFolder(out.value, force);
  if (folder.notice !== null) yield* Effect.logWarning(folder.notice);
  return folder;
});

export const runCommand = Command.make("run", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Run one simulation of a scenario and print what came of it"),
  Command.withExamples([
    { command: "pathloom run examples/02-failover.yaml", description: "Run a scenario and print its tables" },
    {
      command: "pathloom run examples/03-jitter-and-loss.yaml --seed 8 --json",
      description: "Another seed, one JSON object",
    },
    {
      command: "pathloom run examples/02-failover.yaml --policy ./mine.ts",
      description: "Try a path policy of your own",
    },
    {
      command: "pathloom run examples/02-failover.yaml --out runs/one --trace",
      description: "Keep the run and its trace",
    },
  ]),
);
