/** Runs an assembly live: opens the sockets of the places that are here, runs for the duration, closes everything whatever happens. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Assembly } from "../actors/assembly.ts";
import type { Nanos } from "../core/units.ts";
import { MonotonicClock } from "./clock.ts";
import { LiveWorld, type LiveOptions } from "./driver.ts";
import { GatewayMailbox, openGateways } from "./gateways.ts";
import { joinPieces, type Joined, type PiecesOptions } from "./pieces/join.ts";
import { bindUnderlay, UnderlayError } from "./underlay/bind.ts";
import { BASE_PORT, PlanError, planUnderlay, type UnderlayPlan } from "./underlay/plan.ts";

/** The run itself failed: an actor's error. */
export class LiveFailure extends Schema.TaggedError<LiveFailure>()("LiveFailure", {
  message: Schema.String,
  cause: Schema.Unknown,
}) {}

export interface RunLiveOptions extends LiveOptions {
  readonly duration: Nanos;
  /** First assigned port on each address; 0: any that is free. Default: 0, or where not all places are here, `BASE_PORT`. */
  readonly port?: number;
  /** Where the sockets are. Default: planned from the assembly's scenario. */
  readonly underlay?: UnderlayPlan;
  /**
   * Asked once all sockets are open: when the run begins, by `process.hrtime`, for processes of one machine whose parent says so.
   * Default: at once, or when the pieces have agreed.
   */
  readonly epoch?: () => Promise<bigint>;
  /** How this piece knows the others; left out: it begins at once, whoever is there. */
  readonly pieces?: PiecesOptions;
  /** Called when the pieces have agreed. */
  readonly onJoined?: (joined: Joined) => void;
  /** Aborted: the run drains, ends early and keeps what it has. */
  readonly signal?: AbortSignal;
}

export const runLive = Effect.fnUntraced(function* (assembly: Assembly, options: RunLiveOptions) {
  const mail = new GatewayMailbox();
  const resources = new Map([...assembly.resources, ["gateway/mail", mail] as const]);
  const world = yield* Effect.try({
    try: () => new LiveWorld({ ...assembly, resources }, options),
    catch: (cause) => (cause instanceof RangeError ? new UnderlayError({ message: cause.message }) : failureOf(cause)),
  });
  const plan = yield* planned(assembly, world, options);
  const ends = yield* bindUnderlay(plan, (place) => world.isHere(place));
  for (const { place, ifId, socket, remote } of ends) world.attach(place, ifId, socket, remote);
  const { pieces, foreign = [] } = options;
  const alone = !world.assembly.places.some((ia, place) => !world.isHere(place) && !foreign.includes(ia));
  const joined = pieces === undefined || alone ? null : yield* joinPieces(world, plan, foreign, pieces, options.signal);
  if (joined !== null) options.onJoined?.(joined);
  world.gateways = mail.counters;
  yield* openGateways(world, mail);
  const epoch = options.epoch === undefined ? joined?.epoch : yield* Effect.promise(options.epoch);
  yield* run(world, joined, new MonotonicClock(epoch), options);
  return world;
}, Effect.scoped);

function run(
  world: LiveWorld,
  joined: Joined | null,
  clock: MonotonicClock,
  options: RunLiveOptions,
): Effect.Effect<void, LiveFailure> {
  return Effect.callback<void, LiveFailure>((resume) => {
    const drain = (): void => world.drain();
    options.signal?.addEventListener("abort", drain, { once: true });
    const start = (): void => {
      if (clock.now() < 0) {
        clock.wake(0, start);
        return;
      }
      joined?.begin();
      const from = joined?.late === true ? clock.now() : 0;
      world.start(clock, options.duration, done, from);
      if (options.signal?.aborted === true) drain();
    };
    const done = (failure: unknown): void => {
      options.signal?.removeEventListener("abort", drain);
      resume(failure === null ? Effect.void : Effect.fail(failureOf(failure)));
    };
    start();
    return Effect.sync(() => {
      clock.stop();
      world.finish();
    });
  });
}

function planned(
  { scenario }: Assembly,
  world: LiveWorld,
  { port, underlay }: RunLiveOptions,
): Effect.Effect<UnderlayPlan, UnderlayError> {
  if (underlay !== undefined) return Effect.succeed(underlay);
  // Built by hand: nothing is known of its network.
  if (scenario === null) return Effect.succeed({ places: [] });
  const fixedPorts = port ?? (world.here.includes(false) ? BASE_PORT : 0);
  return Effect.try({
    try: () => planUnderlay(scenario, { fixedPorts }),
    catch: (cause) => {
      if (cause instanceof PlanError) return new UnderlayError({ message: cause.message });
      throw cause;
    },
  });
}

function failureOf(cause: unknown): LiveFailure {
  return new LiveFailure({ message: cause instanceof Error ? cause.message : String(cause), cause });
}
