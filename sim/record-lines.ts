/** Single lines of a place's record (actors/record.ts): what each is, or what is wrong with it. */
import {
  type RecordEnd,
  type RecordEntry,
  type RecordHeader,
  type RecordMark,
  type RecordStop,
  RECORD_VERSION,
} from "../actors/record.ts";
import { err, ok, type Result } from "../core/result.ts";

export type RecordLine = RecordEntry | RecordMark | RecordEnd | RecordStop;

/** The first line. */
export function parseHeader(line: string): Result<RecordHeader, string> {
  const header = parseJson(line) as RecordHeader | null;
  if (header === null || Array.isArray(header) || header.pathloom !== "record") {
    return err("this is no Pathloom record; expected its header");
  }
  if (header.version === RECORD_VERSION) return ok(header);
  return err(`record version ${String(header.version)}; this build reads version ${RECORD_VERSION}`);
}

/** Any other line. */
export function parseEntry(line: string): Result<RecordLine, string> {
  const entry = parseJson(line);
  if (!Array.isArray(entry)) return err("expected an entry, a JSON array; the line is damaged");
  const shape = SHAPES[String(entry[0])];
  if (shape === undefined) return err(`unknown kind of entry ${JSON.stringify(entry[0])}`);
  const fits = shape.length === entry.length - 1 && [...shape].every((kind, i) => kindOf(entry[i + 1]) === kind);
  if (!fits) return err(`entry ${JSON.stringify(entry[0])} does not have the fields it must have`);
  return ok(entry as unknown as RecordLine);
}

/** What is said where the entries are not as many as the end mark counts. */
export function countProblem(entries: number, [, , counted]: RecordEnd): string | null {
  return counted === entries ? null : `${entries} entries, but the end mark counts ${counted}: lines are missing`;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Types of an entry's fields after its kind: n number, s text, o object, a array. */
const SHAPES: Readonly<Record<string, string>> = {
  i: "nn",
  p: "nnns",
  f: "nno",
  o: "nnnns",
  r: "na",
  l: "na",
  x: "ns",
  k: "n",
  stop: "s",
  end: "nnoo",
};

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a";
  if (value === null) return "-";
  return { number: "n", string: "s", object: "o" }[typeof value as string] ?? "-";
}
