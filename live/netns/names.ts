/**
 * Names of network namespaces, from which anybody can tell whose they are: `pl`, five digits (base 36) of the process that made
 * them, four of when that process began, a hyphen, and three digits of their own. 15 characters, as device names may have.
 */
import { readdirSync, readFileSync } from "node:fs";

const NAME = /^pl([0-9a-z]{5})([0-9a-z]{4})-([0-9a-z]{3})$/;
const RADIX = 36;
/** Processes that begin so many ticks apart (4.7 hours at 100 Hz) and have one number count as one. */
const BEGINS = RADIX ** 4;
/** Namespaces that one process can name. */
export const NAMES = RADIX ** 3;
/** Where iproute2 keeps them. */
export const FOLDER = "/run/netns";

/** What names of this process's namespaces begin with. Linux only. */
export function ownPrefix(): string {
  return `pl${digits(process.pid, 5)}${digits(beginOf(process.pid) ?? 0, 4)}-`;
}

/** The n-th name with a prefix, 0 to `NAMES` - 1. */
export function namespaceName(prefix: string, n: number): string {
  return `${prefix}${digits(n, 3)}`;
}

/** A namespace that some Pathloom made, and the process that did. */
export interface Made {
  readonly name: string;
  readonly pid: number;
  /** Does that process still run? */
  readonly living: boolean;
}

/** Namespaces of Pathloom's that stand on this machine, in order of name. */
export function madeByPathloom(): Made[] {
  return namespacesHere().flatMap((name) => {
    const [, pid = "", begin = ""] = NAME.exec(name) ?? [];
    return pid === "" ? [] : [{ name, ...ownerOf(pid, begin) }];
  });
}

function ownerOf(pid: string, begin: string): Omit<Made, "name"> {
  const number = parseInt(pid, RADIX);
  return { pid: number, living: beginOf(number) === parseInt(begin, RADIX) };
}

function namespacesHere(): string[] {
  try {
    return readdirSync(FOLDER).sort();
  } catch {
    // Made with the first namespace.
    return [];
  }
}

function digits(value: number, length: number): string {
  return value.toString(RADIX).padStart(length, "0");
}

/** Ticks between the machine's start and the process's, as far as names hold them; null: there is no such process. */
function beginOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22 (proc_pid_stat(5)); the second, in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended, whoever has not asked for its end yet.
    return fields[0] === "Z" ? null : Number(fields[19]) % BEGINS;
  } catch {
    return null;
  }
}
