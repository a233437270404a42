/** `npm start`: the default scenario, and that what it prints does not depend on the number of workers. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { pathloom } from "./child-testing.ts";

const entry = "cli/start.ts";
const QUICK = ["--policies", "shortest,lowest-latency", "--adoption", "all", "--replications", "1"];

test.serial("one and two workers give one digest and the same table, and a report", async (t) => {
  const one = await pathloom([...QUICK, "--workers", "1"], { entry });
  const two = await pathloom([...QUICK, "--workers", "2"], { entry });
  t.is(one.code, 0, one.stderr);
  t.is(one.stdout, two.stdout);
  t.regex(one.stdout, /^digest [0-9a-f]{16}$/m);
  t.regex(one.stdout, /^policy +deliv\. % +p50 ms +p95 ms +file p50 s +file p95 s +switches\/min$/m);
  for (const policy of ["shortest", "lowest-latency"]) t.regex(one.stdout, new RegExp(`^${policy} +\\d`, "m"));
  for (const phase of ["calm", "surge", "cut", "silent-loss"])
    t.regex(one.stdout, new RegExp(`^Phase ${phase}, `, "m"));
  t.deepEqual(
    one.stdout.split("\n").filter((line) => line.length > 100),
    [],
  );
  t.regex(one.stderr, /kept in runs\/start; open runs\/start\/report\.html in a browser/);
  t.true(existsSync(join(import.meta.dirname, "../runs/start/report.html")));
});

test("bad usage", async (t) => {
  const { code, stderr } = await pathloom(["--workers", "0"], { entry });
  t.is(code, 2);
  t.regex(stderr, /--workers: "0"\. Expected: a whole number from 1/);
});
