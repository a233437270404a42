/** Whether paths work: one echo request over each of them, in the simulator. */
import * as Effect from "effect/Effect";
import { assemble } from "../../actors/assemble.ts";
import type { PathInfo } from "../../core/path.ts";
import { FLOW_DEFAULTS, type PacedFlow } from "../../core/scenario.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { quietScenario } from "../../sim/sim-connectors.ts";
import { InputError } from "../errors.ts";
import { textOf } from "./failure-text.ts";
import type { LoadedTopology } from "./load-topology.ts";
import { loadPolicies } from "./policies.ts";
import { runProbe } from "./probe.ts";

/** As SCION's `showpaths` says it. */
export interface PathStatus {
  readonly status: "alive" | "timeout";
  /** Round trip of the echo; null: no answer. */
  readonly rtt_ms: number | null;
}

/** Time from one path's request to the next one's: they do not wait for each other on links that paths share. */
const GAP_NS = 10 * MILLISECOND;
const TIMEOUT_NS = 2 * SECOND;
/** What `scion ping` sends by default. */
const PAYLOAD_BYTES = 56;
const HOST = "10.0.0.1";

/** Probes beside the flows and faults of the scenario that the topology was taken from, at its beginning. */
export const probePaths = Effect.fnUntraced(function* (
  { network, epoch_s, loaded }: LoadedTopology,
  paths: readonly PathInfo[],
  max_paths: number,
) {
  const scenario = loaded?.scenario ?? quietScenario(network, { epoch_s });
  const policies = yield* Effect.tryPromise({
    try: () => loadPolicies(loaded?.policies ?? []),
    catch: (cause) => new InputError(textOf(cause)),
  });
  const probes = paths.map(probeOf);
  const duration_ns = paths.length * GAP_NS + TIMEOUT_NS;
  const flows = [...scenario.flows, ...probes];
  const assembly = assemble({ ...scenario, max_paths, duration_ns, flows }, { repeat: "the same command", policies });
  const sent = new Map<string, number>();
  const trips = new Map<string, number>();
  yield* runProbe(assembly, duration_ns, false, ({ kind, actor, time_ns }) => {
    if (kind === "app.send") sent.set(actor, time_ns);
    else if (kind === "app.receive") trips.set(actor, time_ns - (sent.get(actor) ?? 0));
  });
  return probes.map(({ id }): PathStatus => {
    const trip = trips.get(`app/${id}`);
    return trip === undefined ? { status: "timeout", rtt_ms: null } : { status: "alive", rtt_ms: trip / 1e6 };
  });
});

function probeOf({ src, dst, fingerprint, forwarding }: PathInfo, at: number): PacedFlow {
  const echo = { kind: "scmp.echo", reply: false, identifier: 0, sequence: 0 } as const;
  const start_ns = at * GAP_NS;
  return {
    ...FLOW_DEFAULTS,
    id: `pathloom-probe-${at}`,
    app: "ping",
    src: { ia: src, host: HOST },
    dst: { ia: dst, host: HOST },
    policy: { name: "pinned", params: { path: fingerprint } },
    start_ns,
    stop_ns: start_ns + 1,
    interval_ns: SECOND,
    packet_size: wireLengthOf(forwarding, HOST, HOST, echo, PAYLOAD_BYTES),
  };
}
