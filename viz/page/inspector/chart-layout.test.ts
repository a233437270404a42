/** Every machine of the house can be drawn: nothing overlaps, nothing is left out. */
import test from "ava";
import { LOGICS } from "../../../actors/logics.ts";
import { shapeOf } from "../../../sim/exploration/machine-shape.ts";
import { layoutChart, layoutWithin, type PlacedState } from "./chart-layout.ts";

function overlap(one: PlacedState, other: PlacedState): boolean {
  const apartX = Math.abs(one.x - other.x) >= (one.width + other.width) / 2;
  return !apartX && Math.abs(one.y - other.y) < (one.height + other.height) / 2;
}

function isInside(inner: PlacedState, outer: PlacedState): boolean {
  return inner.path.startsWith(`${outer.path}.`);
}

for (const [name, logic] of LOGICS) {
  test(`${name}: states stand apart, and every transition is drawn once`, (t) => {
    const shape = shapeOf(logic);
    const chart = {
      states: shape.states.map((state) => ({ ...state, entered: 0 })),
      transitions: shape.transitions.map((transition) => ({ ...transition, taken: 0 })),
    };
    const { edges, height, states, width } = layoutChart(chart);
    t.is(states.filter(({ path }) => path !== "").length, shape.states.length - 1);
    for (const [at, one] of states.entries()) {
      t.true(one.x - one.width / 2 >= 0 && one.x + one.width / 2 <= width, one.path);
      t.true(one.y - one.height / 2 >= 0 && one.y + one.height / 2 <= height, one.path);
      for (const other of states.slice(at + 1)) {
        if (isInside(other, one) || isInside(one, other)) continue;
        t.false(overlap(one, other), `${one.path} and ${other.path}`);
      }
    }
    const drawn = [...states, ...edges].flatMap(({ lines }) => lines.map(({ transition }) => transition));
    t.deepEqual(
      drawn.toSorted((left, right) => left - right),
      shape.transitions.map((_transition, number) => number),
    );
    for (const { points } of edges) t.true(points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
  });
}

test("nested states stand inside the box of the one around them", (t) => {
  const state = (path: string, parent: string | null, initial = false) => {
    const kind = path === "a" || path === "" ? "compound" : "atomic";
    return { path, parent, initial, kind, name: path, entry: [], exit: [], entered: 0 } as const;
  };
  const states = [state("", null), state("a", "", true), state("a.x", "a", true), state("a.y", "a"), state("b", "")];
  const step = (from: string, to: string) => ({ from, to, event: "step", guard: null, actions: [], taken: 0 });
  const drawn = layoutChart({
    states,
    transitions: [step("a.x", "a.y"), step("a", "b"), step("b", "a.y"), step("b", "b")],
  });
  const find = (path: string): PlacedState => drawn.states.find((one) => one.path === path) as PlacedState;
  const box = find("a");
  t.true(box.around);
  for (const inner of [find("a.x"), find("a.y")]) {
    t.true(Math.abs(inner.x - box.x) + inner.width / 2 <= box.width / 2 + 0.5);
    t.true(Math.abs(inner.y - box.y) + inner.height / 2 <= box.height / 2 + 0.5);
  }
  t.false(overlap(box, find("b")));
  t.is(drawn.edges.length, 4);
});

test("labels are cut only where there is no room for them", (t) => {
  const [narrow, wide] = [200, 4_000].map((width) =>
    [...LOGICS.values()].flatMap((logic) => {
      const { states, transitions } = shapeOf(logic);
      const chart = {
        states: states.map((state) => ({ ...state, entered: 0 })),
        transitions: transitions.map((transition) => ({ ...transition, taken: 0 })),
      };
      const drawn = layoutWithin(chart, width);
      t.true(drawn.width <= width || drawn.width <= layoutChart(chart).width);
      return [...drawn.states, ...drawn.edges].flatMap(({ lines }) => lines.map(({ text }) => text));
    }),
  ) as [string[], string[]];
  const cut = (texts: readonly string[]): number => texts.filter((text) => text.endsWith("\u2026")).length;
  t.true(cut(narrow) > 0);
  t.true(cut(wide) < cut(narrow) / 4, `${cut(wide)} of ${cut(narrow)}`);
});
