/** A run's folder as something to explore: what stands in its files, put together as `pathloom replay` does. */
import { assemble } from "../../actors/assemble.ts";
import { shapingOf } from "../../actors/assemble/shape.ts";
import type { Assembly } from "../../actors/assembly.ts";
import { createForwardingKeys, type ForwardingKeys, keysFromLog } from "../../core/forwarding-keys.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { RecordedSource } from "./recorded-source.ts";
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
  const assembly = assembled(scenario, manifest, keysOf(files, scenario, macs));
  if (!assembly.ok) return assembly;
  const source = sourceOf(files, assembly.value, scenario.duration_ns, manifest);
  if (!source.ok) return source;
  return ok({
    scenario,
    assembly: assembly.value,
    world: manifest.world,
    source: source.value,
    record: source.value instanceof RecordedSource ? source.value : null,
    feedMacs: (text) => macs.append(text),
  });
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
): Result<Assembly, string> {
  try {
    const shaping = shapingOf(shape, kernel?.links);
    return ok(assemble(scenario, { repeat: command, shaping, ...(keys === null ? {} : { keys }) }));
  } catch (cause) {
    return err(`${damaged("scenario.json")}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function sourceOf(
  { summary }: RunFiles,
  assembly: Assembly,
  duration: Nanos,
  { world, scenario_sha, build, seed, here, record }: RunManifest,
): Result<WorldSource, string> {
  if (record?.deliveries !== false) {
    const expect = { world, scenario: scenario_sha, build, seed };
    return ok(new RecordedSource(assembly, { duration, expect, ...(here === undefined ? {} : { here }) }));
  }
  const end = summary === null ? null : parsed<RunEnd>(summary);
  if (end === null) return err("the run was kept without a record, and has no summary.json: nothing can be compared");
  return ok(comparedSource(simSource(assembly, duration), end));
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
