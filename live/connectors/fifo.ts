/**
 * `fifo`: POSIX named pipes. A pipe goes one way, and who writes to it could read its own words; so there are two, PATH
 * towards the listener and PATH.reply back. From a shell: `echo hello > PATH; cat PATH.reply`.
 *
 * The listener makes both and holds them open, so that writers find a reader; `accept` gives the one stream there is, and
 * once that is closed, the next.
 */
import { spawnSync } from "node:child_process";
import { closeSync, constants, existsSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";
import {
  type Connector,
  type ConnectorError,
  type ConnectorUrl,
  EVENTS,
  type Outcome,
  refuse,
} from "../../core/connector.ts";
import { decodedPath, formatUrl } from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";
import { alreadyOpen, later, notOpen, systemError, unsupported } from "./errors.ts";
import { Readiness } from "./readiness.ts";
import { StreamFlow } from "./stream-flow.ts";

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** A connector for a `fifo` URL in normal form. */
export function fifoConnector(url: ConnectorUrl, platform: NodeJS.Platform = process.platform): Outcome<Connector> {
  const text = formatUrl(url);
  if (platform === "win32") return unsupported(text, "Windows has no fifos; use pipe:///name");
  // A worker closes at its end every file number it ever opened, although a socket closed it and another file may have it now.
  if (!isMainThread) return unsupported(text, "fifos are for the main thread only; use local:///tmp/name in a worker");
  const path = decodedPath(url);
  if (!path.ok) return path;
  if (path.value.startsWith("\0")) return refuse("format", `${text}: a fifo is a file; leave %00 out.`);
  return ok(new FifoConnector(text, path.value));
}

class FifoConnector implements Connector {
  readonly scheme = "fifo";
  readonly behaviour = "stream";
  readonly url: string;
  readonly #path: string;
  readonly #readiness = new Readiness();
  /** Of a listener: both ends' files, held open. */
  #held: readonly number[] | null = null;
  /** Of a listener: the stream somebody accepted and has not closed yet. */
  #stream: FifoConnector | null = null;
  #flow: StreamFlow | null = null;
  /** Files of a connect under way. */
  #opening: readonly number[] | null = null;
  /** Of an accepted stream. */
  #listener: FifoConnector | null = null;
  #lastError: ConnectorError | null = null;

  constructor(url: string, path: string) {
    this.url = url;
    this.#path = path;
  }

  get listening(): boolean {
    return this.#held !== null || this.#listener !== null;
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

  listen(): Outcome<void> {
    if (this.#isOpen()) return alreadyOpen(this.url);
    const made: string[] = [];
    for (const file of this.#files()) {
      const fifo = makeFifo(this.url, file);
      if (!fifo.ok) {
        for (const other of made) rmSync(other, { force: true });
        return this.#failed(fifo.error);
      }
      made.push(file);
    }
    const held = this.#openAll(O_RDWR, O_RDWR);
    if (!held.ok) {
      for (const file of made) rmSync(file, { force: true });
      return held;
    }
    this.#held = held.value;
    this.#readiness.tellSoon(EVENTS.READ);
    return ok(undefined);
  }

  connect(): Outcome<void> {
    if (this.#isOpen()) return alreadyOpen(this.url);
    const [outgoing, incoming] = this.#files();
    const opened = openFiles(this.url, [
      [outgoing, O_WRONLY],
      [incoming, O_RDONLY],
    ]);
    if (!opened.ok) return this.#failed(opened.error);
    this.#opening = opened.value;
    // Never done at once, as with all streams: a program that waits for OPEN must not find itself connected before.
    process.nextTick(() => this.#connected(opened.value));
    return later(this.url, "it is being connected; OPEN follows");
  }

  accept(): Outcome<Connector> {
    if (this.#held === null) return unsupported(this.url, "only a listener accepts; listen first");
    if (this.#stream !== null) return later(this.url, "its one stream is accepted already; close that first");
    const opened = this.#openAll(O_RDWR, O_RDWR);
    if (!opened.ok) return opened;
    const [readFd = -1, writeFd = -1] = opened.value;
    const stream = new FifoConnector(this.url, this.#path);
    stream.#listener = this;
    stream.#start(readFd, writeFd);
    this.#stream = stream;
    return ok(stream);
  }

  read(most: number): Outcome<Uint8Array> {
    return this.#flow?.read(most) ?? notOpen(this.url, "read");
  }

  write(bytes: Uint8Array): Outcome<number> {
    return this.#flow?.write(bytes) ?? notOpen(this.url, "write to");
  }

  receive(): Outcome<never> {
    return unsupported(this.url, "a stream has no datagrams to receive; read from it");
  }

  send(): Outcome<never> {
    return unsupported(this.url, "a stream sends no datagrams; write to it");
  }

  peek(): number {
    return this.#flow?.peek() ?? 0;
  }

  close(): Outcome<void> {
    if (!this.#isOpen()) return refuse("initialization", `${this.url} is not open; there is nothing to close.`);
    this.#flow?.close();
    this.#flow = null;
    for (const fd of this.#opening ?? []) closeSync(fd);
    this.#opening = null;
    if (this.#held !== null) {
      for (const fd of this.#held) closeSync(fd);
      for (const file of this.#files()) rmSync(file, { force: true });
      this.#held = null;
    }
    if (this.#listener !== null) this.#listener.#released(this);
    this.#listener = null;
    this.#readiness.clear();
    return ok(undefined);
  }

  watch(notify: (events: number) => void): () => void {
    return this.#readiness.watch(notify, this.#held !== null && this.#stream === null ? 1 : 0);
  }

  #isOpen(): boolean {
    return this.#held !== null || this.#flow !== null || this.#opening !== null;
  }

  /** Towards the listener, and back. */
  #files(): readonly [string, string] {
    return [this.#path, `${this.#path}.reply`];
  }

  #openAll(first: number, second: number): Outcome<readonly number[]> {
    const [towards, back] = this.#files();
    const opened = openFiles(this.url, [
      [towards, first],
      [back, second],
    ]);
    return opened.ok ? opened : this.#failed(opened.error);
  }

  #connected(opened: readonly number[]): void {
    if (this.#opening !== opened) return;
    this.#opening = null;
    const [writeFd = -1, readFd = -1] = opened;
    this.#start(readFd, writeFd);
    this.#readiness.tell(EVENTS.OPEN | EVENTS.WRITE);
  }

  #start(readFd: number, writeFd: number): void {
    const reader = new Socket({ fd: readFd, readable: true, writable: false });
    const writer = new Socket({ fd: writeFd, readable: false, writable: true });
    this.#flow = new StreamFlow(this.url, reader, writer, {
      tell: (events) => this.#readiness.tell(events),
      ended: (error) => {
        this.#lastError = error;
      },
    });
  }

  #released(stream: FifoConnector): void {
    if (this.#stream !== stream) return;
    this.#stream = null;
    if (this.#held !== null) this.#readiness.tellSoon(EVENTS.READ);
  }

  #failed(error: ConnectorError): Outcome<never> {
    this.#lastError = error;
    return { ok: false, error };
  }
}

/** Node cannot make fifos; every POSIX system has the program. */
function makeFifo(url: string, path: string): Outcome<void> {
  if (existsSync(path)) {
    return refuse("address_in_use", `${url}: ${path} exists already; remove it if nobody listens there any more.`);
  }
  const { status, stderr, error } = spawnSync("mkfifo", ["-m", "600", path], { encoding: "utf8" });
  if (status === 0) return ok(undefined);
  return refuse("fs_error", `${url}: ${error?.message ?? stderr.trim()}.`);
}

function openFiles(url: string, files: readonly (readonly [string, number])[]): Outcome<readonly number[]> {
  const opened: number[] = [];
  try {
    for (const [path, mode] of files) opened.push(openSync(path, mode | O_NONBLOCK));
    return ok(opened);
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    return { ok: false, error: systemError(url, error) };
  }
}
