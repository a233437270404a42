/**
 * An application for swarm tests, and the process it lives in: takes the packets of its port and hands them to an association or a listener
 * that it starts, and starts anew when it is told to. On the way it may damage packets, and hand old ones in again. What it writes tells
 * where it belongs (`contentOf`), so that whatever it reads can be checked.
 */
import { setup } from "xstate";
import type { ChannelOptions } from "../../core/channel/streams/channels.ts";
import { MESSAGE_COST } from "../../core/channel/streams/frames.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import { copyPacket, type Packet } from "../../core/packet.ts";
import { addRange, gapsIn, type Ranges } from "../../core/transport/ranges.ts";
import type { Nanos } from "../../core/units.ts";
import { type PacketLogic, type Present, withPacketHandler } from "../with-packet-handler.ts";
import type { ChannelChanged, ChannelDenied, ChannelOffered, ChannelOpened } from "./events.ts";

/** What one side writes on a channel, and how it ends. */
export interface Writing {
  /** Bytes of each write, or of each message. */
  readonly sizes: readonly number[];
  readonly gap: Nanos;
  readonly end: "finish" | "reset" | "close";
  /** Changes the channel's keys before this write, -1: never. */
  readonly rekeyAt: number;
}

/** How one side reads. */
export interface ReadingPlan {
  readonly max: number;
  readonly gap: Nanos;
  /** Asks the writer to stop after so many bytes, -1: reads all. */
  readonly stopAfter: number;
}

export interface ChannelPlan {
  readonly at: Nanos;
  readonly options: Required<ChannelOptions>;
  readonly mine: Writing;
  readonly theirs: Writing;
  readonly myReading: ReadingPlan;
  readonly theirReading: ReadingPlan;
  /** The peer accepts after so long; -1: it refuses. */
  readonly acceptAfter: Nanos;
}

export interface SwarmInput {
  readonly side: 0 | 1;
  readonly logic: "association" | "listener";
  /** Of that logic. */
  readonly child: object;
  /** Channels that this side opens, and those that the other does. */
  readonly plans: readonly ChannelPlan[];
  readonly peerPlans: readonly ChannelPlan[];
  /** Shares of packets damaged, cut and handed in a second time; in this time only. */
  readonly corrupt: number;
  readonly replay: number;
  readonly harmUntil: Nanos;
}

/** One channel of one association. */
export interface Life {
  readonly association: ActorIndex;
  readonly channel: number;
  readonly plan: ChannelPlan;
  readonly ours: boolean;
  next: number;
  /** Offsets taken by the channel; flows of messages hold their costs, too. */
  written: number;
  readonly writtenBytes: number[];
  blocked: boolean;
  ended: boolean;
  /** Bytes read, and of what. */
  read: number;
  readonly ranges: Ranges;
  sawEnd: boolean;
  stopped: boolean;
  readonly states: string[];
}

export interface SwarmContext extends SwarmInput {
  current: ActorIndex;
  incarnation: number;
  /** Associations that stood, in order, and how each ended. */
  readonly stood: ActorIndex[];
  readonly endings: Map<ActorIndex, string>;
  readonly lives: Map<string, Life>;
  readonly errors: string[];
  readonly old: Packet[];
  damaged: number;
  replayed: number;
  denied: number;
  finishing: boolean;
}

const swarmMachine = setup({
  types: { context: {} as SwarmContext, events: {} as { type: "none" }, input: {} as SwarmInput },
}).createMachine({
  id: "swarm",
  context: ({ input }) => ({
    ...input,
    current: -1,
    incarnation: 0,
    stood: [],
    endings: new Map(),
    lives: new Map(),
    errors: [],
    old: [],
    damaged: 0,
    replayed: 0,
    denied: 0,
    finishing: false,
  }),
  initial: "running",
  states: { running: {} },
});

/** Stands in every block of what is written: never to be seen on the wire. */
export const MARKER = "PLAINTEXT-MARKER";
const BLOCK = 32;

/** Bytes `from` to `from + length` of what `side` writes on a channel. Odd priorities mean zeros. */
export function contentOf(side: number, channel: number, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = byteAt(side, channel, from + i);
  return bytes;
}

function byteAt(side: number, channel: number, offset: number): number {
  const within = offset % BLOCK;
  if (within < MARKER.length) return MARKER.charCodeAt(within);
  const block = (offset - within) / BLOCK;
  return (block * 31 + channel * 101 + side * 57 + within * 7 + (block >> 8)) & 255;
}

export const isZeros = ({ options }: ChannelPlan): boolean => options.priority % 2 === 1;

type News = ControlEvent & Record<string, unknown>;
type Act = (swarm: SwarmContext, event: News, env: Env) => void;

const handler = (act: Act) => {
  return ({ context }: Present<SwarmContext>, event: ControlEvent, env: Env): undefined => {
    act(context, event as News, env);
  };
};

function tellAssociation(env: Env, life: Life, event: Record<string, unknown>): void {
  env.send(life.association, { channel: life.channel, ...event } as unknown as ControlEvent, 0);
}

function later(env: Env, delay: Nanos, type: string, { association, channel }: Life): void {
  env.send(env.self, { type, association, channel } as ControlEvent, delay);
}

const keyOf = (association: unknown, channel: unknown): string => `${String(association)}:${String(channel)}`;

function lifeOf(swarm: SwarmContext, { association, channel }: News): Life | undefined {
  return swarm.lives.get(keyOf(association, channel));
}

function complain(swarm: SwarmContext, text: string): void {
  if (swarm.errors.length < 20) swarm.errors.push(text);
}

/** The process begins: its association or listener, with a name of its own. */
function start(swarm: SwarmContext, env: Env): void {
  swarm.current = env.spawn(`${env.id}/${swarm.incarnation++}`, swarm.logic, swarm.child);
  if (swarm.logic === "association") env.send(swarm.current, { type: "association.open" }, 0);
}

/** Everything that the process knew is gone. */
function restart(swarm: SwarmContext, env: Env): void {
  env.stop(swarm.current);
  for (const association of swarm.stood) if (association !== swarm.current) env.stop(association);
  swarm.stood.length = 0;
  swarm.finishing = false;
  start(swarm, env);
}

function begin(swarm: SwarmContext, association: ActorIndex, channel: number, plan: ChannelPlan, ours: boolean): Life {
  const life: Life = {
    association,
    channel,
    plan,
    ours,
    next: 0,
    written: 0,
    writtenBytes: [],
    blocked: false,
    ended: false,
    read: 0,
    ranges: [],
    sawEnd: false,
    stopped: false,
    states: [],
  };
  const key = keyOf(association, channel);
  if (swarm.lives.has(key)) complain(swarm, `channel ${key} begins twice`);
  swarm.lives.set(key, life);
  return life;
}

function write(swarm: SwarmContext, life: Life, env: Env): void {
  const { plan, ours, next, channel } = life;
  const writing = ours ? plan.mine : plan.theirs;
  if (life.ended || life.blocked) return;
  if (next === writing.rekeyAt) tellAssociation(env, life, { type: "channel.rekey" });
  const size = writing.sizes[next];
  if (size === undefined) {
    life.ended = true;
    tellAssociation(env, life, { type: `channel.${writing.end}`, code: 300 });
    return;
  }
  const isStream = plan.options.framing === "stream";
  const bytes = isZeros(plan) ? null : contentOf(swarm.side, channel, life.written, size);
  tellAssociation(env, life, { type: isStream ? "channel.write" : "channel.message", bytes, length: size });
  life.next++;
  life.written += size + (isStream ? 0 : MESSAGE_COST);
  life.writtenBytes.push(size);
  later(env, writing.gap, "swarm.write", life);
}

/** Less than all was taken: the rest of a stream is as if it had never been asked for. */
function wrote(life: Life, accepted: number, length: number): void {
  const isStream = life.plan.options.framing === "stream";
  life.writtenBytes[life.writtenBytes.length - 1] = isStream ? Math.max(0, accepted) : 0;
  life.written -= isStream ? length - Math.max(0, accepted) : length + MESSAGE_COST;
  if (accepted < 0) life.ended = true;
  else {
    life.blocked = true;
    if (!isStream || accepted === 0) life.next--;
  }
}

function read(life: Life, env: Env): void {
  if (life.sawEnd || life.stopped) return;
  const { max, stopAfter } = life.ours ? life.plan.myReading : life.plan.theirReading;
  if (stopAfter >= 0 && life.read >= stopAfter) {
    life.stopped = true;
    tellAssociation(env, life, { type: "channel.stop", code: 301 });
  } else tellAssociation(env, life, { type: "channel.read", max });
}

/** Right bytes, at most once, in order where that was promised. */
function check(swarm: SwarmContext, life: Life, offset: number, length: number, bytes: Uint8Array | null): void {
  const { plan, ranges, channel, association } = life;
  const { reliability, framing } = plan.options;
  const name = `channel ${association}:${channel} (${reliability} ${framing}), offset ${offset}, ${length} B`;
  const end = offset + length + (framing === "messages" ? MESSAGE_COST : 0);
  const inOrder = reliability === "ordered" || reliability === "close-on-loss";
  if (inOrder && offset !== (ranges.at(-1) ?? 0)) complain(swarm, `${name}: comes after ${ranges.at(-1) ?? 0}`);
  const gaps = gapsIn(ranges, offset, end);
  if (end > offset && (gaps.length !== 2 || gaps[0] !== offset || gaps[1] !== end))
    complain(swarm, `${name}: comes twice`);
  addRange(ranges, offset, end);
  life.read += length;
  const zeros = isZeros(plan);
  for (let i = 0; i < length; i++) {
    const expected = zeros ? 0 : byteAt(1 - swarm.side, channel, offset + i);
    if ((bytes === null ? 0 : bytes[i]) === expected) continue;
    complain(swarm, `${name}: byte ${i} is ${bytes?.[i]}, not ${expected}`);
    return;
  }
}

/** The end that asks goes when every channel of both sides is over. */
function finishIfDone(swarm: SwarmContext, env: Env): void {
  if (swarm.logic !== "association" || swarm.finishing) return;
  const lives = [...swarm.lives.values()].filter(({ association }) => association === swarm.current);
  const isOver = ({ states }: Life): boolean => ["closed", "reset", "refused"].includes(states.at(-1) ?? "");
  if (lives.length < swarm.plans.length + swarm.peerPlans.length || !lives.every(isOver)) return;
  swarm.finishing = true;
  env.send(swarm.current, { type: "association.finish" }, 0);
}

const HANDLERS: Record<string, Act> = {
  "swarm.start": (swarm, _event, env) => start(swarm, env),
  "swarm.restart": (swarm, _event, env) => restart(swarm, env),
  "association.established": (swarm, { association }, env) => {
    swarm.stood.push(association as ActorIndex);
    swarm.plans.forEach(({ at }, tag) => {
      env.send(env.self, { type: "swarm.open", association, tag } as ControlEvent, at);
    });
    finishIfDone(swarm, env);
  },
  "association.ended": (swarm, { association, ending }) => {
    swarm.endings.set(association as ActorIndex, (ending as { word: string } | null)?.word ?? "none");
  },
  "swarm.open": (swarm, { association, tag }, env) => {
    const { options } = swarm.plans[tag as number] as ChannelPlan;
    env.send(association as ActorIndex, { type: "channel.open", options, tag } as ControlEvent, 0);
  },
  "channel.opened": (swarm, event, env) => {
    const { association, channel, tag } = event as unknown as ChannelOpened;
    const life = begin(swarm, association, channel, swarm.plans[tag] as ChannelPlan, true);
    write(swarm, life, env);
    read(life, env);
  },
  "channel.denied": (swarm, event, env) => {
    const { association, tag, reason } = event as unknown as ChannelDenied;
    swarm.denied++;
    if (reason !== "limit") return;
    env.send(env.self, { type: "swarm.open", association, tag } as ControlEvent, 200_000_000);
  },
  // Which plan it is of, its options' priority tells.
  "channel.offered": (swarm, event, env) => {
    const { association, channel, options } = event as unknown as ChannelOffered;
    const plan = swarm.peerPlans.find((one) => one.options.priority === options.priority);
    if (plan === undefined || JSON.stringify(plan.options) !== JSON.stringify({ ...plan.options, ...options })) {
      complain(swarm, `a channel that nobody planned is offered: ${JSON.stringify(options)}`);
      return;
    }
    const life = begin(swarm, association, channel, plan, false);
    if (plan.acceptAfter < 0) {
      tellAssociation(env, life, { type: "channel.refuse", code: 302 });
      life.states.push("refused");
    } else later(env, plan.acceptAfter, "swarm.accept", life);
  },
  "swarm.accept": (swarm, event, env) => {
    const life = lifeOf(swarm, event) as Life;
    tellAssociation(env, life, { type: "channel.accept", consume: false });
    write(swarm, life, env);
    read(life, env);
  },
  "swarm.write": (swarm, event, env) => write(swarm, lifeOf(swarm, event) as Life, env),
  "swarm.read": (swarm, event, env) => read(lifeOf(swarm, event) as Life, env),
  "channel.wrote": (swarm, event) => {
    const life = lifeOf(swarm, event);
    if (life !== undefined) wrote(life, event["accepted"] as number, event["length"] as number);
  },
  "channel.writable": (swarm, event, env) => {
    const life = lifeOf(swarm, event);
    if (life === undefined) return;
    life.blocked = false;
    write(swarm, life, env);
  },
  "channel.data": (swarm, event, env) => {
    const life = lifeOf(swarm, event);
    if (life === undefined) return;
    const { offset, length, bytes, end } = event as unknown as Record<"offset" | "length", number> & {
      bytes: Uint8Array | null;
      end: boolean;
    };
    if (offset >= 0) check(swarm, life, offset, length, bytes);
    life.sawEnd = end;
    later(env, (life.ours ? life.plan.myReading : life.plan.theirReading).gap, "swarm.read", life);
  },
  "channel.changed": (swarm, event, env) => {
    const { state } = event as unknown as ChannelChanged;
    lifeOf(swarm, event)?.states.push(state);
    finishIfDone(swarm, env);
  },
};
for (const type of ["channel.readable", "channel.stopped", "channel.openable"]) HANDLERS[type] = () => undefined;

/** Packets kept to be handed in again. */
const OLD_PACKETS = 32;

function onPacket({ context }: Present<SwarmContext>, packet: Packet, _ifId: number, env: Env): undefined {
  const { current, corrupt, replay, harmUntil, old } = context;
  if (current < 0) {
    env.drop(packet, "unexpected");
    return;
  }
  const random = env.random("swarm/harm");
  const isHarmed = env.now < harmUntil;
  const bad = isHarmed && corrupt > 0 && random.uniform() < corrupt ? damage(packet, env) : packet;
  if (bad !== packet) context.damaged++;
  env.sendPacket(current, bad, 0, 0);
  if (!isHarmed || replay === 0) return;
  if (old.length < OLD_PACKETS) old.push(packet);
  else old[random.below(OLD_PACKETS)] = packet;
  if (random.uniform() >= replay) return;
  context.replayed++;
  env.sendPacket(current, env.duplicate(old[random.below(old.length)] as Packet), 0, 0);
}

/** One bit turned, or the end cut off. */
function damage(packet: Packet, env: Env): Packet {
  const random = env.random("swarm/harm");
  const rest = (packet.rest ?? new Uint8Array(0)).slice();
  const harmed = { ...copyPacket(packet) };
  if (random.below(4) === 0) {
    const kept = random.below(rest.length + 1);
    const missing = rest.length - kept;
    return {
      ...harmed,
      rest: rest.slice(0, kept),
      payloadLength: packet.payloadLength - missing,
      wireLength: packet.wireLength - missing,
    } as Packet;
  }
  if (rest.length === 0) return packet;
  const at = random.below(rest.length);
  rest[at] = (rest[at] as number) ^ (1 << random.below(8));
  return { ...harmed, rest } as Packet;
}

export const swarmLogic: PacketLogic = withPacketHandler(
  swarmMachine,
  onPacket,
  Object.fromEntries(Object.entries(HANDLERS).map(([type, act]) => [type, handler(act)])),
);
