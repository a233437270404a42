import test from "ava";
import { setup } from "xstate";
import type { Assembly } from "../actors/assembly.ts";
import { results } from "../actors/results.ts";
import { withPacketHandler } from "../actors/with-packet-handler.ts";
import { ActorFailure } from "../actors/world.ts";
import type { TraceRecord } from "../core/trace.ts";
import { checkpoint, restore } from "./checkpoint.ts";
import { Simulation } from "./simulation.ts";
import { busyAssembly, busyScenario } from "./test-worlds.ts";

const MS = 1_000_000;
const END = 2_000 * MS;

function digestOf(seed: number, options: ConstructorParameters<typeof Simulation>[1] = {}): string {
  const world = Simulation.create(busyAssembly(seed), { checks: { followEvery: 1 }, ...options });
  world.run(END);
  return world.digest();
}

test("the same seed gives the same digest, another seed another", (t) => {
  t.is(digestOf(1), digestOf(1));
  t.not(digestOf(1), digestOf(2));
});

test("lanes on and off, and packets through XState's mailbox: one digest", (t) => {
  const expected = digestOf(3);
  t.is(digestOf(3, { lanes: false }), expected);
  t.is(digestOf(3, { dispatch: "mailbox" }), expected);
  t.is(digestOf(3, { trace: () => undefined }), expected);
});

test("the busy world does all that it is meant to: loss, overflow, failure, switches, reordering", (t) => {
  const world = Simulation.create(busyAssembly(1));
  world.run(END);
  const { flows, drops } = results(world, busyScenario(1));
  for (const reason of ["loss", "link_down", "interface_down", "queue_overflow"] as const)
    t.true((drops[reason] ?? 0) > 0, reason);
  t.true(flows.some(({ switches }) => switches > 0));
  t.true(flows.some(({ reordered }) => reordered > 0));
  t.true(flows.every(({ received, sent }) => received > 0 && received < sent));
});

for (const lanes of [true, false]) {
  test(`a checkpoint continues to the same end, twice (lanes ${lanes ? "on" : "off"})`, (t) => {
    const world = Simulation.create(busyAssembly(5), { lanes });
    world.run(700 * MS);
    const state = checkpoint(world);
    world.run(END);
    for (let round = 0; round < 2; round++) {
      const again = restore(busyAssembly(5), state, { lanes });
      again.run(END);
      t.is(again.digest(), world.digest());
      t.is(again.events, world.events);
      t.deepEqual(results(again, busyScenario(5)), results(world, busyScenario(5)));
    }
  });
}

test("checkpoints taken at every point of a run all lead to its end", (t) => {
  const whole = digestOf(6);
  for (let at = 1; at < 2_000; at += 137) {
    const world = Simulation.create(busyAssembly(6));
    world.run(at * MS);
    for (let step = 0; step < at % 11; step++) world.step();
    const again = restore(busyAssembly(6), checkpoint(world));
    again.run(END);
    t.is(again.digest(), whole, `taken at ${at} ms`);
  }
});

test("an actor's draws do not shift when another actor is added", (t) => {
  const world = Simulation.create(busyAssembly(1));
  const fresh = Simulation.create(busyAssembly(1));
  const cell = world.cells[0];
  cell?.random("other purpose").uniform();
  t.is(cell?.random("this").uniform(), fresh.cells[0]?.random("this").uniform());
});

/** One actor that does as told. */
function lone(act: (env: import("../core/env.ts").Env) => void): Assembly {
  const machine = setup({}).createMachine({ id: "lone", initial: "on", states: { on: {} } });
  const logic = withPacketHandler(machine, () => undefined, {
    act: (_state, _event, env) => {
      act(env);
      return undefined;
    },
  });
  return {
    seed: 42,
    repeat: "pathloom run lone.yaml --seed 42",
    places: ["1-1"],
    actors: [{ id: "lone/1", place: 0, logic: "lone", input: null }],
    logics: new Map([["lone", logic]]),
    resources: new Map(),
    faults: [{ at: 5 * MS, target: 0, event: { type: "act" } }],
    scenario: null,
  };
}

function failureOf(assembly: Assembly): ActorFailure {
  try {
    Simulation.create(assembly).run(END);
  } catch (failure) {
    if (failure instanceof ActorFailure) return failure;
    throw failure;
  }
  throw new Error("the run did not fail");
}

test("an actor that throws stops the run with seed, time, actor and the command that repeats it", (t) => {
  const failure = failureOf(
    lone(() => {
      throw new Error("no such thing");
    }),
  );
  t.is(failure.actor, "lone/1");
  t.is(failure.timeNs, 5 * MS);
  t.is(
    failure.message,
    "actor lone/1 failed at 0.005000000 s while handling act: no such thing\n  seed 42; to repeat: pathloom run lone.yaml --seed 42",
  );
});

test("a machine whose action throws stops the run too, where XState alone would go on", (t) => {
  const machine = setup({
    actions: {
      explode: () => {
        throw new Error("in an action");
      },
    },
  }).createMachine({ id: "bomb", initial: "on", states: { on: { on: { act: { actions: "explode" } } } } });
  const logics = new Map([["lone", withPacketHandler(machine, () => undefined)]]);
  const failure = failureOf({ ...lone(() => undefined), logics });
  t.regex(failure.message, /actor lone\/1 failed at 0\.005000000 s while handling act: in an action/);
});

test("an actor that goes round at one instant is named", (t) => {
  const failure = failureOf(lone((env) => void env.send(0, { type: "act" }, 0)));
  t.regex(failure.message, /lone\/1 .*time does not advance/);
});

test("a delay that is no whole number of nanoseconds is refused", (t) => {
  for (const delay of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const failure = failureOf(lone((env) => void env.send(0, { type: "other" }, delay)));
    t.regex(failure.message, /whole nanoseconds/);
  }
});

test("actors that come and go: spawned, used, stopped; what is sent to them later is counted", (t) => {
  const assembly = lone((env) => {
    const child = env.spawn("child/1", "lone", null);
    env.send(child, { type: "noted" }, MS);
    env.stop(child);
    env.sendPacket(child, { flow: 0, number: 0, currHf: 0, wireLength: 1 } as never, 0, MS);
  });
  const world = Simulation.create(assembly);
  world.run(END);
  t.is(world.ledger.byReason.get("unexpected"), 1);
  t.deepEqual(
    world.actorDigests().map(([id]) => id),
    ["child/1", "lone/1"],
  );
});

test("the forwarding-loop checker names the router that a packet meets twice", (t) => {
  const assembly = busyAssembly(1);
  // A link that leads back: 1-5's link towards 1-4 is turned round to 1-1, whose router sends the packet on again.
  const target = assembly.actors.findIndex(({ id }) => id === "node/1-5");
  const actors = assembly.actors.map((spec) =>
    spec.id === "link/1-5#2>1-4#3"
      ? { ...spec, input: { ...(spec.input as object), next: target, nextIfId: 1 } }
      : spec,
  );
  const world = Simulation.create({ ...assembly, actors }, { checks: { followEvery: 1 } });
  const error = t.throws(() => world.run(END));
  t.regex(error?.message ?? "", /node\/1-5 .*forwarding loop: packet \d+ of flow \d/);
});

test("the conservation checker notices a packet that vanishes", (t) => {
  const assembly = busyAssembly(1);
  const machine = setup({}).createMachine({ id: "hole", initial: "on", states: { on: {} } });
  const logics = new Map([...assembly.logics, ["hole", withPacketHandler(machine, () => undefined)]]);
  const actors = assembly.actors.map((spec) => (spec.id === "node/1-5" ? { ...spec, logic: "hole" } : spec));
  const error = t.throws(() => Simulation.create({ ...assembly, actors, logics } as Assembly).run(END));
  t.regex(error?.message ?? "", /packets are not conserved \(flow video, .*seed 1; to repeat:/);
});

test("a trace follows every packet from its sending to its end, in order of time", (t) => {
  const records: TraceRecord[] = [];
  const world = Simulation.create(busyAssembly(1), { trace: (record) => records.push(record) });
  world.run(END);
  t.true(records.every(({ time_ns }, n) => n === 0 || time_ns >= (records[n - 1] as TraceRecord).time_ns));
  const first = records.filter(({ flow, number }) => flow === 1 && number === 0).map(({ kind }) => kind);
  t.deepEqual(first.slice(0, 4), ["app.send", "selector.choose", "node.forward", "link.admit"]);
  t.deepEqual(first.slice(-3), ["node.deliver", "host.deliver", "app.receive"]);
});

test("a policy that throws or returns what is not offered stops the run with its name", (t) => {
  const scenario = busyScenario(1);
  for (const [choose, expected] of [
    [
      () => {
        throw new Error("my mistake");
      },
      /selector\/.*my mistake/,
    ],
    [() => 99, /policy mine: choose must return the position of an offered path \(-1 to 2\), found 99/],
  ] as const) {
    const base = busyAssembly(1, [{ name: "mine", init: () => null, choose }]);
    const actors = base.actors.map((spec) =>
      spec.logic === "selector" ? { ...spec, input: { ...(spec.input as object), policy: "mine" } } : spec,
    );
    t.regex(failureOf({ ...base, actors, scenario }).message, expected);
  }
});
