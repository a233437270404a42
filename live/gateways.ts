/**
 * Outside the network: the UDP sockets of gateways. At the entry one socket takes what programs send; at the exit each of those programs
 * has a socket of its own towards the program that answers, which so tells them apart.
 */
import { createSocket, type Socket } from "node:dgram";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { GatewayDatagram, GatewayMail } from "../actors/apps/gateway.ts";
import { hex } from "../actors/record.ts";
import type { ActorIndex } from "../core/env.ts";
import type { GatewayFlow, OutsideAddress } from "../core/scenario.ts";
import type { LiveWorld } from "./driver.ts";
import { boundSocket, type UnderlayError } from "./underlay/bind.ts";

/** Programs that one gateway knows at a time; one more takes the place of that which has been silent longest. */
const MAX_CLIENTS = 1_024;

export interface GatewayCounters {
  /** Datagrams from outside, and those handed on to it. */
  taken: number;
  handedOn: number;
  /** Answers for a program that has been forgotten. */
  unknownClient: number;
  /** What the system would not send, or could not receive. */
  errors: number;
}

/** Hands packets of gateways on to whoever is outside. */
export class GatewayMailbox implements GatewayMail {
  /** By flow. */
  readonly counters = new Map<string, GatewayCounters>();
  readonly #ends = new Map<string, (client: number, bytes: Uint8Array) => void>();

  countersOf(flow: string): GatewayCounters {
    const known = this.counters.get(flow);
    if (known !== undefined) return known;
    const fresh = { taken: 0, handedOn: 0, unknownClient: 0, errors: 0 };
    this.counters.set(flow, fresh);
    return fresh;
  }

  register(gateway: string, take: (client: number, bytes: Uint8Array) => void): void {
    this.#ends.set(gateway, take);
  }

  deliver(gateway: string, client: number, bytes: Uint8Array): void {
    this.#ends.get(gateway)?.(client, bytes);
  }
}

/** Opens the ends of all gateways that are here; closed with the scope. */
export const openGateways = Effect.fnUntraced(function* (
  world: LiveWorld,
  mail: GatewayMailbox,
): Effect.fn.Return<void, UnderlayError, Scope.Scope> {
  const flows = world.assembly.scenario?.flows ?? [];
  for (const flow of flows) {
    if (flow.app !== "gateway") continue;
    yield* openEntry(world, mail, flow);
    yield* openExit(world, mail, flow);
  }
});

/** The actor of this id, where it runs here. */
function actorHere(world: LiveWorld, id: string): ActorIndex | null {
  const index = world.assembly.actors.findIndex((spec) => spec.id === id);
  return index >= 0 && world.isHere(world.placeOf(index)) ? index : null;
}

/** Least recently used first: a map keeps the order in which keys were set. */
class Clients<V> {
  readonly #byKey = new Map<string, { readonly client: number; readonly value: V }>();
  readonly #keys = new Map<number, string>();
  #next = 0;

  /** The number of a client, known or new. */
  numberOf(key: string, make: () => V): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      this.#touch(key, known);
      return known.client;
    }
    if (this.#byKey.size >= MAX_CLIENTS) this.#dropOldest();
    while (this.#keys.has(this.#next)) this.#next = (this.#next + 1) & 0xffff;
    const client = this.#next;
    this.#next = (client + 1) & 0xffff;
    this.#keys.set(client, key);
    this.#byKey.set(key, { client, value: make() });
    return client;
  }

  valueOf(client: number): V | undefined {
    const key = this.#keys.get(client);
    const known = key === undefined ? undefined : this.#byKey.get(key);
    if (key === undefined || known === undefined) return undefined;
    this.#touch(key, known);
    return known.value;
  }

  #touch(key: string, known: { readonly client: number; readonly value: V }): void {
    this.#byKey.delete(key);
    this.#byKey.set(key, known);
  }

  #dropOldest(): void {
    const [oldest] = this.#byKey;
    if (oldest === undefined) return;
    const [key, { client }] = oldest;
    this.#byKey.delete(key);
    this.#keys.delete(client);
  }
}

const openEntry = Effect.fnUntraced(function* (
  world: LiveWorld,
  mail: GatewayMailbox,
  { id, listen }: GatewayFlow,
): Effect.fn.Return<void, UnderlayError, Scope.Scope> {
  const name = `app/${id}`;
  const actor = actorHere(world, name);
  if (actor === null) return;
  const socket = yield* boundSocket(`gateway ${id}`, listen);
  const clients = new Clients<OutsideAddress>();
  const counters = mail.countersOf(id);
  socket.on("error", () => counters.errors++);
  socket.on("message", (bytes, { address, port }) => {
    counters.taken++;
    const client = clients.numberOf(`${address}:${port}`, () => ({ address, port }));
    world.inject(actor, { type: "gateway.datagram", client, hex: hex(bytes) } as GatewayDatagram);
  });
  mail.register(name, (client, bytes) => {
    const to = clients.valueOf(client);
    if (to === undefined) counters.unknownClient++;
    else send(socket, bytes, to, counters);
  });
});

const openExit = Effect.fnUntraced(function* (
  world: LiveWorld,
  mail: GatewayMailbox,
  { id, forward }: GatewayFlow,
): Effect.fn.Return<void, never, Scope.Scope> {
  const name = `app/${id}/sink`;
  const actor = actorHere(world, name);
  if (actor === null) return;
  const counters = mail.countersOf(id);
  const open = (client: number): Socket => {
    const socket = createSocket(forward.address.includes(":") ? "udp6" : "udp4");
    socket.on("error", () => counters.errors++);
    // Only the program that was asked is heard.
    socket.on("message", (bytes, { address, port }) => {
      if (address !== forward.address || port !== forward.port) return;
      counters.taken++;
      world.inject(actor, { type: "gateway.datagram", client, hex: hex(bytes) } as GatewayDatagram);
    });
    return socket;
  };
  const sockets = new Map<number, Socket>();
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const socket of sockets.values()) socket.close();
    }),
  );
  mail.register(name, (client, bytes) => {
    const socket = sockets.get(client) ?? open(client);
    sockets.delete(client);
    sockets.set(client, socket);
    const [oldest] = sockets;
    if (sockets.size > MAX_CLIENTS && oldest !== undefined) {
      sockets.delete(oldest[0]);
      oldest[1].close();
    }
    send(socket, bytes, forward, counters);
  });
});

function send(socket: Socket, bytes: Uint8Array, { address, port }: OutsideAddress, counters: GatewayCounters): void {
  socket.send(bytes, port, address, (error) => {
    if (error === null || error === undefined) counters.handedOn++;
    else counters.errors++;
  });
}
