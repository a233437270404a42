/** For tests: runs the command line from source, as a user would, a few processes at a time. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const NODE_COMPILE_CACHE = join(ROOT, "node_modules/.cache/compiled");

/** More at once would only slow each other down, and the live runs among them are timed. */
const AT_ONCE = 2;

export interface Outcome {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the child once it runs. */
  readonly onStart?: (child: ChildProcess) => void;
  readonly entry?: string;
  /** Words before the command: a program that runs it. */
  readonly under?: readonly string[];
  /** What stands on stdin; nothing where it is left out. */
  readonly input?: string;
}

const waiting: (() => void)[] = [];
const running = new Set<object>();

/** Runs `pathloom ARGS` in the project's folder and waits for its end. */
export async function pathloom(args: readonly string[], options: ChildOptions = {}): Promise<Outcome> {
  if (running.size >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  const mark = {};
  running.add(mark);
  try {
    return await outcomeOf(start(args, options));
  } finally {
    running.delete(mark);
    waiting.shift()?.();
  }
}

function start(
  args: readonly string[],
  { env = {}, onStart, entry = "cli/main.ts", under = [], input }: ChildOptions,
): ChildProcess {
  const [program = "", ...words] = [...under, process.execPath, entry, ...args];
  const child = spawn(program, words, {
    cwd: ROOT,
    // Compiled once, not once a child: most of a short command's time.
    env: { ...process.env, NO_COLOR: "1", NODE_COMPILE_CACHE, ...env },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.stdin?.end(input);
  onStart?.(child);
  return child;
}

/** For `onStart`: Ctrl-C as soon as the child has come so far, however long that takes. */
export function interruptWhen(ready: () => boolean): (child: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (!ready()) return;
      clearInterval(timer);
      child.kill("SIGINT");
    }, 20);
    child.once("close", () => clearInterval(timer));
  };
}

function outcomeOf(child: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on("data", (piece: Buffer) => out.push(piece));
    child.stderr?.on("data", (piece: Buffer) => err.push(piece));
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** A folder for a test file's own files; gone when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pathloom-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file and gives its path. */
export function writeText(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A policy's source: `choose` is the text of its function. */
export function policySource(name: string, choose: string): string {
  return `export default { name: ${JSON.stringify(name)}, init: () => null, choose: ${choose} };\n`;
}
