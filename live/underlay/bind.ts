/** Opens and binds the sockets of a plan, and closes them whatever happens. What the system refuses is one clear sentence. */
import type { Socket } from "node:dgram";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { formatInterface, type IA, type IfId } from "../../core/address.ts";
import { type Endpoint, formatEndpoint } from "../../core/endpoint.ts";
import type { PlacePlan, UnderlayPlan } from "./plan.ts";
import { openSocket } from "./socket.ts";

/** The underlay could not be set up: an address that is taken, not local, or not allowed. */
export class UnderlayError extends Schema.TaggedError<UnderlayError>()("UnderlayError", {
  message: Schema.String,
}) {}

/** A socket of this process, bound; interface 0 is the internal one. */
export interface BoundEnd {
  readonly place: number;
  readonly ifId: IfId;
  readonly socket: Socket;
  /** The neighbour's end; null for the internal socket. */
  readonly remote: Endpoint | null;
}

interface Wanted {
  readonly place: number;
  readonly ia: IA;
  readonly ifId: IfId;
  readonly local: Endpoint;
}

/** Every socket of the places that run here, each with the address that its neighbour really has. */
export const bindUnderlay = Effect.fnUntraced(function* (plan: UnderlayPlan, isHere: (place: number) => boolean) {
  const wanted = plan.places.flatMap((place, at) => (isHere(at) ? wantedBy(place, at) : []));
  yield* refuseTwice(wanted);
  const bound = new Map<string, Wanted & { readonly socket: Socket }>();
  for (const one of wanted) {
    const socket = yield* boundSocket(nameOf(one), one.local);
    bound.set(formatInterface(one.ia, one.ifId), { ...one, socket });
  }
  const far = farEnds(plan);
  const ends: BoundEnd[] = [];
  for (const [name, { place, ifId, socket }] of bound) {
    const neighbour = far.get(name);
    const there = neighbour === undefined ? undefined : bound.get(neighbour.name);
    const remote = there === undefined ? (neighbour?.at ?? null) : addressOf(there.socket);
    if (remote?.port === 0) {
      const message = `${name} leads to ${neighbour?.name}, which runs elsewhere: its port must be known. Give --port, or addresses in the scenario (underlay)`;
      return yield* new UnderlayError({ message });
    }
    ends.push({ place, ifId, socket, remote });
  }
  return ends;
});

function addressOf(socket: Socket): Endpoint {
  const { address, port } = socket.address();
  return { address, port };
}

function wantedBy({ ia, internal, links }: PlacePlan, place: number): readonly Wanted[] {
  return [{ place, ia, ifId: 0, local: internal }, ...links.map(({ ifId, local }) => ({ place, ia, ifId, local }))];
}

/** By interface, the one at the other end of its link. */
function farEnds({ places }: UnderlayPlan): ReadonlyMap<string, { readonly name: string; readonly at: Endpoint }> {
  return new Map(
    places.flatMap(({ ia, links }) =>
      links.map(({ ifId, neighbour, neighbourIfId, remote }) => [
        formatInterface(ia, ifId),
        { name: formatInterface(neighbour, neighbourIfId), at: remote },
      ]),
    ),
  );
}

/** Two sockets that the scenario gives one address. */
function refuseTwice(wanted: readonly Wanted[]): Effect.Effect<void, UnderlayError> {
  const seen = new Map<string, Wanted>();
  for (const one of wanted) {
    if (one.local.port === 0) continue;
    const address = formatEndpoint(one.local);
    const other = seen.get(address);
    if (other !== undefined) {
      const message = `${address} is given twice: to ${nameOf(other)} and to ${nameOf(one)}. Give each its own (underlay), or leave them out`;
      return Effect.fail(new UnderlayError({ message }));
    }
    seen.set(address, one);
  }
  return Effect.void;
}

/** `the internal socket of 1-1`, `the socket of 1-1#2` */
function nameOf({ ia, ifId }: { readonly ia: IA; readonly ifId: IfId }): string {
  return ifId === 0 ? `internal socket of ${ia}` : `socket of ${formatInterface(ia, ifId)}`;
}

/** A socket that is closed with its scope. `name`: what stands in the error. */
export function boundSocket(name: string, at: Endpoint): Effect.Effect<Socket, UnderlayError, Scope.Scope> {
  const open = Effect.callback<Socket, UnderlayError>((resume) => {
    const socket = openSocket(at);
    const refuse = (error: NodeJS.ErrnoException): void => {
      socket.close();
      resume(Effect.fail(new UnderlayError({ message: explain(name, at, error) })));
    };
    socket.once("error", refuse);
    socket.bind(at.port, at.address, () => {
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

function explain(name: string, at: Endpoint, error: NodeJS.ErrnoException): string {
  const where = `${name} on ${formatEndpoint(at)}`;
  if (error.code === "EADDRINUSE")
    return `${where}: the port is in use. Choose another with --port, or leave --port out for any free one`;
  if (error.code === "EADDRNOTAVAIL")
    return `${where}: not an address of this machine. Add it to an interface, or change underlay in the scenario (Linux has all of 127.0.0.0/8 by itself)`;
  if (error.code === "EACCES") return `${where}: permission denied. Choose a port above 1023 with --port or underlay`;
  if (error.code === "EMFILE" || error.code === "ENFILE")
    return `${where}: too many files are open, a socket for each end of a link. Raise the limit (ulimit -n)`;
  return `${where}: ${error.message}`;
}
