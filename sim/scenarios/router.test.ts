/** Routers as a whole: every kind of path there and back with its MACs verified, errors that find their way, the AS's own network. */
import test from "ava";
import { assemble } from "../../actors/assemble.ts";
import { TRACEROUTE_ID } from "../../actors/assemble/traceroute.ts";
import type { TracerouteContext } from "../../actors/apps/traceroute.ts";
import type { HostContext } from "../../actors/host.ts";
import type { NodeContext } from "../../actors/node.ts";
import { results } from "../../actors/results.ts";
import { createForwardingKeys } from "../../core/forwarding-keys.ts";
import type { PathInfo } from "../../core/path.ts";
import { createPathFinder } from "../../core/path-finder.ts";
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type LinkType,
  type Network,
  type NetworkAs,
  type NetworkLink,
  type PacedFlow,
  type Scenario,
} from "../../core/scenario.ts";
import { Simulation } from "../simulation.ts";
import { quietScenario } from "../sim-connectors.ts";

const MS = 1_000_000;
const CORES = ["1-1", "1-2"];
const ASES = [...CORES, "1-11", "1-12", "1-111", "1-112", "1-121"];
const HOST = "10.0.0.1";

/** Two cores, a tree below each, a peering link between the trees' first ASes: shortcuts, peering and all three segments. */
const LINKS: [string, LinkType, string][] = [
  ["1-1#1", "core", "1-2#1"],
  ["1-1#2", "child", "1-11#1"],
  ["1-2#2", "child", "1-12#1"],
  ["1-11#2", "child", "1-111#1"],
  ["1-11#3", "child", "1-112#1"],
  ["1-12#2", "child", "1-121#1"],
  ["1-11#4", "peer", "1-12#4"],
];

function network(changes: Partial<NetworkAs> = {}): Network {
  const end = (text: string) => ({ ia: text.split("#")[0] as string, ifId: Number(text.split("#")[1]) });
  const line = { ...DEFAULT_DIRECTION, latency_ns: MS, rate_bps: 0 };
  const links = LINKS.map(
    ([a, type, b]): NetworkLink => ({ a: end(a), b: end(b), type, mtu: 1400, ab: line, ba: line }),
  );
  return { name: "tree", ases: ASES.map((ia) => ({ ia, core: CORES.includes(ia), mtu: 1472, ...changes })), links };
}

const pathsIn = (net: Network): ReturnType<typeof createPathFinder> =>
  createPathFinder(net, { max: 20, epochS: 1_700_000_000, keys: createForwardingKeys(1) });

/** One echo over each path between any two ASes, all at 100 ms. */
function everyPath(net: Network, packet_size = 400): { readonly flows: PacedFlow[]; readonly paths: PathInfo[] } {
  const finder = pathsIn(net);
  const paths = ASES.flatMap((src) => ASES.flatMap((dst) => (src === dst ? [] : finder(src, dst))));
  const flows = paths.map(
    ({ src, dst, fingerprint }, number): PacedFlow => ({
      ...FLOW_DEFAULTS,
      id: `f${number}`,
      app: "ping",
      src: { ia: src, host: HOST },
      dst: { ia: dst, host: HOST },
      policy: { name: "pinned", params: { path: fingerprint } },
      start_ns: 100 * MS,
      stop_ns: 101 * MS,
      interval_ns: MS,
      packet_size,
    }),
  );
  return { flows, paths };
}

function run(net: Network, changes: Partial<Scenario>, between?: (world: Simulation) => void): Simulation {
  const scenario = quietScenario(net, { duration_ns: 400 * MS, detection_ns: MS, ...changes });
  const world = Simulation.create(assemble(scenario, { repeat: "npx ava sim/scenarios" }), {
    checks: { followEvery: 1024 },
  });
  world.run(50 * MS);
  between?.(world);
  world.run(scenario.duration_ns);
  return world;
}

const errorsIn = (world: Simulation): number =>
  world
    .allCells()
    .filter(({ spec }) => spec.logic === "host")
    .reduce((sum, { state }) => sum + (state.context as HostContext).errors, 0);

test("an echo crosses every path of every kind and comes back; every hop's MAC was verified", (t) => {
  const net = network();
  const { flows, paths } = everyPath(net);
  const world = run(net, { flows });
  const { totals, drops } = results(world, quietScenario(net, { flows }));
  t.deepEqual([totals.received, drops], [flows.length, {}]);
  const kinds = new Set(
    paths.map(({ segments }) => segments.map(({ type, peer }) => `${type}${peer ? "*" : ""}`).join("-")),
  );
  const expected = ["up", "down", "core", "up-core", "core-down", "up-core-down", "up-down", "up*-down*"];
  for (const kind of expected) t.true(kinds.has(kind), kind);
  const looked = ASES.map((ia) => world.read<NodeContext>(`node/${ia}`).context.macs);
  t.true(looked.every((macs) => macs !== null && macs.hits > macs.misses));
});

for (const [a] of LINKS) {
  test(`the link at ${a} fails: every packet that would cross it is answered, and the answer arrives`, (t) => {
    const net = network();
    const { flows, paths } = everyPath(net);
    const crossing = paths.filter(({ interfaces }) => interfaces.some(({ ia, ifId }) => `${ia}#${ifId}` === a));
    const [ia = "", ifId = ""] = a.split("#");
    const down = { kind: "down", links: [{ ia, ifId: Number(ifId) }], ases: [] } as const;
    const world = run(net, {
      flows,
      faults: [{ id: "f", timing: { kind: "once", at_ns: 0, for_ns: null }, effect: down }],
    });
    t.true(crossing.length > 0);
    t.is(world.ledger.byReason.get("interface_down"), crossing.length);
    t.is(errorsIn(world), crossing.length);
    t.is(results(world, quietScenario(net, { flows })).totals.received, flows.length - crossing.length);
  });
}

test("packets too big for a link, and hop fields that have expired: answered from wherever it shows", (t) => {
  const wide = network();
  const narrow = { ...wide, links: wide.links.map((link, at) => (at === 5 ? { ...link, mtu: 600 } : link)) };
  const { flows, paths } = everyPath(narrow, 700);
  const crossing = paths.filter(({ interfaces }) => interfaces.some(({ ia, ifId }) => ia === "1-121" && ifId === 1));
  const world = run(narrow, { flows });
  t.is(world.ledger.byReason.get("packet_too_big"), crossing.length);
  t.is(errorsIn(world), crossing.length);

  const { flows: all, paths: every } = everyPath(wide);
  const inner = every.filter(({ interfaces }) => interfaces.some(({ ia }) => ia === "1-11"));
  const late = run(wide, { flows: all }, (now) => {
    const node = now.indexOf("node/1-11") as number;
    now.inject(node, { type: "clock.set", ppm: 0, step_ns: 7 * 3_600_000 * MS } as never, now.now);
  });
  // The others' clocks are right; requests from, to and through 1-11 end there, and 1-11 answers.
  t.is(late.ledger.byReason.get("expired_hop"), inner.length);
  t.is(errorsIn(late), inner.length);
});

test("a router that has failed drops; it is back when its last cause has ended", (t) => {
  const net = network();
  const world = run(net, {});
  const node = world.indexOf("node/1-11") as number;
  const value = (): unknown => world.read("node/1-11").value;
  const tell = (type: string, cause: string | null): void => world.deliverControl(node, { type, cause } as never);
  tell("node.fail", "a");
  tell("node.fail", "b");
  tell("node.fail", "b");
  tell("node.recover", "b");
  t.is(value(), "failed");
  world.deliverPacket(node, { flow: -1 } as never, 1);
  t.is(world.ledger.byReason.get("node_down"), 1);
  tell("node.recover", "a");
  t.is(value(), "running");
  tell("node.fail", "a");
  tell("node.fail", "b");
  tell("node.recover", null);
  t.is(value(), "running");
});

test("crossing an AS takes the time that its metadata say, hosts included", (t) => {
  const internal = {
    latency_ns: 2 * MS,
    rate_bps: 0,
    pairs: [{ a: 2, b: 4, latency_ns: 7 * MS, rate_bps: 8_000_000 }],
  };
  const net = network({ internal });
  const path = pathsIn(net)("1-111", "1-121")[0] as PathInfo;
  const { flows } = everyPath(net);
  const flow = flows.find(({ policy }) => policy.params["path"] === path.fingerprint) as PacedFlow;
  const world = run(net, { flows: [flow] });
  const { latency_ms } = results(world, quietScenario(net, { flows: [flow] })).flows[0] as never as {
    latency_ms: { max: number };
  };
  // Each packet takes 400 us where it crosses between interfaces 2 and 4 at 8 Mbit/s.
  const pairs = path.interfaces.filter(({ ia, ifId }, at) => {
    const next = path.interfaces[at + 1];
    return next?.ia === ia && [ifId, next.ifId].sort().join() === "2,4";
  }).length;
  const expected = 2 * ((path.latencyNs as number) + pairs * 400_000);
  t.true(pairs > 0);
  t.true(Math.abs(latency_ms.max * MS - expected) <= expected / 50, `${latency_ms.max} ms, expected ${expected / MS}`);
  t.is(path.bandwidthKbps, 8_000);
});

test("a service is answered by one of its backends, with the backend's own address", (t) => {
  const net = network({ services: { CS: ["10.0.0.5", "10.0.0.6"] } });
  const { flows } = everyPath(net);
  const asked = flows.slice(0, 40).map((flow) => ({ ...flow, dst: { ...flow.dst, host: "CS" } }));
  const world = run(net, { flows: asked });
  t.is(results(world, quietScenario(net, { flows: asked })).totals.received, asked.length);
  const echoed = ["10.0.0.5", "10.0.0.6"].map((host) =>
    ASES.reduce((sum, ia) => sum + world.read<HostContext>(`host/${ia},${host}`).context.echoed, 0),
  );
  t.true(
    echoed.every((count) => count > 0),
    echoed.join(),
  );
});

test("a traceroute over every path of two ASes is answered by each interface in turn, beyond a failure by none", (t) => {
  const net = network();
  for (const path of pathsIn(net)("1-111", "1-121")) {
    for (const failing of [false, true]) {
      const hosts = { src: { ia: "1-111", host: HOST }, dst: { ia: "1-121", host: HOST } };
      const traceroute = { ...hosts, path, probes: 1, timeout_ns: 50 * MS };
      const effect = { kind: "down", links: [{ ia: "1-12", ifId: 2 }], ases: [] } as const;
      const faults = failing ? [{ id: "f", timing: { kind: "once", at_ns: 0, for_ns: null } as const, effect }] : [];
      const scenario = quietScenario(net, { faults, detection_ns: 0 });
      const world = Simulation.create(assemble(scenario, { repeat: "npx ava sim/scenarios", traceroute }));
      world.run(2_000 * MS);
      const { results: found } = world.read<TracerouteContext>(TRACEROUTE_ID).context;
      const names = found.map(({ answer }) => (answer === null ? "*" : `${answer.ia}#${answer.ifId}`));
      const all = [...path.interfaces.map(({ ia, ifId }) => `${ia}#${ifId}`), "1-121#0"];
      const expected = failing ? [...all.slice(0, -2), "*", "*"] : all;
      t.deepEqual(names, expected);
    }
  }
});
