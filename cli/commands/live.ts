/** `pathloom live`: the same actors in real time, each AS on a UDP socket of its own. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import type { Scenario } from "../../core/scenario.ts";
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
import { cleanUp, netnsFlags, netnsJobOf, netnsProblem, netnsWords } from "../netns-flags.ts";
import { makeSecrets, piecesFlags, piecesJobOf, piecesWords, readSecrets } from "../pieces-flags.ts";
import type { LiveFigures, LiveJob, SimulationJob, SimulationReport } from "../runner/job.ts";
import type { Manifest } from "../runner/manifest.ts";
import type { OpenRunFolder } from "../runner/run-folder.ts";
import { stopSignal } from "../runner/stop-signal.ts";
import { levelOf, openFolder, recordIsFull } from "./run.ts";

const recordFlag = Flag.String("record").pipe(
  Flag.withMetavar("dir"),
  Flag.withDescription("Keep the run and its record in this folder (for pathloom replay)"),
  Flag.optional,
);

const flags = {
  scenario: scenarioArgument.pipe(Argument.optional),
  ...overrideFlags,
  ...liveFlags,
  ...piecesFlags,
  ...netnsFlags,
  record: recordFlag,
  force: forceFlag,
  ...recordingFlags,
  json: jsonFlag,
};

type LiveInput = Command.Command.Config.Infer<typeof flags>;

const execute = Effect.fnUntraced(function* (input: LiveInput) {
  const { scenario: file, "make-secrets": secrets, clean } = input;
  if (clean) {
    if (Option.isSome(file)) return yield* new InputError({ message: "--clean runs nothing: leave out the scenario" });
    return yield* cleanUp;
  }
  if (Option.isSome(secrets)) {
    if (Option.isSome(file))
      return yield* new InputError({ message: "--make-secrets runs nothing: leave out the scenario" });
    yield* makeSecrets(secrets.value);
    yield* Effect.logInfo(`${secrets.value} holds keys; give it to each piece of a run (--secrets ${secrets.value})`);
    return;
  }
  if (Option.isNone(file)) return yield* new InputError({ message: "pathloom live needs a scenario file" });
  yield* runScenario(file.value, input);
});

const runScenario = Effect.fnUntraced(function* (file: string, input: LiveInput) {
  const { record, force } = input;
  const { loadScenario } = yield* Effect.promise(() => import("../runner/load.ts"));
  const { manifestOf, recordHeader } = yield* Effect.promise(() => import("../runner/manifest.ts"));
  const wrong = wrongTogether(input, Option.isSome(record)) ?? netnsProblem(input);
  if (wrong !== null) return yield* new InputError({ message: wrong });
  const secret = yield* readSecrets(input);
  const loaded = yield* loadScenario(file, overridesOf(input));
  const { scenario, scenario_sha } = loaded;
  const repeat = repeatCommand("live", file, scenario.seed, input, [
    ...liveWords(input),
    ...piecesWords(input),
    ...netnsWords(input),
  ]);
  const level = Option.isNone(record) ? null : yield* levelOf(scenario, input);
  const pieces = yield* piecesJobOf(input, scenario, scenario_sha);
  const netns = yield* netnsJobOf(input, scenario);
  const live: LiveJob = { ...liveJobOf(input, level !== null, secret), ...pieces, ...netns.job };
  const deliveries = level === null ? null : { ...level, deliveries: true };
  const manifest: Manifest = {
    ...manifestOf(loaded, "live", repeat, deliveries),
    ...manifestFields(input, live, scenario),
    ...netns.manifest,
  };
  const folder = yield* openFolder(record, force);
  if (folder !== null) yield* folder.begin(scenario, manifest);
  if (folder !== null && live.secret !== null && input["keep-secrets"]) yield* keepSecret(folder.path, live.secret);
  yield* Effect.logInfo(beginningOf(scenario, manifest));
  const signal = yield* stopSignal;
  const header = recordHeader(manifest);
  const files =
    folder === null || level === null
      ? null
      : { folder: folder.path, header, everyDelivery: true, level, ...recordBounds(input) };
  const job: SimulationJob = { scenario, repeat, policies: loaded.policies, files, trace: "none" };
  const onNews = (text: string): void => void process.stderr.write(`${text}\n`);
  const report = yield* netns.run(job, { signal, onNews }, live);
  yield* tell(input, scenario, manifest, report, folder);
}, Effect.scoped);

function beginningOf({ network, duration_ns }: Scenario, { here }: Manifest): string {
  const ases = here === undefined ? String(network.ases.length) : `${here.length} of ${network.ases.length}`;
  return `${ases} ASes live for ${duration_ns / 1e9} s; Ctrl-C ends early and keeps what is there`;
}

/** Keeps and prints what came of a run. */
const tell = Effect.fnUntraced(function* (
  input: LiveInput,
  scenario: Scenario,
  manifest: Manifest,
  report: SimulationReport,
  folder: OpenRunFolder | null,
) {
  const { record, json } = input;
  const { summaryOf } = yield* Effect.promise(() => import("../runner/manifest.ts"));
  const figures = report.live as LiveFigures;
  const done: Manifest = { ...manifest, lateness: figures.lateness_us.histogram };
  const strict = strictVerdict(input, figures);
  const whole = { ...summaryOf(scenario, done, report), world: "live", live: { ...figures, ...strict.figures } };
  const { pieceSummaryOf } = yield* Effect.promise(() => import("../runner/piece-summary.ts"));
  const piece = figures.pieces === undefined ? null : pieceSummaryOf(whole, figures.pieces, scenario);
  const summary = piece ?? whole;
  const unkept = folder === null ? null : yield* keep(folder, report, folder.complete(scenario, done, summary));
  const { formatRun } = yield* Effect.promise(() => import("../report.ts"));
  const { formatPiece } = yield* Effect.promise(() => import("../piece-text.ts"));
  const text = piece === null ? formatRun(whole) : formatPiece(piece);
  yield* json ? printJson(summary) : print(`${text}\n\n${formatLive(figures)}`);
  if (report.unrecorded !== undefined) yield* Effect.logWarning(recordIsFull(report.unrecorded));
  if (unkept !== null) return yield* new InputError({ message: unkept });
  if (Option.isSome(record))
    yield* Effect.logInfo(`kept in ${record.value}; to check it: pathloom replay ${record.value}`);
  if (strict.problem !== null) return yield* new RunError({ message: strict.problem });
  // Whoever ended it early got what there was: that is success.
  process.exitCode = 0;
});

/** What could not be kept of a run, and what can be done with the rest; null: all is. */
const keep = Effect.fnUntraced(function* (
  folder: OpenRunFolder,
  { recordFailure }: SimulationReport,
  complete: Effect.Effect<void, InputError>,
) {
  const problem =
    recordFailure ?? (yield* Effect.match(complete, { onFailure: ({ message }) => message, onSuccess: () => null }));
  if (problem === null) return null;
  folder.leave();
  return `${problem}\n  the run itself went on to its end; what was written until then stays in ${folder.path} (pathloom replay ${folder.path})`;
});

function formatLive({ lateness_us, underlay, gateways = {} }: LiveFigures): string {
  const us = (value: number | null): string => (value === null ? "-" : `${value.toFixed(0)} us`);
  const { p50, p99, max } = lateness_us;
  const { sent, received, ...troubles } = underlay;
  const counted = Object.entries(troubles).flatMap(([name, count]) => (count > 0 ? [`${name} ${count}`] : []));
  const datagrams = [`datagrams: ${sent} sent, ${received} received`, ...counted].join(", ");
  const outside = Object.entries(gateways).map(
    ([flow, { taken, handedOn, unknownClient, errors }]) =>
      `gateway ${flow}: ${taken} datagrams taken from outside, ${handedOn} handed on, ${unknownClient + errors} not`,
  );
  return [`late by p50 ${us(p50)}, p99 ${us(p99)}, at most ${us(max)}; ${datagrams}`, ...outside].join("\n");
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
    {
      command: "sudo pathloom live examples/02-failover.yaml --netns",
      description: "A network namespace and a process for each AS (Linux)",
    },
    {
      command: "pathloom live examples/02-failover.yaml --only 1-ff00:0:110,1-ff00:0:141 --secrets keys.json",
      description: "A part of it; the other ASes by a second command, here or on another host",
    },
  ]),
);
