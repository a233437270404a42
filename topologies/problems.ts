/** What is wrong with a file, where, and how it is shown to the person who wrote it. */

/** One mistake. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** One sentence that can stand alone. */
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  readonly didYouMean?: string;
  /** The line itself, where the problem stands in another file than the one that was given (`topology: {file: ...}`). */
  readonly source?: string;
}

/** A mistake before it has a place. */
export interface Finding {
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  readonly didYouMean?: string | undefined;
}

/** Most problems that one file is given: nobody reads more, and suggestions cost time. */
export const MAX_PROBLEMS = 100;

const MAX_SHOWN_WIDTH = 120;

/** Longest piece of a line that goes along with a problem. */
const MAX_SOURCE = 10_000;

/** Where a problem stands; lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The problems of one file: each said once, and no more than anybody reads. */
export class ProblemList {
  readonly #file: string;
  readonly #problems: Problem[] = [];
  readonly #seen = new Set<string>();
  #unreported = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Whether further problems are only counted; places and suggestions for them need not be looked for. */
  get full(): boolean {
    return this.#problems.length >= MAX_PROBLEMS;
  }

  get count(): number {
    return this.#problems.length + this.#unreported;
  }

  /** In the order of their places; where some were left out, the last one says how many. */
  get sorted(): readonly Problem[] {
    const sorted = this.#problems.toSorted((left, right) => left.line - right.line || left.column - right.column);
    const last = sorted.at(-1);
    if (last === undefined || this.#unreported === 0) return sorted;
    const { file, line, column } = last;
    const message = `${this.#unreported} more problems`;
    return [...sorted, { file, line, column, message, expected: "none", found: String(this.#unreported) }];
  }

  add(placeOf: () => Place, { message, expected, found, didYouMean }: Finding): void {
    if (this.full) {
      this.#unreported++;
      return;
    }
    const { line, column } = placeOf();
    const identity = `${line}:${column}:${message}`;
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    const place = { file: this.#file, line, column };
    this.#problems.push({ ...place, message, expected, found, ...(didYouMean === undefined ? {} : { didYouMean }) });
  }
}

/** The problems with the line of each, for a reader who does not hold the file. */
export function withSources(problems: readonly Problem[], text: string): readonly Problem[] {
  if (problems.length === 0) return problems;
  const lines = text.split(/\r?\n/);
  return problems.map((problem) => ({ ...problem, source: (lines[problem.line - 1] ?? "").slice(0, MAX_SOURCE) }));
}

/** For each problem `file:line:column: message`, the line of the source and a caret below the place. */
export function formatProblems(text: string, problems: readonly Problem[]): string {
  const lines = text.split(/\r?\n/);
  return problems.map((problem) => formatProblem(problem, lines)).join("\n");
}

function formatProblem(problem: Problem, lines: readonly string[]): string {
  const { file, line, column, message, didYouMean } = problem;
  const question = didYouMean === undefined ? "" : `; did you mean ${didYouMean}?`;
  const head = `${file}:${line}:${column}: ${message}${question}`;
  const source = problem.source ?? lines[line - 1] ?? "";
  if (source.trim() === "") return `${head}\n`;
  // A window of a very long line, so that the caret stays on the screen.
  const from = Math.max(0, Math.min(column - 1 - MAX_SHOWN_WIDTH / 2, source.length - MAX_SHOWN_WIDTH));
  const shown = printable(source.slice(from, from + MAX_SHOWN_WIDTH));
  const gutter = `  ${line} | `;
  return `${head}\n${gutter}${shown}\n${" ".repeat(gutter.length - 2)}| ${" ".repeat(Math.min(column - 1, source.length) - from)}^\n`;
}

/** One column for each UTF-16 unit, and nothing that a terminal would obey. */
function printable(source: string): string {
  return source.replaceAll("\t", " ").replaceAll(/\p{Cc}/gu, "?");
}

/** A value as a message names it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : String(value);
}

/** `a, b or c` */
export function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
