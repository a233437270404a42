/** The library's live half (`pathloom/live`): real time and real sockets. */
export { type ConnectorRegistry, createRegistry } from "./connectors/registry.ts";
export { Resolver } from "./connectors/resolver.ts";
export { ConnectorFailure, connectScoped, listenScoped, openScoped } from "./connectors/scope.ts";
export { MonotonicClock } from "./clock.ts";
export { LiveWorld, type UnderlayCounters } from "./driver.ts";
export { pieceKey } from "./pieces/identity.ts";
export { type Joined, PiecesError, type PiecesOptions, type PiecesReport } from "./pieces/join.ts";
export { LiveFailure, runLive, type RunLiveOptions } from "./run.ts";
export { UnderlayError } from "./underlay/bind.ts";
export { placeAddress, planUnderlay, type UnderlayPlan } from "./underlay/plan.ts";
export { liveChannels } from "./channels/world.ts";
export { loadIdentity } from "./channels/identity.ts";
