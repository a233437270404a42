/**
 * Thousands of small worlds with associations in them, each drawn from its seed: networks that lose, damage, repeat and reorder packets,
 * links and ASes that go and come, ends that start anew, every option, applications that write, read slowly, stop and reset.
 *
 *   PATHLOOM_SWARM_SEED=7 npx ava sim/scenarios/channel-swarm.test.ts       one seed, as a failure tells
 *   PATHLOOM_SWARM=20000 npx ava sim/scenarios/channel-swarm.test.ts        so many
 */
import { setImmediate } from "node:timers/promises";
import test from "ava";
import { type AssociationContext, associationLogic } from "../../actors/channel/association.ts";
import type { PacketHandler, PacketLogic } from "../../actors/with-packet-handler.ts";
import { noteReceived } from "../../core/channel/recovery/acks.ts";
import { get32 } from "../../core/wire/bytes.ts";
import { checkpoint, restore } from "../checkpoint.ts";
import { Simulation, type SimulationOptions } from "../simulation.ts";
import { broken, Eavesdropper, outOfBounds } from "./channel-swarm-checks-testing.ts";
import { ALL_OVER, FAULTS_END, type SwarmWorld, swarmWorld } from "./channel-swarm-testing.ts";

const ONE = process.env["PATHLOOM_SWARM_SEED"];
const COUNT = Number(process.env["PATHLOOM_SWARM"] ?? 1_500);
const BATCHES = Math.max(10, Math.ceil(COUNT / 100));
/** Events between two looks at what is kept in memory. */
const LOOK_EVERY = 97;

interface Outcome {
  readonly swarm: SwarmWorld;
  readonly world: Simulation;
  readonly inClear: number;
  readonly found: readonly string[];
}

function runSeed(seed: number, logics: SwarmWorld["assembly"]["logics"] = new Map()): Outcome {
  const swarm = swarmWorld(seed, logics);
  let ears: Eavesdropper | undefined;
  const observe = (world: Simulation): Eavesdropper => {
    ears = new Eavesdropper(world);
    return ears;
  };
  const world = Simulation.create(swarm.assembly, { observe });
  const found: string[] = [];
  for (let events = 1; world.step(ALL_OVER); events++) {
    if (events % LOOK_EVERY !== 0 || found.length > 0) continue;
    found.push(...outOfBounds(world));
  }
  world.run(ALL_OVER);
  const { inClear = 0, found: heard = [] } = ears ?? {};
  found.push(...heard, ...broken(swarm, world));
  if (swarm.crypto === "real" && inClear > 0) found.push(`${inClear} packets with what applications wrote, in clear`);
  return { swarm, world, inClear, found };
}

/** The same seed once more gives the same: plainly, over the wire, and from a checkpoint. */
function repeatSeed({ swarm, world }: Outcome): string[] {
  const { seed } = swarm;
  const found: string[] = [];
  const digestOf = (options: SimulationOptions): string => {
    const again = Simulation.create(swarmWorld(seed).assembly, options);
    again.run(ALL_OVER);
    return again.digest();
  };
  if (seed % 3 === 0 && digestOf({}) !== world.digest()) found.push("run again, the digest is another");
  if (seed % 3 === 1 && digestOf({ wire: true }) !== digestOf({ wire: true }))
    found.push("over the wire, run again, the digest is another");
  if (seed % 3 === 2) {
    const { assembly } = swarmWorld(seed);
    const halfway = Simulation.create(assembly);
    halfway.run(((seed % 11) + 1) * (FAULTS_END / 12));
    const resumed = restore(assembly, structuredClone(checkpoint(halfway)));
    resumed.run(ALL_OVER);
    if (resumed.digest() !== world.digest()) found.push("from a checkpoint, the digest is another");
  }
  return found;
}

function sayOf(seed: number, found: readonly string[]): string {
  return `seed ${seed}: ${found.slice(0, 5).join("; ")}\n  to repeat: PATHLOOM_SWARM_SEED=${seed} npx ava sim/scenarios/channel-swarm.test.ts`;
}

function tryMind(seed: number, repeats: boolean): { failure: string | null; outcome: Outcome | null } {
  try {
    const outcome = runSeed(seed);
    const found = [...outcome.found, ...(repeats ? repeatSeed(outcome) : [])];
    return { failure: found.length === 0 ? null : sayOf(seed, found), outcome };
  } catch (error) {
    return { failure: sayOf(seed, [String((error as Error).stack)]), outcome: null };
  }
}

if (ONE !== undefined) {
  test(`seed ${ONE}`, (t) => {
    const { failure, outcome } = tryMind(Number(ONE), true);
    t.log(outcome?.swarm.assembly.faults, { ...outcome?.swarm, assembly: undefined });
    t.is(failure, null);
  });
} else {
  for (let batch = 0; batch < BATCHES; batch++) {
    test.serial(`swarm, seeds ${batch} and every ${BATCHES}th after it`, async (t) => {
      // The runner, which takes silence for a hang, hears of the batch before.
      await setImmediate();
      const failures: string[] = [];
      let [calm, ended, inClear, events, repeated] = [0, 0, 0, 0, 0];
      for (let seed = batch; seed < COUNT; seed += BATCHES) {
        const repeats = Math.floor(seed / BATCHES) % 20 === 0;
        const { failure, outcome } = tryMind(seed, repeats);
        if (failure !== null) failures.push(failure);
        if (outcome === null) continue;
        if (outcome.swarm.calm) calm++;
        if (repeats) repeated++;
        if (outcome.swarm.crypto === "modelled") inClear += outcome.inClear;
        events += outcome.world.events;
        ended += outcome.world.read<{ endings: Map<number, string> }>("app/f").context.endings.size;
      }
      t.log(
        `${events} events, ${ended} associations ended, ${calm} worlds without faults, ${repeated} run again, ${failures.length} failed`,
      );
      t.deepEqual(failures.slice(0, 5), []);
      t.true(inClear > 0, "who looks for plaintext sees it where nothing is encrypted");
    });
  }
}

/** A build that acknowledges each seventh short packet, and throws it away. */
const forgetfulLogic = Object.assign(Object.create(associationLogic), {
  onPacket: ((state, packet, ifId, env) => {
    const { rest } = packet;
    const number = rest === null || rest.length < 18 ? -1 : get32(rest, 14);
    const { association } = state.context;
    const path = association.paths.list.find(({ id }) => id === rest?.[9]);
    if (rest === null || ((rest[0] as number) & 0x80) !== 0 || path === undefined || number % 7 !== 3)
      return associationLogic.onPacket?.(state as never, packet, ifId, env);
    noteReceived(path.acks, number, true, false, env.now);
    env.drop(packet, "unexpected");
    return undefined;
  }) satisfies PacketHandler<AssociationContext>,
}) as PacketLogic;

test("a build that acknowledges what it throws away is caught", (t) => {
  const caught: string[] = [];
  const seeds = 40;
  for (let seed = 0; seed < seeds; seed++) {
    const { found } = runSeed(seed, new Map([["association", forgetfulLogic]]));
    if (found.length > 0) caught.push(`seed ${seed}: ${found[0]}`);
  }
  t.log(`${caught.length} of ${seeds} seeds catch it; ${caught[0]}`);
  t.true(caught.length >= seeds / 4);
});
