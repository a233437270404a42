/** Runs an assembly live: opens a socket for each place, runs for the scenario's duration, closes everything whatever happens. */
import { createSocket, type Socket } from "node:dgram";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import type { Assembly } from "../actors/assembly.ts";
import { IpNetwork } from "../core/ip-network.ts";
import type { Nanos } from "../core/units.ts";
import { MonotonicClock } from "./clock.ts";
import { LiveWorld, type LiveOptions } from "./driver.ts";

/** The underlay could not be set up: an address that is taken or not local. */
export class UnderlayError extends Schema.TaggedError<UnderlayError>()("UnderlayError", {
  message: Schema.String,
}) {}

/** The run itself failed: an actor's error. */
export class LiveFailure extends Schema.TaggedError<LiveFailure>()("LiveFailure", {
  message: Schema.String,
  cause: Schema.Unknown,
}) {}

export interface RunLiveOptions extends LiveOptions {
  readonly duration: Nanos;
  /** UDP port of every place; 0 (default): any that is free. */
  readonly port?: number;
  /** Aborted: the run ends early and keeps what it has. */
  readonly signal?: AbortSignal;
}

/** Linux has all of 127.0.0.0/8; other systems must add the addresses. */
const PLACES = "127.16.0.0/12";

/** Loopback address of a place: 127.16.0.1 and up, one for each. */
export function placeAddress(place: number): string {
  const places = IpNetwork.parse(PLACES);
  if (!places.ok) throw new Error(places.error.message);
  return places.value.mapped(place);
}

export const runLive = Effect.fnUntraced(function* (assembly: Assembly, options: RunLiveOptions) {
  const world = new LiveWorld(assembly, options);
  for (let place = 0; place < assembly.places.length; place++) {
    world.attach(place, yield* boundSocket(assembly.places[place] as string, placeAddress(place), options.port ?? 0));
  }
  yield* Effect.callback<void, LiveFailure>((resume) => {
    const stop = (): void => world.finish();
    options.signal?.addEventListener("abort", stop, { once: true });
    world.start(new MonotonicClock(), options.duration, (failure) => {
      options.signal?.removeEventListener("abort", stop);
      if (failure === null) resume(Effect.void);
      else
        resume(
          Effect.fail(
            new LiveFailure({ message: failure instanceof Error ? failure.message : String(failure), cause: failure }),
          ),
        );
    });
    return Effect.sync(stop);
  });
  return world;
}, Effect.scoped);

function boundSocket(ia: string, address: string, port: number): Effect.Effect<Socket, UnderlayError, Scope.Scope> {
  const open = Effect.callback<Socket, UnderlayError>((resume) => {
    const socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 });
    const refuse = (error: NodeJS.ErrnoException): void => {
      socket.close();
      resume(Effect.fail(new UnderlayError({ message: explain(ia, address, port, error) })));
    };
    socket.once("error", refuse);
    socket.bind(port, address, () => {
      socket.off("error", refuse);
      resume(Effect.succeed(socket));
    });
  });
  return Effect.acquireRelease(open, closed);
}

function closed(socket: Socket): Effect.Effect<void> {
  return Effect.callback<void>((resume) => {
    socket.close(() => resume(Effect.void));
  });
}

function explain(ia: string, address: string, port: number, error: NodeJS.ErrnoException): string {
  const where = `socket of ${ia} on ${address}:${port}`;
  if (error.code === "EADDRINUSE")
    return `${where}: the port is in use. Choose another with --port, or leave --port out for any free one`;
  if (error.code === "EADDRNOTAVAIL")
    return `${where}: not an address of this machine. Add it to the loopback interface (Linux has all of 127.0.0.0/8)`;
  if (error.code === "EACCES") return `${where}: permission denied. Choose a port above 1023 with --port`;
  return `${where}: ${error.message}`;
}
