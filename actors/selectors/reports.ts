/** The sender's side of reports: from the receiver's counts to what became of the packets sent on each path. */
import type { ControlEvent, Env, Handle } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import {
  createSentLog,
  fatesTold,
  goodputTold,
  type Measured,
  noteSent,
  type SentLog,
  tellFates,
} from "./measurement.ts";
import { decodeReport, type PathCount } from "./report-frame.ts";

/** Where reports come. */
export interface ReportsInput {
  /** Flow number of the reports. */
  readonly flow: number;
  /** Of the selector at its host. */
  readonly port: number;
  readonly ia: string;
  readonly host: string;
  /** Between two reports. */
  readonly interval: Nanos;
}

/** What the receiver has told of one path, and what was sent on it. */
export interface ReportedPath {
  readonly key: readonly [number, number];
  readonly log: SentLog;
  packets: number;
  bytes: number;
  highest: number;
}

export interface Reports extends ReportsInput {
  /** Reports that came, those that were no use included. */
  received: number;
  /** Of those, the ones that were none. */
  garbage: number;
  /** Number of the latest, -1 before the first, and when the receiver sent it. */
  latest: number;
  latestAt: Nanos;
  readonly timers: { reports?: Handle };
}

/** A path as reports see it. */
export interface Reportable {
  readonly measured: Measured;
  readonly reported: ReportedPath | null;
}

/** A packet of which nothing has been heard for so long (and a report's interval) is lost. */
const PATIENCE: Nanos = SECOND;

const TIMER_REPORTS: ControlEvent = { type: "timer.reports" };

export function createReports(input: ReportsInput | null): Reports | null {
  return input === null ? null : { ...input, received: 0, garbage: 0, latest: -1, latestAt: 0, timers: {} };
}

export function createReported(key: readonly [number, number]): ReportedPath {
  return { key, log: createSentLog(), packets: 0, bytes: 0, highest: -1 };
}

/** A packet to the selector itself, not one on its way out. */
export function isReport({ port, ia, host }: Reports, { l4, dstIa, dstHost }: Packet): boolean {
  return l4.kind === "udp" && l4.dstPort === port && dstHost === host && dstIa === ia;
}

/** A packet leaves on this path. */
export function watchSent(reports: Reports, path: Reportable, number: number, env: Env): void {
  if (path.reported === null) return;
  noteSent(path.reported.log, number, env.now);
  reports.timers.reports ??= env.send(env.self, TIMER_REPORTS, reports.interval + PATIENCE);
}

/** @returns whether it told anything. What is no report is counted, and changes nothing. */
export function takeReport(reports: Reports, paths: readonly Reportable[], packet: Packet, env: Env): boolean {
  if (packet.flow !== reports.flow) {
    env.drop(packet, "unexpected");
    return false;
  }
  reports.received++;
  if (env.tracing) env.trace("app.receive", packet);
  const counts = decodeReport(packet.rest);
  if (counts === null) {
    reports.garbage++;
    return false;
  }
  if (packet.number <= reports.latest) return false;
  const span = reports.latest < 0 ? reports.interval : packet.sentAt - reports.latestAt;
  reports.latest = packet.number;
  reports.latestAt = packet.sentAt;
  for (const path of paths) {
    const count = path.reported === null ? undefined : countOf(counts, path.reported);
    if (count !== undefined) takeCount(path, count, span);
  }
  return true;
}

function countOf(counts: readonly PathCount[], { key }: ReportedPath): PathCount | undefined {
  return counts.find((count) => count.key[0] === key[0] && count.key[1] === key[1]);
}

/** Counts go up only: what says otherwise came from somewhere else, and says nothing. */
function takeCount({ measured, reported }: Reportable, count: PathCount, span: Nanos): void {
  if (reported === null || count.packets < reported.packets || count.bytes < reported.bytes) return;
  const { log } = reported;
  const arrived = count.packets - reported.packets;
  const bytes = count.bytes - reported.bytes;
  const waiting = log.count;
  reported.packets = count.packets;
  reported.bytes = count.bytes;
  reported.highest = Math.max(reported.highest, count.highest);
  const told = tellFates(log, reported.highest, 0);
  if (span > 0 && (arrived > 0 || waiting > 0)) goodputTold(measured, (bytes * 8 * SECOND) / span);
  settle(measured, reported, told, told - arrived);
}

function settle(measured: Measured, { log, packets }: ReportedPath, told: number, lost: number): void {
  fatesTold(measured, told, lost);
  measured.delivered = Math.min(packets, log.told);
  measured.lost = log.told - measured.delivered;
}

/** Gives up what was sent too long ago. @returns whether there was any */
export function giveUpOld(reports: Reports, paths: readonly Reportable[], env: Env): boolean {
  delete reports.timers.reports;
  let [any, waiting] = [false, false];
  for (const { measured, reported } of paths) {
    if (reported === null) continue;
    const told = tellFates(reported.log, -1, env.now - reports.interval - PATIENCE);
    if (told > 0) {
      settle(measured, reported, told, told);
      goodputTold(measured, 0);
      any = true;
    }
    waiting = waiting || reported.log.count > 0;
  }
  if (waiting) reports.timers.reports = env.send(env.self, TIMER_REPORTS, reports.interval);
  return any;
}
