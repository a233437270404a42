/** What an association leaves in the trace: looked up before an event, told after it where it differs (actors/transport-trace.ts). */
import type { Association } from "../../core/channel/association/association.ts";
import type { Departure } from "../../core/channel/association/egress.ts";
import { NO_CHANNEL } from "../../core/channel/association/settling.ts";
import type { PathState } from "../../core/channel/paths/types.ts";
import { slotOf, STATUS, statusAt } from "../../core/channel/recovery/sent-ring.ts";
import { FIN } from "../../core/channel/streams/channels.ts";
import type { Env } from "../../core/env.ts";
import { type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import type { TraceDetail } from "../../core/trace.ts";
import type { Nanos } from "../../core/units.ts";
import { get48 } from "../../core/wire/bytes.ts";
import {
  type Figures,
  figuresOf,
  type Outcomes,
  outcomesSince,
  traceChanges,
  traceLosses,
} from "../transport-trace.ts";

/** An association before an event. */
export interface AssociationSeen {
  readonly phase: string;
  readonly rekeys: number;
  readonly retireAt: Nanos;
  readonly dropped: Readonly<Record<string, number>>;
  readonly paths: Map<number, PathSeen>;
  /** The packet that came, and the path that took it; -1: none did. */
  arrival: { readonly packet: Packet; readonly path: number } | null;
}

interface PathSeen {
  figures: Figures;
  readonly face: TraceDetail;
}

/** Short packets begin so; number at byte 12 (core/channel/crypto/protection.ts). */
const [SHORT, NUMBER_AT, NUMBER_END] = [0x40, 12, 18];

export function seeAssociation({ phase, counts, retireAt, paths }: Association): AssociationSeen {
  const seen = new Map(paths.list.map((path): [number, PathSeen] => [path.id, seePath(path)]));
  return { phase, rekeys: counts.rekeys, retireAt, dropped: { ...counts.dropped }, paths: seen, arrival: null };
}

function seePath(path: PathState): PathSeen {
  return { figures: figuresOf(path.recovery, path.recovery.controller), face: faceOf(path) };
}

function faceOf({ key, state, validated, pmtu, withdrawn }: PathState): TraceDetail {
  return { path: key, state, validated, mtu: pmtu.size, withdrawn };
}

/** What an event has done; called before anything is sent in answer to it. */
export function traceEvent(association: Association, seen: AssociationSeen, env: Env): void {
  tracePhase(association, seen, env);
  const { paths } = association;
  const outcomes = new Map<number, Outcomes>();
  for (const path of paths.list) {
    const before = seen.paths.get(path.id);
    tracePath(path, before?.face ?? null, env);
    if (before !== undefined) outcomes.set(path.id, outcomesSince(before.figures, path.recovery));
  }
  traceArrival(association, seen, outcomes, env);
  for (const path of paths.list) {
    const found = outcomes.get(path.id);
    if (found === undefined) continue;
    const where = whereOf(path);
    if (found.acked !== "" && seen.arrival?.path !== path.id)
      env.trace("transport.acked", null, { ...where, packets: found.acked });
    traceLosses(where, found, path.state === "failed" || path.state === "abandoned", env);
  }
  if (association.counts.rekeys > seen.rekeys) env.trace("transport.keys", null, { by: "local" });
  else if (association.retireAt > seen.retireAt) env.trace("transport.keys", null, { by: "remote" });
}

/** What is different once all has been sent. */
export function traceRest({ paths }: Association, seen: AssociationSeen, env: Env): void {
  for (const path of paths.list) {
    const before = seen.paths.get(path.id)?.figures ?? null;
    traceChanges(whereOf(path), before, figuresOf(path.recovery, path.recovery.controller), env);
  }
}

/** A packet that has just left. */
export function traceDeparture(
  { paths }: Association,
  { path: id, key, length }: Departure,
  packet: Packet,
  env: Env,
): void {
  const path = paths.list.find((one) => one.id === id);
  if (path === undefined) {
    env.trace("transport.sent", packet, { path_id: id, path: key, packet: null, bytes: length });
    return;
  }
  const { sent } = path.recovery;
  const number = sent.next - 1;
  const slot = slotOf(sent, number);
  const detail = { ...whereOf(path), packet: number, bytes: length, silent: statusAt(sent, slot) === STATUS.silent };
  env.trace("transport.sent", packet, { ...detail, ...pieceOf(path, slot) });
}

function pieceOf({ recovery: { sent } }: PathState, slot: number): TraceDetail {
  const stream = sent.channel[slot] as number;
  if (stream === NO_CHANNEL) return {};
  const fin = ((sent.flags[slot] as number) & FIN) !== 0;
  return { stream, offset: sent.offset[slot] as number, length: sent.length[slot] as number, fin };
}

function whereOf({ id, key }: PathState): { readonly path_id: number; readonly path: string } {
  return { path_id: id, path: key };
}

function tracePhase({ phase, role, ending }: Association, seen: AssociationSeen, env: Env): void {
  if (phase === seen.phase) return;
  const end = ending === null ? {} : { by: ending.by, reason: `${ending.word}: ${ending.reason}`, code: ending.code };
  env.trace("transport.state", null, { state: phase, role, ...end });
}

function tracePath(path: PathState, before: TraceDetail | null, env: Env): void {
  const face = faceOf(path);
  if (before !== null && Object.keys(face).every((key) => face[key] === before[key])) return;
  env.trace("transport.path", null, { path_id: path.id, ...face });
}

function traceArrival(
  { paths, counts }: Association,
  { arrival, dropped }: AssociationSeen,
  outcomes: ReadonlyMap<number, Outcomes>,
  env: Env,
): void {
  if (arrival === null) return;
  const { packet } = arrival;
  const bytes = packet.payloadLength - PAYLOAD_HEADER_BYTES;
  const reason = Object.entries(counts.dropped).find(([word, count]) => count !== dropped[word])?.[0];
  if (reason !== undefined) {
    env.trace("transport.dropped", packet, { bytes, reason });
    return;
  }
  const path = paths.list.find(({ id }) => id === arrival.path);
  const acks = outcomes.get(arrival.path)?.acked ?? "";
  const where = path === undefined ? { path_id: arrival.path, path: null } : whereOf(path);
  env.trace("transport.received", packet, {
    ...where,
    packet: numberOf(packet),
    bytes,
    ...(acks === "" ? {} : { acks }),
  });
}

/** Of a short packet; null: it is a long one. */
function numberOf({ rest }: Packet): number | null {
  const isShort = rest !== null && rest.length >= NUMBER_END && ((rest[0] as number) & 0xc0) === SHORT;
  return isShort ? get48(rest, NUMBER_AT) : null;
}
