import test from "ava";
import { builtRouter } from "./build.ts";
import { checksOf } from "./checks.ts";
import { compareRouters } from "./differential.ts";
import { SAMPLE_HOST, sampleSite } from "./site.ts";

const ROUTER = builtRouter();
const program = ROUTER ?? "";
const title = (what: string): string =>
  ROUTER === null ? `${what} (SKIPPED: no router is built; npm run interop:scion -- --build builds it, with Go)` : what;
/** One after the other: they share addresses. A test that cannot run is reported as skipped, not as passed. */
const withRouter = ROUTER === null ? test.serial.skip : test.serial;
const PACKETS = 1_200;
/** Others by hand: npm run interop:scion -- --seed N --packets N. */
const SEED = 11_530;

for (const core of [false, true]) {
  const kind = core ? "core" : "customer";
  withRouter(title(`scionproto's router and ours make the same of packets, in a ${kind} AS`), async (t) => {
    const found = await compareRouters(program, sampleSite(core), SAMPLE_HOST, { seed: SEED, packets: PACKETS });
    for (const check of checksOf(kind, found)) t.true(check.passed, check.found);
  });
}

withRouter(title("the comparison tells routers with different keys apart"), async (t) => {
  const ourKey = "000102030405060708090a0b0c0d0e0f";
  const options = { seed: 1, packets: 100, ourKey };
  const { unexplained } = await compareRouters(program, sampleSite(false), SAMPLE_HOST, options);
  t.true(unexplained.length > 20, `${unexplained.length} differences`);
});
