/** `run --wire`: packets as bytes at every hop, and the same run. */
import test from "ava";
import { pathloom } from "./child-testing.ts";

for (const example of ["02-failover", "03-jitter-and-loss"]) {
  test(`${example}: the digest with --wire is the one without`, async (t) => {
    const runs = [[], ["--wire"]].map((more) => pathloom(["run", `examples/${example}.yaml`, "--json", ...more]));
    const [records, bytes] = (await Promise.all(runs)).map(({ code, stdout, stderr }) => {
      t.is(code, 0, stderr);
      return (JSON.parse(stdout) as { digest: string }).digest;
    });
    t.regex(records as string, /^[0-9a-f]{16}$/);
    t.is(bytes, records);
  });
}
