/** The steps that the cases of `suite.ts` are made of: open, connect, exchange, fill, each waiting for what it started. */
import { deepEqual, equal, ok as isTrue } from "node:assert/strict";
import {
  type Connector,
  type ConnectorErrorName,
  EVENTS,
  type Outcome,
  type PeerAddress,
} from "../../core/connector.ts";

export interface SuiteUrls {
  /** To listen at; streams are connected to the URL that the listener then has. */
  readonly server: string;
  /** Datagrams: for the others to listen at; three at least. */
  readonly peers: readonly string[];
  /** Nobody listens there. Null where connecting is no part of it. */
  readonly nobody: string | null;
}

/** One case's world: fresh for each case, and closed after it by whoever made it. */
export interface SuiteWorld {
  open(url: string): Outcome<Connector>;
  /** Lets time pass until the condition holds; throws where it does not within reason. */
  pump(until: () => boolean): Promise<void> | void;
  readonly urls: SuiteUrls;
}

const text = new TextEncoder();

/** The value, or a failed case with the error's sentence. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.error.name}: ${outcome.error.message}`);
}

/** `ok`, or the error's name; every error must have a sentence. */
export function nameOf(outcome: Outcome<unknown>): ConnectorErrorName | "ok" {
  if (outcome.ok) return "ok";
  isTrue(/^\S.+\.$/s.test(outcome.error.message), `not a sentence: ${outcome.error.message}`);
  return outcome.error.name;
}

/** All events a connector told of. */
export interface Told {
  events: number;
  reads: number;
}

export function watched(connector: Connector): Told {
  const told: Told = { events: 0, reads: 0 };
  connector.watch((events) => {
    told.events |= events;
    if ((events & EVENTS.READ) !== 0) told.reads++;
  });
  return told;
}

/** Starts something that may be done at once or `async`, and waits for its end. */
export async function started(world: SuiteWorld, outcome: Outcome<void>, done: () => boolean): Promise<void> {
  if (!outcome.ok) equal(outcome.error.name, "async", outcome.error.message);
  await world.pump(done);
}

export async function listening(world: SuiteWorld, url = world.urls.server): Promise<Connector> {
  const connector = valueOf(world.open(url));
  await started(world, connector.listen(), () => connector.listening);
  return connector;
}

export async function accepted(world: SuiteWorld, server: Connector): Promise<Connector> {
  const found: Connector[] = [];
  await world.pump(() => {
    const outcome = server.accept();
    if (outcome.ok) found.push(outcome.value);
    else equal(outcome.error.name, "async", outcome.error.message);
    return found.length > 0;
  });
  return found[0] as Connector;
}

export interface Pair {
  readonly server: Connector;
  readonly client: Connector;
  /** The server's end of the connection. */
  readonly peer: Connector;
}

export async function connected(world: SuiteWorld): Promise<Pair> {
  const server = await listening(world);
  const client = valueOf(world.open(server.url));
  await started(world, client.connect(), () => client.connected);
  return { server, client, peer: await accepted(world, server) };
}

export async function written(world: SuiteWorld, to: Connector, bytes: Uint8Array): Promise<void> {
  let at = 0;
  await world.pump(() => {
    while (at < bytes.length) {
      const outcome = to.write(bytes.subarray(at));
      if (!outcome.ok) equal(outcome.error.name, "repeat_action", outcome.error.message);
      if (!outcome.ok || outcome.value === 0) return false;
      at += outcome.value;
    }
    return true;
  });
}

export async function readAll(world: SuiteWorld, from: Connector, count: number, most = 65_536): Promise<Uint8Array> {
  const all = new Uint8Array(count);
  let at = 0;
  await world.pump(() => {
    while (at < count) {
      const outcome = from.read(Math.min(most, count - at));
      if (!outcome.ok) equal(outcome.error.name, "async", outcome.error.message);
      if (!outcome.ok) return false;
      all.set(outcome.value, at);
      at += outcome.value.length;
    }
    return true;
  });
  return all;
}

export async function exchanged(world: SuiteWorld, from: Connector, to: Connector, message: string): Promise<void> {
  const bytes = text.encode(message);
  await written(world, from, bytes);
  deepEqual(await readAll(world, to, bytes.length), bytes);
}

export async function received(world: SuiteWorld, at: Connector): Promise<{ bytes: Uint8Array; from: PeerAddress }> {
  await world.pump(() => at.peek() > 0);
  return valueOf(at.receive());
}

/** Bytes that show where one is missing or out of place. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => (n ^ (n >> 8) ^ (n >> 16)) & 0xff);
}

/** Writes until the connector takes no more; how much it took. */
export async function filled(
  world: SuiteWorld,
  connector: Connector,
  chunk: Uint8Array,
  limit: number,
): Promise<number> {
  let total = 0;
  let refusals = 0;
  await world.pump(() => {
    const outcome = connector.write(chunk);
    if (outcome.ok) {
      total += outcome.value;
      refusals = 0;
    } else {
      equal(outcome.error.name, "repeat_action", outcome.error.message);
      refusals++;
    }
    isTrue(total < limit, `no backpressure after ${total} bytes`);
    // A kernel that takes its time makes room once more: full is what stays full.
    return refusals >= 20;
  });
  return total;
}
