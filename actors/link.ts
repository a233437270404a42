/**
 * One direction of a link: queue, line, propagation. It belongs to the AS at its sending end.
 *
 *          link.fail
 *    up ---------------> down       up:   packets queue, are sent, are lost by chance, arrive
 *     ^                    |        down: packets are dropped; those queued or flying when it failed, too
 *     +--------------------+              (link.fail: one more cause; link.recover: one cause less, and up with the last)
 *       link.recover, no cause left
 *
 *   either: link.impair, link.mend    what faults do to packets besides; each cause by itself, until it is mended
 *           link.rate                 another rate of the line's own (a fork's change): a paced line sends on at it at once, an
 *                                     event-free one from the next packet on that comes
 *
 * The router behind it learns of either change after the detection time (BFD's, until BFD itself is here), of a shorter one never.
 *
 * A link is event-free where the time at which a packet leaves is known when it comes (drop-tail, one rate); else it is paced: it holds
 * its packets, and timer.transmit wakes it at the end of each transmission. timer.measure tells of the end of the warm-up.
 */
import { assign, setup } from "xstate";
import type { IfId } from "../core/address.ts";
import type { ActorIndex, ControlEvent, DropReason, Env, Handle } from "../core/env.ts";
import { impair, mend, rateLeft } from "../core/impairment.ts";
import { carry, changeRate, createLinkModel, type LinkModel, watchPassage } from "../core/link-model.ts";
import type { Packet } from "../core/packet.ts";
import { capRate, clearLine, createPacedLine, offer, type PacedLine, setRate, takeSent } from "../core/paced-line.ts";
import { type LinkKeys, pass } from "../core/passage.ts";
import { marksOf } from "../core/queue-disciplines.ts";
import { reset } from "../core/queue.ts";
import { NEVER } from "../core/rate-schedule.ts";
import type { Impairment, LinkDirection } from "../core/scenario.ts";
import type { BitsPerSecond, Nanos } from "../core/units.ts";
import { envOf } from "./registry.ts";
import { type Present, withPacketHandler } from "./with-packet-handler.ts";

export interface LinkInput {
  readonly direction: LinkDirection;
  /** Must it be able to change its rate, or does its queue need events? See `needsPacing`. */
  readonly paced: boolean;
  /** Router at the sending end, and the interface it knows this link by. */
  readonly node: ActorIndex;
  readonly ifId: IfId;
  /** Router at the other end, and the interface packets arrive on there. */
  readonly next: ActorIndex;
  readonly nextIfId: IfId;
  readonly detection: Nanos;
  readonly keys: LinkKeys;
  /** Bytes for the utilization are counted from then on. */
  readonly measureFrom: Nanos;
}

/** Packets dropped, by what happened to them here. */
type LinkDrops = Record<"queue_overflow" | "early_drop" | "loss" | "corrupted" | "link_down", number>;

export interface LinkContext {
  // What every packet touches comes first: it fills one line of the cache.
  readonly model: LinkModel;
  readonly next: ActorIndex;
  readonly nextIfId: IfId;
  /** Packets put on the line, those lost on it included. */
  packets: number;
  bytes: number;
  /** null: event-free. */
  readonly paced: PacedLine | null;
  readonly measureFrom: Nanos;
  /** `bytes` as they were at `measureFrom`: a timer notes it, so that no packet has to look at the time. */
  warmupBytes: number;
  drops: number;
  readonly dropped: LinkDrops;
  readonly node: ActorIndex;
  readonly ifId: IfId;
  readonly detection: Nanos;
  direction: LinkDirection;
  /** What holds the link down, in the order in which it began. */
  causes: readonly string[];
  readonly timers: { transmit?: Handle; measure?: Handle; report?: Handle };
  /** When `transmit` is due. */
  wake: Nanos;
  /** When `report` is due. */
  reportAt: Nanos;
}

export type LinkEvent =
  | { type: "link.fail"; cause: string }
  | { type: "link.recover"; cause: string | null }
  | { type: "link.impair"; cause: string; impairment: Impairment }
  | { type: "link.mend"; cause: string }
  | LinkRate;

/** Another rate of this direction, 0: no limit. Where a schedule says the rate, it goes on saying it. */
export interface LinkRate extends ControlEvent {
  readonly type: "link.rate";
  readonly rate_bps: BitsPerSecond;
}

const TIMER_TRANSMIT: ControlEvent = { type: "timer.transmit" };
const TIMER_MEASURE: ControlEvent = { type: "timer.measure" };

const linkMachine = setup({
  types: { context: {} as LinkContext, events: {} as LinkEvent, input: {} as LinkInput },
  guards: {
    causeLeft: ({ context, event }) => causesAfter(context, event).length > 0,
  },
  actions: {
    awaitWarmup: ({ context, system }) => awaitWarmup(context, envOf(system)),
    noteCauses: assign({ causes: ({ context, event }) => causesAfter(context, event) }),
    dropUnderWay: ({ context, system }) => dropUnderWay(context, envOf(system)),
    reportDown: ({ context, system }) => report(context, "interface.down", envOf(system)),
    reportUp: ({ context, system }) => report(context, "interface.up", envOf(system)),
    changeImpairments: ({ context, event, system }) => changeImpairments(context, event, envOf(system)),
    changeRate: ({ context, event, system }) => setOwnRate(context, event, envOf(system)),
  },
}).createMachine({
  id: "link",
  context: ({ input }) => createLink(input),
  entry: "awaitWarmup",
  initial: "up",
  states: {
    up: { on: { "link.fail": { target: "down", actions: ["noteCauses", "dropUnderWay", "reportDown"] } } },
    down: {
      on: {
        "link.fail": { actions: "noteCauses" },
        "link.recover": [
          { guard: "causeLeft", actions: "noteCauses" },
          { target: "up", actions: ["noteCauses", "reportUp"] },
        ],
      },
    },
  },
  on: {
    "link.impair": { actions: "changeImpairments" },
    "link.mend": { actions: "changeImpairments" },
    "link.rate": { actions: "changeRate" },
  },
});

function onPacket(state: Present<LinkContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const link = state.context;
  if (state.value === "down") {
    drop(link, packet, "link_down", env);
    return;
  }
  const { model } = link;
  if (!model.plain && link.paced !== null) {
    hold(link, link.paced, packet, env);
    return;
  }
  const { now } = env;
  const delay = carry(model, now, packet);
  if (typeof delay === "string") {
    if (delay !== "queue_overflow") count(link, packet);
    drop(link, packet, delay, env);
    return;
  }
  count(link, packet);
  if (env.tracing) env.trace("link.admit", packet, { arrives_ns: now + delay, waiting: model.waiting });
  if (!model.plain && model.passage.copies > 0) deliverCopies(link, packet, delay, env);
  env.sendPacket(link.next, packet, link.nextIfId, delay);
  return;
}

/** The end of a transmission, or the moment at which the next can begin. */
function onTransmit({ context }: Present<LinkContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  delete context.timers.transmit;
  if (context.paced !== null) work(context, context.paced, env);
  return;
}

/** The warm-up is over. */
function onMeasure({ context }: Present<LinkContext>, _event: ControlEvent, _env: Env): ControlEvent | undefined {
  delete context.timers.measure;
  context.warmupBytes = context.bytes;
  return;
}

export const linkLogic = withPacketHandler(linkMachine, onPacket, {
  "timer.transmit": onTransmit,
  "timer.measure": onMeasure,
});

/** Bytes put on the line since the warm-up. */
export function measuredBytes({ bytes, measureFrom, warmupBytes }: LinkContext, now: Nanos): number {
  return now < measureFrom ? 0 : bytes - warmupBytes;
}

/** Does this direction need events to know when a packet leaves? Faults that change its rate aside. */
export function needsPacing({ discipline, schedule }: LinkDirection): boolean {
  return discipline.kind !== "drop-tail" || schedule !== null;
}

/** What its queue has come to so far. */
export function queueFigures({ model, paced }: LinkContext): { marks: number; highWater: number } {
  if (paced === null) return { marks: 0, highWater: model.highWater };
  return { marks: marksOf(paced.queue), highWater: paced.queue.highWater };
}

function createLink(input: LinkInput): LinkContext {
  const { detection, direction, ifId, keys, measureFrom, next, nextIfId, node } = input;
  const paced = input.paced || needsPacing(direction);
  const model = createLinkModel(direction, keys);
  if (paced) model.plain = false;
  return {
    model,
    next,
    nextIfId,
    packets: 0,
    bytes: 0,
    paced: paced ? createPacedLine(direction, keys.queue) : null,
    measureFrom,
    warmupBytes: 0,
    drops: 0,
    dropped: { queue_overflow: 0, early_drop: 0, loss: 0, corrupted: 0, link_down: 0 },
    node,
    ifId,
    detection,
    direction,
    causes: [],
    timers: {},
    wake: NEVER,
    reportAt: 0,
  };
}

function awaitWarmup({ measureFrom, timers }: LinkContext, env: Env): void {
  if (measureFrom > 0) timers.measure = env.send(env.self, TIMER_MEASURE, Math.max(0, measureFrom - env.now));
}

function count(link: LinkContext, packet: Packet): void {
  link.packets++;
  link.bytes += packet.wireLength;
}

function drop(link: LinkContext, packet: Packet, reason: DropReason, env: Env): void {
  link.drops++;
  link.dropped[reason as keyof LinkDrops]++;
  env.drop(packet, reason);
}

function deliverCopies({ model, next, nextIfId }: LinkContext, packet: Packet, delay: Nanos, env: Env): void {
  for (let copy = 0; copy < model.passage.copies; copy++) env.sendPacket(next, env.duplicate(packet), nextIfId, delay);
}

// ---- Paced links ----

function hold(link: LinkContext, line: PacedLine, packet: Packet, env: Env): void {
  takeAllSent(link, line, env);
  const refused = offer(line, env.now, packet);
  if (refused !== null) drop(link, packet, refused, env);
  work(link, line, env);
}

function work(link: LinkContext, line: PacedLine, env: Env): void {
  takeAllSent(link, line, env);
  const { timers } = link;
  if (timers.transmit !== undefined) {
    if (link.wake === line.wake) return;
    env.cancel(timers.transmit);
    delete timers.transmit;
  }
  link.wake = line.wake;
  if (line.wake !== NEVER) timers.transmit = env.send(env.self, TIMER_TRANSMIT, Math.max(0, line.wake - env.now));
}

function takeAllSent(link: LinkContext, line: PacedLine, env: Env): void {
  const { discarded } = line.queue;
  let packet: Packet | null;
  do {
    packet = takeSent(line, env.now);
    while (discarded.length > 0) drop(link, discarded.shift() as Packet, "early_drop", env);
    if (packet !== null) letGo(link, packet, line.left, env);
  } while (packet !== null);
}

/** A packet has left the line at `left`, a moment ago in a world that is late. */
function letGo(link: LinkContext, packet: Packet, left: Nanos, env: Env): void {
  count(link, packet);
  const arrival = pass(link.model.passage, left, packet);
  if (typeof arrival === "string") {
    drop(link, packet, arrival, env);
    return;
  }
  const delay = Math.max(0, arrival - env.now);
  if (env.tracing) env.trace("link.admit", packet, { arrives_ns: arrival, waiting: waitingIn(link) });
  deliverCopies(link, packet, delay, env);
  env.sendPacket(link.next, packet, link.nextIfId, delay);
}

function waitingIn({ paced }: LinkContext): number {
  return paced === null ? 0 : paced.queue.bands.reduce((sum, { waiting }) => sum + waiting, 0);
}

// ---- Faults ----

/** The causes that hold the link down after an event. */
function causesAfter({ causes }: LinkContext, event: LinkEvent): readonly string[] {
  if (event.type === "link.fail") return causes.includes(event.cause) ? causes : [...causes, event.cause];
  if (event.type !== "link.recover") return causes;
  return event.cause === null ? [] : causes.filter((cause) => cause !== event.cause);
}

function changeImpairments(link: LinkContext, event: LinkEvent, env: Env): void {
  const { model, paced } = link;
  const { passage } = model;
  if (event.type !== "link.impair" && event.type !== "link.mend") return;
  // What has left by now was not touched by what begins now.
  if (paced !== null) takeAllSent(link, paced, env);
  passage.impairments =
    event.type === "link.impair"
      ? impair(passage.impairments, event.cause, event.impairment, passage.keys.fault)
      : mend(passage.impairments, event.cause);
  const cap = rateLeft(passage.impairments);
  if (env.tracing) env.trace("link.state", null, { impairments: passage.impairments.length });
  if (paced !== null) {
    capRate(paced, env.now, cap);
    work(link, paced, env);
    return;
  }
  if (cap !== null)
    throw new Error(`${env.id} was not made for a change of its rate: ask for it where it is assembled`);
  watchPassage(model, env.now);
}

function setOwnRate(link: LinkContext, event: LinkEvent, env: Env): void {
  if (event.type !== "link.rate") return;
  const { model, paced } = link;
  link.direction = { ...link.direction, rate_bps: event.rate_bps };
  if (env.tracing) env.trace("link.state", null, { rate_bps: event.rate_bps });
  changeRate(model, event.rate_bps);
  if (paced === null) return;
  // What has left by now left at the old rate.
  takeAllSent(link, paced, env);
  setRate(paced, env.now, event.rate_bps);
  work(link, paced, env);
}

/** Packets under way, then those on the line and in the queue. */
function dropUnderWay(link: LinkContext, env: Env): void {
  if (link.paced !== null) takeAllSent(link, link.paced, env);
  const held = link.paced === null ? [] : clearLine(link.paced, env.now);
  for (const packet of [...env.recall(), ...held]) drop(link, packet, "link_down", env);
  if (link.timers.transmit !== undefined) env.cancel(link.timers.transmit);
  delete link.timers.transmit;
  reset(link.model, env.now);
  link.model.passage.lastArrival = 0;
}

/** A change that ends before the router could have noticed it, as BFD would not, is never told. */
function report(link: LinkContext, type: "interface.down" | "interface.up", env: Env): void {
  if (env.tracing) env.trace("link.state", null, { up: type === "interface.up" });
  const { timers } = link;
  if (timers.report !== undefined && env.now < link.reportAt) {
    env.cancel(timers.report);
    delete timers.report;
    return;
  }
  timers.report = env.send(link.node, { type, ifId: link.ifId } as ControlEvent, link.detection);
  link.reportAt = env.now + link.detection;
}
