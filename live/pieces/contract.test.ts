/** The contract suite in three processes: each AS runs in one of them, and what they end with is checked as one world. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "ava";
import { CONTRACT } from "../../actors/contract.ts";
import type { CaseEnd } from "./contract-child.ts";
import { type EndOfPiece, MergedWorld } from "./merged-world.ts";

const PROCESSES = 3;
const CHILD = fileURLToPath(new URL("./contract-child.ts", import.meta.url));

const ends = CONTRACT.map((): EndOfPiece[] => []);

const children: ChildProcess[] = [];

function runChild(own: number): Promise<void> {
  const child = fork(CHILD, [String(own), String(PROCESSES)], {
    serialization: "advanced",
    execArgv: [],
    silent: true,
  });
  children.push(child);
  const errors: Buffer[] = [];
  child.stderr?.on("data", (text: Buffer) => errors.push(text));
  child.on("message", (told) => {
    const { at, end } = told as CaseEnd;
    ends[at]?.push(end);
  });
  return new Promise((resolve, reject) => {
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`process ${own} ended with code ${code}: ${Buffer.concat(errors).toString()}`));
    });
  });
}

// One that fails leaves the others waiting for it.
test.after.always(() => {
  for (const child of children) child.kill("SIGKILL");
});

test.before(async (t) => {
  t.timeout(120_000);
  await Promise.all(Array.from({ length: PROCESSES }, (_, own) => runChild(own)));
});

CONTRACT.forEach(({ name, assembly, check }, at) => {
  test(`contract in ${PROCESSES} processes: ${name}`, (t) => {
    const pieces = ends[at] ?? [];
    const whole = assembly();
    t.is(pieces.length, Math.min(PROCESSES, whole.places.length));
    t.deepEqual(check(new MergedWorld(whole, pieces)), []);
  });
});
