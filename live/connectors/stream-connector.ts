/**
 * Streams over `node:net`: TCP, Unix sockets and Windows' named pipes differ only in their addresses.
 *
 *   idle --listen--> binding --bound--> listening --accept--> (a new connector, connected)
 *   idle --connect--> connecting --open--> connected --close--> idle
 *
 * A failed listen or connect leads back to idle; `lastError` says why.
 */
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server, type Socket } from "node:net";
import { type Connector, type ConnectorError, EVENTS, type Outcome, refuse } from "../../core/connector.ts";
import { ok } from "../../core/result.ts";
import { alreadyOpen, later, notOpen, systemError, unsupported } from "./errors.ts";
import { Readiness } from "./readiness.ts";
import { StreamFlow } from "./stream-flow.ts";

/** Connections that may wait for `accept`; more are dropped. */
const MAX_WAITING = 512;

/** One scheme's addresses as `node:net` takes and gives them. */
export interface StreamAddress {
  readonly scheme: string;
  /** Normalised. */
  readonly url: string;
  readonly listen: ListenOptions;
  readonly connect: NetConnectOpts;
  /** The URL once it is bound: with the port that the system chose. */
  bound(server: Server): string;
  /** The peer's URL, as an accepted connector bears it. */
  peer(socket: Socket): string;
}

type State = "idle" | "binding" | "listening" | "connecting" | "connected";

export class StreamConnector implements Connector {
  readonly behaviour = "stream";
  readonly #address: StreamAddress;
  readonly #readiness = new Readiness();
  readonly #waiting: Socket[] = [];
  #url: string;
  #state: State = "idle";
  #server: Server | null = null;
  #socket: Socket | null = null;
  #flow: StreamFlow | null = null;
  #accepted = false;
  #lastError: ConnectorError | null = null;
  #dropped = 0;

  /** `socket`: of a connection that was accepted. */
  constructor(address: StreamAddress, socket: Socket | null = null) {
    this.#address = address;
    this.#url = address.url;
    if (socket === null) return;
    this.#url = address.peer(socket);
    this.#accepted = true;
    this.#opened(socket);
  }

  get url(): string {
    return this.#url;
  }

  get scheme(): string {
    return this.#address.scheme;
  }

  get listening(): boolean {
    return this.#state === "listening" || this.#accepted;
  }

  get connected(): boolean {
    return this.#flow !== null && this.#flow.end === null;
  }

  get communicating(): boolean {
    return this.connected;
  }

  get lastError(): ConnectorError | null {
    return this.#lastError;
  }

  get dropped(): number {
    return this.#dropped;
  }

  listen(): Outcome<void> {
    if (this.#state !== "idle") return alreadyOpen(this.#url);
    this.#lastError = null;
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#arrived(server, socket));
    server.on("error", (error) => this.#failed(server, error));
    server.on("listening", () => this.#bound(server));
    this.#server = server;
    this.#state = "binding";
    server.listen({ ...this.#address.listen, exclusive: true });
    if (!server.listening) return later(this.#url, "it is being bound; OPEN or ERROR follows");
    this.#listening(server);
    return ok(undefined);
  }

  connect(): Outcome<void> {
    if (this.#state !== "idle") return alreadyOpen(this.#url);
    this.#lastError = null;
    const socket = connect({ ...this.#address.connect, noDelay: true } as NetConnectOpts);
    const refused = (error: Error): void => this.#failed(socket, error);
    socket.on("error", refused);
    socket.once("connect", () => {
      socket.off("error", refused);
      if (this.#socket !== socket || this.#state !== "connecting") return;
      this.#opened(socket);
      this.#readiness.tell(EVENTS.OPEN | EVENTS.WRITE);
    });
    this.#socket = socket;
    this.#state = "connecting";
    return later(this.#url, "it is being connected; OPEN or ERROR follows");
  }

  accept(): Outcome<Connector> {
    if (this.#state !== "listening") return unsupported(this.#url, "only a listener accepts; listen first");
    const socket = this.#waiting.shift();
    if (socket === undefined) return later(this.#url, "no connection waits");
    return ok(new StreamConnector(this.#address, socket));
  }

  read(most: number): Outcome<Uint8Array> {
    return this.#flow?.read(most) ?? notOpen(this.#url, "read");
  }

  write(bytes: Uint8Array): Outcome<number> {
    return this.#flow?.write(bytes) ?? notOpen(this.#url, "write to");
  }

  receive(): Outcome<never> {
    return unsupported(this.#url, "a stream has no datagrams to receive; read from it");
  }

  send(): Outcome<never> {
    return unsupported(this.#url, "a stream sends no datagrams; write to it");
  }

  peek(): number {
    return this.#flow?.peek() ?? 0;
  }

  close(): Outcome<void> {
    if (this.#state === "idle") return refuse("initialization", `${this.#url} is not open; there is nothing to close.`);
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    this.#server?.close();
    if (this.#flow !== null) this.#flow.close();
    else this.#socket?.destroy();
    this.#toIdle();
    this.#readiness.clear();
    return ok(undefined);
  }

  watch(notify: (events: number) => void): () => void {
    return this.#readiness.watch(notify, this.#waiting.length);
  }

  #bound(server: Server): void {
    if (this.#server !== server || this.#state !== "binding") return;
    this.#listening(server);
    this.#readiness.tell(EVENTS.OPEN);
  }

  #listening(server: Server): void {
    this.#state = "listening";
    this.#url = this.#address.bound(server);
  }

  #arrived(server: Server, socket: Socket): void {
    // Until somebody accepts it, a connection that breaks is nobody's error; `read` tells of it later.
    socket.on("error", () => {});
    if (this.#server !== server) {
      socket.destroy();
    } else if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      socket.destroy();
    } else {
      this.#waiting.push(socket);
      this.#readiness.tell(EVENTS.READ);
    }
  }

  #opened(socket: Socket): void {
    this.#socket = socket;
    this.#state = "connected";
    this.#flow = new StreamFlow(this.#url, socket, socket, {
      tell: (events) => this.#readiness.tell(events),
      ended: (error) => {
        this.#lastError = error;
      },
    });
  }

  #failed(source: Server | Socket, error: Error): void {
    if (source !== this.#server && source !== this.#socket) return;
    this.#lastError = systemError(this.#url, error);
    if (this.#state !== "listening") this.#toIdle();
    this.#readiness.tell(EVENTS.ERROR);
  }

  #toIdle(): void {
    this.#state = "idle";
    this.#server = null;
    this.#socket = null;
    this.#flow = null;
    this.#accepted = false;
  }
}
