import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import { assemble } from "../../actors/assemble.ts";
import type { ControlContext, ControlTimes } from "../../actors/control/context.ts";
import { type RunResult, results } from "../../actors/results.ts";
import type { BeaconPolicy } from "../../core/beaconing/policy.ts";
import { SegmentOracle } from "../../core/beaconing/oracle.ts";
import { createPathFinder } from "../../core/path-finder.ts";
import { filterPaths } from "../../core/path-policy/policy.ts";
import { createOutgoing, takeFragments } from "../../core/beaconing/transfer.ts";
import { createMessage, type Packet } from "../../core/packet.ts";
import { type FaultSpec, FLOW_DEFAULTS, type Network, type PacedFlow, type Scenario } from "../../core/scenario.ts";
import type { Segment } from "../../core/segment.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { importTopology } from "../../topologies/import/import.ts";
import { buildPreset, type PresetFinding } from "../../topologies/presets.ts";
import { recordedRun, recordsOf } from "../records-testing.ts";
import { replay } from "../replay.ts";
import { quietScenario } from "../sim-connectors.ts";
import { Simulation, type SimulationOptions } from "../simulation.ts";

/** Five times as fast as by default, so that runs are short. */
const FAST: Partial<ControlTimes> = {
  origination: SECOND,
  propagation: SECOND,
  registration: SECOND,
  cache: 4 * SECOND,
  retry: 200 * MILLISECOND,
  retention: 4 * SECOND,
};

function preset(name: string, values: Record<string, number> = {}): Network {
  const built = buildPreset(name, values);
  if (!built.ok) throw new Error(built.error.map(({ message }: PresetFinding) => message).join("; "));
  return built.value;
}

function beaconing(network: Network, changes: Partial<Scenario> = {}): Scenario {
  return quietScenario(network, { discovery: "beaconing", ...changes });
}

function run(
  scenario: Scenario,
  seconds: number,
  controlTimes = FAST,
  options: SimulationOptions = {},
  beaconPolicy: Partial<BeaconPolicy> = {},
): Simulation {
  const world = Simulation.create(
    assemble(scenario, { repeat: "ava sim/scenarios/beaconing.test.ts", controlTimes, beaconPolicy }),
    options,
  );
  world.run(seconds * SECOND);
  return world;
}

function controlOf(world: Simulation, ia: string): ControlContext {
  return world.read<ControlContext>(`control/${ia}`).context;
}

function planeOf(world: Simulation, scenario: Scenario): NonNullable<RunResult["control_plane"]> {
  const { control_plane } = results(world, scenario);
  if (control_plane === undefined) throw new Error("no control plane");
  return control_plane;
}

function nameOf({ entries }: Segment): string {
  return entries.map(({ ia, hop }) => `${ia}#${hop.ingress},${hop.egress}`).join(" ");
}

/** Names of the segments that the oracle sees end at each AS. */
function expected(network: Network): Map<string, string[]> {
  const oracle = new SegmentOracle(network, 1_700_000_000);
  const cores = network.ases.filter(({ core }) => core).map(({ ia }) => ia);
  return new Map(
    network.ases.map(({ ia, core }) => {
      const segments = core ? cores.flatMap((origin) => oracle.coreSegments(origin, ia)) : oracle.segmentsTo(ia);
      return [ia, segments.map(nameOf).sort()];
    }),
  );
}

function found(world: Simulation, { ases }: Network): Map<string, string[]> {
  return new Map(
    ases.map(({ ia }) => [
      ia,
      controlOf(world, ia)
        .own.map(({ key }) => key)
        .sort(),
    ]),
  );
}

/** Of the control service at an origin: down segments by where they lead. */
function registered(world: Simulation, { ases }: Network): Map<string, string[]> {
  const keys = (ia: string): string[] =>
    ases
      .flatMap((as) => [...(controlOf(world, as.ia).downs.get(ia)?.sets.values() ?? [])].flat())
      .map(({ key }) => key);
  return new Map(ases.map(({ ia }) => [ia, keys(ia).sort()]));
}

const DEFAULT_TOPO = "../shared/data/topologies/scionproto/default.topo";

function sharedTopo(): Network {
  const imported = importTopology({
    path: DEFAULT_TOPO,
    folder: false,
    files: [{ path: DEFAULT_TOPO, text: readFileSync(DEFAULT_TOPO, "utf8") }],
    staticInfo: null,
  });
  if (!imported.ok) throw new Error(imported.error.map(({ message }) => message).join("; "));
  return imported.value.network;
}

const NETWORKS: readonly (readonly [string, () => Network])[] = [
  ["tiny", () => preset("tiny")],
  ["diamond", () => preset("diamond")],
  ["two-isds", () => preset("two-isds")],
  ["a generated internet of 24 ASes", () => preset("internet", { ases: 24, isds: 2, cores: 2 })],
  ["default.topo", sharedTopo],
  // Of its 19 core ASes, many have more beacons to choose from than they pass on.
  ["scionlab", () => preset("scionlab")],
];

for (const [name, make] of NETWORKS) {
  test(`beaconing converges to what the oracle says: ${name}`, (t) => {
    if (make === sharedTopo && !existsSync(DEFAULT_TOPO)) {
      t.log(`${DEFAULT_TOPO} is not there: not tested`);
      return t.pass();
    }
    const network = make();
    const scenario = beaconing(network);
    const world = run(scenario, name === "scionlab" ? 18 : 12);
    const want = expected(network);
    t.true([...want.values()].flat().length > 0);
    t.deepEqual(found(world, network), want);
    const down = network.ases.filter(({ core }) => !core).map(({ ia }) => [ia, want.get(ia)]);
    const there = registered(world, network);
    t.deepEqual(
      down.map(([ia]) => [ia, there.get(ia as string)]),
      down,
    );
    const { beacons_refused, converged_ms, messages_given_up } = planeOf(world, scenario);
    t.true(converged_ms !== null && converged_ms < 16_000, `converged after ${converged_ms} ms`);
    const full = ["replayed", "store_full", "too_long"];
    t.deepEqual(
      Object.keys(beacons_refused).filter((reason) => name !== "scionlab" || !full.includes(reason)),
      [],
    );
    t.is(messages_given_up, 0);
  });
}

function pings(src: string, dst: string, changes: Partial<PacedFlow> = {}): PacedFlow {
  return {
    ...FLOW_DEFAULTS,
    id: "ping",
    app: "ping",
    src: { ia: src, host: "10.0.0.1" },
    dst: { ia: dst, host: "10.0.0.2" },
    policy: { name: "shortest", params: {} },
    start_ns: 0,
    stop_ns: 60 * SECOND,
    interval_ns: 100 * MILLISECOND,
    packet_size: 200,
    ...changes,
  };
}

/** The two ASes of a preset that are farthest apart in its list and not core. */
function leavesOf({ ases }: Network): [string, string] {
  const leaves = ases.filter(({ core }) => !core).map(({ ia }) => ia);
  return [leaves[0] as string, leaves.at(-1) as string];
}

test("packets are dropped for lack of a path until the lookup is done, and then arrive", (t) => {
  const network = preset("two-isds");
  const scenario = beaconing(network, { flows: [pings(...leavesOf(network), { reply: "select" })] });
  const world = run(scenario, 8);
  const { flows, drops } = results(world, scenario);
  const [flow] = flows;
  t.true((flow?.received ?? 0) > 20, `${flow?.received} pings came back`);
  t.true((drops.no_path ?? 0) > 0);
  t.true(planeOf(world, scenario).requests_received > 0);
  t.is(planeOf(world, scenario).requests_unanswered, 0);
});

test("what is offered is what the flow's path policy allows, also to replies that choose their own path", (t) => {
  const network = preset("two-isds");
  const [src, dst] = leavesOf(network);
  const paths = createPathFinder(network, { max: 100 })(src, dst);
  const shared = paths[0]?.interfaces[0];
  if (shared === undefined) return t.fail("no path");
  const path_policy = { acl: [`- ${shared.ia}#${shared.ifId}`, "+"] };
  const allowed = filterPaths(path_policy, paths).map(({ fingerprint }) => fingerprint);
  t.true(allowed.length > 0 && allowed.length < paths.length);
  const offers = (ia: string, changes: Partial<PacedFlow>): string[] => {
    const scenario = beaconing(network, { flows: [pings(src, dst, { reply: "select", ...changes })], max_paths: 100 });
    const targets = controlOf(run(scenario, 8), ia).targets;
    return targets.flatMap(({ offered }) => offered?.split(" ") ?? []).sort();
  };
  t.deepEqual(offers(src, { path_policy }), allowed.toSorted());
  t.is(offers(src, {}).length, paths.length);
  t.is(offers(dst, { path_policy }).length, allowed.length);
});

function sameDigest(scenario: Scenario, seconds: number): string[] {
  const variants: SimulationOptions[] = [{}, { wire: true }, { lanes: false }, { dispatch: "mailbox" }];
  return variants.map((options) => run(scenario, seconds, FAST, options).digest());
}

test("one digest with packets as bytes, without lanes, and through the mailbox", (t) => {
  const network = preset("internet", { ases: 8, isds: 2, cores: 1 });
  const [src, dst] = leavesOf(network);
  const digests = sameDigest(beaconing(network, { flows: [pings(src, dst)] }), 4);
  t.is(new Set(digests).size, 1, digests.join(" "));
});

test("a record of a run with control services replays identically", (t) => {
  const network = preset("internet", { ases: 8, isds: 2, cores: 1 });
  const scenario = beaconing(network, { flows: [pings(...leavesOf(network))], duration_ns: 4 * SECOND });
  const assembly = () => assemble(scenario, { repeat: "test", controlTimes: FAST });
  const again = replay(assembly(), recordsOf(recordedRun(assembly(), 4 * SECOND).lines));
  t.is(again.firstDifference, null);
  t.true(again.identical);
});

function outage(ia: string, ifId: number, at: number, to: number): FaultSpec {
  const timing = { kind: "once" as const, at_ns: at * SECOND, for_ns: (to - at) * SECOND };
  return { id: "cut", timing, effect: { kind: "down", links: [{ ia, ifId }], ases: [] } };
}

test("segments over a link that fails go, and come back with it", (t) => {
  const network = preset("two-isds");
  const cut = network.links.find(({ type }) => type === "child");
  if (cut === undefined) throw new Error("no child link");
  const scenario = beaconing(network, {
    faults: [outage(cut.a.ia, cut.a.ifId, 14, 26)],
    detection_ns: 100 * MILLISECOND,
  });
  const without = { ...network, links: network.links.filter((link) => link !== cut) };
  const world = run(scenario, 25);
  t.deepEqual(found(world, network), expected(without));
  world.run(42 * SECOND);
  t.deepEqual(found(world, network), expected(network));
});

test("with a fifth of all packets lost beaconing arrives at the same segments", (t) => {
  const network = preset("two-isds");
  const lossy = network.links.map((link) => ({
    ...link,
    ab: { ...link.ab, loss: 0.2 },
    ba: { ...link.ba, loss: 0.2 },
  }));
  const scenario = beaconing({ ...network, links: lossy });
  // Losses may cost a beacon several of its renewals: nothing is put out before its time.
  const world = run(scenario, 30, { ...FAST, retention: 0 });
  t.deepEqual(found(world, network), expected(network));
  t.true(planeOf(world, scenario).packets_resent > 0);
});

test("segments expire where nobody renews them, and not where somebody does", (t) => {
  const network = preset("tiny");
  const core = network.ases.find((as) => as.core)?.ia as string;
  const slow = { ...FAST, retention: 0, registration: 20 * SECOND };
  const short = { maxExpTime: 0 };
  const scenario = beaconing(network, {
    faults: [
      {
        ...outage(core, 1, 10, 20),
        timing: { kind: "once", at_ns: 10 * SECOND, for_ns: null },
        effect: { kind: "down", links: [], ases: [core] },
      },
    ],
  });
  const world = run(scenario, 300, slow, {}, short);
  t.deepEqual(found(world, network), expected(network), "337.5 s are not over");
  world.run(370 * SECOND);
  t.is([...found(world, network).values()].flat().length, 0);
  t.true(planeOf(world, scenario).beacons_dropped_expired > 0);
  const renewed = run(beaconing(network), 400, slow, {}, short);
  t.deepEqual(found(renewed, network), expected(network));
});

/** A control message as the neighbour's service sends it, with its first beacon changed. */
function tampered(packet: Packet, change: (bytes: Uint8Array) => Uint8Array): Packet[] {
  const rest = packet.rest as Uint8Array;
  const length =
    (rest[20] as number) * 2 ** 24 + (rest[21] as number) * 2 ** 16 + (rest[22] as number) * 256 + (rest[23] as number);
  const beacon = change(rest.slice(24, 24 + length));
  const message = new Uint8Array([1, 0, 0, 1, 0, 0, beacon.length >> 8, beacon.length, ...beacon]);
  const out = createOutgoing(0xffff_0000, message, 1_200);
  return takeFragments(out).map((part) => {
    const wireLength = wireLengthOf(packet.path, packet.srcHost, packet.dstHost, packet.l4, part.length);
    return createMessage({ ...packet, rest: part, wireLength });
  });
}

test("forged, damaged, foreign and replayed beacons are refused by name, and nothing breaks", (t) => {
  const network = preset("tiny");
  const scenario = beaconing(network);
  const core = network.ases.find((as) => as.core)?.ia as string;
  const link = network.links.find(({ a }) => a.ia === core);
  if (link === undefined) throw new Error("no link");
  const heard: Packet[] = [];
  const options: SimulationOptions = {
    observe: (world) => ({
      sent: () => {},
      recalled: () => {},
      delivered: (cell, _order, thing, isPacket) => {
        const packet = thing as Packet;
        const isData =
          isPacket && packet.l4.kind === "udp" && packet.rest?.[3] === 0 && packet.path?.kind === "one-hop";
        if (isData && cell.id === `control/${link.b.ia}` && heard.length === 0) heard.push({ ...packet });
        void world;
      },
    }),
  };
  const world = run(scenario, 3, FAST, options);
  const [packet] = heard;
  if (packet === undefined) return t.fail("no beacon came");
  const target = world.indexOf(`control/${link.b.ia}`) as number;
  const inject = (change: (bytes: Uint8Array) => Uint8Array): string[] => {
    const before = { ...controlOf(world, link.b.ia).counts.beacons_refused };
    controlOf(world, link.b.ia).incoming.done.clear();
    for (const one of tampered(packet, change)) world.deliverPacket(target, one, 0);
    const after = controlOf(world, link.b.ia).counts.beacons_refused;
    return Object.keys(after).filter((reason) => after[reason] !== before[reason]);
  };
  const flip = (at: number) => (bytes: Uint8Array) => {
    bytes[at] = (bytes[at] as number) ^ 1;
    return bytes;
  };
  t.deepEqual(
    inject((bytes) => bytes),
    ["replayed"],
  );
  t.deepEqual(inject(flip(3)), ["forged"], "the timestamp");
  t.deepEqual(inject(flip(40)), ["forged"], "the body");
  t.deepEqual(
    inject((bytes) => bytes.subarray(0, 30)),
    ["malformed"],
  );
  t.deepEqual(inject(flip(11)), ["unknown_as"], "the ISD of the first AS");
  packet.path =
    packet.path?.kind === "one-hop" ? { ...packet.path, second: { ...packet.path.second, consIngress: 99 } } : null;
  t.deepEqual(
    inject((bytes) => bytes),
    ["wrong_link"],
  );
});
