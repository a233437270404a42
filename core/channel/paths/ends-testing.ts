/**
 * Two ends of an association with nothing but its paths between them, over ways that are up or down, carry so much and take so long:
 * what an engine does around the path manager, as small as it can be. Every packet is checked against the rules of nonces and of amplification.
 */
import { RandomStream } from "../../rng.ts";
import { noteReceived } from "../recovery/acks.ts";
import { noteSent, takeAck } from "../recovery/recovery.ts";
import type { News } from "../recovery/state.ts";
import { onChallenge, onPacket, onPathAbandon, onPathStatus, onResponse } from "./arrivals.ts";
import { controlAcked, controlLost, nextControl } from "./control.ts";
import { notePathAcked, notePathLost, notePathSent } from "./measured.ts";
import { pickPath } from "./schedulers.ts";
import { createPaths, pathIndex } from "./table.ts";
import { deadlineOf, dueAt, onTimeout, takeLost } from "./timers.ts";
import type { Control, Paths, PathsOptions, PathState, Role } from "./types.ts";

export const MS = 1_000_000;

export interface Way {
  up: boolean;
  /** One way. */
  delay: number;
  mtu: number;
}

/** A packet: one control frame, or data with `control` null, or an acknowledgement. */
interface Packet {
  readonly from: Role;
  readonly id: number;
  readonly number: number;
  readonly key: string;
  readonly bytes: number;
  readonly control: Control | null;
  readonly acked: readonly [id: number, number: number] | null;
  readonly at: number;
}

export interface End {
  readonly role: Role;
  readonly paths: Paths;
  /** Status and abandon frames in flight, by "id number". */
  readonly controls: Map<string, Control>;
  /** Highest packet number sent, by id: it may only grow. */
  readonly numbers: Map<number, number>;
  /** Bytes the peer can have sent by each way, and what was sent by it, while the way is not validated. */
  readonly received: Map<string, number>;
  readonly sent: Map<string, number>;
  readonly proven: Set<string>;
  /** Data packets that came, by key of their way, and packets of data that were taken for lost. */
  readonly data: { at: number; key: string; id: number }[];
  lost: number;
}

export interface Ends {
  now: number;
  readonly ways: Map<string, Way>;
  readonly initiator: End;
  readonly responder: End;
  readonly flight: Packet[];
  /** Where the responder sees a packet come from; a NAT may change it. */
  alias: (key: string) => string;
  readonly random: RandomStream;
  /** What must never happen, and did. */
  readonly faults: string[];
}

const ACK_BYTES = 60;

export function createEnds(
  ways: Readonly<Record<string, Way>>,
  options: Partial<Omit<PathsOptions, "role">> = {},
  seed = 1,
): Ends {
  const recovery = { controller: "fixed", pacing: false } as const;
  return {
    now: 0,
    ways: new Map(Object.entries(ways)),
    initiator: createEnd(createPaths({ recovery, ...options, role: "initiator" }), "initiator"),
    responder: createEnd(createPaths({ recovery, ...options, role: "responder" }), "responder"),
    flight: [],
    alias: (key) => key,
    random: new RandomStream(seed, "ends", "paths"),
    faults: [],
  };
}

function createEnd(paths: Paths, role: Role): End {
  const tables = {
    controls: new Map(),
    numbers: new Map(),
    received: new Map(),
    sent: new Map(),
    proven: new Set<string>(),
  };
  return { role, paths, ...tables, data: [], lost: 0 };
}

/** Sends whatever the path manager wants to send, at both ends. */
export function flush(ends: Ends): void {
  for (const end of [ends.initiator, ends.responder]) {
    takeLosses(ends, end);
    for (let count = 0; ; count++) {
      const control = nextControl(end.paths, ends.now, ends.random);
      if (control === null) break;
      if (count > 200) return void ends.faults.push(`${end.role}: no end of control frames`);
      sendControl(ends, end, control);
    }
  }
}

function sendControl(ends: Ends, end: End, control: Control): void {
  const path = end.paths.list[control.index] as PathState;
  const silent = control.kind === "challenge" || control.kind === "response";
  const bytes = silent ? control.size : ACK_BYTES;
  const number = depart(ends, end, path, bytes, !silent, control, null);
  if (!silent) end.controls.set(`${path.id} ${number}`, control);
}

/** A packet of data, if somebody may send it; answers the key of the way it took. */
export function sendData(ends: Ends, role: Role, bytes = 1_000): string | null {
  const end = ends[role];
  const index = pickPath(end.paths, bytes, ends.now);
  const path = end.paths.list[index];
  if (path === undefined) return null;
  const unproven = role === "responder" && path.state === "validating";
  if (path.state !== "active" && !unproven) ends.faults.push(`${role}: picked a path that is ${path.state}`);
  depart(ends, end, path, bytes, true, null, null);
  return path.key;
}

function depart(
  ends: Ends,
  end: End,
  path: PathState,
  bytes: number,
  eliciting: boolean,
  control: Control | null,
  acked: Packet["acked"],
): number {
  const { now, ways, flight, faults } = ends;
  const number = noteSent(path.recovery, bytes, eliciting, 0, 0, 0, 0, now);
  if (number <= (end.numbers.get(path.id) ?? -1))
    faults.push(`${end.role}: number ${number} of path ${path.id} sent twice`);
  end.numbers.set(path.id, number);
  notePathSent(end.paths, pathIndex(end.paths, path.id), bytes);
  countAmplification(ends, end, path, bytes);
  const way = ways.get(path.key);
  if (way === undefined || !way.up || bytes > way.mtu) return number;
  const at = now + way.delay;
  flight.push({ from: end.role, id: path.id, number, key: path.key, bytes, control, acked, at });
  return number;
}

function countAmplification(ends: Ends, end: End, path: PathState, bytes: number): void {
  if (end.role === "initiator" || end.proven.has(path.key)) return;
  const sent = (end.sent.get(path.key) ?? 0) + bytes;
  end.sent.set(path.key, sent);
  if (sent > 3 * (end.received.get(path.key) ?? 0)) ends.faults.push(`${end.role}: more than 3 times over ${path.key}`);
}

/** Runs both ends until `until`, `each` called about every millisecond. */
export function runUntil(ends: Ends, until: number, each: (now: number) => void = () => {}): void {
  while (ends.now < until) {
    flush(ends);
    const next = Math.min(until, ends.now + MS, ...ends.flight.map(({ at }) => at));
    ends.now = Math.max(next, ends.now + 1);
    arrive(ends);
    for (const end of [ends.initiator, ends.responder]) serveTimers(ends, end);
    each(ends.now);
    flush(ends);
  }
}

function arrive(ends: Ends): void {
  const due = ends.flight.filter(({ at }) => at <= ends.now);
  for (const packet of due) {
    ends.flight.splice(ends.flight.indexOf(packet), 1);
    if (ends.ways.get(packet.key)?.up === true) receive(ends, packet);
  }
}

function receive(ends: Ends, packet: Packet): void {
  const end = packet.from === "initiator" ? ends.responder : ends.initiator;
  const key = end.role === "responder" ? ends.alias(packet.key) : packet.key;
  const mtu = ends.ways.get(key)?.mtu ?? 1_200;
  const index = onPacket(end.paths, packet.id, key, mtu, packet.number, packet.bytes, ends.now);
  if (index < 0) return;
  const path = end.paths.list[index] as PathState;
  end.received.set(key, (end.received.get(key) ?? 0) + packet.bytes);
  const eliciting =
    packet.acked === null && packet.control?.kind !== "challenge" && packet.control?.kind !== "response";
  if (noteReceived(path.acks, packet.number, eliciting, false, ends.now) !== "new") return;
  if (packet.acked !== null) takeAcks(ends, end, packet.acked);
  else if (packet.control === null) end.data.push({ at: ends.now, key, id: packet.id });
  else takeControl(ends, end, index, key, packet.control);
  if (eliciting) answer(ends, end, packet, path);
}

/** Acknowledged over the path it came by, or any that is ready where that one cannot carry it. */
function answer(ends: Ends, end: End, packet: Packet, came: PathState): void {
  const ready = [came, ...end.paths.list].find(({ state }) => state === "active" || state === "standby");
  if (ready !== undefined) depart(ends, end, ready, ACK_BYTES, false, null, [packet.id, packet.number]);
}

function takeControl(ends: Ends, end: End, index: number, key: string, control: Control): void {
  const { paths } = end;
  if (control.kind === "challenge") return onChallenge(paths, index, control.data.high, control.data.low);
  if (control.kind === "status") return onPathStatus(paths, control.id, control.sequence, control.available, ends.now);
  if (control.kind === "abandon") return onPathAbandon(paths, control.id, control.reason, ends.now);
  if (onResponse(paths, control.data.high, control.data.low, ends.now)) end.proven.add(key);
}

function takeAcks(ends: Ends, end: End, [id, number]: readonly [number, number]): void {
  const path = end.paths.list[pathIndex(end.paths, id)];
  if (path === undefined) return;
  const news: News = { acked: [], lost: [], spurious: [] };
  if (!takeAck(path.recovery, [number, number + 1], 0, 0, ends.now, news))
    ends.faults.push(`${end.role}: impossible ack`);
  settle(ends, end, path, news);
}

function settle(ends: Ends, end: End, path: PathState, news: News): void {
  const index = pathIndex(end.paths, path.id);
  const { sent } = path.recovery;
  const sizeOf = (number: number): number => sent.bytes[number & (sent.bytes.length - 1)] as number;
  for (const number of [...news.acked, ...news.spurious]) {
    notePathAcked(end.paths, index, number, sizeOf(number), ends.now);
    takeFate(end, path.id, number, (control) => controlAcked(end.paths, control, ends.now));
  }
  for (const number of news.lost) {
    notePathLost(end.paths, index, number, sizeOf(number));
    if (!takeFate(end, path.id, number, (control) => controlLost(end.paths, control))) end.lost++;
  }
}

function takeFate(end: End, id: number, number: number, tell: (control: Control) => void): boolean {
  const control = end.controls.get(`${id} ${number}`);
  if (control === undefined) return false;
  end.controls.delete(`${id} ${number}`);
  tell(control);
  return true;
}

function takeLosses(ends: Ends, end: End): void {
  const news: News = { acked: [], lost: [], spurious: [] };
  for (let index = takeLost(end.paths, news, ends.now); index >= 0; index = takeLost(end.paths, news, ends.now)) {
    settle(ends, end, end.paths.list[index] as PathState, news);
  }
}

function serveTimers(ends: Ends, end: End): void {
  const deadline = deadlineOf(end.paths);
  if (deadline < 0 || deadline > ends.now) return;
  const news: News = { acked: [], lost: [], spurious: [] };
  for (let index = dueAt(end.paths, ends.now), turns = 0; index >= 0; index = dueAt(end.paths, ends.now)) {
    const path = end.paths.list[index] as PathState;
    onTimeout(end.paths, index, ends.now, news);
    settle(ends, end, path, news);
    takeLosses(ends, end);
    if (path.recovery.probes > 0) depart(ends, end, path, ACK_BYTES, true, null, null);
    if (++turns > 100) return void ends.faults.push(`${end.role}: a timer stays due`);
  }
}
