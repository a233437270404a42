/** For tests that need namespaces: a test that is listed as skipped where there are none, and one that says so. */
import test, { type ExecutionContext } from "ava";
import { namespaceProblem, run } from "./system.ts";

/** Why there are none here; null: there are. */
const problem = whyNone();

function whyNone(): string | null {
  const known = namespaceProblem();
  if (known !== null) return known;
  const tried = run("ip", ["netns", "list"]);
  return tried.ok ? null : tried.complaint;
}

export const netnsTest = problem === null ? test : test.skip;
export const netnsSerial = problem === null ? test.serial : test.serial.skip;

/** Says which tests were skipped, and why; in CI, as root on Linux, there must be namespaces. Each file with such tests has a test of this. */
export function expectNamespaces(t: ExecutionContext, skipped: string): void {
  t.pass();
  if (problem === null) return;
  const must = process.env["CI"] === "true" && process.platform === "linux" && process.getuid?.() === 0;
  if (must) t.fail(`no network namespaces (${problem}); .ci/run installs iproute2`);
  else t.log(`no network namespaces (${problem}): skipped ${skipped}`);
}

export const hasNamespaces = problem === null;
