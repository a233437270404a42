/**
 * The one seam between logic and world (docs/architecture.md, section 1). An actor reads time, draws chance, sends and
 * waits through its `Env` only; `sim` and `live` each provide one.
 */
import type { Packet } from "./packet.ts";
import type { RandomStream } from "./rng.ts";
import type { TraceDetail, TraceKind } from "./trace.ts";
import type { Nanos } from "./units.ts";

/** Dense number of an actor, resolved from its stable id when the world is built. */
export type ActorIndex = number;

/** Names a scheduled event for `cancel`. Meaningless outside the run that gave it. */
export type Handle = number;

/** A control event: it walks the statechart. Plain data, since records hold it as JSON. */
export interface ControlEvent {
  readonly type: string;
}

/** Why a packet ended before its destination. The same words stand in reports. */
export type DropReason =
  | "queue_overflow"
  /** By RED or CoDel, before the queue is full. */
  | "early_drop"
  | "loss"
  /** Damaged on the line, thrown away by the link layer at its end. */
  | "corrupted"
  | "link_down"
  | "interface_down"
  | "no_path"
  | "malformed_path"
  | "wrong_interface"
  | "unknown_interface"
  | "expired_hop"
  | "unknown_host"
  | "unknown_port"
  | "not_local"
  | "bad_mac"
  | "bad_epic"
  | "packet_too_big"
  | "invalid_length"
  | "invalid_source"
  | "invalid_destination"
  | "invalid_transit"
  | "invalid_path"
  | "invalid_segment_change"
  | "no_service"
  | "router_alert"
  | "undeliverable"
  | "node_down"
  | "unexpected"
  | "underlay";

export interface Env {
  /** Whole nanoseconds since the run began; fixed while one event is handled, never goes back. */
  readonly now: Nanos;
  readonly self: ActorIndex;
  /** Stable id of the actor, for messages people read. */
  readonly id: string;
  /** Deliver a control event after `delay` (0 included); events of one instant arrive in the order sent. */
  send(target: ActorIndex, event: ControlEvent, delay: Nanos): Handle;
  /** Forget a control event that has not been delivered; nothing happens if it has. */
  cancel(handle: Handle): void;
  /** Hand a packet on; it reaches `target` after `delay` on its interface `ifId` (0: from inside the AS). */
  sendPacket(target: ActorIndex, packet: Packet, ifId: number, delay: Nanos): void;
  /** Take back every packet this actor sent that has not arrived, in order of arrival (a link that goes down). */
  recall(): Packet[];
  /** A packet ends here; counted by reason and flow. */
  drop(packet: Packet, reason: DropReason): void;
  /** One more of a packet, which a link made; counted by flow. */
  duplicate(packet: Packet): Packet;
  /** This actor's own stream for one purpose, derived from (seed, actor id, purpose). */
  random(purpose: string): RandomStream;
  /** Start an actor that comes and goes, in this one's place; `logic` is the name it has in the assembly. */
  spawn(id: string, logic: string, input: unknown): ActorIndex;
  /** End an actor; what is still sent to it is dropped and counted. */
  stop(target: ActorIndex): void;
  /** Code that an actor's data names (a path policy): registered when the world is built, never part of a context. */
  resource(name: string): unknown;
  /**
   * What no host can know: writes `LOAD_WORDS` numbers for each of these directions of links (by their ids) as they stand now
   * (core/link-load.ts). The same array of ids, asked about again, is found without looking anything up. Records hold the answers.
   */
  observe(links: readonly string[], into: number[]): void;
  /** Guard for `trace`: false when nobody listens, so that nothing is allocated. */
  readonly tracing: boolean;
  trace(kind: TraceKind, packet: Packet | null, detail?: TraceDetail): void;
}
