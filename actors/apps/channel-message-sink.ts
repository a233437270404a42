/**
 * Where a message stream over channels ends: takes messages as they are whole, and says which came by their deadline, counted from the
 * time that stands in them. One state.
 */
import { setup } from "xstate";
import { createClock, type LocalClock, localTime } from "../../core/clock.ts";
import type { ControlEvent } from "../../core/env.ts";
import { addRange, hasNumber, prefixOf, type Ranges } from "../../core/transport/ranges.ts";
import type { Nanos } from "../../core/units.ts";
import { get32, get64 } from "../../core/wire/bytes.ts";
import type { ChannelData, ChannelOffered } from "../channel/events.ts";
import { type TimerHandler, withPacketHandler } from "../with-packet-handler.ts";
import { MESSAGE_HEAD } from "./channel-messages.ts";
import { ask, ignoreNews, refusePacket } from "./channel-user.ts";
import { onClockSet } from "./datagram.ts";

export interface ChannelMessageSinkInput {
  readonly deadline: Nanos;
  readonly measureFrom: Nanos;
}

export interface ChannelMessageSinkContext extends ChannelMessageSinkInput {
  readonly clock: LocalClock;
  /** Messages that came, and those too old to wait for. */
  readonly over: Ranges;
  onTime: number;
  late: number;
  /** The last message: its number, when it was sent, its bytes. */
  readonly latest: { number: number; sentAt: Nanos; bytes: number };
  /** Bytes of messages on time. */
  delivered: number;
  /** Of those, bytes of messages that were whole at `measureFrom` or later. */
  measured: number;
  malformed: number;
}

type Handler = TimerHandler<ChannelMessageSinkContext>;

/** Numbers kept apart below the newest. */
const WINDOW = 1_024;
/** No message is longer. */
const ALL = Number.MAX_SAFE_INTEGER;

const channelMessageSinkMachine = setup({
  types: {
    context: {} as ChannelMessageSinkContext,
    events: {} as { type: "none" },
    input: {} as ChannelMessageSinkInput,
  },
}).createMachine({
  id: "channel-message-sink",
  context: ({ input }) => ({
    ...input,
    clock: createClock(),
    over: [],
    onTime: 0,
    late: 0,
    latest: { number: -1, sentAt: -1, bytes: 0 },
    delivered: 0,
    measured: 0,
    malformed: 0,
  }),
  initial: "receiving",
  states: { receiving: {} },
});

const onOffered: Handler = (_state, event, env) => {
  const { association, channel } = event as ChannelOffered;
  ask({ association }, { type: "channel.accept", channel, consume: false }, env);
  ask({ association }, { type: "channel.finish", channel }, env);
  ask({ association }, { type: "channel.read", channel, max: ALL }, env);
  return undefined;
};

const onData: Handler = ({ context: sink }, event, env) => {
  const { association, channel, bytes, length, end } = event as ControlEvent & ChannelData;
  if (!end) ask({ association }, { type: "channel.read", channel, max: ALL }, env);
  if (end && length === 0) return undefined;
  if (length < MESSAGE_HEAD) {
    sink.malformed++;
    return undefined;
  }
  const [number, sentAt] = bytes === null ? [0, 0] : [get32(bytes, 0), get64(bytes, 4)];
  if (hasNumber(sink.over, number)) return undefined;
  takeMessage(sink, number, sentAt, length, env.now);
  return undefined;
};

export const channelMessageSinkLogic = withPacketHandler(channelMessageSinkMachine, refusePacket, {
  "clock.set": onClockSet,
  "channel.offered": onOffered,
  "channel.data": onData,
  "channel.changed": ignoreNews,
  "channel.readable": ignoreNews,
  "channel.writable": ignoreNews,
  "association.established": ignoreNews,
  "association.ended": ignoreNews,
});

function takeMessage(sink: ChannelMessageSinkContext, number: number, sentAt: Nanos, bytes: number, now: Nanos): void {
  addRange(sink.over, number, number + 1);
  if (number > WINDOW && prefixOf(sink.over) < number - WINDOW) addRange(sink.over, 0, number - WINDOW);
  Object.assign(sink.latest, { number, sentAt, bytes });
  if (localTime(sink.clock, now) - sentAt > sink.deadline) {
    sink.late++;
    return;
  }
  sink.onTime++;
  sink.delivered += bytes;
  if (now >= sink.measureFrom) sink.measured += bytes;
}
