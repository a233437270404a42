/**
 * Delays of single packets, a uniform sample of each flow: those whose keyed draw is least. Such a sample needs no stream, so that
 * the run is the same with and without it, and it does not depend on the order in which packets arrive.
 */
import { drawKey, keyedUniform } from "../core/digest.ts";
import { Heap } from "../core/heap.ts";
import type { Packet } from "../core/packet.ts";
import type { Scenario } from "../core/scenario.ts";
import type { Nanos } from "../core/units.ts";
import { tallyId } from "./results.ts";
import type { PacketHandler } from "./with-packet-handler.ts";
import type { Cell, World } from "./world.ts";

/** Packets of one flow that can be kept. */
export const MAX_SAMPLES = 1_000_000;

export interface DelaySample {
  readonly number: number;
  readonly sent: Nanos;
  /** One way; for pings the round trip. */
  readonly delay: Nanos;
}

/** Listens where each flow is counted; made once the world's actors are, before it runs. */
export class DelaySampler {
  readonly #flows: readonly { readonly id: string; readonly kept: Reservoir }[];

  constructor(world: World, scenario: Scenario, perFlow: number) {
    this.#flows = scenario.flows.map((flow, number) => {
      const kept = new Reservoir(perFlow);
      const key = drawKey(scenario.seed, `app/${flow.id}`, "samples");
      const cell = world.cells[world.indexOf(tallyId(flow)) as number] as Cell;
      listen(cell, (packet) => {
        if (packet.flow !== number || world.now < scenario.warmup_ns) return;
        kept.offer(keyedUniform(key, number, packet.number), packet.number, packet.sentAt, world.now - packet.sentAt);
      });
      return { id: flow.id, kept };
    });
  }

  /** By id of the flow; in order of packet number. */
  samples(): { readonly flow: string; readonly samples: readonly DelaySample[] }[] {
    return this.#flows.map(({ id, kept }) => ({ flow: id, samples: kept.all() }));
  }
}

/** Packets go past the listener on their way to the actor. */
function listen(cell: Cell, heard: (packet: Packet) => void): void {
  const onPacket: PacketHandler<unknown> | null = cell.onPacket;
  if (onPacket === null) return;
  cell.onPacket = (state, packet, ifId, env) => {
    heard(packet);
    return onPacket(state, packet, ifId, env);
  };
}

/** Words of an offer: its key, then what it is. */
const WORDS = 4;

/** The offers with the least keys. */
class Reservoir {
  readonly #size: number;
  #offers = new Float64Array(WORDS * 64);
  #kept = 0;
  /** By slot, the greatest key first; made when the first offer has to go. */
  #order: Heap | null = null;

  constructor(size: number) {
    this.#size = size;
  }

  offer(key: number, number: number, sent: Nanos, delay: Nanos): void {
    if (this.#kept < this.#size) {
      this.#put(this.#kept++, key, number, sent, delay);
      return;
    }
    this.#order ??= this.#ordered();
    if (-key <= this.#order.topTime) return;
    const slot = this.#order.topItem;
    this.#put(slot, key, number, sent, delay);
    this.#order.replaceTop(-key, slot, slot);
  }

  all(): DelaySample[] {
    const offers = Array.from({ length: this.#kept }, (_, slot): DelaySample => {
      const word = (n: number): number => this.#offers[WORDS * slot + n] as number;
      return { number: word(1), sent: word(2), delay: word(3) };
    });
    return offers.sort((left, right) => left.number - right.number || left.delay - right.delay);
  }

  #put(slot: number, key: number, number: number, sent: Nanos, delay: Nanos): void {
    const at = WORDS * slot;
    if (at === this.#offers.length) this.#grow();
    const offers = this.#offers;
    offers[at] = key;
    offers[at + 1] = number;
    offers[at + 2] = sent;
    offers[at + 3] = delay;
  }

  #grow(): void {
    const offers = new Float64Array(2 * this.#offers.length);
    offers.set(this.#offers);
    this.#offers = offers;
  }

  #ordered(): Heap {
    const heap = new Heap();
    for (let slot = 0; slot < this.#kept; slot++) heap.push(-(this.#offers[WORDS * slot] as number), slot, slot);
    return heap;
  }
}
