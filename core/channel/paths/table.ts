/** The table of paths: ids, opening and dropping, and the events that tell of it. */
import { createAcks } from "../recovery/acks.ts";
import { controllerOf } from "../recovery/controllers.ts";
import { createCoupling, isCoupled, joinCoupling, setCoupled } from "../recovery/coupled.ts";
import { createRecovery } from "../recovery/recovery.ts";
import { createRtt, probeTimeout } from "../../transport/rtt.ts";
import { type Bytes, type Nanos, SECOND } from "../../units.ts";
import { BASE_PLPMTU, createPmtu, stopPmtu } from "./pmtu.ts";
import type {
  AbandonReason,
  PathEventKind,
  Paths,
  PathsOptions,
  PathState,
  PathTableCounts,
  PathTraffic,
  RetiredId,
  Role,
} from "./types.ts";

const IDS = 256;
/** How long the initiator keeps an id unused after the peer has acknowledged its end, and the peer after it heard of it: twice, so that
 * late packets of its former life find no path. */
export const QUARANTINE: Nanos = 60 * SECOND;
const EVENTS_KEPT = 64;
/** Most paths of one association; `maxPaths` beyond it is cut. */
const MAX_PATHS = 16;

export function createPaths(options: Partial<Omit<PathsOptions, "role">> & { readonly role: Role }): Paths {
  const { role, scheduler = "single", failAfter = 3, suspectAfter = 1, maxMtu = 0, probeMtu = true } = options;
  const { weights = {}, recovery = {}, acks = {} } = options;
  const maxPaths = Math.max(1, Math.min(MAX_PATHS, options.maxPaths ?? 4));
  return {
    options: { role, scheduler, maxPaths, failAfter, suspectAfter, maxMtu, probeMtu, weights, recovery, acks },
    started: false,
    limit: maxPaths,
    list: [],
    candidates: [],
    preferred: "",
    current: -1,
    failedAt: new Map(),
    retired: [],
    nextId: 0,
    statusSequence: 0,
    scheduling: { last: -1, waiting: false, lambda: 1.2, adaptedAt: 0 },
    coupling: createCoupling(),
    events: [],
    counts: createCounts(),
    past: { spurious: 0, probeTimeouts: 0, congestionEvents: 0 },
  };
}

function createCounts(): PathTableCounts {
  return {
    opened: 0,
    validated: 0,
    failures: 0,
    revivals: 0,
    abandoned: 0,
    rebindings: 0,
    refused: 0,
    challenges: 0,
    strayResponses: 0,
    droppedChallenges: 0,
    staleFrames: 0,
    noId: 0,
    droppedEvents: 0,
  };
}

/** Position of a path that is there, abandoned ones included; -1: there is none. */
export function pathIndex(paths: Paths, id: number): number {
  for (let index = 0; index < paths.list.length; index++) {
    if ((paths.list[index] as PathState).id === id) return index;
  }
  return -1;
}

/** Paths that count against the limit. */
export function livePaths(paths: Paths): number {
  let live = 0;
  for (const path of paths.list) if (path.state !== "abandoned" && !path.withdrawn) live++;
  return live;
}

/** Whether one more path may be opened, `extra` above the limit; gives up lingering ones for it. */
export function hasRoom(paths: Paths, extra: number, now: Nanos): boolean {
  if (livePaths(paths) >= paths.limit + extra) return false;
  const most = 2 * paths.options.maxPaths;
  if (paths.list.length < most) return true;
  for (const path of paths.list) if (path.state === "abandoned") path.lingerUntil = now;
  return sweep(paths, now) && paths.list.length < most;
}

/** An id for a new path (initiator): one never used, or the one out of use longest; -1: all are known to the peer. */
export function takeId(paths: Paths, now: Nanos): number {
  if (paths.nextId < IDS) return paths.nextId++;
  const free = paths.retired.find(({ id, freeAt }) => freeAt <= now && pathIndex(paths, id) < 0);
  if (free !== undefined) return free.id;
  paths.counts.noId++;
  return -1;
}

/** Puts a path into the table, `validating`; an id that was in use before goes on with its packet numbers. */
export function addPath(paths: Paths, id: number, key: string, mtu: Bytes, rtt: Nanos, now: Nanos): PathState {
  const { controller = "newreno", pacing = true, ...rest } = paths.options.recovery;
  const datagram = Math.max(mtu, 1);
  const guess = rtt > 0 ? { initialRtt: rtt } : {};
  const path: PathState = {
    id,
    slot: freeSlot(paths),
    key,
    formerKey: "",
    state: "validating",
    validated: false,
    allowance: { received: 0, sent: 0 },
    recovery: createRecovery({ ...rest, ...guess, controller, pacing, datagram }, now),
    acks: createAcks(paths.options.acks),
    validation: { pending: [], attempts: 0, nextAt: now },
    responses: [],
    pmtu: createPmtu(mtu, paths.options.maxMtu),
    traffic: createTraffic(),
    usable: true,
    withdrawn: false,
    wanted: true,
    told: true,
    statusSequence: -1,
    statusDue: false,
    lingerUntil: 0,
    lostDue: false,
    share: 0,
  };
  continueNumbers(paths, path);
  couple(paths, path);
  paths.list.push(path);
  paths.counts.opened++;
  tell(paths, "opened", path);
  return path;
}

function createTraffic(): PathTraffic {
  const packets = { sentPackets: 0, sentBytes: 0, receivedPackets: 0, receivedBytes: 0 };
  return { ...packets, answeredAt: null, ackedBytes: 0, ackedSince: -1, throughput: null };
}

function continueNumbers(paths: Paths, path: PathState): void {
  const at = paths.retired.findIndex((retired) => retired.id === path.id);
  if (at < 0) return;
  const [former] = paths.retired.splice(at, 1);
  const { sent } = path.recovery;
  sent.first = former?.next ?? 0;
  sent.next = sent.first;
  path.acks.largest = former?.received ?? -1;
  if (path.acks.largest >= 0) path.acks.seen.fill(0xffff_ffff);
}

function freeSlot(paths: Paths): number {
  let slot = 0;
  while (paths.list.some((path) => path.slot === slot)) slot++;
  return slot;
}

function couple(paths: Paths, path: PathState): void {
  const { controller } = path.recovery;
  if (isCoupled(controller)) joinCoupling(paths.coupling, controller, path.slot);
}

/** The way was gone, or is another than before: its window and round-trip time (`rtt`: a guess) are learnt anew, packet numbers go on. */
export function forgetWay(paths: Paths, path: PathState, rtt: Nanos, now: Nanos): void {
  const { recovery } = path;
  const { controller: kind = "newreno", pacing: _pacing, initialRtt: _initial, ...options } = paths.options.recovery;
  const datagram = path.pmtu.assumed;
  Object.assign(recovery.controller, controllerOf(kind).create({ ...options, datagram }, now));
  couple(paths, path);
  Object.assign(recovery.rtt, createRtt(rtt));
  recovery.probeCount = 0;
  recovery.probes = 0;
}

/** The same id over another way (initiator: what was there has failed; responder: the peer came by it). It has to be validated anew. */
export function changeWay(paths: Paths, path: PathState, key: string, mtu: Bytes, now: Nanos): void {
  path.key = key;
  path.state = "validating";
  path.validated = false;
  path.allowance.received = 0;
  path.allowance.sent = 0;
  path.responses.length = 0;
  path.validation.pending.length = 0;
  path.validation.attempts = 0;
  path.validation.nextAt = now;
  path.withdrawn = false;
  path.usable = true;
  Object.assign(path.pmtu, createPmtu(mtu, paths.options.maxMtu));
  path.pmtu.size = Math.min(path.pmtu.size, BASE_PLPMTU);
  setCoupled(paths.coupling, path.slot, false);
}

/** The path ends here; the peer has still to be told, unless it said so. Packets under way are taken for three probe timeouts more. */
export function abandonPath(
  paths: Paths,
  path: PathState,
  reason: AbandonReason,
  peerKnows: boolean,
  now: Nanos,
): void {
  if (path.state !== "abandoned") {
    path.state = "abandoned";
    path.lostDue = true;
    path.statusDue = false;
    path.responses.length = 0;
    path.validation.pending.length = 0;
    path.validation.nextAt = -1;
    path.recovery.probes = 0;
    path.lingerUntil = now + 3 * probeTimeout(path.recovery.rtt, 0);
    stopPmtu(path.pmtu);
    setCoupled(paths.coupling, path.slot, false);
    if (paths.current === path.id) paths.current = -1;
    paths.counts.abandoned++;
    tell(paths, "abandoned", path);
    retire(paths, path.id, path.acks.largest, reason);
  }
  if (peerKnows) buryId(paths, path.id, now);
}

/** Takes an id out of use; the peer has to hear of it. */
export function retire(paths: Paths, id: number, received: number, reason: AbandonReason): void {
  paths.retired.push({ id, next: 0, received, freeAt: Number.MAX_SAFE_INTEGER, reason, due: true });
}

/** The peer knows that the id is out of use: after the quarantine it may be opened again. */
export function buryId(paths: Paths, id: number, now: Nanos): void {
  const retired = retiredId(paths, id);
  if (retired === undefined) return;
  retired.due = false;
  if (retired.freeAt < Number.MAX_SAFE_INTEGER) return;
  retired.freeAt = now + (paths.options.role === "initiator" ? QUARANTINE : QUARANTINE / 2);
}

export function retiredId(paths: Paths, id: number): RetiredId | undefined {
  return paths.retired.find((retired) => retired.id === id);
}

/** Drops abandoned paths that have lingered long enough, their packets told lost. Positions change where it answers true. */
export function sweep(paths: Paths, now: Nanos): boolean {
  const before = paths.list.length;
  for (let index = before - 1; index >= 0; index--) {
    const path = paths.list[index] as PathState;
    if (path.state !== "abandoned" || path.lostDue || path.lingerUntil > now) continue;
    paths.list.splice(index, 1);
    keepCounts(paths, path);
    const retired = retiredId(paths, path.id);
    if (retired === undefined) continue;
    retired.next = path.recovery.sent.next;
    retired.received = path.acks.largest;
  }
  return paths.list.length < before;
}

function keepCounts({ past }: Paths, { recovery }: PathState): void {
  past.spurious += recovery.counts.spurious;
  past.probeTimeouts += recovery.counts.probeTimeouts;
  past.congestionEvents += recovery.controller.events;
}

/** Tells that something happened to a path. */
export function tell(paths: Paths, kind: PathEventKind, { id, key }: PathState): void {
  if (paths.events.length >= EVENTS_KEPT) {
    paths.events.shift();
    paths.counts.droppedEvents++;
  }
  paths.events.push({ kind, id, key });
}

/** What happened since the last call, oldest first. */
export function takePathEvents(paths: Paths): Paths["events"] {
  return paths.events.splice(0);
}

/** Bytes that may still go over a way; without limit where it is validated, or we are the initiator, who chose it. */
export function allowanceOf(paths: Paths, path: PathState): Bytes {
  if (path.validated || paths.options.role === "initiator") return Number.MAX_SAFE_INTEGER;
  return AMPLIFICATION * path.allowance.received - path.allowance.sent;
}

/** RFC 9000, section 8. */
const AMPLIFICATION = 3;

/** Size of a packet that shows that a way carries the least size (RFC 9000, 8.2.1), as far as the allowance lets it. */
export function expanded(paths: Paths, path: PathState): Bytes {
  return Math.min(BASE_PLPMTU, path.pmtu.ceiling, allowanceOf(paths, path));
}
