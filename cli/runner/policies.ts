/** Path policies in files of the user's: found, loaded and checked. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BUILTIN_POLICIES } from "../../actors/selectors/builtin.ts";
import type { Policy } from "../../actors/selectors/policy.ts";
import type { PolicyFile } from "./job.ts";

/** The file is missing, does not load, or holds no policy. `message` is for people. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

const SHAPE = "{name, init(params, paths), choose(state, view, random)}";

/** Loads the default export of a module and checks that it is a policy. */
export async function loadPolicy(file: string): Promise<Policy> {
  if (!existsSync(file)) throw new PolicyError(`policy file ${file}: no such file`);
  return checkPolicy(file, await importDefault(file));
}

/** Loads policies whose names are known already. */
export function loadPolicies(files: readonly PolicyFile[]): Promise<Policy[]> {
  return Promise.all(files.map(({ file }) => loadPolicy(file)));
}

async function importDefault(file: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown };
    return module.default;
  } catch (cause) {
    throw new PolicyError(`policy file ${file} does not load: ${describeLoadError(file, cause)}`, { cause });
  }
}

function checkPolicy(file: string, exported: unknown): Policy {
  if (exported === undefined) {
    throw new PolicyError(
      `policy file ${file} has no default export; expected \`export default\` and a policy, ${SHAPE}`,
    );
  }
  if (typeof exported !== "object" || exported === null) {
    throw new PolicyError(
      `policy file ${file}: the default export is a ${typeof exported}; expected a policy, ${SHAPE}`,
    );
  }
  const policy = exported as Policy;
  const wrong = [
    ...(typeof policy.name === "string" && policy.name !== "" ? [] : ["name must be text"]),
    ...(typeof policy.init === "function" ? [] : ["init must be a function"]),
    ...(typeof policy.choose === "function" ? [] : ["choose must be a function"]),
  ];
  if (wrong.length > 0) {
    throw new PolicyError(
      `policy file ${file}: the default export is no policy: ${wrong.join(", ")}; expected ${SHAPE}`,
    );
  }
  if (BUILTIN_POLICIES.some(({ name }) => name === policy.name)) {
    throw new PolicyError(
      `policy file ${file}: the name ${policy.name} is taken by a policy that ships with Pathloom; choose another`,
    );
  }
  return policy;
}

/** What is wrong, and `file:line` where that can be found out. */
function describeLoadError(file: string, cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const [first = ""] = cause.message.replace(/^Transform failed with \d+ errors?:\s*/, "").split("\n");
  const reason = first.replace(/^.*?:\d+:\d+: ERROR: /, "");
  const place =
    placeIn(`${cause.stack ?? ""}\n${cause.message}`) ??
    (cause instanceof SyntaxError ? placeOfSyntaxError(file) : null);
  return place === null ? reason : `${place}: ${reason}`;
}

/** The first `file:line` outside Node and packages. */
function placeIn(text: string): string | null {
  for (const [, path = "", line] of text.matchAll(/(?:^|[\s(])((?:file:\/\/)?\/[^\s():]+):(\d+)/gm)) {
    if (path.includes("/node_modules/")) continue;
    const plain = path.startsWith("file:") ? fileURLToPath(path.replace(/\?.*$/, "")) : path;
    const shown = relative(process.cwd(), plain);
    return `${shown.startsWith("..") ? plain : shown}:${line}`;
  }
  return null;
}

/** The engine keeps the place of a module's syntax error to itself; `node --check` prints it. */
function placeOfSyntaxError(file: string): string | null {
  const { stderr } = spawnSync(process.execPath, ["--check", file], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return placeIn(stderr ?? "");
}
