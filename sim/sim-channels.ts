/** A simulated network as a world for programs over channels: its connectors, its time, cryptography in JavaScript, chance from a seed. */
import type { ChannelWorld } from "../actors/channel/program-host.ts";
import { type Primitives, PURE_PRIMITIVES } from "../core/channel/crypto/primitives.ts";
import type { Connector, Outcome } from "../core/connector.ts";
import { Scheduler, type SchedulerClock } from "../core/scheduler.ts";
import type { Nanos } from "../core/units.ts";
import { simClock, type SimNetwork } from "./sim-connectors.ts";

/** What one step of virtual time did: called a program back, something else, or nothing since nothing is left to happen. */
export type StepWord = "program" | "network" | "over";

export class SimChannels implements ChannelWorld {
  readonly network: SimNetwork;
  readonly scheduler: Scheduler;
  readonly primitives: Primitives = PURE_PRIMITIVES;
  readonly seed: number | string;
  #calls = 0;

  constructor(network: SimNetwork, seed: number | string = network.simulation.assembly.seed) {
    this.network = network;
    this.seed = seed;
    this.scheduler = new Scheduler(this.#counting(simClock(network.simulation)));
    this.scheduler.attach();
  }

  open(url: string): Outcome<Connector> {
    return this.network.open(url);
  }

  /** One event of the network. */
  step(until: Nanos): StepWord {
    const before = this.#calls;
    if (!this.network.simulation.step(until)) return "over";
    return this.#calls === before ? "network" : "program";
  }

  #counting(clock: SchedulerClock): SchedulerClock {
    return {
      now: () => clock.now(),
      stop: () => clock.stop(),
      wake: (due, callback) => {
        clock.wake(due, () => {
          this.#calls++;
          callback();
        });
      },
    };
  }
}
