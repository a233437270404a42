/**
 * Bytes in both directions over Node's sockets, with bounds: what comes in waits for `read` and stops the socket where too
 * much waits; what goes out is taken as far as the socket's buffer has room.
 */
import type { Socket } from "node:net";
import { type ConnectorError, EVENTS, type Outcome, refuse } from "../../core/connector.ts";
import { ok } from "../../core/result.ts";
import { ByteQueue } from "./byte-queue.ts";
import { later, systemError } from "./errors.ts";

/** Bytes that wait to be read before the socket is paused. */
const MAX_INCOMING = 256 * 1024;
/** Writes from this size on are copied into one buffer that is used again and again; smaller ones come from Node's own pool. */
const LARGE_WRITE = 4 * 1024;
/** How long a closed connection may take to send what `write` took. */
const LINGER_MS = 1_000;

/** What the connector around a flow hears of it; always from the event loop. */
export interface FlowOwner {
  tell(events: number): void;
  /** The peer's end, or what broke the connection. */
  ended(error: ConnectorError | null): void;
}

export class StreamFlow {
  readonly #url: string;
  readonly #reader: Socket;
  readonly #writer: Socket;
  readonly #owner: FlowOwner;
  readonly #incoming = new ByteQueue();
  #slab: Buffer | null = null;
  #slabUsed = 0;
  #paused = false;
  #closed = false;
  #end: ConnectorError | null = null;

  /** `reader` and `writer` are one socket but for fifos. */
  constructor(url: string, reader: Socket, writer: Socket, owner: FlowOwner) {
    this.#url = url;
    this.#reader = reader;
    this.#writer = writer;
    this.#owner = owner;
    for (const socket of new Set([reader, writer])) {
      socket.on("error", (error) => this.#stop(systemError(url, error), true));
      socket.on("close", () => this.#stop(this.#gone(), false));
    }
    reader.on("data", (chunk: Buffer) => this.#arrived(chunk));
    reader.on("end", () => this.#stop(this.#gone(), false));
    writer.on("drain", () => {
      if (!this.#closed && this.#end === null) this.#owner.tell(EVENTS.WRITE);
    });
    reader.resume();
  }

  /** Why nothing more will come; null while the peer is there. */
  get end(): ConnectorError | null {
    return this.#end;
  }

  peek(): number {
    return this.#incoming.size;
  }

  read(most: number): Outcome<Uint8Array> {
    if (this.#incoming.size === 0) {
      return this.#end === null ? later(this.#url, "nothing has come yet") : { ok: false, error: this.#end };
    }
    const bytes = this.#incoming.take(most);
    if (this.#paused && this.#incoming.size < MAX_INCOMING / 2) {
      this.#paused = false;
      this.#reader.resume();
    }
    return ok(bytes);
  }

  write(bytes: Uint8Array): Outcome<number> {
    if (this.#end !== null) return { ok: false, error: this.#end };
    const room = this.#writer.writableHighWaterMark - this.#writer.writableLength;
    if (room <= 0) return refuse("repeat_action", `${this.#url}: too much waits to be sent; go on at WRITE.`);
    const count = Math.min(room, bytes.length);
    if (count > 0) this.#writer.write(this.#copied(count === bytes.length ? bytes : bytes.subarray(0, count)));
    return ok(count);
  }

  /** What was written still goes out, for a second at most; nothing more comes in. */
  close(): void {
    this.#closed = true;
    this.#incoming.clear();
    if (this.#reader !== this.#writer) this.#reader.destroy();
    if (this.#end !== null || this.#writer.writableLength === 0) {
      this.#writer.destroy();
      return;
    }
    this.#writer.removeAllListeners("data");
    this.#writer.resume();
    this.#writer.destroySoon();
    const linger = setTimeout(() => this.#writer.destroy(), LINGER_MS);
    this.#writer.once("close", () => clearTimeout(linger));
  }

  /** Node may send it long after: the caller's buffer is the caller's again. */
  #copied(bytes: Uint8Array): Buffer {
    if (bytes.length < LARGE_WRITE) return Buffer.from(bytes);
    this.#slab ??= Buffer.allocUnsafeSlow(this.#writer.writableHighWaterMark);
    // Mostly the system takes a write at once; while nothing waits in Node, nothing points into the slab.
    if (this.#writer.writableLength === 0) this.#slabUsed = 0;
    const start = this.#slabUsed;
    if (start + bytes.length > this.#slab.length) return Buffer.from(bytes);
    this.#slabUsed += bytes.length;
    this.#slab.set(bytes, start);
    return this.#slab.subarray(start, this.#slabUsed);
  }

  #arrived(chunk: Buffer): void {
    if (this.#closed) return;
    this.#incoming.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    if (this.#incoming.size >= MAX_INCOMING) {
      this.#paused = true;
      this.#reader.pause();
    }
    this.#owner.tell(EVENTS.READ);
  }

  #stop(end: ConnectorError, isFault: boolean): void {
    if (this.#closed || this.#end !== null) return;
    this.#end = end;
    if (this.#reader !== this.#writer) {
      this.#reader.destroy();
      this.#writer.destroy();
    }
    this.#owner.ended(isFault ? end : null);
    this.#owner.tell(EVENTS.READ | EVENTS.CLOSE | (isFault ? EVENTS.ERROR : 0));
  }

  #gone(): ConnectorError {
    return { name: "no_connection", message: `${this.#url}: the peer has closed the connection.` };
  }
}
