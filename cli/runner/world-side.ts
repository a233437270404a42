/** What a run is watched for when its world is to be compared with the other: every step of every actor, and a sample of delays. */
import { createLogicLog, logicSink } from "../../actors/logic-log.ts";
import { machineHashes } from "../../actors/machine-hashes.ts";
import { Sampler } from "../../actors/samples.ts";
import type { World } from "../../actors/world.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { TraceSink } from "../../core/trace.ts";
import type { WorldSide } from "../../sim/experiment/parity.ts";

/** Packets of each flow whose delays are compared. */
const SAMPLES = 4_000;

export class WorldWatch {
  readonly #log = createLogicLog();
  readonly trace: TraceSink = logicSink(this.#log);
  readonly #scenario: Scenario;
  #sampler: Sampler | null = null;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** Once the world's actors are made, before they run. */
  attach(world: World): void {
    this.#sampler = new Sampler(world, this.#scenario, SAMPLES);
  }

  end(world: World): Omit<WorldSide, "result"> {
    const samples = this.#sampler?.samples() ?? [];
    return { samples, log: this.#log, machines: machineHashes(world.assembly), end: world.now };
  }
}
