/** What every export has in common: it takes what a run tells, in order of time, and gives pieces of text for files. */
import type { WorldObserver } from "../../actors/record.ts";
import type { World } from "../../actors/world.ts";
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import type { TraceRecord, TraceSink } from "../../core/trace.ts";
import type { Nanos } from "../../core/units.ts";

/** Takes the next piece of a file of this name. */
export type WritePiece = (file: string, piece: string) => void;

/** What to leave out. Both ends of the window are in it. */
export interface ExportFilter {
  /** Ids of flows; null: all. */
  readonly flows: ReadonlySet<string> | null;
  readonly from: Nanos;
  readonly to: Nanos;
}

export interface Exporter {
  readonly trace: TraceSink;
  /** Told of deliveries and states, where the export shows them. */
  readonly observe?: (world: World) => WorldObserver;
  /** The run is over. */
  end(now: Nanos): void;
  /** Events written so far. */
  readonly written: number;
}

export function isIn({ from, to }: ExportFilter, time: Nanos): boolean {
  return time >= from && time <= to;
}

/** Which flow a record is about: that of its packet, or that which its actor was made for. */
export class Flows {
  readonly #flows: readonly FlowSpec[];
  readonly #byId: ReadonlyMap<string, FlowSpec>;

  constructor({ flows }: Scenario) {
    this.#flows = flows;
    this.#byId = new Map(flows.map((flow) => [flow.id, flow]));
  }

  of({ actor, flow }: TraceRecord): FlowSpec | null {
    return flow === undefined ? this.ofActor(actor) : this.ofNumber(flow);
  }

  /** Data have their flow's number, what comes back those after all flows'. Control packets have none. */
  ofNumber(number: number): FlowSpec | null {
    if (number < 0) return null;
    return this.#flows[number < this.#flows.length ? number : number - this.#flows.length] ?? null;
  }

  /** `app/ID`, `selector/ID`, and what stands below them. */
  ofActor(actor: string): FlowSpec | null {
    if (!actor.startsWith("app/") && !actor.startsWith("selector/")) return null;
    for (let id = actor.slice(actor.indexOf("/") + 1); id !== ""; id = parentOf(id)) {
      const flow = this.#byId.get(id);
      if (flow !== undefined) return flow;
    }
    return null;
  }
}

/** Id of what an actor belongs to, of a channel's actor its association; "": nothing. */
export function parentOf(actor: string): string {
  return actor.slice(0, Math.max(0, actor.lastIndexOf("/")));
}
