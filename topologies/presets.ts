/** Networks that come with Pathloom, by name: written ones and generated ones. docs/presets.md describes each. */
import { err, ok, type Result } from "../core/result.ts";
import type { Network } from "../core/scenario.ts";
import { BARABASI_ALBERT } from "./generate/barabasi-albert.ts";
import { INTERNET } from "./generate/internet.ts";
import { REGULAR } from "./generate/regular.ts";
import { WAXMAN } from "./generate/waxman.ts";
import type { Preset, PresetParameter, PresetParameters, PresetValues } from "./presets/parameters.ts";
import { SCIERA } from "./presets/sciera.ts";
import { SCIONLAB } from "./presets/scionlab.ts";
import { SMALL } from "./presets/small.ts";
import { TWO_ISDS } from "./presets/two-isds.ts";
import { alternatives, type Finding } from "./problems.ts";
import { closest } from "./suggest.ts";

/** The presets by name, with their parameters. */
export const PRESETS: ReadonlyMap<string, Preset> = new Map([
  ...SMALL,
  ["two-isds", TWO_ISDS],
  ["scionlab", SCIONLAB],
  ["sciera", SCIERA],
  ...REGULAR,
  ["barabasi-albert", BARABASI_ALBERT],
  ["waxman", WAXMAN],
  ["internet", INTERNET],
]);

/** A finding about a preset; `parameter` names the parameter at fault, null means the preset's name. */
export interface PresetFinding extends Finding {
  readonly parameter: string | null;
}

/** The network of a preset; parameters left out take their defaults. */
export function buildPreset(name: string, given: PresetValues = {}): Result<Network, readonly PresetFinding[]> {
  const found = PRESETS.get(name);
  if (found === undefined) return err([unknownPreset(name)]);
  const findings = Object.entries(given).flatMap(([key, value]) => checkParameter(name, found.parameters, key, value));
  if (findings.length > 0) return err(findings);
  const defaults = Object.entries(found.parameters).map(([key, { default: value }]) => [key, value]);
  const values: PresetValues = { ...Object.fromEntries(defaults), ...given };
  const conflict = found.conflict(values);
  if (conflict === null) return ok(found.build(values));
  const { parameter, expected } = conflict;
  // The defaults go together, so one was given, and it can be pointed at.
  const place = Object.hasOwn(given, parameter) ? parameter : (Object.keys(given)[0] ?? parameter);
  const value = `${values[parameter]}`;
  return err([
    { parameter: place, message: `${parameter}: expected ${expected}, found ${value}`, expected, found: value },
  ]);
}

function unknownPreset(name: string): PresetFinding {
  const expected = alternatives([...PRESETS.keys()]);
  return {
    parameter: null,
    message: `unknown preset ${JSON.stringify(name)}: expected ${expected}`,
    expected,
    found: JSON.stringify(name),
    didYouMean: closest(name, PRESETS.keys()),
  };
}

function checkParameter(name: string, known: PresetParameters, key: string, value: number): readonly PresetFinding[] {
  const limits = Object.hasOwn(known, key) ? known[key] : undefined;
  const found = JSON.stringify(key);
  if (limits === undefined) {
    const names = Object.keys(known);
    const expected = names.length === 0 ? "no parameters" : alternatives(names);
    const message = `preset ${name} has no parameter ${found}: expected ${expected}`;
    return [{ parameter: key, message, expected, found, didYouMean: closest(key, names) }];
  }
  if (fits(value, limits)) return [];
  const expected = `${limits.kind === "whole" ? "a whole number" : "a number"} from ${limits.minimum} to ${limits.maximum}`;
  return [{ parameter: key, message: `${key}: expected ${expected}, found ${value}`, expected, found: `${value}` }];
}

function fits(value: number, { kind, minimum, maximum }: PresetParameter): boolean {
  return value >= minimum && value <= maximum && (kind === "real" || Number.isInteger(value));
}
