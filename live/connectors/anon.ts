/** `anon://` and `local://`: a pipe inside the process; one connector talks to itself. */
import { type Connector, type ConnectorUrl, EVENTS, type Outcome, refuse } from "../../core/connector.ts";
import { formatUrl } from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";
import { ByteQueue } from "./byte-queue.ts";
import { alreadyOpen, later, notOpen, unsupported } from "./errors.ts";
import { Readiness } from "./readiness.ts";

/** Bytes the pipe holds: as many as Linux gives one. */
const CAPACITY = 64 * 1024;

/** What is written comes back to be read. */
export class LoopbackConnector implements Connector {
  readonly behaviour = "stream";
  readonly lastError = null;
  readonly url: string;
  readonly scheme: string;
  readonly #bytes = new ByteQueue();
  readonly #readiness = new Readiness();
  #open = false;
  /** Somebody was told to come back at WRITE. */
  #stalled = false;

  constructor(url: ConnectorUrl) {
    this.url = formatUrl(url);
    this.scheme = url.scheme;
  }

  get listening(): boolean {
    return this.#open;
  }

  get connected(): boolean {
    return this.#open;
  }

  get communicating(): boolean {
    return this.#open;
  }

  listen(): Outcome<void> {
    if (this.#open) return alreadyOpen(this.url);
    this.#open = true;
    return ok(undefined);
  }

  connect(): Outcome<void> {
    return this.listen();
  }

  accept(): Outcome<Connector> {
    return this.#open ? ok(this) : unsupported(this.url, "only a listener accepts; listen first");
  }

  read(most: number): Outcome<Uint8Array> {
    if (!this.#open) return notOpen(this.url, "read");
    if (this.#bytes.size === 0) return later(this.url, "nothing was written yet");
    const bytes = this.#bytes.take(most);
    if (this.#stalled) this.#readiness.tellSoon(EVENTS.WRITE);
    this.#stalled = false;
    return ok(bytes);
  }

  write(bytes: Uint8Array): Outcome<number> {
    if (!this.#open) return notOpen(this.url, "write to");
    const count = Math.min(bytes.length, CAPACITY - this.#bytes.size);
    if (count < bytes.length) this.#stalled = true;
    if (count === 0 && bytes.length > 0) {
      return refuse("repeat_action", `${this.url}: the pipe is full; read from it first.`);
    }
    this.#bytes.push(bytes.slice(0, count));
    if (count > 0) this.#readiness.tellSoon(EVENTS.READ);
    return ok(count);
  }

  receive(): Outcome<never> {
    return unsupported(this.url, "a stream has no datagrams to receive; read from it");
  }

  send(): Outcome<never> {
    return unsupported(this.url, "a stream sends no datagrams; write to it");
  }

  peek(): number {
    return this.#bytes.size;
  }

  close(): Outcome<void> {
    if (!this.#open) return refuse("initialization", `${this.url} is not open; there is nothing to close.`);
    this.#open = false;
    this.#stalled = false;
    this.#bytes.clear();
    this.#readiness.clear();
    return ok(undefined);
  }

  watch(notify: (events: number) => void): () => void {
    return this.#readiness.watch(notify);
  }
}

/** A connector for `anon://`. */
export function anonConnector(url: ConnectorUrl): Outcome<Connector> {
  return ok(new LoopbackConnector(url));
}
