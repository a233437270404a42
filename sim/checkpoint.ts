/**
 * A checkpoint: the whole of a simulation as plain data, by one deep copy (docs/architecture.md, section 4). What
 * continues from it gives the same digest as the run it was taken from.
 */
import type { ActorSpec, Assembly } from "../actors/assembly.ts";
import type { ActorState, World } from "../actors/world.ts";
import type { ActorIndex, DropReason } from "../core/env.ts";
import type { StreamState } from "../core/rng.ts";
import type { Bytes } from "../core/units.ts";
import { copyState } from "./copy-state.ts";
import type { Pending } from "./queue.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

export interface Checkpoint {
  readonly seed: number;
  readonly now: number;
  readonly events: number;
  /** A rough size of all. */
  readonly bytes: Bytes;
  readonly queue: { readonly clock: number; readonly sequence: number; readonly pending: readonly Pending[] };
  /** By actor index; holes where none is. */
  readonly actors: readonly (ActorCheckpoint | undefined)[];
  /** Those that came later and were stopped, oldest first, as far as their state is kept. */
  readonly stopped: readonly ActorIndex[];
  readonly digests: Int32Array;
  readonly dropsByReason: ReadonlyMap<DropReason, number>;
  readonly dropsByFlow: ReadonlyMap<number, number>;
  readonly duplicated: ReadonlyMap<number, number>;
}

export interface ActorCheckpoint {
  readonly spec: ActorSpec;
  /** Of an actor that was stopped, the last one, as long as the world keeps it. */
  readonly state: ActorState;
  readonly streams: readonly (readonly [purpose: string, state: StreamState])[];
}

/** Takes a checkpoint between two events. */
export function checkpoint(world: Simulation): Checkpoint {
  // One copy for everything: packets in the queue and paths in contexts stay the same objects afterwards.
  const { copy, bytes } = copyState({
    seed: world.assembly.seed,
    now: world.now,
    events: world.events,
    queue: { clock: world.queue.clock, sequence: world.queue.sequence, pending: world.queue.pending() },
    actors: actorsOf(world),
    stopped: world.stoppedActors,
    digests: world.digests.words,
    dropsByReason: world.ledger.byReason,
    dropsByFlow: world.ledger.byFlow,
    duplicated: world.ledger.duplicated,
  });
  return { ...copy, bytes };
}

/** What there is of every actor; to be cloned before the world goes on. */
export function actorsOf(world: World): (ActorCheckpoint | undefined)[] {
  return world.cells.map((cell): ActorCheckpoint => {
    const { value, context } = cell.state;
    const state = { value, context, status: cell.actor === null ? "stopped" : "active" };
    const streams = [...(cell.streams ?? [])].map(([purpose, stream]): [string, StreamState] => [
      purpose,
      stream.state(),
    ]);
    return { spec: { ...cell.spec, input: null }, state, streams };
  });
}

/** A simulation that continues from a checkpoint of the same assembly; the checkpoint can be used again. */
export function restore(assembly: Assembly, from: Checkpoint, options: SimulationOptions = {}): Simulation {
  if (assembly.seed !== from.seed)
    throw new Error(`the checkpoint is of seed ${from.seed}, the assembly of seed ${assembly.seed}`);
  const state = copyState(from).copy;
  const world = new Simulation(assembly, options);
  world.resume(state);
  return world;
}
