/** One of the doctor's two runs, in a process of its own: does what doctor.ts says, window by window. */
import { assemble } from "../../actors/assemble.ts";
import { stateHash } from "../../actors/record.ts";
import { Simulation } from "../../sim/simulation.ts";
import { type DoctorEnd, type DoctorJob, type FromChild, type ToChild, WINDOW } from "./doctor-protocol.ts";
import { EventLog } from "./event-log.ts";
import type { SimulationFailure } from "./job.ts";
import { loadPolicies } from "./policies.ts";
import { failureOf } from "./simulate.ts";

/** Listens to the parent process until it goes away. */
export function followDoctor(): void {
  const runs: FollowedRun[] = [];
  process.on("disconnect", () => process.exit(0));
  process.on("message", async (message: ToChild) => {
    try {
      if (message.kind === "begin") {
        runs.push(await FollowedRun.begin(message.job));
        tell({ kind: "ready" });
      } else runs[0]?.obey(message);
    } catch (cause) {
      tell({ kind: "failed", failure: failureOf(cause) });
    }
  });
}

function tell(message: FromChild): void {
  process.send?.(message);
}

class FollowedRun {
  readonly #duration: number;
  readonly #world: Simulation;
  readonly #log: EventLog;

  static async begin(job: DoctorJob): Promise<FollowedRun> {
    return new FollowedRun(
      job,
      assemble(job.scenario, { repeat: job.repeat, policies: await loadPolicies(job.policies) }),
    );
  }

  private constructor({ scenario }: DoctorJob, assembly: ReturnType<typeof assemble>) {
    this.#duration = scenario.duration_ns;
    const logs: EventLog[] = [];
    const observe = (world: Simulation): EventLog => {
      const log = new EventLog(world);
      logs.push(log);
      return log;
    };
    this.#world = Simulation.create(assembly, { observe });
    this.#log = logs[0] as EventLog;
  }

  obey(message: Exclude<ToChild, { kind: "begin" }>): void {
    if (message.kind === "next") this.#window();
    else if (message.kind === "describe") tell({ kind: "described", event: this.#log.describe(message.at) });
    else this.#finish();
  }

  #window(): void {
    this.#log.clear();
    const outcome = this.#take();
    tell({ kind: "window", hashes: this.#log.hashes(), ...outcome });
  }

  #take(): { done: boolean; failure: SimulationFailure | null } {
    try {
      for (let taken = 0; taken < WINDOW; taken++) {
        if (!this.#world.step(this.#duration)) return { done: true, failure: null };
        this.#log.close();
      }
      return { done: false, failure: null };
    } catch (cause) {
      this.#log.close();
      return { done: true, failure: failureOf(cause) };
    }
  }

  #finish(): void {
    while (!this.#take().done) this.#log.clear();
    const end: DoctorEnd = {
      digest: this.#world.digest(),
      events: this.#world.events,
      time_ns: this.#world.now,
      states: this.#world
        .allCells()
        .map((cell): [string, string] => [cell.id, stateHash(cell)])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    };
    tell({ kind: "end", end });
  }
}
