/** What measuring policies cost: probes and reports, read from the actors' contexts. Field names are those of `run --json`. */
import { MILLISECOND } from "../core/units.ts";
import type { HostContext } from "./host.ts";
import type { MonitorContext } from "./selectors/monitor.ts";
import type { ProberContext } from "./selectors/prober.ts";
import type { SelectorContext } from "./selectors/selector.ts";
import type { World } from "./world.ts";

/** Probes from one host to another, or the reports that one selector gets. */
export interface MeasuringResult {
  /** `prober/SRC>DST`, `monitor/FLOW`, `monitor/FLOW/replies`. */
  readonly id: string;
  readonly kind: "probes" | "reports";
  /** The host that measures, and the one at the other end of the paths. */
  readonly src: string;
  readonly dst: string;
  /** Between two probes of a path, or between two reports. */
  readonly interval_ms: number;
  /** Echo requests, or reports. */
  readonly sent: number;
  /** Echo replies, late ones included, or reports. */
  readonly received: number;
  /** Probes not answered in time; reports that were dropped on their way. */
  readonly lost: number;
  /** Whole packets that were sent, replies to probes included. */
  readonly bytes: number;
}

/** Packets that were made and that arrived, under the flow number of probes or reports. */
export interface MeasuringCount {
  readonly flow: number;
  readonly id: string;
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
}

/** A probe that is answered is one packet, there and back. */
export function measuringCounts(world: World): MeasuringCount[] {
  const reported = reportsReceived(world);
  return [
    ...of<ProberContext>(world, "prober").map(([id, { flow, received, sent }]) => ({ flow, id, sent, received })),
    ...of<MonitorContext>(world, "monitor").map(([id, { reportFlow: flow, sent }]) => {
      return { flow, id, sent, received: reported.get(flow) ?? 0 };
    }),
  ].map((count) => ({ ...count, duplicates: 0 }));
}

export function measuringResults(world: World): MeasuringResult[] {
  const reported = reportsReceived(world);
  const hosts = of<HostContext>(world, "host");
  const probes = of<ProberContext>(world, "prober").map(([id, prober]): MeasuringResult => {
    const { dst, flow, lost, plan, received, sent, sentBytes, src } = prober;
    const answers = hosts.reduce((sum, [, { probeBytes }]) => sum + (probeBytes.get(flow) ?? 0), 0);
    const ends = { src: `${src.ia},${src.host}`, dst: `${dst.ia},${dst.host}` };
    const interval_ms = plan.interval / MILLISECOND;
    return { id, kind: "probes", ...ends, interval_ms, sent, received, lost, bytes: sentBytes + answers };
  });
  const reports = of<MonitorContext>(world, "monitor").map(([id, monitor]): MeasuringResult => {
    const { dst, interval, reportFlow, sent, sentBytes: bytes, src } = monitor;
    const received = reported.get(reportFlow) ?? 0;
    const lost = world.ledger.byFlow.get(reportFlow) ?? 0;
    // The selector is where its reports go.
    const ends = { src: `${dst.ia},${dst.host}`, dst: `${src.ia},${src.host}` };
    return { id, kind: "reports", ...ends, interval_ms: interval / MILLISECOND, sent, received, lost, bytes };
  });
  return [...probes, ...reports];
}

function reportsReceived(world: World): Map<number, number> {
  const reports = of<SelectorContext>(world, "selector").flatMap(([, selector]) => selector.reports ?? []);
  return new Map(reports.map(({ flow, received }) => [flow, received]));
}

function of<C>(world: World, logic: string): [id: string, context: C][] {
  return world
    .allCells()
    .filter(({ spec }) => spec.logic === logic)
    .map(({ id, state }) => [id, state.context as C]);
}
