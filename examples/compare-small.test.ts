/** The small comparison comes to what its head says. */
import test from "ava";
import { pathloom } from "../cli/child-testing.ts";
import type { Comparison, MetricName } from "../core/comparison.ts";
import type { Adoption } from "../core/scenario.ts";

test("20-compare-small: the fastest way is the best for one, and the worst when all take it", async (t) => {
  const policies = "shortest,lowest-latency";
  const args = ["compare", "examples/20-compare-small.yaml", "--policies", policies, "--replications", "2", "--json"];
  const { code, stdout, stderr } = await pathloom(args);
  t.is(code, 0, stderr);
  const comparison = JSON.parse(stdout) as Comparison;
  const value = (policy: string, adoption: Adoption, metric: MetricName, phase: string): number => {
    const outcome = comparison.policies.find((one) => one.policy === policy && one.adoption === adoption);
    return outcome?.phases[phase]?.[metric].mean ?? Number.NaN;
  };
  const near = (found: number, expected: number, within: number, what: string): boolean =>
    t.true(Math.abs(found - expected) <= within, `${what}: ${found}, expected ${expected}`);

  for (const adoption of ["one", "all"] as const) {
    t.is(value("shortest", adoption, "delivered_share", "calm"), 1);
    near(value("shortest", adoption, "latency_p50_ms", "calm"), 60.2, 0.5, "the shortest way, without queues");
  }
  // 15 ms of way and three links of which one has 5 Mbit/s.
  near(value("lowest-latency", "one", "latency_p50_ms", "calm"), 18.4, 0.5, "the fastest way, nearly empty");
  t.true(value("lowest-latency", "one", "delivered_share", "calm") > 0.98);
  // A queue of 100 packets at 5 Mbit/s.
  near(value("lowest-latency", "all", "latency_p95_ms", "calm"), 18.4 + 224, 4, "the same way behind a full queue");
  // A sixth of the load is too much; and at 4 s the cut takes the queue, a twentieth of what was sent in 3 s.
  near(value("lowest-latency", "all", "delivered_share", "calm"), 5 / 6 - 0.05, 0.05, "the same way, overloaded");
  // 200 ms of the phase's 1 s are lost before routers notice.
  for (const adoption of ["one", "all"] as const)
    near(
      value("lowest-latency", adoption, "delivered_share", "cut"),
      0.8,
      0.05,
      `${adoption}: until the cut is noticed`,
    );
});
