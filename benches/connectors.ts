/**
 * Connectors against the bare Node API, in one process and one run: echo round trips of 64 bytes, one after the other, and
 * bulk bytes one way, over TCP, UDP and Unix sockets. Both sides take turns; the figures are medians of the turns' ratios.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connector, EVENTS, type Outcome } from "../core/connector.ts";
import { Digests } from "../core/digest.ts";
import { createRegistry } from "../live/connectors/registry.ts";
import { type Bench, type BenchResult, median, peakRssMb } from "./bench.ts";

const SIZES = {
  small: { turns: 3, rounds: 200, bytes: 4 << 20 },
  large: { turns: 21, rounds: 2_000, bytes: 64 << 20 },
};
const MESSAGE = new Uint8Array(64).fill(7);
const CHUNK = new Uint8Array(65_536).fill(7);
const DATAGRAM = new Uint8Array(1_400).fill(7);
/** Datagrams under way at once: few enough that no socket's buffer runs over. */
const BURST = 32;

/** One transport, bare or by connectors: two ends in this process. */
interface Ends {
  /** Answers of the given number of round trips; resolves with the sum of the bytes that came back. */
  echo(rounds: number): Promise<number>;
  /** Resolves with the number of bytes that arrived. */
  bulk(bytes: number): Promise<number>;
  close(): void;
}

interface Transport {
  readonly name: string;
  bare(): Promise<Ends>;
  connectors(): Promise<Ends>;
}

function path(side: string): string {
  const name = `pathloom-bench-${process.pid}-${process.hrtime.bigint()}-${side}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name);
}

const TRANSPORTS: readonly Transport[] = [
  {
    name: "tcp",
    bare: () => bareStream({ host: "127.0.0.1", port: 0 }),
    connectors: () => connectorStream("tcp://127.0.0.1"),
  },
  { name: "udp", bare: bareUdp, connectors: connectorUdp },
  {
    name: "local",
    bare: () => bareStream({ path: path("bare") }),
    connectors: () => connectorStream(process.platform === "win32" ? "pipe:///bench" : `local://${path("connector")}`),
  },
];

async function bareStream(at: ListenOptions): Promise<Ends> {
  const server = createServer({ noDelay: true });
  server.listen(at);
  await once(server, "listening");
  const address = server.address() as Exclude<ReturnType<Server["address"]>, null>;
  const target = typeof address === "string" ? { path: address } : { host: "127.0.0.1", port: address.port };
  const client = connect({ ...target, noDelay: true } as NetConnectOpts);
  const [[peer]] = (await Promise.all([once(server, "connection"), once(client, "connect")])) as [[Socket], unknown];
  return {
    echo: (rounds) =>
      new Promise((resolve) => {
        let left = rounds;
        let sum = 0;
        peer.removeAllListeners("data").on("data", (bytes: Buffer) => peer.write(bytes));
        client.removeAllListeners("data").on("data", (bytes: Buffer) => {
          sum += bytes.length;
          if (--left > 0) client.write(MESSAGE);
          else resolve(sum);
        });
        client.write(MESSAGE);
      }),
    bulk: (bytes) =>
      new Promise((resolve) => {
        let sent = 0;
        let got = 0;
        const pump = (): void => {
          while (sent < bytes) {
            sent += CHUNK.length;
            if (!client.write(CHUNK)) return;
          }
        };
        peer.removeAllListeners("data").on("data", (chunk: Buffer) => {
          got += chunk.length;
          if (got >= bytes) resolve(got);
        });
        client.removeAllListeners("drain").on("drain", pump);
        pump();
      }),
    close: () => {
      client.destroy();
      peer.destroy();
      server.close();
    },
  };
}

async function bareUdp(): Promise<Ends> {
  const [server, client] = await Promise.all([boundUdp(), boundUdp()]);
  const target = server.address().port;
  return {
    echo: (rounds) =>
      new Promise((resolve) => {
        let left = rounds;
        let sum = 0;
        server
          .removeAllListeners("message")
          .on("message", (bytes, from) => server.send(bytes, from.port, from.address));
        client.removeAllListeners("message").on("message", (bytes) => {
          sum += bytes.length;
          if (--left > 0) client.send(MESSAGE, target, "127.0.0.1");
          else resolve(sum);
        });
        client.send(MESSAGE, target, "127.0.0.1");
      }),
    bulk: (bytes) =>
      new Promise((resolve) => {
        let got = 0;
        let underWay = 0;
        const burst = (): void => {
          for (; underWay < BURST; underWay++) client.send(DATAGRAM, target, "127.0.0.1");
        };
        server.removeAllListeners("message").on("message", (datagram) => {
          got += datagram.length;
          underWay--;
          if (got >= bytes) resolve(got + underWay * DATAGRAM.length);
          else if (underWay === 0) burst();
        });
        burst();
      }),
    close: () => {
      server.close();
      client.close();
    },
  };
}

async function boundUdp(): Promise<UdpSocket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

function taken<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}

/** Resolves once one of these events is told. */
function told(connector: Connector, events: number): Promise<void> {
  return new Promise((resolve) => {
    const unwatch = connector.watch((found) => {
      if ((found & events) === 0) return;
      unwatch();
      resolve();
    });
  });
}

async function listening(url: string): Promise<Connector> {
  const connector = taken(createRegistry().open(url));
  if (!connector.listen().ok) await told(connector, EVENTS.OPEN);
  return connector;
}

async function connectorStream(url: string): Promise<Ends> {
  const server = await listening(url);
  const client = taken(createRegistry().open(server.url));
  client.connect();
  await Promise.all([told(server, EVENTS.READ), told(client, EVENTS.OPEN)]);
  const peer = taken(server.accept());
  return {
    echo: (rounds) =>
      new Promise((resolve) => {
        let left = rounds;
        let sum = 0;
        peer.watch(() => {
          const got = peer.read(CHUNK.length);
          if (got.ok) peer.write(got.value);
        });
        client.watch(() => {
          const got = client.read(CHUNK.length);
          if (!got.ok) return;
          sum += got.value.length;
          if (--left > 0) client.write(MESSAGE);
          else resolve(sum);
        });
        client.write(MESSAGE);
      }),
    bulk: (bytes) =>
      new Promise((resolve) => {
        let sent = 0;
        let got = 0;
        const pump = (): void => {
          while (sent < bytes) {
            const outcome = client.write(CHUNK);
            if (!outcome.ok) return;
            sent += outcome.value;
          }
        };
        peer.watch(() => {
          for (let chunk = peer.read(CHUNK.length); chunk.ok; chunk = peer.read(CHUNK.length))
            got += chunk.value.length;
          if (got >= bytes) resolve(got);
        });
        client.watch(pump);
        pump();
      }),
    close: () => {
      for (const connector of [client, peer, server]) connector.close();
    },
  };
}

async function connectorUdp(): Promise<Ends> {
  const server = await listening("udp://127.0.0.1");
  const client = await listening("udp://127.0.0.1");
  return {
    echo: (rounds) =>
      new Promise((resolve) => {
        let left = rounds;
        let sum = 0;
        server.watch(() => {
          const got = server.receive();
          if (got.ok) server.send(got.value.bytes, got.value.from);
        });
        client.watch(() => {
          const got = client.receive();
          if (!got.ok) return;
          sum += got.value.bytes.length;
          if (--left > 0) client.send(MESSAGE, server.url);
          else resolve(sum);
        });
        client.send(MESSAGE, server.url);
      }),
    bulk: (bytes) =>
      new Promise((resolve) => {
        let got = 0;
        let underWay = 0;
        const burst = (): void => {
          for (; underWay < BURST; underWay++) client.send(DATAGRAM, server.url);
        };
        server.watch(() => {
          const datagram = server.receive();
          if (!datagram.ok) return;
          got += datagram.value.bytes.length;
          underWay--;
          if (got >= bytes) resolve(got + underWay * DATAGRAM.length);
          else if (underWay === 0) burst();
        });
        burst();
      }),
    close: () => {
      server.close();
      client.close();
    },
  };
}

interface Figure {
  readonly name: string;
  /** By connectors, a second. */
  readonly rate: number;
  /** Connectors by bare. */
  readonly ratio: number;
}

async function timed(work: () => Promise<number>): Promise<{ seconds: number; result: number }> {
  const begin = process.hrtime.bigint();
  const result = await work();
  return { seconds: Number(process.hrtime.bigint() - begin) / 1e9, result };
}

/** Both sides by turns, and who begins by turns as well: what disturbs the machine disturbs both. */
async function compare(transport: Transport, kind: "echo" | "bulk", turns: number, amount: number): Promise<Figure> {
  const bare = await transport.bare();
  const ours = await transport.connectors();
  const rates: number[] = [];
  const ratios: number[] = [];
  for (let turn = 0; turn <= turns; turn++) {
    const order = turn % 2 === 0 ? [bare, ours] : [ours, bare];
    const seconds = new Map<Ends, number>();
    for (const ends of order) {
      const found = await timed(() => ends[kind](amount));
      const expected = kind === "echo" ? amount * MESSAGE.length : amount;
      if (found.result < expected) throw new Error(`${transport.name} ${kind}: ${found.result} bytes, not ${expected}`);
      seconds.set(ends, found.seconds);
    }
    if (turn === 0) continue; // Warm-up.
    const mine = seconds.get(ours) as number;
    rates.push(amount / mine);
    ratios.push((seconds.get(bare) as number) / mine);
  }
  bare.close();
  ours.close();
  return { name: `${transport.name}_${kind}`, rate: median(rates), ratio: median(ratios) };
}

/** What was computed: every echo came back whole and every byte arrived, or `compare` would have thrown. */
function hashOf(figures: readonly Figure[], rounds: number, bytes: number): string {
  const digests = new Digests(1);
  for (const [index, { name }] of figures.entries()) {
    digests.absorb(0, name.length, index);
    digests.absorb(0, rounds, bytes);
  }
  return digests.hex(0, []);
}

async function run(size: "small" | "large"): Promise<BenchResult> {
  const { turns, rounds, bytes } = SIZES[size];
  const cpu = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const figures: Figure[] = [];
  for (const transport of TRANSPORTS) {
    figures.push(await compare(transport, "echo", turns, rounds));
    figures.push(await compare(transport, "bulk", turns, transport.name === "udp" ? bytes >> 3 : bytes));
  }
  const wall_s = Number(process.hrtime.bigint() - begin) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  const more: Record<string, string> = {};
  for (const { name, rate, ratio } of figures) {
    const shown = name.endsWith("bulk") ? `${(rate / 1e6).toFixed(0)} MB/s` : `${rate.toFixed(0)}/s`;
    more[name] = `${shown} (${ratio.toFixed(2)} of bare Node)`;
  }
  return {
    name: "connectors",
    rate: figures[0]?.rate ?? 0,
    unit: "TCP echo round trips/s",
    hash: hashOf(figures, rounds, bytes),
    wall_s,
    cpu_s: (user + system) / 1e6,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more,
  };
}

export const connectorsBench: Bench = {
  name: "connectors",
  about: "echo and bulk over tcp, udp and local, by connectors and by the bare Node API in turns",
  run,
};
