/** Arguments and flags that several commands share. */
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Flag from "effect/cli/Flag";
import { parseDuration } from "../topologies/units.ts";

export const scenarioArgument = Argument.String("scenario").pipe(Argument.withDescription("Scenario file (YAML)"));

export const topologyArgument = Argument.String("topology").pipe(
  Argument.withDescription(
    "Preset (tiny, grid:rows=5,columns=5, ...), topology (YAML, JSON, .topo, GraphML, AS relationships, folder of topology.json) or scenario",
  ),
);

export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print one JSON value instead of tables"),
  Flag.withDefault(false),
);

export const forceFlag = Flag.Boolean("force").pipe(
  Flag.withDescription("Replace the run that stands in the folder already"),
  Flag.withDefault(false),
);

/** A whole number between bounds. */
export function wholeNumber(name: string, minimum: number, maximum: number) {
  const expected = `a whole number from ${minimum} to ${maximum}`;
  return Flag.Int(name).pipe(
    Flag.filter(
      (value) => value >= minimum && value <= maximum,
      () => expected,
    ),
  );
}

const seedFlag = wholeNumber("seed", 0, Number.MAX_SAFE_INTEGER).pipe(
  Flag.withDescription("Seed of every random draw, instead of the scenario's"),
  Flag.optional,
);

const policyFlag = Flag.String("policy").pipe(
  Flag.withMetavar("name|file"),
  Flag.withDescription(
    "Path policy of every flow: shortest, lowest-latency, pinned (or pinned:path=1), or a file such as ./mine.ts",
  ),
  Flag.optional,
);

const durationFlag = Flag.String("duration").pipe(
  Flag.withMetavar("duration"),
  Flag.withDescription("How long the run lasts, such as 250ms, 10s or 2min, instead of the scenario's own"),
  Flag.filterMap(
    (text) => {
      const parsed = parseDuration(text);
      return parsed.ok && parsed.value > 0 ? Option.some({ text, ns: parsed.value }) : Option.none();
    },
    (text) => {
      const parsed = parseDuration(text);
      if (parsed.ok) return "a duration above 0";
      const { expected, didYouMean } = parsed.error;
      return `${expected}${didYouMean === undefined ? "" : `; did you mean ${didYouMean}?`}`;
    },
  ),
  Flag.optional,
);

export const seedAndPolicy = { seed: seedFlag, policy: policyFlag };
export const overrideFlags = { ...seedAndPolicy, duration: durationFlag };

export interface OverrideValues {
  readonly seed: Option.Option<number>;
  readonly policy: Option.Option<string>;
  readonly duration?: Option.Option<{ readonly text: string; readonly ns: number }>;
}

/** The flags as the resolver takes them. */
export function overridesOf({ seed, policy, duration = Option.none() }: OverrideValues) {
  return {
    ...(Option.isSome(seed) ? { seed: seed.value } : {}),
    ...(Option.isSome(policy) ? { policy: policy.value } : {}),
    ...(Option.isSome(duration) ? { duration_ns: duration.value.ns } : {}),
  };
}

/** What a user types to repeat a run: the seed always stands there. */
export function repeatCommand(
  command: string,
  file: string,
  seed: number,
  { policy, duration = Option.none() }: OverrideValues,
): string {
  const words = ["pathloom", command, file, "--seed", String(seed)];
  if (Option.isSome(policy)) words.push("--policy", policy.value);
  if (Option.isSome(duration)) words.push("--duration", duration.value.text);
  return words.map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
