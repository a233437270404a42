/** The run's log: one record for each arrow that a packet or a control event follows. */
import type { Nanos } from "./units.ts";

export type TraceKind =
  | "app.send"
  | "app.receive"
  | "app.end"
  | "selector.choose"
  | "selector.switch"
  | "node.forward"
  | "node.deliver"
  | "node.answer"
  | "node.interface"
  | "link.admit"
  | "link.state"
  | "host.deliver"
  | "host.error"
  | "drop";

export type TraceDetail = Readonly<Record<string, string | number | boolean | null>>;

export interface TraceRecord {
  readonly time_ns: Nanos;
  /** Stable id of the actor. */
  readonly actor: string;
  readonly kind: TraceKind;
  /** Flow and number of the packet concerned; absent for control events. */
  readonly flow?: number;
  readonly number?: number;
  readonly detail?: TraceDetail;
}

/** Where records go; a sink must not keep the packet. */
export type TraceSink = (record: TraceRecord) => void;
