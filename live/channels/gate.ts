/** Where calls wait until something may have changed, their signal says no more, or their time is up on the world's clock. */
import type { Scheduler } from "../../core/scheduler.ts";
import type { Nanos } from "../../core/units.ts";
import { ChannelFailure } from "./failure.ts";

/** How long a call may wait. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** On the world's clock; left out: for ever. */
  readonly timeout?: Nanos | undefined;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Gate {
  readonly #scheduler: Scheduler;
  readonly #waiters = new Set<Waiter>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Resolves at the next `open`: look again then. */
  wait(doing: string, { signal, timeout }: Patience = {}): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedBy(doing, signal));
    return new Promise<void>((resolve, reject) => {
      const finish = (end: () => void): void => {
        this.#waiters.delete(waiter);
        if (timeout !== undefined) this.#scheduler.unschedule(expire);
        signal?.removeEventListener("abort", abort);
        end();
      };
      const waiter = { resolve: () => finish(resolve), reject: (error: unknown) => finish(() => reject(error)) };
      const expire = (): void =>
        waiter.reject(new ChannelFailure("timeout", `${doing}: no success within ${timeout} ns.`));
      const abort = (): void => waiter.reject(abortedBy(doing, signal as AbortSignal));
      this.#waiters.add(waiter);
      if (timeout !== undefined) this.#scheduler.scheduleOnce(Math.max(0, timeout), expire);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Everybody looks again. */
  open(): void {
    for (const waiter of Array.from(this.#waiters)) waiter.resolve();
  }

  /** Nobody shall wait any more. */
  fail(error: unknown): void {
    for (const waiter of Array.from(this.#waiters)) waiter.reject(error);
  }
}

/** Waiting several times in one call takes from one amount of time. */
export function lasting({ signal, timeout }: Patience, scheduler: Scheduler): () => Patience {
  if (timeout === undefined) return () => ({ signal });
  const until = scheduler.clock.now() + timeout;
  return () => ({ signal, timeout: until - scheduler.clock.now() });
}

/** Lets time go by on a world's clock, so that a program waits as long in virtual time as in real time. */
export async function sleep(
  world: { readonly scheduler: Scheduler },
  time: Nanos,
  signal?: AbortSignal,
): Promise<void> {
  const gate = new Gate(world.scheduler);
  const wake = (): void => gate.open();
  const waiting = gate.wait("sleep", { signal });
  world.scheduler.scheduleOnce(time, wake);
  await waiting.finally(() => void world.scheduler.unschedule(wake));
}

function abortedBy(doing: string, signal: AbortSignal): ChannelFailure {
  return new ChannelFailure("aborted", `${doing}: given up by its signal.`, 0, signal.reason);
}
