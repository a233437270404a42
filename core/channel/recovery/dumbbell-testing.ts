/**
 * A dumbbell for tests: flows that always have data, an access line each, one bottleneck with a drop-tail queue, acknowledgements
 * that come back undisturbed. Every lane is first in, first out, so the loop only compares their heads.
 */
import { RandomStream } from "../../rng.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../units.ts";
import { ackIsDue, type Acks, createAcks, noteReceived, takeAckRanges } from "./acks.ts";
import { createRecovery, deadlineOf, maySend, noteSent, onTimeout, type RecoveryOptions, takeAck } from "./recovery.ts";
import type { News, Recovery } from "./state.ts";

export interface Dumbbell extends Omit<RecoveryOptions, "datagram" | "pacing"> {
  readonly flows?: number;
  /** Bytes of every packet on every line. Default 1502, as Linux's in baselines: 1448 of data, 52 of headers, 2 of the link. */
  readonly packet?: number;
  /** Bits a second, 0: no limit. Default 100 Mbit/s. */
  readonly rate?: number;
  /** Packets that wait, beside the one on the line. */
  readonly queue?: number;
  /** Two-way, without transmission. Default 20 ms, of which the access takes 2 a direction. */
  readonly rtt?: Nanos;
  /** Share of packets lost at random before the bottleneck. */
  readonly loss?: number;
  readonly ackEvery?: number;
  readonly pacing?: boolean;
  readonly seed?: number;
  readonly seconds: number;
  /** Figures count from here. Default 10 s. */
  readonly from?: number;
}

export interface Reduction {
  readonly at: Nanos;
  readonly before: number;
  readonly after: number;
}

export interface DumbbellResult {
  /** Packets a flow that arrived, of all that came to the bottleneck, and dropped there. */
  readonly delivered: number[];
  arrivals: number;
  drops: number;
  utilisation: number;
  loss: number;
  jain: number;
  /** Mean over time of packets that wait. */
  meanQueue: number;
  /** Mean of the window, packets, over time and flows. */
  meanWindow: number;
  meanRttMs: number;
  /** Of the first flow, windows in packets; the whole run. */
  readonly reductions: Reduction[];
  readonly recoveries: Recovery[];
}

const ACCESS_RATE = 1_000_000_000;
const ACCESS_DELAY: Nanos = MILLISECOND;

interface Lane {
  readonly at: number[];
  readonly flow: number[];
  readonly number: number[];
  head: number;
}

interface AckOnItsWay {
  readonly at: Nanos;
  readonly flow: number;
  readonly ranges: number[];
  readonly delayNs: number;
}

const lane = (): Lane => ({ at: [], flow: [], number: [], head: 0 });
const headOf = ({ at, head }: Lane): number => at[head] ?? Infinity;

function push(to: Lane, at: number, flow: number, number: number): void {
  to.at.push(at);
  to.flow.push(flow);
  to.number.push(number);
}

/** Runs it. With equal options the result is the same to the bit. */
export function runDumbbell(options: Dumbbell): DumbbellResult {
  const { flows = 1, packet = 1_502, rate = 100_000_000, queue = Infinity, rtt = 20 * MILLISECOND } = options;
  const { loss = 0, ackEvery = 2, pacing = false, seed = 1, seconds, from = 10 } = options;
  const random = new RandomStream(seed, "test", "dumbbell");
  const txTime = rate === 0 ? 0 : (packet * 8 * SECOND) / rate;
  const accessTime = rate === 0 ? 0 : (packet * 8 * SECOND) / ACCESS_RATE;
  const onward = rtt / 2 - ACCESS_DELAY + accessTime;
  const end = seconds * SECOND;
  const countFrom = from * SECOND;
  const news: News = { acked: [], lost: [], spurious: [] };
  const senders: Recovery[] = [];
  const receivers: Acks[] = [];
  const starts: number[] = [];
  const accesses: Lane[] = [];
  const accessBusy: number[] = [];
  for (let flow = 0; flow < flows; flow++) {
    starts.push(flows === 1 ? 0 : Math.floor(random.uniform() * SECOND));
    senders.push(createRecovery({ ...options, datagram: packet, pacing }, starts[flow] as number));
    receivers.push(createAcks({ every: ackEvery }));
    accesses.push(lane());
    accessBusy.push(0);
  }
  const arrivals = lane();
  const acks: AckOnItsWay[] = [];
  let ackHead = 0;
  /** When each packet in the bottleneck goes onto the line; those after `now` wait. */
  const services: number[] = [];
  let served = 0;
  let busyUntil = 0;
  let queueSince = countFrom;
  let queueArea = 0;
  let windowArea = 0;
  let windowSince = countFrom;
  let rttSum = 0;
  let rttCount = 0;
  const result: DumbbellResult = {
    delivered: new Array<number>(flows).fill(0),
    arrivals: 0,
    drops: 0,
    utilisation: 0,
    loss: 0,
    jain: 0,
    meanQueue: 0,
    meanWindow: 0,
    meanRttMs: 0,
    reductions: [],
    recoveries: senders,
  };
  let now = 0;

  const sendAll = (flow: number): void => {
    const sender = senders[flow] as Recovery;
    while (maySend(sender, packet, now)) {
      const number = noteSent(sender, packet, true, 0, 0, packet, 0, now);
      accessBusy[flow] = Math.max(accessBusy[flow] as number, now) + accessTime;
      push(accesses[flow] as Lane, (accessBusy[flow] as number) + ACCESS_DELAY, flow, number);
    }
  };
  const settleQueue = (until: number): void => {
    while (served < services.length && (services[served] as number) <= until) {
      countQueue(services[served] as number);
      served++;
    }
    countQueue(until);
  };
  const countQueue = (until: number): void => {
    if (until <= queueSince) return;
    queueArea += (services.length - served) * (until - queueSince);
    queueSince = until;
  };
  const enterBottleneck = (from: Lane): void => {
    const flow = from.flow[from.head] as number;
    const number = from.number[from.head] as number;
    from.head++;
    const counted = now >= countFrom;
    if (counted) result.arrivals++;
    if (loss > 0 && random.uniform() < loss) {
      if (counted) result.drops++;
      return;
    }
    settleQueue(now);
    if (services.length - served >= queue) {
      if (counted) result.drops++;
      return;
    }
    const start = Math.max(now, busyUntil);
    busyUntil = start + txTime;
    services.push(start);
    push(arrivals, busyUntil + onward, flow, number);
  };
  const acknowledge = (flow: number): void => {
    const { ranges, delayNs } = takeAckRanges(receivers[flow] as Acks, now);
    acks.push({ at: now + rtt / 2, flow, ranges: ranges.slice(), delayNs });
  };
  const receive = (): void => {
    const flow = arrivals.flow[arrivals.head] as number;
    const receiver = receivers[flow] as Acks;
    noteReceived(receiver, arrivals.number[arrivals.head] as number, true, false, now);
    arrivals.head++;
    if (now >= countFrom) result.delivered[flow] = (result.delivered[flow] as number) + 1;
    if (ackIsDue(receiver, now)) acknowledge(flow);
  };
  const watched = (flow: number, act: () => void): void => {
    const sender = senders[flow] as Recovery;
    const before = sender.controller.window / packet;
    const { events } = sender.controller;
    if (now > windowSince && flow === 0) {
      windowArea += before * (now - windowSince);
      windowSince = now;
    }
    act();
    if (flow === 0 && sender.controller.events > events) {
      result.reductions.push({ at: now, before, after: sender.controller.window / packet });
    }
    sendAll(flow);
  };
  const takeBack = (): void => {
    const { flow, ranges, delayNs } = acks[ackHead++] as AckOnItsWay;
    watched(flow, () => takeAck(senders[flow] as Recovery, ranges, delayNs, 0, now, news));
    if (now >= countFrom) {
      rttSum += (senders[flow] as Recovery).rtt.latest;
      rttCount++;
    }
  };
  const tend = (flow: number): void => {
    if ((starts[flow] as number) > now) return;
    if (starts[flow] === now) sendAll(flow);
    else watched(flow, () => onTimeout(senders[flow] as Recovery, now, news));
  };

  while (now < end) {
    let next = headOf(arrivals);
    let what = 0;
    const ackAt = acks[ackHead]?.at ?? Infinity;
    if (ackAt < next) [next, what] = [ackAt, 1];
    for (let flow = 0; flow < flows; flow++) {
      const access = headOf(accesses[flow] as Lane);
      if (access < next) [next, what] = [access, 10 + 3 * flow];
      const sender = senders[flow] as Recovery;
      const start = starts[flow] as number;
      const alarm = start >= now && sender.sent.next === 0 ? start : deadlineOf(sender);
      if (alarm >= 0 && alarm < next) [next, what] = [Math.max(now, alarm), 11 + 3 * flow];
      const due = (receivers[flow] as Acks).ackAt;
      if (due >= 0 && due < next) [next, what] = [Math.max(now, due), 12 + 3 * flow];
    }
    now = next;
    if (what === 0) receive();
    else if (what === 1) takeBack();
    else if (what % 3 === 1) enterBottleneck(accesses[(what - 10) / 3] as Lane);
    else if (what % 3 === 2) tend((what - 11) / 3);
    else acknowledge((what - 12) / 3);
  }
  settleQueue(end);
  const span = end - countFrom;
  const total = result.delivered.reduce((sum, count) => sum + count, 0);
  const squares = result.delivered.reduce((sum, count) => sum + count * count, 0);
  result.utilisation = (total * packet * 8 * SECOND) / (rate * span);
  result.loss = result.drops / Math.max(1, result.arrivals);
  result.jain = (total * total) / (flows * squares);
  result.meanQueue = queueArea / span;
  result.meanWindow = windowArea / span;
  result.meanRttMs = rttSum / rttCount / MILLISECOND;
  return result;
}
