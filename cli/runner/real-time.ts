/** One live run in this process, from scenario to report. */
import * as Effect from "effect/Effect";
import { assemble } from "../../actors/assemble.ts";
import { Recorder } from "../../actors/record.ts";
import { results } from "../../actors/results.ts";
import { quantile } from "../../core/histogram.ts";
import { SECOND } from "../../core/units.ts";
import type { LiveWorld } from "../../live/driver.ts";
import { runLive } from "../../live/run.ts";
import { InputError, RunError } from "../errors.ts";
import { textOf } from "./failure-text.ts";
import type { SimulationReport } from "./job.ts";
import { RecordFiles } from "./line-files.ts";
import type { LoadedScenario } from "./load.ts";
import { type Manifest, recordHeader } from "./manifest.ts";
import { loadPolicies } from "./policies.ts";
import { errorOf } from "./pool.ts";
import { failureOf } from "./simulate.ts";

export interface RealTimeOptions {
  readonly loaded: LoadedScenario;
  readonly repeat: string;
  readonly manifest: Manifest;
  /** Where the record goes; null: nowhere. */
  readonly folder: string | null;
  /** 0: any that is free. */
  readonly port: number;
  readonly signal: AbortSignal;
}

/** Runs for the scenario's duration, or until the signal is raised. */
export const runRealTime = Effect.fnUntraced(function* ({
  loaded,
  repeat,
  manifest,
  folder,
  port,
  signal,
}: RealTimeOptions) {
  const { scenario } = loaded;
  const policies = yield* Effect.tryPromise({
    try: () => loadPolicies(loaded.policies),
    catch: (cause) => new InputError(textOf(cause)),
  });
  const assembly = assemble(scenario, { repeat, policies });
  const record = folder === null ? null : yield* writing(() => new RecordFiles(folder, assembly.places.length));
  const header = recordHeader(manifest);
  const observing = record === null ? {} : { observe: (world: LiveWorld) => new Recorder(world, header, record.write) };
  const started = performance.now();
  const world: LiveWorld = yield* runLive(assembly, {
    duration: scenario.duration_ns,
    port,
    signal,
    ...observing,
  }).pipe(
    Effect.mapError((error) =>
      error._tag === "LiveFailure" ? errorOf(failureOf(error.cause)) : new RunError(textOf(error)),
    ),
  );
  const wall_s = (performance.now() - started) / 1_000;
  if (record !== null) yield* writing(() => record.flush());
  const result = results(world, scenario);
  const report: SimulationReport = {
    digest: world.digest(),
    simulated_s: world.now / SECOND,
    wall_s,
    events: world.events,
    packet_hops: result.links.reduce((sum, { packets }) => sum + packets, 0),
    result,
  };
  return { world, report };
});

function writing<A>(write: () => A): Effect.Effect<A, RunError> {
  return Effect.try({ try: write, catch: (cause) => new RunError(textOf(cause)) });
}

/** How late events were. */
export function latenessOf({ lateness }: LiveWorld): { p50: number | null; p99: number | null; max: number | null } {
  const us = (ns: number | null): number | null => (ns === null ? null : ns / 1_000);
  return {
    p50: us(quantile(lateness, 0.5)),
    p99: us(quantile(lateness, 0.99)),
    max: us(lateness.count === 0 ? null : lateness.max),
  };
}
