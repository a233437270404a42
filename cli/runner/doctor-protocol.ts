/**
 * How the doctor speaks with its two runs. Both go ahead window by window and wait for each other, so that the very runs
 * that part are looked at, and memory does not grow with their length.
 */
import type { Scenario } from "../../core/scenario.ts";
import type { PolicyFile, SimulationFailure } from "./job.ts";

/** Events that both runs take before they are compared. */
export const WINDOW = 65_536;

export interface DoctorJob {
  readonly scenario: Scenario;
  readonly repeat: string;
  readonly policies: readonly PolicyFile[];
}

export type ToChild =
  | { readonly kind: "begin"; readonly job: DoctorJob }
  /** Take the next window. */
  | { readonly kind: "next" }
  /** Tell about event `at` of the window. */
  | { readonly kind: "describe"; readonly at: number }
  /** Run to the end; nothing is compared any more. */
  | { readonly kind: "finish" };

export type FromChild =
  | { readonly kind: "ready" }
  | {
      readonly kind: "window";
      /** Two words an event: a hash over it and all before it. */
      readonly hashes: Int32Array;
      /** The run has ended with this window. */
      readonly done: boolean;
      /** What ended it early. */
      readonly failure: SimulationFailure | null;
    }
  | { readonly kind: "described"; readonly event: DescribedEvent | null }
  | { readonly kind: "end"; readonly end: DoctorEnd }
  | { readonly kind: "failed"; readonly failure: SimulationFailure };

export interface DescribedEvent {
  readonly time_ns: number;
  readonly actor: string;
  /** The event, what the actor sent, and its state. */
  readonly text: string;
}

export interface DoctorEnd {
  readonly digest: string;
  readonly events: number;
  readonly time_ns: number;
  /** Hash of each actor's final state, in order of id. */
  readonly states: readonly (readonly [id: string, hash: string])[];
}
