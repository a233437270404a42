/**
 * What each actor of a world did, in order, without the times: what two worlds that run the same machines must share. A sink for
 * traces; things done about packets are kept by flow, since packets of different flows may meet in another order in real time.
 */
import type { TraceDetail, TraceRecord, TraceSink } from "../core/trace.ts";
import type { Nanos } from "../core/units.ts";

/** Things done that are kept in all; a run that does more is compared as far as that. */
const MAX_STEPS = 400_000;
/** Details that are times or depend on them. */
const TIMED = new Set(["arrives_ns", "waiting"]);

/** One actor's doings of one kind about one flow (null: about none). */
export interface LogicStrand {
  readonly actor: string;
  readonly times: Nanos[];
  readonly steps: string[];
}

/** By actor, kind, flow and, at routers, the interface on which packets come. Plain data. */
export interface LogicLog {
  readonly strands: Map<string, LogicStrand>;
  steps: number;
  /** When the log was full; null: it never was. */
  fullAt: Nanos | null;
}

export function createLogicLog(): LogicLog {
  return { strands: new Map(), steps: 0, fullAt: null };
}

export function logicSink(log: LogicLog): TraceSink {
  return (record) => {
    if (log.steps >= MAX_STEPS) {
      log.fullAt ??= record.time_ns;
      return;
    }
    log.steps++;
    const { actor, kind, flow, time_ns, detail } = record;
    // What comes from different sides, requests and their answers, meets in another order where time is real.
    const key = `${actor} ${kind} ${flow ?? "-"} ${detail?.["ingress"] ?? ""}`.trimEnd();
    let strand = log.strands.get(key);
    if (strand === undefined) {
      strand = { actor, times: [], steps: [] };
      log.strands.set(key, strand);
    }
    strand.times.push(time_ns);
    strand.steps.push(stepOf(record));
  };
}

/** `node.forward of packet 17 (ingress=2, egress=3)`. */
function stepOf({ kind, number, detail }: TraceRecord): string {
  const packet = number === undefined ? "" : ` of packet ${number}`;
  const details = detail === undefined ? "" : detailText(detail);
  return `${kind}${packet}${details}`;
}

function detailText(detail: TraceDetail): string {
  const shown = Object.entries(detail).filter(([key]) => !TIMED.has(key));
  return shown.length === 0 ? "" : ` (${shown.map(([key, value]) => `${key}=${value}`).join(", ")})`;
}
