/** All that is run against scionproto's router, one after the other; `skip` hears of what this machine does not allow. */
import { checkCalm, checkStormy } from "./beside-checks.ts";
import { type Check, checksOf } from "./checks.ts";
import { compareRouters } from "./differential.ts";
import { SAMPLE_HOST, sampleSite } from "./site.ts";

interface SuiteOptions {
  readonly seed: number;
  /** Packets for each site. */
  readonly packets: number;
}

export async function runSuites(
  program: string,
  options: SuiteOptions,
  report: (check: Check) => void,
  skip: (why: string) => void,
): Promise<void> {
  for (const core of [false, true]) {
    const comparison = await compareRouters(program, sampleSite(core), SAMPLE_HOST, options);
    checksOf(core ? "core AS" : "customer AS", comparison).forEach(report);
  }
  (await checkCalm(program)).forEach(report);
  const { checks, captured } = await checkStormy(program);
  checks.forEach(report);
  if (captured.ok) report(captured.value);
  else skip(`what crosses loopback was not captured: ${captured.error}`);
}
