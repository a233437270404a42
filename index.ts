/**
 * The library's face: build a world from a scenario, run it in virtual time, read its results, write your own policy.
 * What is not exported here may change at any time.
 */
export { type AssembleOptions, assemble } from "./actors/assemble.ts";
export type { Assembly } from "./actors/assembly.ts";
export { type FlowResult, type LinkResult, type RunResult, results } from "./actors/results.ts";
export { BUILTIN_POLICIES } from "./actors/selectors/builtin.ts";
export { scored, type ScoredOptions } from "./actors/selectors/metric.ts";
export {
  type FlowIdentity,
  least,
  type Observation,
  type PathLoad,
  type PathMeasurement,
  type PathView,
  type Policy,
  type PolicyParams,
  type ProbePlan,
} from "./actors/selectors/policy.ts";
export type { Env } from "./core/env.ts";
export type { PathInfo } from "./core/path.ts";
export { createPathFinder, type PathFinder } from "./core/path-finder.ts";
export { RandomStream } from "./core/rng.ts";
export {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type FlowSpec,
  type LinkDirection,
  NO_IMPAIRMENT,
  type Network,
  type NetworkLink,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "./core/scenario.ts";
export type { TraceRecord, TraceSink } from "./core/trace.ts";
export { type BitsPerSecond, type Bytes, MICROSECOND, MILLISECOND, type Nanos, SECOND } from "./core/units.ts";
export { type Checkpoint, checkpoint, restore } from "./sim/checkpoint.ts";
export { Simulation, type SimulationOptions } from "./sim/simulation.ts";
export { formatProblems, type Problem } from "./topologies/problems.ts";
export { type Overrides, type ReadFile, type ResolveOptions, resolveScenario } from "./topologies/resolve.ts";
export { canonicalJson } from "./core/canonical.ts";
export { decodePacket, encodePacket, type WireError } from "./core/wire/codec.ts";
export type { Packet } from "./core/packet.ts";
export { Recorder } from "./actors/record.ts";
export { parseRecord, replay, type ReplayResult } from "./sim/replay.ts";
export { LINK_PRESETS, type LinkPreset } from "./topologies/link-presets.ts";
export { buildPreset, PRESETS } from "./topologies/presets.ts";
export { resolveTopology } from "./topologies/resolve-topology.ts";
export { importTopology } from "./topologies/import/import.ts";
export {
  type Connector,
  CONNECTOR_ERRORS,
  type ConnectorError,
  type ConnectorErrorName,
  EVENTS,
  type Outcome,
} from "./core/connector.ts";
export { IpNetwork } from "./core/ip-network.ts";
export { Scheduler, type SchedulerClock } from "./core/scheduler.ts";
export { quietScenario, SIM_RULES, simClock, SimNetwork } from "./sim/sim-connectors.ts";
export {
  type Codec,
  defineProtocol,
  type Endpoint,
  type MessageEvent,
  type Protocol,
  type ProtocolServer,
  type Step,
} from "./actors/protocol.ts";
export { ProtocolError, protocolEnv } from "./actors/protocol-endpoint.ts";
export { err, ok, type Result } from "./core/result.ts";
export type { ChannelWorld } from "./actors/channel/program-host.ts";
export { AssociationEnd, type AssociationStatistics } from "./live/channels/association-end.ts";
export { ChannelEnd } from "./live/channels/channel-end.ts";
export {
  connectChannels,
  type ConnectOptions,
  createIdentity,
  type LinkSpec,
  listenChannels,
  ListenerEnd,
  type ListenOptions,
} from "./live/channels/connect.ts";
export { ChannelFailure, type ChannelFailureWord } from "./live/channels/failure.ts";
export { type Patience, sleep } from "./live/channels/gate.ts";
export { inVirtualTime } from "./live/channels/virtual-time.ts";
export { SimChannels } from "./sim/sim-channels.ts";
