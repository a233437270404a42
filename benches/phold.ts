/** W2 (PHOLD): 1024 actors, 16 pending events each; every event sends one to a random actor after an exponential delay. */
import { setup } from "xstate";
import type { Assembly } from "../actors/assembly.ts";
import { type Present, withPacketHandler } from "../actors/with-packet-handler.ts";
import type { ControlEvent, Env } from "../core/env.ts";
import { Simulation } from "../sim/simulation.ts";
import { type Bench, measure, peakRssMb } from "./bench.ts";

const PROCESSES = 1024;
const PENDING = 16;
const MEAN_NS = 1_000_000_000;
const EVENTS = { small: 20_000, large: 5_000_000 };

interface PholdContext {
  handled: number;
}

const JOB: ControlEvent = { type: "job" };

const pholdMachine = setup({
  types: { context: {} as PholdContext, events: {} as { type: "job" } },
}).createMachine({ id: "phold", context: { handled: 0 }, initial: "working", states: { working: {} } });

function onJob(state: Present<PholdContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  state.context.handled++;
  const random = env.random("phold");
  env.send(random.below(PROCESSES), JOB, Math.round(random.exponential(MEAN_NS)));
  return;
}

const pholdLogic = withPacketHandler(pholdMachine, () => undefined, { job: onJob });

function pholdAssembly(): Assembly {
  const actors = Array.from({ length: PROCESSES }, (_, n) => ({
    id: `phold/${n}`,
    place: 0,
    logic: "phold",
    input: null,
  }));
  const jobs = actors.flatMap((_, target) => Array.from({ length: PENDING }, () => ({ at: 0, target, event: JOB })));
  return {
    seed: 1,
    repeat: "npm run bench -- phold",
    places: ["1-1"],
    actors,
    logics: new Map([["phold", pholdLogic]]),
    resources: new Map(),
    faults: jobs,
    scenario: null,
  };
}

export const pholdBench: Bench = {
  name: "phold",
  about: "W2: 5,000,000 events among 1024 actors, 16,384 pending (small: 20,000)",
  run: (size) => {
    const world = Simulation.create(pholdAssembly());
    const { wall_s, cpu_s } = measure(() => {
      while (world.events < EVENTS[size]) world.step();
    });
    return {
      name: "phold",
      rate: world.events / wall_s,
      unit: "events/s",
      hash: world.digest(),
      wall_s,
      cpu_s,
      peak_rss_mb: peakRssMb(),
      node: process.version,
    };
  },
};
