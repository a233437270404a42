/**
 * The herd of Baumeister and Keshvadi (arXiv 2509.05938) with real transport flows: N agents with endless demand, NewReno, three paths of
 * 50 Mbit/s and 20 ms round trip, 100 Mbit/s and 50 ms, 80 Mbit/s and 80 ms, each with a queue of 10 ms. Published as an ordering: choosing the
 * least round-trip time collapses as N grows, round robin is fair and wasteful, epsilon-greedy is the most efficient at high contention.
 * Rates are a fifth of theirs, packets as well as rounds smaller by it.
 */
import test from "ava";
import { jain } from "../../actors/results.ts";
import type { PolicySpec } from "../../core/scenario.ts";
import { bulk, link, MS, outcome, SECOND, world } from "./transport-worlds.ts";

const SCALE = 5;
const PATHS = [
  { mbit: 50, rtt_ms: 20 },
  { mbit: 100, rtt_ms: 50 },
  { mbit: 80, rtt_ms: 80 },
] as const;
const CAPACITY = PATHS.reduce((sum, { mbit }) => sum + (mbit * 1e6) / SCALE, 0);
const SECONDS = 20;

function network() {
  return PATHS.flatMap(({ mbit, rtt_ms }, n) => {
    const rate_bps = (mbit * 1e6) / SCALE;
    const narrow = { rate_bps, latency_ns: (rtt_ms * MS) / 4, queue_packets: 0, queue_bytes: (rate_bps * 0.01) / 8 };
    const back = { rate_bps: 0, latency_ns: (rtt_ms * MS) / 4 };
    const wide = { rate_bps: 0, latency_ns: (rtt_ms * MS) / 4 };
    const middle = `1-${n + 2}`;
    return [link(`1-1#${n + 1}`, `${middle}#1`, narrow, back), link(`${middle}#2`, `1-9#${n + 1}`, wide, wide)];
  });
}

interface Found {
  readonly efficiency: number;
  readonly loss: number;
  readonly fairness: number;
}

function herd(agents: number, policy: PolicySpec): Found {
  const flows = Array.from({ length: agents }, (_, n) =>
    bulk(`a${n}`, { dst: { ia: "1-9", host: "10.0.0.2" }, policy, packet_size: 1000, start_ns: n * 7 * MS }),
  );
  const { flows: found, totals } = outcome({ ...world(network(), flows, SECONDS * SECOND), warmup_ns: 5 * SECOND });
  const goodputs = found.map(({ goodput_bps }) => goodput_bps);
  return {
    efficiency: goodputs.reduce((sum, goodput) => sum + goodput, 0) / CAPACITY,
    loss: totals.lost / totals.sent,
    fairness: jain(goodputs) ?? Number.NaN,
  };
}

const POLICIES = {
  rtt: { name: "lowest-rtt", params: { margin: "0ms", interval: "100ms" } },
  robin: { name: "round-robin", params: {} },
  epsilon: { name: "epsilon-greedy", params: {} },
} satisfies Readonly<Record<string, PolicySpec>>;

const FEW = 5;
const MANY = 60;

test("the herd on the fastest path collapses, round robin is fair and wasteful, epsilon-greedy the most efficient", (t) => {
  const found = (agents: number) => {
    const play = (name: keyof typeof POLICIES): Found => {
      const one = herd(agents, POLICIES[name]);
      const { efficiency, loss, fairness } = one;
      t.log(
        `${agents} agents, ${name}: efficiency ${efficiency.toFixed(3)}, loss ${loss.toFixed(4)}, Jain ${fairness.toFixed(3)}`,
      );
      return one;
    };
    return { rtt: play("rtt"), robin: play("robin"), epsilon: play("epsilon") };
  };
  const few = found(FEW);
  const many = found(MANY);
  // All on the path of 50 of 230 Mbit/s, however many they are: what they lose grows, what they get does not.
  const first = PATHS[0].mbit / PATHS.reduce((sum, { mbit }) => sum + mbit, 0);
  for (const { rtt } of [few, many]) t.true(rtt.efficiency < first);
  t.true(many.rtt.loss > 5 * few.rtt.loss);
  t.true(many.robin.fairness > 0.99);
  t.true(many.robin.fairness > Math.max(many.rtt.fairness, many.epsilon.fairness));
  t.true(many.robin.loss < Math.min(many.rtt.loss, many.epsilon.loss));
  t.true(many.epsilon.efficiency > 2 * many.robin.efficiency);
  t.true(many.robin.efficiency > many.rtt.efficiency);
});
