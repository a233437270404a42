import test from "ava";
import { checkStormy } from "./beside-checks.ts";
import { builtRouter } from "./build.ts";

const ROUTER = builtRouter();
const skipped = "(SKIPPED: no router is built; npm run interop:scion -- --build builds it, with Go)";
const title = "BFD sessions with scionproto's router come up, end when either side falls silent, and return";
const withRouter = ROUTER === null ? test.skip : test;

withRouter(ROUTER === null ? `${title} ${skipped}` : title, async (t) => {
  t.timeout(60_000);
  const checks = await checkStormy(ROUTER ?? "");
  t.is(checks.length, 5);
  for (const { name, passed, found } of checks) t.true(passed, `${name}: ${found}`);
});
