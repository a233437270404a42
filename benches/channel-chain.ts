/** One association over four links in a row: channel packets a second, sealed and opened. */
import { associationId, listenerId } from "../actors/assemble/channels.ts";
import type { AssociationContext } from "../actors/channel/association.ts";
import type { ListenerContext } from "../actors/channel/listener.ts";
import { type Nanos, SECOND } from "../core/units.ts";
import { channelWorld, UNPACED } from "../sim/scenarios/channel-dumbbell.ts";
import { bulk, link } from "../sim/scenarios/transport-worlds.ts";
import type { Simulation } from "../sim/simulation.ts";
import { type Bench, type BenchResult, measure, peakRssMb } from "./bench.ts";

/** A packet of 1200 B each 96 us, round trip 8 ms: a window of 100 packets keeps the line full, and no queue overflows. */
const LINE = { rate_bps: 100_000_000, latency_ns: 1_000_000, queue_packets: 1_000 };
const WINDOW = 100 * 1_200;

function world(crypto: "modelled" | "real", until: Nanos): Simulation {
  const links = [
    link("1-1#1", "1-2#1", LINE),
    link("1-2#2", "1-3#1", LINE),
    link("1-3#2", "1-5#1", LINE),
    link("1-5#2", "1-4#1", LINE),
  ];
  const channel = { ...UNPACED, crypto, controller: "fixed" as const, window_bytes: WINDOW };
  return channelWorld(links, [bulk("one", { channel, packet_size: 1_200 })], until, 1);
}

function runChain(name: string, crypto: "modelled" | "real", until: Nanos): BenchResult {
  const simulation = world(crypto, until);
  const { wall_s, cpu_s } = measure(() => simulation.run(until));
  const { port } = simulation.read<ListenerContext>(listenerId("one")).context;
  const { association } = simulation.read<AssociationContext>(associationId("one")).context;
  const { lost } = association.paths.list[0]?.recovery.counts ?? { lost: -1 };
  if (lost !== 0) throw new Error(`${name}: ${lost} packets lost; the workload has no drops`);
  const { received } = port.received;
  return {
    name,
    // Packets of data only: acknowledgements come on top.
    rate: received / wall_s,
    unit: "channel packets/s",
    hash: simulation.digest(),
    wall_s,
    cpu_s,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: { packets: received, acknowledgements: port.sent, events: simulation.events, hops: 4 },
  };
}

export const channelChainBench: Bench = {
  name: "channel-chain",
  about: "channel packets over 4 links in a row, crypto modelled: 40 s of 100 Mbit/s (small: 0.1 s)",
  run: (size) => runChain("channel-chain", "modelled", size === "large" ? 40 * SECOND : SECOND / 10),
};

export const channelChainRealBench: Bench = {
  name: "channel-chain-real",
  about: "the same with ChaCha20-Poly1305 in JavaScript: 10 s (small: 0.1 s)",
  run: (size) => runChain("channel-chain-real", "real", size === "large" ? 10 * SECOND : SECOND / 10),
};
