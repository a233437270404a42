/** Two ASes and a link of every kind between them, each overloaded by a flow of its own, with faults that combine. */
import { assemble } from "../actors/assemble.ts";
import type { Assembly } from "../actors/assembly.ts";
import type { LinkInput } from "../actors/link.ts";
import { fingerprintOf } from "../core/combinator/fingerprint.ts";
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type Impairment,
  type LinkDirection,
  type PacedFlow,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../core/scenario.ts";

const MS = 1_000_000;

/** By interface, from 1 on. */
export const KINDS: readonly Partial<LinkDirection>[] = [
  { discipline: { kind: "codel", target_ns: 5 * MS, interval_ns: 50 * MS, ecn: true } },
  {
    discipline: {
      kind: "red",
      minimum_bytes: 5_000,
      maximum_bytes: 15_000,
      max_probability: 0.1,
      weight: 0.02,
      ecn: false,
    },
    delay: { kind: "normal", deviation_ns: MS, bound_ns: 4 * MS },
  },
  { discipline: { kind: "priority", bands: [[46], [0]] }, queue_packets: 10 },
  {
    schedule: {
      kind: "steps",
      period_ns: 400 * MS,
      steps: [
        { at_ns: 0, rate_bps: 9_000_000 },
        { at_ns: 200 * MS, rate_bps: 0 },
        { at_ns: 250 * MS, rate_bps: 2_000_000 },
      ],
    },
  },
  {
    schedule: {
      kind: "opportunities",
      period_ns: 50 * MS,
      bytes: 1_500,
      at_ns: [1, 1, 7, 8, 20, 31, 50].map((at) => at * MS),
    },
    delay: { kind: "pareto", scale_ns: MS, shape: 2.5, maximum_ns: 300 * MS },
    reorder: true,
  },
  {
    burst: { good_ns: 90 * MS, bad_ns: 10 * MS, loss_good: 0.01, loss_bad: 0.7 },
    delay: { kind: "recorded", step_ns: 30 * MS, added_ns: [0, 2 * MS, 9 * MS] },
  },
  { queue_bytes: 9_000, queue_packets: 0 },
];

const FLAWS: Impairment = {
  latency_ns: 3 * MS,
  jitter_ns: MS,
  loss: 0.05,
  corrupt: 0.05,
  duplicate: 0.1,
  reorder: 0.1,
  reorder_ns: 7 * MS,
  rate_bps: 1_000_000,
};

/** The path over one link, whose interfaces have the same number. */
function overLink(ifId: number): string {
  return fingerprintOf(["1-1", "1-2"].map((ia) => ({ ia, ifId })));
}

export function linksScenario(seed: number): Scenario {
  const flows = KINDS.map(
    (_, index): PacedFlow => ({
      ...FLOW_DEFAULTS,
      id: `f${index}`,
      app: index === 2 ? "ping" : "constant-rate",
      src: { ia: "1-1", host: "10.0.0.1" },
      dst: { ia: "1-2", host: "10.0.0.2" },
      policy: { name: "pinned", params: { path: overLink(index + 1) } },
      start_ns: index * 1_001,
      stop_ns: 1_500 * MS,
      interval_ns: MS,
      packet_size: 1000,
    }),
  );
  const links = KINDS.map((kind, index) => {
    const direction = { ...DEFAULT_DIRECTION, rate_bps: 6_000_000, queue_packets: 30, ...kind };
    const [a, b] = ["1-1", "1-2"].map((ia) => ({ ia, ifId: index + 1 }));
    return {
      a: a as { ia: string; ifId: number },
      b: b as { ia: string; ifId: number },
      type: "core" as const,
      mtu: 1472,
      ab: direction,
      ba: direction,
    };
  });
  return {
    ...SCENARIO_DEFAULTS,
    name: "links",
    seed,
    duration_ns: 1_600 * MS,
    warmup_ns: 200 * MS,
    detection_ns: 3_000 * MS,
    network: { name: "links", ases: ["1-1", "1-2"].map((ia) => ({ ia, core: true, mtu: 1472 })), links },
    flows,
    faults: [],
  };
}

/** Every link made to change its rate; impaired twice, mended, taken down by two causes at once. */
export function linksAssembly(seed: number): Assembly {
  const assembly = assemble(linksScenario(seed), { repeat: "npx ava sim/link-worlds.test.ts" });
  const actors = assembly.actors.map((spec) =>
    spec.logic === "link" && !spec.id.includes("#6")
      ? { ...spec, input: { ...(spec.input as LinkInput), paced: true } }
      : spec,
  );
  const faults = actors.flatMap(({ id, logic }, target) => {
    if (logic !== "link") return [];
    const milder = { ...FLAWS, rate_bps: id.includes("#6") ? null : FLAWS.rate_bps };
    const at = (ms: number, event: { type: string; cause: string | null; impairment?: Impairment }) => ({
      at: ms * MS,
      target,
      event,
    });
    return [
      at(300, { type: "link.impair", cause: "storm", impairment: milder }),
      at(350, { type: "link.impair", cause: "digger", impairment: { ...milder, rate_bps: null, loss: 0.2 } }),
      at(500, { type: "link.mend", cause: "storm" }),
      at(700, { type: "link.fail", cause: "cut" }),
      at(720, { type: "link.fail", cause: "power" }),
      at(760, { type: "link.recover", cause: "cut" }),
      at(800, { type: "link.recover", cause: "power" }),
      at(1_000, { type: "link.mend", cause: "digger" }),
    ];
  });
  return { ...assembly, actors, faults };
}
