import test from "ava";
import fc from "fast-check";
import { createActor, setup } from "xstate";
import { LOGICS } from "../../actors/logics.ts";
import type { PacketLogic } from "../../actors/with-packet-handler.ts";
import { activePaths, type MachineShape, shapeOf } from "./machine-shape.ts";

interface Config {
  readonly states?: Readonly<Record<string, Config>>;
}

/** Every state that a machine's source names. */
function named({ states = {} }: Config, around: readonly string[] = []): string[] {
  return [around.join("."), ...Object.entries(states).flatMap(([name, inner]) => named(inner, [...around, name]))];
}

test("the shape of every machine has all the states that its source names, and leads nowhere else", (t) => {
  for (const [name, logic] of LOGICS) {
    const shape = shapeOf(logic);
    const paths = shape.states.map(({ path }) => path);
    t.deepEqual(paths.toSorted(), named(logic.machine.config as Config).toSorted(), name);
    t.deepEqual(shape.handled.includes("packet"), logic.onPacket !== null, name);
    for (const { from, to } of shape.transitions) t.true(paths.includes(from) && (to === null || paths.includes(to)));
  }
});

test("no machine walks before its first event: what it begins in is what its source says", (t) => {
  for (const [name, { machine }] of LOGICS) {
    const begins = [machine.root, ...machine.root.initial.target];
    for (const node of begins) t.is(node.always, undefined, `${name} ${node.key}`);
  }
});

test("a transition says its event, guard, actions, and where it leads", (t) => {
  const link = shapeOf(LOGICS.get("link") as PacketLogic);
  const recover = link.transitions.filter(({ event }) => event === "link.recover");
  t.deepEqual(
    recover.map(({ enters: _enters, ...said }) => said),
    [
      { from: "down", to: null, event: "link.recover", guard: "causeLeft", actions: ["noteCauses"] },
      { from: "down", to: "up", event: "link.recover", guard: null, actions: ["noteCauses", "reportUp"] },
    ],
  );
  t.deepEqual(link.handled, ["packet", "timer.transmit", "timer.measure"]);
  const selector = shapeOf(LOGICS.get("selector") as PacketLogic);
  const always = selector.transitions.filter(({ event }) => event === "");
  t.deepEqual(
    always.map(({ from, to, guard }) => [from, guard, to]),
    [
      ["selecting", "noWay", "unreachable"],
      ["unreachable", "someWay", "selecting"],
    ],
  );
});

const note = ({ context }: { context: { entered: string[] } }, { state }: { state: string }): void =>
  void context.entered.push(state);
const enter = (state: string) => ({ type: "note" as const, params: { state } });

/** Nested and parallel states, transitions of every kind. */
const nested = setup({
  types: { context: {} as { entered: string[] }, events: {} as { type: string } },
  actions: { note },
}).createMachine({
  id: "nested",
  context: () => ({ entered: [] }),
  initial: "a",
  entry: enter(""),
  on: { top: ".b.y", home: { target: ".a", reenter: true } },
  states: {
    a: { entry: enter("a"), on: { go: "b", self: "a", again: { target: "a", reenter: true }, deep: "p.left.l2" } },
    b: {
      entry: enter("b"),
      initial: "x",
      on: { inner: ".y", whole: { target: ".x", reenter: true }, go: "p" },
      states: {
        x: { entry: enter("b.x"), on: { step: "y" } },
        y: {
          entry: enter("b.y"),
          initial: "one",
          states: { one: { entry: enter("b.y.one") }, two: { entry: enter("b.y.two") } },
          on: { step: ".two", back: "x" },
        },
      },
    },
    p: {
      entry: enter("p"),
      type: "parallel",
      on: { go: "a", inner: ".right.r2", whole: { target: "p", reenter: true } },
      states: {
        left: {
          entry: enter("p.left"),
          initial: "l1",
          states: { l1: { entry: enter("p.left.l1"), on: { step: "l2" } }, l2: { entry: enter("p.left.l2") } },
        },
        right: {
          entry: enter("p.right"),
          initial: "r1",
          states: { r1: { entry: enter("p.right.r1") }, r2: { entry: enter("p.right.r2"), on: { back: "r1" } } },
        },
      },
    },
  },
});

const EVENTS = ["go", "self", "again", "deep", "inner", "whole", "step", "back", "top", "home"];

function countEntered(shape: MachineShape, taken: readonly number[]): string[] {
  const paths = [...shape.begins, ...taken.flatMap((number) => shape.transitions[number]?.enters ?? [])];
  return paths.map((number) => shape.states[number]?.path ?? "?").toSorted();
}

test("states entered follow from transitions taken, as XState enters them", (t) => {
  const shape = shapeOf({ machine: nested, onPacket: null, onTimer: new Map() } as unknown as PacketLogic);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
      const actor = createActor(nested);
      const taken: number[] = [];
      actor.system.inspect((inspected) => {
        if (inspected.type !== "@xstate.microstep") return;
        for (const transition of inspected._transitions) taken.push(shape.numberOf(transition) ?? Number.NaN);
      });
      actor.start();
      for (const type of events) actor.send({ type });
      const { context, value } = actor.getSnapshot();
      const [counted, entered] = [countEntered(shape, taken), context.entered.toSorted()];
      if (counted.join() !== entered.join()) throw new Error(`counted ${counted.join()}, entered ${entered.join()}`);
      const active = activePaths(value);
      t.true(active.every((path) => shape.states.some((state) => state.path === path)));
    }),
  );
});
