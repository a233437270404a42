import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { assemble } from "../../actors/assemble.ts";
import type { ControlContext, Target } from "../../actors/control/context.ts";
import { results } from "../../actors/results.ts";
import { beaconHop } from "../../core/beaconing/beacon.ts";
import { appendEntry, beginBeacon, type EncodedBeacon, type EntryBody } from "../../core/beaconing/beacon-codec.ts";
import { type ControlPlane, createControlPlane } from "../../core/beaconing/control-plane.ts";
import { encodeItems } from "../../core/beaconing/messages.ts";
import { createOutgoing, takeFragments } from "../../core/beaconing/transfer.ts";
import { createCombiner } from "../../core/combinator/combine.ts";
import { createSurvey } from "../../core/network-survey.ts";
import type { ControlEvent } from "../../core/env.ts";
import { createMessage, type Packet } from "../../core/packet.ts";
import { FLOW_DEFAULTS, type Network, type PacedFlow, type Scenario } from "../../core/scenario.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { buildPreset } from "../../topologies/presets.ts";
import { quietScenario } from "../sim-connectors.ts";
import { Simulation } from "../simulation.ts";

const [CORE, OTHER_CORE, FOREIGN] = ["1-ff00:0:110", "1-ff00:0:120", "2-ff00:0:210"] as const;
const [LEAF, CHILD] = ["1-ff00:0:112", "1-ff00:0:11a"] as const;
const FAST = { origination: SECOND, propagation: SECOND, registration: SECOND, retry: 200 * MILLISECOND };

function twoIsds(): Network {
  const built = buildPreset("two-isds", {});
  if (!built.ok) throw new Error("no network");
  return built.value;
}

/** A run that has found its segments, the first beacons that came to some ASes, and a control plane with the same keys. */
interface Bench {
  readonly scenario: Scenario;
  readonly world: Simulation;
  readonly plane: ControlPlane;
  readonly heard: ReadonlyMap<string, Packet>;
}

function bench(): Bench {
  const network = twoIsds();
  const scenario = quietScenario(network, { discovery: "beaconing" });
  const heard = new Map<string, Packet>();
  const world = Simulation.create(assemble(scenario, { repeat: "test", controlTimes: FAST }), {
    observe: () => ({
      sent: () => {},
      recalled: () => {},
      delivered: (cell, _order, thing, isPacket) => {
        const packet = thing as Packet;
        if (!isPacket || packet.path?.kind !== "one-hop" || packet.rest?.[3] !== 0) return;
        const name = `${cell.id} ${packet.srcIa}`;
        if (cell.id.startsWith("control/") && !heard.has(name)) heard.set(name, { ...packet });
      },
    }),
  });
  world.run(6 * SECOND);
  const plane = createControlPlane(scenario.seed, network, createCombiner({ survey: createSurvey(network) }));
  return { scenario, world, plane, heard };
}

function controlOf(world: Simulation, ia: string): ControlContext {
  return world.read<ControlContext>(`control/${ia}`).context;
}

let messages = 0xf000_0000;

/** Hands a message of any bytes to an AS's control service, as if this neighbour's had sent it. */
function deliver({ heard, world }: Bench, at: string, from: string, message: Uint8Array): void {
  const packet = heard.get(`control/${at} ${from}`);
  if (packet === undefined) throw new Error(`${at} has heard nothing of ${from}`);
  for (const rest of takeFragments(createOutgoing(messages++, message, 1_200))) {
    const wireLength = wireLengthOf(packet.path, packet.srcHost, packet.dstHost, packet.l4, rest.length);
    world.deliverPacket(world.indexOf(`control/${at}`) as number, createMessage({ ...packet, rest, wireLength }), 0);
  }
}

/** Entries by AS and the neighbours that they name; null: none. Vouched for by the ASes' own keys. */
function beaconOf(
  { plane, scenario }: Bench,
  ways: readonly (readonly [string | null, string, string])[],
  age = 0,
): EncodedBeacon {
  const interfaceTo = (ia: string, neighbour: string | null): number =>
    plane.views.get(ia)?.interfaces.find((one) => one.neighbour === neighbour)?.ifId ?? 0;
  const [first, ...rest] = ways.map(
    ([from, ia, to]) => plane.bodyOf(beaconHop(ia, interfaceTo(ia, from), interfaceTo(ia, to), 63)) as EntryBody,
  );
  const begun = beginBeacon(plane.chains, scenario.epoch_s + 5 - age, 7, first as EntryBody, 0);
  return rest.reduce((beacon, body) => appendEntry(plane.chains, beacon, body, 0), begun);
}

test("beacons that are vouched for and yet wrong are refused, each by its name", (t) => {
  const world = bench();
  const refused = (at: string, from: string, beacon: EncodedBeacon): string[] => {
    const before = { ...controlOf(world.world, at).counts.beacons_refused };
    deliver(world, at, from, encodeItems("beacons", [beacon]));
    const after = controlOf(world.world, at).counts.beacons_refused;
    return Object.keys(after).filter((reason) => after[reason] !== before[reason]);
  };
  const good = [[null, OTHER_CORE, LEAF]] as const;
  t.deepEqual(refused(LEAF, OTHER_CORE, beaconOf(world, good, -2)), [], "a good one is taken");
  t.deepEqual(refused(LEAF, OTHER_CORE, beaconOf(world, good, -2)), ["replayed"]);
  t.deepEqual(refused(LEAF, OTHER_CORE, beaconOf(world, good, 7 * 3_600)), ["expired"]);
  t.deepEqual(refused(LEAF, OTHER_CORE, beaconOf(world, good, -100)), ["ahead"]);
  t.deepEqual(refused(LEAF, OTHER_CORE, beaconOf(world, [[null, OTHER_CORE, CORE]])), ["wrong_next"]);
  const loop = [...good, [OTHER_CORE, LEAF, OTHER_CORE], [LEAF, OTHER_CORE, LEAF]] as const;
  t.deepEqual(refused(LEAF, OTHER_CORE, beaconOf(world, loop)), ["as_loop"]);
  const foreign = [
    [null, FOREIGN, CORE],
    [FOREIGN, CORE, OTHER_CORE],
    [CORE, OTHER_CORE, LEAF],
  ] as const;
  t.deepEqual(refused(LEAF, OTHER_CORE, beaconOf(world, foreign)), ["foreign_isd"]);
  t.deepEqual(refused(CHILD, LEAF, beaconOf(world, [[null, LEAF, CHILD]])), ["origin_not_core"]);
  const [there] = [[null, CORE, OTHER_CORE] as const];
  t.deepEqual(
    refused(LEAF, OTHER_CORE, beaconOf(world, [there, [CORE, OTHER_CORE, LEAF]])),
    [],
    "over another core AS",
  );
});

const FUZZED = bench();

testProp(
  "messages of any bytes are counted, never an exception",
  [fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.nat({ max: 5 }), fc.boolean()],
  (t, bytes, type, looksRight) => {
    const message = bytes.slice();
    message[0] = type;
    if (looksRight && message.length > 8) message.set([0, 0, 1, 0, 0, 0, message.length - 8], 1);
    const counted = (): number => {
      const { counts } = controlOf(FUZZED.world, LEAF);
      const reasons = [counts.beacons_refused, counts.segments_refused].flatMap((one) => Object.values(one));
      const refused = reasons.reduce((sum, count) => sum + count, counts.messages_malformed + counts.answers_refused);
      return refused + counts.requests_received;
    };
    const [before, stored] = [counted(), controlOf(FUZZED.world, LEAF).counts.beacons_stored];
    deliver(FUZZED, LEAF, OTHER_CORE, message);
    const empty = (type === 1 || type === 2) && message.length === 4;
    t.true(counted() > before || empty);
    t.is(controlOf(FUZZED.world, LEAF).counts.beacons_stored, stored);
  },
);

test("an AS that nobody knows is looked up once, and counted", (t) => {
  const { world } = bench();
  const { targets } = controlOf(world, LEAF);
  t.is(targets.length, 0);
  const unknown: Target = { dst: "9-999", allowed: null, clients: [], offered: null, expiryS: 0, due: 0 };
  const client = { selector: 0, dst: "9-999", srcHost: "10.0.0.1", dstHost: "10.0.0.2", from: 0, allowed: null };
  const l4 = { kind: "udp", srcPort: 1, dstPort: 2 } as const;
  (targets as Target[]).push({ ...unknown, clients: [{ ...client, l4 }] });
  const [link] = twoIsds().links.filter(({ b }) => b.ia === LEAF);
  world.deliverControl(
    world.indexOf(`control/${LEAF}`) as number,
    { type: "interface.up", ifId: link?.b.ifId } as ControlEvent,
  );
  world.run(8 * SECOND);
  t.is(controlOf(world, LEAF).counts.unknown_destinations, 1);
  t.is(targets[0]?.offered, null);
});

test("a network without any path: packets are dropped as such, and nobody is asked", (t) => {
  const as = (ia: string) => ({ ia, core: true, mtu: 1472 });
  const flow: PacedFlow = {
    ...FLOW_DEFAULTS,
    id: "ping",
    app: "ping",
    src: { ia: "1-1", host: "10.0.0.1" },
    dst: { ia: "1-2", host: "10.0.0.2" },
    policy: { name: "shortest", params: {} },
    start_ns: 0,
    stop_ns: 3 * SECOND,
    interval_ns: 100 * MILLISECOND,
    packet_size: 200,
  };
  const network: Network = { name: "apart", ases: [as("1-1"), as("1-2")], links: [] };
  const scenario = quietScenario(network, { discovery: "beaconing", flows: [flow], duration_ns: 5 * SECOND });
  const world = Simulation.create(assemble(scenario, { repeat: "test", controlTimes: FAST }));
  world.run(5 * SECOND);
  const { control_plane, drops, flows } = results(world, scenario);
  t.true((flows[0]?.sent ?? 0) > 20);
  t.is(drops.no_path, flows[0]?.sent);
  t.deepEqual([control_plane?.segments, control_plane?.requests_sent, control_plane?.converged_ms], [0, 0, 0]);
});
