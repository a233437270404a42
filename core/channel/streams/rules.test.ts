/** Rules that a peer can break, and how channels begin and end. */
import test from "ava";
import fc from "fast-check";
import { BLOCK } from "./blocks.ts";
import {
  CHANNEL_CODES,
  type ChannelEvent,
  type ChannelOptions,
  type Channels,
  createChannels,
  INITIAL,
} from "./channels.ts";
import {
  type ErrorWord,
  type Framing,
  FRAMINGS,
  MESSAGE_COST,
  type OpenFrame,
  RELIABILITIES,
  type Reliability,
} from "./frames.ts";
import {
  acceptChannel,
  closeChannel,
  finishChannel,
  openChannel,
  refuseChannel,
  resetChannel,
  stopSending,
  takeEvents,
} from "./life.ts";
import { acknowledge, createPair, deliver, exchange, lose, nextPacket, type Pair } from "./pair-testing.ts";
import { readChannel, readMessage } from "./reading.ts";
import * as receiving from "./receiving.ts";
import { writeChannel, writeMessage } from "./sending.ts";

const NONE = new Uint8Array(0);

function openOf(channel: number, reliability: Reliability = "ordered", framing: Framing = "stream"): OpenFrame {
  return { channel, reliability, framing, priority: 128, window: 100_000 };
}

function data(channels: Channels, channel: number, offset: number, bytes: Uint8Array | number, fin = false) {
  const source = typeof bytes === "number" ? NONE : bytes;
  const length = typeof bytes === "number" ? bytes : bytes.length;
  return receiving.onData(channels, { channel, offset, length, fin, source, at: 0, present: source.length });
}

function message(channels: Channels, channel: number, start: number, offset: number, total: number, length: number) {
  return receiving.onMessage(channels, { channel, start, offset, total, length, source: NONE, at: 0, present: 0 });
}

/** A responder with the initiator's channel 2, accepted. */
function accepted(reliability: Reliability = "ordered", framing: Framing = "stream"): Channels {
  const channels = createChannels({ role: "responder", windows: { channel: 20_000 } });
  receiving.onOpen(channels, openOf(2, reliability, framing));
  acceptChannel(channels, 2);
  return channels;
}

const eight = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

const BROKEN: readonly (readonly [string, ErrorWord, () => ErrorWord | null])[] = [
  ["more than the channel's window", "flow-control", () => data(accepted(), 2, 19_999, 2)],
  [
    "more than the early window",
    "flow-control",
    () => {
      const channels = createChannels({ role: "responder" });
      receiving.onOpen(channels, openOf(2));
      return data(channels, 2, INITIAL.channel - 1, 2);
    },
  ],
  [
    "more than the association's window",
    "flow-control",
    () => {
      const channels = accepted();
      for (const id of [4, 6, 8]) {
        receiving.onOpen(channels, openOf(id));
        acceptChannel(channels, id);
      }
      for (const id of [2, 4, 6]) if (data(channels, id, 0, 20_000) !== null) return null;
      return data(channels, 8, 0, 5_537);
    },
  ],
  ["a final offset beyond the window", "flow-control", () => receiving.onReset(accepted(), 2, 0, 20_001)],
  ["a jump beyond the window", "flow-control", () => receiving.onForward(accepted("unreliable"), 2, 20_001)],
  [
    "data behind the end",
    "final-size",
    () => {
      const channels = accepted();
      data(channels, 2, 0, 10, true);
      return data(channels, 2, 10, 1);
    },
  ],
  [
    "two ends",
    "final-size",
    () => {
      const channels = accepted();
      data(channels, 2, 4, 4, true);
      return data(channels, 2, 0, 4, true);
    },
  ],
  [
    "an end before what was sent",
    "final-size",
    () => {
      const channels = accepted();
      data(channels, 2, 0, 10);
      return receiving.onCloseChannel(channels, 2, 0, 9);
    },
  ],
  [
    "a reset that changes the end",
    "final-size",
    () => {
      const channels = accepted();
      data(channels, 2, 0, 10, true);
      return receiving.onReset(channels, 2, 0, 11);
    },
  ],
  ["data of a channel that was never opened", "state", () => data(accepted(), 4, 0, 1)],
  ["data of a channel that only we may open", "state", () => data(accepted(), 1, 0, 1)],
  ["data of the association's own channel", "state", () => data(accepted(), 0, 0, 1)],
  ["an open of ours", "state", () => receiving.onOpen(accepted(), openOf(3))],
  ["an accept of theirs", "state", () => receiving.onAccept(accepted(), 2, 1)],
  ["a refusal of theirs", "state", () => receiving.onRefuse(accepted(), 2, 1)],
  [
    "a refusal after the accept",
    "state",
    () => {
      const channels = createChannels({ role: "initiator" });
      const id = openChannel(channels, {}) as number;
      receiving.onAccept(channels, id, 1_000);
      return receiving.onRefuse(channels, id, 0);
    },
  ],
  ["messages in a stream", "state", () => message(accepted(), 2, 0, 0, 5, 5)],
  ["a stream in messages", "state", () => data(accepted("ordered", "messages"), 2, 0, 5)],
  ["a jump of a reliable channel", "state", () => receiving.onForward(accepted(), 2, 5)],
  ["a channel too many", "limit", () => receiving.onOpen(accepted(), openOf(2 * INITIAL.channels + 2))],
  ["a message longer than the window", "limit", () => message(accepted("ordered", "messages"), 2, 0, 0, 19_969, 1)],
  [
    "holes without end",
    "limit",
    () => {
      const channels = accepted();
      for (let at = 1; at < 20_000; at += 2) {
        const word = data(channels, 2, at, 1);
        if (word !== null) return word;
      }
      return null;
    },
  ],
  [
    "other bytes than before",
    "content",
    () => {
      const channels = accepted();
      data(channels, 2, 0, eight);
      return data(channels, 2, 2, Uint8Array.from([3, 4, 0, 6]));
    },
  ],
  [
    "zeros where bytes were",
    "content",
    () => {
      const channels = accepted();
      data(channels, 2, 4, eight);
      return data(channels, 2, 0, 5);
    },
  ],
  [
    "bytes where zeros were",
    "content",
    () => {
      const channels = accepted();
      data(channels, 2, 4, 4);
      return data(channels, 2, 0, eight);
    },
  ],
  [
    "a message that changes its length",
    "content",
    () => {
      const channels = accepted("unordered", "messages");
      message(channels, 2, 0, 0, 10, 5);
      return message(channels, 2, 0, 5, 11, 5);
    },
  ],
];

test("a peer that breaks a rule is named it", (t) => {
  for (const [what, word, act] of BROKEN) t.is(act(), word, what);
});

test("what was said before and is said again breaks no rule", (t) => {
  const channels = accepted();
  t.is(data(channels, 2, 4, eight), null);
  t.is(data(channels, 2, 0, Uint8Array.from([9, 9, 9, 9, 1, 2])), null);
  t.is(data(channels, 2, 6, eight.subarray(2)), null);
  t.deepEqual(readChannel(channels, 2, 3)?.bytes, Uint8Array.from([9, 9, 9]));
  // What was read is forgotten, so it cannot be compared.
  t.is(data(channels, 2, 0, Uint8Array.from([8, 8, 8, 9])), null);
  t.deepEqual(readChannel(channels, 2, 100)?.bytes, Uint8Array.from([9, ...eight]));
  t.is(receiving.onOpen(channels, openOf(2)), null);
  t.is(channels.duplicates, 3);
});

const id = fc.nat(9);
const offset = fc.oneof(fc.nat(300), fc.nat(25_000));
const size = fc.oneof(fc.nat(40), fc.nat(3_000));
const bytes = fc.oneof(size, fc.uint8Array({ maxLength: 100 }));
type Act = (channels: Channels) => unknown;

/** What a peer may say. */
const saying: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(id, offset, bytes, fc.boolean()).map(
    ([a, b, c, d]): Act =>
      (channels) =>
        data(channels, a, b, c, d),
  ),
  fc.tuple(id, offset, size, size, size).map(
    ([a, b, c, d, e]): Act =>
      (channels) =>
        message(channels, a, b, c, c + d + e, d),
  ),
  fc.tuple(id, fc.constantFrom(...RELIABILITIES), fc.constantFrom(...FRAMINGS)).map(
    ([a, b, c]): Act =>
      (channels) =>
        receiving.onOpen(channels, openOf(a, b, c)),
  ),
  fc.tuple(id, offset).map(
    ([a, b]): Act =>
      (channels) =>
        receiving.onAccept(channels, a, b),
  ),
  fc.tuple(id, offset).map(
    ([a, b]): Act =>
      (channels) =>
        receiving.onForward(channels, a, b),
  ),
  fc.tuple(id, offset).map(
    ([a, b]): Act =>
      (channels) =>
        receiving.onReset(channels, a, 0, b),
  ),
  fc.tuple(id, offset).map(
    ([a, b]): Act =>
      (channels) =>
        receiving.onCloseChannel(channels, a, 0, b),
  ),
  fc.tuple(id, offset).map(
    ([a, b]): Act =>
      (channels) =>
        receiving.onMaxChannelData(channels, a, b),
  ),
  fc.tuple(id, offset).map(
    ([a, b]): Act =>
      (channels) =>
        receiving.onChannelBlocked(channels, a, b),
  ),
);

/** What both may say and do to end channels, and what the application does. */
const doing: fc.Arbitrary<Act> = fc.oneof(
  id.map(
    (a): Act =>
      (channels) =>
        receiving.onStopSending(channels, a, 0),
  ),
  id.map(
    (a): Act =>
      (channels) =>
        receiving.onRefuse(channels, a, 0),
  ),
  id.map(
    (a): Act =>
      (channels) =>
        acceptChannel(channels, a),
  ),
  id.map(
    (a): Act =>
      (channels) =>
        openChannel(channels, {
          framing: FRAMINGS[a % 2] ?? "stream",
          reliability: RELIABILITIES[a % 4] ?? "ordered",
        }),
  ),
  id.map(
    (a): Act =>
      (channels) =>
        finishChannel(channels, a),
  ),
  id.map(
    (a): Act =>
      (channels) =>
        stopSending(channels, a, 0),
  ),
  id.map(
    (a): Act =>
      (channels) =>
        resetChannel(channels, a, 0),
  ),
  id.map(
    (a): Act =>
      (channels) =>
        closeChannel(channels, a, 0),
  ),
  fc.tuple(id, bytes).map(
    ([a, b]): Act =>
      (channels) => (writeChannel(channels, a, b), writeMessage(channels, a, b)),
  ),
  fc.tuple(id, fc.nat(500)).map(
    ([a, b]): Act =>
      (channels) => (readChannel(channels, a, b), readMessage(channels, a)),
  ),
  fc.constantFrom(acknowledge, lose).map(
    (after): Act =>
      (channels) => {
        const sent = nextPacket(channels, 500);
        if (sent !== null) after(channels, sent);
      },
  ),
);

test("a peer may say anything: a word at most, and memory within the windows", (t) => {
  const property = fc.property(fc.array(fc.oneof(saying, doing), { maxLength: 120 }), (acts) => {
    const channels = createChannels({ role: "responder", windows: { channel: 20_000, association: 70_000 } });
    for (const one of acts) one(channels);
    let blocks = 0;
    for (const { receive } of channels.byId.values()) {
      blocks += receive.blocks.kept.size;
      if (receive.messages.size > 1 + 20_000 / MESSAGE_COST) return false;
    }
    return channels.received - channels.taken <= 70_000 && blocks <= (4 * 70_000) / BLOCK + 64;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 400 }));
});

function opened(options: ChannelOptions = {}): Pair & { id: number } {
  const pair = createPair();
  const id = openChannel(pair.initiator, options) as number;
  exchange(pair);
  return { ...pair, id };
}

function kinds(events: readonly ChannelEvent[]): string[] {
  return events.map(({ kind, code }) => (code === 0 ? kind : `${kind} ${code}`));
}

test("early data waits for the accept, no more of it than the early window", (t) => {
  const pair = opened();
  const { initiator, responder, id } = pair;
  writeChannel(initiator, id, 50_000);
  exchange(pair);
  t.is(responder.received, INITIAL.channel);
  t.is(readChannel(responder, id, 10), null);
  t.is(writeChannel(responder, id, 10), -1);
  t.deepEqual(kinds(takeEvents(responder)), ["opened"]);
  t.true(acceptChannel(responder, id));
  t.false(acceptChannel(responder, id));
  exchange(pair);
  t.deepEqual(kinds(takeEvents(responder)), ["readable"]);
  t.deepEqual(kinds(takeEvents(initiator)), ["accepted"]);
  t.deepEqual(readChannel(responder, id, 60_000), { offset: 0, length: 50_000, bytes: null });
});

test("a refused channel is over for both, with the reason, and its credit comes back", (t) => {
  const pair = opened();
  const { initiator, responder, id } = pair;
  writeChannel(initiator, id, 5_000);
  exchange(pair);
  t.true(refuseChannel(responder, id, 300));
  exchange(pair);
  t.deepEqual(kinds(takeEvents(initiator)), ["refused 300", "gone"]);
  t.deepEqual(kinds(takeEvents(responder)), ["opened", "gone"]);
  t.is(responder.taken, initiator.sent);
});

test("both directions end by themselves, then the channel is forgotten", (t) => {
  const pair = opened();
  const { initiator, responder, id } = pair;
  acceptChannel(responder, id);
  exchange(pair);
  writeChannel(initiator, id, eight);
  t.true(finishChannel(initiator, id));
  t.is(writeChannel(initiator, id, eight), -1);
  exchange(pair);
  t.deepEqual(readChannel(responder, id, 100)?.bytes, eight);
  t.is(writeChannel(responder, id, 3), 3);
  finishChannel(responder, id);
  exchange(pair);
  t.deepEqual(kinds(takeEvents(initiator)), ["accepted", "delivered", "readable"]);
  t.is(readChannel(initiator, id, 100)?.length, 3);
  t.deepEqual(kinds(takeEvents(initiator)), ["finished", "gone"]);
  t.deepEqual(kinds(takeEvents(responder)), ["opened", "readable", "finished", "delivered", "gone"]);
  t.is(data(responder, id, 0, 8), null, "what comes late is passed over");
});

test("a reset ends one direction, a stop asks for it, a close ends both", (t) => {
  const reset = opened();
  acceptChannel(reset.responder, reset.id);
  writeChannel(reset.initiator, reset.id, 9_000);
  exchange(reset);
  t.true(resetChannel(reset.initiator, reset.id, 7));
  exchange(reset);
  t.deepEqual(kinds(takeEvents(reset.responder)), ["opened", "readable", "reset 7"]);
  t.is(readChannel(reset.responder, reset.id, 10), null);
  t.is(writeChannel(reset.responder, reset.id, 5), 5);
  t.is(reset.responder.taken, 9_000);

  const stop = opened();
  acceptChannel(stop.responder, stop.id);
  writeChannel(stop.initiator, stop.id, 3_000_000);
  t.true(stopSending(stop.responder, stop.id, 8));
  exchange(stop);
  t.deepEqual(kinds(takeEvents(stop.initiator)), ["accepted", "stopped 8"]);
  t.is(stop.responder.taken, stop.initiator.sent);

  const close = opened();
  acceptChannel(close.responder, close.id);
  exchange(close);
  writeChannel(close.initiator, close.id, eight);
  exchange(close);
  writeChannel(close.responder, close.id, 70);
  t.true(closeChannel(close.initiator, close.id, 9));
  exchange(close);
  t.deepEqual(kinds(takeEvents(close.initiator)), ["accepted", "gone"]);
  t.deepEqual(kinds(takeEvents(close.responder)), ["opened", "readable", "closed 9"]);
  t.deepEqual(readChannel(close.responder, close.id, 100)?.bytes, eight, "what had arrived can be read");
  t.deepEqual(kinds(takeEvents(close.responder)), ["gone"]);
});

test("the first loss closes a channel that is to be closed on loss", (t) => {
  const pair = opened({ reliability: "close-on-loss" });
  const { initiator, responder, id } = pair;
  acceptChannel(responder, id);
  exchange(pair);
  writeChannel(initiator, id, 3_000);
  const [first, second] = [nextPacket(initiator, 1_000), nextPacket(initiator, 1_000)];
  if (first === null || second === null) return t.fail("nothing was sent");
  deliver(responder, first);
  acknowledge(initiator, first);
  lose(initiator, second);
  exchange(pair);
  t.deepEqual(kinds(takeEvents(initiator)), ["accepted", `closed ${CHANNEL_CODES.loss}`, "gone"]);
  t.deepEqual(kinds(takeEvents(responder)), ["opened", "readable", `closed ${CHANNEL_CODES.loss}`]);
  t.is(readChannel(responder, id, 10_000)?.length, first.pieces[0]?.length);
});

test("an unreliable message that lost a piece is never sent again, its credit comes back", (t) => {
  const pair = opened({ reliability: "unreliable", framing: "messages" });
  const { initiator, responder, id } = pair;
  acceptChannel(responder, id);
  exchange(pair);
  writeMessage(initiator, id, 2_500);
  writeMessage(initiator, id, eight);
  const first = nextPacket(initiator, 1_000);
  if (first === null) return t.fail("nothing was sent");
  lose(initiator, first);
  exchange(pair);
  t.deepEqual(readMessage(responder, id), { offset: 2_532, length: 8, bytes: eight });
  t.is(readMessage(responder, id), null);
  t.is(responder.taken, initiator.sent);
  t.is(initiator.reserved, 0);
});

test("a peer opens as many channels as it is allowed, and more once some are over", (t) => {
  const pair = createPair({ limits: { channels: 20 } });
  const { initiator, responder } = pair;
  exchange(pair);
  const ids = Array.from({ length: 20 }, () => openChannel(initiator, {}));
  t.is(openChannel(initiator, {}), "limit");
  exchange(pair);
  takeEvents(initiator);
  for (const id of ids.slice(0, 3)) refuseChannel(responder, id as number, 0);
  exchange(pair);
  t.true(takeEvents(initiator).some(({ kind }) => kind === "openable"));
  t.is(openChannel(initiator, {}), 42);
});

test("channels are plain data", (t) => {
  const pair = opened();
  acceptChannel(pair.responder, pair.id);
  writeChannel(pair.initiator, pair.id, eight);
  exchange(pair);
  const copy = structuredClone(pair.responder);
  t.deepEqual(copy, pair.responder);
  t.deepEqual(readChannel(copy, pair.id, 10)?.bytes, eight);
  t.deepEqual(readChannel(pair.responder, pair.id, 10)?.bytes, eight);
});
