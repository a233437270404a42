/**
 * Passes the test runner's TAP through and closes with one plain line: `N passed, N failed`. Fails where a test failed,
 * where none ran, and where the output ends before its plan, which is how a runner that died shows.
 */
import { createInterface } from "node:readline";

const count = { passed: 0, failed: 0, skipped: 0 };
let planned = false;

for await (const line of createInterface({ input: process.stdin })) {
  console.log(line);
  // TAP marks a test that was not to run with one of two directives, four capitals each.
  const outcome = /^(not ok|ok) \d+.*?( # [A-Z]{4})?$/.exec(line);
  if (outcome?.[2] !== undefined) count.skipped++;
  else if (outcome?.[1] === "ok") count.passed++;
  else if (outcome !== null) count.failed++;
  planned ||= /^1\.\.\d+$/.test(line);
}

const { passed, failed, skipped } = count;
const ran = passed + failed;
if (ran === 0) console.log("no test ran");
else if (!planned) console.log("the test runner stopped before its end");
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 && ran > 0 && planned ? 0 : 1;
