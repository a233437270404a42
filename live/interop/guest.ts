/** A host in scionproto's AS, of plain sockets: answers what the router brings, and asks something itself each time. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { echoReply, wayBack } from "../../actors/answer.ts";
import { createMessage, type Packet } from "../../core/packet.ts";
import { decodePacket, encodePacket, wireLengthOf } from "../../core/wire/codec.ts";
import type { Endpoint } from "./site.ts";

const DISPATCHER_PORT = 30_041;
/** Identifier of its own requests: one of the dispatched ports, to which replies go straight. */
const IDENTIFIER = 31_000;

export class Guest {
  /** Echo requests that the router brought, and it answered. */
  answered = 0;
  /** Its own requests, sent back along the way that others' came, and the replies to them. */
  asked = 0;
  repliesTo = 0;
  undecodable = 0;
  readonly #address: string;
  readonly #router: readonly [string, number];
  readonly #sockets: readonly Socket[];

  private constructor(address: string, router: Endpoint, sockets: readonly Socket[]) {
    const [ip = "", port] = router.split(":");
    this.#address = address;
    this.#router = [ip, Number(port)];
    this.#sockets = sockets;
    for (const socket of sockets) {
      socket.on("message", (bytes) => this.#receive(socket, bytes));
      socket.on("error", () => undefined);
    }
  }

  static async open(address: string, router: Endpoint): Promise<Guest> {
    const sockets: Socket[] = [];
    for (const port of [DISPATCHER_PORT, IDENTIFIER]) {
      const socket = createSocket("udp4");
      socket.bind(port, address);
      await once(socket, "listening");
      sockets.push(socket);
    }
    return new Guest(address, router, sockets);
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => new Promise<void>((done) => void socket.close(() => done()))));
  }

  #receive(socket: Socket, bytes: Uint8Array): void {
    const decoded = decodePacket(bytes);
    if (!decoded.ok) {
      this.undecodable++;
      return;
    }
    const packet = decoded.value;
    if (packet.l4.kind !== "scmp.echo") return;
    if (packet.l4.reply) {
      if (packet.l4.identifier === IDENTIFIER) this.repliesTo++;
      return;
    }
    this.answered++;
    this.#send(socket, echoReply(packet, this.#address));
    this.#send(socket, this.#question(packet));
  }

  #question(asker: Packet): Packet {
    const { path, currInf, currHf } = wayBack(asker);
    const l4 = { kind: "scmp.echo", reply: false, identifier: IDENTIFIER, sequence: this.asked++ & 0xffff } as const;
    const ends = { dstIa: asker.srcIa, srcIa: asker.dstIa, dstHost: asker.srcHost, srcHost: this.#address };
    const wireLength = wireLengthOf(path, ends.srcHost, ends.dstHost, l4, 0);
    return createMessage({ ...ends, trafficClass: 0, flowId: 1, path, currInf, currHf, l4, rest: null, wireLength });
  }

  #send(socket: Socket, packet: Packet): void {
    const [address, port] = this.#router;
    socket.send(encodePacket(packet), port, address);
  }
}
