/** Files that hold one value a line: link traces, recorded delays. */
import type { Section } from "./section.ts";
import { DURATION, parseQuantity } from "./units.ts";
import { shown } from "./problems.ts";

/** Most values of one list: more than a quarter of an hour of milliseconds. */
export const MAX_LIST = 1_000_000;

/** Milliseconds a line, as nanoseconds; empty lines and lines that begin with # are skipped. */
export function readMilliseconds(path: string, section: Section): readonly number[] | undefined {
  const { lists } = section.file;
  const known = lists.get(path);
  if (known !== undefined) return known as readonly number[];
  const text = section.file.readFile(path);
  const problem = (message: string, expected: string, found: string): undefined =>
    section.problem({ message, expected, found });
  if (!text.ok) return problem(`cannot read the file: ${text.error}`, "a file of milliseconds", path);
  const values: number[] = [];
  for (const [at, line] of text.value.split("\n").entries()) {
    const word = line.trim();
    if (word === "" || word.startsWith("#")) continue;
    const read = parseQuantity(`${word}ms`, DURATION);
    if (!read.ok) {
      return problem(
        `${path}, line ${at + 1}: expected milliseconds, found ${shown(word)}`,
        "milliseconds",
        shown(word),
      );
    }
    if (values.push(read.value) > MAX_LIST) {
      return problem(`${path} has more than ${MAX_LIST} values`, `at most ${MAX_LIST} values`, "more");
    }
  }
  if (values.length === 0) return problem(`${path} has no values`, "milliseconds, one a line", "nothing");
  lists.set(path, values);
  return values;
}
