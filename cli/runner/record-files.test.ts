import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { parseRecord } from "../../sim/replay.ts";
import { temporaryFolder } from "../child-testing.ts";
import { FileError } from "./line-files.ts";
import { readMacs, readRecordLines, RecordFiles, type RecordOptions } from "./record-files.ts";

const folder = temporaryFolder();
const HEADER = '{"pathloom":"record","version":1,"place":"1-1","world":"live","scenario":"s","build":"b","seed":1}';

function written(name: string, bounds: RecordOptions): { dir: string; files: RecordFiles } {
  const dir = join(folder, name);
  mkdirSync(dir);
  const files = new RecordFiles(dir, 2, bounds);
  files.write(0, HEADER);
  files.write(1, HEADER.replace("1-1", "1-2"));
  for (let n = 1; n <= 100; n++) files.write(n % 2, JSON.stringify(["x", n, "text"]));
  files.flush();
  return { dir, files };
}

test("a long record goes on in further files, and is read as one", (t) => {
  const { dir } = written("rotated", { piece: 300 });
  const names = readdirSync(join(dir, "record")).sort();
  t.true(names.length > 4);
  t.true(names.includes("00.1.ndjson") && names.includes("01.2.ndjson"));
  const found = readRecordLines(dir, 2);
  for (const [place, file] of found.entries()) {
    t.is(file?.lines.length, 51);
    t.deepEqual(
      file?.lines.slice(1).map((line) => (JSON.parse(line) as [string, number])[1]),
      Array.from({ length: 50 }, (_, n) => 2 * n + (place === 0 ? 2 : 1)),
    );
  }
});

test("at its limit a record stops, says so in every file, and counts what it did not write", (t) => {
  const { dir, files } = written("limited", { limit: 1_000 });
  t.true(files.unwritten > 30);
  for (const file of readRecordLines(dir, 2)) {
    t.regex(file?.lines.at(-1) ?? "", /^\["stop","the record has reached its limit of 1000 bytes"\]$/);
    const record = parseRecord(file?.lines ?? []);
    t.true(record.ok && record.value.end === null && record.value.entries.length > 3);
  }
});

test("files that do not belong to the run are named; a place without any is null", (t) => {
  const { dir } = written("strange", {});
  t.is(readRecordLines(dir, 3)[2], null);
  t.throws(() => readRecordLines(dir, 1), { instanceOf: FileError, message: /01\.ndjson: this file does not belong/ });
  writeFileSync(join(dir, "record/00.2.ndjson"), "");
  t.throws(() => readRecordLines(dir, 2), { instanceOf: FileError, message: /00\.2\.ndjson: this file does not/ });
});

test("MACs are written as they come, and read again without a line that was cut off", (t) => {
  const macs = new Map([[`1-1 ${"a".repeat(32)}`, "b".repeat(32)]]);
  const { dir, files } = written("macs", { macs });
  macs.set(`1-2 ${"c".repeat(32)}`, "d".repeat(32));
  files.flush();
  t.deepEqual(readMacs(dir), macs);
  writeFileSync(join(dir, "record/macs.ndjson"), `1-1 ${"a".repeat(32)} ${"b".repeat(32)}\n1-2 cc`);
  t.is(readMacs(dir).size, 1);
  t.throws(() => readMacs(folder), { instanceOf: FileError, message: /macs\.ndjson: the file is missing/ });
});

test("no entry reaches its file before the MACs that it needs, whenever the run is killed", (t) => {
  const dir = join(folder, "order");
  mkdirSync(dir);
  const macs = new Map<string, string>();
  const files = new RecordFiles(dir, 2, { macs, piece: 100_000 });
  const check = (): number => {
    const known = readMacs(dir);
    const entries = readRecordLines(dir, 2).flatMap((file) => file?.lines ?? []);
    const needed = entries.flatMap((line) => (JSON.parse(line || "[]") as string[])[2] ?? []);
    for (const name of needed) t.true(known.has(name), name);
    return needed.length;
  };
  let seen = 0;
  // Nobody flushes: pieces go to their files as they get long.
  for (let n = 0; n < 4_000; n++) {
    const name = `1-${n % 2} ${n.toString(16).padStart(32, "0")}`;
    macs.set(name, "b".repeat(32));
    files.write(n % 2, JSON.stringify(["x", n, name, "and more"]));
    if (n % 400 === 399) seen = check();
  }
  t.true(seen > 2_000 && seen < 4_000);
});

(existsSync("/dev/full") ? test : test.skip)("a disk that fails ends the record, or the run: as it is told", (t) => {
  for (const goesOn of [true, false]) {
    const dir = join(folder, `full-${goesOn}`);
    mkdirSync(join(dir, "record"), { recursive: true });
    symlinkSync("/dev/full", join(dir, "record/01.ndjson"));
    const files = new RecordFiles(dir, 2, { goesOn });
    files.write(0, HEADER);
    files.flush();
    files.write(1, HEADER);
    if (!goesOn) {
      t.throws(() => files.flush(), { instanceOf: FileError, message: /01\.ndjson: the disk is full/ });
      continue;
    }
    files.flush();
    files.write(0, '["x",1,"too late"]');
    files.flush();
    t.regex(files.failure?.message ?? "", /01\.ndjson: the disk is full\. Free some space/);
    t.deepEqual(readFileSync(join(dir, "record/00.ndjson"), "utf8"), `${HEADER}\n`);
  }
});
