/** What `ping` and `traceroute` share: a network to look into, two hosts, the paths between them, and a run in either world. */
import * as Effect from "effect/Effect";
import type { Assembly } from "../../actors/assembly.ts";
import type { Policy } from "../../actors/selectors/policy.ts";
import type { World } from "../../actors/world.ts";
import { parseHost } from "../../core/address.ts";
import { createForwardingKeys } from "../../core/forwarding-keys.ts";
import type { PathInfo } from "../../core/path.ts";
import { createPathFinder } from "../../core/path-finder.ts";
import type { HostSpec, Network, Scenario } from "../../core/scenario.ts";
import type { TraceSink } from "../../core/trace.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import { runLive } from "../../live/run.ts";
import { quietScenario } from "../../sim/sim-connectors.ts";
import { Simulation } from "../../sim/simulation.ts";
import { InputError, RunError } from "../errors.ts";
import { textOf } from "./failure-text.ts";
import { knownAs, loadTopology } from "./load-topology.ts";
import { loadPolicies } from "./policies.ts";

/** Host in an AS where none is named. */
const DEFAULT_HOST = "10.0.0.1";

/** A network with two of its hosts and the paths from one to the other. */
export interface Probed {
  readonly scenario: Scenario;
  readonly policies: readonly Policy[];
  readonly src: HostSpec;
  readonly dst: HostSpec;
  readonly paths: readonly PathInfo[];
}

/** `given`: a topology, or a scenario whose flows and faults then go on beside the probe. */
export const loadProbed = Effect.fnUntraced(function* (given: string, from: string, to: string) {
  const { network, epoch_s, loaded } = yield* loadTopology(given);
  const scenario = loaded?.scenario ?? quietScenario(network, { epoch_s });
  const policies = yield* Effect.tryPromise({
    try: () => loadPolicies(loaded?.policies ?? []),
    catch: (cause) => new InputError(textOf(cause)),
  });
  const src = yield* hostOf("src", from, network);
  const dst = yield* hostOf("dst", to, network);
  const keys = createForwardingKeys(scenario.seed, scenario.keys);
  const paths = createPathFinder(network, { max: scenario.max_paths, epochS: epoch_s, keys })(src.ia, dst.ia);
  if (paths.length === 0) return yield* new RunError({ message: `no path leads from ${src.ia} to ${dst.ia}` });
  const probed: Probed = { scenario, policies, src, dst, paths };
  return probed;
});

/** `1-ff00:0:110` or `1-ff00:0:110,10.0.0.1`. */
const hostOf = Effect.fnUntraced(function* (argument: string, text: string, network: Network) {
  const comma = text.indexOf(",");
  const ia = yield* knownAs(argument, comma < 0 ? text : text.slice(0, comma), network);
  const host = parseHost(comma < 0 ? DEFAULT_HOST : text.slice(comma + 1));
  if (!host.ok) return yield* new InputError({ message: `${argument}: ${host.error}` });
  const spec: HostSpec = { ia, host: host.value };
  return spec;
});

/** Position of a path given as a number in the order of `pathloom paths` or as a fingerprint. */
export function choosePath(paths: readonly PathInfo[], wanted: string): Effect.Effect<number, InputError> {
  const index = /^\d{1,9}$/.test(wanted)
    ? Number(wanted)
    : paths.findIndex(({ fingerprint }) => fingerprint === wanted.toLowerCase());
  if (index >= 0 && index < paths.length) return Effect.succeed(index);
  const list = paths.map(({ fingerprint }, at) => `${at}: ${fingerprint}`).join(", ");
  return Effect.fail(new InputError({ message: `--path ${wanted}: no such path; there are ${list}` }));
}

/** Virtual time between two looks whether the probe is over. */
const STEP_NS = SECOND;

/** Runs to the end of `duration`, in virtual or in real time, or until the application `until` says that it has ended. */
export const runProbe = Effect.fnUntraced(function* (
  assembly: Assembly,
  duration: Nanos,
  live: boolean,
  sink: TraceSink,
  until: string | null = null,
) {
  const failed = (cause: unknown): RunError => new RunError(textOf(cause));
  const stop = new AbortController();
  const trace: TraceSink = (record) => {
    sink(record);
    // Not within an event: the world is not to end under its own feet.
    if (record.kind !== "app.end" || record.actor !== until) return;
    if (live) setImmediate(() => stop.abort());
    else stop.abort();
  };
  const { signal } = stop;
  const world: World = live
    ? yield* runLive(assembly, { duration, trace, signal }).pipe(Effect.mapError(failed))
    : yield* Effect.try({ try: () => simulate(assembly, duration, trace, signal), catch: failed });
  return world;
});

function simulate(assembly: Assembly, duration: Nanos, trace: TraceSink, signal: AbortSignal): World {
  const simulation = Simulation.create(assembly, { trace });
  for (let at = STEP_NS; at < duration && !signal.aborted; at += STEP_NS) simulation.run(at);
  if (!signal.aborted) simulation.run(duration);
  return simulation;
}

export function formatSpec({ ia, host }: HostSpec): string {
  return `${ia},${host}`;
}
