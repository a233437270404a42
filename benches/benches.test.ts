import test from "ava";
import { BENCHES } from "./main.ts";

for (const bench of BENCHES) {
  test.serial(`bench ${bench.name}, small: runs, and computes the same twice`, async (t) => {
    const first = await bench.run("small");
    const second = await bench.run("small");
    t.is(first.name, bench.name);
    t.true(first.rate > 0 && first.wall_s > 0);
    t.regex(first.hash, /^[0-9a-f-]{16,}$/);
    t.is(second.hash, first.hash);
  });
}
