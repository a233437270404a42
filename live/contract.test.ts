import test from "ava";
import { Effect } from "effect";
import { CONTRACT } from "../actors/contract.ts";
import { runLive } from "./run.ts";

for (const { name, duration, assembly, check } of CONTRACT) {
  test.serial(`contract on real sockets: ${name}`, async (t) => {
    const world = await Effect.runPromise(runLive(assembly(), { duration }));
    t.deepEqual(check(world), []);
  });
}
