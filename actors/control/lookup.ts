/**
 * Path lookup (scionproto `private/segment/segfetcher`): what segments a destination needs, from whom, and the paths that they make. The control
 * service does what in SCION a host's daemon does, too: it keeps the selectors of its AS supplied.
 *
 *   from a leaf to a leaf    own up segments; core segments that end at the core AS of any of them, asked there; down segments, asked at each core
 *                            AS of the destination's ISD that these lead to
 *   from or to a core AS     without up, or without down segments
 *
 * A destination's ISD stands for all of its core ASes in a request (wildcard). Answers are kept for the caching time, but no longer than the first of
 * their segments lives; empty ones until the next retry.
 */
import { formatIA, type IA } from "../../core/address.ts";
import { isdOf } from "../../core/beaconing/as-view.ts";
import { isExpired, originOf } from "../../core/beaconing/beacon.ts";
import { decodeBeacon, type EncodedBeacon } from "../../core/beaconing/beacon-codec.ts";
import { encodeAnswer, encodeRequest, type SegmentKind, type Span } from "../../core/beaconing/messages.ts";
import { bestOf } from "../../core/beaconing/store.ts";
import type { Segments } from "../../core/combinator/graph.ts";
import type { Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import { findAllowed, pathsToJudge } from "../../core/path-policy/policy.ts";
import type { Segment } from "../../core/segment.ts";
import { SECOND } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import type { PathsOffered } from "../selectors/selector.ts";
import { planeOf, unixTime } from "./beaconing.ts";
import type { ControlContext, Query, Target } from "./context.ts";
import { destinationOn, segmentProblem } from "./registration.ts";
import { backTo, sendMessage } from "./transport.ts";

/** Core ASes asked for one destination. */
const MAX_ASKED = 32;
const MAX_CACHED = 4_096;
const MAX_REVOKED = 4_096;
/** Longest and shortest packets that a request may ask an answer to be sent in. */
const ANSWER_MTU = { least: 576, most: 9_000 };

/** Looks at the targets that are due; `all`: something has happened that concerns every one. */
export function serveTargets(control: ControlContext, all: boolean, env: Env): void {
  giveUpQueries(control, env);
  for (const target of control.targets) {
    const begun = target.clients.some(({ from }) => from <= env.now);
    if (begun && (all || target.due <= env.now)) serve(control, target, env);
  }
}

function giveUpQueries({ asked, counts }: ControlContext, env: Env): void {
  for (const [name, { until }] of asked) {
    if (until > env.now) continue;
    asked.delete(name);
    counts.requests_unanswered++;
  }
}

function serve(control: ControlContext, target: Target, env: Env): void {
  const { dst } = target;
  if (!planeOf(env).views.has(dst)) {
    control.counts.unknown_destinations++;
    target.due = Number.MAX_SAFE_INTEGER;
    return;
  }
  const { segments, waiting } = gather(control, dst, env);
  const paths = allowedPaths(control, segments, target, env);
  const lacking = paths.length === 0;
  target.due = env.now + (lacking ? control.times.retry : control.times.cache);
  // While answers are on their way, what is offered already stays.
  if (waiting && (lacking || target.offered !== null)) return;
  offer(control, target, paths, env);
}

function allowedPaths(
  control: ControlContext,
  segments: Segments,
  { allowed, dst }: Target,
  env: Env,
): readonly PathInfo[] {
  const find = (max: number) => (): PathInfo[] => usablePaths(control, segments, dst, env, max);
  const { maxPaths: max } = control;
  const near = find(max);
  if (allowed === null) return near();
  return findAllowed(allowed.policy, allowed.src, near, find(pathsToJudge(max)), max)(control.ia, dst);
}

function usablePaths(control: ControlContext, segments: Segments, dst: IA, env: Env, max: number): PathInfo[] {
  const now = unixTime(control, env);
  const paths = planeOf(env).combine(segments, control.ia, dst, max + control.revoked.size);
  const usable = paths.filter(({ expiryS, interfaces }) => expiryS > now && !isRevoked(control, interfaces, env));
  return usable.slice(0, max);
}

function isRevoked({ down, ia, revoked }: ControlContext, interfaces: PathInfo["interfaces"], env: Env): boolean {
  if (revoked.size === 0 && down.size === 0) return false;
  return interfaces.some(
    (one) => (one.ia === ia && down.has(one.ifId)) || (revoked.get(`${one.ia}#${one.ifId}`) ?? 0) > env.now,
  );
}

/** Tells the clients, unless they know: other paths, or the same with a longer life where little is left of it. */
function offer(control: ControlContext, target: Target, paths: readonly PathInfo[], env: Env): void {
  const names = paths.map(({ fingerprint }) => fingerprint).join(" ");
  const expiryS = Math.min(...paths.map((path) => path.expiryS));
  const soon = target.expiryS - unixTime(control, env) < control.times.cache / SECOND && expiryS > target.expiryS;
  if (names === (target.offered ?? "") && !(soon && paths.length > 0)) return;
  target.offered = names;
  target.expiryS = expiryS;
  control.counts.offers++;
  for (const { dstHost, l4, selector, srcHost } of target.clients) {
    const headers = paths.map(({ forwarding }) => wireLengthOf(forwarding, srcHost, dstHost, l4, 0));
    const event: PathsOffered = { type: "paths.offered", paths, headers };
    env.send(selector, event, 0);
  }
}

/** What is known of the segments that a destination needs; what is not is asked for. */
function gather(control: ControlContext, dst: IA, env: Env): { segments: Segments; waiting: boolean } {
  const { views } = planeOf(env);
  const toCore = views.get(dst)?.as.core === true;
  const own = control.own;
  const ups = control.core ? [] : own;
  const srcCores = control.core ? [control.ia] : [...new Set(ups.map(originOf))].slice(0, MAX_ASKED);
  const wanted = toCore ? dst : formatIA(isdOf(dst), 0);
  let waiting = false;
  const ask = (at: IA, kind: SegmentKind, what: IA, segments: Segments): readonly EncodedBeacon[] => {
    const found = find(control, at, kind, what, segments, env);
    waiting ||= found === null;
    return found ?? [];
  };
  const up = decode(ups, env);
  const core: EncodedBeacon[] = [];
  for (const at of srcCores) if (at !== dst) core.push(...ask(at, "core", wanted, { up, core: [], down: [] }));
  const known: Segments = { up, core: decode(core, env), down: [] };
  if (toCore) return { segments: known, waiting };
  const isd = isdOf(dst);
  const dstCores = [...srcCores, ...core.map(originOf)].filter((ia) => isdOf(ia) === isd);
  const down = [...new Set(dstCores)].slice(0, MAX_ASKED).flatMap((at) => [...ask(at, "down", dst, known)]);
  return { segments: { ...known, down: decode(down, env) }, waiting };
}

function decode(encoded: readonly EncodedBeacon[], env: Env): Segment[] {
  const plane = planeOf(env);
  return encoded.map((one) => plane.segmentOf(one)).filter((segment) => segment !== null);
}

/** Segments that a core AS knows: this one's own, cached ones, or null and a request is on its way. */
function find(
  control: ControlContext,
  at: IA,
  kind: SegmentKind,
  what: IA,
  way: Segments,
  env: Env,
): readonly EncodedBeacon[] | null {
  if (at === control.ia) return answerOf(control, kind, what);
  const name = `${at} ${kind} ${what}`;
  const cached = control.cache.get(name);
  if (cached !== undefined && cached.until > env.now) return cached.segments;
  if (control.asked.has(name)) return null;
  if (request(control, { name, at, kind, wanted: what }, way, env)) return null;
  // Nobody to ask over: what was known is better than nothing.
  return cached?.segments.filter((one) => !isExpired(one, unixTime(control, env))) ?? [];
}

/** Asks a core AS; false where no way leads there. */
function request(
  control: ControlContext,
  { at, kind, name, wanted }: Pick<Query, "at" | "kind" | "name" | "wanted">,
  way: Segments,
  env: Env,
): boolean {
  const [path] = usablePaths(control, way, at, env, control.maxPaths);
  if (path === undefined) return false;
  const id = control.queries++;
  if (!sendMessage(control, destinationOn(path), encodeRequest(id, kind, wanted, path.mtu), env)) return false;
  control.counts.requests_sent++;
  control.asked.set(name, { name, id, kind, at, wanted, until: env.now + control.times.patience });
  return true;
}

/** What this core AS answers: the segments that end here, or the down segments to an AS. A wildcard stands for its ISD, or for all. */
function answerOf(control: ControlContext, kind: SegmentKind, wanted: IA): readonly EncodedBeacon[] {
  if (!control.core) return [];
  if (kind === "core") return control.own.filter((one) => covers(wanted, originOf(one)));
  const store = control.downs.get(wanted);
  return store === undefined ? [] : bestOf(store, control.policy);
}

function covers(wanted: IA, ia: IA): boolean {
  if (!wanted.endsWith("-0")) return wanted === ia;
  const isd = isdOf(wanted);
  return isd === 0 || isd === isdOf(ia);
}

export function answerRequest(
  control: ControlContext,
  request: { readonly query: number; readonly kind: SegmentKind; readonly dst: IA; readonly mtu: number },
  packet: Packet,
  env: Env,
): void {
  control.counts.requests_received++;
  const segments = answerOf(control, request.kind, request.dst);
  const mtu = Math.min(ANSWER_MTU.most, Math.max(ANSWER_MTU.least, request.mtu));
  const payload = encodeAnswer(request.query, segments);
  sendMessage(control, backTo(packet, mtu), payload, env);
}

/** An answer counts only where it was asked for, and with it segments that are what was asked for. */
export function receiveAnswer(
  control: ControlContext,
  bytes: Uint8Array,
  { items, query }: { readonly query: number; readonly items: readonly Span[] },
  packet: Packet,
  env: Env,
): void {
  const asked = [...control.asked.values()].find(({ id }) => id === query);
  if (asked === undefined || asked.at !== packet.srcIa) {
    control.counts.answers_refused++;
    return;
  }
  control.asked.delete(asked.name);
  const segments: EncodedBeacon[] = [];
  for (const [start, end] of items) {
    const decoded = decodeBeacon(planeOf(env).chains, bytes, start, end, 0);
    if (decoded.ok && fits(asked, decoded.value, unixTime(control, env))) segments.push(decoded.value);
    else control.counts.answers_refused++;
  }
  const life = Math.min(...segments.map(({ expiryS }) => expiryS)) - unixTime(control, env);
  const { cache, retry } = control.times;
  const until = segments.length === 0 ? env.now + retry : env.now + Math.min(cache, Math.floor(life * SECOND));
  if (control.cache.size >= MAX_CACHED) control.cache.clear();
  control.cache.set(asked.name, { segments, until });
  serveTargets(control, true, env);
}

function fits({ at, kind, wanted }: Query, segment: EncodedBeacon, now: number): boolean {
  const origin = originOf(segment);
  if (kind === "down") return segmentProblem(segment, at, wanted, now) === null;
  return covers(wanted, origin) && segmentProblem(segment, origin, at, now) === null;
}

/** News that an interface is down: paths over it are held back for the revocation time, and what is cached of them is asked for again. */
export function revoke(control: ControlContext, ia: IA, ifId: number, env: Env): void {
  const { counts, revocation, revoked } = control;
  const name = `${ia}#${ifId}`;
  for (const [old, until] of revoked) if (until <= env.now) revoked.delete(old);
  const known = revoked.has(name);
  if (!known && revoked.size >= MAX_REVOKED) return;
  revoked.set(name, env.now + revocation);
  if (known) return;
  counts.revocations++;
  control.cache.clear();
  for (const target of control.targets) target.due = Math.min(target.due, env.now + revocation);
  serveTargets(control, true, env);
}
