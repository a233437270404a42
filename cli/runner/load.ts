/** Reads what commands are given: scenarios with their topologies and policies, topologies by name or file. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import * as Effect from "effect/Effect";
import { canonicalJson } from "../../core/canonical.ts";
import type { Network, PolicySpec, Scenario } from "../../core/scenario.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { isPolicyFile } from "../../topologies/policies.ts";
import { buildPreset } from "../../topologies/presets.ts";
import { formatProblems, type Problem } from "../../topologies/problems.ts";
import { resolveScenario, type Overrides } from "../../topologies/resolve.ts";
import { resolveTopology } from "../../topologies/resolve-topology.ts";
import { closest } from "../../topologies/suggest.ts";
import { MAX_FILE_SIZE, parseYaml } from "../../topologies/yaml.ts";
import { InputError } from "../errors.ts";
import { textOf } from "./failure-text.ts";
import type { PolicyFile } from "./job.ts";
import { type InputFile, type ManifestSource, sha256 } from "./manifest.ts";
import { loadPolicy } from "./policies.ts";

/** Problems of one file shown before the rest is only counted. */
const MAX_SHOWN = 10;

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
  const resolved = resolveScenario(text, { file, readFile, overrides: withParameters(overrides) });
  const read: ReadScenario = { text, inputs, resolved };
  return read;
});

/** Reads and resolves a scenario file; path policies in files are loaded once to learn their names. */
export const loadScenario = Effect.fnUntraced(function* (file: string, overrides: Overrides = {}) {
  const { text, inputs, resolved } = yield* readScenario(file, overrides);
  if (!resolved.ok) return yield* new InputError({ message: problemText(text, resolved.error) });
  const locate = (name: string): string => (overrides.policy === undefined ? besides(file, name) : name);
  const { scenario, policies } = yield* namePolicies(resolved.value, locate, inputs);
  const loaded: LoadedScenario = { file, scenario, inputs, policies };
  return loaded;
});

/** `--policy pinned:path=1` names a policy with its parameters, as `grid:rows=5` names a preset. Files keep their colons. */
function withParameters(overrides: Overrides): Overrides {
  const { policy } = overrides;
  if (typeof policy !== "string" || isPolicyFile(policy) || !policy.includes(":")) return overrides;
  const [name, list] = [policy.slice(0, policy.indexOf(":")), policy.slice(policy.indexOf(":") + 1)];
  const params = list.split(",").map((pair): [string, string | number | boolean] => {
    const [key = "", value = ""] = pair.split("=");
    return [key, parameterValue(value)];
  });
  return { ...overrides, policy: { name, params: Object.fromEntries(params) } };
}

function parameterValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  // Sixteen digits are a fingerprint.
  return /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text;
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
  // What runs is what scenario.json will hold, the order of its keys included.
  return { scenario: JSON.parse(canonicalJson({ ...scenario, flows })) as Scenario, policies };
});

/** A path as it stands in a file, seen from where the command runs. */
function besides(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}

/** A topology, and the time at which its paths are made. */
export interface LoadedTopology {
  readonly network: Network;
  readonly epoch_s: number;
}

/** Unix seconds at which the paths of a topology without a scenario are made: a scenario's default. */
const DEFAULT_EPOCH_S = 1_700_000_000;

/** A preset (`grid`, `grid:rows=5,columns=5`), a topology file, or the topology of a scenario file. */
export const loadTopology = Effect.fnUntraced(function* (given: string) {
  if (!existsSync(given) && !/\.ya?ml$|[\\/]/.test(given)) {
    const built = presetOf(given);
    if (!built.ok) return yield* built.error;
    const preset: LoadedTopology = { network: built.value, epoch_s: DEFAULT_EPOCH_S };
    return preset;
  }
  const text = yield* readInput("topology", given, []);
  if (isScenario(text, given)) {
    const { scenario } = yield* loadScenario(given);
    const ofScenario: LoadedTopology = { network: scenario.network, epoch_s: scenario.epoch_s };
    return ofScenario;
  }
  const resolved = resolveTopology(text, { file: given, readFile: (path) => readNamed(besides(given, path), []) });
  if (!resolved.ok) return yield* new InputError({ message: problemText(text, resolved.error) });
  const ofFile: LoadedTopology = { network: resolved.value, epoch_s: DEFAULT_EPOCH_S };
  return ofFile;
});

function isScenario(text: string, file: string): boolean {
  const parsed = parseYaml(text, file);
  const { value } = parsed.ok ? parsed.value : { value: null };
  return typeof value === "object" && value !== null && ["topology", "flows", "duration"].some((key) => key in value);
}

function presetOf(given: string): Result<Network, InputError> {
  const [name = "", ...rest] = given.split(":");
  const entries = rest
    .join(":")
    .split(",")
    .filter((entry) => entry !== "")
    .map((entry) => entry.split("="));
  const wrong = entries.find(([key = "", value = ""]) => key === "" || !/^\d+$/.test(value));
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
    const what =
      parameter === null ? `no preset has this name, and no file: expected ${expected}, or a YAML file` : message;
    return `${what}${didYouMean === undefined ? "" : `; did you mean ${didYouMean}?`}`;
  });
  return err(new InputError({ message: `topology ${given}: ${lines.join("\n")}` }));
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
function readNamed(path: string, inputs: InputFile[]): Result<string, string> {
  try {
    const bytes = readAtMost(path, MAX_FILE_BYTES + 1);
    if (bytes.length > MAX_FILE_BYTES) return err(`the file is larger than ${MAX_FILE_BYTES / 1_048_576} MiB`);
    inputs.push({ file: path, sha256: sha256(bytes) });
    return ok(bytes.toString("utf8"));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return err(`no such file${neighbour(path)}`);
    if (code === "EISDIR") return err("this is a folder; expected a YAML file");
    return err(code === "EACCES" ? "permission denied" : message);
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

function neighbour(path: string): string {
  const folder = dirname(path);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const near = closest(basename(path), names);
  return near === undefined ? "" : `; did you mean ${join(folder, near)}?`;
}

/** Problems as people read them, at most `most` of those in files. */
export function problemText(text: string, problems: readonly Problem[], most = MAX_SHOWN): string {
  // What is wrong with a flag stands in no file.
  const flags = problems.filter(({ file }) => file.startsWith("("));
  const inFiles = problems.filter(({ file }) => !file.startsWith("("));
  const aboutFlags = flags.map(({ file, message, didYouMean }) => {
    const question = didYouMean === undefined ? "" : `; did you mean ${didYouMean}?`;
    return `--${file.slice(1, -1)}: ${message}${question}`;
  });
  const shown = inFiles.slice(0, most);
  const more = inFiles.length > shown.length ? [`and ${inFiles.length - shown.length} more problems`] : [];
  const aboutFiles = shown.length === 0 ? [] : [formatProblems(text, shown).trimEnd()];
  return [...aboutFlags, ...aboutFiles, ...more].join("\n");
}
