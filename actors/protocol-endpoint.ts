/**
 * One machine at one end of a conversation: what comes becomes its events, what its actions ask for is done.
 *
 *   opening --connector is open--> running --stop, final state, peer's end, an action that throws--> stopped
 *
 * Machines are module constants shared by all endpoints, so an action asks `protocolEnv(system)` for the endpoint it acts for:
 * the pattern of `envOf`, with a map of its own, since an endpoint's world (a peer, bytes, named timers) is not an actor's `Env`.
 */
import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ContextFrom,
  createActor,
  type EventFrom,
  type StateValueFrom,
} from "xstate";
import type { ConnectorError, PeerAddress } from "../core/connector.ts";
import type { Result } from "../core/result.ts";
import type { SchedulerCallback } from "../core/scheduler.ts";
import type { Bytes, Nanos } from "../core/units.ts";
import type { CommonOptions, Counters, Endpoint, EndpointStatus, ProtocolSpec } from "./protocol.ts";
import { release, type Wire } from "./protocol-wire.ts";

const MAX_MESSAGE: Bytes = 65_507;
/** Names of timers a machine may have. */
const MAX_TIMERS = 64;

/** What a machine's actions can do; `Timer` names its timers, `Value` is what it delivers. */
export interface ProtocolEnv<Message, Timer extends string = never, Value = never> {
  /** Fixed while one event is handled. */
  readonly now: Nanos;
  /** To the peer the endpoint was made for, where none is named. What the connector cannot take is lost and counted. */
  send(message: Message, to?: PeerAddress): void;
  /** Asks for the event `timer.NAME` after `delay`; a timer of this name that runs already starts anew. */
  timer(name: Timer, delay: Nanos): void;
  cancel(name: Timer): void;
  /** Hands a value to the program. */
  deliver(value: Value): void;
  /** Uniform on [0, 1). */
  random(): number;
}

/** Why an endpoint stopped that should not have. */
export class ProtocolError extends Error {
  readonly protocol: string;
  /** State in which it happened, as JSON; empty before the machine started. */
  readonly state: string;
  /** Type of the event that was handled; empty where the connector failed. */
  readonly event: string;

  constructor(protocol: string, state: string, event: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "ProtocolError";
    this.protocol = protocol;
    this.state = state;
    this.event = event;
  }
}

export type AnyEnv = ProtocolEnv<unknown, string, unknown>;

const envs = new WeakMap<object, AnyEnv>();

export function bindProtocolEnv(system: object, env: AnyEnv): void {
  envs.set(system, env);
}

/**
 * The endpoint whose action is running. An action takes it with its types: `const env = protocolEnv<Packet, "retransmit">`,
 * then `env(system).send(...)`. Before the first event there is none: what a machine's context begins with is its input's.
 */
export function protocolEnv<Message, Timer extends string = never, Value = never>(
  system: object,
): ProtocolEnv<Message, Timer, Value> {
  const env = envs.get(system);
  if (env === undefined) {
    throw new Error(
      "the machine runs without an endpoint; use protocolEnv in actions, and take beginnings from the input",
    );
  }
  return env as unknown as ProtocolEnv<Message, Timer, Value>;
}

/** A spec and options whose types are the caller's affair. */
export type Spec = ProtocolSpec<AnyStateMachine, never, unknown>;
export type AnyOptions = CommonOptions<AnyStateMachine, never> & { readonly input?: unknown };

export class MachineEndpoint<M extends AnyStateMachine> implements Endpoint<M> {
  readonly peer: PeerAddress | null;
  readonly counters: Counters = { received: 0, malformed: 0, sent: 0, unsent: 0, delivered: 0 };
  readonly #spec: Spec;
  readonly #options: AnyOptions;
  readonly #actor: ReturnType<typeof createActor<AnyStateMachine>>;
  readonly #timers = new Map<string, SchedulerCallback>();
  readonly #waiting: AnyEventObject[] = [];
  #wire: Wire | null = null;
  #status: EndpointStatus = "opening";
  #snapshot: AnyMachineSnapshot;
  #error: ProtocolError | null = null;
  #thrown: { readonly cause: unknown } | null = null;
  #handling = false;
  #now: Nanos = 0;

  constructor(spec: Spec, options: AnyOptions, peer: PeerAddress | null) {
    this.peer = peer;
    this.#spec = spec;
    this.#options = options;
    this.#actor = createActor(spec.machine as AnyStateMachine, { input: options.input });
    // XState would report what an action throws from a timer of its own, long after.
    this.#actor.subscribe({ error: (cause) => void (this.#thrown = { cause }) });
    bindProtocolEnv(this.#actor.system, this.#env());
    this.#snapshot = this.#actor.getSnapshot() as AnyMachineSnapshot;
  }

  get maxMessage(): Bytes {
    return maxMessage(this.#spec);
  }

  get status(): EndpointStatus {
    return this.#status;
  }

  get state(): StateValueFrom<M> {
    return this.#snapshot.value as StateValueFrom<M>;
  }

  get context(): ContextFrom<M> {
    return this.#snapshot.context as ContextFrom<M>;
  }

  get error(): ProtocolError | null {
    return this.#error;
  }

  tell(event: EventFrom<M>): void {
    this.#take(event as AnyEventObject);
  }

  stop(): void {
    this.#end(null);
  }

  /** The connector is open: the machine starts. */
  open(wire: Wire): void {
    if (this.#status !== "opening") return;
    this.#wire = wire;
    this.#status = "running";
    this.#handle("its start", () => this.#actor.start());
    this.#takeAll();
  }

  /** A datagram, or a frame's content. */
  arrived(bytes: Uint8Array, from: PeerAddress): void {
    const message = bytes.length > this.maxMessage ? null : this.#decode(bytes);
    if (this.#status === "stopped") return;
    if (message === null || !message.ok) return this.spoilt();
    this.counters.received++;
    this.#take({ type: "message", message: message.value, from });
  }

  spoilt(): void {
    this.counters.malformed++;
  }

  /** The connector has ended; `error` where it broke. */
  closed(error: ConnectorError | null): void {
    this.#take({ type: "closed" });
    if (error === null) return this.#end(null);
    this.#end(this.#failure("", `the connector failed: ${error.message}`));
  }

  #decode(bytes: Uint8Array): Result<never, string> | null {
    try {
      return this.#spec.codec.decode(bytes);
    } catch (cause) {
      this.#fail("message", cause);
      return null;
    }
  }

  #env(): AnyEnv {
    const { scheduler, random, delivered } = this.#options;
    const now = (): Nanos => this.#now;
    return {
      get now() {
        return now();
      },
      send: (message, to) => this.#transmit(message, to ?? this.peer),
      timer: (name, delay) => {
        // The program may have stopped the endpoint while this action runs.
        if (this.#status === "stopped") return;
        scheduler.unschedule(this.#timer(name));
        const asked = scheduler.scheduleOnce(delay, this.#timer(name));
        if (!asked.ok) throw new Error(`timer ${name}: ${asked.error.message}`);
      },
      cancel: (name) => void scheduler.unschedule(this.#timer(name)),
      deliver: (value) => {
        this.counters.delivered++;
        delivered?.(value as never, this as never);
      },
      random: () => {
        if (random === undefined)
          throw new Error("the machine draws: start it with `random`, a RandomStream's uniform");
        return random();
      },
    };
  }

  #transmit(message: unknown, to: PeerAddress | null): void {
    const bytes = this.#spec.codec.encode(message as never);
    if (bytes.length > this.maxMessage) {
      throw new Error(`a message of ${bytes.length} bytes; maxMessage allows ${this.maxMessage}`);
    }
    if (this.#wire?.put(bytes, to) === true) this.counters.sent++;
    else this.counters.unsent++;
  }

  #timer(name: string): SchedulerCallback {
    const known = this.#timers.get(name);
    if (known !== undefined) return known;
    if (this.#timers.size >= MAX_TIMERS) throw new Error(`timer ${name} would be one more than ${MAX_TIMERS}`);
    const callback = (): void => this.#take({ type: `timer.${name}` });
    this.#timers.set(name, callback);
    return callback;
  }

  /** Events that a callback of the program causes wait until the present one is done. */
  #take(event: AnyEventObject): void {
    if (this.#status === "stopped") return;
    this.#waiting.push(event);
    if (this.#status === "running") this.#takeAll();
  }

  #takeAll(): void {
    if (this.#handling) return;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const next = event;
      this.#handle(next.type, () => this.#actor.send(next));
    }
  }

  #handle(event: string, run: () => void): void {
    this.#now = this.#options.scheduler.clock.now();
    this.#handling = true;
    run();
    this.#handling = false;
    if (this.#thrown !== null) return this.#fail(event, this.#thrown.cause);
    if (this.#status === "running") this.#snapshot = this.#actor.getSnapshot() as AnyMachineSnapshot;
    if (this.#snapshot.status === "done") this.#end(null);
  }

  #fail(event: string, cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = this.#failure(event, `state ${JSON.stringify(this.state)}, event ${event}: ${why}`, cause);
    this.#end(error);
    if (this.#options.ended === undefined) throw error;
  }

  #failure(event: string, message: string, cause?: unknown): ProtocolError {
    const { name } = this.#spec;
    return new ProtocolError(name, JSON.stringify(this.state), event, `protocol ${name} stopped: ${message}`, cause);
  }

  #end(error: ProtocolError | null): void {
    if (this.#status === "stopped") return;
    this.#status = "stopped";
    this.#error = error;
    this.#waiting.length = 0;
    for (const callback of this.#timers.values()) this.#options.scheduler.unschedule(callback);
    this.#actor.stop();
    if (this.#wire !== null) this.#wire.close();
    else release(this.#options);
    this.#options.ended?.(this as never);
  }
}

/** Bytes of a message at most. */
export function maxMessage({ maxMessage = MAX_MESSAGE }: Spec): Bytes {
  return maxMessage;
}
