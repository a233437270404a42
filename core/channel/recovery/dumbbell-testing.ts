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
  /** Two-way with nothing in the way, transmission of one packet included. Default 20 ms. */
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
  meanRttMs: number;
  /** Of the first flow, windows in packets; the whole run. */
  readonly reductions: Reduction[];
  readonly recoveries: Recovery[];
}

const ACCESS_RATE = 1_000_000_000;
const ACCESS_DELAY: Nanos = MILLISECOND;

/** Packets or acknowledgements under way, in order of arrival. */
interface Lane {
  readonly at: number[];
  readonly flow: number[];
  readonly number: number[];
  head: number;
}

interface Ack {
  readonly ranges: number[];
  readonly delayNs: Nanos;
}

interface World {
  readonly packet: number;
  readonly queue: number;
  readonly loss: number;
  readonly rtt: Nanos;
  readonly txTime: number;
  readonly accessTime: number;
  readonly countFrom: Nanos;
  readonly random: RandomStream;
  readonly news: News;
  readonly senders: Recovery[];
  readonly receivers: Acks[];
  readonly starts: Nanos[];
  readonly accesses: Lane[];
  readonly accessBusy: Nanos[];
  readonly arrivals: Lane;
  readonly returning: Lane;
  readonly acks: Ack[];
  /** When each packet in the bottleneck goes onto the line; those not yet served wait. */
  readonly services: Nanos[];
  served: number;
  busyUntil: Nanos;
  queueSince: Nanos;
  queueArea: number;
  rttSum: number;
  rttCount: number;
  now: Nanos;
  readonly result: DumbbellResult;
}

const lane = (): Lane => ({ at: [], flow: [], number: [], head: 0 });
const headOf = ({ at, head }: Lane): number => (head < at.length ? (at[head] as number) : Infinity);

function push(to: Lane, at: number, flow: number, number: number): void {
  to.at.push(at);
  to.flow.push(flow);
  to.number.push(number);
}

/** Runs it. With equal options the result is the same to the bit. */
export function runDumbbell(options: Dumbbell): DumbbellResult {
  const world = build(options);
  const end = options.seconds * SECOND;
  while (world.now < end) step(world);
  settleQueue(world, end);
  return summarise(world, options, end - world.countFrom);
}

function build(options: Dumbbell): World {
  const { flows = 1, packet = 1_502, rate = 100_000_000, queue = Infinity, rtt = 20 * MILLISECOND } = options;
  const { loss = 0, ackEvery = 2, pacing = false, seed = 1, from = 10 } = options;
  const random = new RandomStream(seed, "test", "dumbbell");
  const each = Array.from({ length: flows }, (_, flow) => flow);
  const starts = each.map(() => (flows === 1 ? 0 : Math.floor(random.uniform() * SECOND)));
  const senders = each.map((flow) => createRecovery({ ...options, datagram: packet, pacing }, starts[flow] as number));
  return {
    packet,
    queue,
    loss,
    rtt,
    txTime: rate === 0 ? 0 : (packet * 8 * SECOND) / rate,
    accessTime: rate === 0 ? 0 : (packet * 8 * SECOND) / ACCESS_RATE,
    countFrom: from * SECOND,
    random,
    news: { acked: [], lost: [], spurious: [] },
    senders,
    receivers: each.map(() => createAcks({ every: ackEvery })),
    starts,
    accesses: each.map(lane),
    accessBusy: each.map(() => 0),
    arrivals: lane(),
    returning: lane(),
    acks: [],
    services: [],
    served: 0,
    busyUntil: 0,
    queueSince: from * SECOND,
    queueArea: 0,
    rttSum: 0,
    rttCount: 0,
    now: 0,
    result: {
      delivered: each.map(() => 0),
      arrivals: 0,
      drops: 0,
      utilisation: 0,
      loss: 0,
      jain: 0,
      meanQueue: 0,
      meanRttMs: 0,
      reductions: [],
      recoveries: senders,
    },
  };
}

/** Does whatever comes first: of equal times, what stands first here. */
function step(world: World): void {
  let next = headOf(world.arrivals);
  let act: (world: World, flow: number) => void = receive;
  let which = 0;
  const acked = headOf(world.returning);
  if (acked < next) [next, act] = [acked, takeBack];
  for (let flow = 0; flow < world.senders.length; flow++) {
    const access = headOf(world.accesses[flow] as Lane);
    if (access < next) [next, act, which] = [access, enterBottleneck, flow];
    const alarm = alarmOf(world, flow);
    if (alarm >= 0 && alarm < next) [next, act, which] = [Math.max(world.now, alarm), tend, flow];
    const due = (world.receivers[flow] as Acks).ackAt;
    if (due >= 0 && due < next) [next, act, which] = [Math.max(world.now, due), acknowledge, flow];
  }
  world.now = next;
  act(world, which);
}

function alarmOf({ senders, starts }: World, flow: number): Nanos {
  const sender = senders[flow] as Recovery;
  return sender.sent.next === 0 ? (starts[flow] as number) : deadlineOf(sender);
}

function sendAll(world: World, flow: number): void {
  const { packet, now, accessTime, accessBusy } = world;
  const sender = world.senders[flow] as Recovery;
  while (maySend(sender, packet, now)) {
    const number = noteSent(sender, packet, true, 0, 0, packet, 0, now);
    accessBusy[flow] = Math.max(accessBusy[flow] as number, now) + accessTime;
    push(world.accesses[flow] as Lane, (accessBusy[flow] as number) + ACCESS_DELAY, flow, number);
  }
}

function enterBottleneck(world: World, flow: number): void {
  const { now, loss, rtt, txTime, accessTime, result } = world;
  const access = world.accesses[flow] as Lane;
  const number = access.number[access.head++] as number;
  const counted = now >= world.countFrom ? 1 : 0;
  result.arrivals += counted;
  settleQueue(world, now);
  if ((loss > 0 && world.random.uniform() < loss) || world.services.length - world.served >= world.queue) {
    result.drops += counted;
    return;
  }
  const start = Math.max(now, world.busyUntil);
  world.busyUntil = start + txTime;
  world.services.push(start);
  push(world.arrivals, world.busyUntil + rtt / 2 - ACCESS_DELAY - accessTime - txTime, flow, number);
}

/** Counts the queue up to `until`. */
function settleQueue(world: World, until: Nanos): void {
  const { services } = world;
  while (world.served < services.length && (services[world.served] as number) <= until) {
    countQueue(world, services[world.served] as number);
    world.served++;
  }
  countQueue(world, until);
}

function countQueue(world: World, until: Nanos): void {
  if (until <= world.queueSince) return;
  world.queueArea += (world.services.length - world.served) * (until - world.queueSince);
  world.queueSince = until;
}

function receive(world: World): void {
  const { arrivals, now, result } = world;
  const flow = arrivals.flow[arrivals.head] as number;
  const receiver = world.receivers[flow] as Acks;
  noteReceived(receiver, arrivals.number[arrivals.head++] as number, true, false, now);
  if (now >= world.countFrom) result.delivered[flow] = (result.delivered[flow] as number) + 1;
  if (ackIsDue(receiver, now)) acknowledge(world, flow);
}

function acknowledge(world: World, flow: number): void {
  const { ranges, delayNs } = takeAckRanges(world.receivers[flow] as Acks, world.now);
  push(world.returning, world.now + world.rtt / 2, flow, world.acks.length);
  world.acks.push({ ranges: ranges.slice(), delayNs });
}

function takeBack(world: World): void {
  const { returning, now, news } = world;
  const flow = returning.flow[returning.head] as number;
  const sender = world.senders[flow] as Recovery;
  const at = returning.number[returning.head++] as number;
  const { ranges, delayNs } = world.acks[at] as Ack;
  watched(world, flow, () => takeAck(sender, ranges, delayNs, 0, now, news));
  if (now < world.countFrom) return;
  world.rttSum += sender.rtt.latest;
  world.rttCount++;
}

function tend(world: World, flow: number): void {
  watched(world, flow, () => onTimeout(world.senders[flow] as Recovery, world.now, world.news));
}

/** Notes what an event does to the first flow's window, and sends what may go after it. */
function watched(world: World, flow: number, act: () => void): void {
  const { controller } = world.senders[flow] as Recovery;
  const { events, window } = controller;
  act();
  if (flow === 0 && controller.events > events) {
    world.result.reductions.push({
      at: world.now,
      before: window / world.packet,
      after: controller.window / world.packet,
    });
  }
  sendAll(world, flow);
}

function summarise(world: World, { rate = 100_000_000 }: Dumbbell, span: Nanos): DumbbellResult {
  const { result, packet } = world;
  const { delivered } = result;
  const total = delivered.reduce((sum, count) => sum + count, 0);
  const squares = delivered.reduce((sum, count) => sum + count * count, 0);
  result.utilisation = rate === 0 ? 0 : (total * packet * 8 * SECOND) / (rate * span);
  result.loss = result.drops / Math.max(1, result.arrivals);
  result.jain = (total * total) / (delivered.length * squares);
  result.meanQueue = world.queueArea / span;
  result.meanRttMs = world.rttSum / world.rttCount / MILLISECOND;
  return result;
}
