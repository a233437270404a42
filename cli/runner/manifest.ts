/** What a run was made from, and its one-object summary (`--json`, `summary.json`). */
import { createHash } from "node:crypto";
import * as Schema from "effect/Schema";
import type { RunResult } from "../../actors/results.ts";
import type { Scenario } from "../../core/scenario.ts";
import { SECOND } from "../../core/units.ts";
import { SHAPES } from "../../actors/assemble/shape.ts";
import { buildInfo } from "../build-info.ts";
import type { PolicyFile, RecordHeaderFields, SimulationReport } from "./job.ts";

const inputFile = { file: Schema.String, sha256: Schema.String };

/** A file that was read, by the hash of its bytes. */
export const InputFile = Schema.Struct(inputFile);
export type InputFile = typeof InputFile.Type;

/** What a run was made from. */
export const Manifest = Schema.Struct({
  pathloom: Schema.String,
  /** Hash over the simulator's sources. */
  build: Schema.String,
  node: Schema.String,
  /** Versions of the libraries that decide what a run computes. */
  libraries: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  world: Schema.Literals(["sim", "live"]),
  scenario: Schema.String,
  /** SHA-256 of the resolved scenario's canonical JSON. */
  scenario_sha: Schema.String,
  seed: Schema.Int,
  inputs: Schema.Array(InputFile),
  /** Those of the inputs that are path policies, with their names. */
  policies: Schema.Array(Schema.Struct({ name: Schema.String, ...inputFile })),
  /** What stands in series.csv and samples.csv, and whether record/ is there; missing where the run is not kept. */
  record: Schema.optionalKey(Schema.Struct({ series_ns: Schema.Int, samples: Schema.Int, deliveries: Schema.Boolean })),
  /** Where the keys of ASes come from that have none of their own; left out: the seed. `kept`: in secrets.json beside this. */
  keys: Schema.optionalKey(Schema.Literals(["kept", "not-kept"])),
  /** Who delayed and lost packets in a live run (actors/assemble/shape.ts); left out: the link actors. */
  shape: Schema.optionalKey(Schema.Literals(SHAPES)),
  /** Of the shape `kernel`: what the kernel had, and what it left to the link actor of each interface (`none`: nothing, `delay`: all but the rate). */
  kernel: Schema.optionalKey(
    Schema.Struct({
      netem: Schema.Boolean,
      tbf: Schema.Boolean,
      links: Schema.Record(Schema.String, Schema.Literals(["model", "delay", "none"])),
    }),
  ),
  /** Did each AS run in a network namespace of its own? Left out: no. */
  netns: Schema.optionalKey(Schema.Boolean),
  /** How late a live run was: events less late than so many microseconds, and not less than the class before. */
  lateness: Schema.optionalKey(Schema.Array(Schema.Struct({ below: Schema.Finite, count: Schema.Int }))),
  /** The ASes that ran in this process; left out: all. */
  here: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What a user types to repeat the run. */
  command: Schema.String,
});
export type Manifest = typeof Manifest.Type;

export interface ManifestSource {
  readonly scenario: Scenario;
  /** SHA-256 of its canonical JSON. */
  readonly scenario_sha: string;
  readonly inputs: readonly InputFile[];
  readonly policies: readonly PolicyFile[];
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

export function manifestOf(
  { scenario, scenario_sha, inputs, policies }: ManifestSource,
  world: "sim" | "live",
  command: string,
  record: Manifest["record"] | null,
): Manifest {
  const { version, build, libraries } = buildInfo();
  const hashOf = new Map(inputs.map(({ file, sha256 }) => [file, sha256]));
  return {
    pathloom: version,
    build,
    node: process.versions.node,
    libraries,
    world,
    scenario: scenario.name,
    scenario_sha,
    seed: scenario.seed,
    inputs,
    policies: policies.map((policy) => ({ ...policy, sha256: hashOf.get(policy.file) ?? "" })),
    ...(record === null || record === undefined ? {} : { record }),
    command,
  };
}

export function recordHeader({ world, scenario_sha, build, seed }: Manifest): RecordHeaderFields {
  return { world, scenario: scenario_sha, build, seed };
}

export interface RunSummary extends Omit<SimulationReport, "result">, RunResult {
  readonly scenario: string;
  readonly seed: number;
  /** Names of all flows' policies, joined with commas where they differ. */
  readonly policy: string;
  readonly manifest: Manifest;
  /** Goodput, delays and utilization are measured from here on. */
  readonly warmup_s: number;
}

/** The summary of a run, in the order in which people read it. */
export function summaryOf(scenario: Scenario, manifest: Manifest, { result, ...report }: SimulationReport): RunSummary {
  const policy = [...new Set(scenario.flows.map((flow) => flow.policy.name))].join(",");
  const { digest, ...rest } = report;
  const warmup_s = scenario.warmup_ns / SECOND;
  return { scenario: scenario.name, seed: scenario.seed, policy, digest, manifest, warmup_s, ...rest, ...result };
}
