/** Arguments and flags that several commands share. */
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Flag from "effect/cli/Flag";
import type { Bytes } from "../core/units.ts";
import { parseDuration, parseSize } from "../topologies/units.ts";

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

/** What paths may be used: all of it must hold. */
export const pathPolicyFlags = {
  sequence: Flag.String("sequence").pipe(
    Flag.withDescription("ASes of the path, as scion showpaths takes them: '0* 1-ff00:0:110#41 0*'"),
    Flag.optional,
  ),
  acl: Flag.String("acl").pipe(
    Flag.withMetavar("entries"),
    Flag.withDescription(
      "Interfaces allowed and denied, the first match counts: '- 1-ff00:0:110 +'; may stand several times",
    ),
    Flag.atLeast(0),
  ),
  policy: Flag.String("policy").pipe(
    Flag.withMetavar("file"),
    Flag.withDescription("Path policy, YAML or JSON; FILE#NAME where the file names several"),
    Flag.optional,
  ),
};

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

/** A duration of at least `least` nanoseconds, with the text that was given. */
export function durationOf(name: string, least: 0 | 1 = 1) {
  return Flag.String(name).pipe(
    Flag.withMetavar("duration"),
    Flag.filterMap(
      (text) => {
        const parsed = parseDuration(text);
        return parsed.ok && parsed.value >= least ? Option.some({ text, ns: parsed.value }) : Option.none();
      },
      (text) => {
        const parsed = parseDuration(text);
        if (parsed.ok) return "a duration above 0";
        const { expected, didYouMean } = parsed.error;
        return `${expected}${didYouMean === undefined ? "" : `; did you mean ${didYouMean}?`}`;
      },
    ),
  );
}

const durationFlag = durationOf("duration").pipe(
  Flag.withDescription("How long the run lasts, such as 250ms, 10s or 2min, instead of the scenario's own"),
  Flag.optional,
);

/** What a kept run writes down beside its results. */
export const recordingFlags = {
  series: durationOf("series", 0).pipe(
    Flag.withDescription(
      "Interval of series.csv in a kept run, 0s for none (default: the scenario's, or a hundredth of the run; longer on large networks)",
    ),
    Flag.optional,
  ),
  "record-limit": Flag.String("record-limit").pipe(
    Flag.withMetavar("size"),
    Flag.filterMap(
      (text) => {
        const parsed = parseSize(text);
        return parsed.ok && parsed.value > 0 ? Option.some({ text, bytes: parsed.value }) : Option.none();
      },
      () => "a size above 0 such as 200MB or 4GiB",
    ),
    Flag.withDescription(
      "Most that the record of deliveries takes on disk; then it stops, and the run goes on (default 1GiB)",
    ),
    Flag.optional,
  ),
  samples: wholeNumber("samples", 0, 1_000_000).pipe(
    Flag.withDescription(
      "Packets of each flow in samples.csv of a kept run (default: the scenario's, or 1000; fewer above 25 flows)",
    ),
    Flag.optional,
  ),
};

export const seedAndPolicy = { seed: seedFlag, policy: policyFlag };
export const overrideFlags = { ...seedAndPolicy, duration: durationFlag };

type GivenDuration = Option.Option<{ readonly text: string; readonly ns: number }>;

export interface RecordingValues {
  readonly series: GivenDuration;
  readonly samples: Option.Option<number>;
  readonly "record-limit": Option.Option<{ readonly text: string; readonly bytes: Bytes }>;
}

/** Where a run leaves its files, as the flags have it. */
export function recordBounds({ "record-limit": limit }: RecordingValues): { readonly limit?: Bytes } {
  return Option.isSome(limit) ? { limit: limit.value.bytes } : {};
}

/** The flags as `recordingLevel` takes them. */
export function recordingWish({ series, samples }: RecordingValues) {
  return {
    ...(Option.isSome(series) ? { series_ns: series.value.ns } : {}),
    ...(Option.isSome(samples) ? { samples: samples.value } : {}),
  };
}

export interface OverrideValues {
  readonly seed: Option.Option<number>;
  readonly policy: Option.Option<string>;
  readonly duration?: GivenDuration;
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
  {
    policy,
    duration = Option.none(),
    series = Option.none(),
    samples = Option.none(),
    "record-limit": limit = Option.none(),
  }: OverrideValues & Partial<RecordingValues>,
  more: readonly string[] = [],
): string {
  const words = ["pathloom", command, file, "--seed", String(seed)];
  if (Option.isSome(policy)) words.push("--policy", policy.value);
  if (Option.isSome(duration)) words.push("--duration", duration.value.text);
  if (Option.isSome(series)) words.push("--series", series.value.text);
  if (Option.isSome(samples)) words.push("--samples", String(samples.value));
  if (Option.isSome(limit)) words.push("--record-limit", limit.value.text);
  return [...words, ...more].map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
