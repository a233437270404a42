/** Reads the scenarios that commands are given, with their topologies and policies. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import * as Effect from "effect/Effect";
import { canonicalJson } from "../../core/canonical.ts";
import type { CompareSpec, PolicySpec, Scenario } from "../../core/scenario.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { policyLabel } from "../../topologies/compare.ts";
import { isPolicyFile, parsePolicy } from "../../topologies/policies.ts";
import { resolveScenario, type Overrides } from "../../topologies/resolve.ts";
import { MAX_FILE_SIZE } from "../../topologies/yaml.ts";
import { InputError } from "../errors.ts";
import { textOf } from "./failure-text.ts";
import type { PolicyFile } from "./job.ts";
import { type InputFile, type ManifestSource, sha256 } from "./manifest.ts";
import { loadPolicy } from "./policies.ts";
import { alternatives, type Problem } from "../../topologies/problems.ts";
import { closest } from "../../topologies/suggest.ts";
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
  const here = (name: string): string => name;
  const there = (name: string): string => besides(file, name);
  const { scenario: named, policies } = yield* namePolicies(
    resolved.value,
    overrides.policy === undefined ? there : here,
    overrides.compare?.policies === undefined ? there : here,
    inputs,
  );
  const text = canonicalJson(named);
  // What runs is what scenario.json will hold, the order of its keys included.
  const scenario = JSON.parse(text) as Scenario;
  const loaded: LoadedScenario = { file, scenario, scenario_sha: sha256(text), inputs, policies };
  return loaded;
});

/** Policies of the command line with what stands behind their colons taken apart. */
function withParameters(overrides: Overrides): Overrides {
  const { policy, compare } = overrides;
  const read = (one: string | PolicySpec): string | PolicySpec => (typeof one === "string" ? parsePolicy(one) : one);
  return {
    ...overrides,
    ...(policy === undefined ? {} : { policy: read(policy) }),
    ...(compare?.policies === undefined ? {} : { compare: { ...compare, policies: compare.policies.map(read) } }),
  };
}

/** Replaces the files that stand for policies by the policies' own names: those of flows, and those that are compared. */
const namePolicies = Effect.fnUntraced(function* (
  scenario: Scenario,
  ofFlows: (name: string) => string,
  ofCompared: (name: string) => string,
  inputs: InputFile[],
) {
  const { flows, compare } = scenario;
  const written = [
    ...flows.map(({ policy }) => [policy.name, ofFlows] as const),
    ...(compare?.policies ?? []).map(({ name }) => [name, ofCompared] as const),
  ].flatMap(([name, locate]) => (isPolicyFile(name) ? [locate(name)] : []));
  const policies: PolicyFile[] = [];
  for (const path of new Set(written)) {
    const { name } = yield* Effect.tryPromise({
      try: () => loadPolicy(path),
      catch: (cause) => new InputError(textOf(cause)),
    });
    const other = policies.find((policy) => policy.name === name);
    if (other !== undefined) {
      return yield* new InputError({
        message: `policy files ${other.file} and ${path} both hold a policy named ${name}; give one of them another name`,
      });
    }
    policies.push({ name, file: path });
    inputs.push({ file: path, sha256: sha256(readFileSync(path)) });
  }
  const nameOf = new Map(policies.map(({ file, name }) => [file, name]));
  const rename = (policy: PolicySpec, locate: (name: string) => string): PolicySpec =>
    isPolicyFile(policy.name) ? { ...policy, name: nameOf.get(locate(policy.name)) ?? policy.name } : policy;
  const named: Scenario = {
    ...scenario,
    flows: flows.map((flow) => ({ ...flow, policy: rename(flow.policy, ofFlows) })),
    ...(compare === undefined ? {} : { compare: yield* nameCompared(compare, (policy) => rename(policy, ofCompared)) }),
  };
  return { scenario: named, policies };
});

/** The baseline may be given as the file's name or as the policy's own. */
const nameCompared = Effect.fnUntraced(function* (compare: CompareSpec, rename: (policy: PolicySpec) => PolicySpec) {
  const { baseline } = compare;
  const policies = compare.policies.map(rename);
  const labels = policies.map(policyLabel);
  const twice = labels.find((label, at) => labels.indexOf(label) !== at);
  if (twice !== undefined) {
    return yield* new InputError({ message: `the policy ${twice} is to be compared with itself; name it once` });
  }
  const at = compare.policies.findIndex((policy) => policyLabel(policy) === baseline);
  const found = labels[at] ?? labels.find((label) => label === baseline) ?? null;
  if (baseline !== null && found === null) {
    const meant = closest(baseline, labels);
    const suggestion = meant === undefined ? "" : `; did you mean ${meant}?`;
    return yield* new InputError({
      message: `baseline ${baseline} is none of the policies compared: expected ${alternatives(labels)}${suggestion}`,
    });
  }
  return { ...compare, policies, baseline: found };
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
