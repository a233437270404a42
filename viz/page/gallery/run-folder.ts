/** A run's folder from the reader's disk: what of it is needed, whether it is all there, and its records in pieces. */
import { ProblemError } from "../app.ts";
import type { Opening } from "../protocol.ts";
import { problemOf } from "../worker-client.ts";

export interface RunFiles {
  readonly opening: Extract<Opening, { kind: "record" }>;
  /** Of each place, in order of place and part. */
  readonly records: readonly { readonly place: number; readonly file: File }[];
}

/** Larger records are not read into a page. */
const MAX_BYTES = 1024 * 1024 * 1024;
/** Characters of a record that are sent at once. */
const PIECE = 4 * 1024 * 1024;
const RECORD = /^record\/(\d+)(?:\.(\d+))?\.ndjson$/;

/** @throws ProblemError which says what is missing, damaged or too large. */
export async function readRunFolder(files: readonly File[]): Promise<RunFiles> {
  const [first] = files;
  if (first === undefined)
    throw refusal("The folder is empty: a run's folder holds scenario.json, manifest.json and record/.");
  const name = first.webkitRelativePath.split("/")[0] ?? "run";
  const byPath = new Map(files.map((file) => [file.webkitRelativePath.split("/").slice(1).join("/"), file]));
  const records = recordsOf(byPath);
  const bytes = records.reduce((sum, { file }) => sum + file.size, 0);
  if (bytes > MAX_BYTES) {
    const size = (bytes / 2 ** 30).toFixed(1);
    throw refusal(
      `${name}: the record has ${size} GiB, and a page reads 1 GiB at most. Record a shorter run, or look at its figures in summary.json.`,
    );
  }
  const scenario = await jsonText(byPath, name, "scenario.json");
  const manifest = await jsonText(byPath, name, "manifest.json");
  if (scenario === null || manifest === null) {
    const missing = scenario === null ? "scenario.json" : "manifest.json";
    throw refusal(
      `${name}: ${missing} is missing. Choose the folder that “pathloom run --out” or “pathloom live --record” wrote.`,
    );
  }
  const macs = (await byPath.get("record/macs.ndjson")?.text()) ?? null;
  const summary = await jsonText(byPath, name, "summary.json");
  const secrets = await jsonText(byPath, name, "secrets.json");
  const secret = secrets === null ? null : ((JSON.parse(secrets) as { forwarding?: string }).forwarding ?? null);
  if (records.length === 0 && summary === null)
    throw refusal(`${name}: neither a record (record/*.ndjson) nor summary.json is there: nothing can be replayed.`);
  return { opening: { kind: "record", name, scenario, manifest, summary, macs, secret, growing: true }, records };
}

function recordsOf(byPath: ReadonlyMap<string, File>): RunFiles["records"] {
  const found = [...byPath].flatMap(([path, file]) => {
    const match = RECORD.exec(path);
    return match === null ? [] : [{ place: Number(match[1]), part: Number(match[2] ?? 0), file }];
  });
  found.sort((one, other) => one.place - other.place || one.part - other.part);
  for (const [index, { place, part }] of found.entries()) {
    const before = found[index - 1];
    const expected = before?.place === place ? before.part + 1 : 0;
    if (part !== expected) throw refusal(`Part ${expected} of the record of place ${place} is missing from record/.`);
  }
  return found;
}

async function jsonText(byPath: ReadonlyMap<string, File>, name: string, path: string): Promise<string | null> {
  const text = await byPath.get(path)?.text();
  if (text === undefined) return null;
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw refusal(`${name}/${path} is damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Gives the records to `feed` in pieces of whole lines, place after place, and says at the end that this was all. */
export async function feedRecords(
  records: RunFiles["records"],
  feed: (place: number, text: string, over: boolean) => Promise<unknown>,
): Promise<void> {
  for (const { place, file } of records) {
    let rest = "";
    const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      rest += read.value;
      if (rest.length < PIECE) continue;
      const end = rest.lastIndexOf("\n") + 1;
      if (end > 0) await feed(place, rest.slice(0, end), false);
      rest = rest.slice(end);
    }
    if (rest !== "") await feed(place, rest, false);
  }
  await feed(0, "", true);
}

function refusal(message: string): ProblemError {
  return new ProblemError(problemOf(message));
}
