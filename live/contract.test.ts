import test from "ava";
import * as Effect from "effect/Effect";
import { CONTRACT } from "../actors/contract.ts";
import { runLive } from "./run.ts";

for (const { name, duration, assembly, check } of CONTRACT) {
  test.serial(`contract on real sockets: ${name}`, async (t) => {
    const world = await Effect.runPromise(runLive(assembly(), { duration }));
    t.deepEqual(check(world), []);
  });
}
