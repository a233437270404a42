/** Names, addresses, and what `ip` and `tc` are told; with namespaces: that they come and go. */
import { readdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import test from "ava";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import { assemble } from "../../actors/assemble.ts";
import { DEFAULT_DIRECTION, type LinkDirection } from "../../core/scenario.ts";
import { Simulation } from "../../sim/simulation.ts";
import { results } from "../../actors/results.ts";
import { busyScenario } from "../../sim/test-worlds.ts";
import { GatheredWorld, partOf } from "./gathered-world.ts";
import { FOLDER, madeByPathloom, namespaceName, ownPrefix } from "./names.ts";
import { cleanNamespaces, openNamespaces } from "./namespaces.ts";
import { expectNamespaces, netnsSerial } from "./netns-testing.ts";
import { planNamespaces } from "./plan.ts";
import { removeNamespaces } from "./reserve.ts";
import { commandsByPlace, kernelAbilities, type KernelAbilities, shapeDirection, shapeNetwork } from "./shaping.ts";
import { run } from "./system.ts";

const MS = 1_000_000;
const BOTH: KernelAbilities = { netem: true, tbf: true };
const TBF: KernelAbilities = { netem: false, tbf: true };
const NETEM: KernelAbilities = { netem: true, tbf: false };
const NOTHING: KernelAbilities = { netem: false, tbf: false };

const shape = (changes: Partial<LinkDirection>, has: KernelAbilities): ReturnType<typeof shapeDirection> =>
  shapeDirection({ ...DEFAULT_DIRECTION, rate_bps: 8_000_000, ...changes }, has, "if1", 1_500);

test("each AS and each link has addresses of its own, and both ends know each other", (t) => {
  const { network } = busyScenario(9);
  const { links, loopback, underlay } = planNamespaces({ network });
  const addresses = [...links.flat().map(({ address }) => address), ...loopback.flat()];
  t.is(new Set(addresses).size, addresses.length);
  t.is(links.length, network.links.length);
  for (const [a, b] of links) t.is(a.address.replace(/\d+$/, ""), b.address.replace(/\d+$/, ""));
  for (const place of underlay.places) {
    for (const { local, remote, neighbour, neighbourIfId, ifId } of place.links) {
      const far = underlay.places.find(({ ia }) => ia === neighbour)?.links.find((one) => one.ifId === neighbourIfId);
      t.deepEqual([far?.local, far?.remote, far?.neighbourIfId], [remote, local, ifId]);
    }
  }
  for (const { device } of links.flat()) t.true(device.length <= 15);
});

test("the kernel takes over what it has, the link actor keeps the rest", (t) => {
  const line = [
    "qdisc replace dev if1 root handle 2: stab overhead -42 tbf rate 8000000bit burst 1514 limit 150001514",
    "qdisc replace dev if1 parent 2: handle 3: pfifo limit 101",
  ];
  t.deepEqual(shape({ loss: 0.015 }, TBF), { actor: "delay", commands: line });
  t.deepEqual(shape({}, NOTHING), { actor: "model", commands: [] });
  t.deepEqual(shape({ loss: 0.015 }, BOTH), {
    actor: "none",
    commands: [
      "qdisc replace dev if1 root handle 1: netem limit 100000 delay 5000us loss 1.500000%",
      ...line.map((command) => command.replace("root handle 2:", "parent 1:1 handle 2:")),
    ],
  });
  // 5 ms of 8 Mbit/s are 5 kB: four packets fly, one is being sent, 100 wait.
  t.deepEqual(shape({}, NETEM), {
    actor: "none",
    commands: ["qdisc replace dev if1 root handle 1: netem limit 105 delay 5000us rate 8000000bit -42"],
  });
  t.deepEqual(shape({ rate_bps: 0, delay: { kind: "uniform", width_ns: 2 * MS }, reorder: true }, NETEM), {
    actor: "none",
    commands: ["qdisc replace dev if1 root handle 1: netem limit 100000 delay 5000us 2000us"],
  });
  t.true(shape({ queue_packets: 0, queue_bytes: 30_000 }, TBF).commands[1]?.endsWith("bfifo limit 31500"));
  t.true(shape({ rate_bps: 80_000_000 }, TBF).commands[0]?.includes("burst 5000 "));
});

test("what the kernel would do otherwise than the model, it is not asked for", (t) => {
  const actor = (changes: Partial<LinkDirection>, has = BOTH): string => shape(changes, has).actor;
  const schedule: LinkDirection["schedule"] = { kind: "opportunities", period_ns: 10 * MS, bytes: 500, at_ns: [MS] };
  const burst = { good_ns: MS, bad_ns: MS, loss_good: 0, loss_bad: 1 };
  t.is(actor({ schedule }), "model");
  t.is(actor({ discipline: { kind: "codel", target_ns: 5 * MS, interval_ns: 100 * MS, ecn: false } }), "model");
  t.is(actor({ queue_packets: 10, queue_bytes: 10_000 }), "model");
  t.is(actor({ queue_packets: 0, queue_bytes: 0 }), "model");
  t.is(actor({ queue_packets: 1_000 }, TBF), "model");
  t.is(actor({ queue_packets: 1_000 }), "none");
  t.is(actor({ burst }), "delay");
  t.is(actor({ burst }, NETEM), "model");
  t.is(actor({ delay: { kind: "uniform", width_ns: MS } }), "delay");
  t.is(actor({ rate_bps: 0 }, TBF), "model");
});

test("a world put together again from its parts has the same results, and the same digest", (t) => {
  const scenario = busyScenario(9);
  const make = (): ReturnType<typeof assemble> => assemble(scenario, { repeat: "npx ava live/netns/netns.test.ts" });
  const world = Simulation.create(make());
  world.run(scenario.duration_ns);
  const whole = partOf(world);
  const parts = world.assembly.places.map((_, place) => ({
    ...whole,
    events: place === 0 ? whole.events : 0,
    actors: whole.actors.filter(({ spec }) => spec.place === place),
    ledger: place === 0 ? whole.ledger : { byReason: new Map(), byFlow: new Map(), duplicated: new Map() },
  }));
  const gathered = new GatheredWorld(make(), structuredClone(parts.reverse()));
  t.is(gathered.digest(), world.digest());
  t.is(gathered.events, world.events);
  t.deepEqual(results(gathered, scenario), results(world, scenario));
});

netnsSerial("namespaces come with their links and shaping, and are gone with their scope", (t) => {
  const { network } = busyScenario(9);
  const plan = planNamespaces({ network });
  const has = kernelAbilities();
  t.log(`this kernel: ${JSON.stringify(has)}`);
  const shaped = shapeNetwork(network, plan, has);
  const scope = Effect.runSync(Scope.make());
  const places = network.ases.map(({ ia }) => ia);
  const names = Effect.runSync(Scope.provide(openNamespaces(places, plan, commandsByPlace(shaped)), scope));
  t.deepEqual(
    names.map((name) => name.slice(0, -3)),
    places.map(() => ownPrefix()),
  );
  t.true(madeByPathloom().every(({ name, living }) => living || !names.includes(name)));
  for (const [{ place, device }, far] of plan.links) {
    const { status, stderr } = spawnSync("ip", ["netns", "exec", names[place] as string, "true"], { encoding: "utf8" });
    t.is(status, 0, stderr);
    const { stdout } = run("ip", ["-j", "neigh", "show", "dev", device], { namespace: names[place] as string });
    t.is((JSON.parse(stdout) as { dst: string }[])[0]?.dst, far.address);
  }
  for (const { place, device, commands } of shaped) {
    const { stdout } = run("tc", ["qdisc", "show", "dev", device], { namespace: names[place] as string });
    t.is(/qdisc (tbf|netem)/.test(stdout), commands.length > 0, stdout);
  }
  Effect.runSync(Scope.close(scope, Exit.void));
  t.deepEqual(
    readdirSync(FOLDER).filter((name) => names.includes(name)),
    [],
  );
});

netnsSerial("what dead processes left is removed, what the living have is not", (t) => {
  const dead = namespaceName("plzzzzz0000-", 1);
  const own = namespaceName(ownPrefix(), 7);
  for (const name of [dead, own]) t.true(run("ip", ["netns", "add", name]).ok);
  try {
    const { removed, living } = cleanNamespaces();
    t.true(removed.some(({ name }) => name === dead));
    t.true(living.some(({ name }) => name === own));
    t.false(readdirSync(FOLDER).includes(dead));
    t.true(readdirSync(FOLDER).includes(own));
  } finally {
    removeNamespaces([dead, own]);
  }
});

test("there are namespaces, or it says why not", (t) => {
  expectNamespaces(t, "that namespaces come and go");
});
