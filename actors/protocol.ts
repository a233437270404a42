/**
 * A network protocol from a codec and a machine: bytes become the machine's events, its actions become bytes and timers. The
 * endpoint runs on any `Connector` and any `Scheduler`, so the same protocol runs over real sockets and in virtual time.
 *
 *   Connector --bytes--> codec.decode --{type: "message"}---> machine --send----------> codec.encode --bytes--> Connector
 *   Scheduler -------------------------{type: "timer.NAME"}-> machine --timer, cancel-> Scheduler
 *   program ---------------------------tell(event)----------> machine --deliver-------> program
 *
 * Datagrams are messages as they come; on streams every message stands in a frame: its length (u32, big-endian), then its bytes.
 */
import {
  type AnyStateMachine,
  type ContextFrom,
  type EventFrom,
  initialTransition,
  type InputFrom,
  type SnapshotFrom,
  type StateValueFrom,
  transition,
} from "xstate";
import { type Connector, type ConnectorError, EVENTS, type Outcome, type PeerAddress } from "../core/connector.ts";
import { ok, type Result } from "../core/result.ts";
import type { Scheduler, SchedulerCallback } from "../core/scheduler.ts";
import type { Bytes, Nanos } from "../core/units.ts";
import {
  type AnyEnv,
  type AnyOptions,
  bindProtocolEnv,
  MachineEndpoint,
  maxMessage,
  ProtocolError,
  type Spec,
} from "./protocol-endpoint.ts";
import { FrameReader, framed, Outgoing, receiveAll, release, sender, whenOpen } from "./protocol-wire.ts";

/** Messages to bytes and back. `decode` reads what anybody may have sent: it answers, and never throws. */
export interface Codec<Message> {
  encode(message: Message): Uint8Array;
  decode(bytes: Uint8Array): Result<Message, string>;
}

/** What came and could be decoded. On streams `from` is the connector's URL. */
export interface MessageEvent<Message> {
  readonly type: "message";
  readonly message: Message;
  readonly from: PeerAddress;
}

/** Told before an endpoint stops because its peer has closed the stream; a machine need not take it. */
export interface ClosedEvent {
  readonly type: "closed";
}

export interface Counters {
  /** Messages that were decoded and handed to the machine. */
  received: number;
  /** Datagrams and frames that the codec refused, and frames longer than `maxMessage`. */
  malformed: number;
  sent: number;
  /** Messages that the connector did not take: too many wait, or it is broken. */
  unsent: number;
  delivered: number;
}

export type EndpointStatus = "opening" | "running" | "stopped";

/** One machine at one end of a conversation. */
export interface Endpoint<M extends AnyStateMachine> {
  readonly peer: PeerAddress | null;
  readonly status: EndpointStatus;
  readonly state: StateValueFrom<M>;
  readonly context: ContextFrom<M>;
  readonly counters: Readonly<Counters>;
  readonly error: ProtocolError | null;
  /** An event of the program's own; before the connector is open it waits. */
  tell(event: EventFrom<M>): void;
  /** Ends the machine and its timers and closes the connector. */
  stop(): void;
}

/** Endpoints on one listening connector: one for each connection of a stream, one for each peer that sends datagrams. */
export interface ProtocolServer<M extends AnyStateMachine> {
  /** The connector's URL: with the port that the system chose, once it is bound. */
  readonly url: string;
  readonly endpoints: ReadonlySet<Endpoint<M>>;
  /** Connections and datagrams turned away since `mostPeers` were there. */
  readonly refused: number;
  /** Datagrams of strangers that the codec refused. */
  readonly malformed: number;
  readonly error: ProtocolError | null;
  stop(): void;
}

export interface CommonOptions<M extends AnyStateMachine, Value> {
  /** Opened if it is not open yet, and closed by `stop`: it belongs to the endpoint now. */
  readonly connector: Connector;
  readonly scheduler: Scheduler;
  /** Uniform on [0, 1), such as a `RandomStream`'s; needed only where the machine draws. */
  readonly random?: () => number;
  readonly delivered?: (value: Value, endpoint: Endpoint<M>) => void;
  /** Called once when an endpoint has stopped. Without it, what an action threw surfaces from the scheduler. */
  readonly ended?: (endpoint: Endpoint<M>) => void;
}

type InputOption<M extends AnyStateMachine> =
  undefined extends InputFrom<M> ? { readonly input?: InputFrom<M> } : { readonly input: InputFrom<M> };

export type StartOptions<M extends AnyStateMachine, Value> = CommonOptions<M, Value> &
  InputOption<M> & {
    /** To whom datagrams go where `send` names nobody. */
    readonly peer?: PeerAddress;
  };

export type ListenOptions<M extends AnyStateMachine, Value> = CommonOptions<M, Value> &
  InputOption<M> & {
    /** Endpoints at most, 1,024 unless told. */
    readonly mostPeers?: number;
    /** Called once when it listens: its URL is known now. */
    readonly opened?: (server: ProtocolServer<M>) => void;
    /** Gets why it cannot listen. Without it the error is thrown, from `listen` or from the scheduler. */
    readonly failed?: (error: ProtocolError) => void;
  };

/** What one event does, as data: for model checking, where nothing is sent. */
export interface Step<M extends AnyStateMachine, Message, Value> {
  readonly snapshot: SnapshotFrom<M>;
  readonly sent: readonly { readonly message: Message; readonly to: PeerAddress | undefined }[];
  readonly delivered: readonly Value[];
  /** Delay of each timer that was started, null for those that were cancelled. */
  readonly timers: ReadonlyMap<string, Nanos | null>;
}

export interface Protocol<M extends AnyStateMachine, Message, Value> {
  readonly name: string;
  readonly codec: Codec<Message>;
  /** The machine alone, for `xstate/graph` and for drawing. */
  readonly machine: M;
  /** One endpoint; its connector is bound (datagrams) or connected (streams) if it is not yet. */
  start(options: StartOptions<M, Value>): Endpoint<M>;
  /** An endpoint for everybody who calls. */
  listen(options: ListenOptions<M, Value>): ProtocolServer<M>;
  /** The first step, without any connector; `random` is needed only where the machine draws. */
  begin(input: InputFrom<M>, random?: () => number): Step<M, Message, Value>;
  /** The step that follows an event, without any connector. */
  step(snapshot: SnapshotFrom<M>, event: EventFrom<M>, random?: () => number): Step<M, Message, Value>;
}

/** The compiler's way of saying that the machine's events lack the codec's messages. */
type TakesMessages<M extends AnyStateMachine, Message> =
  MessageEvent<Message> extends EventFrom<M> ? unknown : { "the machine must take": MessageEvent<Message> };

export interface ProtocolSpec<M extends AnyStateMachine, Message, Value> {
  readonly name: string;
  readonly codec: Codec<Message>;
  readonly machine: M & TakesMessages<M, Message>;
  /** Bytes of an encoded message at most, in and out; 65,507 (one UDP datagram) unless told. */
  readonly maxMessage?: Bytes;
  /** For the compiler alone, as in XState's `setup`: `types: { delivered: 0 as number }`. */
  readonly types?: { readonly delivered: Value };
}

/** Peers of a server. */
const MAX_PEERS = 1_024;
/** Bytes taken from a stream at once. */
const CHUNK: Bytes = 64 * 1024;
/** Chunks taken before the scheduler gets its turn. */
const BATCH = 16;

/** A protocol: how its messages look, and what its ends do. */
export function defineProtocol<Message, M extends AnyStateMachine, Value = unknown>(
  spec: ProtocolSpec<M, Message, Value>,
): Protocol<M, Message, Value> {
  const { name, codec, machine } = spec;
  return {
    name,
    codec,
    machine,
    start: (options) => startEndpoint(spec, options),
    listen: (options) => new Listener(spec, options),
    begin: (input, random) => rehearse(initialTransition(machine, input as never), random),
    step: (snapshot, event, random) => rehearse(transition(machine, snapshot, event as never), random),
  };
}

/** The part of XState's executable actions that is used here. */
interface Rehearsed {
  readonly info: { readonly system: object };
  readonly params: unknown;
  readonly exec: unknown;
}

/** Runs the actions that a transition came to, writing down what they do. */
function rehearse<M extends AnyStateMachine, Message, Value>(
  [snapshot, actions]: readonly [SnapshotFrom<M>, readonly Rehearsed[]],
  random: (() => number) | undefined,
): Step<M, Message, Value> {
  const sent: { message: Message; to: PeerAddress | undefined }[] = [];
  const delivered: Value[] = [];
  const timers = new Map<string, Nanos | null>();
  const env: AnyEnv = {
    now: 0,
    send: (message, to) => void sent.push({ message: message as Message, to }),
    timer: (timer, delay) => void timers.set(timer, delay),
    cancel: (timer) => void timers.set(timer, null),
    deliver: (value) => void delivered.push(value as Value),
    random:
      random ??
      (() => {
        throw new Error("the machine draws: give the step its draws");
      }),
  };
  for (const { info, params, exec } of actions) {
    bindProtocolEnv(info.system, env);
    if (typeof exec === "function") exec(info, params);
  }
  return { snapshot, sent, delivered, timers };
}

function startEndpoint<M extends AnyStateMachine, Message, Value>(
  spec: ProtocolSpec<M, Message, Value>,
  options: StartOptions<M, Value>,
): Endpoint<M> {
  const { connector, peer } = options;
  const isStream = connector.behaviour === "stream";
  const shared = options as unknown as AnyOptions;
  const endpoint = new MachineEndpoint<M>(spec as unknown as Spec, shared, isStream ? connector.url : (peer ?? null));
  const begin = (): Outcome<void> => {
    if (connector.communicating) return ok(undefined);
    return isStream ? connector.connect() : connector.listen();
  };
  whenOpen(options, begin, (error) => {
    if (error !== null) endpoint.closed(error);
    else if (isStream) runStream(endpoint, shared, () => release(shared));
    else runDatagrams(endpoint, shared);
  });
  return endpoint;
}

function runDatagrams(endpoint: MachineEndpoint<AnyStateMachine>, options: AnyOptions): void {
  const { connector, scheduler } = options;
  endpoint.open({ put: sender(connector), close: () => release(options) });
  if (endpoint.status !== "running") return;
  scheduler.register(connector, EVENTS.READ, () =>
    receiveAll(connector, (bytes, from) => endpoint.arrived(bytes, from)),
  );
}

function runStream(endpoint: MachineEndpoint<AnyStateMachine>, options: AnyOptions, close: () => void): void {
  const { connector, scheduler } = options;
  const outgoing = new Outgoing(connector);
  const frames = new FrameReader(endpoint.maxMessage);
  const ready: SchedulerCallback = (_now, events) => {
    if ((events & EVENTS.WRITE) !== 0) outgoing.flush();
    if ((events & (EVENTS.READ | EVENTS.CLOSE | EVENTS.ERROR)) !== 0) readAll(endpoint, connector, frames, events);
  };
  scheduler.register(connector, EVENTS.READ | EVENTS.WRITE | EVENTS.CLOSE | EVENTS.ERROR, ready);
  endpoint.open({ put: (bytes) => outgoing.put(framed(bytes)), close });
}

/** With the peer's end nothing more comes and nothing tells again, so then all is read. */
function readAll(
  endpoint: MachineEndpoint<AnyStateMachine>,
  connector: Connector,
  frames: FrameReader,
  events: number,
): void {
  const most = (events & EVENTS.CLOSE) !== 0 ? Number.POSITIVE_INFINITY : BATCH;
  for (let n = 0; n < most && endpoint.status === "running"; n++) {
    const chunk = connector.read(CHUNK);
    if (!chunk.ok && chunk.error.name === "async") return;
    if (!chunk.ok) return endpoint.closed(chunk.error.name === "no_connection" ? null : chunk.error);
    frames.push(chunk.value);
    for (let frame = frames.next(); frame !== null; frame = frames.next()) {
      if (frame === "too long") endpoint.spoilt();
      else endpoint.arrived(frame, connector.url);
    }
  }
}

class Listener<M extends AnyStateMachine, Message, Value> implements ProtocolServer<M> {
  readonly endpoints = new Set<Endpoint<M>>();
  readonly #spec: Spec;
  readonly #options: AnyOptions;
  readonly #most: number;
  readonly #byPeer = new Map<PeerAddress, MachineEndpoint<M>>();
  #refused = 0;
  #malformed = 0;
  #error: ProtocolError | null = null;

  constructor(spec: ProtocolSpec<M, Message, Value>, options: ListenOptions<M, Value>) {
    this.#spec = spec as unknown as Spec;
    this.#options = options as unknown as AnyOptions;
    this.#most = options.mostPeers ?? MAX_PEERS;
    const { connector, scheduler } = options;
    const begin = (): Outcome<void> => (connector.listening ? ok(undefined) : connector.listen());
    whenOpen(options, begin, (error) => {
      if (error !== null) return this.#fail(error, options.failed);
      const take = (bytes: Uint8Array, from: PeerAddress): void => this.#arrived(bytes, from);
      const isStream = connector.behaviour === "stream";
      scheduler.register(connector, EVENTS.READ, () => (isStream ? this.#acceptAll() : receiveAll(connector, take)));
      options.opened?.(this);
    });
  }

  get url(): string {
    return this.#options.connector.url;
  }

  get refused(): number {
    return this.#refused;
  }

  get malformed(): number {
    return this.#malformed;
  }

  get error(): ProtocolError | null {
    return this.#error;
  }

  stop(): void {
    for (const endpoint of this.endpoints) endpoint.stop();
    release(this.#options);
  }

  #fail({ message }: ConnectorError, failed: ((error: ProtocolError) => void) | undefined): void {
    const { name } = this.#spec;
    this.#error = new ProtocolError(name, "", "", `protocol ${name} cannot listen: ${message}`);
    if (failed === undefined) throw this.#error;
    failed(this.#error);
  }

  #acceptAll(): void {
    const { connector } = this.#options;
    for (let next = connector.accept(); next.ok; next = connector.accept()) {
      const accepted = next.value;
      if (this.endpoints.size >= this.#most) {
        this.#refused++;
        accepted.close();
        continue;
      }
      const options = { ...this.#options, connector: accepted };
      const endpoint = new MachineEndpoint<M>(this.#spec, options, accepted.url);
      this.endpoints.add(endpoint);
      runStream(endpoint, options, () => {
        this.endpoints.delete(endpoint);
        release(options);
      });
    }
  }

  #arrived(bytes: Uint8Array, from: PeerAddress): void {
    const known = this.#byPeer.get(from);
    if (known !== undefined) return known.arrived(bytes, from);
    // A stranger's rubbish must not take a place.
    if (bytes.length > maxMessage(this.#spec) || !this.#spec.codec.decode(bytes).ok) {
      this.#malformed++;
    } else if (this.endpoints.size >= this.#most) {
      this.#refused++;
    } else {
      this.#admit(from).arrived(bytes, from);
    }
  }

  #admit(from: PeerAddress): MachineEndpoint<M> {
    const endpoint = new MachineEndpoint<M>(this.#spec, this.#options, from);
    this.endpoints.add(endpoint);
    this.#byPeer.set(from, endpoint);
    endpoint.open({
      put: sender(this.#options.connector),
      close: () => {
        this.endpoints.delete(endpoint);
        this.#byPeer.delete(from);
      },
    });
    return endpoint;
  }
}
