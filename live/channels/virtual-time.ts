/** Programs with promises in virtual time: time goes on only when every promise that could go on has done so. */
import type { Nanos } from "../../core/units.ts";
import { ChannelFailure } from "./failure.ts";

/** A world whose time is moved by steps (`SimChannels`). */
export interface SteppedWorld {
  step(until: Nanos): "program" | "network" | "over";
}

/**
 * Runs a program to its end in virtual time. It may wait for channels and for the world's scheduler; while it waits for anything else
 * (a file), virtual time goes on, and two runs may differ.
 * @throws ChannelFailure "stuck" where it waits for what never comes, or what the program throws.
 */
export async function inVirtualTime<T>(
  world: SteppedWorld,
  program: () => Promise<T>,
  until: Nanos = Number.MAX_SAFE_INTEGER,
): Promise<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
  program().then(
    (value) => void (outcome = { value }),
    (error: unknown) => void (outcome = { error }),
  );
  for (;;) {
    await promisesSettled();
    const done = outcome as { readonly value: T } | { readonly error: unknown } | null;
    if (done !== null) {
      if ("error" in done) throw done.error;
      return done.value;
    }
    let word = world.step(until);
    while (word === "network") word = world.step(until);
    if (word === "over")
      throw new ChannelFailure("stuck", `Nothing is left to happen before ${until} ns, and the program waits.`);
  }
}

/** A turn of the event loop comes after every promise that is ready, and those that become ready by it. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
