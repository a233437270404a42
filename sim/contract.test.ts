import test from "ava";
import { CONTRACT } from "../actors/contract.ts";
import { Simulation } from "./simulation.ts";

for (const lanes of [true, false]) {
  for (const dispatch of ["direct", "mailbox"] as const) {
    for (const { name, duration, assembly, check } of CONTRACT) {
      test(`contract in sim, lanes ${lanes ? "on" : "off"}, ${dispatch}: ${name}`, (t) => {
        const world = Simulation.create(assembly(), { lanes, dispatch, checks: { followEvery: 1 } });
        world.run(duration);
        t.deepEqual(check(world), []);
      });
    }
  }
}
