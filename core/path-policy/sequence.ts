/**
 * Sequences of the path policy language: a regular language over the hops of a path. `?`, `+` and `*` bind tightest, then `|`,
 * then the blank between hops (scionproto, `antlr/Sequence.g4`).
 */
import { ok } from "../result.ts";
import { formatHopPredicate, type HopPredicate, readHopPredicate } from "./hop-predicate.ts";
import { Cursor, isBlank, isDigit, type Parsed } from "./syntax.ts";

/** Longest sequence, in characters. */
export const MAX_SEQUENCE_LENGTH = 10_000;

/** Most parentheses within each other. */
export const MAX_NESTING = 100;

/** How often something stands there: at most once, at least once, any number of times. */
export type Times = "?" | "+" | "*";

export type Sequence =
  | { readonly kind: "hop"; readonly predicate: HopPredicate }
  /** One after the other; at least two. */
  | { readonly kind: "all"; readonly parts: readonly Sequence[] }
  /** Any one of them; at least two. */
  | { readonly kind: "either"; readonly parts: readonly Sequence[] }
  | { readonly kind: "repeat"; readonly times: Times; readonly of: Sequence };

const A_HOP = 'a hop such as 1-ff00:0:110#41, or "("';

/** The sequence that a text stands for; null for the empty text, which asks for nothing. */
export function parseSequence(text: string): Parsed<Sequence | null> {
  if (text === "") return ok(null);
  const cursor = new Cursor(text);
  if (text.length > MAX_SEQUENCE_LENGTH)
    return cursor.wrong(`the end: a sequence has at most ${MAX_SEQUENCE_LENGTH} characters`, MAX_SEQUENCE_LENGTH);
  const sequence = readAll(cursor, 0);
  if (!sequence.ok || cursor.isAtEnd) return sequence;
  return cursor.wrong(cursor.next === ")" ? 'a "(" before this ")"' : `${A_HOP}, an operator (? + * |) or the end`);
}

function readAll(cursor: Cursor, depth: number): Parsed<Sequence> {
  const parts: Sequence[] = [];
  do {
    const part = readEither(cursor, depth);
    if (!part.ok) return part;
    parts.push(part.value);
    cursor.skipBlanks();
  } while (cursor.next === "(" || isDigit(cursor.next));
  return ok(joined("all", parts));
}

function readEither(cursor: Cursor, depth: number): Parsed<Sequence> {
  const parts: Sequence[] = [];
  do {
    cursor.skipBlanks();
    const part = readRepeated(cursor, depth);
    if (!part.ok) return part;
    parts.push(part.value);
    cursor.skipBlanks();
  } while (cursor.take("|"));
  return ok(joined("either", parts));
}

function joined(kind: "all" | "either", parts: readonly Sequence[]): Sequence {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind, parts };
}

function readRepeated(cursor: Cursor, depth: number): Parsed<Sequence> {
  const of = cursor.next === "(" ? readGroup(cursor, depth) : readHop(cursor);
  if (!of.ok) return of;
  let times: Times | null = null;
  for (;;) {
    cursor.skipBlanks();
    const operator = cursor.next;
    if (operator !== "?" && operator !== "+" && operator !== "*") break;
    cursor.at++;
    // `+?` and every other mixture is any number of times.
    times = times === null || times === operator ? operator : "*";
  }
  return times === null ? of : ok({ kind: "repeat", times, of: of.value });
}

function readGroup(cursor: Cursor, depth: number): Parsed<Sequence> {
  if (depth >= MAX_NESTING) return cursor.wrong(`at most ${MAX_NESTING} parentheses within each other`);
  const start = cursor.at++;
  const within = readAll(cursor, depth + 1);
  if (!within.ok || cursor.take(")")) return within;
  return cursor.wrong(`")" for the "(" in column ${start + 1}, or ${A_HOP}`);
}

function readHop(cursor: Cursor): Parsed<Sequence> {
  if (!isDigit(cursor.next)) return cursor.wrong(A_HOP);
  const predicate = readHopPredicate(cursor, { interfaceOfAnyAs: true, endsAtComma: false });
  if (!predicate.ok) return predicate;
  if (!cursor.isAtEnd && !isBlank(cursor.next) && !"?+*|()".includes(cursor.next))
    return cursor.wrong(expectedBehind(predicate.value, cursor));
  return ok({ kind: "hop", predicate: predicate.value });
}

function expectedBehind({ as, ifIds }: HopPredicate, { text, at }: Cursor): string {
  const operator = "an operator (? + * |), a space or the end";
  if (ifIds.length === 2) return `${operator}: an AS on a path has at most two interfaces`;
  if (ifIds.length === 1) return `"," and a second interface id, ${operator}`;
  const hasInterface = text.lastIndexOf("#", at - 1) > text.lastIndexOf(" ", at - 1);
  if (hasInterface) return operator;
  return as === 0 && text.charAt(at - 1) !== "0"
    ? `"-" and an AS number, ${operator}`
    : `"#" and an interface id, ${operator}`;
}

/** The text of a sequence: parsed again, it is the same. */
export function formatSequence(sequence: Sequence): string {
  switch (sequence.kind) {
    case "hop":
      return formatHopPredicate(sequence.predicate);
    case "all":
      return sequence.parts.map((part) => bracketed(part, part.kind === "all")).join(" ");
    case "either":
      return sequence.parts.map((part) => bracketed(part, part.kind === "all" || part.kind === "either")).join("|");
    default:
      return `${bracketed(sequence.of, sequence.of.kind !== "hop")}${sequence.times}`;
  }
}

function bracketed(sequence: Sequence, needed: boolean): string {
  return needed ? `(${formatSequence(sequence)})` : formatSequence(sequence);
}
