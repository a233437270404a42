/**
 * The live world: the same actors in real time and on real sockets. A small twin of the simulation's loop: events are due at
 * a time, datagrams come in between, and the driver says how late it was.
 *
 * Each place has one UDP socket. A packet for another place waits here for as long as the link actor said, and at that
 * instant its bytes go onto the socket towards that place: a plain SCION packet as UDP payload.
 */
import type { Socket } from "node:dgram";
import type { Assembly } from "../actors/assembly.ts";
import type { LinkInput } from "../actors/link.ts";
import type { Recorder, WorldObserver } from "../actors/record.ts";
import { type Cell, World, type WorldOptions } from "../actors/world.ts";
import type { ActorIndex, ControlEvent, Handle } from "../core/env.ts";
import { createHistogram, type Histogram, record } from "../core/histogram.ts";
import type { Packet } from "../core/packet.ts";
import { scionPathOf } from "../core/path.ts";
import type { Nanos } from "../core/units.ts";
import { decodePacket, encodePacket } from "../core/wire/codec.ts";
import type { Clock } from "./clock.ts";
import { type DueEvent, TimerQueue } from "./timer-queue.ts";

/** Looks at the world between its events: at `next`, and when the run is over. */
export interface Probe {
  readonly next: Nanos;
  take(): void;
  end(now: Nanos): void;
}

export interface LiveOptions extends WorldOptions {
  /** Made once all actors are. */
  readonly probe?: (world: LiveWorld) => Probe;
  /** Made once the world exists, before its first actor starts. */
  readonly observe?: (world: LiveWorld) => Recorder;
  /** Two words another thread can read: the actor being run, -1 while none is, and the number of events so far. */
  readonly beat?: Int32Array;
}

/** What the sockets met that no actor saw. */
export interface UnderlayCounters {
  received: number;
  sent: number;
  /** Datagrams that are no SCION packet. */
  garbage: number;
  /** Datagrams from an address that is no neighbour's. */
  stray: number;
  /** Datagrams dropped because too many waited. */
  overflow: number;
  /** Packets the system would not send. */
  sendErrors: number;
}

/** A place's end of a link: what arrives from that neighbour, arrives here. */
interface Entry {
  readonly node: ActorIndex;
  readonly ifId: number;
  /** Interface at the neighbour. */
  readonly from: number;
}

interface Datagram {
  readonly place: number;
  readonly bytes: Uint8Array;
  readonly from: string;
}

/** Events handled before sockets get their turn. */
const BATCH = 256;
/** Datagrams that may wait. */
const MAX_INBOX = 16_384;
/** Notes of bad datagrams in a record: the rest is only counted. */
const MAX_NOTES = 100;

export class LiveWorld extends World {
  readonly counters: UnderlayCounters = { received: 0, sent: 0, garbage: 0, stray: 0, overflow: 0, sendErrors: 0 };
  /** How late events were, in nanoseconds. */
  readonly lateness: Histogram = createHistogram();
  readonly #queue = new TimerQueue();
  readonly #recorder: (WorldObserver & Pick<Recorder, "note" | "left" | "end">) | null;
  readonly #beat: Int32Array;
  readonly #sockets: Socket[] = [];
  /** Underlay address of each place, `ip:port`, and the place behind each address. */
  readonly #addresses: { readonly address: string; readonly port: number }[] = [];
  readonly #placeAt = new Map<string, number>();
  /** By sending and receiving place: the ends at the receiver. */
  readonly #entries = new Map<string, Entry[]>();
  readonly #inbox: Datagram[] = [];
  #clock: Clock | null = null;
  #end: Nanos = 0;
  #notes = 0;
  #done: ((failure: unknown) => void) | null = null;
  readonly #makeProbe: LiveOptions["probe"];
  #probe: Probe | null = null;

  constructor(assembly: Assembly, options: LiveOptions = {}) {
    super(assembly, options);
    this.#beat = options.beat ?? new Int32Array(2);
    this.#recorder = options.observe?.(this) ?? null;
    this.#makeProbe = options.probe;
    for (const spec of assembly.actors) {
      if (spec.isLink !== true) continue;
      const link = spec.input as LinkInput;
      const key = `${spec.place} ${this.placeOf(link.next)}`;
      const ends = this.#entries.get(key) ?? [];
      ends.push({ node: link.next, ifId: link.nextIfId, from: link.ifId });
      this.#entries.set(key, ends);
    }
  }

  /** Gives a place its socket, bound already. */
  attach(place: number, socket: Socket): void {
    const { address, port } = socket.address();
    this.#sockets[place] = socket;
    this.#addresses[place] = { address, port };
    this.#placeAt.set(`${address}:${port}`, place);
    socket.on("message", (bytes, from) => this.#receive({ place, bytes, from: `${from.address}:${from.port}` }));
    socket.on("error", (error) => this.#note(place, `socket error: ${error.message}`));
  }

  /** Underlay address of a place. */
  addressOf(place: number): { readonly address: string; readonly port: number } {
    return this.#addresses[place] as { address: string; port: number };
  }

  /** Starts all actors and runs for `duration`; `done` is called once, with what went wrong or null. */
  start(clock: Clock, duration: Nanos, done: (failure: unknown) => void): void {
    this.#clock = clock;
    this.#end = duration;
    this.#done = done;
    for (const fault of this.assembly.faults) this.#queue.push(fault.at, -1, fault.target, fault.event, -1, 0);
    try {
      this.populate();
      this.#probe = this.#makeProbe?.(this) ?? null;
    } catch (failure) {
      this.#finish(failure);
      return;
    }
    this.#pump();
  }

  /** Ends the run now, as if its duration were over. */
  finish(): void {
    if (this.#done !== null) this.#finish(null);
  }

  override scheduleControl(from: Cell, target: ActorIndex, event: ControlEvent, delay: Nanos): Handle {
    const handle = this.#queue.push(this.now + delay, from.self, target, event, -1);
    this.#recorder?.sent(from, target, handle, null, -1, delay);
    return handle;
  }

  override cancelControl(handle: Handle): void {
    this.#queue.cancel(handle);
  }

  override schedulePacket(from: Cell, target: ActorIndex, packet: Packet, ifId: number, delay: Nanos): void {
    const order = this.#queue.push(this.now + delay, from.self, target, packet, ifId);
    this.#recorder?.sent(from, target, order, packet, ifId, delay);
  }

  override recallPackets(from: Cell): Packet[] {
    const found = this.#queue.recall(from.self);
    this.#recorder?.recalled(
      from,
      found.map(({ order }) => order),
    );
    return found.map(({ thing }) => thing as Packet);
  }

  override observeLinks(from: Cell, links: readonly string[], into: number[]): void {
    super.observeLinks(from, links, into);
    this.#recorder?.observed?.(from, into);
  }

  /** Handles what is due and what has come in, then lets the system have its turn. */
  #pump(): void {
    const clock = this.#clock as Clock;
    try {
      for (let handled = 0; handled < BATCH; handled++) {
        const time = clock.now();
        this.#look(Math.min(time, this.#end));
        if (time >= this.#end && this.#queue.nextDue > this.#end) {
          this.#finish(null);
          return;
        }
        this.now = Math.max(this.now, time);
        if (this.#queue.nextDue <= this.now) this.#handle(this.#queue.take());
        else if (!this.#takeDatagram()) break;
      }
    } catch (failure) {
      this.#finish(failure);
      return;
    }
    this.#beat[0] = -1;
    const busy = this.#inbox.length > 0;
    clock.wake(busy ? 0 : Math.min(this.#queue.nextDue, this.#end, this.#probe?.next ?? this.#end), () => this.#pump());
  }

  /** What a late loop handles after an interval's end counts for the next. */
  #look(time: Nanos): void {
    while (this.#probe !== null && this.#probe.next <= time) this.#probe.take();
  }

  #handle(event: DueEvent): void {
    record(this.lateness, this.now - event.due);
    const { sender, target, thing, ifId } = event;
    const here = this.placeOf(target);
    if (ifId >= 0 && this.placeOf(sender) !== here) {
      this.#recorder?.left(event.order);
      this.#toWire(this.placeOf(sender), here, thing as Packet);
      return;
    }
    this.#beatFor(target);
    this.#recorder?.delivered(this.cells[target] as Cell, event.order, thing, ifId >= 0, ifId);
    if (ifId >= 0) this.deliverPacket(target, thing as Packet, ifId);
    else this.deliverControl(target, thing as ControlEvent);
  }

  #toWire(from: number, to: number, packet: Packet): void {
    const { address, port } = this.addressOf(to);
    this.counters.sent++;
    this.#sockets[from]?.send(encodePacket(packet), port, address, (error) => {
      if (error === null || error === undefined) return;
      this.counters.sendErrors++;
      this.countDrop(packet, "underlay");
    });
  }

  #receive(datagram: Datagram): void {
    this.counters.received++;
    if (this.#inbox.length >= MAX_INBOX) {
      this.counters.overflow++;
      return;
    }
    this.#inbox.push(datagram);
    this.#clock?.wake(0, () => this.#pump());
  }

  /** Delivers one datagram that came in; false where none waits. Bad ones are counted and noted, never thrown. */
  #takeDatagram(): boolean {
    const datagram = this.#inbox.shift();
    if (datagram === undefined) return false;
    const { place, bytes, from } = datagram;
    const sender = this.#placeAt.get(from);
    const ends = sender === undefined ? undefined : this.#entries.get(`${sender} ${place}`);
    if (ends === undefined) {
      this.counters.stray++;
      this.#note(place, `datagram of ${bytes.length} B from ${from}, which is no neighbour`);
      return true;
    }
    const decoded = decodePacket(bytes);
    if (!decoded.ok) {
      this.counters.garbage++;
      const { layer, offset, reason } = decoded.error;
      this.#note(place, `datagram of ${bytes.length} B from ${from}: ${layer}, byte ${offset}: ${reason}`);
      return true;
    }
    const packet = decoded.value;
    const { node, ifId } = entryOf(ends, packet);
    this.#beatFor(node);
    this.#recorder?.delivered(this.cells[node] as Cell, -1, packet, true, ifId);
    this.deliverPacket(node, packet, ifId);
    return true;
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

/**
 * The interface a packet from a neighbour arrives on. Between two ASes with several links and one socket each, the packet's own
 * hop field tells them apart.
 */
function entryOf(ends: readonly Entry[], packet: Packet): Entry {
  if (packet.path?.kind === "one-hop") {
    const left = packet.path.first.consEgress;
    return ends.find(({ from }) => from === left) ?? (ends[0] as Entry);
  }
  const path = scionPathOf(packet.path);
  const info = path?.infos[packet.currInf];
  const hop = path?.hops[packet.currHf];
  const ingress = info?.consDir === true ? hop?.consIngress : hop?.consEgress;
  return ends.find(({ ifId }) => ifId === ingress) ?? (ends[0] as Entry);
}
