import test from "ava";
import { DEFAULT_DIRECTION, type LinkDirection } from "../core/scenario.ts";
import { LINK_PRESETS } from "./link-presets.ts";

/** What the sources say: Mbit/s down and up, and the least round trip in milliseconds with the delay at its mean. */
const MEASURED: Readonly<Record<string, readonly [down: number, up: number, roundTrip: number]>> = {
  fibre: [1_000, 1_000, 4],
  dsl: [7, 1, 20],
  lte: [14.7, 13.6, 53],
  wifi: [50, 50, 2],
  satellite: [19.3, 2.54, 600],
  leo: [87.25, 13.54, 44],
};

function whole(part: Partial<LinkDirection> | undefined): LinkDirection {
  return { ...DEFAULT_DIRECTION, ...part };
}

test("the presets are what their sources measured", (t) => {
  const found = [...LINK_PRESETS].map(([name, { ab, ba }]) => {
    const [down, up] = [whole(ab), whole(ba)];
    return [name, [down.rate_bps / 1e6, up.rate_bps / 1e6, (down.latency_ns + up.latency_ns) / 1e6]];
  });
  t.deepEqual(Object.fromEntries(found), MEASURED);
});

test("every preset is a direction that the simulator takes, and says where it comes from", (t) => {
  for (const [name, { ab, ba, source, description }] of LINK_PRESETS) {
    t.true(source.length > 40 && description.length > 20, name);
    t.regex(source, /assumption/, name);
    for (const { latency_ns, delay, burst, queue_bytes, rate_bps } of [whole(ab), whole(ba)]) {
      if (delay.kind === "normal") t.true(delay.bound_ns <= latency_ns && delay.deviation_ns > 0, name);
      if (burst !== null) t.true(burst.loss_bad <= 1 && burst.bad_ns < burst.good_ns, name);
      t.true(queue_bytes > 1_500 && queue_bytes * 8 < rate_bps, `${name}: room for a packet, less than a second`);
    }
  }
});

test("wifi: half of the packets wait 20 ms and a tenth 100 ms for the hop, there and back", (t) => {
  const { delay } = whole(LINK_PRESETS.get("wifi")?.ab);
  if (delay.kind !== "pareto") return t.fail();
  const { scale_ns, shape } = delay;
  const beyond = (ms: number): number => (1 + (ms * 1e6) / (2 * scale_ns)) ** -shape;
  t.true(Math.abs(beyond(20) - 0.5) < 0.01, String(beyond(20)));
  t.true(Math.abs(beyond(100) - 0.1) < 0.01, String(beyond(100)));
});
