/** What every datagram connector of the live world shares: a bounded queue of what came, and refusals of what streams do. */
import type { Behaviour, Connector, ConnectorError, Outcome, PeerAddress } from "../../core/connector.ts";
import { EVENTS, refuse } from "../../core/connector.ts";
import { ok } from "../../core/result.ts";
import { unsupported } from "./errors.ts";
import { Readiness } from "./readiness.ts";

/** What may wait for `receive`; what comes beyond it is dropped and counted. */
const MAX_DATAGRAMS = 4096;
const MAX_BYTES = 4 * 1024 * 1024;

interface Received {
  readonly bytes: Uint8Array;
  readonly from: PeerAddress;
}

export abstract class DatagramConnector implements Connector {
  readonly behaviour: Behaviour = "datagram";
  readonly connected = false;
  protected readonly readiness = new Readiness();
  #queue: Received[] = [];
  /** The first datagram not yet received. */
  #head = 0;
  #bytes = 0;
  #dropped = 0;

  abstract readonly url: string;
  abstract readonly scheme: string;
  abstract readonly listening: boolean;
  abstract readonly lastError: ConnectorError | null;
  abstract listen(): Outcome<void>;
  abstract send(bytes: Uint8Array, to: PeerAddress): Outcome<number>;
  abstract close(): Outcome<void>;

  get communicating(): boolean {
    return this.listening;
  }

  get dropped(): number {
    return this.#dropped;
  }

  connect(): Outcome<void> {
    return unsupported(this.url, "a datagram connector does not connect; listen, and name the peer to send");
  }

  accept(): Outcome<Connector> {
    return this.listening ? ok(this) : unsupported(this.url, "only a listener accepts; listen first");
  }

  read(): Outcome<never> {
    return unsupported(this.url, "datagrams are no stream to read; receive them");
  }

  write(): Outcome<never> {
    return unsupported(this.url, "datagrams need a peer; send them");
  }

  receive(): Outcome<Received> {
    const first = this.#queue[this.#head];
    if (first === undefined) return refuse("repeat_action", `${this.url}: no datagram waits.`);
    this.#head++;
    this.#bytes -= first.bytes.length;
    if (this.#head === this.#queue.length) this.forget();
    else if (this.#head >= 256 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return ok(first);
  }

  peek(): number {
    return this.#bytes;
  }

  watch(notify: (events: number) => void): () => void {
    return this.readiness.watch(notify);
  }

  protected arrived(bytes: Uint8Array, from: PeerAddress): void {
    if (this.#queue.length - this.#head >= MAX_DATAGRAMS || this.#bytes + bytes.length > MAX_BYTES) {
      this.#dropped++;
      return;
    }
    this.#queue.push({ bytes, from });
    this.#bytes += bytes.length;
    this.readiness.tell(EVENTS.READ);
  }

  /** Drops what waits. */
  protected forget(): void {
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
