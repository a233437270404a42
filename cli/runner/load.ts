/** Reads the scenarios that commands are given, with their topologies and policies. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import * as Effect from "effect/Effect";
import { canonicalJson } from "../../core/canonical.ts";
import type { PolicySpec, Scenario } from "../../core/scenario.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { isPolicyFile, parsePolicy } from "../../topologies/policies.ts";
import { resolveScenario, type Overrides } from "../../topologies/resolve.ts";
import { MAX_FILE_SIZE } from "../../topologies/yaml.ts";
import { InputError } from "../errors.ts";
import { textOf } from "./failure-text.ts";
import type { PolicyFile } from "./job.ts";
import { type InputFile, type ManifestSource, sha256 } from "./manifest.ts";
import { loadPolicy } from "./policies.ts";
import type { Problem } from "../../topologies/problems.ts";
import { problemText } from "./problem-text.ts";
import { readTopologySource, reasonOf } from "./topology-sources.ts";

/** Largest file read; a character of YAML takes up to four bytes, and `topologies` says how many characters there may be. */
const MAX_FILE_BYTES = 4 * MAX_FILE_SIZE;
const PIECE_BYTES = 1_048_576;

/** A scenario as a run wants it, and the files it was made from. */
export interface LoadedScenario extends ManifestSource {
  /** As given on the command line. */
  readonly file: string;
}

/** A scenario file as it was read: what it stands for, or everything that is wrong with it. */
export interface ReadScenario {
  readonly text: string;
  readonly inputs: InputFile[];
  readonly resolved: Result<Scenario, readonly Problem[]>;
}

export const readScenario = Effect.fnUntraced(function* (file: string, overrides: Overrides = {}) {
  const inputs: InputFile[] = [];
  const text = yield* readInput("scenario", file, inputs);
  const readFile = (path: string): Result<string, string> => readNamed(besides(file, path), inputs);
  const readTopology = (path: string) => readTopologySource(besides(file, path), null, inputs);
  const resolved = resolveScenario(text, { file, readFile, readTopology, overrides: withParameters(overrides) });
  const read: ReadScenario = { text, inputs, resolved };
  return read;
});

/** Reads and resolves a scenario file; path policies in files are loaded once to learn their names. */
export const loadScenario = Effect.fnUntraced(function* (file: string, overrides: Overrides = {}) {
  return yield* completeScenario(file, yield* readScenario(file, overrides), overrides);
});

/** What is left to do with a scenario that has been read. */
export const completeScenario = Effect.fnUntraced(function* (
  file: string,
  { text: source, inputs, resolved }: ReadScenario,
  overrides: Overrides = {},
) {
  if (!resolved.ok) return yield* new InputError({ message: problemText(source, resolved.error) });
  const locate = (name: string): string => (overrides.policy === undefined ? besides(file, name) : name);
  const { scenario: named, policies } = yield* namePolicies(resolved.value, locate, inputs);
  const text = canonicalJson(named);
  // What runs is what scenario.json will hold, the order of its keys included.
  const scenario = JSON.parse(text) as Scenario;
  const loaded: LoadedScenario = { file, scenario, scenario_sha: sha256(text), inputs, policies };
  return loaded;
});

function withParameters(overrides: Overrides): Overrides {
  const { policy } = overrides;
  return typeof policy === "string" ? { ...overrides, policy: parsePolicy(policy) } : overrides;
}

/** Replaces the files that stand for policies by the policies' own names. */
const namePolicies = Effect.fnUntraced(function* (
  scenario: Scenario,
  locate: (name: string) => string,
  inputs: InputFile[],
) {
  const written = [...new Set(scenario.flows.map(({ policy }) => policy.name))].filter(isPolicyFile);
  const names = new Map<string, string>();
  const policies: PolicyFile[] = [];
  for (const file of written) {
    const path = locate(file);
    const { name } = yield* Effect.tryPromise({
      try: () => loadPolicy(path),
      catch: (cause) => new InputError(textOf(cause)),
    });
    const other = policies.find((policy) => policy.name === name);
    if (other !== undefined && other.file !== path) {
      return yield* new InputError({
        message: `policy files ${other.file} and ${path} both hold a policy named ${name}; give one of them another name`,
      });
    }
    names.set(file, name);
    policies.push({ name, file: path });
    inputs.push({ file: path, sha256: sha256(readFileSync(path)) });
  }
  const rename = (policy: PolicySpec): PolicySpec => ({ ...policy, name: names.get(policy.name) ?? policy.name });
  const flows = scenario.flows.map((flow) => ({ ...flow, policy: rename(flow.policy) }));
  return { scenario: { ...scenario, flows }, policies };
});

/** A path as it stands in a file, seen from where the command runs. */
export function besides(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}

function readInput(what: string, file: string, inputs: InputFile[]): Effect.Effect<string, InputError> {
  return Effect.suspend(() => {
    const text = readNamed(file, inputs);
    return text.ok
      ? Effect.succeed(text.value)
      : Effect.fail(new InputError({ message: `${what} ${file}: ${text.error}` }));
  });
}

/** Reads a file and keeps its hash; the error is one sentence. */
export function readNamed(path: string, inputs: InputFile[]): Result<string, string> {
  try {
    const bytes = readAtMost(path, MAX_FILE_BYTES + 1);
    if (bytes.length > MAX_FILE_BYTES) return err(`the file is larger than ${MAX_FILE_BYTES / 1_048_576} MiB`);
    inputs.push({ file: path, sha256: sha256(bytes) });
    return ok(bytes.toString("utf8"));
  } catch (cause) {
    return err(reasonOf(path, cause));
  }
}

/** Also ends on a device that never does. */
function readAtMost(path: string, limit: number): Buffer {
  const file = openSync(path, "r");
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; length < limit; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, limit - length));
      const count = readSync(file, piece);
      if (count === 0) break;
      pieces.push(piece.subarray(0, count));
      length += count;
    }
    return Buffer.concat(pieces);
  } finally {
    closeSync(file);
  }
}
