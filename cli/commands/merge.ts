/** `pathloom merge`: the results of a whole live run from the folders of its pieces. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import { parseIA } from "../../core/address.ts";
import type { Scenario } from "../../core/scenario.ts";
import { InputError, reporting } from "../errors.ts";
import { jsonFlag } from "../flags.ts";
import { print, printJson } from "../output.ts";
import { piecesFlags } from "../pieces-flags.ts";
import { FileError, guardRead } from "../runner/line-files.ts";
import type { PieceSummary } from "../runner/piece-summary.ts";

const flags = {
  dirs: Argument.String("dir").pipe(
    Argument.withDescription("Folders of all pieces of one run (live --only --record DIR)"),
    Argument.atLeast(1),
  ),
  foreign: piecesFlags.foreign,
  json: jsonFlag,
};

const execute = Effect.fnUntraced(function* ({ dirs, foreign, json }: Command.Command.Config.Infer<typeof flags>) {
  const { mergePieces } = yield* Effect.promise(() => import("../runner/merge-pieces.ts"));
  const { formatRun } = yield* Effect.promise(() => import("../report.ts"));
  const pieces: PieceSummary[] = [];
  for (const dir of dirs) pieces.push(yield* readSummary(dir));
  const scenario = (yield* readJson(join(dirs[0] as string, "scenario.json"))) as Scenario;
  const elsewhere = yield* readForeign(foreign);
  const merged = yield* Effect.try({
    try: () => mergePieces(pieces, scenario, elsewhere),
    catch: (cause) => new InputError({ message: `${dirs.join(", ")}: ${(cause as Error).message}` }),
  });
  yield* json ? printJson(merged) : print(formatRun(merged));
});

const readSummary = Effect.fnUntraced(function* (dir: string) {
  const path = join(dir, "summary.json");
  const summary = (yield* readJson(path)) as Partial<PieceSummary>;
  if (summary.live?.pieces?.delays !== undefined) return summary as PieceSummary;
  return yield* new InputError({ message: `${path}: this is no piece of a run (pathloom live --only --record)` });
});

function readJson(path: string): Effect.Effect<unknown, InputError> {
  return Effect.try({
    try: (): unknown => JSON.parse(guardRead(path, () => readFileSync(path, "utf8"))),
    catch: (cause) => {
      const { message } = cause as Error;
      return new InputError({
        message: cause instanceof FileError ? message : `${path}: not valid JSON: the file is damaged`,
      });
    },
  });
}

function readForeign(foreign: Option.Option<string>): Effect.Effect<readonly string[], InputError> {
  const read = Option.getOrElse(
    Option.map(foreign, (text) => text.split(",").map(parseIA)),
    () => [],
  );
  const wrong = read.find((one) => !one.ok);
  if (wrong !== undefined && !wrong.ok) return Effect.fail(new InputError({ message: `--foreign: ${wrong.error}` }));
  return Effect.succeed(read.flatMap((one) => (one.ok ? [one.value] : [])));
}

export const mergeCommand = Command.make("merge", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Make one summary of a live run that ran in pieces"),
  Command.withExamples([
    { command: "pathloom merge runs/one runs/two", description: "Two pieces that were all of it" },
  ]),
);
