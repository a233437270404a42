/**
 * The live world: the same actors in real time and on real sockets. A small twin of the simulation's loop: events are due at
 * a time, datagrams come in between, and the driver says how late it was.
 *
 * Each end of a link has a UDP socket, and each place one towards its hosts. A packet for another place waits here for as long as the
 * link actor said, and at that instant its bytes go onto the link's socket: a plain SCION packet as UDP payload.
 */
import type { Socket } from "node:dgram";
import type { Assembly } from "../actors/assembly.ts";
import type { LinkInput } from "../actors/link.ts";
import type { OutsideHostInput } from "../actors/outside-host.ts";
import type { Recorder, WorldObserver } from "../actors/record.ts";
import { type Cell, World, type WorldOptions } from "../actors/world.ts";
import { formatInterface, type IA, type IfId } from "../core/address.ts";
import { endHostPort } from "../core/end-host-port.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { ActorIndex, ControlEvent, Handle } from "../core/env.ts";
import { createHistogram, type Histogram, record } from "../core/histogram.ts";
import type { Packet } from "../core/packet.ts";
import { MILLISECOND, type Nanos, SECOND } from "../core/units.ts";
import { decodePacket } from "../core/wire/codec.ts";
import type { GatewayCounters } from "./gateways.ts";
import type { Clock } from "./clock.ts";
import { Crossings } from "./crossings.ts";
import { type DueEvent, TimerQueue } from "./timer-queue.ts";
import { readSystemDrops, systemName } from "./underlay/system-drops.ts";
import { createCounters, type SocketCounters, type SocketListener, UnderlaySocket } from "./underlay/socket.ts";

/** Looks at the world between its events: at `next`, and when the run is over. */
export interface Probe {
  readonly next: Nanos;
  take(): void;
  end(now: Nanos): void;
}

export interface LiveOptions extends WorldOptions {
  /** Made once all actors are. */
  readonly probe?: (world: LiveWorld) => Probe;
  /** Made when the run begins, before its first actor starts; `now` is when that is. */
  readonly observe?: (world: LiveWorld) => Recorder;
  /** Two words another thread can read: the actor being run, -1 while none is, and the number of events so far. */
  readonly beat?: Int32Array;
  /** Places that run in this process; the actors of the others are not made. Default: all but the foreign ones. */
  readonly here?: readonly IA[];
  /** ASes that other software runs (a SCION router): they are never here. Default: none. */
  readonly foreign?: readonly IA[];
}

/** What the sockets met that no actor saw, over all of them. */
export type UnderlayCounters = SocketCounters;

/** Events handled before sockets get their turn. */
const BATCH = 256;
/** Notes of bad datagrams in a record: the rest is only counted. */
const MAX_NOTES = 100;
/** A run that is ended early waits so long for packets under way. */
const LONGEST_DRAIN: Nanos = SECOND;
/** Nothing was under way for so long: what the kernel had has come. */
const QUIET: Nanos = 20 * MILLISECOND;
/** Actors that go on while a run drains: they pass packets on. The rest would begin something new. */
const DRAINING = new Set(["node", "link", "bfd", "control", "host", "outside-host"]);

export class LiveWorld extends World {
  /** How late events were that were to happen at a time, in nanoseconds. */
  readonly lateness: Histogram = createHistogram();
  readonly #crossings = new Crossings();
  /** What gateways did outside, by flow. */
  gateways: ReadonlyMap<string, GatewayCounters> = new Map();
  /** Of each place: does it run here? */
  readonly here: readonly boolean[];
  readonly #queue = new TimerQueue();
  readonly #observe: LiveOptions["observe"];
  #recorder: (WorldObserver & Pick<Recorder, "note" | "left" | "end">) | null = null;
  readonly #beat: Int32Array;
  /** By place and interface. */
  readonly #sockets = new Map<string, UnderlaySocket>();
  /** By link actor: where its packets leave. */
  readonly #egress: (UnderlaySocket | undefined)[] = [];
  /** By actor: hosts outside. */
  readonly #outside = new Map<ActorIndex, OutsideHostInput>();
  /** Sockets with datagrams, each once: they take turns, so that none can starve the others. */
  readonly #line: UnderlaySocket[] = [];
  #head = 0;
  /** The loop gets its turn without being asked. */
  #awake = false;
  #clock: Clock | null = null;
  #end: Nanos = 0;
  /** Since when nothing is under way, while the run drains. */
  #quietSince: Nanos | null = null;
  #draining = false;
  #notes = 0;
  #beganAt: Nanos = 0;
  #done: ((failure: unknown) => void) | null = null;
  readonly #makeProbe: LiveOptions["probe"];
  #probe: Probe | null = null;
  readonly #listener: SocketListener = {
    onReady: (socket) => this.#ready(socket),
    onNote: ({ place }, text) => this.#note(place, text),
    onUnsent: (_socket, packet) => this.countDrop(packet, "underlay"),
  };

  /** Throws where `here` or `foreign` name an AS that is no place. */
  constructor(assembly: Assembly, options: LiveOptions = {}) {
    super(assembly, options);
    const here = new Set(placesHere(assembly.places, options));
    this.here = assembly.places.map((ia) => here.has(ia));
    this.#beat = options.beat ?? new Int32Array(2);
    this.#observe = options.observe;
    this.#makeProbe = options.probe;
    assembly.actors.forEach((spec, index) => {
      if (spec.logic === "outside-host") this.#outside.set(index, spec.input as OutsideHostInput);
    });
  }

  isHere(place: number): boolean {
    return this.here[place] === true;
  }

  /**
   * Gives a place one of its sockets, bound already: that of its end of a link, whose other end is at `remote`, or with interface 0
   * the internal one. Where no host of the place is outside, nobody is heard there.
   */
  attach(place: number, ifId: IfId, socket: Socket, remote: Endpoint | null): void {
    const ia = this.assembly.places[place] as IA;
    const node = this.assembly.actors.findIndex(({ id }) => id === `node/${ia}`);
    const hears = ifId !== 0 || [...this.#outside.keys()].some((host) => this.placeOf(host) === place);
    const made = new UnderlaySocket({ place, ifId, node, hears }, socket, remote, this.#listener);
    this.#sockets.set(formatInterface(ia, ifId), made);
    if (ifId === 0) return;
    const link = this.assembly.actors.findIndex(
      (spec) => spec.place === place && spec.isLink === true && (spec.input as LinkInput).ifId === ifId,
    );
    if (link >= 0) this.#egress[link] = made;
  }

  /** A socket of this process. */
  socketOf(ia: IA, ifId: IfId): UnderlaySocket {
    const socket = this.#sockets.get(formatInterface(ia, ifId));
    if (socket === undefined) throw new Error(`${formatInterface(ia, ifId)} has no socket here`);
    return socket;
  }

  /** Packets that are here: in links, in memory, or waiting to be taken from a socket. */
  get underWay(): number {
    return [...this.#sockets.values()].reduce((sum, { waiting }) => sum + waiting, this.#queue.packets);
  }

  /** By interface, `IA#ifId`; 0 is the internal socket. */
  get sockets(): ReadonlyMap<string, UnderlaySocket> {
    return this.#sockets;
  }

  /** When its actors began, in time of the run. */
  get beganAt(): Nanos {
    return this.#beganAt;
  }

  /** Whatever happens from now on is not earlier than this. */
  get earliest(): Nanos {
    return Math.max(this.now, Math.min(this.#clock?.now() ?? this.now, this.#queue.nextDue, this.#end));
  }

  /** How long after its instant a packet of a link got to its router; empty where no neighbour is here. */
  get crossings(): Histogram {
    return this.#crossings.times;
  }

  get counters(): UnderlayCounters {
    const sum = createCounters();
    const names = Object.keys(sum) as (keyof SocketCounters)[];
    for (const { counters } of this.#sockets.values()) for (const name of names) sum[name] += counters[name];
    return sum;
  }

  /**
   * Starts the actors that are here and runs until `duration`; `done` is called once, with what went wrong or null. `from`: the
   * run's present time, where others began it earlier (default 0); what faults had done by then happens at once.
   */
  start(clock: Clock, duration: Nanos, done: (failure: unknown) => void, from: Nanos = 0): void {
    this.#clock = clock;
    this.#end = duration;
    this.#done = done;
    this.now = from;
    this.#beganAt = from;
    this.#crossings.begin(this.#sockets.values());
    // What others sent before this piece was there went to nobody.
    if (from > 0) for (const socket of this.#line.splice(0)) discard(socket);
    for (const { at, target, event } of this.assembly.faults) {
      if (this.isHere(this.placeOf(target))) this.#queue.push(Math.max(at, from), from, -1, target, event, -1, 0);
    }
    try {
      this.#recorder = this.#observe?.(this) ?? null;
      this.populate((place) => this.isHere(place));
      this.#probe = this.#makeProbe?.(this) ?? null;
    } catch (failure) {
      this.#finish(failure);
      return;
    }
    this.#pump();
  }

  /** Something from outside the network for an actor that is here: handled as soon as may be, and recorded with what it holds. */
  inject(target: ActorIndex, event: ControlEvent): void {
    if (this.#done === null) return;
    this.#queue.push(this.#clock?.now() ?? this.now, this.now, -1, target, event, -1);
    this.#wakeSoon();
  }

  /** Ends the run now, as if its duration were over. */
  finish(): void {
    if (this.#done !== null) this.#finish(null);
  }

  /** Ends the run soon: nothing new is begun, what is under way arrives, for a second at most. */
  drain(): void {
    if (this.#done === null || this.#draining) return;
    this.#draining = true;
    this.#end = Math.min(this.#end, (this.#clock?.now() ?? this.now) + LONGEST_DRAIN);
    this.#wakeSoon();
  }

  override scheduleControl(from: Cell, target: ActorIndex, event: ControlEvent, delay: Nanos): Handle {
    const handle = this.#queue.push(this.now + delay, this.now, from.self, target, event, -1);
    this.#recorder?.sent?.(from, target, handle, null, -1, delay);
    return handle;
  }

  override cancelControl(handle: Handle): void {
    this.#queue.cancel(handle);
  }

  override schedulePacket(from: Cell, target: ActorIndex, packet: Packet, ifId: number, delay: Nanos): void {
    const order = this.#queue.push(this.now + delay, this.now, from.self, target, packet, ifId);
    this.#recorder?.sent?.(from, target, order, packet, ifId, delay);
  }

  override recallPackets(from: Cell): Packet[] {
    const found = this.#queue.recall(from.self);
    this.#recorder?.recalled?.(
      from,
      found.map(({ order }) => order),
    );
    return found.map(({ thing }) => thing as Packet);
  }

  override observeLinks(from: Cell, links: readonly string[], into: number[]): void {
    super.observeLinks(from, links, into);
    this.#recorder?.observed?.(from, into);
  }

  /** What reaches a host outside leaves by the place's internal socket. */
  override deliverPacket(target: ActorIndex, packet: Packet, ifId: number): void {
    super.deliverPacket(target, packet, ifId);
    const host = this.#outside.get(target);
    if (host === undefined) return;
    const port = endHostPort(packet, host.dispatched);
    const socket = this.#sockets.get(formatInterface(this.assembly.places[this.placeOf(target)] as IA, 0));
    if (port < 0) return;
    if (socket === undefined) this.countDrop(packet, "underlay");
    else socket.send(packet, { address: host.address, port });
  }

  /**
   * Handles what is due and what has come in, then lets the system have its turn. What is due happens at the instant at which it was
   * due, however late it is: what follows from it is not late, too, unless the machine is. What comes in happens now.
   */
  #pump(): void {
    this.#awake = false;
    const clock = this.#clock as Clock;
    const queue = this.#queue;
    try {
      for (let handled = 0; handled < BATCH; handled++) {
        const time = clock.now();
        const until = Math.min(time, this.#end);
        for (; handled < BATCH && queue.nextDue <= until; handled++) this.#handle(queue.take(), time);
        if (queue.nextDue <= until) break;
        this.#look(until);
        if (time >= this.#end) {
          this.#finish(null);
          return;
        }
        this.now = Math.max(this.now, time);
        if (!this.#takeDatagram()) break;
      }
    } catch (failure) {
      this.#finish(failure);
      return;
    }
    this.#beat[0] = -1;
    if (this.#draining && this.#hasDrained()) {
      this.#finish(null);
      return;
    }
    if (this.#head < this.#line.length) this.#wakeSoon();
    else if (!this.#awake) clock.wake(this.#nextWake(), () => this.#pump());
  }

  #nextWake(): Nanos {
    const next = Math.min(this.#queue.nextDue, this.#end, this.#probe?.next ?? this.#end);
    return this.#quietSince === null ? next : Math.min(next, this.#quietSince + QUIET);
  }

  #wakeSoon(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#clock?.wake(0, () => this.#pump());
  }

  /** Has nothing been under way for a while? */
  #hasDrained(): boolean {
    if (this.#queue.packets > 0 || this.#head < this.#line.length) {
      this.#quietSince = null;
      return false;
    }
    this.#quietSince ??= this.now;
    return this.now - this.#quietSince >= QUIET;
  }

  #look(time: Nanos): void {
    while (this.#probe !== null && this.#probe.next <= time) this.#probe.take();
  }

  #handle(event: DueEvent, time: Nanos): void {
    const { due, sender, target, thing, ifId } = event;
    this.#look(due);
    this.now = Math.max(this.now, due);
    if (event.timed) record(this.lateness, time - due);
    if (this.#draining && ifId < 0 && sender >= 0 && !this.#goesOn(target)) return;
    const here = this.placeOf(target);
    if (ifId >= 0 && this.placeOf(sender) !== here) {
      this.#recorder?.left(event.order);
      this.#toWire(sender, thing as Packet, due);
      return;
    }
    this.#beatFor(target);
    this.#recorder?.delivered(this.cells[target] as Cell, event.order, thing, ifId >= 0, ifId);
    if (ifId >= 0) this.deliverPacket(target, thing as Packet, ifId);
    else this.deliverControl(target, thing as ControlEvent);
  }

  #goesOn(target: ActorIndex): boolean {
    return DRAINING.has(this.cells[target]?.spec.logic ?? "");
  }

  #toWire(link: ActorIndex, packet: Packet, due: Nanos): void {
    const socket = this.#egress[link];
    if (socket === undefined || socket.remote === null) {
      this.countDrop(packet, "underlay");
      return;
    }
    this.#crossings.sent(socket, packet, due);
    socket.send(packet, socket.remote);
  }

  #ready(socket: UnderlaySocket): void {
    socket.queued = true;
    this.#line.push(socket);
    this.#wakeSoon();
  }

  /** Delivers one datagram that came in; false where none waits. Bad ones are counted and noted, never thrown. */
  #takeDatagram(): boolean {
    const socket = this.#line[this.#head];
    if (socket === undefined) return false;
    if (++this.#head === this.#line.length) {
      this.#line.length = 0;
      this.#head = 0;
    }
    const bytes = socket.take() as Uint8Array;
    if (socket.waiting > 0) this.#line.push(socket);
    else socket.queued = false;
    this.#arrive(socket, bytes);
    return true;
  }

  #arrive(socket: UnderlaySocket, bytes: Uint8Array): void {
    const { node, ifId, place } = socket;
    const decoded = decodePacket(bytes);
    if (!decoded.ok || node < 0) {
      socket.counters.garbage++;
      const why = decoded.ok ? "no router is here" : describe(decoded.error);
      this.#note(place, `datagram of ${bytes.length} B on interface ${ifId}: ${why}`);
      return;
    }
    const packet = decoded.value;
    this.#crossings.arrived(socket, packet, this.now);
    this.#beatFor(node);
    this.#recorder?.delivered(this.cells[node] as Cell, -1, packet, true, ifId);
    this.deliverPacket(node, packet, ifId);
  }

  #beatFor(target: ActorIndex): void {
    this.#beat[0] = target;
    this.#beat[1] = this.events;
  }

  #note(place: number, text: string): void {
    if (++this.#notes <= MAX_NOTES) this.#recorder?.note(place, text);
  }

  #finish(failure: unknown): void {
    this.#clock?.stop();
    this.now = Math.max(this.now, Math.min(this.#end, this.#clock?.now() ?? 0));
    const drops = readSystemDrops();
    for (const { counters, local } of this.#sockets.values()) counters.unread = drops.get(systemName(local)) ?? 0;
    const done = this.#done;
    this.#done = null;
    done?.(failure ?? this.#close());
  }

  /** Ends what writes the run down; what went wrong there, or null. */
  #close(): unknown {
    try {
      this.#recorder?.end();
      this.#probe?.end(this.now);
      return null;
    } catch (failure) {
      return failure;
    }
  }
}

function discard(socket: UnderlaySocket): void {
  socket.discard();
  socket.queued = false;
}

function describe({ layer, offset, reason }: { layer: string; offset: number; reason: string }): string {
  return `${layer}, byte ${offset}: ${reason}`;
}

/** The places that run here. Throws where `here` or `foreign` cannot be. */
export function placesHere(
  places: readonly IA[],
  { here, foreign = [] }: Pick<LiveOptions, "here" | "foreign">,
): readonly IA[] {
  const unknown = [...(here ?? []), ...foreign].find((ia) => !places.includes(ia));
  if (unknown !== undefined) throw new RangeError(`${unknown} is no AS of the network: ${places.join(", ")}`);
  const both = here?.find((ia) => foreign.includes(ia));
  if (both !== undefined) throw new RangeError(`${both} cannot run here and be foreign`);
  return places.filter((ia) => !foreign.includes(ia) && (here === undefined || here.includes(ia)));
}
