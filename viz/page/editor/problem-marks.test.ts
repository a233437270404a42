/** Marks of what the check of scenarios says. */
import test from "ava";
import { resolveScenario } from "../../../topologies/resolve.ts";
import { marksOf, type ProblemMark } from "./problem-marks.ts";

function check(text: string): readonly ProblemMark[] {
  const resolved = resolveScenario(text, {
    file: "x.yaml",
    readFile: (path) => ({ ok: false, error: `${path}: none` }),
  });
  const problems = resolved.ok ? [] : resolved.error;
  return marksOf(
    text,
    "x.yaml",
    problems.map(({ file, line, column, message, didYouMean }) => ({
      file,
      line,
      column,
      message,
      advice: null,
      ...(didYouMean === undefined ? {} : { didYouMean }),
    })),
  );
}

test("a mark covers the word at fault, its fix makes the scenario sound", (t) => {
  const broken: readonly (readonly [string, string, string])[] = [
    ["topology: diamnd\nduration: 1s\nflows: []\n", "diamnd", "diamond"],
    ['topology: "diamnd"\nduration: 1s\nflows: []\n', '"diamnd"', '"diamond"'],
    ["topology: diamond\nduraton: 1s\nflows: []\n", "duraton", "duration"],
    ["topology: diamond\nduratoin: 1s\nflows: []\n", "duratoin", "duration"],
    [
      "topology: diamond\r\nduration: 1s\r\nflows: [{app: pong, from: 1-ff00:0:110, to: 1-ff00:0:120}]\r\n",
      "pong",
      "ping",
    ],
  ];
  for (const [text, word, fix] of broken) {
    const marks = check(text);
    const mark = marks.find((one) => one.fix !== null);
    t.is(text.slice(mark?.from, mark?.to), word);
    t.is(mark?.fix, fix);
    t.deepEqual(check(`${text.slice(0, mark?.from)}${mark?.fix}${text.slice(mark?.to)}`), []);
  }
});

test("places that are not in the text stand at its ends, other files at its beginning", (t) => {
  const place = { file: "x.yaml", line: 1, column: 1, message: "m", advice: "do this" };
  const marks = marksOf("ab: [c]\n", "x.yaml", [
    { ...place, line: 99, column: 99 },
    { ...place, line: 1, column: 99 },
    { ...place, file: "y.topo", line: 4, column: 2 },
    { ...place, column: 5 },
  ]);
  t.deepEqual(marks, [
    { from: 0, to: 0, message: "y.topo:4:2: m; do this", fix: null },
    { from: 4, to: 5, message: "m; do this", fix: null },
    { from: 7, to: 7, message: "m; do this", fix: null },
    { from: 8, to: 8, message: "m; do this", fix: null },
  ]);
});
