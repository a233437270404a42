/** For tests: a live world whose sockets the test holds, too, so that it can send as any of them. */
import type { Socket } from "node:dgram";
import * as Effect from "effect/Effect";
import type { Assembly } from "../actors/assembly.ts";
import type { IA, IfId } from "../core/address.ts";
import { MonotonicClock } from "./clock.ts";
import { type LiveOptions, LiveWorld } from "./driver.ts";
import { bindUnderlay } from "./underlay/bind.ts";
import { BASE_PORT, planUnderlay, type UnderlayPlan } from "./underlay/plan.ts";

/** Any free ports, or fixed ones where not all places are here. Ends when `act` does; rejects with what went wrong. */
export async function onSockets(
  assembly: Assembly,
  options: LiveOptions & { readonly underlay?: UnderlayPlan },
  duration: number,
  act: (world: LiveWorld, at: (ia: IA, ifId: IfId) => Socket) => Promise<void>,
): Promise<LiveWorld> {
  const world = new LiveWorld(assembly, options);
  const fixedPorts = world.here.includes(false) ? BASE_PORT : 0;
  const plan = options.underlay ?? planUnderlay(assembly.scenario as NonNullable<Assembly["scenario"]>, { fixedPorts });
  const whole = Effect.gen(function* () {
    const ends = yield* bindUnderlay(plan, (place) => world.isHere(place));
    for (const { place, ifId, socket, remote } of ends) world.attach(place, ifId, socket, remote);
    const at = (ia: IA, ifId: IfId): Socket => {
      const found = ends.find((end) => end.ifId === ifId && assembly.places[end.place] === ia);
      if (found === undefined) throw new Error(`${ia}#${ifId} has no socket here`);
      return found.socket;
    };
    const ended = new Promise<unknown>((done) => world.start(new MonotonicClock(), duration, done));
    yield* Effect.promise(() => act(world, at));
    world.finish();
    return yield* Effect.promise(() => ended);
  });
  const failure = await Effect.runPromise(Effect.scoped(whole));
  if (failure !== null) throw failure;
  return world;
}

/** Until `done` says so; a minute is as good as never. */
export async function until(done: () => boolean): Promise<void> {
  for (let waited = 0; !done() && waited < 60_000; waited += 10) await new Promise((wake) => setTimeout(wake, 10));
}
