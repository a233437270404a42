/** What routers report reaches the paths of an association at once, whichever scheduler uses them. */
import test from "ava";
import type { Assembly } from "../actors/assembly.ts";
import type { AssociationContext, AssociationInput } from "../actors/channel/association.ts";
import type { ListenerContext } from "../actors/channel/listener.ts";
import type { ScriptContext } from "../actors/channel/script-testing.ts";
import type { SelectorInput } from "../actors/selectors/selector.ts";
import type { SchedulerName } from "../core/channel/paths/types.ts";
import type { FaultSpec, Scenario } from "../core/scenario.ts";
import { channelAssembly, pairScenario } from "./channel-worlds.ts";
import { Simulation } from "./simulation.ts";

const MS = 1_000_000;
const SECOND = 1_000 * MS;
const ENDLESS = { channels: [{ options: {}, bytes: 1e9 }], finish: false };

/** Paths say 1472 bytes, ends take as much, and the link carries `mtu`. */
function narrowed(mtu: number): Assembly {
  const pair = pairScenario(5, [{}]);
  const links = pair.network.links.map((link) => ({ ...link, mtu }));
  const scenario: Scenario = { ...pair, network: { ...pair.network, links } };
  const base = channelAssembly(scenario, { crypto: "modelled" }, ENDLESS);
  const actors = base.actors.map((spec) => {
    if (spec.logic === "selector") {
      const input = spec.input as SelectorInput;
      return { ...spec, input: { ...input, paths: input.paths.map((path) => ({ ...path, mtu: 1_472 })) } };
    }
    if (spec.logic !== "association") return spec;
    return { ...spec, input: { ...(spec.input as AssociationInput), maxPacket: 1_400 } };
  });
  return { ...base, actors };
}

test("a packet too big for a link: the router's word narrows the path, and all arrives", (t) => {
  const world = Simulation.create(narrowed(1_300));
  world.run(10 * SECOND);
  const tooBig = world.ledger.byReason.get("packet_too_big") ?? 0;
  t.true(tooBig > 0 && tooBig <= 12, `${tooBig}: one window, not what black-hole detection would take`);
  const { association } = world.read<AssociationContext>("association/f").context;
  const size = association.paths.list[0]?.pmtu.size ?? 0;
  t.true(size > 1_100 && size < 1_300, `${size}`);
  t.true(association.paths.events.some(({ kind }) => kind === "mtu"));
  const { byId } = world.read<ListenerContext>("listener/f").context;
  t.is(byId.size, 1);
  t.true(world.read<AssociationContext>("listener/f/0").context.delivered > 4_000_000);
});

for (const scheduler of ["single", "minrtt", "round-robin", "redundant", "ecf"] as SchedulerName[]) {
  test(`an interface down: its paths fail with the router's news, not after timeouts (${scheduler})`, (t) => {
    const effect = { kind: "down" as const, links: [{ ia: "1-1", ifId: 1 }], ases: [] };
    const cut: FaultSpec = { id: "cut", timing: { kind: "once", at_ns: SECOND, for_ns: null }, effect };
    const pair = pairScenario(5, [{ latency_ns: 10 * MS }, { latency_ns: 15 * MS }], "lowest-latency");
    const assembly = channelAssembly(
      { ...pair, detection_ns: 50 * MS, faults: [cut] },
      { crypto: "modelled", paths: { scheduler } },
      ENDLESS,
    );
    const world = Simulation.create(assembly);
    world.run(SECOND - 1);
    const { paths } = world.read<AssociationContext>("association/f").context.association;
    t.is(paths.list.filter(({ state }) => state === "failed").length, 0);
    // Detection, then one packet (a probe, where the window is full) to the router and its answer within the AS.
    while (world.now < SECOND + 400 * MS && paths.counts.failures === 0) world.run(world.now + MS);
    t.is(paths.counts.failures, 1);
    const failed = paths.list.find(({ usable }) => !usable);
    t.is(failed?.usable, false, "by news");
    t.true((failed?.recovery.counts.probeTimeouts ?? 9) < 3, "timeouts would have been three");
  });
}

for (const pattern of ["XX", "IK"] as const) {
  test(`${pattern}: what was written before the association stood leaves with the handshake's last packet`, (t) => {
    const base = channelAssembly(
      pairScenario(5, [{}]),
      { crypto: "modelled", pattern },
      { channels: [], finish: false },
    );
    const target = base.actors.findIndex(({ id }) => id === "association/f");
    const first = { bytes: null, length: 900, finish: true };
    const opens = Array.from({ length: 65 }, (_, tag) => ({
      at: 0,
      target,
      event: { type: "channel.open", options: {}, tag, first },
    }));
    const world = Simulation.create({ ...base, faults: [...opens, ...base.faults] });
    while (world.now < SECOND && world.read<AssociationContext>("association/f").value !== "established")
      world.step(SECOND);
    const { association, early } = world.read<AssociationContext>("association/f").context;
    const at = world.now;
    t.is(early.length, 0);
    t.is(association.channels.opened, 16, "as many as the peer allows at first");
    // Half a round trip, and the time that a few packets take: nothing waited for an answer.
    world.run(at + 15 * MS);
    const other = world.read<AssociationContext>("listener/f/0").context;
    t.is(world.read<AssociationContext>("listener/f/0").value, "established");
    t.true(other.delivered >= 900, `${other.delivered}`);
    const heard = world.read<ScriptContext>("script/f").context.heard;
    t.is(heard.filter((word) => word === "channel.opened").length, 16);
    t.is(heard.filter((word) => word === "channel.denied").length, 49, "too many before, too many for the peer");
  });
}
