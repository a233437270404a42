/**
 * The state at the cursor as the map draws it. Made up to 60 times a second with thousands of packets under way, hence read in one pass, into
 * arrays that are kept where they need not be handed out.
 */
import type { LinkContext } from "../../actors/link.ts";
import { heldBy, type Held } from "../../actors/series.ts";
import { roomBetween } from "../../actors/results.ts";
import type { Cell, World } from "../../actors/world.ts";
import { finish } from "../../core/digest.ts";
import type { Frame, RunOutline } from "../../core/exploration.ts";
import type { Packet } from "../../core/packet.ts";
import { MILLISECOND, type Nanos, transmissionTime } from "../../core/units.ts";
import type { PathBook } from "./paths.ts";
import type { Steppable } from "./source.ts";

/** Packets that fill a queue without bounds in the picture. */
const FULL_WITHOUT_BOUND = 100;
const WINDOW: Nanos = 100 * MILLISECOND;
/** Readings kept of the window, so that its length is right to a tenth. */
const STEP: Nanos = 10 * MILLISECOND;
const READINGS = 12;

/** Where loads come from when the cursor has jumped: direction and time to the share of a longer stretch around it. */
export type LoadAt = (direction: number, time: Nanos) => number;

/** Makes frames of a world that is moved on between them. One is for one cursor, whose world may be another after each seek. */
export class FrameMaker {
  readonly #outline: RunOutline;
  readonly #book: PathBook;
  readonly #loadAt: LoadAt;
  readonly #sent: SentBits;
  readonly #sample: PacketSample;
  #world: World | null = null;
  #links: readonly (Cell | null)[] = [];
  #nodes: readonly (Cell | null)[] = [];

  constructor(outline: RunOutline, book: PathBook, loadAt: LoadAt) {
    this.#outline = outline;
    this.#book = book;
    this.#loadAt = loadAt;
    this.#sent = new SentBits(outline.directions.length);
    this.#sample = new PacketSample(outline.flows.length);
  }

  /** @param packets most packets to draw; 0: none is looked at, and `underWay` is 0. */
  frame(steppable: Steppable, { packets, playing }: { readonly packets: number; readonly playing: boolean }): Frame {
    const { world, now, events } = steppable;
    if (world !== this.#world) this.#meet(world);
    const size = this.#outline.directions.length;
    const load = new Float32Array(size);
    const queue = new Float32Array(size);
    const link = new Uint8Array(size);
    this.#sent.begin(now);
    let waitAtStart = 0;
    for (let direction = 0; direction < size; direction++) {
      const cell = this.#links[direction];
      if (cell === null || cell === undefined) continue;
      const context = cell.state.context as LinkContext;
      const held = heldBy(context, now);
      queue[direction] = fill(context, held);
      if (context.paced === null && !context.model.plain) waitAtStart += held.waitingPackets;
      link[direction] = cell.state.value === "down" ? 1 : context.model.passage.impairments.length > 0 ? 2 : 0;
      const share = this.#sent.share(direction, context, held.backlog);
      load[direction] = share ?? this.#loadAt(direction, now);
    }
    const sample = this.#sample;
    if (packets > 0) sample.take(steppable, packets);
    else sample.clear();
    const paths = sample.packets.map(({ path }) => this.#book.numberOf(world, path));
    return {
      now,
      event: events,
      playing,
      load,
      queue,
      link,
      node: Uint8Array.from(this.#nodes, (cell) => (cell?.state.value === "failed" ? 1 : 0)),
      underWay: Math.max(0, sample.underWay - waitAtStart),
      packetDirection: sample.direction.slice(0, sample.count),
      packetPlace: sample.place.slice(0, sample.count),
      packetFlow: sample.flow.slice(0, sample.count),
      packetPath: Int32Array.from(paths),
      paths: [...this.#book.names],
    };
  }

  #meet(world: World): void {
    const cellOf = (id: string): Cell | null => world.cells[world.indexOf(id) ?? -1] ?? null;
    this.#world = world;
    this.#links = this.#outline.directions.map(cellOf);
    this.#nodes = this.#outline.ases.map(({ ia }) => cellOf(`node/${ia}`));
    this.#sample.meet(this.#links);
    this.#sent.forget();
  }
}

/** How full a queue is, 0 to 1. */
function fill({ model, paced }: LinkContext, { waitingPackets, waitingBytes }: Held): number {
  if (waitingPackets === 0) return 0;
  const { limitPackets, limitBytes } = paced === null ? model : paced.queue;
  const bands = paced === null ? 1 : paced.queue.bands.length;
  if (limitPackets === 0 && limitBytes === 0) return Math.min(1, waitingPackets / FULL_WITHOUT_BOUND);
  const byPackets = limitPackets === 0 ? 0 : waitingPackets / (limitPackets * bands);
  const byBytes = limitBytes === 0 ? 0 : waitingBytes / (limitBytes * bands);
  return Math.min(1, Math.max(byPackets, byBytes));
}

/** What each line had sent at a few instants of the last 100 ms, as far as the cursor has come forward through them. */
class SentBits {
  readonly #size: number;
  readonly #bits: Float64Array;
  readonly #times = new Float64Array(READINGS);
  /** Newest reading, and how many there are. */
  #newest = 0;
  #count = 0;
  #now: Nanos = 0;
  /** Reading that the window begins with, -1: none reaches back far enough; and the one to write to, -1: none. */
  #begin = -1;
  #write = -1;

  constructor(size: number) {
    this.#size = size;
    this.#bits = new Float64Array(READINGS * size);
  }

  forget(): void {
    this.#count = 0;
  }

  begin(now: Nanos): void {
    if (this.#count > 0 && (now < this.#now || now - this.#now > WINDOW)) this.#count = 0;
    this.#now = now;
    this.#begin = -1;
    for (let back = 0; back < this.#count && this.#begin < 0; back++) {
      const at = (this.#newest - back + READINGS) % READINGS;
      if (now - (this.#times[at] as number) >= Math.min(now, WINDOW)) this.#begin = at;
    }
    this.#write = -1;
    if (this.#count > 0 && now - (this.#times[this.#newest] as number) < STEP) return;
    this.#newest = (this.#newest + 1) % READINGS;
    this.#count = Math.min(READINGS, this.#count + 1);
    this.#times[this.#newest] = now;
    this.#write = this.#newest;
  }

  /** Share of the window in which the line was sending; null: not known. To be asked for each direction once. */
  share(direction: number, { bytes, direction: model }: LinkContext, backlog: number): number | null {
    const sent = bytes * 8 - backlog;
    const before = this.#begin < 0 ? 0 : (this.#bits[this.#begin * this.#size + direction] as number);
    const since = this.#begin < 0 ? 0 : (this.#times[this.#begin] as number);
    if (this.#write >= 0) this.#bits[this.#write * this.#size + direction] = sent;
    if (this.#begin < 0 && this.#now > WINDOW) return null;
    const room = roomBetween(model, since, this.#now);
    return room <= 0 ? 0 : Math.max(0, Math.min(1, (sent - before) / room));
  }
}

/**
 * Packets on lines, and a part of them that stays the same from frame to frame: those whose hash has its lowest bits zero. How many bits
 * changes only where it must, so that few come and go.
 */
class PacketSample {
  readonly #flows: number;
  /** By the sender's index in the world: the direction of a link, -1: none. */
  #directionOf = new Int32Array(0);
  #most = 0;
  #bits = 0;
  #hashes = new Int32Array(0);
  underWay = 0;
  count = 0;
  packets: Packet[] = [];
  direction = new Int32Array(0);
  place = new Float32Array(0);
  flow = new Int32Array(0);
  #now: Nanos = 0;
  #links: readonly (Cell | null)[] = [];

  constructor(flows: number) {
    this.#flows = flows;
  }

  meet(links: readonly (Cell | null)[]): void {
    this.#links = links;
    const most = links.reduce((last, cell) => Math.max(last, cell?.self ?? -1), -1);
    this.#directionOf = new Int32Array(most + 1).fill(-1);
    links.forEach((cell, direction) => {
      if (cell !== null) this.#directionOf[cell.self] = direction;
    });
  }

  clear(): void {
    this.underWay = 0;
    this.count = 0;
    this.packets = [];
  }

  take(steppable: Steppable, most: number): void {
    if (this.#most !== most) this.#resize(most);
    this.#read(steppable);
    // Half of them would be more than fit, too: a sample that is far too small is drawn again with fewer bits.
    while (this.#bits > 0 && this.count * 3 < most && this.underWay > this.count) {
      this.#bits--;
      this.#read(steppable);
    }
  }

  #read(steppable: Steppable): void {
    this.clear();
    this.#now = steppable.now;
    if (steppable.visitPackets !== undefined) {
      steppable.visitPackets(this.#visit);
      return;
    }
    for (const { time, order, sender, ifId, thing } of steppable.pending()) {
      if (ifId >= 0) this.#visit(time, order, sender, thing as Packet);
    }
  }

  readonly #visit = (time: Nanos, order: number, sender: number, packet: Packet): void => {
    const direction = this.#directionOf[sender] ?? -1;
    if (direction < 0) return;
    const place = placeOf(this.#links[direction]?.state.context as LinkContext, time - this.#now, packet.wireLength);
    if (place < 0) return;
    this.underWay++;
    const hash = packet.flow < 0 ? finish(order | 0) : finish(Math.imul(packet.flow + 1, 0x9e37_79b1) ^ packet.number);
    if (!this.#isIn(hash)) return;
    if (this.count === this.#most) this.#halve();
    if (this.count === this.#most || !this.#isIn(hash)) return;
    const at = this.count++;
    this.#hashes[at] = hash;
    this.packets.push(packet);
    this.direction[at] = direction;
    this.place[at] = place;
    // Numbers from `flows` on are those of replies; beyond them come probes, which belong to no flow.
    const { flow } = packet;
    this.flow[at] = flow < this.#flows ? flow : flow < 2 * this.#flows ? flow - this.#flows : -1;
  };

  #isIn(hash: number): boolean {
    return (hash & ((1 << this.#bits) - 1)) === 0;
  }

  /** One more bit: about half of what is there leaves. */
  #halve(): void {
    if (this.#bits >= 30) return;
    this.#bits++;
    let kept = 0;
    for (let at = 0; at < this.count; at++) {
      if (!this.#isIn(this.#hashes[at] as number)) continue;
      this.#hashes[kept] = this.#hashes[at] as number;
      this.packets[kept] = this.packets[at] as Packet;
      this.direction[kept] = this.direction[at] as number;
      this.place[kept] = this.place[at] as number;
      this.flow[kept] = this.flow[at] as number;
      kept++;
    }
    this.count = kept;
    this.packets.length = kept;
  }

  #resize(most: number): void {
    this.#most = most;
    this.#bits = 0;
    this.#hashes = new Int32Array(most);
    this.direction = new Int32Array(most);
    this.place = new Float32Array(most);
    this.flow = new Int32Array(most);
  }
}

/**
 * Place of a packet on its line from 0 (its transmission begins) to 1 (it arrives `left` later); below 0: it waits in the queue. Where its
 * delay is drawn, only its arrival is known: it then stands at the beginning until it has the line's latency before it.
 */
function placeOf({ model, paced }: LinkContext, left: Nanos, size: number): number {
  const transmission = paced === null ? transmissionTime(size, model.rate) : 0;
  const span = model.latency + transmission;
  if (left <= span) return span === 0 ? 1 : 1 - left / span;
  return paced === null && model.plain ? -1 : 0;
}
