/** A world before it runs: which actors there are, in which place, with what input. Plain data beside named code. */
import type { IA } from "../core/address.ts";
import type { ActorIndex, ControlEvent } from "../core/env.ts";
import type { TimelineEntry } from "../core/faults.ts";
import type { Scenario } from "../core/scenario.ts";
import type { PacketLogic } from "./with-packet-handler.ts";

export interface ActorSpec {
  /** Stable id: `node/1-ff00:0:110`. */
  readonly id: string;
  /** Index into `places`. */
  readonly place: number;
  /** Name of its logic in `logics`. */
  readonly logic: string;
  readonly input: unknown;
  /** A link hands all its packets to one actor, in order: the queue keeps them in a lane. */
  readonly isLink?: boolean;
}

/** A fault: delivered before everything else of its instant. */
export interface FaultEvent {
  readonly at: number;
  readonly target: ActorIndex;
  readonly event: ControlEvent;
}

export interface Assembly {
  readonly seed: number;
  /** What a user types to repeat the run; part of every failure's message. */
  readonly repeat: string;
  readonly places: readonly IA[];
  /** An actor's index is its position. */
  readonly actors: readonly ActorSpec[];
  readonly logics: ReadonlyMap<string, PacketLogic>;
  readonly resources: ReadonlyMap<string, unknown>;
  readonly faults: readonly FaultEvent[];
  /** When each of the scenario's faults begins and ends; left out by worlds built by hand. */
  readonly timeline?: readonly TimelineEntry[];
  /** What the actors were made from; null for worlds built by hand (benches). */
  readonly scenario: Scenario | null;
}
