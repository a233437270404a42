/** `ping` and `traceroute` across `two-isds` with a link that fails on the way, in both worlds; with BFD where it can be set. */
import test from "ava";
import * as Effect from "effect/Effect";
import { assemble } from "../actors/assemble.ts";
import type { BfdContext } from "../actors/bfd.ts";
import type { NodeContext } from "../actors/node.ts";
import { results } from "../actors/results.ts";
import { FLOW_DEFAULTS, type Scenario } from "../core/scenario.ts";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import { loadProbed, runProbe } from "./runner/probe.ts";

const MS = 1_000_000;
/** A leaf of each ISD: over A and D, the best way between them. */
const [SRC, DST] = ["1-ff00:0:111", "2-ff00:0:211"] as const;
const [FAILING_AT, FAILING_IF] = ["1-ff00:0:110", 3] as const;
const folder = temporaryFolder();

const scenario = (fault: string): string => `
name: failing
topology: two-isds
duration: 10s
detection: 20ms
flows: [{ id: f, from: "${SRC}", to: "${DST}", app: ping, interval: 1s }]
faults: [${fault}]
`;
const LINK = `link: "${FAILING_AT}#${FAILING_IF}"`;

interface Hops {
  readonly hops: readonly { interface: string | null; from: string | null; rtt_ms: (number | null)[] }[];
}

for (const live of [false, true]) {
  const world = live ? "live" : "sim";
  const where = live ? ["--live"] : [];

  test(`two-isds, ${world}: the core link of the path fails, its router says so, the next path carries on`, async (t) => {
    const file = writeText(folder, `${world}.yaml`, scenario(`{ at: 450ms, ${LINK}, event: down }`));
    const { code, stdout, stderr } = await pathloom(
      ["ping", file, SRC, DST, "--count", "10", "--interval", "200ms", "--json"].concat(where),
    );
    t.is(code, 0, stderr);
    const report = JSON.parse(stdout) as {
      received: number;
      replies: { path: string; time_ms: number | null }[];
      errors: unknown[];
    };
    t.true(report.received >= 6 && report.received < 10, `${report.received} received`);
    t.like(report.errors[0], { error: "scmp.interface-down", ia: FAILING_AT, ifId: FAILING_IF });
    t.true(new Set(report.replies.map(({ path }) => path)).size >= 2);
    t.not(report.replies.at(-1)?.time_ms, null);
  });

  test(`two-isds, ${world}: traceroute finds the link that is down from the start`, async (t) => {
    const file = writeText(folder, `${world}-dead.yaml`, scenario(`{ at: 0ms, ${LINK}, event: down }`));
    const { code, stdout } = await pathloom(
      ["traceroute", file, SRC, DST, "--path", "0", "--probes", "1", "--json"].concat(where),
    );
    t.is(code, 1, "the host does not answer");
    const { hops } = JSON.parse(stdout) as Hops;
    const dead = hops.findIndex((hop) => hop.interface === `${FAILING_AT}#${FAILING_IF}`);
    t.true(dead > 0);
    hops.forEach((hop, at) => t.is(hop.from === null, at > dead, `hop ${at}, ${hop.interface}`));
  });

  test(`two-isds, ${world}: BFD notices the failure, the source's selector hears of it`, async (t) => {
    const { scenario: quiet } = await Effect.runPromise(loadProbed("two-isds", SRC, DST));
    // Long enough for a process that gets no turn for a second.
    const bfd = { mode: "on", interval_ns: 250 * MS, multiplier: 5 } as const;
    const failing: Scenario = {
      ...quiet,
      duration_ns: 5_000 * MS,
      detection_ns: 60_000 * MS,
      bfd,
      faults: [
        {
          id: "down",
          timing: { kind: "once", at_ns: 500 * MS, for_ns: null },
          effect: { kind: "down", links: [{ ia: FAILING_AT, ifId: FAILING_IF }], ases: [] },
        },
      ],
      flows: [
        {
          ...FLOW_DEFAULTS,
          id: "f",
          app: "ping",
          src: { ia: SRC, host: "10.0.0.1" },
          dst: { ia: DST, host: "10.0.0.1" },
          policy: { name: "lowest-latency", params: {} },
          start_ns: 0,
          stop_ns: 4_500 * MS,
          interval_ns: 100 * MS,
          packet_size: 500,
        },
      ],
    };
    const assembly = assemble(failing, { repeat: "npx ava cli/probe-two-isds.test.ts" });
    const it = await Effect.runPromise(runProbe(assembly, failing.duration_ns, live, () => undefined));
    const session = it.read<BfdContext>(`bfd/${FAILING_AT}#${FAILING_IF}`);
    t.is(session.value, "Down");
    t.is(session.context.diagnostic, 1, "its time expired");
    t.false(it.read<NodeContext>(`node/${FAILING_AT}`).context.interfaces[FAILING_IF]?.up);
    const [flow] = results(it, failing).flows;
    t.true((it.ledger.byReason.get("interface_down") ?? 0) >= 1, "the router answered");
    t.true((flow?.switches ?? 0) >= 1 && (flow?.paths.length ?? 0) >= 2);
    t.true((flow?.received ?? 0) >= 10, `${flow?.received} of ${flow?.sent} received`);
    t.true((flow?.lost ?? 0) >= 5, "what went down the dead link is lost");
  });
}
