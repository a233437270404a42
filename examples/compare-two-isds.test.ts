/** The default scenario of the comparison offers the load that its head says, worked out from what it resolves to. */
import { readFileSync } from "node:fs";
import test from "ava";
import { pathloom, temporaryFolder, writeText } from "../cli/child-testing.ts";
import type { Comparison } from "../core/comparison.ts";
import type { FlowSpec } from "../core/scenario.ts";
import { SECOND } from "../core/units.ts";
import { measuredPairs } from "../sim/experiment/plan.ts";
import { resolveScenario } from "../topologies/resolve.ts";

const FILE = "18-compare-two-isds.yaml";
const MBIT = 1_000_000;

const resolved = resolveScenario(readFileSync(`${import.meta.dirname}/${FILE}`, "utf8"), {
  file: FILE,
  readFile: () => ({ ok: false, error: "names no file" }),
});
if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
const scenario = resolved.value;

/** Mean bits a second that a flow offers while it sends; of files the data alone. */
function offered(flow: FlowSpec): number {
  if (flow.app === "on-off" && flow.on.kind === "exponential" && flow.off.kind === "exponential") {
    const share = flow.on.mean / (flow.on.mean + flow.off.mean);
    return (flow.packet_size * 8 * SECOND * share) / flow.interval_ns;
  }
  if (flow.app === "file-transfer" && flow.size.kind === "fixed" && flow.arrivals.kind === "poisson") {
    return (flow.size.value * 8 * SECOND) / flow.arrivals.interval_ns;
  }
  return 0;
}

/** The three links between the ISDs' cores. */
function cutRate(): number {
  const between = scenario.network.links.filter(({ a, b, type }) => type === "core" && a.ia[0] !== b.ia[0]);
  return between.reduce((sum, { ab }) => sum + ab.rate_bps, 0);
}

test("twelve pairs offer 0.45 of a cut of 45 Mbit/s, 70 % of it on-off and 30 % files", (t) => {
  const background = new Set(scenario.compare?.background);
  const flows = scenario.flows.filter(({ id }) => !background.has(id));
  const sum = (app: FlowSpec["app"]): number =>
    flows.filter((flow) => flow.app === app).reduce((total, flow) => total + offered(flow), 0);
  const [talk, files] = [sum("on-off"), sum("file-transfer")];
  t.is(cutRate(), 45 * MBIT);
  t.true(Math.abs((talk + files) / cutRate() - 0.45) < 0.0005, `${(talk + files) / cutRate()}`);
  t.true(Math.abs(talk / (talk + files) - 0.7) < 0.0005, `${talk / (talk + files)}`);
  t.is(measuredPairs(scenario).length, 12);
  t.true(flows.every(({ src, dst }) => src.ia.startsWith("1-") && dst.ia.startsWith("2-")));
});

test("what happens is what was asked for: surge, cut, silent loss, and when things begin and end", (t) => {
  const surge = scenario.flows.find(({ id }) => id === "surge");
  t.is(surge?.app, "constant-rate");
  t.deepEqual([surge?.start_ns, surge?.stop_ns], [15 * SECOND, 25 * SECOND]);
  t.deepEqual(
    scenario.faults.map(({ id, timing, effect }) => [id, timing.kind === "once" && timing.at_ns / SECOND, effect.kind]),
    [
      ["cut", 32, "down"],
      ["silent-loss", 50, "impair"],
    ],
  );
  const stops = new Set(scenario.flows.filter(({ app }) => app === "file-transfer").map(({ stop_ns }) => stop_ns));
  t.deepEqual([...stops], [55 * SECOND]);
  t.deepEqual([scenario.duration_ns, scenario.warmup_ns, scenario.max_paths], [63 * SECOND, 5 * SECOND, 12]);
  t.deepEqual(
    scenario.compare?.policies.map(({ name }) => name),
    ["bgp-like", "shortest", "lowest-latency", "highest-bandwidth", "lowest-rtt", "round-robin", "random", "oracle"],
  );
  t.deepEqual([scenario.compare?.adoptions, scenario.compare?.replications], [["one", "all"], 10]);
});

test("the same comparison over paths that beaconing found: known before the warm-up ends, and the cut is felt", async (t) => {
  const text = readFileSync(`${import.meta.dirname}/${FILE}`, "utf8");
  const line = "topology: two-isds\n";
  t.true(text.includes(line));
  const folder = temporaryFolder();
  const file = writeText(
    folder,
    "beaconing.yaml",
    text.replace(line, `${line}discovery: {mode: beaconing, interval: 1s}\n`),
  );
  const policies = "bgp-like,lowest-rtt";
  const args = ["compare", file, "--policies", policies, "--adoption", "all", "--replications", "1", "--json"];
  const { code, stdout, stderr } = await pathloom(args);
  t.is(code, 0, stderr);
  const { policies: outcomes } = JSON.parse(stdout) as Comparison;
  const delivered = outcomes.map(({ phases }) =>
    ["calm", "cut"].map((phase) => phases[phase]?.delivered_share.mean ?? Number.NaN),
  );
  t.log(delivered.map(([calm = 0, cut = 0]) => `calm ${calm.toFixed(3)}, cut ${cut.toFixed(3)}`).join("; "));
  const [reference = [], measured = []] = delivered;
  for (const shares of [reference, measured]) t.true((shares[0] ?? 0) > 0.85);
  t.true((measured[1] ?? 0) > (reference[1] ?? 1));
});
