/** Filters and pipes, and what they stand on: the original's test cases by its names. */
import test from "ava";
import { SECOND } from "../../units.ts";
import { packetToSend, receivePacket } from "./api.ts";
import { backoffMultiplier, retryDelay } from "./backoff.ts";
import { banPeer, createBans, isPeerBanned, isTransportBanned, unbanPeer, unbanTransport } from "./bans.ts";
import { channelId, DEFAULT_CHANNEL, initiatorOf, NO_HALF } from "./channel-id.ts";
import {
  addChannel,
  createChannels,
  enqueue,
  establishedChannel,
  hasChannel,
  makeFull,
  pendingChannel,
} from "./channels.ts";
import { type Blame, type Connection } from "./connection.ts";
import { EGRESS, ENQUEUE } from "./egress.ts";
import { FLAG, hasValidChecksum, PAYLOAD_OFFSET } from "./envelope.ts";
import { PipeError } from "./errors.ts";
import { type Action, type PipeEvent, runPipe } from "./events.ts";
import { INGRESS } from "./ingress.ts";
import { type Message } from "./messages.ts";
import { addTimeout, createTimeouts, nextDeadline, removeTimeout, takeExpired } from "./timeouts.ts";
import { A, B, bytesOf, header, SESSION, textBytes } from "./vectors-testing.ts";
import { TRANSPORT, FOREIGN, random, ends, open, established, context, packet, messagesIn } from "./ends-testing.ts";

/** Runs a part of the ingress pipe, by the names of its filters. */
function through(end: Connection, names: readonly string[], event: PipeEvent, actions: Action[] = [], now = 0) {
  const pipe = INGRESS.filter(({ name }) => names.includes(name));
  return runPipe(pipe, end, event, { now, random, actions });
}

test("Channels: empty, add_partial, add_full, add_bad_id, upgrade_partial, add_default", (t) => {
  const channels = createChannels(3);
  t.false(hasChannel(channels, channelId(1, NO_HALF)));
  t.true(hasChannel(channels, DEFAULT_CHANNEL));
  t.true(addChannel(channels, channelId(1, NO_HALF), "initiator", 0).ok);
  t.truthy(pendingChannel(channels, 1));
  t.true(addChannel(channels, channelId(2, 9), "responder", 0).ok);
  t.truthy(establishedChannel(channels, channelId(2, 9)));
  t.falsy(pendingChannel(channels, 2));
  t.deepEqual(addChannel(channels, channelId(NO_HALF, 9), "responder", 0), {
    ok: false,
    error: "ERR_INVALID_CHANNELID",
  });
  t.deepEqual(addChannel(channels, DEFAULT_CHANNEL, "responder", 0), { ok: false, error: "ERR_INVALID_CHANNELID" });
  t.deepEqual(addChannel(channels, channelId(2, 8), "responder", 0), { ok: false, error: "ERR_INVALID_REFERENCE" });
  t.true(makeFull(channels, channelId(1, 5)).ok);
  t.truthy(establishedChannel(channels, channelId(1, 5)));
  t.deepEqual(makeFull(channels, channelId(1, 6)), { ok: false, error: "ERR_INVALID_CHANNELID" });
  t.true(addChannel(channels, channelId(3, 5), "responder", 0).ok);
  t.deepEqual(addChannel(channels, channelId(4, 5), "responder", 0), { ok: false, error: "ERR_STATE" });
});

test("SupportTimeouts: simple, duplicate, incremental, remove", (t) => {
  const timeouts = createTimeouts();
  t.is(nextDeadline(timeouts), -1);
  t.true(addTimeout(timeouts, 1, 1, 300));
  t.false(addTimeout(timeouts, 1, 1, 100));
  t.true(addTimeout(timeouts, 1, 2, 100));
  t.true(addTimeout(timeouts, 2, 1, 200));
  t.is(nextDeadline(timeouts), 100);
  t.deepEqual(takeExpired(timeouts, 99), []);
  t.deepEqual(
    takeExpired(timeouts, 200).map(({ scope, tag }) => [scope, tag]),
    [
      [1, 2],
      [2, 1],
    ],
  );
  t.true(addTimeout(timeouts, 1, 2, 500), "the original never forgets a name that was due");
  t.true(removeTimeout(timeouts, 1, 2));
  t.false(removeTimeout(timeouts, 1, 2));
  t.is(nextDeadline(timeouts), 300);
});

test("SupportExponentialBackoff: simple_multiplier, larger_multiplier, backoff", (t) => {
  t.is(backoffMultiplier(0, 1), 0);
  t.deepEqual(
    [0, 0.49, 0.5, 0.51, 1].map((draw) => backoffMultiplier(1, draw)),
    [0, 0, 0, 1, 1],
  );
  t.deepEqual(
    [0, 0.5, 1].map((draw) => backoffMultiplier(2, draw)),
    [0, 2, 3],
  );
  t.is(backoffMultiplier(7, 1), 127);
  t.is(backoffMultiplier(60, 1), 1023);
  t.is(retryDelay(1, random), SECOND / 5);
  const third = Array.from({ length: 400 }, () => retryDelay(3, random) / (SECOND / 5));
  t.deepEqual([...new Set(third)].sort(), [1, 2, 3, 4]);
});

test("PipeIngress: create; a filter given the wrong event refuses it", (t) => {
  const names = ["de_envelope", "route", "decrypt", "validate", "channel_assign", "message_parsing", "state_handling"];
  t.deepEqual(
    INGRESS.map(({ name }) => name),
    names,
  );
  const { a } = ends();
  for (const one of [...INGRESS, ...ENQUEUE, ...EGRESS]) {
    const wrong: PipeEvent = { type: "USER_DATA_WRITTEN", channel: 0, bytes: new Uint8Array() };
    const error = t.throws(() => runPipe([one], a, wrong, context()), { instanceOf: PipeError });
    t.is(error.name, "ERR_INVALID_PIPE_EVENT");
  }
});

test("PipeIngressDeEnvelope: parsed; too short, of another protocol", (t) => {
  const { b } = ends();
  const bytes = bytesOf(SESSION.new);
  const [event] = through(b, ["de_envelope"], { type: "RAW_BUFFER", bytes, transport: TRANSPORT });
  t.is(event?.type, "PARSED_HEADER");
  const actions: Action[] = [];
  const foreign = bytes.slice();
  foreign[0] = 0xde;
  for (const bad of [bytes.slice(0, 51), foreign])
    t.deepEqual(through(b, ["de_envelope"], { type: "RAW_BUFFER", bytes: bad, transport: TRANSPORT }, actions), []);
  t.deepEqual(actions, [
    { type: "AT_ERROR", error: "ERR_INSUFFICIENT_BUFFER_SIZE" },
    { type: "AT_ERROR", error: "ERR_DECODE" },
  ]);
  t.is(b.counters.malformed, 2);
});

const parsed = (bytes: Uint8Array) =>
  ({ type: "PARSED_HEADER", header: header(bytes), bytes, transport: TRANSPORT }) as const;
const decrypted = (bytes: Uint8Array) => ({ ...parsed(bytes), type: "DECRYPTED_PACKET" }) as const;

test("PipeIngressRoute: pass; drop sender, recipient; pass first, drop second after a ban; unban", (t) => {
  for (const who of [A, B]) {
    const { b } = ends();
    const event = parsed(bytesOf(SESSION.new));
    t.is(through(b, ["route"], event).length, 1);
    banPeer(b.bans, who, 100);
    t.is(through(b, ["route"], event, [], 99).length, 0);
    t.is(b.counters.banned, 1);
    t.true(unbanPeer(b.bans, who));
    t.is(through(b, ["route"], event, [], 99).length, 1);
    banPeer(b.bans, who, 100);
    t.is(through(b, ["route"], event, [], 100).length, 1, "a ban ends by itself");
  }
  const { a, b } = ends();
  t.is(through(a, ["route"], parsed(bytesOf(SESSION.new))).length, 0, "one's own packet");
  t.is(through(b, ["route"], parsed(packet([], { sender: FOREIGN, payloadSize: 0 }))).length, 0);
  t.deepEqual([a.counters.misdirected, b.counters.misdirected], [1, 1]);
});

test("PipeIngressDecrypt: what is encrypted is dropped", (t) => {
  const { b } = ends();
  const pass = (flags: number) => through(b, ["decrypt"], parsed(packet([], { flags }))).length;
  t.deepEqual([pass(0), pass(FLAG.SPIN_BIT), pass(FLAG.ENCRYPTED)], [1, 1, 0]);
  t.is(b.counters.encrypted, 1);
});

const BLAMED: readonly [blame: Blame, action: Action | null][] = [
  ["nobody", null],
  ["sender", { type: "FILTER_PEER", peer: A }],
  ["recipient", { type: "FILTER_PEER", peer: B }],
  ["source", { type: "FILTER_TRANSPORT", address: TRANSPORT.source }],
  ["destination", { type: "FILTER_TRANSPORT", address: TRANSPORT.destination }],
];

for (const [blame, action] of BLAMED) {
  const classifier = { checksum: blame, unknownChannel: blame, banFor: 10 };
  const banned = ({ bans }: Connection, now: number): boolean =>
    isPeerBanned(bans, A, now) ||
    isPeerBanned(bans, B, now) ||
    isTransportBanned(bans, TRANSPORT.source, now) ||
    isTransportBanned(bans, TRANSPORT.destination, now);

  test(`PipeIngressValidate: drop a bad checksum, ban ${blame}`, (t) => {
    const { b } = ends({ classifier });
    const bytes = bytesOf(SESSION.new);
    t.is(through(b, ["validate"], decrypted(bytes)).length, 1);
    bytes[60] = 0;
    const actions: Action[] = [];
    t.is(through(b, ["validate"], decrypted(bytes), actions).length, 0);
    t.deepEqual([actions, b.counters.corrupt], [action === null ? [] : [action], 1]);
    t.deepEqual([banned(b, 9), banned(b, 10)], [action !== null, false]);
    receivePacket(b, bytes, TRANSPORT, 20, random);
    t.is(banned(b, 20), action !== null);
    for (const address of [TRANSPORT.source, TRANSPORT.destination]) unbanTransport(b.bans, address);
    for (const peer of [A, B]) unbanPeer(b.bans, peer);
    t.false(banned(b, 20));
  });

  test(`PipeIngressChannelAssign: unknown channel, ban ${blame}`, (t) => {
    const { b } = ends({ classifier });
    const actions: Action[] = [];
    const event = decrypted(packet([{ type: "DATA", bytes: textBytes("x") }], { channel: channelId(1, 2) }));
    t.is(through(b, ["channel_assign"], event, actions).length, 0);
    t.deepEqual([actions, b.counters.unknownChannel], [action === null ? [] : [action], 1]);
  });
}

test("bans are bounded: the oldest goes, and is counted", (t) => {
  const bans = createBans(2);
  for (const peer of ["one", "two", "one", "three"]) banPeer(bans, peer, 100);
  t.deepEqual([[...bans.peers.keys()], bans.evicted], [["one", "three"], 1]);
});

test("PipeIngressChannelAssign: default, pending, established", (t) => {
  const { a, channel } = established();
  const pass = (id: number) => through(a, ["channel_assign"], decrypted(packet([], { channel: id }))).length;
  const pending = open(a);
  t.deepEqual([pass(DEFAULT_CHANNEL), pass(channel.id), pass(pending.id)], [1, 1, 1]);
  t.deepEqual([pass(channelId(initiatorOf(channel.id), 1)), pass(channelId(initiatorOf(pending.id), 1))], [0, 0]);
});

test("PipeIngressMessageParsing: several messages, none, and what follows an unknown one", (t) => {
  const { b } = ends();
  const data: Message = { type: "DATA", bytes: textBytes("x") };
  const parse = (bytes: Uint8Array) =>
    through(b, ["message_parsing"], { ...parsed(bytes), type: "ENQUEUED_PACKET" }).map(({ type }) => type);
  t.deepEqual(parse(packet([data, data])), ["MESSAGE", "MESSAGE"]);
  t.deepEqual(parse(packet([])), []);
  t.is(b.counters.unreadable, 0);
  const junk = packet([data, data]);
  junk[PAYLOAD_OFFSET + 3] = 99;
  t.deepEqual(parse(junk), ["MESSAGE"]);
  t.is(b.counters.unreadable, 1);
});

test("PipeIngressStateHandling: handled and not", (t) => {
  const { b } = ends();
  const head = header(bytesOf(SESSION.new));
  const handle = (message: Message) => through(b, ["state_handling"], { type: "MESSAGE", header: head, message });
  t.deepEqual(
    handle({ type: "CHANNEL_NEW", initiator: 1, cookie1: 2 }).map(({ type }) => type),
    ["MESSAGE_OUT"],
  );
  t.deepEqual(handle({ type: "DATA", bytes: textBytes("x") }), []);
  t.is(b.counters.unhandled, 1);
});

test("PipeEgress: create; EnqueueMessage: a channel's queue, an unknown channel, too much", (t) => {
  t.deepEqual(
    [...ENQUEUE, ...EGRESS].map(({ name }) => name),
    ["enqueue_message", "message_bundling", "add_checksum", "out_buffer", "callback"],
  );
  const { a } = ends({ maxQueued: 100 });
  const actions: Action[] = [];
  const put = (id: number, length: number) =>
    runPipe(
      ENQUEUE,
      a,
      { type: "MESSAGE_OUT", channel: id, message: { type: "DATA", bytes: new Uint8Array(length) } },
      {
        now: 0,
        random,
        actions,
      },
    ).map(({ type }) => type);
  t.deepEqual(put(DEFAULT_CHANNEL, 60), ["MESSAGE_OUT_ENQUEUED"]);
  t.deepEqual(put(DEFAULT_CHANNEL, 60), []);
  t.deepEqual(put(channelId(1, 2), 1), []);
  t.deepEqual(actions, [
    { type: "AT_ERROR", error: "ERR_WRITE" },
    { type: "AT_ERROR", error: "ERR_INVALID_CHANNELID" },
  ]);
});

test("PipeEgressMessageBundling: 130 bytes of data make a payload of 133; as many messages as fit", (t) => {
  const { a, channel } = established({ packetSize: 400, confirm: false });
  enqueue(channel.queue, { type: "DATA", bytes: new Uint8Array(130) }, 10_000);
  const bundle = () => runPipe(EGRESS.slice(0, 1), a, { type: "MESSAGE_OUT_ENQUEUED", channel: channel.id }, context());
  const [single] = bundle();
  t.is(header((single as { bytes: Uint8Array }).bytes).payloadSize, 133);
  for (let n = 0; n < 5; n++) enqueue(channel.queue, { type: "DATA", bytes: new Uint8Array(100) }, 10_000);
  const counts = [bundle(), bundle()].map(([one]) => messagesIn((one as { bytes: Uint8Array }).bytes).length);
  t.deepEqual(counts, [3, 2]);
  t.deepEqual(bundle(), []);
});

test("PipeEgressAddChecksum, OutBuffer, Callback", (t) => {
  const { a } = ends();
  const bytes = packet([]).fill(0, 116);
  const [event] = runPipe(EGRESS.slice(1), a, { type: "PACKET_OUT", channel: DEFAULT_CHANNEL, bytes }, context());
  t.deepEqual(event, { type: "PACKET_OUT_ENQUEUED", channel: DEFAULT_CHANNEL });
  t.true(hasValidChecksum(bytes, 120));
  t.is(packetToSend(a), bytes);
  t.is(packetToSend(a), null);
  for (let n = 0; n < 4_100; n++)
    runPipe(EGRESS.slice(2), a, { type: "PACKET_OUT", channel: DEFAULT_CHANNEL, bytes }, context());
  t.deepEqual([a.outgoing.length, a.counters.overflowed], [4_096, 4]);
});
