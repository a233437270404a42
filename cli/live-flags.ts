/** What `pathloom live` is told about sockets, time and keys, and what follows from it for the run. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Flag from "effect/cli/Flag";
import type { IA } from "../core/address.ts";
import type { Scenario } from "../core/scenario.ts";
import { LATENESS_BOUND, latenessProblem } from "../live/lateness.ts";
import type { Shape } from "../actors/assemble/shape.ts";
import { InputError } from "./errors.ts";
import { durationOf, wholeNumber } from "./flags.ts";
import type { LiveFigures, LiveJob } from "./runner/job.ts";
import { guardWrite } from "./runner/line-files.ts";
import type { Manifest } from "./runner/manifest.ts";
import { SECRETS } from "./runner/run-folder.ts";

export const liveFlags = {
  port: wholeNumber("port", 1, 65_535).pipe(
    Flag.withDescription(
      "First UDP port on each address: the AS's internal socket, then one for each end of a link; default: any that are free",
    ),
    Flag.optional,
  ),
  loopback: Flag.Boolean("loopback").pipe(
    Flag.withDescription("Addresses on 127.16.0.0/12, whatever the scenario or its topology.json say (underlay)"),
    Flag.withDefault(false),
  ),
  shape: Flag.Literals("shape", ["user", "kernel", "none"]).pipe(
    Flag.withDescription(
      "Who delays and loses packets: the link actors as in the simulator (user), with --netns the kernel as far as it can (kernel), or nobody but the real network (none); faults strike in any case",
    ),
    Flag.withDefault("user" as const),
  ),
  strict: Flag.Boolean("strict").pipe(
    Flag.withDescription("Fail (exit code 1) where the 99th percentile of lateness is above the bound of --lateness"),
    Flag.withDefault(false),
  ),
  lateness: durationOf("lateness").pipe(Flag.withDescription("Bound of --strict (default 2ms)"), Flag.optional),
  "insecure-seed": Flag.Boolean("insecure-seed").pipe(
    Flag.withDescription("Keys from the seed, which anybody can compute, instead of the system's entropy"),
    Flag.withDefault(false),
  ),
  "keep-secrets": Flag.Boolean("keep-secrets").pipe(
    Flag.withDescription("With --record: keep the run's keys, too, in secrets.json, which only you can read"),
    Flag.withDefault(false),
  ),
};

interface LiveValues {
  readonly port: Option.Option<number>;
  readonly loopback: boolean;
  readonly shape: Shape;
  readonly strict: boolean;
  readonly lateness: Option.Option<{ readonly text: string; readonly ns: number }>;
  readonly "insecure-seed": boolean;
  readonly "keep-secrets": boolean;
  readonly secrets: Option.Option<string>;
  readonly series: Option.Option<unknown>;
  readonly samples: Option.Option<unknown>;
  readonly "record-limit": Option.Option<unknown>;
}

/** What cannot stand together, or not without another flag; null: all can. */
export function wrongTogether(input: LiveValues, records: boolean): string | null {
  const kept = [input.series, input.samples, input["record-limit"]];
  if (!records && kept.some((flag) => Option.isSome(flag)))
    return "--series, --samples and --record-limit say what is kept of a run; give --record DIR too";
  if (!records && input["keep-secrets"]) return "--keep-secrets says what is kept of a run; give --record DIR too";
  if (Option.isSome(input.secrets) && input["insecure-seed"])
    return "--secrets and --insecure-seed each say where keys come from; leave out one of the two";
  if (input["keep-secrets"] && input["insecure-seed"])
    return "--insecure-seed leaves no secrets to keep: the keys follow from the seed; leave out one of the two";
  if (!input.strict && Option.isSome(input.lateness)) return "--lateness is the bound of --strict; give --strict too";
  return null;
}

/** The flags as they are typed again to repeat the run. */
export function liveWords(input: LiveValues): readonly string[] {
  const words: string[] = [];
  if (Option.isSome(input.port)) words.push("--port", String(input.port.value));
  if (input.loopback) words.push("--loopback");
  if (input.shape !== "user") words.push("--shape", input.shape);
  if (input.strict) words.push("--strict");
  if (Option.isSome(input.lateness)) words.push("--lateness", input.lateness.value.text);
  if (input["insecure-seed"]) words.push("--insecure-seed");
  return words;
}

/** Bytes of the secret that a run's keys follow from. */
const SECRET_BYTES = 32;

/** `given`: a secret that others share; null: one is drawn. */
export function liveJobOf(input: LiveValues, records: boolean, given: string | null): LiveJob {
  const secret = input["insecure-seed"] ? null : (given ?? randomBytes(SECRET_BYTES).toString("hex"));
  return {
    port: Option.getOrElse(input.port, () => 0),
    addresses: input.loopback ? "assigned" : "scenario",
    shape: input.shape,
    secret,
    logsMacs: records && secret !== null && !input["keep-secrets"],
  };
}

/** What of it a run's manifest has. */
export function manifestFields(
  input: LiveValues,
  { secret, shape, here, foreign = [] }: LiveJob,
  { network }: Scenario,
): Pick<Manifest, "keys" | "shape" | "here"> {
  const keys = input["keep-secrets"] ? "kept" : "not-kept";
  return {
    ...(secret === null ? {} : { keys }),
    ...(shape === "user" ? {} : { shape }),
    ...placesOf(network, here, foreign),
  };
}

function placesOf(
  { ases }: Scenario["network"],
  here: LiveJob["here"],
  foreign: readonly IA[],
): Pick<Manifest, "here"> {
  const own = here ?? ases.map(({ ia }) => ia).filter((ia) => !foreign.includes(ia));
  return own.length === ases.length ? {} : { here: own };
}

/** Writes the secret where only its owner reads it. */
export function keepSecret(folder: string, secret: string): Effect.Effect<void, InputError> {
  const path = join(folder, SECRETS);
  const text = `${JSON.stringify({ forwarding: secret })}\n`;
  return Effect.try({
    try: () => guardWrite(path, () => writeFileSync(path, text, { mode: 0o600, flag: "wx" })),
    catch: (cause) => new InputError({ message: (cause as Error).message }),
  });
}

interface StrictVerdict {
  /** null: the run kept to its bound, or had none. */
  readonly problem: string | null;
  /** Part of `live` in the summary. */
  readonly figures: { readonly strict?: { readonly bound_us: number; readonly ok: boolean } };
}

export function strictVerdict({ strict, lateness }: LiveValues, { lateness_us }: LiveFigures): StrictVerdict {
  if (!strict) return { problem: null, figures: {} };
  const bound = Option.isSome(lateness) ? lateness.value.ns : LATENESS_BOUND;
  const problem = latenessProblem(lateness_us, bound);
  return { problem, figures: { strict: { bound_us: bound / 1_000, ok: problem === null } } };
}
