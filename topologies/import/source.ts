/** The texts that a topology is imported from, and what can be wrong with any text. */
import { err, ok, type Result } from "../../core/result.ts";
import type { ReadFile } from "../yaml.ts";
import { type Finding, type Place, type Problem, ProblemList, shown } from "../problems.ts";

/** One file, read as UTF-8. */
export interface SourceFile {
  /** Names the text in problems. */
  readonly path: string;
  readonly text: string;
}

/** What stands behind one TOPOLOGY: a file, or every JSON file of a folder. */
export interface TopologySource {
  /** As given: names the network where the files do not. */
  readonly path: string;
  readonly folder: boolean;
  readonly files: readonly SourceFile[];
  /** Positions, latencies and rates for a `.topo` file. */
  readonly staticInfo: SourceFile | null;
  /** Reads files that the topology itself names (traces of rates), seen from beside it. Left out: it may name none. */
  readonly readFile?: ReadFile;
}

/** Most bytes that one topology may have, all its files together. */
export const MAX_TOPOLOGY_SIZE = 64 * 1_048_576;

/** A text with the problems found in it, each at an offset. */
export class TextFile {
  readonly file: string;
  readonly text: string;
  readonly #problems: ProblemList;
  #lineStarts: readonly number[] | null = null;

  constructor({ path, text }: SourceFile) {
    this.file = path;
    this.text = text;
    this.#problems = new ProblemList(path);
  }

  get problems(): readonly Problem[] {
    return this.#problems.sorted;
  }

  get problemCount(): number {
    return this.#problems.count;
  }

  get full(): boolean {
    return this.#problems.full;
  }

  /** A problem at an offset; where finding the offset costs something, it is found only if the problem is kept. */
  add(offset: number | (() => number), finding: Finding): undefined {
    this.#problems.add(() => this.#placeOf(typeof offset === "number" ? offset : offset()), finding);
  }

  #placeOf(offset: number): Place {
    this.#lineStarts ??= lineStartsOf(this.text);
    const starts = this.#lineStarts;
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The text without a byte order mark, or why it is none: binary, empty, larger than a bound. */
export function checkText({ path, text }: SourceFile, what: string): Result<SourceFile, readonly Problem[]> {
  const refuse = (message: string, expected: string, found: string) =>
    err([{ file: path, line: 1, column: 1, message, expected, found, source: "" }]);
  if (text.length > MAX_TOPOLOGY_SIZE) {
    const found = `${(text.length / 1_048_576).toFixed(1)} MiB`;
    return refuse("the file is larger than 64 MiB", "at most 64 MiB", found);
  }
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const control = /[^\P{Cc}\t\n\r\u0085]|\ufffd/u.exec(plain)?.[0] ?? null;
  if (control !== null) return refuse(`this is a binary file, not ${what}`, "UTF-8 text", shown(control));
  if (!/\S/.test(plain)) return refuse("the file is empty", what, "nothing");
  return ok({ path, text: plain });
}
