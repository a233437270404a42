import test from "ava";
import { BENCHES } from "./main.ts";

for (const bench of BENCHES) {
  const missing = bench.missing?.() ?? null;
  if (missing !== null) test(`bench ${bench.name} is left out`, (t) => (t.log(missing), t.pass()));
  const place = missing === null ? test.serial : test.serial.skip;
  place(`bench ${bench.name}, small: runs, and computes the same twice`, async (t) => {
    const first = await bench.run("small");
    const second = await bench.run("small");
    t.is(first.name, bench.name);
    t.true(first.rate > 0 && first.wall_s > 0);
    t.regex(first.hash, /^[0-9a-f-]{16,}$/);
    t.is(second.hash, first.hash);
  });
}
