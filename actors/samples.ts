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
  /** Id of the flow. */
  readonly flow: string;
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

  /** In order of flow and packet number. */
  samples(): DelaySample[] {
    return this.#flows.flatMap(({ id, kept }) => kept.all().map((one) => ({ flow: id, ...one })));
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

interface Offer {
  readonly number: number;
  readonly sent: Nanos;
  readonly delay: Nanos;
}

/** The offers with the least keys. */
class Reservoir {
  readonly #size: number;
  readonly #offers: Offer[] = [];
  /** Least first, hence the keys negated: the greatest key stands at the top. */
  readonly #order = new Heap();
  #count = 0;

  constructor(size: number) {
    this.#size = size;
  }

  offer(key: number, number: number, sent: Nanos, delay: Nanos): void {
    const kept = this.#offers.length;
    this.#count++;
    if (kept < this.#size) {
      this.#offers.push({ number, sent, delay });
      this.#order.push(-key, this.#count, kept);
    } else if (-key > this.#order.topTime) {
      const slot = this.#order.topItem;
      this.#offers[slot] = { number, sent, delay };
      this.#order.replaceTop(-key, this.#count, slot);
    }
  }

  all(): Offer[] {
    return this.#offers.toSorted((left, right) => left.number - right.number || left.delay - right.delay);
  }
}
