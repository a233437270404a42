/**
 * What processes that each ran some places of a network came to, put together again: a world that does not run, with every actor as
 * it was at the end. Whatever reads a world's results reads this one the same way.
 */
import type { ActorSpec, Assembly } from "../../actors/assembly.ts";
import { type Cell, type Ledger, World } from "../../actors/world.ts";
import type { StreamState } from "../../core/rng.ts";
import type { Nanos } from "../../core/units.ts";

/** One process's part at its end. Plain data: it crosses processes by structured clone. */
export interface WorldPart {
  readonly now: Nanos;
  readonly events: number;
  readonly actors: readonly ActorPart[];
  readonly ledger: Ledger;
}

interface ActorPart {
  readonly index: number;
  readonly spec: ActorSpec;
  readonly value: unknown;
  readonly context: unknown;
  readonly stopped: boolean;
  /** Its two words of the digest. */
  readonly words: readonly [number, number];
  readonly streams: readonly (readonly [purpose: string, state: StreamState])[];
}

export function partOf(world: World): WorldPart {
  const actors = world.allCells().map((cell): ActorPart => {
    const { words } = world.digests;
    return {
      index: cell.self,
      // Inputs may be large, and nobody asks for them afterwards.
      spec: { ...cell.spec, input: null },
      value: cell.state.value,
      context: cell.state.context,
      stopped: cell.actor === null,
      words: [words[2 * cell.self] as number, words[2 * cell.self + 1] as number],
      streams: [...(cell.streams ?? [])].map(([purpose, stream]) => [purpose, stream.state()] as const),
    };
  });
  return { now: world.now, events: world.events, actors, ledger: world.ledger };
}

export class GatheredWorld extends World {
  /** The parts of one run; places that are in none are as they began. */
  constructor(assembly: Assembly, parts: readonly WorldPart[]) {
    super(assembly, {});
    const actors = parts.flatMap((part) => part.actors).sort((left, right) => left.index - right.index);
    for (const { index, spec, value, context, stopped, words, streams } of actors) {
      this.restoreActor(index, spec, { value, context, status: "active" }, streams);
      // What it did last counts, though it does nothing any more.
      if (stopped) this.stopActor(index);
      [this.digests.words[2 * index], this.digests.words[2 * index + 1]] = words;
    }
    for (const { now, events, ledger } of parts) {
      this.now = Math.max(this.now, now);
      this.events += events;
      addAll(this.ledger.byReason, ledger.byReason);
      addAll(this.ledger.byFlow, ledger.byFlow);
      addAll(this.ledger.duplicated, ledger.duplicated);
    }
  }

  override scheduleControl(from: Cell): never {
    return over(from);
  }

  override cancelControl(): void {}

  override schedulePacket(from: Cell): never {
    return over(from);
  }

  override recallPackets(): [] {
    return [];
  }
}

function over(from: Cell): never {
  throw new Error(`${from.id} sends something, though its run is over`);
}

function addAll<K>(into: Map<K, number>, counts: ReadonlyMap<K, number>): void {
  for (const [key, count] of counts) into.set(key, (into.get(key) ?? 0) + count);
}
