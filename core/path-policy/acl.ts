/**
 * Access control lists of the path policy language: entries `+` or `-` with a hop predicate (left out: everything). For each
 * interface of a path the first entry that matches decides; a path is allowed when all its interfaces are (scionproto, `pathpol/acl.go`).
 */
import { err, ok, type Result } from "../result.ts";
import {
  formatHopPredicate,
  type Hop,
  type HopPredicate,
  matchesAll,
  matchesInterface,
  readHopPredicate,
} from "./hop-predicate.ts";
import { Cursor, isBlank, isDigit, type Parsed } from "./syntax.ts";

/** Most entries of one list. */
export const MAX_ACL_ENTRIES = 1_000;

export interface AclEntry {
  readonly allow: boolean;
  readonly predicate: HopPredicate;
}

const EVERYTHING: HopPredicate = { isd: 0, as: 0, ifIds: [] };

/** One entry as it stands in a file: `- 1-ff00:0:110#41`, `+`. */
export function parseAclEntry(text: string): Parsed<AclEntry> {
  const cursor = new Cursor(text);
  const entry = readEntry(cursor, false);
  if (!entry.ok) return entry;
  cursor.skipBlanks();
  return cursor.isAtEnd ? entry : cursor.wrong("the end of the entry");
}

/** A whole list in one text, entries with blanks or commas between them: `- 1-ff00:0:110, - 2 +`. */
export function parseAclLine(text: string): Parsed<readonly AclEntry[]> {
  const cursor = new Cursor(text);
  const entries: AclEntry[] = [];
  cursor.skipBlanks();
  while (!cursor.isAtEnd) {
    const entry = readEntry(cursor, true);
    if (!entry.ok) return entry;
    entries.push(entry.value);
    cursor.skipBlanks();
    if (cursor.take(",")) cursor.skipBlanks();
  }
  return entries.length === 0 ? cursor.wrong('"+" or "-"') : ok(entries);
}

function readEntry(cursor: Cursor, inLine: boolean): Parsed<AclEntry> {
  cursor.skipBlanks();
  const allow = cursor.take("+");
  if (!allow && !cursor.take("-")) return cursor.wrong('"+" or "-"');
  const isAlone = cursor.isAtEnd || (inLine && cursor.next === ",");
  if (!isAlone && !isBlank(cursor.next)) return cursor.wrong(`a space behind "${allow ? "+" : "-"}"`);
  cursor.skipBlanks();
  if (cursor.isAtEnd || (inLine && !isDigit(cursor.next))) return ok({ allow, predicate: EVERYTHING });
  const predicate = readHopPredicate(cursor, { interfaceOfAnyAs: false, endsAtComma: inLine });
  if (!predicate.ok) return predicate;
  const isOver = cursor.isAtEnd || isBlank(cursor.next) || (inLine && cursor.next === ",");
  return isOver ? ok({ allow, predicate: predicate.value }) : cursor.wrong(expectedBehind(predicate.value, cursor));
}

function expectedBehind({ ifIds }: HopPredicate, { next }: Cursor): string {
  if (ifIds.length === 2) return "the end of the entry: an AS on a path has at most two interfaces";
  return next === "-" ? "the end of the entry, or # and an interface id" : "the end of the entry";
}

/** What is wrong with a list as a whole. */
export interface AclFault {
  /** The entry, from 0. */
  readonly entry: number;
  readonly expected: string;
  readonly found: string;
}

/** The last entry, and it alone, must match everything. */
export function checkAcl(entries: readonly AclEntry[]): Result<readonly AclEntry[], AclFault> {
  const fault = (entry: number, expected: string, found: string): Result<never, AclFault> =>
    err({ entry, expected, found });
  if (entries.length > MAX_ACL_ENTRIES)
    return fault(MAX_ACL_ENTRIES, `at most ${MAX_ACL_ENTRIES} entries`, String(entries.length));
  const last = entries.at(-1);
  if (last === undefined) return fault(0, 'a last entry that matches everything, "+" or "-"', "no entry");
  const catchAll = entries.findIndex(({ predicate }) => matchesAll(predicate));
  if (catchAll < 0) {
    const found = JSON.stringify(formatAclEntry(last));
    return fault(entries.length - 1, 'a last entry that matches everything, "+" or "-"', found);
  }
  if (catchAll === entries.length - 1) return ok(entries);
  const found = `${entries.length - catchAll - 1} more behind ${JSON.stringify(formatAclEntry(entries[catchAll] as AclEntry))}`;
  return fault(catchAll + 1, "nothing behind the entry that matches everything", found);
}

/** The shortest text of an entry. */
export function formatAclEntry({ allow, predicate }: AclEntry): string {
  const sign = allow ? "+" : "-";
  return matchesAll(predicate) ? sign : `${sign} ${formatHopPredicate(predicate)}`;
}

/** Whether every interface of the path is allowed. */
export function isAllowed(entries: readonly AclEntry[], hops: readonly Hop[]): boolean {
  return hops.every(
    (hop) =>
      (hop.ingress === 0 || allowsInterface(entries, hop, true)) &&
      (hop.egress === 0 || allowsInterface(entries, hop, false)),
  );
}

function allowsInterface(entries: readonly AclEntry[], hop: Hop, isIngress: boolean): boolean {
  return entries.find(({ predicate }) => matchesInterface(predicate, hop, isIngress))?.allow === true;
}
