/** Path policies in files of the user's: found, loaded and checked. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { registerHooks, type ResolveHookSync } from "node:module";
import { basename, extname, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BUILTIN_POLICIES } from "../../actors/selectors/builtin.ts";
import type { Observation, PathView, Policy } from "../../actors/selectors/policy.ts";
import type { RandomStream } from "../../core/rng.ts";
import type { PolicyFile } from "./job.ts";

/** The file is missing, does not load, or holds no policy. `message` is for people. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

const SHAPE = "{name, init(params, paths, flow), choose(state, view, random)}, or a function (view, random) => index";

/** What a module of a policy may export. */
interface PolicyModule {
  readonly default?: unknown;
  /** Of functions: what they observe, and whether they are asked for every packet. */
  readonly observes?: unknown;
  readonly each?: unknown;
}

type Chooser = (view: PathView, random: RandomStream) => number;

const OBSERVATIONS: readonly Observation[] = ["probes", "reports", "load"];

/** Loads the default export of a module, a policy or a function that chooses, and checks its shape. */
export async function loadPolicy(file: string): Promise<Policy> {
  if (!existsSync(file)) throw new PolicyError(`policy file ${file}: no such file`);
  const module = await importModule(file);
  const policy =
    typeof module.default === "function" ? fromFunction(file, module.default as Chooser, module) : module.default;
  return checkPolicy(file, policy);
}

/** Loads policies whose names are known already. */
export function loadPolicies(files: readonly PolicyFile[]): Promise<Policy[]> {
  return Promise.all(files.map(({ file }) => loadPolicy(file)));
}

async function importModule(file: string): Promise<PolicyModule> {
  const hooks = registerHooks({ resolve: asPolicies });
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as PolicyModule;
  } catch (cause) {
    throw new PolicyError(`policy file ${file} does not load: ${describeLoadError(file, cause)}`, { cause });
  } finally {
    hooks.deregister();
  }
}

/** The package's own face, for policies that lie where it is not installed: a chunk lies beside it, this file two folders below. */
const FACE = new URL(import.meta.url.endsWith(".ts") ? "../../index.ts" : "./index.js", import.meta.url).href;

/** What `npm init` writes (`"type": "commonjs"`) would make scripts of files that are modules. */
const asPolicies: ResolveHookSync = (specifier, context, next) => {
  const found = specifier === "pathloom" ? faceOf(next, specifier, context) : next(specifier, context);
  return found.format === "commonjs-typescript" ? { ...found, format: "module-typescript" } : found;
};

function faceOf(next: Parameters<ResolveHookSync>[2], ...request: Parameters<typeof next>): ReturnType<typeof next> {
  try {
    return next(...request);
  } catch {
    return next(FACE, request[1]);
  }
}

/** A function without state; the policy is called after it, or after the file where it has no name. */
function fromFunction(file: string, choose: Chooser, { observes, each }: PolicyModule): unknown {
  const name = choose.name === "" || choose.name === "default" ? basename(file, extname(file)) : choose.name;
  return {
    name,
    ...(observes === undefined ? {} : { observes }),
    ...(each === undefined ? {} : { each }),
    init: () => null,
    choose: (_state: null, view: PathView, random: RandomStream) => choose(view, random),
  };
}

function checkPolicy(file: string, exported: unknown): Policy {
  const place = placeOfExport(file);
  if (exported === undefined) {
    throw new PolicyError(
      `policy file ${file} has no default export; expected \`export default\` and a policy, ${SHAPE}`,
    );
  }
  if (typeof exported !== "object" || exported === null) {
    const found = exported === null ? "null" : `a ${typeof exported}`;
    throw new PolicyError(`policy file ${place}: the default export is ${found}; expected a policy, ${SHAPE}`);
  }
  const policy = exported as Policy;
  const wrong = faultsOf(policy);
  if (wrong.length > 0) {
    throw new PolicyError(
      `policy file ${place}: the default export is no policy: ${wrong.join(", ")}; expected ${SHAPE}`,
    );
  }
  if (BUILTIN_POLICIES.some(({ name }) => name === policy.name)) {
    throw new PolicyError(
      `policy file ${place}: the name ${policy.name} is taken by a policy that ships with Pathloom; choose another`,
    );
  }
  return policy;
}

function faultsOf(policy: Policy): string[] {
  const { name, observes, each } = policy;
  const isKnown = (one: unknown): boolean => OBSERVATIONS.some((observation) => observation === one);
  const optional = ["probing", "reporting", "reconsider", "update"] as const;
  return [
    ...(typeof name === "string" && /^[^\s,:=]+$/.test(name)
      ? []
      : ["name must be text without spaces, commas, colons and ="]),
    ...(typeof policy.init === "function" ? [] : ["init must be a function"]),
    ...(typeof policy.choose === "function" ? [] : ["choose must be a function"]),
    ...optional.flatMap((key) =>
      policy[key] === undefined || typeof policy[key] === "function" ? [] : [`${key} must be a function`],
    ),
    ...(observes === undefined || (Array.isArray(observes) && observes.every(isKnown))
      ? []
      : [`observes must be a list of ${OBSERVATIONS.join(", ")}`]),
    ...(each === undefined || each === "change" || each === "packet" ? [] : ["each must be change or packet"]),
  ];
}

/** `file:line` of the default export, or the file where no line begins with it. */
function placeOfExport(file: string): string {
  const line = readFileSync(file, "utf8")
    .split("\n")
    .findIndex((text) => /^\s*export\s+(default\b|\{[^}]*\bas\s+default\b)/.test(text));
  return line < 0 ? file : `${file}:${line + 1}`;
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
