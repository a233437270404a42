/** Topologies as commands are given them: a preset by name, a file or folder of any format, the topology of a scenario. */
import { existsSync } from "node:fs";
import * as Effect from "effect/Effect";
import { type IA, parseIA } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { type Network, SCENARIO_DEFAULTS } from "../../core/scenario.ts";
import { detectFormat, type Format } from "../../topologies/import/formats.ts";
import { importTopology } from "../../topologies/import/import.ts";
import { IMPORT_DEFAULTS, type ImportOptions } from "../../topologies/import/options.ts";
import { buildPreset } from "../../topologies/presets.ts";
import type { Problem } from "../../topologies/problems.ts";
import { closest } from "../../topologies/suggest.ts";
import { InputError } from "../errors.ts";
import { besides, type LoadedScenario, loadScenario, readNamed } from "./load.ts";
import { problemText } from "./problem-text.ts";
import { readTopologySource } from "./topology-sources.ts";

export { problemText } from "./problem-text.ts";

/** How a file of another format is to be read. */
export interface ImportRequest {
  readonly from: Format | null;
  readonly staticInfo: string | null;
  readonly options: ImportOptions;
}

const AS_IT_COMES: ImportRequest = { from: null, staticInfo: null, options: IMPORT_DEFAULTS };

/** A topology, and the time at which its paths are made. */
export interface LoadedTopology {
  readonly network: Network;
  readonly epoch_s: number;
  readonly format: Format | "preset" | "scenario";
  readonly warnings: readonly string[];
  /** The scenario that the topology was taken from; null: none. */
  readonly loaded: LoadedScenario | null;
}

/** The topology, or what is wrong with its files; fails where there is nothing to read. */
export const readTopology = Effect.fnUntraced(function* (given: string, request: ImportRequest = AS_IT_COMES) {
  const { epoch_s } = SCENARIO_DEFAULTS;
  if (!existsSync(given) && !/\.\w+$|[\\/]/.test(given)) {
    const built = presetOf(given);
    if (!built.ok) return yield* built.error;
    const preset: LoadedTopology = { network: built.value, epoch_s, format: "preset", warnings: [], loaded: null };
    return ok(preset);
  }
  const source = readTopologySource(given, request.staticInfo, []);
  if (!source.ok) return yield* new InputError({ message: `topology ${given}: ${source.error}` });
  const [file] = source.value.files;
  if (file !== undefined && !source.value.folder && request.from === null && isScenario(file)) {
    const loaded: LoadedScenario = yield* loadScenario(given);
    const { network, epoch_s: epoch } = loaded.scenario;
    const ofScenario: LoadedTopology = { network, epoch_s: epoch, format: "scenario", warnings: [], loaded };
    return ok(ofScenario);
  }
  const readFile = (path: string): Result<string, string> => readNamed(besides(given, path), []);
  const imported = importTopology({ ...source.value, readFile }, request.options, request.from);
  const answer: Result<LoadedTopology, readonly Problem[]> = imported.ok
    ? ok({ ...imported.value, epoch_s, loaded: null })
    : imported;
  return answer;
});

/** As `readTopology`; what is wrong with the files fails, too. */
export const loadTopology = Effect.fnUntraced(function* (given: string, request: ImportRequest = AS_IT_COMES) {
  const read = yield* readTopology(given, request);
  return read.ok ? read.value : yield* new InputError({ message: problemText("", read.error) });
});

/** ASes listed where one is unknown. */
const MAX_LISTED = 20;

/** An AS of a network by its name in an argument. */
export function knownAs(argument: string, text: string, { name, ases }: Network): Effect.Effect<IA, InputError> {
  const parsed = parseIA(text);
  if (!parsed.ok) return Effect.fail(new InputError({ message: `${argument}: ${parsed.error}` }));
  const names = ases.map(({ ia }) => ia);
  if (names.includes(parsed.value)) return Effect.succeed(parsed.value);
  const near = closest(parsed.value, names);
  const question = near === undefined ? "" : `; did you mean ${near}?`;
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  const list = `${names.slice(0, MAX_LISTED).join(", ")}${more}`;
  return Effect.fail(
    new InputError({
      message: `${argument}: topology ${name} has no AS ${parsed.value}${question}\n  It has ${list}.`,
    }),
  );
}

function isScenario({ path, text }: { readonly path: string; readonly text: string }): boolean {
  if (detectFormat(path, text) !== "yaml") return false;
  return (
    /^(["']?)(topology|flows|duration)\1[ \t]*:/m.test(text) || /^\s*\{\s*"?(topology|flows|duration)"?\s*:/.test(text)
  );
}

/** `grid:rows=5,columns=5` */
function presetOf(given: string): Result<Network, InputError> {
  const [name = "", ...rest] = given.split(":");
  const entries = rest
    .join(":")
    .split(",")
    .filter((entry) => entry !== "")
    .map((entry): [string, string] => {
      const [key = "", ...value] = entry.split("=");
      return [key, value.join("=")];
    });
  return presetWith(given, name, entries, "no preset has this name, and no file", ", or a topology file");
}

/** The preset with parameters as they were typed; `given` is what messages call it. */
export function presetWith(
  given: string,
  name: string,
  entries: readonly (readonly [key: string, value: string])[],
  unknown = "no preset has this name",
  otherwise = "",
): Result<Network, InputError> {
  const wrong = entries.find(([key, value]) => key === "" || !/^\d+(\.\d+)?$/.test(value));
  if (wrong !== undefined) {
    return err(
      new InputError({
        message: `topology ${given}: expected a preset with parameters such as grid:rows=5,columns=5, found ${JSON.stringify(wrong.join("="))}`,
      }),
    );
  }
  const built = buildPreset(name, Object.fromEntries(entries.map(([key, value]) => [key, Number(value)])));
  if (built.ok) return ok(built.value);
  const lines = built.error.map(({ parameter, message, expected, didYouMean }) => {
    const what = parameter === null ? `${unknown}: expected ${expected}${otherwise}` : message;
    return `${what}${didYouMean === undefined ? "" : `; did you mean ${didYouMean}?`}`;
  });
  return err(new InputError({ message: `topology ${given}: ${lines.join("\n")}` }));
}
