/** A simulation as a source of exploration: it begins from an assembly, and continues from checkpoints. */
import { assemble, type AssembleOptions } from "../../actors/assemble.ts";
import type { Assembly } from "../../actors/assembly.ts";
import type { ActorIndex, ControlEvent } from "../../core/env.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { type Checkpoint, checkpoint, restore } from "../checkpoint.ts";
import { Simulation, type SimulationOptions } from "../simulation.ts";
import type { PendingEvent, Saved, Steppable, WatchOptions, WorldSource } from "./source.ts";

/** The world of a scenario, as `pathloom run` would make it. */
export function scenarioSource(scenario: Scenario, options: AssembleOptions): WorldSource {
  return simSource(assemble(scenario, options), scenario.duration_ns);
}

export function simSource(assembly: Assembly, duration: Nanos): WorldSource {
  return {
    kind: "sim",
    duration,
    begin: (options = {}) => new SimSteppable(Simulation.create(assembly, optionsOf(options))),
    restore: ({ state }, options = {}) => new SimSteppable(restore(assembly, state as Checkpoint, optionsOf(options))),
  };
}

function optionsOf({ trace, observe }: WatchOptions): SimulationOptions {
  return { trace: trace ?? null, ...(observe === undefined ? {} : { observe }) };
}

class SimSteppable implements Steppable {
  readonly world: Simulation;

  constructor(world: Simulation) {
    this.world = world;
  }

  get events(): number {
    return this.world.events;
  }

  get now(): Nanos {
    return this.world.now;
  }

  nextAt(): Nanos {
    return this.world.queue.nextAt();
  }

  step(until?: Nanos): boolean {
    return this.world.step(until);
  }

  runTo(events: number, until: Nanos): void {
    this.world.runTo(events, until);
  }

  settle(until: Nanos): void {
    if (until <= this.world.now) return;
    this.world.now = until;
    this.world.queue.clock = until;
  }

  pending(): readonly PendingEvent[] {
    return this.world.queue.pending();
  }

  visitPackets(visit: Parameters<NonNullable<Steppable["visitPackets"]>>[0]): void {
    this.world.queue.visitPackets(visit);
  }

  save(): Saved {
    const state = checkpoint(this.world);
    return { events: state.events, now: state.now, bytes: state.bytes, state };
  }

  inject(target: ActorIndex, event: ControlEvent): void {
    this.world.inject(target, event, this.world.now);
  }
}
