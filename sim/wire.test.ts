/** Packets as records and packets as bytes: one digest. */
import test from "ava";
import { CONTRACT } from "../actors/contract.ts";
import { Simulation } from "./simulation.ts";
import { busyAssembly } from "./test-worlds.ts";

test("a run whose packets are encoded and decoded at every hop has the digest of one whose are not", (t) => {
  const digests = [false, true].map((wire) => {
    const world = Simulation.create(busyAssembly(3), { wire });
    world.run(2_000_000_000);
    return world.digest();
  });
  t.is(digests[0], digests[1]);
});

for (const { name, duration, assembly, check } of CONTRACT) {
  test(`over the wire: ${name}`, (t) => {
    const [records, bytes] = [false, true].map((wire) => {
      const world = Simulation.create(assembly(), { wire });
      world.run(duration);
      return world;
    }) as [Simulation, Simulation];
    t.is(bytes.digest(), records.digest());
    t.deepEqual(check(bytes), []);
  });
}
