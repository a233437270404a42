/**
 * The simulated world: virtual time, one loop. `step()` takes the earliest event and delivers it; nothing else moves time.
 */
import type { Assembly } from "../actors/assembly.ts";
import type { WorldObserver } from "../actors/record.ts";
import { ActorFailure, type Cell, World, type WorldOptions } from "../actors/world.ts";
import type { ActorIndex, ControlEvent, Handle } from "../core/env.ts";
import type { Packet } from "../core/packet.ts";
import type { Nanos } from "../core/units.ts";
import { decodePacket, encodePacket } from "../core/wire/codec.ts";
import { Checkers, type CheckOptions } from "./checkers.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { CONTROL, EventQueue } from "./queue.ts";

export interface SimulationOptions extends WorldOptions {
  /** Keep packets under way in link lanes (default) or all in the heap. Same results. */
  readonly lanes?: boolean;
  readonly checks?: CheckOptions;
  /** Encode and decode every packet that comes over a link. Same results, slower. */
  readonly wire?: boolean;
  /** Two words another thread can read: the actor being run, and a counter that moves with every event. */
  readonly beat?: Int32Array;
  /** Told of every sending and delivery; made once the world exists, before its first actor starts. */
  readonly observe?: (world: Simulation) => WorldObserver;
}

/** Deliveries at one instant after which an actor must be going round in circles. */
const MAX_EVENTS_AN_INSTANT = 2_000_000;
/** Deliveries between two looks of the checkers. */
const CHECK_INTERVAL = 1_048_576;

export class Simulation extends World {
  readonly queue: EventQueue;
  readonly #beat: Int32Array;
  readonly #wire: boolean;
  readonly #observer: WorldObserver | null;
  /** The same, where it wants to be told of what is sent. */
  readonly #sendObserver: Required<Pick<WorldObserver, "sent">> | null;
  readonly #checkers: Checkers;
  #instant: Nanos = 0;
  #eventsAtInstant = 0;
  #nextCheck = CHECK_INTERVAL;

  constructor(assembly: Assembly, options: SimulationOptions = {}) {
    super(assembly, options);
    this.queue = new EventQueue({ lanes: options.lanes ?? true });
    this.#beat = options.beat ?? new Int32Array(2);
    this.#wire = options.wire === true;
    this.#observer = options.observe?.(this) ?? null;
    this.#sendObserver = hearsSent(this.#observer) ? this.#observer : null;
    this.listener = this.#observer;
    this.#checkers = new Checkers(this, options.checks ?? {});
  }

  /** A world at time zero: actors made, faults in the queue. */
  static create(assembly: Assembly, options: SimulationOptions = {}): Simulation {
    const simulation = new Simulation(assembly, options);
    for (const fault of assembly.faults) simulation.inject(fault.target, fault.event, fault.at);
    simulation.populate();
    return simulation;
  }

  /** Takes the state of a checkpoint (sim/checkpoint.ts), which this world owns from then on. */
  resume(from: Checkpoint): void {
    from.actors.forEach((actor, index) => {
      if (actor !== undefined) this.restoreActor(index, actor.spec, actor.state, actor.streams);
    });
    this.stoppedActors.push(...from.stopped);
    this.now = from.now;
    this.#instant = from.now;
    this.events = from.events;
    this.#nextCheck = from.events + CHECK_INTERVAL;
    this.digests.words = from.digests;
    for (const [reason, count] of from.dropsByReason) this.ledger.byReason.set(reason, count);
    for (const [flow, count] of from.dropsByFlow) this.ledger.byFlow.set(flow, count);
    for (const [flow, count] of from.duplicated) this.ledger.duplicated.set(flow, count);
    this.queue.restore(from.queue, (sender) => this.cells[sender]?.isLink === true);
  }

  /** Runs until nothing is pending at or before `until` (default: for ever); time then stands at `until`. */
  run(until: Nanos = Number.POSITIVE_INFINITY): void {
    while (this.step(until));
    if (until !== Number.POSITIVE_INFINITY && until > this.now) {
      this.now = until;
      this.queue.clock = until;
    }
    this.#checkers.look();
  }

  /** Delivers one event; false where none is left at or before `until`. */
  step(until: Nanos = Number.POSITIVE_INFINITY): boolean {
    const queue = this.queue;
    if (!queue.next(until)) return false;
    const time = queue.clock;
    const target = queue.target;
    if (time !== this.#instant) this.#newInstant(time);
    else if (++this.#eventsAtInstant > MAX_EVENTS_AN_INSTANT) this.#stuck(target);
    this.#beat[0] = target;
    this.#beat[1] = this.events;
    if (this.#observer !== null) this.#tellDelivered(this.#observer);
    if (queue.ifId === CONTROL) this.deliverControl(target, queue.thing as ControlEvent);
    else {
      const ifId = queue.ifId;
      const packet = this.#wire && ifId !== 0 ? overWire(queue.thing as Packet) : (queue.thing as Packet);
      if (ifId !== 0 && (packet.number & this.#checkers.mask) === 0) this.#checkers.meets(target, packet);
      this.deliverPacket(target, packet, ifId);
    }
    if (this.events >= this.#nextCheck) {
      this.#nextCheck += CHECK_INTERVAL;
      this.#checkers.look();
    }
    return true;
  }

  /** Delivers events until so many have been, or none is left at or before `until`; time then stands where it stood. */
  runTo(events: number, until: Nanos): void {
    while (this.events < events && this.step(until));
  }

  /** A fault from outside the network: before everything else of its instant. */
  inject(target: ActorIndex, event: ControlEvent, at: Nanos): void {
    this.queue.sendControl(-1, target, event, at - this.now, 0);
  }

  override scheduleControl(from: Cell, target: ActorIndex, event: ControlEvent, delay: Nanos): Handle {
    const handle = this.queue.sendControl(from.self, target, event, delay);
    this.#sendObserver?.sent(from, target, this.queue.orderOf(handle), null, CONTROL, delay);
    return handle;
  }

  override cancelControl(handle: Handle): void {
    if (this.#observer?.cancelled !== undefined) this.#observer.cancelled(this.queue.orderOf(handle));
    this.queue.cancel(handle);
  }

  override schedulePacket(from: Cell, target: ActorIndex, packet: Packet, ifId: number, delay: Nanos): void {
    const order = this.queue.sendPacket(from.self, target, packet, ifId, delay, from.isLink);
    if (this.#sendObserver !== null) this.#sendObserver.sent(from, target, order, packet, ifId, delay);
  }

  override recallPackets(from: Cell): Packet[] {
    const found = this.queue.recall(from.self);
    this.#observer?.recalled?.(
      from,
      found.map(({ order }) => order),
    );
    return found.map(({ packet }) => packet);
  }

  override isHandling(cell: Cell, packet: Packet): boolean {
    return this.queue.thing === packet && this.queue.target === cell.self;
  }

  override observeLinks(from: Cell, links: readonly string[], into: number[]): void {
    super.observeLinks(from, links, into);
    this.#observer?.observed?.(from, into);
  }

  #newInstant(time: Nanos): void {
    if (time < this.#instant) throw new Error(`time went back from ${this.#instant} to ${time} ns`);
    this.#instant = time;
    this.#eventsAtInstant = 0;
    this.now = time;
  }

  #stuck(target: ActorIndex): never {
    const cell = this.cells[target] as Cell;
    const cause = new Error(
      `${MAX_EVENTS_AN_INSTANT} events at one instant: time does not advance. Look for events sent with delay 0 in a circle through this actor`,
    );
    throw new ActorFailure(this, cell.id, "an event", cause);
  }

  #tellDelivered(observer: WorldObserver): void {
    const { target, order, thing, ifId, sender, sent } = this.queue;
    const cell = this.cells[target] as Cell;
    observer.delivered(cell, order, thing as Packet | ControlEvent, ifId !== CONTROL, ifId, sender, sent);
  }
}

function hearsSent(observer: WorldObserver | null): observer is WorldObserver & Required<Pick<WorldObserver, "sent">> {
  return observer !== null && observer.sent !== undefined;
}

/** The packet as the next router would read it from a socket. A record that its own bytes do not give back is a bug. */
function overWire(packet: Packet): Packet {
  const decoded = decodePacket(encodePacket(packet));
  if (decoded.ok) return decoded.value;
  const { layer, offset, reason } = decoded.error;
  throw new Error(`a packet's own bytes cannot be read: ${layer}, byte ${offset}: ${reason}`);
}
