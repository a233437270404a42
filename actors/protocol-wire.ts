/** How a protocol's bytes reach a connector: datagrams as they are, messages on streams in frames (u32 length, big-endian). */
import { type Connector, type ConnectorError, EVENTS, type Outcome, type PeerAddress } from "../core/connector.ts";
import type { Scheduler, SchedulerCallback } from "../core/scheduler.ts";
import type { Bytes } from "../core/units.ts";

/** What waits to be written to a stream that stalls. */
const MAX_OUTGOING: Bytes = 1024 * 1024;
const LENGTH: Bytes = 4;

/** Where something is registered, and what. */
export interface Place {
  readonly connector: Connector;
  readonly scheduler: Scheduler;
}

/** Where an endpoint's bytes go. */
export interface Wire {
  /** False where the connector does not take them. */
  put(bytes: Uint8Array, to: PeerAddress | null): boolean;
  close(): void;
}

/** What the world can do to a datagram; everything else is the program's mistake. */
const LOST: ReadonlySet<string> = new Set(["repeat_action", "network_unreachable", "no_connection", "initialization"]);

/** Sends a datagram; false where the connector does not take it. */
export function sender(connector: Connector): (bytes: Uint8Array, to: PeerAddress | null) => boolean {
  return (bytes, to) => {
    if (to === null) throw new Error("a datagram needs a peer: start the endpoint with one, or name it to send");
    const sent = connector.send(bytes, to);
    if (!sent.ok && !LOST.has(sent.error.name)) throw new Error(sent.error.message);
    return sent.ok;
  };
}

/** Takes the connector from the scheduler and closes it. */
export function release({ connector, scheduler }: Place): void {
  scheduler.unregister(connector);
  connector.close();
}

/** Calls back when the connector is open, or with what keeps it from it. */
export function whenOpen(
  { connector, scheduler }: Place,
  begin: () => Outcome<void>,
  then: (error: ConnectorError | null) => void,
): void {
  const begun = begin();
  if (begun.ok) return then(null);
  if (begun.error.name !== "async") return then(begun.error);
  const opened: SchedulerCallback = (_now, events) => {
    then((events & EVENTS.OPEN) !== 0 ? null : connector.lastError);
  };
  scheduler.register(connector, EVENTS.OPEN | EVENTS.ERROR, opened, { once: true });
}

/** Takes the datagrams that wait, all of them: empty ones leave no bytes by which the scheduler would tell again. */
export function receiveAll(connector: Connector, take: (bytes: Uint8Array, from: PeerAddress) => void): void {
  for (let next = connector.receive(); next.ok; next = connector.receive()) take(next.value.bytes, next.value.from);
}

/** A message as it stands in a stream. */
export function framed(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(LENGTH + bytes.length);
  new DataView(frame.buffer).setUint32(0, bytes.length);
  frame.set(bytes, LENGTH);
  return frame;
}

/** Cuts a stream into its frames. A frame longer than allowed is skipped as it comes, so it costs no memory. */
export class FrameReader {
  readonly #most: Bytes;
  #bytes: Uint8Array = new Uint8Array(0);
  #skip: Bytes = 0;

  constructor(most: Bytes) {
    this.#most = most;
  }

  push(chunk: Uint8Array): void {
    const rest = chunk.subarray(Math.min(this.#skip, chunk.length));
    this.#skip -= chunk.length - rest.length;
    if (rest.length === 0) return;
    const joined = new Uint8Array(this.#bytes.length + rest.length);
    joined.set(this.#bytes);
    joined.set(rest, this.#bytes.length);
    this.#bytes = joined;
  }

  /** The content of the next frame; null where it has not come whole. */
  next(): Uint8Array | "too long" | null {
    const bytes = this.#bytes;
    if (bytes.length < LENGTH) return null;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    const end = LENGTH + length;
    if (length > this.#most) {
      this.#skip = Math.max(0, end - bytes.length);
      this.#bytes = bytes.subarray(Math.min(end, bytes.length));
      return "too long";
    }
    if (bytes.length < end) return null;
    this.#bytes = bytes.subarray(end);
    return bytes.slice(LENGTH, end);
  }
}

/** Frames on their way into a stream: a frame goes whole or not at all, also where the stream takes half of it now. */
export class Outgoing {
  readonly #connector: Connector;
  #waiting: Uint8Array[] = [];
  #bytes: Bytes = 0;

  constructor(connector: Connector) {
    this.#connector = connector;
  }

  put(frame: Uint8Array): boolean {
    if (!this.#connector.communicating || (this.#bytes > 0 && this.#bytes + frame.length > MAX_OUTGOING)) return false;
    this.#waiting.push(frame);
    this.#bytes += frame.length;
    if (this.#waiting.length === 1) this.flush();
    return true;
  }

  flush(): void {
    let gone = 0;
    for (const [at, frame] of this.#waiting.entries()) {
      const taken = this.#connector.write(frame);
      const count = taken.ok ? taken.value : 0;
      this.#bytes -= count;
      this.#waiting[at] = frame.subarray(count);
      if (count < frame.length) break;
      gone++;
    }
    this.#waiting.splice(0, gone);
  }
}
