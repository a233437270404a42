/** Ctrl-C for commands that keep what there is when they are ended early. */
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

/** Raised by the first Ctrl-C or SIGTERM; a second one ends the program at once. */
export const stopSignal: Effect.Effect<AbortSignal, never, Scope.Scope> = Effect.gen(function* () {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  const listen = Effect.sync(() => {
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
  yield* Effect.acquireRelease(listen, () =>
    Effect.sync(() => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    }),
  );
  return controller.signal;
});
