/** A run's folder as something to explore: what stands in its files, put together as `pathloom replay` does. */
import { assemble } from "../../actors/assemble.ts";
import { shapingOf } from "../../actors/assemble/shape.ts";
import type { Assembly } from "../../actors/assembly.ts";
import { createForwardingKeys, type ForwardingKeys, keysFromLog } from "../../core/forwarding-keys.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { Scenario } from "../../core/scenario.ts";
import { type RecordedOptions, RecordedSource } from "./recorded-source.ts";
import { simSource } from "./sim-source.ts";
import type { Steppable, WorldSource } from "./source.ts";

/** Texts of a run's files. */
export interface RunFiles {
  readonly scenario: string;
  readonly manifest: string;
  /** null: the run was killed, or goes on. */
  readonly summary: string | null;
  /** macs.ndjson as far as it is known; null: keys follow from the seed, or from `secret`. */
  readonly macs: string | null;
  /** What the keys follow from in place of the seed. */
  readonly secret?: string | null;
}

export interface OpenedRun {
  readonly scenario: Scenario;
  /** Where keys are not known, paths have their MACs only once the record is ready: before that it is good for an outline. */
  readonly assembly: Assembly;
  readonly world: "sim" | "live";
  readonly source: WorldSource;
  /** To be fed; null: the run was kept without its deliveries and is simulated again, its end compared with the summary's. */
  readonly record: RecordedSource | null;
  /** More of macs.ndjson, cut anywhere. It must come before the entries that were written after it. */
  feedMacs(text: string): void;
}

/** The parts of manifest.json that are needed here (cli/runner/manifest.ts has all). */
interface RunManifest {
  readonly world: "sim" | "live";
  readonly scenario_sha: string;
  readonly build: string;
  readonly seed: number;
  readonly command: string;
  readonly policies: readonly { readonly name: string; readonly file: string }[];
  readonly here?: readonly string[];
  readonly record?: { readonly deliveries: boolean };
  readonly shape?: Parameters<typeof shapingOf>[0];
  readonly kernel?: { readonly links: NonNullable<Parameters<typeof shapingOf>[1]> };
}

/** The error says which file is wrong, or what cannot be done with such a run. */
export function openRun(files: RunFiles): Result<OpenedRun, string> {
  const scenario = parsed<Scenario>(files.scenario);
  if (scenario === null || !Array.isArray(scenario.network?.ases)) return err(damaged("scenario.json"));
  const manifest = parsed<RunManifest>(files.manifest);
  if (manifest === null || !Array.isArray(manifest.policies)) return err(damaged("manifest.json"));
  if (manifest.policies.length > 0) return err(ownPolicies(manifest));
  const macs = new MacText();
  macs.append(files.macs ?? "");
  const make = (): Assembly => assembled(scenario, manifest, keysOf(files, scenario, macs));
  const early = attempt(make, damaged("scenario.json"));
  if (!early.ok) return early;
  const feedMacs = (text: string): void => macs.append(text);
  const about = { scenario, world: manifest.world, feedMacs };
  if (manifest.record?.deliveries === false) {
    const end = files.summary === null ? null : parsed<RunEnd>(files.summary);
    if (end === null) return err("the run was kept without a record, and has no summary.json: nothing can be compared");
    const source = comparedSource(simSource(early.value, scenario.duration_ns), end);
    return ok({ ...about, assembly: early.value, source, record: null });
  }
  const later = files.macs === null ? null : new Later(make);
  const assembly = (): Assembly => later?.value ?? early.value;
  const record = new RecordedSource(early.value, {
    ...recordedOptions(manifest),
    duration: scenario.duration_ns,
    assembly,
  });
  return ok({
    ...about,
    get assembly() {
      return record.ready ? assembly() : early.value;
    },
    source: record,
    record,
  });
}

/** Made when it is first asked for. */
class Later<T> {
  readonly #make: () => T;
  #made: { readonly value: T } | null = null;

  constructor(make: () => T) {
    this.#make = make;
  }

  get value(): T {
    this.#made ??= { value: this.#make() };
    return this.#made.value;
  }
}

function recordedOptions({ world, scenario_sha, build, seed, here }: RunManifest): Omit<RecordedOptions, "duration"> {
  const expect = { world, scenario: scenario_sha, build, seed };
  return here === undefined ? { expect } : { expect, here };
}

function ownPolicies({ policies }: RunManifest): string {
  const names = policies.map(({ name, file }) => `${name} (${file})`).join(", ");
  return `the run used path policies in files of their own, ${names}, which a page cannot run; pathloom replay can`;
}

function damaged(file: string): string {
  return `${file} of this run is damaged, or of another version`;
}

function parsed<T>(text: string): T | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? (value as T) : null;
  } catch {
    return null;
  }
}

function keysOf({ macs, secret = null }: RunFiles, { keys }: Scenario, log: MacText): ForwardingKeys | null {
  if (macs !== null) return keysFromLog(log.macs);
  return secret === null ? null : createForwardingKeys(secret, keys);
}

function assembled(
  scenario: Scenario,
  { command, shape = "user", kernel }: RunManifest,
  keys: ForwardingKeys | null,
): Assembly {
  const shaping = shapingOf(shape, kernel?.links);
  return assemble(scenario, { repeat: command, shaping, ...(keys === null ? {} : { keys }) });
}

function attempt<T>(act: () => T, what: string): Result<T, string> {
  try {
    return ok(act());
  } catch (cause) {
    return err(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

interface RunEnd {
  readonly digest: string;
  readonly events: number;
}

/** The same simulation; at its end it says whether the digest is the one that was kept. */
function comparedSource(source: WorldSource, kept: RunEnd): WorldSource {
  const compare = (steps: Steppable): string | null => {
    if (steps.nextAt() <= source.duration) return null;
    const found = steps.world.digest();
    if (found === kept.digest && steps.events === kept.events)
      return `replays identically, ${kept.events} events, digest ${found}`;
    return `the run again comes to digest ${found} after ${steps.events} events; kept was ${kept.digest} after ${kept.events}`;
  };
  return {
    ...source,
    begin: (options) => {
      const steps = source.begin(options);
      return Object.assign(steps, { verdict: () => compare(steps) });
    },
  };
}

/** macs.ndjson, read as it comes. */
class MacText {
  readonly macs = new Map<string, string>();
  #rest = "";

  append(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, name, mac] = /^(\S+ [0-9a-f]{32}) ([0-9a-f]{32})$/.exec(line) ?? [];
      if (name !== undefined && mac !== undefined) this.macs.set(name, mac);
    }
  }
}
