/**
 * Sockets by URL (after Packeteer): one interface over every transport, in the live world and inside a simulation. Nothing
 * blocks and nothing is a promise: a call returns what there is, or the error `async`, and a `Scheduler` calls back when a
 * connector becomes readable, writable, open or closed. So one and the same program runs over real sockets and in virtual time.
 */
import { err, type Result } from "./result.ts";
import type { Bytes } from "./units.ts";

/** Packeteer's errors by meaning; the number is its own. */
export const CONNECTOR_ERRORS = {
  not_implemented: 1,
  initialization: 2,
  unexpected: 3,
  aborted: 4,
  unsupported_action: 10,
  format: 11,
  invalid_option: 12,
  invalid_value: 13,
  repeat_action: 20,
  async: 21,
  timeout: 22,
  empty_callback: 30,
  out_of_memory: 40,
  fs_error: 41,
  num_files: 42,
  num_items: 43,
  access_violation: 44,
  connection_refused: 50,
  connection_aborted: 51,
  no_connection: 52,
  network_unreachable: 53,
  address_in_use: 54,
  address_not_available: 55,
} as const;

export type ConnectorErrorName = keyof typeof CONNECTOR_ERRORS;

export interface ConnectorError {
  readonly name: ConnectorErrorName;
  /** One clear sentence: where, what was expected, what was found, what to do. */
  readonly message: string;
}

export type Outcome<T> = Result<T, ConnectorError>;

/** An outcome that is an error. */
export function refuse(
  name: ConnectorErrorName,
  message: string,
): { readonly ok: false; readonly error: ConnectorError } {
  return err({ name, message });
}

/** Bits a scheduler listens for and reports. Users' own events start at `USER`. */
export const EVENTS = { READ: 1, WRITE: 2, ERROR: 4, OPEN: 8, CLOSE: 16, TIMEOUT: 128, USER: 1 << 15 } as const;

export type Behaviour = "stream" | "datagram";

/** A peer as its URL prints it: `tcp4://192.168.0.1:1234`, `local:///%00name`, `sim://1-ff00:0:110,10.0.0.1:31000`. */
export type PeerAddress = string;

export interface Connector {
  /** Normalised URL; after `listen` and `connect` with the port the system chose. */
  readonly url: string;
  readonly scheme: string;
  readonly behaviour: Behaviour;
  readonly listening: boolean;
  readonly connected: boolean;
  /** Ready to exchange data: streams when connected, datagrams when listening. */
  readonly communicating: boolean;
  /** What ERROR told of last: a refused `connect`, a port in use, a broken connection, a datagram that could not go. */
  readonly lastError: ConnectorError | null;
  /** Connections or datagrams that were lost because too many waited; absent where none can be. */
  readonly dropped?: number;
  /**
   * Bind, and for streams listen: ok where it is done at once, otherwise `async` and OPEN or ERROR follows. A second
   * `listen` or `connect`: `initialization`.
   */
  listen(): Outcome<void>;
  /** Starts connecting: ok where it is done at once, otherwise `async` and OPEN or ERROR follows. */
  connect(): Outcome<void>;
  /** The next waiting connection (streams) or the connector itself (udp, anon, sim); `async` where none waits. */
  accept(): Outcome<Connector>;
  /** Up to `most` bytes of a stream; `async` where nothing is buffered, `no_connection` after the peer's end. */
  read(most: Bytes): Outcome<Uint8Array>;
  /** Bytes taken (copied); less than offered under backpressure, `repeat_action` where none. WRITE follows in both cases. */
  write(bytes: Uint8Array): Outcome<number>;
  /** One whole datagram and its sender; `repeat_action` where none waits. */
  receive(): Outcome<{ readonly bytes: Uint8Array; readonly from: PeerAddress }>;
  /** One whole datagram; `repeat_action` where too many wait to go. WRITE follows. */
  send(bytes: Uint8Array, to: PeerAddress): Outcome<number>;
  /** Datagrams: from now on this peer alone is sent to and heard, and what was sent is not written over, which costs less. Absent where it makes no difference. */
  dedicate?(to: PeerAddress): Outcome<void>;
  /** Bytes that wait: of a stream, or of all datagrams together. */
  peek(): Bytes;
  /** Not open: `initialization`. Removes the file of a `local` or `fifo` it made. */
  close(): Outcome<void>;
  /**
   * Told of readiness, never from inside a call of this connector; one listener at a time (the scheduler's). READ comes once
   * for each connection that waits, otherwise when bytes or the peer's end have come; `peek` says what waits already.
   * OPEN, CLOSE, ERROR and connections that came while nobody watched are told to the next listener. Returns what takes it back.
   */
  watch(notify: (events: number) => void): () => void;
}

/** Makes a connector of a scheme; the URL is parsed and normalised already. */
export type ConnectorFactory = (url: ConnectorUrl) => Outcome<Connector>;

/** A parsed URL (liberate's rules): scheme and parameter names in lower case, values in lower case, booleans as `1` and `0`. */
export interface ConnectorUrl {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly fragment: string;
}
