/** An actor's statechart as the explorer draws it: from the machine, with what was counted on it up to where the world stands. */
import type { Cell } from "../../actors/world.ts";
import type { ChartView } from "../../core/exploration.ts";
import type { Coverage } from "./coverage.ts";
import { activePaths, type MachineShape } from "./machine-shape.ts";

export function chartView(cell: Cell, coverage: Coverage): ChartView {
  const shape = coverage.shapeOf(cell);
  const all = coverage.countsOfAll(cell);
  const own = coverage.countsOf(cell) ?? { handled: shape.handled.map(() => 0), taken: shape.transitions.map(() => 0) };
  const entered = enteredBy(shape, own.taken, 1);
  const everEntered = enteredBy(shape, all.taken, all.begun);
  const { transitions } = shape;
  return {
    id: shape.id,
    states: shape.states.map((state, number) => ({ ...state, entered: entered[number] as number })),
    transitions: transitions.map(({ enters: _enters, ...transition }, number) => ({
      ...transition,
      taken: own.taken[number] as number,
    })),
    current: cell.actor === null ? [] : activePaths(cell.state.value),
    handled: shape.handled.map((event, number) => ({ event, times: own.handled[number] as number })),
    coverage: {
      // The root is always entered and says nothing.
      states: everEntered.slice(1).filter((times) => times > 0).length,
      ofStates: shape.states.length - 1,
      transitions: all.taken.filter((times) => times > 0).length,
      ofTransitions: transitions.length,
    },
  };
}

/** Times each state was entered: at the beginning, and by transitions. */
function enteredBy({ begins, states, transitions }: MachineShape, taken: readonly number[], begun: number): number[] {
  const entered = states.map(() => 0);
  for (const number of begins) entered[number] = begun;
  transitions.forEach(({ enters }, transition) => {
    for (const number of enters) entered[number] = (entered[number] as number) + (taken[transition] as number);
  });
  return entered;
}
