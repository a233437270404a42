import test from "ava";
import { checkCalm, checkStormy, type Stormy } from "./beside-checks.ts";
import { builtRouter } from "./build.ts";
import { canCapture } from "./capture.ts";

const ROUTER = builtRouter();
const program = ROUTER ?? "";
const title = (what: string): string =>
  ROUTER === null ? `${what} (SKIPPED: no router is built; npm run interop:scion -- --build builds it, with Go)` : what;
/** One after the other: they share addresses. A test that cannot run is reported as skipped, not as passed. */
const withRouter = ROUTER === null ? test.serial.skip : test.serial;
const CAPTURE = ROUTER === null || canCapture();
const withCapture = CAPTURE ? withRouter : test.serial.skip;
const CAPTURED = "tshark with scionproto's dissector finds no fault in what crosses loopback";

withRouter(title("packets, pings and a traceroute cross scionproto's router in the live world"), async (t) => {
  const checks = await checkCalm(program);
  t.is(checks.length, 3);
  for (const { name, passed, found } of checks) t.true(passed, `${name}: ${found}`);
});

/** One run for two tests. */
const runs = new Map<string, Promise<Stormy>>();
function stormyRun(): Promise<Stormy> {
  const run = runs.get(program) ?? checkStormy(program);
  runs.set(program, run);
  return run;
}

withRouter(
  title("BFD sessions with scionproto's router come up, end when either side is silent, and return"),
  async (t) => {
    t.timeout(60_000);
    const { checks } = await stormyRun();
    t.is(checks.length, 5);
    for (const { name, passed, found } of checks) t.true(passed, `${name}: ${found}`);
  },
);

withCapture(CAPTURE ? title(CAPTURED) : `${CAPTURED} (SKIPPED: dumpcap is absent, or may not capture)`, async (t) => {
  const { captured } = await stormyRun();
  if (captured.ok) t.true(captured.value.passed, captured.value.found);
  else t.fail(captured.error);
});
