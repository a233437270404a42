/**
 * The processes in the namespaces: each is Node with one module, and speaks with its parent over a channel of messages (structured
 * clones). They are in sessions of their own, so that Ctrl-C reaches the parent alone. Whatever ends one, the parent is told.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { IA } from "../../core/address.ts";

/** As of nice(1): before what runs with 0. */
const PRIORITY = -10;

export interface ChildrenOptions {
  /** ASes by place. */
  readonly places: readonly IA[];
  /** Their namespaces. */
  readonly names: readonly string[];
  readonly entry: URL;
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly onMessage: (place: number, message: unknown) => void;
  /** A line that a child wrote on its standard error. */
  readonly onText?: (place: number, line: string) => void;
  /** It ended, `how` says in a few words how: `killed by SIGKILL`, `exit code 1`. Not called once the scope has ended. */
  readonly onEnd: (place: number, how: string) => void;
}

export interface Children {
  /** By place. */
  readonly pids: readonly number[];
  /** What a child that has ended is told is lost. */
  send(place: number, message: unknown): void;
  sendAll(message: unknown): void;
}

/** Started in their namespaces; killed when the scope ends. */
export function startChildren(options: ChildrenOptions): Effect.Effect<Children, never, Scope.Scope> {
  const start = Effect.sync(() => options.places.map((_, place) => startChild(options, place)));
  const children = Effect.acquireRelease(start, (started) => Effect.promise(() => Promise.all(started.map(end))));
  return Effect.map(children, (started) => {
    const send = (place: number, message: unknown): void => tell(started[place] as ChildProcess, message);
    return {
      pids: started.map(({ pid }) => pid ?? -1),
      send,
      sendAll: (message) => started.forEach((child) => tell(child, message)),
    };
  });
}

function startChild(options: ChildrenOptions, place: number): ChildProcess {
  const { names, entry, args = [], execArgv = [], onMessage, onText, onEnd } = options;
  const command = [process.execPath, ...execArgv, fileURLToPath(entry), ...args];
  // `ip netns exec` becomes the program: the channel and the process number are the child's.
  const child = spawn("ip", ["netns", "exec", names[place] as string, ...command], {
    detached: true,
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  if (child.pid !== undefined) favour(child.pid);
  child.on("message", (message) => onMessage(place, message));
  child.stderr?.setEncoding("utf8").on(
    "data",
    linesOf((line) => onText?.(place, line)),
  );
  child.on("error", (error) => onEnd(place, error.message));
  // Once its last words have been read.
  child.on("close", (code, signal) => onEnd(place, signal === null ? `exit code ${code}` : `killed by ${signal}`));
  return child;
}

/** They are timed, and whoever makes namespaces may say so to the system. */
function favour(pid: number): void {
  try {
    setPriority(pid, PRIORITY);
  } catch {
    // Not allowed: then it is late more often, and says so.
  }
}

/** What a child that is gone has not read is no fault of the parent's. */
function tell(child: ChildProcess, message: unknown): void {
  if (child.connected) child.send(message as object, () => {});
}

function end(child: ChildProcess): Promise<void> {
  for (const event of ["message", "close", "error"]) child.removeAllListeners(event);
  child.on("error", () => {});
  child.stderr?.destroy();
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((ended) => {
    child.once("exit", () => ended());
    child.kill("SIGKILL");
    if (child.connected) child.disconnect();
  });
}

/** Whole lines of a text that comes in pieces, empty ones left out. */
function linesOf(take: (line: string) => void): (piece: string) => void {
  let rest = "";
  return (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") take(line);
  };
}
