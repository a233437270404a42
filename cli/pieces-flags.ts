/** What `pathloom live` is told about pieces of a run in several processes, and the keys that they share. */
import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Flag from "effect/cli/Flag";
import { type IA, parseIA } from "../core/address.ts";
import type { Scenario } from "../core/scenario.ts";
import { buildInfo } from "./build-info.ts";
import { InputError } from "./errors.ts";
import type { LiveJob } from "./runner/job.ts";
import { FileError, guardRead, guardWrite } from "./runner/line-files.ts";

export const piecesFlags = {
  only: Flag.String("only").pipe(
    Flag.withMetavar("ia,..."),
    Flag.withDescription(
      "Run these ASes here; the others run elsewhere, each by a command of its own with the same scenario and keys (--secrets)",
    ),
    Flag.optional,
  ),
  foreign: Flag.String("foreign").pipe(
    Flag.withMetavar("ia,..."),
    Flag.withDescription("ASes that other software runs, such as a SCION router: they are not waited for"),
    Flag.optional,
  ),
  secrets: Flag.String("secrets").pipe(
    Flag.withMetavar("file"),
    Flag.withDescription("Keys from this file, the same for every piece of a run (made by --make-secrets)"),
    Flag.optional,
  ),
  "make-secrets": Flag.String("make-secrets").pipe(
    Flag.withMetavar("file"),
    Flag.withDescription("Make a file for --secrets, which only you can read, and run nothing"),
    Flag.optional,
  ),
  "clocks-synchronised": Flag.Boolean("clocks-synchronised").pipe(
    Flag.withDescription(
      "The machines' clocks agree: tell one-way delays between hosts in pieces on different machines, too",
    ),
    Flag.withDefault(false),
  ),
};

export interface PiecesValues {
  readonly only: Option.Option<string>;
  readonly foreign: Option.Option<string>;
  readonly secrets: Option.Option<string>;
  readonly "clocks-synchronised": boolean;
  readonly "insecure-seed": boolean;
}

const SECRET = /^[0-9a-f]{64}$/;

export function makeSecrets(file: string): Effect.Effect<void, InputError> {
  const text = `${JSON.stringify({ forwarding: randomBytes(32).toString("hex") })}\n`;
  return attempt(() => {
    guardWrite(file, () => writeFileSync(file, text, { mode: 0o600, flag: "wx" }));
  });
}

/** The flags as they are typed again to repeat the run. */
export function piecesWords(input: PiecesValues): readonly string[] {
  const words = (["only", "foreign", "secrets"] as const).flatMap((name) => {
    const value = input[name];
    return Option.isSome(value) ? [`--${name}`, value.value] : [];
  });
  return input["clocks-synchronised"] ? [...words, "--clocks-synchronised"] : words;
}

/** What the job of a run needs of all this; `sha`: the scenario's. */
export function piecesJobOf(
  input: PiecesValues,
  scenario: Scenario,
  sha: string,
): Effect.Effect<Pick<LiveJob, "here" | "foreign" | "pieces">, InputError> {
  return attempt(() => {
    const places = scenario.network.ases.map(({ ia }) => ia);
    const foreign = readList("--foreign", input.foreign, places) ?? [];
    const only = readList("--only", input.only, places);
    const both = only?.find((ia) => foreign.includes(ia));
    if (both !== undefined)
      throw new FileError(`${both} is named by --only and --foreign: it runs here, or other software runs it`);
    if (only === null) return foreign.length === 0 ? {} : { foreign };
    const shared =
      Option.isSome(input.secrets) || input["insecure-seed"] || places.every((ia) => scenario.keys?.[ia] !== undefined);
    if (!shared) {
      throw new FileError(
        "--only: pieces of a run must share their keys, which would be drawn anew in each. Make a file of keys once (pathloom live --make-secrets FILE) and give it to each piece (--secrets FILE); or give master keys in the scenario; or, where nobody else reaches the sockets, --insecure-seed",
      );
    }
    const { version, build } = buildInfo();
    const clocksSynchronised = input["clocks-synchronised"];
    return { here: only, foreign, pieces: { scenario: sha, pathloom: version, build, clocksSynchronised } };
  });
}

function readList(flag: string, given: Option.Option<string>, places: readonly IA[]): readonly IA[] | null {
  if (Option.isNone(given)) return null;
  const found = given.value.split(",").map((text) => {
    const ia = parseIA(text.trim());
    if (!ia.ok) throw new FileError(`${flag}: ${ia.error}; give ASes with commas between them`);
    if (!places.includes(ia.value))
      throw new FileError(
        `${flag}: ${ia.value} is no AS of the network: ${places.slice(0, 20).join(", ")}${places.length > 20 ? ", ..." : ""}`,
      );
    return ia.value;
  });
  // In the network's order, each once.
  return places.filter((ia) => found.includes(ia));
}

/** The secret in the file of `--secrets`; null where none is given. */
export function readSecrets({ secrets }: PiecesValues): Effect.Effect<string | null, InputError> {
  if (Option.isNone(secrets)) return Effect.succeed(null);
  const file = secrets.value;
  return attempt(() => {
    const text = guardRead(file, () => readFileSync(file, "utf8"));
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
      throw new FileError(`${file}: others than you can read these keys; chmod 600 ${file}`);
    const secret = secretIn(text);
    if (secret === null)
      throw new FileError(
        `${file}: this is no file of keys: expected {"forwarding": 64 hex digits}, as --make-secrets writes it`,
      );
    return secret;
  });
}

function secretIn(text: string): string | null {
  try {
    const { forwarding } = JSON.parse(text) as { readonly forwarding?: unknown };
    return typeof forwarding === "string" && SECRET.test(forwarding) ? forwarding : null;
  } catch {
    return null;
  }
}

function attempt<A>(act: () => A): Effect.Effect<A, InputError> {
  return Effect.try({ try: act, catch: (cause) => new InputError({ message: (cause as Error).message }) });
}
