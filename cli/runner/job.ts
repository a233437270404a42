/** One simulation as data: what a worker is given, what it says while it runs and what it gives back. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { IA } from "../../core/address.ts";
import type { RecordHeader } from "../../actors/record.ts";
import type { Shaping } from "../../actors/assemble/network.ts";
import type { RunResult } from "../../actors/results.ts";
import type { RunMeasures } from "../../core/comparison.ts";
import type { RecordSpec, Scenario } from "../../core/scenario.ts";
import type { WorldSide } from "../../sim/experiment/parity.ts";
import type { UnderlayCounters } from "../../live/driver.ts";
import type { GatewayCounters } from "../../live/gateways.ts";
import type { CrossingFigures, LatenessFigures } from "../../live/lateness.ts";
import type { KernelCounts } from "../../live/netns/namespaces.ts";
import type { KernelAbilities } from "../../live/netns/shaping.ts";
import type { Shape } from "../../actors/assemble/shape.ts";
import type { PiecesOptions } from "../../live/pieces/join.ts";
import type { UnderlayPlan } from "../../live/underlay/plan.ts";
import { workerHash } from "../build-info.ts";
import type { PieceFigures } from "./piece-summary.ts";

/** A path policy in a file of the user's; the worker loads it. */
export interface PolicyFile {
  /** The policy's own name. */
  readonly name: string;
  /** As it was given, relative to where the command runs. */
  readonly file: string;
}

export type RecordHeaderFields = Omit<RecordHeader, "pathloom" | "version" | "place">;

/** Where a run leaves its files. */
export interface RunFiles {
  readonly folder: string;
  readonly header: RecordHeaderFields;
  /** The record of every delivery, for replay. */
  readonly everyDelivery: boolean;
  /** Series and samples. */
  readonly level: RecordSpec;
  /** Bytes of the whole record of deliveries; left out: as by default (record-files.ts). */
  readonly limit?: number;
}

/** `lines`: as text to whoever started the run; `file`: NDJSON into the run's folder. */
export type TraceTarget = "none" | "lines" | "file";

export interface SimulationJob {
  readonly scenario: Scenario;
  /** What a user types to repeat the run. */
  readonly repeat: string;
  readonly policies: readonly PolicyFile[];
  readonly files: RunFiles | null;
  readonly trace: TraceTarget;
  /** Encode and decode every packet at every hop; default: no. */
  readonly wire?: boolean;
  /** Watch for what a comparison of worlds needs. Not together with `trace` or `files`. */
  readonly watch?: boolean;
  /** Groups of flows by id, each to be measured for a comparison. Not together with `files`. */
  readonly measure?: readonly (readonly string[])[];
}

export interface SimulationReport {
  readonly digest: string;
  readonly simulated_s: number;
  /** Of the event loop alone. */
  readonly wall_s: number;
  readonly events: number;
  /** Packets over links, each link counted. */
  readonly packet_hops: number;
  readonly result: RunResult;
  /** Of each group that was to be measured. */
  readonly measures?: readonly RunMeasures[];
  /** Of a run that was watched. */
  readonly watched?: Omit<WorldSide, "result">;
  /** Entries of the record that came after its limit; left out: none. */
  readonly unrecorded?: number;
  /** Why a live run's record ended early; the run went on. Left out: it did not. */
  readonly recordFailure?: string;
  /** Of live runs only. */
  readonly live?: LiveFigures;
}

/** How a live run fared in the world. */
export interface LiveFigures {
  readonly lateness_us: LatenessFigures;
  /** How long after its instant a packet of a link got to the next router, with all that the system takes; left out: nothing crossed here. */
  readonly crossing_us?: CrossingFigures;
  /** Of all sockets together. */
  readonly underlay: UnderlayCounters;
  /** Of each socket by its interface, `IA#ifId`, 0 the internal one. */
  readonly sockets: Readonly<Record<string, UnderlayCounters>>;
  /** Where the kernel shapes links: what went through its queues, by interface. Its drops are in no flow's figures. */
  readonly kernel?: Readonly<Record<string, KernelCounts>>;
  /** Where other processes ran the rest. */
  readonly pieces?: PieceFigures;
  /** What gateways did outside, by flow; left out: there are none. */
  readonly gateways?: Readonly<Record<string, GatewayCounters>>;
}

/** What a live run needs beside its job. */
export interface LiveJob {
  /** First assigned port on each address; 0: any that is free. */
  readonly port: number;
  /** Are the addresses that the scenario gives used? */
  readonly addresses: "scenario" | "assigned";
  readonly shape: Shape;
  /** What keys of ASes follow from that have none of their own; null: the seed. */
  readonly secret: string | null;
  /** Are MACs written down, so that the run can be replayed without the secret? */
  readonly logsMacs: boolean;
  /** ASes that run in this process; left out: all but the foreign ones. */
  readonly here?: readonly IA[];
  /** ASes that other software runs. */
  readonly foreign?: readonly IA[];
  /** Where sockets are; left out: planned from the scenario. */
  readonly underlay?: UnderlayPlan;
  /** What the kernel has to shape links with; left out: nothing is asked of it. */
  readonly kernel?: KernelAbilities;
  /** What is left to link actors by interface, `IA#ifId`; left out: for all of them as `shape` says. */
  readonly shaping?: Readonly<Record<string, Shaping>>;
  /** Given where the run is in pieces: what they must have in common, and whether one-way delays between machines are told. */
  readonly pieces?: Pick<PiecesOptions, "scenario" | "pathloom" | "build"> & { readonly clocksSynchronised: boolean };
}

/** `input`: the user's policy or folder; `run`: the run stopped. */
export interface SimulationFailure {
  readonly kind: "input" | "run";
  readonly message: string;
  readonly stack?: string;
}

export type WorkerMessage =
  | { readonly kind: "running"; readonly actors: readonly string[] }
  | { readonly kind: "progress"; readonly now: number; readonly events: number }
  | { readonly kind: "trace"; readonly text: string }
  /** Something for people to know while the run goes on. */
  | { readonly kind: "news"; readonly text: string }
  /** The event loop has ended: from here on nothing of the user's runs. */
  | { readonly kind: "finished" }
  | { readonly kind: "done"; readonly report: SimulationReport }
  | { readonly kind: "failed"; readonly failure: SimulationFailure };

/** Words of the memory that a worker shares with its watchdog: the world's beat, then the trace texts taken so far. */
export const Beat = { actor: 0, events: 1, traceTaken: 2, words: 3 } as const;

export interface WorkerInput {
  readonly job: SimulationJob;
  readonly beat: Int32Array;
  /** null: a simulation. Any message to the worker of a live run ends it early. */
  readonly live: LiveJob | null;
}

/** The worker's module: beside this one, in the sources as in the bundle. */
export function workerEntry(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith(".ts") ? "./worker.ts" : "./worker.js", here);
}

/**
 * The bundled worker, which starts in a tenth of a second and not in one: from a checkout too, where it was built from these very sources.
 * null where there is none that can be trusted.
 */
export function bundledWorker(): URL | null {
  if (!import.meta.url.endsWith(".ts")) return workerEntry();
  const root = join(import.meta.dirname, "../..");
  const mark = join(root, "dist/worker.hash");
  if (!existsSync(mark) || readFileSync(mark, "utf8") !== workerHash(root)) return null;
  return pathToFileURL(join(root, "dist/worker.js"));
}
