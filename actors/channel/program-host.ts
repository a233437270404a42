/**
 * The smallest world in which associations run for a program: their actors, connectors as their links, a scheduler as their clock. It is
 * the same over `udp://` in real time and over `sim://` in virtual time.
 *
 *     connector --datagram--> packet --> listener, association --packet--> datagram --> connector
 *     program   --ask, settle---------> association            --told----> program
 *
 * A datagram is a channel packet and nothing else: there is no payload header, so what flows count is not counted here. A link (one of our
 * connectors and one address of a peer) is written as a path of one hop; so the actors tell links apart as they tell paths apart.
 */
import { type AnyActor, createActor } from "xstate";
import type { AssociationOptions } from "../../core/channel/association/association.ts";
import type { Primitives } from "../../core/channel/crypto/primitives.ts";
import { type Connector, EVENTS, type Outcome, type PeerAddress } from "../../core/connector.ts";
import type { ActorIndex, ControlEvent, DropReason, Env, Handle } from "../../core/env.ts";
import { createPacket, type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import { type HopField, type PathInfo, type ScionPath, scionPathOf } from "../../core/path.ts";
import { RandomStream } from "../../core/rng.ts";
import type { Scheduler, SchedulerCallback } from "../../core/scheduler.ts";
import type { Bytes, Nanos } from "../../core/units.ts";
import type { FlowEnds } from "../apps/datagram.ts";
import { bindEnv } from "../registry.ts";
import type { PathsCandidates } from "../selectors/subscribers.ts";
import type { PacketLogic, Present } from "../with-packet-handler.ts";
import { type AssociationContext, type AssociationInput, associationLogic } from "./association.ts";
import { channelLogic } from "./channel.ts";
import { type ListenerContext, type ListenerInput, listenerLogic } from "./listener.ts";
import { Around } from "./port.ts";
import { settleDown } from "./pump.ts";

/** What programs over channels need of a world. */
export interface ChannelWorld {
  /** A connector of datagrams by its URL. */
  open(url: string): Outcome<Connector>;
  readonly scheduler: Scheduler;
  readonly primitives: Primitives;
  /** All chance comes from it; where `primitives` have their own, only what need not be secret. */
  readonly seed: number | string;
}

/** One way to a peer that a program names: a local connector and the peer's address. */
export interface ProgramLink {
  /** By which the program takes it up and down. */
  readonly name: string;
  readonly connector: Connector;
  readonly peer: PeerAddress;
  /** Largest channel packet. */
  readonly mtu: Bytes;
}

export interface HostCounts {
  /** Datagrams that came and went, and their bytes. */
  received: number;
  receivedBytes: number;
  sent: number;
  sentBytes: number;
  /** Refused by the connector, as a full network does. */
  unsent: number;
  /** Packets that no actor took. */
  dropped: number;
}

/** Hears what actors say to their application; `from` is the association. */
export type Told = (from: ActorIndex, event: ControlEvent) => void;

interface Link {
  readonly connector: Connector;
  readonly peer: PeerAddress;
  readonly path: ScionPath;
}

/** Targets that are no actors. */
const [NETWORK, PROGRAM] = [0, 1];
const LOGICS: Readonly<Record<string, PacketLogic>> = {
  association: associationLogic,
  listener: listenerLogic,
  channel: channelLogic,
};
/** Peers of a connector whose links are remembered; twice as many at most. What an association still uses stays whatever others come. */
const PEERS_KEPT = 8_192;
/** Packets taken at once before associations answer: acknowledgements and grants then speak for all of them. */
const BATCH = 32;
/** No packet is counted by flow here. */
const NEVER: Nanos = Number.MAX_SAFE_INTEGER;
const NOWHERE = { ia: "0-0", host: "0.0.0.0" };
const ENDS: FlowEnds = {
  way: NETWORK,
  src: NOWHERE,
  dst: NOWHERE,
  l4: { kind: "udp", srcPort: 0, dstPort: 0 },
  flow: 0,
  flowId: 0,
  trafficClass: 0,
};

export class ProgramHost {
  readonly world: ChannelWorld;
  readonly counts: HostCounts = { received: 0, receivedBytes: 0, sent: 0, sentBytes: 0, unsent: 0, dropped: 0 };
  now: Nanos;
  readonly #name: string;
  readonly #told: Told;
  /** Those of the targets above stay empty. */
  readonly #cells: (Cell | null)[] = [null, null];
  readonly #sources = new Map<Connector, { fresh: Map<PeerAddress, Link>; old: Map<PeerAddress, Link> }>();
  /** By the one hop of their path, which the way back has, too. */
  readonly #links = new WeakMap<HopField, Link>();
  readonly #named = new Map<string, Link>();
  readonly #timers = new Map<Handle, SchedulerCallback>();
  readonly #waiting: { readonly target: ActorIndex; readonly event: ControlEvent }[] = [];
  readonly #news: { readonly from: ActorIndex; readonly event: ControlEvent }[] = [];
  readonly #touched = new Set<ActorIndex>();
  #linksMade = 0;
  #handles = 0;
  #running = false;
  #target: ActorIndex = -1;

  /** `name` tells streams of chance apart among the hosts of one world. */
  constructor(world: ChannelWorld, name: string, told: Told) {
    this.world = world;
    this.#name = name;
    this.#told = told;
    this.now = world.scheduler.clock.now();
  }

  /** An association that asks, over these links. `ask` it `association.open` next. */
  connect(options: AssociationOptions, links: readonly ProgramLink[]): ActorIndex {
    const maxPacket = Math.max(...links.map(({ mtu }) => mtu));
    const input: AssociationInput = {
      ends: ENDS,
      replyFlow: ENDS.flow,
      options,
      maxPacket,
      app: PROGRAM,
      selector: null,
      measureFrom: NEVER,
      begun: null,
    };
    this.#target = this.spawn(`${this.#name}/association`, "association", input);
    return this.#target;
  }

  /** A listener for what comes to its connectors from now on. */
  listen(options: AssociationOptions, maxPacket: Bytes, maxAssociations: number): ActorIndex {
    const input: ListenerInput = {
      ends: ENDS,
      flow: ENDS.flow,
      options,
      maxPacket,
      app: PROGRAM,
      maxAssociations,
      measureFrom: NEVER,
    };
    this.#target = this.spawn(`${this.#name}/listener`, "listener", input);
    return this.#target;
  }

  /** Datagrams of an open connector go to the listener, or to the association that asks, whose one peer there is `peer`. */
  attach(connector: Connector, peer: PeerAddress | null = null): void {
    if (peer !== null) connector.dedicate?.(peer);
    this.#sources.set(connector, { fresh: new Map(), old: new Map() });
    this.world.scheduler.register(connector, EVENTS.READ, this.#readAll);
  }

  detach(connector: Connector): void {
    if (!this.#sources.delete(connector)) return;
    this.world.scheduler.unregister(connector);
    connector.close();
  }

  /** The links that an association may take; the first usable one is preferred. */
  offer(association: ActorIndex, links: readonly ProgramLink[], usable: readonly boolean[]): void {
    const paths = links.map((link): PathInfo => {
      const known = this.#named.get(link.name) ?? this.#makeLink(link.connector, link.peer);
      this.#named.set(link.name, known);
      return describe(link, known.path);
    });
    const news: PathsCandidates = {
      type: "paths.candidates",
      paths,
      headers: paths.map(() => 0),
      usable,
      choice: usable.indexOf(true),
      eachPacket: false,
      observes: false,
    };
    this.ask(association, news);
  }

  /** An event for an actor, handled at once, with all that follows. */
  ask(target: ActorIndex, event: ControlEvent): void {
    this.#waiting.push({ target, event });
    this.#run();
  }

  /** Its channels were read or written past the actor: what follows from that. */
  settle(association: ActorIndex): void {
    const cell = this.#cells[association];
    if (cell === null || cell === undefined) return;
    if (!this.#running) this.now = this.world.scheduler.clock.now();
    const control = settleDown(cell.state.context as AssociationContext, new Around(cell), cell);
    if (control !== undefined) this.#waiting.push({ target: association, event: control });
    this.#run();
  }

  /** Present state of an association; null where it has been stopped. */
  association(index: ActorIndex): Present<AssociationContext> | null {
    return (this.#cells[index]?.state as Present<AssociationContext> | undefined) ?? null;
  }

  listener(index: ActorIndex): Present<ListenerContext> | null {
    return (this.#cells[index]?.state as Present<ListenerContext> | undefined) ?? null;
  }

  /** Whether any association is left whose end the peer may still ask for. */
  get isIdle(): boolean {
    return this.#cells.every((cell) => cell === null || cell.isOver);
  }

  /** Stops everything and closes the connectors. */
  stop(): void {
    for (const callback of this.#timers.values()) this.world.scheduler.unschedule(callback);
    this.#timers.clear();
    for (const cell of this.#cells) cell?.actor.stop();
    this.#cells.fill(null);
    for (const connector of this.#sources.keys()) this.detach(connector);
  }

  spawn(id: string, logic: string, input: unknown): ActorIndex {
    const index = this.#cells.length;
    const cell = new Cell(this, index, id, LOGICS[logic] as PacketLogic, input);
    this.#cells.push(cell);
    if (cell.logic === associationLogic) (cell.state.context as AssociationContext).corked = true;
    return index;
  }

  end(target: ActorIndex): void {
    this.#cells[target]?.actor.stop();
    this.#cells[target] = null;
  }

  /** What an actor sends: at once and in order, timers by the scheduler. */
  post(from: Cell, target: ActorIndex, event: ControlEvent, delay: Nanos): Handle {
    if (target === PROGRAM) {
      this.#news.push({ from: (event as { association?: ActorIndex }).association ?? from.self, event });
      return -1;
    }
    if (delay === 0 && target !== from.self) {
      this.#waiting.push({ target, event });
      return -1;
    }
    const handle = this.#handles++;
    const callback = (): void => {
      this.#timers.delete(handle);
      this.ask(target, event);
    };
    this.#timers.set(handle, callback);
    this.world.scheduler.scheduleOnce(delay, callback);
    return handle;
  }

  cancel(handle: Handle): void {
    const callback = this.#timers.get(handle);
    if (callback === undefined) return;
    this.#timers.delete(handle);
    this.world.scheduler.unschedule(callback);
  }

  /** A packet from one actor to another, or out. */
  carry(target: ActorIndex, packet: Packet): void {
    if (target === NETWORK) this.#sendOut(packet);
    else this.#deliver(target, packet);
  }

  drop(): void {
    this.counts.dropped++;
  }

  stream(id: string, purpose: string): RandomStream {
    return new RandomStream(this.world.seed, id, purpose);
  }

  readonly #readAll: SchedulerCallback = (_now, _events, connector) => {
    if (connector === null) return;
    this.now = this.world.scheduler.clock.now();
    let count = 0;
    for (let got = connector.receive(); got.ok; got = connector.receive()) {
      this.#arrived(connector, got.value.bytes, got.value.from);
      if (++count % BATCH === 0) this.#settleAll();
    }
    this.#settleAll();
  };

  /** After a batch of packets, those associations that got any. */
  #settleAll(): void {
    for (const index of this.#touched) this.settle(index);
    this.#touched.clear();
    this.#run();
  }

  #arrived(connector: Connector, bytes: Uint8Array, from: PeerAddress): void {
    const link = this.#linkOf(connector, from);
    if (link === null) return;
    this.counts.received++;
    this.counts.receivedBytes += bytes.length;
    const packet = createPacket({
      path: link.path,
      currInf: 0,
      currHf: 0,
      dstIa: NOWHERE.ia,
      flow: ENDS.flow,
      number: this.counts.received,
      wireLength: PAYLOAD_HEADER_BYTES + bytes.length,
      l4: ENDS.l4,
      dstHost: NOWHERE.host,
      sentAt: this.now,
      srcIa: NOWHERE.ia,
      srcHost: from,
      trafficClass: 0,
      flowId: 0,
      payloadLength: PAYLOAD_HEADER_BYTES + bytes.length,
      rest: bytes,
    });
    this.#deliver(this.#target, packet);
  }

  #linkOf(connector: Connector, from: PeerAddress): Link | null {
    const sources = this.#sources.get(connector);
    if (sources === undefined) return null;
    const known = sources.fresh.get(from);
    if (known !== undefined) return known;
    const link = sources.old.get(from) ?? this.#makeLink(connector, from);
    if (sources.fresh.size >= PEERS_KEPT) {
      sources.old = sources.fresh;
      sources.fresh = new Map();
    }
    sources.fresh.set(from, link);
    return link;
  }

  #makeLink(connector: Connector, peer: PeerAddress): Link {
    const path = oneHop(++this.#linksMade);
    const link = { connector, peer, path };
    this.#links.set(path.hops[0] as HopField, link);
    return link;
  }

  #sendOut(packet: Packet): void {
    const hop = scionPathOf(packet.path)?.hops[0];
    const link = hop === undefined ? undefined : this.#links.get(hop);
    const bytes = wholeOf(packet);
    const outcome = link?.connector.send(bytes, link.peer);
    if (outcome?.ok !== true) {
      this.counts.unsent++;
      return;
    }
    this.counts.sent++;
    this.counts.sentBytes += bytes.length;
  }

  #deliver(target: ActorIndex, packet: Packet): void {
    const cell = this.#cells[target];
    const onPacket = cell?.logic.onPacket ?? null;
    if (cell === null || cell === undefined || onPacket === null) return this.drop();
    const control = onPacket(cell.state as never, packet, 0, cell);
    if (control !== undefined) cell.walk(control);
    if (cell.logic === associationLogic) this.#touched.add(target);
  }

  /** Until nothing waits; what is asked meanwhile waits its turn. */
  #run(): void {
    if (this.#running) return;
    this.#running = true;
    this.now = this.world.scheduler.clock.now();
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#cells[next.target]?.take(next.event);
      }
      for (let next = this.#news.shift(); next !== undefined; next = this.#news.shift()) {
        this.#told(next.from, next.event);
      }
    } finally {
      this.#running = false;
    }
  }
}

/** One actor and its Env. */
class Cell implements Env {
  readonly self: ActorIndex;
  readonly id: string;
  readonly logic: PacketLogic;
  readonly actor: AnyActor;
  readonly tracing = false;
  readonly #host: ProgramHost;
  readonly #streams = new Map<string, RandomStream>();
  state: Present<unknown>;

  constructor(host: ProgramHost, self: ActorIndex, id: string, logic: PacketLogic, input: unknown) {
    this.#host = host;
    this.self = self;
    this.id = id;
    this.logic = logic;
    this.actor = createActor(logic, { input });
    bindEnv(this.actor.system, this);
    // XState would report what an action throws from a timer of its own; here it stops whoever called.
    this.actor.subscribe({ error: (cause) => this.#fail(cause) });
    this.actor.start();
    this.state = this.actor.getSnapshot() as Present<unknown>;
  }

  get now(): Nanos {
    return this.#host.now;
  }

  get isOver(): boolean {
    return this.logic === listenerLogic || this.state.value === "closed" || this.logic === channelLogic;
  }

  take(event: ControlEvent): void {
    const handler = this.logic.onTimer.get(event.type);
    if (handler === undefined) {
      this.walk(event);
      return;
    }
    const control = handler(this.state as never, event, this);
    if (control !== undefined) this.walk(control);
  }

  walk(event: ControlEvent): void {
    this.actor.send(event);
    this.state = this.actor.getSnapshot() as Present<unknown>;
    if (this.#thrown !== null) throw this.#thrown.cause;
  }

  send(target: ActorIndex, event: ControlEvent, delay: Nanos): Handle {
    return this.#host.post(this, target, event, delay);
  }

  cancel(handle: Handle): void {
    this.#host.cancel(handle);
  }

  sendPacket(target: ActorIndex, packet: Packet): void {
    this.#host.carry(target, packet);
  }

  recall(): Packet[] {
    return [];
  }

  drop(_packet: Packet, _reason: DropReason): void {
    this.#host.drop();
  }

  duplicate(packet: Packet): Packet {
    return createPacket(packet);
  }

  random(purpose: string): RandomStream {
    const known = this.#streams.get(purpose) ?? this.#host.stream(this.id, purpose);
    this.#streams.set(purpose, known);
    return known;
  }

  spawn(id: string, logic: string, input: unknown): ActorIndex {
    return this.#host.spawn(id, logic, input);
  }

  stop(target: ActorIndex): void {
    this.#host.end(target);
  }

  resource(name: string): unknown {
    return name === "channel/primitives" ? this.#host.world.primitives : undefined;
  }

  observe(): void {}

  trace(): void {}

  #thrown: { readonly cause: unknown } | null = null;

  #fail(cause: unknown): void {
    this.#thrown = { cause };
  }
}

/** A link's number stands where a hop's MAC would: 48 bits. */
function oneHop(number: number): ScionPath {
  const hop: HopField = {
    ingressAlert: false,
    egressAlert: false,
    expTime: 255,
    consIngress: 0,
    consEgress: 0,
    mac: number,
  };
  const info = { consDir: true, peer: false, segId: 0, timestamp: 0 };
  return { kind: "scion", segLens: [1, 0, 0], infos: [info], hops: [hop] };
}

/** Of a link nothing is known but what fits it. */
function describe({ name, mtu }: ProgramLink, forwarding: ScionPath): PathInfo {
  return {
    fingerprint: name,
    src: NOWHERE.ia,
    dst: NOWHERE.ia,
    interfaces: [],
    length: 1,
    mtu: mtu + PAYLOAD_HEADER_BYTES,
    latencyNs: null,
    bandwidthKbps: null,
    carbonGPerGb: null,
    costPerGb: null,
    lossRatio: null,
    expiryS: Number.MAX_SAFE_INTEGER,
    segments: [],
    forwarding,
  };
}

/** Zeros that packets of modelled crypto leave out are written. */
function wholeOf({ rest, payloadLength }: Packet): Uint8Array {
  const length = payloadLength - PAYLOAD_HEADER_BYTES;
  if (rest?.length === length) return rest;
  const bytes = new Uint8Array(length);
  if (rest !== null) bytes.set(rest);
  return bytes;
}
