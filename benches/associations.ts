/** Many associations at once: memory with both ends of each, their keys, channels and paths. */
import type { AssociationContext } from "../actors/channel/association.ts";
import { RandomStream } from "../core/rng.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { channelWorld, UNPACED } from "../sim/scenarios/channel-dumbbell.ts";
import { bulk, link } from "../sim/scenarios/transport-worlds.ts";
import { type Bench, type BenchResult, measure, peakRssMb } from "./bench.ts";

const UNTIL = 2 * SECOND;
const LINE = { rate_bps: 0, latency_ns: 50 * MILLISECOND, queue_packets: 0 };
/** Two packets in flight keep every association at work. */
const CHANNEL = { ...UNPACED, controller: "fixed" as const, window_bytes: 2_400, receive_window_bytes: 65_536 };
const MOST_MB = 1_000;

function run(count: number, strict: boolean): BenchResult {
  const starts = new RandomStream(1, "associations", "starts");
  const flows = Array.from({ length: count }, (_, n) =>
    bulk(`a${n}`, { channel: CHANNEL, packet_size: 1_200, start_ns: starts.below(SECOND) }),
  );
  const { value: world, wall_s, cpu_s } = measure(() => {
    const made = channelWorld([link("1-1#1", "1-4#1", LINE)], flows, UNTIL, 1);
    made.run(UNTIL);
    return made;
  });
  const ends = world.allCells().filter(({ spec }) => spec.logic === "association");
  const open = ends.filter(({ state }) => (state.context as AssociationContext).association.phase === "established");
  if (open.length !== 2 * count)
    throw new Error(`associations: ${open.length} ends established, expected ${2 * count}`);
  const peak = peakRssMb();
  if (strict && peak > MOST_MB) throw new Error(`associations: ${peak} MB, at most ${MOST_MB} expected`);
  return {
    name: "associations",
    rate: count / wall_s,
    unit: "associations/s",
    hash: world.digest(),
    wall_s,
    cpu_s,
    peak_rss_mb: peak,
    node: process.version,
    more: { associations: count, actors: world.allCells().length, events: world.events },
  };
}

export const associationsBench: Bench = {
  name: "associations",
  about: "10,000 associations at once, all with data in flight: memory (small: 100)",
  run: (size) => (size === "large" ? run(10_000, true) : run(100, false)),
};
