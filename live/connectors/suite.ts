/**
 * What every connector must do, whatever its scheme and world. `suite.test.ts` runs it over the schemes of the live world; a
 * simulated network runs the same cases with its own `SuiteWorld`.
 */
import { deepEqual, equal, ok as isTrue } from "node:assert/strict";
import { type Connector, EVENTS } from "../../core/connector.ts";
import {
  accepted,
  connected,
  exchanged,
  filled,
  listening,
  nameOf,
  pattern,
  readAll,
  received,
  started,
  type SuiteWorld,
  valueOf,
  watched,
  written,
} from "./suite-steps.ts";

export { nameOf, type SuiteUrls, type SuiteWorld, valueOf } from "./suite-steps.ts";

/** `stream`: a listener and its clients; `datagram`: equals; `loopback`: one connector that talks to itself. */
export type SuiteKind = "stream" | "datagram" | "loopback";

/**
 * What not every scheme has. `many`: several clients of one listener; `end`: a listener's side sees the peer's end;
 * `exclusive`: a second listener is refused; `bounded`: a datagram connector drops and counts when nobody receives.
 */
export type SuiteTrait = "many" | "end" | "exclusive" | "bounded";

export interface SuiteCase {
  readonly name: string;
  readonly kind: SuiteKind;
  /** Run only over schemes that have it. */
  readonly needs?: SuiteTrait;
  /** Throws where the connector does something else. */
  run(world: SuiteWorld): Promise<void>;
}

const { CLOSE, ERROR, OPEN, READ, WRITE } = EVENTS;
const text = new TextEncoder();

const STREAM_CASES: readonly SuiteCase[] = [
  {
    name: "connects asynchronously; the accepted end is listening and connected",
    kind: "stream",
    async run(world) {
      const server = await listening(world);
      equal(server.communicating, false);
      equal(nameOf(server.accept()) === "ok" || nameOf(server.accept()) === "async", true);
      const client = valueOf(world.open(server.url));
      equal(client.communicating, false);
      const told = watched(client);
      equal(nameOf(client.connect()), "async");
      await world.pump(() => (told.events & OPEN) !== 0);
      deepEqual([client.connected, client.communicating, client.listening], [true, true, false]);
      equal(told.events & ERROR, 0);
    },
  },
  {
    name: "carries messages both ways",
    kind: "stream",
    async run(world) {
      const { client, peer } = await connected(world);
      deepEqual([peer.listening, peer.connected, peer.communicating], [true, true, true]);
      equal(peer.behaviour, "stream");
      for (const round of [1, 2, 3]) {
        await exchanged(world, client, peer, `ping ${round}`);
        await exchanged(world, peer, client, `pong ${round}`);
      }
    },
  },
  {
    name: "read gives async where nothing waits, and READ follows",
    kind: "stream",
    async run(world) {
      const { client, peer } = await connected(world);
      equal(nameOf(peer.read(10)), "async");
      const told = watched(peer);
      await written(world, client, text.encode("late"));
      await world.pump(() => (told.events & READ) !== 0);
      deepEqual(valueOf(peer.read(10)), text.encode("late"));
    },
  },
  {
    name: "peek tells what was written",
    kind: "stream",
    async run(world) {
      const { client, peer } = await connected(world);
      equal(peer.peek(), 0);
      await written(world, client, pattern(1000));
      await world.pump(() => peer.peek() === 1000);
      equal(valueOf(peer.read(400)).length, 400);
      equal(peer.peek(), 600);
      deepEqual(valueOf(peer.read(1000)), pattern(1000).subarray(400));
      equal(peer.peek(), 0);
    },
  },
  {
    name: "a megabyte arrives whole and in order, read in odd pieces",
    kind: "stream",
    async run(world) {
      const { client, peer } = await connected(world);
      const sent = pattern(1 << 20);
      const writing = written(world, client, sent);
      const found = await readAll(world, peer, sent.length, 4097);
      await writing;
      deepEqual(found, sent);
    },
  },
  {
    name: "what was taken is the connector's: the caller's buffer can be used again",
    kind: "stream",
    async run(world) {
      const { client, peer } = await connected(world);
      const buffer = new Uint8Array(5000);
      let taken = 0;
      for (let n = 0; n < 20_000; n++) {
        const outcome = client.write(buffer.fill(n % 251));
        if (!outcome.ok) break;
        taken += outcome.value;
        if (outcome.value < buffer.length) break;
      }
      buffer.fill(255);
      const found = await readAll(world, peer, taken);
      const wrong = found.findIndex((byte, at) => byte !== Math.floor(at / buffer.length) % 251);
      equal(wrong, -1);
    },
  },
  {
    name: "last words arrive: what was taken is sent although the connector is closed",
    kind: "stream",
    needs: "end",
    async run(world) {
      const { client, peer } = await connected(world);
      const total = await filled(world, client, new Uint8Array(16_384).fill(1), 64 << 20);
      valueOf(client.close());
      equal((await readAll(world, peer, total)).length, total);
    },
  },
  {
    name: "a slow reader stops the writer, and WRITE follows once there is room",
    kind: "stream",
    async run(world) {
      const { client, peer } = await connected(world);
      const total = await filled(world, client, new Uint8Array(16_384).fill(1), 64 << 20);
      const told = watched(client);
      const found = await readAll(world, peer, total);
      equal(found.length, total);
      await world.pump(() => (told.events & WRITE) !== 0);
      equal(nameOf(client.write(text.encode("more"))), "ok");
      deepEqual(await readAll(world, peer, 4), text.encode("more"));
    },
  },
  {
    name: "several clients are told apart",
    kind: "stream",
    needs: "many",
    async run(world) {
      const server = await listening(world);
      const told = watched(server);
      const clients = [1, 2, 3, 4, 5].map(() => valueOf(world.open(server.url)));
      for (const client of clients) equal(nameOf(client.connect()), "async");
      await world.pump(() => clients.every(({ connected }) => connected) && told.reads === clients.length);
      for (const [n, client] of clients.entries()) await written(world, client, Uint8Array.of(n));
      const seen = new Set<number>();
      for (const _ of clients) {
        const peer = await accepted(world, server);
        const [who = -1] = await readAll(world, peer, 1);
        seen.add(who);
        await exchanged(world, peer, clients[who] as Connector, `you are ${who}`);
      }
      equal(seen.size, clients.length);
      equal(nameOf(server.accept()), "async");
    },
  },
  {
    name: "a connection that came while nobody watched is told to the next watcher",
    kind: "stream",
    async run(world) {
      const server = await listening(world);
      const client = valueOf(world.open(server.url));
      await started(world, client.connect(), () => client.connected);
      await exchangedLater(world, server, client);
    },
  },
  {
    name: "a second listen or connect is refused, and so is closing what is not open",
    kind: "stream",
    async run(world) {
      const server = valueOf(world.open(world.urls.server));
      equal(nameOf(server.close()), "initialization");
      equal(nameOf(server.accept()), "unsupported_action");
      equal(nameOf(server.read(1)), "initialization");
      equal(nameOf(server.write(text.encode("x"))), "initialization");
      await started(world, server.listen(), () => server.listening);
      equal(nameOf(server.listen()), "initialization");
      equal(nameOf(server.connect()), "initialization");
      const client = valueOf(world.open(server.url));
      equal(nameOf(client.connect()), "async");
      equal(nameOf(client.connect()), "initialization");
      equal(nameOf(client.listen()), "initialization");
      await world.pump(() => client.connected);
      equal(nameOf(client.accept()), "unsupported_action");
      equal(nameOf(client.receive()), "unsupported_action");
      equal(nameOf(client.send(text.encode("x"), server.url)), "unsupported_action");
      for (const connector of [client, server]) {
        equal(nameOf(connector.close()), "ok");
        equal(nameOf(connector.close()), "initialization");
        deepEqual([connector.listening, connector.connected, connector.communicating], [false, false, false]);
      }
    },
  },
  {
    name: "closed and opened again, it works as before",
    kind: "stream",
    async run(world) {
      const first = await connected(world);
      for (const connector of [first.peer, first.client, first.server]) valueOf(connector.close());
      const { client, peer } = await connected(world);
      await exchanged(world, client, peer, "again");
    },
  },
  {
    name: "after the peer's end comes what it wrote before, then no_connection and CLOSE",
    kind: "stream",
    needs: "end",
    async run(world) {
      const { client, peer } = await connected(world);
      const told = watched(peer);
      const words = pattern(30_000);
      await written(world, client, words);
      valueOf(client.close());
      deepEqual(await readAll(world, peer, words.length), words);
      await world.pump(() => (told.events & CLOSE) !== 0);
      equal(nameOf(peer.read(10)), "no_connection");
      equal(nameOf(peer.write(words)), "no_connection");
      equal(peer.connected, false);
      equal(nameOf(peer.close()), "ok");
    },
  },
  {
    name: "a client sees that the server's end has closed",
    kind: "stream",
    needs: "end",
    async run(world) {
      const { client, peer } = await connected(world);
      const told = watched(client);
      valueOf(peer.close());
      await world.pump(() => (told.events & CLOSE) !== 0);
      equal(nameOf(client.read(10)), "no_connection");
    },
  },
  {
    name: "a refused connect tells ERROR, says why, and can be tried again",
    kind: "stream",
    async run(world) {
      if (world.urls.nobody === null) return;
      const client = valueOf(world.open(world.urls.nobody));
      const told = watched(client);
      for (const _ of [1, 2]) {
        told.events = 0;
        const outcome = client.connect();
        if (nameOf(outcome) === "async") await world.pump(() => (told.events & ERROR) !== 0);
        const { name, message } = client.lastError ?? { name: "none", message: "no error was kept" };
        isTrue(["connection_refused", "fs_error"].includes(name), message);
        equal(client.connected, false);
      }
      equal(nameOf(client.close()), "initialization");
    },
  },
  {
    name: "a second listener at the same address is refused",
    kind: "stream",
    needs: "exclusive",
    async run(world) {
      const server = await listening(world);
      await refusedAsInUse(world, server.url);
    },
  },
  {
    name: "a connect that is called off tells nothing any more",
    kind: "stream",
    async run(world) {
      const server = await listening(world);
      const client = valueOf(world.open(server.url));
      const told = watched(client);
      equal(nameOf(client.connect()), "async");
      equal(nameOf(client.close()), "ok");
      let turns = 0;
      await world.pump(() => ++turns > 20);
      deepEqual([told.events, client.connected], [0, false]);
    },
  },
];

async function exchangedLater(world: SuiteWorld, server: Connector, client: Connector): Promise<void> {
  let turns = 0;
  await world.pump(() => ++turns > 20);
  const told = watched(server);
  await world.pump(() => told.reads === 1);
  await exchanged(world, client, valueOf(server.accept()), "were you asleep?");
}

async function refusedAsInUse(world: SuiteWorld, url: string): Promise<void> {
  const second = valueOf(world.open(url));
  const told = watched(second);
  const outcome = second.listen();
  if (nameOf(outcome) === "async") await world.pump(() => (told.events & ERROR) !== 0);
  else equal(nameOf(outcome), "address_in_use");
  equal(second.lastError?.name, "address_in_use");
  equal(second.listening, false);
}

const DATAGRAM_CASES: readonly SuiteCase[] = [
  {
    name: "carries datagrams whole, and says who sent them",
    kind: "datagram",
    async run(world) {
      const server = await listening(world);
      const client = await listening(world, world.urls.peers[0]);
      deepEqual([server.communicating, server.behaviour], [true, "datagram"]);
      for (const message of ["one", "two, and longer", "3"]) {
        equal(valueOf(client.send(text.encode(message), server.url)), message.length);
        const { bytes, from } = await received(world, server);
        deepEqual(bytes, text.encode(message));
        equal(from, client.url);
        valueOf(server.send(bytes, from));
        deepEqual(await received(world, client), { bytes, from: server.url });
      }
    },
  },
  {
    name: "several clients are told apart",
    kind: "datagram",
    needs: "many",
    async run(world) {
      const server = await listening(world);
      const clients: Connector[] = [];
      for (const url of world.urls.peers) clients.push(await listening(world, url));
      for (const [n, client] of clients.entries()) valueOf(client.send(Uint8Array.of(n), server.url));
      for (const _ of clients) {
        const { bytes, from } = await received(world, server);
        valueOf(server.send(text.encode(`you are ${bytes[0]}`), from));
      }
      for (const [n, client] of clients.entries()) {
        deepEqual((await received(world, client)).bytes, text.encode(`you are ${n}`));
      }
    },
  },
  {
    name: "receive gives repeat_action where nothing waits, and READ follows",
    kind: "datagram",
    async run(world) {
      const server = await listening(world);
      const client = await listening(world, world.urls.peers[0]);
      equal(nameOf(server.receive()), "repeat_action");
      const told = watched(server);
      valueOf(client.send(text.encode("late"), server.url));
      await world.pump(() => (told.events & READ) !== 0);
      deepEqual(valueOf(server.receive()).bytes, text.encode("late"));
      equal(nameOf(server.receive()), "repeat_action");
    },
  },
  {
    name: "peek tells what was sent",
    kind: "datagram",
    async run(world) {
      const server = await listening(world);
      const client = await listening(world, world.urls.peers[0]);
      equal(server.peek(), 0);
      valueOf(client.send(pattern(777), server.url));
      await world.pump(() => server.peek() === 777);
      deepEqual(valueOf(server.receive()).bytes, pattern(777));
      equal(server.peek(), 0);
    },
  },
  {
    name: "accept gives the connector itself",
    kind: "datagram",
    async run(world) {
      const server = valueOf(world.open(world.urls.server));
      equal(nameOf(server.accept()), "unsupported_action");
      await started(world, server.listen(), () => server.listening);
      equal(valueOf(server.accept()), server);
    },
  },
  {
    name: "datagrams that nobody receives are bounded and counted",
    kind: "datagram",
    needs: "bounded",
    async run(world) {
      const server = await listening(world);
      const client = await listening(world, world.urls.peers[0]);
      let sent = 0;
      await world.pump(() => {
        for (let n = 0; n < 100; n++) if (client.send(Uint8Array.of(1), server.url).ok) sent++;
        isTrue(sent < 1_000_000, `no bound after ${sent} datagrams`);
        return (server.dropped ?? 0) > 0;
      });
      equal(nameOf(server.receive()), "ok");
    },
  },
  {
    name: "refuses peers of other schemes, and what is no peer at all",
    kind: "datagram",
    async run(world) {
      const server = await listening(world);
      equal(nameOf(server.send(text.encode("x"), "anon://")), "invalid_value");
      equal(nameOf(server.send(text.encode("x"), "nonsense")), "invalid_value");
    },
  },
  {
    name: "a second listen is refused, and so is closing what is not open",
    kind: "datagram",
    async run(world) {
      const server = valueOf(world.open(world.urls.server));
      equal(nameOf(server.close()), "initialization");
      equal(nameOf(server.send(text.encode("x"), world.urls.server)), "initialization");
      await started(world, server.listen(), () => server.listening);
      equal(nameOf(server.listen()), "initialization");
      equal(nameOf(server.read(1)), "unsupported_action");
      equal(nameOf(server.close()), "ok");
      equal(nameOf(server.close()), "initialization");
      deepEqual([server.listening, server.communicating], [false, false]);
      await started(world, server.listen(), () => server.listening);
    },
  },
  {
    name: "a second listener at the same address is refused",
    kind: "datagram",
    needs: "exclusive",
    async run(world) {
      const server = await listening(world);
      await refusedAsInUse(world, server.url);
    },
  },
];

const LOOPBACK_CASES: readonly SuiteCase[] = [
  {
    name: "listening, connected and communicating at once, it talks to itself",
    kind: "loopback",
    async run(world) {
      for (const start of ["listen", "connect"] as const) {
        const one = valueOf(world.open(world.urls.server));
        deepEqual([one.listening, one.connected, one.communicating], [false, false, false]);
        equal(nameOf(one.close()), "initialization");
        await started(world, one[start](), () => one.communicating);
        deepEqual([one.listening, one.connected], [true, true]);
        equal(valueOf(one.accept()), one);
        equal(nameOf(one.listen()), "initialization");
        equal(nameOf(one.connect()), "initialization");
        equal(nameOf(one.read(1)), "async");
        await exchanged(world, one, one, "is anybody there?");
        equal(nameOf(one.close()), "ok");
        equal(nameOf(one.close()), "initialization");
      }
    },
  },
  {
    name: "its pipe is bounded, and READ and WRITE are told",
    kind: "loopback",
    async run(world) {
      const one = await listening(world);
      const told = watched(one);
      const total = await filled(world, one, pattern(5000), 1 << 20);
      equal(one.peek(), total);
      isTrue((told.events & READ) !== 0);
      equal(told.events & WRITE, 0);
      equal((await readAll(world, one, total)).length, total);
      await world.pump(() => (told.events & WRITE) !== 0);
      await exchanged(world, one, one, "room again");
    },
  },
];

/** Every case; choose those of a scheme's kind and traits with `casesFor`. */
export const connectorSuite: readonly SuiteCase[] = [...STREAM_CASES, ...DATAGRAM_CASES, ...LOOPBACK_CASES];

/** The cases that a scheme of this kind and with these traits must pass. */
export function casesFor(kind: SuiteKind, traits: readonly SuiteTrait[]): readonly SuiteCase[] {
  return connectorSuite.filter((one) => one.kind === kind && (one.needs === undefined || traits.includes(one.needs)));
}
