/** The path policy that a command is given in flags: a sequence, access control lists, a file. */
import { existsSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { checkAcl, formatAclEntry, parseAclLine } from "../../core/path-policy/acl.ts";
import { compilePolicy, type PathFilter, type PathPolicy } from "../../core/path-policy/policy.ts";
import { parseSequence } from "../../core/path-policy/sequence.ts";
import type { Parsed } from "../../core/path-policy/syntax.ts";
import { readPathPolicyFile } from "../../topologies/path-policy-file.ts";
import { fileAndName } from "../../topologies/scenario-path-policies.ts";
import { InputError } from "../errors.ts";
import { readNamed } from "./load.ts";
import { problemText } from "./problem-text.ts";

export interface PathPolicyValues {
  readonly sequence: Option.Option<string>;
  /** Each a list, or a part of one. */
  readonly acl: readonly string[];
  readonly policy: Option.Option<string>;
}

/** What all the flags together leave of some paths; null where none is given. */
export const loadPathFilter = Effect.fnUntraced(function* ({ sequence, acl, policy }: PathPolicyValues) {
  const ofFlags: PathPolicy = {
    ...(acl.length === 0 ? {} : { acl: yield* readAcl(acl) }),
    ...(Option.isNone(sequence) ? {} : { sequence: yield* readSequence(sequence.value) }),
  };
  const hasFlags = acl.length > 0 || Option.isSome(sequence);
  const filters: PathFilter[] = hasFlags ? [compilePolicy(ofFlags)] : [];
  if (Option.isSome(policy)) filters.push(compilePolicy(yield* readFile(policy.value)));
  const [first, second] = filters;
  if (first === undefined) return null;
  const both: PathFilter = (paths) => (second === undefined ? first(paths) : second(first(paths)));
  return both;
});

function readSequence(text: string): Effect.Effect<string, InputError> {
  return Effect.as(inFlag("sequence", text, parseSequence(text)), text);
}

const readAcl = Effect.fnUntraced(function* (texts: readonly string[]) {
  const lists = yield* Effect.forEach(texts, (text) => inFlag("acl", text, parseAclLine(text)));
  const checked = checkAcl(lists.flat());
  if (checked.ok) return checked.value.map(formatAclEntry);
  const { expected, found } = checked.error;
  return yield* new InputError({ message: `--acl: expected ${expected}, found ${found}` });
});

/** What was parsed, or the text with a caret below the mistake. */
function inFlag<T>(flag: string, text: string, parsed: Parsed<T>): Effect.Effect<T, InputError> {
  if (parsed.ok) return Effect.succeed(parsed.value);
  const { column, message } = parsed.error;
  // A window of a long text, so that the caret stays on the screen.
  const from = Math.max(0, column - WINDOW);
  const shown = text.slice(from, from + 2 * WINDOW).replaceAll(/\p{Cc}/gu, " ");
  const pointer = `  ${shown}\n  ${" ".repeat(column - 1 - from)}^`;
  return Effect.fail(new InputError({ message: `--${flag}: ${message}\n${pointer}` }));
}

const WINDOW = 50;

const readFile = Effect.fnUntraced(function* (given: string) {
  const { path, name } = existsSync(given) ? { path: given, name: null } : fileAndName(given);
  const text = readNamed(path, []);
  if (!text.ok) return yield* new InputError({ message: `--policy ${given}: ${text.error}` });
  const policy = readPathPolicyFile(text.value, path, name);
  return policy.ok ? policy.value : yield* new InputError({ message: problemText(text.value, policy.error) });
});
