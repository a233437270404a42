/**
 * Checks that run with every simulation: packets are conserved, queues keep their bounds, time does not go back, no packet
 * meets a router twice. What they find is a bug, so it stops the run.
 */
import { flowCounts } from "../actors/results.ts";
import type { LinkContext } from "../actors/link.ts";
import { ActorFailure, type Cell } from "../actors/world.ts";
import type { ActorIndex } from "../core/env.ts";
import { NO_FLOW, type Packet } from "../core/packet.ts";
import { heldBy, type PacedLine } from "../core/paced-line.ts";
import { CONTROL } from "./queue.ts";
import type { Simulation } from "./simulation.ts";

export interface CheckOptions {
  /** Follow every n-th packet of a flow, and as many of those without one, a power of two, in search of loops. Default 64; tests take 1. */
  readonly followEvery?: number;
}

/** Payload bytes that tell packets of no flow from each other. */
const MARK_BYTES = 16;

/** What stands for the number that a packet of no flow lacks; of those without payload 0, so that all are followed. */
function markOf({ rest }: Packet): number {
  let mark = 0;
  if (rest !== null) for (let n = 0; n < MARK_BYTES && n < rest.length; n++) mark += rest[n] as number;
  return mark;
}

export class Checkers {
  /** Packets whose number has none of these bits are followed. */
  readonly mask: number;
  readonly #world: Simulation;
  /** Routers that each followed packet has met. */
  readonly #met = new WeakMap<Packet, ActorIndex[]>();

  constructor(world: Simulation, options: CheckOptions) {
    this.#world = world;
    this.mask = (options.followEvery ?? 64) - 1;
  }

  /** A followed packet is about to reach a router from outside. */
  meets(target: ActorIndex, packet: Packet): void {
    if (packet.flow === NO_FLOW && (markOf(packet) & this.mask) !== 0) return;
    const met = this.#met.get(packet);
    if (met === undefined) {
      this.#met.set(packet, [target]);
      return;
    }
    if (met.includes(target))
      this.#fail(
        target,
        `forwarding loop: packet ${packet.number} of flow ${packet.flow} came back after ${met.length} hops`,
      );
    met.push(target);
  }

  /** The checks that read the whole world. */
  look(): void {
    this.#conservation();
    for (const cell of this.#world.allCells()) if (cell.spec.logic === "link") this.#queueBounds(cell);
  }

  /**
   * sent + duplicated = received + dropped + under way, flow by flow, duplicates received included; what is under way is counted in the
   * event queue and in the links that hold packets.
   */
  #conservation(): void {
    const { scenario } = this.#world.assembly;
    if (scenario === null) return;
    const underWay = new Map<number, number>();
    const count = ({ flow }: Packet): void => void underWay.set(flow, (underWay.get(flow) ?? 0) + 1);
    for (const { ifId, thing, time } of this.#world.queue.pending()) {
      if (time < this.#world.now)
        throw new Error(`an event is due at ${time} ns, before the present ${this.#world.now} ns`);
      if (ifId !== CONTROL) count(thing as Packet);
    }
    for (const { spec, state } of this.#world.allCells()) {
      if (spec.logic !== "link") continue;
      const { paced } = state.context as LinkContext;
      if (paced !== null) for (const packet of heldBy(paced)) count(packet);
    }
    for (const { flow, id, sent, received, duplicates } of flowCounts(this.#world, scenario)) {
      const dropped = this.#world.ledger.byFlow.get(flow) ?? 0;
      const made = this.#world.ledger.duplicated.get(flow) ?? 0;
      const flying = underWay.get(flow) ?? 0;
      if (sent + made === received + duplicates + dropped + flying) continue;
      throw new Error(
        `packets are not conserved (flow ${id}, ${this.#world.now} ns): ${sent} sent + ${made} duplicated, but ` +
          `${received} received + ${duplicates} received again + ${dropped} dropped + ${flying} under way; ` +
          `seed ${this.#world.assembly.seed}; to repeat: ${this.#world.assembly.repeat}`,
      );
    }
  }

  /** Reads only: a check that changed what it looks at would show in the digest. */
  #queueBounds(cell: Cell): void {
    const { model, paced } = cell.state.context as LinkContext;
    if (paced !== null) {
      this.#pacedBounds(cell, paced);
      return;
    }
    const { limitPackets, limitBytes, highWater, waiting, waitingBytes } = model;
    const tooMany = limitPackets !== 0 && highWater > limitPackets;
    const tooLarge = limitBytes !== 0 && waitingBytes > limitBytes;
    if (tooMany || tooLarge || waiting < 0 || waitingBytes < waiting) {
      this.#fail(
        cell.self,
        `queue out of bounds: ${waiting} packets, ${waitingBytes} B, at most ${highWater} packets so far`,
      );
    }
  }

  #pacedBounds(cell: Cell, { end, queue, sending, since }: PacedLine): void {
    const { bands, highWater, limitBytes, limitPackets } = queue;
    for (const { packets, waiting, waitingBytes } of bands) {
      const held = packets.reduce((sum, packet) => sum + (packet?.wireLength ?? 0), 0);
      const tooMany = limitPackets !== 0 && highWater > limitPackets;
      const tooLarge = limitBytes !== 0 && waitingBytes > limitBytes;
      if (tooMany || tooLarge || waiting < 0 || waitingBytes !== held)
        this.#fail(
          cell.self,
          `queue out of bounds: ${waiting} packets, ${waitingBytes} B (${held} B held), at most ${highWater} packets so far`,
        );
    }
    if (sending !== null && end < since) this.#fail(cell.self, `a transmission begun at ${since} ns ends at ${end} ns`);
  }

  #fail(target: ActorIndex, what: string): never {
    throw new ActorFailure(this.#world, (this.#world.cells[target] as Cell).id, "a check", new Error(what));
  }
}
