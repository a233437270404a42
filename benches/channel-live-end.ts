/** One end of a transfer over loopback in a process of its own: bare datagrams, channels, or QUIC (quiche). Asked by channel-live.ts. */
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connectChannels, listenChannels } from "../live/channels/connect.ts";
import type { ChannelEnd } from "../live/channels/channel-end.ts";
import { liveChannels } from "../live/channels/world.ts";
import { quicReceiver, quicSender } from "./channel-live-quic.ts";

export type Kind = "bare" | "channel" | "quic";

/** What an end is made with. */
export interface EndSpec {
  readonly kind: Kind;
  readonly side: "send" | "receive";
  /** Payload of a UDP datagram. */
  readonly packet: number;
  /** The receiver's, for a sender. */
  readonly at: Address | null;
}

export interface Address {
  readonly port: number;
  readonly key: Uint8Array | null;
}

/** What one transfer came to, at one end. */
export interface Transfer {
  readonly bytes: number;
  /** From the first byte to the last. */
  readonly seconds: number;
  /** Of this process alone. */
  readonly cpu_s: number;
  /** SHA-256 of what was received, in hex; "" at the sender, and where datagrams may be lost. */
  readonly hash: string;
}

/** A transfer before it is hashed. */
export interface Moved extends Pick<Transfer, "bytes" | "seconds"> {
  readonly pieces: readonly Uint8Array[];
}

/** An end: `transfer` moves so many bytes; `stop` ends the transfer of a receiver that cannot know when all is there. */
export interface End {
  readonly address: Address;
  transfer(bytes: number): Promise<Moved>;
  stop?(): void;
  close(): Promise<void>;
}

/** What a sender sends over and over: nothing that compresses, or is zero. */
export function patternOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0, word = 1; at < length; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) | 0;
    bytes[at] = word >>> 24;
  }
  return bytes;
}

export const CHUNK = 1 << 18;
/** Datagrams that may wait for the system at once. */
const BURST = 32;

function elapsed(since: bigint): number {
  return Number(process.hrtime.bigint() - since) / 1e9;
}

async function bareReceiver(): Promise<End> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  let [bytes, first, last] = [0, 0n, 0n];
  let stopped = (): void => undefined;
  socket.on("message", (datagram) => {
    last = process.hrtime.bigint();
    if (bytes === 0) first = last;
    bytes += datagram.length;
  });
  return {
    address: { port: socket.address().port, key: null },
    transfer: async () => {
      bytes = 0;
      await new Promise<void>((resolve) => void (stopped = resolve));
      return { bytes, seconds: Number(last - first) / 1e9, pieces: [] };
    },
    stop: () => stopped(),
    close: async () => void socket.close(),
  };
}

async function bareSender({ at, packet }: EndSpec): Promise<End> {
  const socket = createSocket("udp4");
  socket.connect((at as Address).port, "127.0.0.1");
  await once(socket, "connect");
  const datagram = patternOf(packet);
  return {
    address: { port: 0, key: null },
    transfer: (bytes) =>
      new Promise((resolve) => {
        const begin = process.hrtime.bigint();
        let [sent, waiting] = [0, 0];
        const done = (): void => {
          if (--waiting === 0) burst();
        };
        const burst = (): void => {
          if (sent >= bytes) resolve({ bytes: sent, seconds: elapsed(begin), pieces: [] });
          else for (; waiting < BURST; waiting++, sent += packet) socket.send(datagram, done);
        };
        burst();
      }),
    close: async () => void socket.close(),
  };
}

async function channelReceiver({ packet }: EndSpec): Promise<End> {
  const world = liveChannels();
  const listener = await listenChannels({ world, at: ["udp4://127.0.0.1:0"], mtu: packet, ...TUNING });
  const association = listener.accept();
  return {
    address: { port: Number(/:(\d+)$/.exec(listener.urls[0] ?? "")?.[1]), key: listener.identity },
    transfer: async () => {
      const channel = (await (await association)?.accept()) as ChannelEnd;
      const pieces: Uint8Array[] = [];
      let [bytes, first] = [0, 0n];
      for (let piece = await channel.read(CHUNK); piece !== null; piece = await channel.read(CHUNK)) {
        if (bytes === 0) first = process.hrtime.bigint();
        bytes += piece.length;
        pieces.push(piece);
      }
      const seconds = elapsed(first);
      channel.finish();
      return { bytes, seconds, pieces };
    },
    close: () => listener.close(),
  };
}

async function channelSender({ at, packet }: EndSpec): Promise<End> {
  const { port, key } = at as Address;
  const links = [{ to: `udp4://127.0.0.1:${port}`, from: "udp4://127.0.0.1:0", mtu: packet }];
  const asking = await connectChannels({ world: liveChannels(), links, peer: key as Uint8Array, ...TUNING });
  const chunk = patternOf(CHUNK);
  return {
    address: { port: 0, key: null },
    transfer: async (bytes) => {
      const begin = process.hrtime.bigint();
      const channel = await asking.open();
      for (let sent = 0; sent < bytes; sent += CHUNK) await channel.write(chunk.subarray(0, bytes - sent));
      channel.finish();
      await channel.delivered();
      return { bytes, seconds: elapsed(begin), pieces: [] };
    },
    close: async () => void (await asking.close()),
  };
}

/** Loopback has room, its path MTU is known, and the turns of others take long. */
const TUNING = {
  idleTimeout: 0,
  tuning: {
    windows: { channel: 3 << 20, association: 16 << 20, sendBuffer: 4 << 20 },
    paths: { probeMtu: false, acks: { every: 32 }, recovery: { pacing: false } },
  },
};

function hashOf(pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

const MAKERS: Readonly<Record<Kind, Readonly<Record<EndSpec["side"], (spec: EndSpec) => Promise<End>>>>> = {
  bare: { receive: bareReceiver, send: bareSender },
  channel: { receive: channelReceiver, send: channelSender },
  quic: { receive: quicReceiver, send: quicSender },
};

/** The process: makes its end, says where it is, then does as it is told. */
async function serve(spec: EndSpec): Promise<void> {
  const end = await MAKERS[spec.kind][spec.side](spec);
  process.on("message", async (ask: { readonly transfer: number } | "stop" | "close") => {
    if (ask === "stop") end.stop?.();
    else if (ask === "close") {
      await end.close();
      process.exit(0);
    } else {
      const before = process.cpuUsage();
      const { bytes, seconds, pieces } = await end.transfer(ask.transfer);
      const { user, system } = process.cpuUsage(before);
      const hash = pieces.length === 0 ? "" : hashOf(pieces);
      process.send?.({ bytes, seconds, hash, cpu_s: (user + system) / 1e6 } satisfies Transfer);
    }
  });
  process.send?.(end.address);
}

if (process.argv[2] === "end") process.once("message", (spec: EndSpec) => void serve(spec));
