/** Where the problems of a scenario's check stand in its text. */
import type { ExplorerProblem } from "../../../core/exploration.ts";

export interface ProblemMark {
  readonly from: number;
  readonly to: number;
  readonly message: string;
  /** What to write in place of the mark; null: there is no near word. */
  readonly fix: string | null;
}

type Places = ExplorerProblem["places"];

/** In the order of their places. Problems of other files that the scenario names stand at its beginning. */
export function marksOf(text: string, file: string, problems: Places): ProblemMark[] {
  const starts = lineStarts(text);
  return problems
    .map((problem) => markOf(text, file, starts, problem))
    .toSorted((left, right) => left.from - right.from || left.to - right.to);
}

function markOf(text: string, file: string, starts: readonly number[], problem: Places[number]): ProblemMark {
  const { line, column, message, advice, didYouMean } = problem;
  const said = advice === null || message.includes(advice) ? message : `${message}; ${advice}`;
  if (problem.file !== file)
    return { from: 0, to: 0, message: `${problem.file}:${line}:${column}: ${said}`, fix: null };
  const start = starts[Math.max(0, Math.min(starts.length, line) - 1)] ?? 0;
  const end = text.indexOf("\n", start);
  const lineText = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, "");
  const at = Math.max(0, Math.min(column - 1, lineText.length));
  const from = start + at;
  const word = wordAt(lineText.slice(at));
  // The word of a suggestion may stand within a quoted text: only the whole of it is replaced.
  const fix = didYouMean === undefined || word === "" ? null : requoted(word, didYouMean);
  return { from, to: from + word.length, message: said, fix };
}

/** A quoted text, or what reaches to the next separator. */
function wordAt(rest: string): string {
  return (
    /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,{}[\]:]+(?::[^\s,{}[\]]+)*)/.exec(rest)?.[0] ?? rest.trimEnd().slice(0, 1)
  );
}

function requoted(word: string, text: string): string {
  const quote = /^["']/.exec(word)?.[0];
  return quote === undefined ? text : `${quote}${text}${quote}`;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
