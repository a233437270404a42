/** `pathloom policy`: which paths a path policy takes. */
import * as Effect from "effect/Effect";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { parseInterface } from "../../core/address.ts";
import type { PathInterface } from "../../core/path.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { InputError, reporting } from "../errors.ts";
import { pathPolicyFlags } from "../flags.ts";

const matchFlags = {
  ...pathPolicyFlags,
  stdin: Flag.Boolean("stdin").pipe(
    Flag.withDescription('Read one path a line, a JSON array of "ISD-AS#ifId"; print true or false a line'),
    Flag.withDefault(false),
  ),
};

/** Lines told of by themselves. */
const MAX_TOLD = 10;

const runMatch = Effect.fnUntraced(function* ({ stdin, ...given }: Command.Command.Config.Infer<typeof matchFlags>) {
  const { loadPathFilter } = yield* Effect.promise(() => import("../runner/path-filter.ts"));
  const { eachLine } = yield* Effect.promise(() => import("../runner/stdin-lines.ts"));
  const filter = yield* loadPathFilter(given);
  if (filter === null)
    return yield* new InputError({ message: "policy match: expected --sequence, --acl or --policy" });
  if (!stdin) return yield* new InputError({ message: "policy match: expected --stdin, and the paths on it" });
  const mistakes: string[] = [];
  const failed = yield* eachLine((line, number) => {
    const interfaces = interfacesOf(line);
    if (interfaces.ok) return { text: String(filter([{ interfaces: interfaces.value }]).length === 1), ok: true };
    if (mistakes.length < MAX_TOLD) mistakes.push(`line ${number}: ${interfaces.error}`);
    return { text: "", ok: false };
  });
  if (failed === 0) return;
  const more = failed > mistakes.length ? `\nand ${failed - mistakes.length} lines more` : "";
  return yield* new InputError({ message: `${mistakes.join("\n")}${more}\nAn empty line stands for each.` });
});

/** The interfaces of one path in travelling order, as `paths --json` prints them. */
function interfacesOf(line: string): Result<readonly PathInterface[], string> {
  const texts = parseJson(line);
  if (!Array.isArray(texts))
    return err(
      `expected a JSON array of interfaces such as ["1-ff00:0:110#1", "1-ff00:0:111#2"], found ${shortened(line)}`,
    );
  const interfaces: PathInterface[] = [];
  for (const [at, text] of texts.entries()) {
    const read =
      typeof text === "string" ? parseInterface(text) : err(`expected a text, found ${JSON.stringify(text)}`);
    if (!read.ok) return err(`interface ${at + 1}: ${read.error}`);
    const { ia, ifId } = read.value;
    if (ifId === 0 || /^0-|-0$/.test(ia))
      return err(`interface ${at + 1}: expected one interface, found a 0, which stands for any`);
    interfaces.push({ ia, ifId });
  }
  return checkPairs(interfaces);
}

function checkPairs(interfaces: readonly PathInterface[]): Result<readonly PathInterface[], string> {
  if (interfaces.length % 2 !== 0)
    return err(`expected two interfaces for each link, found ${interfaces.length} in all`);
  for (let at = 1; at + 1 < interfaces.length; at += 2) {
    const [into, out] = [interfaces[at] as PathInterface, interfaces[at + 1] as PathInterface];
    if (into.ia !== out.ia)
      return err(`interfaces ${at + 1} and ${at + 2}: expected two of one AS, found ${into.ia} and ${out.ia}`);
  }
  return ok(interfaces);
}

/** Most characters of a line that a message repeats. */
const MAX_FOUND = 40;

function shortened(line: string): string {
  if (line.trim() === "") return "an empty line";
  return line.length <= MAX_FOUND ? line : `${line.slice(0, MAX_FOUND)}...`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const matchCommand = Command.make("match", matchFlags, (input) => reporting(runMatch(input))).pipe(
  Command.withDescription("Say of each path whether a path policy takes it"),
  Command.withExamples([
    {
      command: "pathloom policy match --sequence '0* 1-ff00:0:130 0*' --stdin < paths.ndjson",
      description: "Paths that cross an AS",
    },
    {
      command: "pathloom policy match --acl '- 1-ff00:0:130, +' --stdin < paths.ndjson",
      description: "Paths that avoid it",
    },
  ]),
);

export const policyCommand = Command.make("policy").pipe(
  Command.withDescription("Work with path policies: which paths may be used"),
  Command.withSubcommands([matchCommand]),
);
