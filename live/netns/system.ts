/** The programs `ip` and `tc` (iproute2), called for many commands at once. What they refuse is one clear sentence. */
import { spawnSync } from "node:child_process";

/** Namespaces cannot be made or used here. `message` is for people. */
export class NamespaceError extends Error {
  override readonly name = "NamespaceError";
}

/** Longest that the system may take for one batch. */
const LIMIT_MS = 60_000;

interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  /** What the program complained of, one line. */
  readonly complaint: string;
}

/** Runs `ip` or `tc`; `namespace`: in which one. Throws where there is no such program. */
export function run(
  program: "ip" | "tc",
  args: readonly string[],
  { namespace, input }: { readonly namespace?: string; readonly input?: string } = {},
): Outcome {
  const all = namespace === undefined ? args : ["-n", namespace, ...args];
  const done = spawnSync(program, all, { input: input ?? "", encoding: "utf8", timeout: LIMIT_MS });
  if (done.error !== undefined) {
    const missing = (done.error as NodeJS.ErrnoException).code === "ENOENT";
    throw new NamespaceError(
      missing
        ? `network namespaces need the program ${program}: install iproute2 (Debian: apt-get install iproute2)`
        : `${program} could not be run: ${done.error.message}`,
    );
  }
  return { ok: done.status === 0, stdout: done.stdout, complaint: firstLine(done.stderr) };
}

/** Runs commands one after the other; the first that fails throws, with `doing` in the message. */
export function batch(program: "ip" | "tc", commands: readonly string[], doing: string, namespace?: string): void {
  if (commands.length === 0) return;
  const input = commands.map((command) => `${command}\n`).join("");
  const done = run(program, ["-batch", "-"], namespace === undefined ? { input } : { namespace, input });
  if (!done.ok) throw new NamespaceError(`${doing}: ${done.complaint || `${program} failed`}`);
}

/** Why no namespace can be made by this process; null: it is worth trying. */
export function namespaceProblem(): string | null {
  if (process.platform !== "linux") return "network namespaces are Linux's: --netns does not work on this system";
  if (process.getuid?.() !== 0) return "network namespaces need root: run it with sudo, or without --netns";
  try {
    run("ip", ["-V"]);
    return null;
  } catch (cause) {
    return (cause as Error).message;
  }
}

function firstLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("Command failed")) ?? "";
}
