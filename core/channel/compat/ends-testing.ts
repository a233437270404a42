/** Two ends of a connection by hand, and packets between them, for tests. */
import { RandomStream } from "../../rng.ts";
import { establishChannel, packetToSend, receivePacket } from "./api.ts";
import { type Channel } from "./channels.ts";
import {
  type Connection,
  CONNECTION_DEFAULTS,
  type ConnectionOptions,
  createConnection,
  createContext,
} from "./connection.ts";
import { buildPacket, PAYLOAD_OFFSET, putChecksum } from "./envelope.ts";
import { type Action, type PipeContext } from "./events.ts";
import { encodeMessage, type Message, readMessages } from "./messages.ts";
import { A, B, bytesOf, header, SECRET_A, SECRET_B, SESSION } from "./vectors-testing.ts";

export const TRANSPORT = { source: "udp://source", destination: "udp://destination" };
export const FOREIGN = "0x00000000000000000000000000000bad";
export const random = new RandomStream(7, "pipes.test", "draws");

/** Draws what the original drew. */
export function drawing(half: number): RandomStream {
  return { below: () => half } as unknown as RandomStream;
}

export function ends(changes: Partial<ConnectionOptions> = {}): { a: Connection; b: Connection } {
  const both = { ...CONNECTION_DEFAULTS, packetSize: 120, ...changes };
  return {
    a: createConnection({ ...both, self: A, peer: B, secret: SECRET_A }),
    b: createConnection({ ...both, self: B, peer: A, secret: SECRET_B }),
  };
}

export function packets(end: Connection): Uint8Array[] {
  const all = [];
  for (let bytes = packetToSend(end); bytes !== null; bytes = packetToSend(end)) all.push(bytes);
  return all;
}

/** Hands everything from one end to the other; answers what it led to there. */
export function carry(from: Connection, to: Connection, draws = random): { actions: Action[]; data: string[] } {
  const steps = packets(from).map((bytes) => receivePacket(to, bytes, TRANSPORT, 0, draws));
  return {
    actions: steps.flatMap(({ actions }) => actions),
    data: steps.flatMap(({ data }) => data.map(({ bytes }) => new TextDecoder().decode(bytes))),
  };
}

export function open(end: Connection, draws = random): Channel {
  const result = establishChannel(end, 0, draws);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

export function established(changes: Partial<ConnectionOptions> = {}): {
  a: Connection;
  b: Connection;
  channel: Channel;
} {
  const { a, b } = ends(changes);
  const channel = open(a);
  carry(a, b);
  carry(b, a);
  carry(a, b);
  return { a, b, channel };
}

export const context = (now = 0): PipeContext & { readonly actions: Action[] } => createContext(now, random);
export const kinds = (actions: readonly Action[]): string[] => actions.map(({ type }) => type);

/** A packet from A to B with these messages. */
export function packet(messages: readonly Message[], changes: Partial<ReturnType<typeof header>> = {}): Uint8Array {
  const payload = Uint8Array.from(messages.flatMap((one) => [...encodeMessage(one)]));
  const fields = { ...header(bytesOf(SESSION.new)), payloadSize: payload.length, ...changes };
  const bytes = buildPacket(fields, payload);
  putChecksum(bytes);
  return bytes;
}

export function messagesIn(bytes: Uint8Array): Message[] {
  return readMessages(bytes, PAYLOAD_OFFSET, PAYLOAD_OFFSET + header(bytes).payloadSize).messages;
}
