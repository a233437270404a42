/** Empty namespaces with names nobody has, and their end. */
import { randomInt } from "node:crypto";
import { namespaceName, NAMES, ownPrefix } from "./names.ts";
import { batch, NamespaceError, run } from "./system.ts";

/** Another run of this very process may have taken the same names. */
const TRIES = 8;

/** Makes them. Throws `NamespaceError`. */
export function reserveNamespaces(count: number): string[] {
  const prefix = ownPrefix();
  for (let tries = 1; ; tries++) {
    const first = randomInt(NAMES - count);
    const names = Array.from({ length: count }, (_, n) => namespaceName(prefix, first + n));
    const made: string[] = [];
    try {
      for (const name of names) {
        batch("ip", [`netns add ${name}`], "the system makes no network namespace");
        made.push(name);
      }
      return names;
    } catch (cause) {
      removeNamespaces(made);
      const taken = cause instanceof NamespaceError && cause.message.includes("File exists");
      if (!taken || tries === TRIES) throw cause;
    }
  }
}

/**
 * Ends what runs in them, and removes them; what is gone already is no fault.
 * @returns how many processes were ended
 */
export function removeNamespaces(names: readonly string[]): number {
  let ended = 0;
  for (const name of names) {
    const { stdout } = run("ip", ["netns", "pids", name]);
    for (const pid of stdout.split("\n").filter((line) => /^\d+$/.test(line))) {
      if (kill(Number(pid))) ended++;
    }
    run("ip", ["netns", "del", name]);
  }
  return ended;
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    // It ended meanwhile.
    return false;
  }
}
