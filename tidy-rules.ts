/**
 * The house rules that a program can check (docs/architecture.md, section 7): pure functions from a source's text to
 * findings. `tidy.test.ts` tries each on samples and then runs all of them over the tree.
 */
import { type Node, type Program, parseSync, visitorKeys } from "oxc-parser";

export interface Source {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  /** Top folder; "" for files at the root. */
  readonly folder: string;
  readonly isTest: boolean;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export type Rule = (source: Source) => Finding[];

type FunctionNode = Extract<Node, { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }>;
type CallNode = Extract<Node, { type: "CallExpression" }>;
type ObjectNode = Extract<Node, { type: "ObjectExpression" }>;

/** Folders whose code runs unchanged in every world, a browser tab included. */
export const LOGIC_FOLDERS = ["core", "actors", "sim", "topologies"];

const MAX_FILE_LINES = 600;
const MAX_FUNCTION_LINES = 70;

const NO_CLOCK = "read env.now";
const NO_TIMER = "ask env.send(env.self, event, delay)";
const SYNCHRONOUS = "logic is synchronous; answer with an event";

/** Global names that logic must not touch, and what to use in their place. */
const BANNED_GLOBALS = new Map([
  ["Date", NO_CLOCK],
  ["performance", NO_CLOCK],
  ["setTimeout", NO_TIMER],
  ["setInterval", NO_TIMER],
  ["setImmediate", "ask env.send(env.self, event, 0)"],
  ["queueMicrotask", "ask env.send(env.self, event, 0)"],
  ["clearTimeout", "ask env.cancel(handle)"],
  ["clearInterval", "ask env.cancel(handle)"],
  ["clearImmediate", "ask env.cancel(handle)"],
  ["Promise", SYNCHRONOUS],
  ["process", "take what you need as input"],
  ["Buffer", "use Uint8Array and DataView"],
  ["fetch", "take the data as input"],
  ["WebSocket", "send through env"],
  ["crypto", "use @noble for crypto, env.random(purpose) for draws"],
  ["console", "use env.trace"],
  ["globalThis", "name what you need"],
  ["require", "use import"],
  ["FinalizationRegistry", "its moment depends on the garbage collector"],
  ["WeakRef", "its moment depends on the garbage collector"],
]);

/** Results of these differ between engines; core/math.ts has our own. */
const BANNED_MATH = new Set(
  "pow exp expm1 log log10 log1p log2 sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh cbrt hypot".split(
    " ",
  ),
);

/** XState's own ways to reach other actors or the clock. */
const BANNED_XSTATE = new Map([
  ["sendTo", "use env.send"],
  ["sendParent", "use env.send"],
  ["forwardTo", "use env.send"],
  ["spawnChild", "use env.spawn"],
  ["stopChild", "use env.stop"],
  ["fromPromise", SYNCHRONOUS],
  ["fromCallback", "write a machine, or plain actor logic"],
  ["fromObservable", "write a machine, or plain actor logic"],
  ["fromEventObservable", "write a machine, or plain actor logic"],
]);

export function parse(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text, { sourceType: "module" });
  const [first] = errors;
  if (first !== undefined) throw new Error(`${path}: ${first.message}`);
  const folder = path.includes("/") ? (path.split("/")[0] ?? "") : "";
  return { path, text, program, folder, isTest: path.endsWith(".test.ts") };
}

/** Calls `visit` on every node with the chain of its parents, nearest last. */
export function walk(node: Node, visit: (node: Node, parents: readonly Node[]) => void, parents: Node[] = []): void {
  visit(node, parents);
  parents.push(node);
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | null | (Node | null)[]>)[key];
    for (const one of Array.isArray(child) ? child : [child]) {
      if (one !== null && one !== undefined) walk(one, visit, parents);
    }
  }
  parents.pop();
}

export function finding(source: { path: string; text: string }, offset: number, message: string): Finding {
  return { path: source.path, line: lineAt(source.text, offset), message };
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

function isLogic(source: Source): boolean {
  return LOGIC_FOLDERS.includes(source.folder) && !source.isTest;
}

/** Clocks, timers, promises, the process: logic reaches none of them. */
export const bannedGlobals: Rule = (source) => {
  if (!isLogic(source)) return [];
  const declared = declaredNames(source.program);
  const found: Finding[] = [];
  walk(source.program, (node, parents) => {
    if (node.type !== "Identifier" || declared.has(node.name) || !isReference(node, parents.at(-1))) return;
    const instead = BANNED_GLOBALS.get(node.name);
    if (instead !== undefined) found.push(finding(source, node.start, `${node.name} is banned in logic: ${instead}`));
  });
  return found;
};

/** Math's transcendental functions and `**` in logic; Math.random everywhere, tests included. */
export const bannedMath: Rule = (source) => {
  const logic = isLogic(source);
  const found: Finding[] = [];
  const report = (node: Node, message: string): void => void found.push(finding(source, node.start, message));
  walk(source.program, (node, parents) => {
    if (node.type === "Identifier" && node.name === "Math") {
      const name = propertyOf(node, parents.at(-1));
      if (name === "random") report(node, "Math.random is banned: draw from env.random(purpose) or a seeded stream");
      else if (logic && name !== null && BANNED_MATH.has(name))
        report(node, `Math.${name} is banned: use core/math.ts`);
      else if (logic && name === null) report(node, "Math may only be used as Math.name, so that banned names show");
    }
    const power =
      (node.type === "BinaryExpression" && node.operator === "**") ||
      (node.type === "AssignmentExpression" && node.operator === "**=");
    if (logic && power) report(node, "** is banned: engines differ; multiply, shift, or use core/math.ts");
  });
  return found;
};

/** async, await and dynamic imports have no place in logic. */
export const noAsync: Rule = (source) => {
  if (!isLogic(source)) return [];
  const found: Finding[] = [];
  walk(source.program, (node) => {
    const asynchronous =
      node.type === "AwaitExpression" ||
      node.type === "ImportExpression" ||
      (node.type === "ForOfStatement" && node.await) ||
      (isFunction(node) && node.async);
    if (asynchronous) found.push(finding(source, node.start, `async code is banned: ${SYNCHRONOUS}`));
  });
  return found;
};

export const noForIn: Rule = (source) => {
  const found: Finding[] = [];
  walk(source.program, (node) => {
    if (node.type !== "ForInStatement") return;
    found.push(finding(source, node.start, "for...in is banned: use for...of over Object.keys, or a Map"));
  });
  return found;
};

/** Two runs in one process must never touch each other. */
export const noModuleState: Rule = (source) => {
  if (source.isTest) return [];
  return source.program.body.flatMap((statement) => {
    const inner = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (inner?.type !== "VariableDeclaration" || !["let", "var"].includes(inner.kind)) return [];
    return [
      finding(
        source,
        inner.start,
        `module-level ${inner.kind} is banned: put the state into an object that is passed on`,
      ),
    ];
  });
};

export const fileLength: Rule = (source) => {
  const lines = source.text.trimEnd().split("\n").length;
  if (lines <= MAX_FILE_LINES) return [];
  return [{ path: source.path, line: lines, message: `${lines} lines: split the file (at most ${MAX_FILE_LINES})` }];
};

export const functionLength: Rule = (source) => {
  const found: Finding[] = [];
  walk(source.program, (node) => {
    if (!isFunction(node) || node.body === null) return;
    const { start, end, type } = node.body;
    const braces = type === "BlockStatement" ? 1 : -1;
    const lines = lineAt(source.text, end) - lineAt(source.text, start) - braces;
    if (lines <= MAX_FUNCTION_LINES) return;
    found.push(finding(source, node.start, `a function of ${lines} lines: split it (at most ${MAX_FUNCTION_LINES})`));
  });
  return found;
};

/** Machines have an id, and neither timers nor children of their own. */
export const machines: Rule = (source) => {
  if (source.isTest) return [];
  const found: Finding[] = [];
  const report = (node: Node, message: string): void => void found.push(finding(source, node.start, message));
  walk(source.program, (node) => {
    if (node.type !== "CallExpression") return;
    const [config] = node.arguments;
    if (calleeName(node) === "setup" && config?.type === "ObjectExpression") {
      const delays = property(config, "delays");
      if (delays !== undefined) report(delays, `delays are banned: ${NO_TIMER}`);
    }
    if (calleeName(node) !== "createMachine") return;
    if (config?.type !== "ObjectExpression") return report(node, "write the machine's config in place");
    if (property(config, "id") === undefined) report(node, "a machine needs an id");
    for (const banned of bannedStateKeys(config))
      report(banned, `after and invoke are banned in machines: ${NO_TIMER}`);
  });
  return found;
};

/** Events between actors, timers and children go through Env. */
export const xstateCalls: Rule = (source) => {
  if (source.isTest || !/from "xstate/.test(source.text)) return [];
  const found: Finding[] = [];
  const report = (node: Node, message: string): void => void found.push(finding(source, node.start, message));
  walk(source.program, (node) => {
    if (node.type !== "CallExpression") return;
    const name = calleeName(node);
    const instead = name === null ? undefined : BANNED_XSTATE.get(name);
    if (instead !== undefined) report(node, `${name} is banned: ${instead}`);
    if (name === "raise" && node.arguments.length > 1) report(node, `a delayed raise is banned: ${NO_TIMER}`);
    if (node.callee.type === "Identifier" && name === "spawn") report(node, "XState's spawn is banned: use env.spawn");
  });
  return found;
};

/** What drives actors: the shared half of the drivers, and the endpoint of a protocol of one's own. */
const DRIVERS: ReadonlySet<string> = new Set([
  "actors/world.ts",
  "actors/protocol-endpoint.ts",
  "actors/channel/program-host.ts",
]);

/** Inside actors only an Env is sent to, or a connector, which is a socket; the drivers hand events to XState. */
export const directSend: Rule = (source) => {
  if (source.folder !== "actors" || source.isTest || DRIVERS.has(source.path)) return [];
  const found: Finding[] = [];
  walk(source.program, (node) => {
    if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression" || calleeName(node) !== "send")
      return;
    if (mayBeSentTo(node.callee.object)) return;
    found.push(finding(source, node.start, "a direct send nests calls and runs depth-first: use env.send"));
  });
  return found;
};

export const noSessionId: Rule = (source) => {
  const found: Finding[] = [];
  walk(source.program, (node) => {
    if (node.type !== "Identifier" || node.name !== "sessionId") return;
    found.push(finding(source, node.start, "sessionId counts through the process: use the actor's stable id"));
  });
  return found;
};

/** All rules that look at one source at a time. */
export const SOURCE_RULES: Readonly<Record<string, Rule>> = {
  bannedGlobals,
  bannedMath,
  noAsync,
  noForIn,
  noModuleState,
  fileLength,
  functionLength,
  machines,
  xstateCalls,
  directSend,
  noSessionId,
};

function isFunction(node: Node): node is FunctionNode {
  return ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(node.type);
}

/** Name of what is called: `f(...)` and `a.b.f(...)` are both calls of `f`. */
function calleeName(call: CallNode): string | null {
  const callee = call.callee;
  if (callee.type === "Identifier") return callee.name;
  return callee.type === "MemberExpression" && callee.property.type === "Identifier" ? callee.property.name : null;
}

function mayBeSentTo(object: Node): boolean {
  if (object.type === "Identifier") return object.name === "env" || object.name === "connector";
  if (object.type === "CallExpression") return calleeName(object) === "envOf";
  return (
    object.type === "MemberExpression" &&
    (object.property.type === "Identifier" || object.property.type === "PrivateIdentifier") &&
    object.property.name === "env"
  );
}

function keyName(node: Node): string | null {
  if (node.type !== "Property" || node.computed) return null;
  if (node.key.type === "Identifier") return node.key.name;
  return node.key.type === "Literal" ? String(node.key.value) : null;
}

function property(object: ObjectNode, name: string): Node | undefined {
  return object.properties.find((member) => keyName(member) === name);
}

/** `after` and `invoke` anywhere in a machine's config but in its context, where they are ordinary words. */
function bannedStateKeys(config: ObjectNode): Node[] {
  const found: Node[] = [];
  walk(config, (node, parents) => {
    const name = keyName(node);
    if (name !== "after" && name !== "invoke") return;
    if (!parents.some((parent) => keyName(parent) === "context")) found.push(node);
  });
  return found;
}

function propertyOf(object: Node, parent: Node | undefined): string | null {
  if (parent?.type !== "MemberExpression" || parent.object !== object) return null;
  if (parent.property.type === "Literal") return String(parent.property.value);
  return !parent.computed && parent.property.type === "Identifier" ? parent.property.name : null;
}

/** False for names of members and labels, which only look like the global of that name. */
function isReference(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return true;
  if (parent.type === "MemberExpression") return parent.object === node || parent.computed;
  if (parent.type === "TSQualifiedName") return parent.left === node;
  if ("key" in parent && parent.key === node) return "computed" in parent && parent.computed;
  return !["ImportSpecifier", "ExportSpecifier", "TSNamedTupleMember", "MetaProperty"].includes(parent.type);
}

/**
 * Names that the file itself declares somewhere, scopes left aside: a method's parameter called `process` is not the
 * global. (The linter's rule for the same names knows scopes, and catches what this lets through.)
 */
function declaredNames(program: Program): ReadonlySet<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    if (isFunction(node) || node.type === "TSFunctionType" || node.type === "TSMethodSignature") {
      for (const parameter of node.params) addPattern(parameter, names);
    }
    if (node.type === "VariableDeclarator") addPattern(node.id, names);
    if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") names.add(node.id?.name ?? "");
    if (node.type === "TSTypeAliasDeclaration" || node.type === "TSInterfaceDeclaration") names.add(node.id.name);
    if (node.type === "ImportSpecifier" || node.type === "ImportDefaultSpecifier") names.add(node.local.name);
  });
  return names;
}

function addPattern(pattern: Node, names: Set<string>): void {
  walk(pattern, (node, parents) => {
    const parent = parents.at(-1);
    const isKey = parent?.type === "Property" && parent.key === node && !parent.shorthand;
    if (node.type === "Identifier" && !isKey && !parents.some(isValueOrType)) names.add(node.name);
    function isValueOrType(above: Node): boolean {
      return above.type.startsWith("TSType") || (above.type === "AssignmentPattern" && contains(above.right, node));
    }
  });
}

function contains(outer: Node, inner: Node): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}
