/** Many associations at once: memory with both ends of each, their keys, channels and paths. */
import { assemble } from "../actors/assemble.ts";
import { associationId, listenerId } from "../actors/assemble/channels.ts";
import type { ActorSpec, Assembly } from "../actors/assembly.ts";
import type { AssociationContext, AssociationInput } from "../actors/channel/association.ts";
import type { ListenerInput } from "../actors/channel/listener.ts";
import { scriptLogic } from "../actors/channel/script-testing.ts";
import type { HostInput } from "../actors/host.ts";
import { RandomStream } from "../core/rng.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { UNPACED } from "../sim/scenarios/channel-dumbbell.ts";
import { bulk, link, world } from "../sim/scenarios/transport-worlds.ts";
import { Simulation } from "../sim/simulation.ts";
import { type Bench, type BenchResult, measure, peakRssMb } from "./bench.ts";

const UNTIL = 2 * SECOND;
const LINE = { rate_bps: 0, latency_ns: 50 * MILLISECOND, queue_packets: 0 };
/** One packet in flight keeps every association at work. */
const CHANNEL = { ...UNPACED, controller: "fixed" as const, window_bytes: 1_200, receive_window_bytes: 65_536 };
const MOST_MB = 1_000;
const FIRST_PORT = 10_000;

/** One host asks another `count` times: a port, an association and a channel of endless data each, one application over all of them. */
function crowd(count: number): Assembly {
  const flow = bulk("a", { channel: CHANNEL, packet_size: 1_200, start_ns: 2 * UNTIL });
  const scenario = world([link("1-1#1", "1-4#1", LINE)], [flow], UNTIL, 1);
  const base = assemble(scenario, { repeat: "npm run bench -- associations" });
  const actors = base.actors.slice();
  const at = (id: string): number => actors.findIndex((actor) => actor.id === id);
  const [asking, asked] = [actors[at(associationId("a"))] as ActorSpec, at(listenerId("a"))];
  const host = actors.findIndex(({ logic, place }) => logic === "host" && place === asking.place);
  const script = actors.length;
  const channels = [{ options: {}, bytes: 1e12 }];
  const told = { association: "", listener: "", channels, finish: false };
  actors.push({ id: "script", place: asking.place, logic: "script", input: told });
  const input = asking.input as AssociationInput;
  const ports: [number, number][] = [];
  const starts = new RandomStream(1, "associations", "starts");
  const opens = Array.from({ length: count }, (_, n) => {
    const l4 = { ...input.ends.l4, srcPort: FIRST_PORT + n } as typeof input.ends.l4;
    ports.push([FIRST_PORT + n, actors.length]);
    const one: AssociationInput = { ...input, ends: { ...input.ends, l4 }, app: script };
    actors.push({ id: `association/${n}`, place: asking.place, logic: "association", input: one });
    return { at: starts.below(SECOND), target: actors.length - 1, event: { type: "association.open" } };
  });
  const [listener, hostSpec] = [actors[asked] as ActorSpec, actors[host] as ActorSpec];
  actors[asked] = { ...listener, input: { ...(listener.input as ListenerInput), maxAssociations: count } };
  actors[host] = { ...hostSpec, input: { ...(hostSpec.input as HostInput), ports } };
  const logics = new Map([...base.logics, ["script", scriptLogic] as const]);
  return { ...base, actors, faults: [...base.faults, ...opens], logics, scenario: null };
}

function run(count: number, strict: boolean): BenchResult {
  const {
    value: simulation,
    wall_s,
    cpu_s,
  } = measure(() => {
    const made = Simulation.create(crowd(count));
    made.run(UNTIL);
    return made;
  });
  const ends = simulation.allCells().filter(({ spec }) => spec.logic === "association");
  const open = ends.filter(({ state }) => (state.context as AssociationContext).association.phase === "established");
  if (open.length !== 2 * count)
    throw new Error(`associations: ${open.length} ends established, expected ${2 * count}`);
  const peak = peakRssMb();
  if (strict && peak > MOST_MB) throw new Error(`associations: ${peak} MB, at most ${MOST_MB} expected`);
  return {
    name: "associations",
    rate: count / wall_s,
    unit: "associations/s",
    hash: simulation.digest(),
    wall_s,
    cpu_s,
    peak_rss_mb: peak,
    node: process.version,
    more: { associations: count, actors: simulation.allCells().length, events: simulation.events },
  };
}

export const associationsBench: Bench = {
  name: "associations",
  about: "10,000 associations at once, all with data in flight: memory (small: 100)",
  run: (size) => (size === "large" ? run(10_000, true) : run(100, false)),
};
