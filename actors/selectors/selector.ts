/**
 * The path selector of one flow: gives each outgoing packet its path. It acts at the source only.
 *
 *     starting
 *         | selector.start: first choice
 *         v         no way
 *     selecting ----------------> unreachable      both: path.down, timer.revocation, paths.offered: choose again
 *         ^                           |            and, past the interpreter: paths.measured, a report of the receiver's,
 *         +---------------------------+            timer.reports (no news of packets sent long ago), timer.reconsider;
 *                                                  policy.replace (a fork's change): another policy begins, with what is known of the paths;
 *              one is usable again                 choice.changed: one of these changed whether there is a way
 *
 * News that an interface is down bars every path over it for the revocation time (SCION's default is 10 s); then the path is
 * offered again. What is known of a path (bars, measurements, packets sent) is kept by its fingerprint while it is not offered.
 *
 * Policies `each: "packet"` are asked with every packet, and not otherwise: for them there is a way while any path is usable.
 */
import { setup } from "xstate";
import type { IA, IfId } from "../../core/address.ts";
import type { ActorIndex, ControlEvent, Env, Handle } from "../../core/env.ts";
import { type Packet, setPath } from "../../core/packet.ts";
import { hopsOf, type PathInfo } from "../../core/path.ts";
import { NEVER } from "../../core/rate-schedule.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import type { PathTooBig } from "../scmp-news.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { takeObserved, takeProbed } from "./measurement.ts";
import type { FlowIdentity, Policy, PolicyParams } from "./policy.ts";
import type { PathsMeasured } from "./prober.ts";
import {
  addSubscriber,
  type PathsCandidates,
  type PathsObserved,
  type PathsSubscribe,
  type PathsTooBig,
  type PathsUnsubscribe,
  removeSubscriber,
  tellSubscribers as tellAll,
} from "./subscribers.ts";
import {
  createReports,
  giveUpOld,
  isReport,
  type Reports,
  type ReportsInput,
  takeReport,
  watchSent,
} from "./reports.ts";
import {
  bringBack,
  createLoadView,
  createTrack,
  type LoadView,
  refreshUsable,
  retire,
  type SelectorView,
  sumLoad,
  type Track,
} from "./tracks.ts";

export interface SelectorInput {
  readonly node: ActorIndex;
  /** Name of the policy among the assembly's resources, `policy/NAME`. */
  readonly policy: string;
  readonly params: PolicyParams;
  readonly identity: FlowIdentity;
  readonly paths: readonly PathInfo[];
  /** Bytes of all headers on each path. */
  readonly headers: readonly number[];
  readonly revocation: Nanos;
  /** Who probes for it; null: nobody. */
  readonly prober: ActorIndex | null;
  /** Where the receiver's reports come; null: there are none. */
  readonly reports: ReportsInput | null;
}

export interface SelectorContext extends Omit<SelectorInput, "paths" | "headers" | "reports" | "policy" | "params"> {
  policy: string;
  params: PolicyParams;
  paths: readonly PathInfo[];
  headers: readonly number[];
  resource: string;
  started: boolean;
  /** Nothing but the choice is looked at when a packet leaves. */
  plain: boolean;
  /** The policy is asked for every packet. */
  eachPacket: boolean;
  policyState: unknown;
  /** Position of the path in use, -1: none. */
  choice: number;
  /** The path in use, or the one used last; -1 before the first choice, `GONE` where it is not offered any more. */
  lastPath: number;
  /** Changes from one path to another; a pause without any path does not count. */
  switches: number;
  /** Times of the first changes and fingerprints of the paths changed to; `switches` goes on counting. */
  readonly switchedAt: Nanos[];
  readonly switchedTo: string[];
  /** Packets sent on each path, by position. */
  used: number[];
  /** What is known of each path, by position, and of paths that are not offered at present. */
  tracks: readonly Track[];
  readonly retired: Map<string, Track>;
  /** Packets sent on paths that were forgotten since there were too many. */
  usedForgotten: number;
  readonly view: SelectorView;
  /** When the next bar falls; NEVER without one. */
  release: Nanos;
  readonly reports: Reports | null;
  load: LoadView | null;
  /** Who is told of the paths: associations. */
  readonly subscribers: ActorIndex[];
  readonly timers: { revocation?: Handle; reconsider?: Handle };
}

/** Changes kept with their time. */
const MAX_SWITCHES_NOTED = 1_000;
const GONE = -2;

/** Other paths from now on, the best first; sent by the control service of the selector's own AS. */
export interface PathsOffered extends ControlEvent {
  readonly type: "paths.offered";
  readonly paths: readonly PathInfo[];
  /** Bytes of all headers on each path. */
  readonly headers: readonly number[];
}

/**
 * Another policy from now on; its state is that of its `init`. It sees what was measured so far, and goes on with the probes and reports that
 * there are: none begin or end. Whether there are those it goes by is the sender's business.
 */
export interface PolicyReplace extends ControlEvent {
  readonly type: "policy.replace";
  readonly policy: string;
  readonly params: PolicyParams;
}

export type SelectorEvent =
  | { type: "selector.start" }
  | { type: "path.down"; ia: IA; ifId: IfId }
  | { type: "timer.revocation" }
  | { type: "choice.changed" }
  | PathsOffered
  | PathsSubscribe
  | PolicyReplace;

const TIMER_RECONSIDER: ControlEvent = { type: "timer.reconsider" };
const CHOICE_CHANGED: ControlEvent = { type: "choice.changed" };

const selectorMachine = setup({
  types: { context: {} as SelectorContext, events: {} as SelectorEvent, input: {} as SelectorInput },
  guards: {
    someWay: ({ context }) => hasWay(context),
    noWay: ({ context }) => !hasWay(context),
  },
  actions: {
    requestStart: ({ system }) => void envOf(system).send(envOf(system).self, { type: "selector.start" }, 0),
    startPolicy: ({ context, system }) => startPolicy(context, envOf(system)),
    replacePolicy: ({ context, event, system }) => replacePolicy(context, event, envOf(system)),
    barPaths: ({ context, event, system }) => barPaths(context, event, envOf(system)),
    takePaths: ({ context, event, system }) => takePaths(context, event, envOf(system)),
    choosePath: ({ context, system }) => chooseOnChange(context, envOf(system)),
    awaitRevocation: ({ context, system }) => awaitRevocation(context, envOf(system)),
    tellSubscribers: ({ context, system }) => tellSubscribers(context, context.subscribers, envOf(system)),
    subscribe: ({ context, event, system }) => subscribe(context, event, envOf(system)),
  },
}).createMachine({
  id: "selector",
  context: ({ input }) => createSelector(input),
  initial: "starting",
  states: {
    // The Env is bound once the actor exists, so that the first choice waits for an event.
    starting: {
      entry: "requestStart",
      on: { "selector.start": { target: "selecting", actions: ["startPolicy", "choosePath", "tellSubscribers"] } },
    },
    selecting: { always: { guard: "noWay", target: "unreachable" } },
    unreachable: { always: { guard: "someWay", target: "selecting" } },
  },
  on: {
    "path.down": { actions: ["barPaths", "choosePath", "awaitRevocation", "tellSubscribers"] },
    "timer.revocation": { actions: ["choosePath", "awaitRevocation", "tellSubscribers"] },
    "paths.offered": { actions: ["takePaths", "choosePath", "awaitRevocation", "tellSubscribers"] },
    "paths.subscribe": { actions: "subscribe" },
    "policy.replace": { actions: ["replacePolicy", "choosePath", "awaitRevocation", "tellSubscribers"] },
    // The guards look again.
    "choice.changed": {},
  },
});

function onPacket(state: Present<SelectorContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const selector = state.context;
  if (!selector.plain) {
    const { reports } = selector;
    if (reports !== null && isReport(reports, packet)) {
      return takeReport(reports, selector.tracks, packet, env) ? askAgain(state, env) : undefined;
    }
    if (selector.eachPacket && packet.path === null) decide(selector, env);
  }
  if (packet.path !== null) {
    passOn(selector, packet, env);
    return;
  }
  const choice = selector.choice;
  const path = selector.paths[choice];
  if (path === undefined) {
    env.drop(packet, "no_path");
    return;
  }
  setPath(packet, path.forwarding, 0, 0);
  packet.wireLength = (selector.headers[choice] as number) + packet.payloadLength;
  depart(selector, choice, packet, env);
  return;
}

/** A subscriber has given the packet its path; on one that is not offered here (the way back, or one offered before) it goes uncounted. */
function passOn(selector: SelectorContext, packet: Packet, env: Env): void {
  const position = positionOf(selector, packet);
  if (position >= 0) depart(selector, position, packet, env);
  else env.sendPacket(selector.node, packet, 0, 0);
}

function depart(selector: SelectorContext, position: number, packet: Packet, env: Env): void {
  selector.used[position] = (selector.used[position] as number) + 1;
  if (selector.reports !== null) watchSent(selector.reports, selector.tracks[position] as Track, packet.number, env);
  if (env.tracing) env.trace("selector.choose", packet, { path: selector.paths[position]?.fingerprint ?? null });
  env.sendPacket(selector.node, packet, 0, 0);
}

/** What the prober tells is by position in its own paths, which are nearly always the selector's. */
function onMeasured(state: Present<SelectorContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const { reports, tracks } = state.context;
  const { fingerprints, measured } = event as PathsMeasured;
  fingerprints.forEach((fingerprint, position) => {
    const same = tracks[position];
    const track = same?.fingerprint === fingerprint ? same : tracks.find((one) => one.fingerprint === fingerprint);
    const probed = measured[position];
    if (track !== undefined && probed !== undefined) takeProbed(track.measured, probed, reports !== null);
  });
  return askAgain(state, env);
}

function onObserved(state: Present<SelectorContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  for (const observed of (event as PathsObserved).paths) {
    const track = state.context.tracks.find((one) => one.fingerprint === observed.fingerprint);
    if (track !== undefined) takeObserved(track.measured, observed);
  }
  return askAgain(state, env);
}

/** Nothing changes for the selector itself: paths are chosen by what their metadata say. */
function onTooBig({ context }: Present<SelectorContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const { hops, mtu } = event as PathTooBig;
  const { paths, headers, subscribers } = context;
  const position = subscribers.length === 0 ? -1 : paths.findIndex(({ forwarding }) => hopsOf(forwarding) === hops);
  const path = paths[position];
  if (path === undefined) return;
  const payload = mtu - (headers[position] as number);
  const news: PathsTooBig = { type: "paths.too-big", fingerprint: path.fingerprint, payload };
  tellAll(subscribers, news, env);
  return;
}

function onReconsider(state: Present<SelectorContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  delete state.context.timers.reconsider;
  awaitReconsider(state.context, env);
  return askAgain(state, env);
}

function onReportsTimer(state: Present<SelectorContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const { reports, tracks } = state.context;
  if (reports === null || !giveUpOld(reports, tracks, env)) return;
  return askAgain(state, env);
}

export const selectorLogic = withPacketHandler(selectorMachine, onPacket, {
  "paths.measured": onMeasured,
  "paths.observed": onObserved,
  "path.too-big": onTooBig,
  "paths.unsubscribe": ({ context }, event) => {
    removeSubscriber(context.subscribers, (event as PathsUnsubscribe).subscriber);
    return undefined;
  },
  "timer.reconsider": onReconsider,
  "timer.reports": onReportsTimer,
});

/** Packets on every path ever used, offered at present or not. */
export function pathsUsed({ paths, retired, used }: SelectorContext): { fingerprint: string; packets: number }[] {
  const offered = paths.map(({ fingerprint }, position) => ({ fingerprint, packets: used[position] as number }));
  const before = [...retired.values()].map((track) => ({ fingerprint: track.fingerprint, packets: track.used }));
  return [...offered, ...before].filter(({ packets }) => packets > 0);
}

function createSelector(input: SelectorInput): SelectorContext {
  const { paths } = input;
  const tracks = paths.map((path) => createTrack(path, input.reports !== null));
  const view: SelectorView = {
    now: 0,
    paths,
    usable: paths.map(() => true),
    current: -1,
    measured: tracks.map(({ measured }) => measured),
    load: null,
  };
  return {
    ...input,
    resource: `policy/${input.policy}`,
    started: false,
    plain: true,
    eachPacket: false,
    policyState: null,
    choice: -1,
    lastPath: -1,
    switches: 0,
    switchedAt: [],
    switchedTo: [],
    used: paths.map(() => 0),
    tracks,
    retired: new Map(),
    usedForgotten: 0,
    view,
    release: NEVER,
    reports: createReports(input.reports),
    load: null,
    subscribers: [],
    timers: {},
  };
}

/** Position of a packet's path; one that is not offered any more has none. */
function positionOf({ paths, choice }: SelectorContext, { path }: Packet): number {
  return paths[choice]?.forwarding === path ? choice : paths.findIndex(({ forwarding }) => forwarding === path);
}

function subscribe(selector: SelectorContext, event: SelectorEvent, env: Env): void {
  if (event.type !== "paths.subscribe") return;
  addSubscriber(selector.subscribers, event.subscriber);
  if (selector.started) tellSubscribers(selector, [event.subscriber], env);
}

function tellSubscribers(selector: SelectorContext, to: readonly ActorIndex[], env: Env): void {
  if (to.length === 0) return;
  const { paths, headers, choice, eachPacket, view } = selector;
  const observes = policyOf(selector, env).observes?.some((what) => what !== "load") === true;
  const usable = view.usable.slice();
  const news: PathsCandidates = { type: "paths.candidates", paths, headers, usable, choice, eachPacket, observes };
  tellAll(to, news, env);
}

function hasWay({ choice, eachPacket, view }: SelectorContext): boolean {
  return eachPacket ? view.usable.includes(true) : choice >= 0;
}

function policyOf(selector: SelectorContext, env: Env): Policy {
  return env.resource(selector.resource) as Policy;
}

function startPolicy(selector: SelectorContext, env: Env): void {
  const policy = policyOf(selector, env);
  selector.policyState = policy.init(selector.params, selector.paths, selector.identity);
  selector.eachPacket = policy.each === "packet";
  selector.plain = !selector.eachPacket && selector.reports === null;
  selector.started = true;
  if (policy.observes?.includes("load") === true) showLoad(selector);
  awaitReconsider(selector, env);
}

function replacePolicy(selector: SelectorContext, event: SelectorEvent, env: Env): void {
  if (event.type !== "policy.replace") return;
  const { timers, view } = selector;
  if (timers.reconsider !== undefined) env.cancel(timers.reconsider);
  delete timers.reconsider;
  selector.policy = event.policy;
  selector.params = event.params;
  selector.resource = `policy/${event.policy}`;
  selector.load = null;
  view.load = null;
  if (selector.started) startPolicy(selector, env);
}

function showLoad(selector: SelectorContext): void {
  selector.load = createLoadView(selector.paths);
  selector.view.load = selector.load.paths;
}

function awaitReconsider(selector: SelectorContext, env: Env): void {
  if (selector.eachPacket) return;
  const policy = policyOf(selector, env);
  const period = policy.reconsider?.(selector.params);
  if (period === undefined) return;
  if (!(Number.isSafeInteger(period) && period > 0)) {
    throw new Error(`policy ${policy.name}: reconsider must give whole nanoseconds from 1 up, found ${String(period)}`);
  }
  selector.timers.reconsider = env.send(env.self, TIMER_RECONSIDER, period);
}

function barPaths(selector: SelectorContext, event: SelectorEvent, env: Env): void {
  if (event.type !== "path.down") return;
  selector.paths.forEach(({ interfaces }, position) => {
    const track = selector.tracks[position];
    if (track !== undefined && interfaces.some(({ ia, ifId }) => ia === event.ia && ifId === event.ifId)) {
      track.barredUntil = env.now + selector.revocation;
    }
  });
}

function takePaths(selector: SelectorContext, event: SelectorEvent, env: Env): void {
  if (event.type !== "paths.offered") return;
  const { paths: before, retired, view } = selector;
  const { paths, headers } = event;
  const positionNow = (position: number): number =>
    position < 0 ? position : paths.findIndex(({ fingerprint }) => fingerprint === before[position]?.fingerprint);
  const [choice, lastPath] = [positionNow(selector.choice), positionNow(selector.lastPath)];
  selector.usedForgotten += retire(retired, selector.tracks, selector.used);
  selector.tracks = paths.map((path) => bringBack(retired, path, selector.reports !== null));
  selector.used = selector.tracks.map(({ used }) => used);
  selector.paths = paths;
  selector.headers = headers;
  selector.choice = choice;
  selector.lastPath = lastPath < 0 && selector.lastPath !== -1 ? GONE : lastPath;
  view.paths = paths;
  view.measured = selector.tracks.map(({ measured }) => measured);
  if (selector.prober !== null) env.send(selector.prober, event, 0);
  if (!selector.started) return;
  if (selector.load !== null) showLoad(selector);
  const { identity, params, policyState } = selector;
  const policy = policyOf(selector, env);
  selector.policyState =
    policy.update === undefined
      ? policy.init(params, paths, identity)
      : policy.update(policyState, params, before, paths);
}

function chooseOnChange(selector: SelectorContext, env: Env): void {
  selector.release = refreshUsable(selector.view.usable, selector.tracks, env.now);
  if (selector.started && !selector.eachPacket) decide(selector, env);
}

/** Asks the policy. @returns what walks the statechart where there is a way now and was none, or the other way round */
function askAgain({ context, value }: Present<SelectorContext>, env: Env): ControlEvent | undefined {
  if (!context.started || context.eachPacket) return;
  const before = context.choice;
  decide(context, env);
  if (context.choice !== before) tellSubscribers(context, context.subscribers, env);
  return hasWay(context) === (value === "selecting") ? undefined : CHOICE_CHANGED;
}

function decide(selector: SelectorContext, env: Env): void {
  const { view } = selector;
  view.now = env.now;
  view.current = selector.choice;
  if (selector.release <= env.now) selector.release = refreshUsable(view.usable, selector.tracks, env.now);
  if (selector.load !== null) {
    env.observe(selector.load.links, selector.load.reading);
    sumLoad(selector.load, selector.paths);
  }
  const policy = policyOf(selector, env);
  const choice = policy.choose(selector.policyState, view, env.random("policy"));
  if (choice === selector.choice) return;
  checkChoice(selector, policy, choice);
  if (env.tracing) env.trace("selector.switch", null, { path: selector.paths[choice]?.fingerprint ?? null });
  selector.choice = choice;
  if (choice < 0) return;
  if (selector.lastPath !== -1 && selector.lastPath !== choice) noteSwitch(selector, choice, env.now);
  selector.lastPath = choice;
}

function checkChoice({ paths }: SelectorContext, { name }: Policy, choice: number): void {
  if (Number.isInteger(choice) && choice >= -1 && choice < paths.length) return;
  const offered = paths.length === 0 ? "no path is offered: -1" : `-1 to ${paths.length - 1}`;
  throw new Error(
    `policy ${name}: choose must return the position of an offered path (${offered}), found ${String(choice)}`,
  );
}

function noteSwitch(selector: SelectorContext, choice: number, now: Nanos): void {
  const { paths, switchedAt, switchedTo } = selector;
  selector.switches++;
  if (switchedAt.length >= MAX_SWITCHES_NOTED) return;
  switchedAt.push(now);
  switchedTo.push(paths[choice]?.fingerprint ?? "");
}

/** One timer for the bar that falls first. */
function awaitRevocation({ release, timers }: SelectorContext, env: Env): void {
  if (timers.revocation !== undefined) env.cancel(timers.revocation);
  delete timers.revocation;
  if (release !== NEVER) timers.revocation = env.send(env.self, { type: "timer.revocation" }, release - env.now);
}
