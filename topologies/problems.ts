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
