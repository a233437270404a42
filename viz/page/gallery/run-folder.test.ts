/** A run's folder from the reader's disk: whole, with parts missing, damaged, too large. */
import test from "ava";
import { ProblemError } from "../app.ts";
import { feedRecords, readRunFolder } from "./run-folder.ts";

/** Files as a browser gives those of a chosen folder. */
function folder(texts: Readonly<Record<string, string>>): File[] {
  return Object.entries(texts).map(([path, text]) => {
    const file = new File([text], path.split("/").at(-1) ?? path);
    return Object.assign(file, { webkitRelativePath: `my-run/${path}` });
  });
}

const WHOLE = {
  "manifest.json": "{}",
  "scenario.json": "{}",
  "record/01.ndjson": "e\n",
  "record/00.1.ndjson": "c\nd",
  "record/00.ndjson": "a\nb\n",
  "record/macs.ndjson": "m\n",
};

test("records come in order of places and parts, and reach the worker whole", async (t) => {
  const run = await readRunFolder(folder({ ...WHOLE, "secrets.json": '{"forwarding":"abc"}' }));
  const { name, macs, secret, summary } = run.opening;
  t.deepEqual({ name, macs, secret, summary }, { name: "my-run", macs: "m\n", secret: "abc", summary: null });
  const fed: [number, string, boolean][] = [];
  await feedRecords(run.records, async (...piece) => fed.push(piece));
  t.deepEqual(fed, [
    [0, "a\nb\n", false],
    [0, "c\nd", false],
    [1, "e\n", false],
    [0, "", true],
  ]);
});

test("a long record comes in pieces of whole lines", async (t) => {
  const text = `${"x".repeat(99_999)}\n`.repeat(100);
  const { records } = await readRunFolder(folder({ ...WHOLE, "record/01.ndjson": text }));
  const fed: string[] = [];
  await feedRecords(records.slice(-1), async (_place, piece) => fed.push(piece));
  t.true(fed.every((piece) => piece === "" || piece.endsWith("\n")));
  t.is(fed.join(""), text);
});

test("what is missing, damaged or too large is named", async (t) => {
  const without = (path: string): Record<string, string> =>
    Object.fromEntries(Object.entries(WHOLE).filter(([name]) => name !== path));
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{}, /empty/],
    [without("scenario.json"), /my-run: scenario\.json is missing/],
    [without("manifest.json"), /my-run: manifest\.json is missing/],
    [without("record/00.ndjson"), /Part 0 of the record of place 0 is missing/],
    [{ ...WHOLE, "manifest.json": "{" }, /my-run\/manifest\.json is damaged/],
    [{ "manifest.json": "{}", "scenario.json": "{}" }, /neither a record .* nor summary\.json/],
  ];
  for (const [texts, message] of cases)
    await t.throwsAsync(() => readRunFolder(folder(texts)), { instanceOf: ProblemError, message });
  const [large, ...rest] = folder(WHOLE).filter(({ name }) => name === "00.ndjson");
  t.deepEqual(rest, []);
  Object.defineProperty(large, "size", { value: 1_100_000_000 });
  await t.throwsAsync(() => readRunFolder([large as File]), { message: /1\.0 GiB, and a page reads 1 GiB at most/ });
});
