/** How a run in namespaces speaks with its processes, one for each AS. */
import type { FlowSample } from "../../actors/samples.ts";
import type { Histogram } from "../../core/histogram.ts";
import type { WorldPart } from "../../live/netns/gathered-world.ts";
import type { LiveJob, SimulationJob, WorkerMessage } from "./job.ts";

/** What the worker's module is started with as such a process. */
export const NETNS_CHILD = "netns";

export type ToNetnsChild =
  /** `namespace`: the one it is in, which goes with it if the parent dies. */
  | {
      readonly kind: "begin";
      readonly job: SimulationJob;
      readonly live: LiveJob;
      readonly place: number;
      readonly namespace: string;
    }
  /** All sockets are open everywhere: time 0 of the run, by `process.hrtime`. */
  | { readonly kind: "epoch"; readonly at: bigint }
  /** End early. */
  | { readonly kind: "stop" };

export type FromNetnsChild =
  | WorkerMessage
  /** Said now and then while its event loop goes round. */
  | { readonly kind: "alive" }
  | { readonly kind: "open" }
  /** Before `done`. */
  | { readonly kind: "part"; readonly end: PartEnd };

/** What one process came to. */
export interface PartEnd {
  readonly world: WorldPart;
  readonly lateness: Histogram;
  /** Of flows that are counted there; empty where none are kept. */
  readonly samples: readonly FlowSample[];
}
