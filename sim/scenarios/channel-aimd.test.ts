/** NewReno over channels under random loss: additive increase, multiplicative decrease, as theory has it (Mathis et al. 1997, table 1). */
import test from "ava";
import { SECOND } from "../../core/units.ts";
import { channelWorld, receivingSide, sendingSide, UNPACED } from "./channel-dumbbell.ts";
import { bulk, link, MS } from "./transport-worlds.ts";

const SEED = 1;
/** For random losses; growth by bytes makes delayed acknowledgements no matter. */
const C = 1.31;
const FROM = 30 * SECOND;
/** Long enough for a hundred losses and more. */
const RUNS: readonly [loss: number, seconds: number][] = [
  [1e-4, 830],
  [3e-4, 700],
  [1e-3, 500],
  [3e-3, 500],
];

for (const [loss, seconds] of RUNS) {
  test(`p = ${loss}: throughput is 1.31 MSS / (RTT sqrt(p)) within 10 %`, (t) => {
    const clean = { rate_bps: 0, latency_ns: 50 * MS, queue_packets: 0 };
    const links = [link("1-1#1", "1-4#1", { ...clean, loss }, clean)];
    const until = FROM + seconds * SECOND;
    const world = channelWorld(links, [bulk("one", { channel: UNPACED })], until, SEED);
    const received = (): number => receivingSide(world, "one").port.received.received;
    world.run(FROM);
    const before = received();
    world.run(until);
    const packetsPerRoundTrip = (received() - before) / seconds / 10;
    const { events } = sendingSide(world, "one").association.paths.list[0]?.recovery.controller ?? { events: 0 };
    t.log(`C = ${(packetsPerRoundTrip * Math.sqrt(loss)).toFixed(3)} after ${events} reductions`);
    t.true(events > 90, `${events} reductions`);
    const share = (packetsPerRoundTrip * Math.sqrt(loss)) / C;
    t.true(Math.abs(share - 1) <= 0.1, `${share} of theory, seed ${SEED}`);
  });
}
