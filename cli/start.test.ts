/** `npm start`: the comparison of policies, and that it does not depend on the number of workers. */
import test from "ava";
import { pathloom } from "./child-testing.ts";

const entry = "cli/start.ts";

test("one and two workers give one digest and the same table", async (t) => {
  const one = await pathloom(["--workers", "1"], { entry });
  const two = await pathloom(["--workers", "2"], { entry });
  t.is(one.code, 0, one.stderr);
  t.is(one.stdout, two.stdout);
  t.regex(one.stdout, /^digest [0-9a-f]{16}$/m);
  t.regex(one.stdout, /^policy +delivered +lost +p50 ms +p95 ms +switches$/m);
  for (const policy of ["shortest", "lowest-latency", "pinned:path=1"])
    t.regex(one.stdout, new RegExp(`^${policy} +\\d`, "m"));
  t.deepEqual(
    one.stdout.split("\n").filter((line) => line.length > 100),
    [],
  );
});

test("bad usage", async (t) => {
  const { code, stderr } = await pathloom(["--workers", "0"], { entry });
  t.is(code, 2);
  t.regex(stderr, /--workers: "0"\. Expected: a whole number from 1/);
});
