/** Two ends of an association's channels and a line between them that loses, delays and repeats packets, for tests. */
import type { RandomStream } from "../../rng.ts";
import { type Channels, type ChannelsInput, createChannels } from "./channels.ts";
import { hasControls, onControlAcked, onControlLost, writeControls } from "./controls.ts";
import { createFrameReader, decodeFrames } from "./frame-reader.ts";
import { beginFrames, createFrameWriter } from "./frame-writer.ts";
import type { FrameError, FrameSink } from "./frames.ts";
import * as receiving from "./receiving.ts";
import { nextChannel } from "./scheduling.ts";
import { onAcked, onLost, writeFrames } from "./sending.ts";

/** Hands the frames of channels to them and takes the others for granted. */
export const CHANNEL_SINK: FrameSink<Channels> = {
  ping: () => null,
  ack: () => null,
  data: receiving.onData,
  message: receiving.onMessage,
  open: receiving.onOpen,
  accept: receiving.onAccept,
  refuse: receiving.onRefuse,
  closeChannel: receiving.onCloseChannel,
  stopSending: receiving.onStopSending,
  reset: receiving.onReset,
  forward: receiving.onForward,
  maxData: receiving.onMaxData,
  maxChannelData: receiving.onMaxChannelData,
  maxChannels: receiving.onMaxChannels,
  blocked: receiving.onBlocked,
  channelBlocked: receiving.onChannelBlocked,
  channelsBlocked: receiving.onChannelsBlocked,
  pathChallenge: () => null,
  pathResponse: () => null,
  pathStatus: () => null,
  pathAbandon: () => null,
  rekey: () => null,
  rekeyed: () => null,
  closeAssociation: () => null,
};

export interface Sent {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly channel: number;
  readonly pieces: readonly { readonly offset: number; readonly length: number; readonly flags: number }[];
  readonly controls: readonly number[];
}

const HEADER = 18;

/** The next packet of at most `budget` bytes of frames, null where there is nothing to send. */
export function nextPacket(channels: Channels, budget: number): Sent | null {
  const writer = createFrameWriter(HEADER + budget);
  beginFrames(writer, HEADER, HEADER + budget);
  const controls: number[] = [];
  // Asked first: it may find the windows shut, which the peer is told.
  const channel = nextChannel(channels);
  if (hasControls(channels)) writeControls(channels, writer, controls);
  const pieces: { offset: number; length: number; flags: number }[] = [];
  for (let piece = channel < 0 ? null : writeFrames(channels, channel, writer); piece !== null; ) {
    pieces.push({ ...piece });
    piece = writeFrames(channels, channel, writer);
  }
  if (controls.length === 0 && pieces.length === 0) return null;
  const length = writer.at - HEADER + writer.zeros;
  return { bytes: writer.bytes.slice(0, writer.at), length, channel, pieces, controls };
}

export function deliver(channels: Channels, { bytes, length }: Sent): FrameError | null {
  const reader = createFrameReader();
  return decodeFrames(reader, bytes, HEADER, bytes.length, length, CHANNEL_SINK, channels);
}

export function acknowledge(channels: Channels, sent: Sent): void {
  for (const { offset, length, flags } of sent.pieces) onAcked(channels, sent.channel, offset, length, flags);
  for (const reference of sent.controls) onControlAcked(channels, reference);
}

export function lose(channels: Channels, sent: Sent): void {
  for (const { offset, length, flags } of sent.pieces) onLost(channels, sent.channel, offset, length, flags);
  for (const reference of sent.controls) onControlLost(channels, reference);
}

export interface Pair {
  readonly initiator: Channels;
  readonly responder: Channels;
}

export function createPair(input: Omit<ChannelsInput, "role"> = {}): Pair {
  return {
    initiator: createChannels({ ...input, role: "initiator" }),
    responder: createChannels({ ...input, role: "responder" }),
  };
}

/** Sends all that waits over a perfect line, until neither side has more. */
export function exchange(pair: Pair, budget = 1_200): void {
  for (let quiet = 0; quiet < 2; ) {
    quiet = 0;
    for (const [from, to] of [
      [pair.initiator, pair.responder],
      [pair.responder, pair.initiator],
    ] as const) {
      const sent = nextPacket(from, budget);
      if (sent === null) {
        quiet++;
        continue;
      }
      const error = deliver(to, sent);
      if (error !== null) throw new Error(`the peer broke a rule: ${JSON.stringify(error)}`);
      acknowledge(from, sent);
    }
  }
}

/** In percent, but for the last. */
export interface Weather {
  readonly loss: number;
  readonly duplicate: number;
  /** Packets that are taken for lost and arrive nevertheless. */
  readonly late: number;
  /** Rounds that a packet takes at most. */
  readonly delay: number;
  readonly budget: number;
  /** Packets arrive with all their zeros, as over sockets. */
  readonly whole: boolean;
}

interface Event {
  readonly at: number;
  readonly act: () => FrameError | null;
}

/** A line between two ends, round by round. */
export interface Line {
  readonly pair: Pair;
  readonly weather: Weather;
  readonly random: RandomStream;
  readonly events: Event[];
  round: number;
}

/** Each side sends up to three packets, then what is due arrives, is acknowledged or found lost. Answers the first fault found. */
export function runRound(line: Line): FrameError | null {
  const { initiator, responder } = line.pair;
  line.round++;
  for (let count = 0; count < 3; count++) {
    sendOne(line, initiator, responder);
    sendOne(line, responder, initiator);
  }
  const due = line.events.filter((event) => event.at <= line.round);
  const waiting = line.events.filter((event) => event.at > line.round);
  line.events.splice(0, line.events.length, ...waiting);
  for (const event of due) {
    const error = event.act();
    if (error !== null) return error;
  }
  return null;
}

function sendOne(line: Line, from: Channels, to: Channels): void {
  const { weather, random, round, events } = line;
  const sent = nextPacket(from, weather.budget);
  if (sent === null) return;
  const carried = weather.whole ? expand(sent) : sent;
  const percent = (): number => random.uniform() * 100;
  const arrival = round + Math.floor(random.uniform() * weather.delay);
  const done = (act: () => void) => () => {
    act();
    return null;
  };
  if (percent() < weather.loss) {
    events.push({ at: arrival + weather.delay, act: done(() => lose(from, sent)) });
    return;
  }
  events.push({ at: arrival, act: () => deliver(to, carried) });
  if (percent() < weather.duplicate) events.push({ at: arrival + 2, act: () => deliver(to, carried) });
  if (percent() < weather.late) events.push({ at: round, act: done(() => lose(from, sent)) });
  events.push({ at: arrival + 1, act: done(() => acknowledge(from, sent)) });
}

function expand(sent: Sent): Sent {
  const bytes = new Uint8Array(HEADER + sent.length);
  bytes.set(sent.bytes);
  return { ...sent, bytes };
}
