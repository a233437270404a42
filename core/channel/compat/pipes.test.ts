/** Pipes, negotiation and the calls around them: the original's test cases by its names, and what it got wrong. */
import test from "ava";
import fc from "fast-check";
import { RandomStream } from "../../rng.ts";
import { SECOND } from "../../units.ts";
import { channelWrite, closeChannel, establishChannel, packetToSend, receivePacket, repeat } from "./api.ts";
import { backoffMultiplier, retryDelay } from "./backoff.ts";
import { banPeer, createBans, isPeerBanned, isTransportBanned, unbanPeer, unbanTransport } from "./bans.ts";
import { channelId, DEFAULT_CHANNEL, initiatorOf, NO_HALF } from "./channel-id.ts";
import {
  addChannel,
  type Channel,
  createChannels,
  dequeue,
  enqueue,
  establishedChannel,
  hasChannel,
  isPending,
  makeFull,
  pendingChannel,
} from "./channels.ts";
import {
  type Blame,
  type Connection,
  CONNECTION_DEFAULTS,
  type ConnectionOptions,
  createConnection,
  createContext,
} from "./connection.ts";
import { EGRESS, ENQUEUE } from "./egress.ts";
import { buildPacket, FLAG, hasValidChecksum, PAYLOAD_OFFSET, PROTOCOL_ID, putChecksum } from "./envelope.ts";
import { PipeError } from "./errors.ts";
import { type Action, type PipeContext, type PipeEvent, runPipe } from "./events.ts";
import { INGRESS } from "./ingress.ts";
import { encodeMessage, type Message, readMessages } from "./messages.ts";
import { handleMessage, REGISTRY, writeData } from "./negotiation.ts";
import { addReadable, createReadQueue, readNext } from "./read-queue.ts";
import { addTimeout, createTimeouts, nextDeadline, removeTimeout, takeExpired } from "./timeouts.ts";
import {
  A,
  B,
  bytesOf,
  header,
  hex,
  SECRET_A,
  SECRET_B,
  SESSION,
  SESSION_HALVES,
  textBytes,
} from "./vectors-testing.ts";

const TRANSPORT = { source: "udp://source", destination: "udp://destination" };
const FOREIGN = "0x00000000000000000000000000000bad";
const random = new RandomStream(7, "pipes.test", "draws");

/** Draws what the original drew. */
function drawing(half: number): RandomStream {
  return { below: () => half } as unknown as RandomStream;
}

function ends(changes: Partial<ConnectionOptions> = {}): { a: Connection; b: Connection } {
  const both = { ...CONNECTION_DEFAULTS, packetSize: 120, ...changes };
  return {
    a: createConnection({ ...both, self: A, peer: B, secret: SECRET_A }),
    b: createConnection({ ...both, self: B, peer: A, secret: SECRET_B }),
  };
}

function packets(end: Connection): Uint8Array[] {
  const all = [];
  for (let bytes = packetToSend(end); bytes !== null; bytes = packetToSend(end)) all.push(bytes);
  return all;
}

/** Hands everything from one end to the other; answers what it led to there. */
function carry(from: Connection, to: Connection, draws = random): { actions: Action[]; data: string[] } {
  const steps = packets(from).map((bytes) => receivePacket(to, bytes, TRANSPORT, 0, draws));
  return {
    actions: steps.flatMap(({ actions }) => actions),
    data: steps.flatMap(({ data }) => data.map(({ bytes }) => new TextDecoder().decode(bytes))),
  };
}

function open(end: Connection, draws = random): Channel {
  const result = establishChannel(end, 0, draws);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function established(changes: Partial<ConnectionOptions> = {}): { a: Connection; b: Connection; channel: Channel } {
  const { a, b } = ends(changes);
  const channel = open(a);
  carry(a, b);
  carry(b, a);
  carry(a, b);
  return { a, b, channel };
}

const context = (now = 0): PipeContext & { readonly actions: Action[] } => createContext(now, random);
const kinds = (actions: readonly Action[]): string[] => actions.map(({ type }) => type);

/** A packet from A to B with these messages. */
function packet(messages: readonly Message[], changes: Partial<ReturnType<typeof header>> = {}): Uint8Array {
  const payload = Uint8Array.from(messages.flatMap((one) => [...encodeMessage(one)]));
  const fields = { ...header(bytesOf(SESSION.new)), payloadSize: payload.length, ...changes };
  const bytes = buildPacket(fields, payload);
  putChecksum(bytes);
  return bytes;
}

function messagesIn(bytes: Uint8Array): Message[] {
  return readMessages(bytes, PAYLOAD_OFFSET, PAYLOAD_OFFSET + header(bytes).payloadSize).messages;
}

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

test("FSMStandardRegistry: negotiate_channel as the original did it, to the byte", (t) => {
  const { a, b } = ends();
  const channel = open(a, drawing(SESSION_HALVES.initiator));
  const step = (from: Connection, to: Connection, wire: string): Action[] => {
    const [bytes, ...more] = packets(from);
    t.deepEqual([hex(bytes as Uint8Array), more.length], [wire, 0]);
    return [...receivePacket(to, bytes as Uint8Array, TRANSPORT, 0, drawing(SESSION_HALVES.responder)).actions];
  };
  t.deepEqual(step(a, b, SESSION.new), []);
  t.is(b.channels.byInitiator.size, 0, "the responder keeps nothing");
  t.deepEqual(kinds(step(b, a, SESSION.acknowledge)), ["NOTIFY_CHANNEL_ESTABLISHED"]);
  t.deepEqual(kinds(step(a, b, SESSION.finalize)), ["NOTIFY_CHANNEL_ESTABLISHED"]);
  t.is(channel.id, channelId(SESSION_HALVES.initiator, SESSION_HALVES.responder));
  t.truthy(establishedChannel(b.channels, channel.id));
  t.deepEqual([packets(a), packets(b)], [[], []]);
});

test("FSMRegistry: a fixed order, the first that handles wins, no machine for what none knows", (t) => {
  t.is(REGISTRY.length, 3);
  const { b } = ends();
  const head = header(bytesOf(SESSION.new));
  const id = channelId(1, 2);
  const finalize = { type: "CHANNEL_FINALIZE", id, cookie2: 3, capabilities: 0 } as const;
  t.is(handleMessage(b, { type: "MESSAGE", header: head, message: finalize }, context()), null);
});

test("FSMChannelInitiator: initiate, acknowledge, bad message", (t) => {
  const { a } = ends();
  const channel = open(a);
  t.deepEqual(
    packets(a)
      .flatMap(messagesIn)
      .map(({ type }) => type),
    ["CHANNEL_NEW"],
  );
  const acknowledge = (changes: object) => {
    const id = channelId(initiatorOf(channel.id), 5);
    const message = { type: "CHANNEL_ACKNOWLEDGE", id, cookie1: 0, cookie2: 7, ...changes } as Message;
    return receivePacket(a, packet([message], { sender: B, recipient: A }), TRANSPORT, 0, random).actions;
  };
  t.deepEqual(acknowledge({ id: channelId(initiatorOf(channel.id) ^ 1, 5) }), [], "unknown half");
  t.deepEqual(acknowledge({ id: channel.id }), [], "no responder's half");
  t.true(isPending(channel));
  t.deepEqual(kinds(acknowledge({})), ["NOTIFY_CHANNEL_REFUSED"]);
  t.is(a.channels.byInitiator.size, 0, "a wrong cookie ends the negotiation");
  t.deepEqual(acknowledge({}), []);
});

test("FSMChannelResponder: NEW again gets an answer; a wrong cookie, FINALIZE again change nothing", (t) => {
  const { a, b } = ends();
  open(a);
  const [fresh] = packets(a);
  receivePacket(b, fresh as Uint8Array, TRANSPORT, 0, random);
  receivePacket(b, fresh as Uint8Array, TRANSPORT, 0, random);
  const answers = packets(b);
  t.is(answers.length, 2);
  for (const bytes of answers) receivePacket(a, bytes, TRANSPORT, 0, random);
  const [finalize, ...none] = packets(a);
  t.deepEqual(none, [], "the second answer is for a channel that is established");
  const [message] = messagesIn(finalize as Uint8Array);
  const forged = packet([{ ...(message as Message & { type: "CHANNEL_FINALIZE" }), cookie2: 1 }]);
  t.deepEqual(receivePacket(b, forged, TRANSPORT, 0, random).actions, []);
  t.is(b.channels.byInitiator.size, 0);
  const first = receivePacket(b, finalize as Uint8Array, TRANSPORT, 0, random).actions;
  const second = receivePacket(b, finalize as Uint8Array, TRANSPORT, 0, random).actions;
  t.deepEqual([kinds(first), kinds(second)], [["NOTIFY_CHANNEL_ESTABLISHED"], []]);
  receivePacket(b, fresh as Uint8Array, TRANSPORT, 0, random);
  const [again] = packets(b).flatMap(messagesIn);
  t.is((again as Message & { type: "CHANNEL_ACKNOWLEDGE" }).id, [...b.channels.byInitiator.values()][0]?.id);
});

test("FSMData: remote and local, unknown, pending, existing", (t) => {
  const { a, b, channel } = established();
  const pending = open(a);
  packets(a);
  const remote = (end: Connection, id: number) => {
    const ids = { channel: id, sender: end.peer, recipient: end.self };
    return receivePacket(end, packet([{ type: "DATA", bytes: textBytes("x") }], ids), TRANSPORT, 0, random).data.length;
  };
  t.deepEqual([remote(b, channelId(1, 2)), remote(a, pending.id), remote(b, channel.id)], [0, 0, 1]);
  const local = (id: number) => {
    const result = channelWrite(a, id, textBytes("x"), 0, random);
    return [result.ok ? "" : result.error, packets(a).length];
  };
  t.deepEqual(local(channelId(1, 2)), ["ERR_INVALID_CHANNELID", 0]);
  t.deepEqual(local(pending.id), ["", 0]);
  t.deepEqual(local(channel.id), ["", 1]);
  const events = writeData(a, { type: "USER_DATA_WRITTEN", channel: pending.id, bytes: textBytes("y") }, context());
  t.deepEqual(
    events.map(({ type }) => type),
    ["MESSAGE_OUT"],
  );
});

test("InternalAPI: create, establish_channel, send_data_on_established_channel, fail_sending_data_on_default_channel", (t) => {
  const { a, b, channel } = established();
  t.deepEqual(channelWrite(a, channel.id, textBytes("hello, world!"), 0, random), { ok: true, value: 13 });
  t.deepEqual(carry(a, b).data, ["hello, world!"]);
  const there = establishedChannel(b.channels, channel.id) as Channel;
  channelWrite(b, there.id, textBytes("and back"), 0, random);
  t.deepEqual(carry(b, a).data, ["and back"]);
  t.true(channel.confirmed);
  t.deepEqual(channelWrite(a, DEFAULT_CHANNEL, textBytes("x"), 0, random), {
    ok: false,
    error: "ERR_INVALID_CHANNELID",
  });
  t.throws(() => createConnection({ ...CONNECTION_DEFAULTS, packetSize: 60, self: A, peer: B, secret: SECRET_A }));
  t.throws(() => createConnection({ ...CONNECTION_DEFAULTS, self: A, peer: A, secret: SECRET_A }));
});

test("a write that is larger than a packet is cut, and the channel lives on (the original's bug)", (t) => {
  for (const confirm of [true, false]) {
    const { a, b, channel } = established({ confirm });
    const text = "0123456789".repeat(50);
    t.true(channelWrite(a, channel.id, textBytes(text), 0, random).ok);
    t.is(carry(a, b).data.join(""), text);
    t.true(channelWrite(a, channel.id, textBytes("more"), 0, random).ok);
    t.deepEqual(carry(a, b).data, ["more"]);
    t.deepEqual(channelWrite(a, channel.id, new Uint8Array(2_000_000), 0, random), { ok: false, error: "ERR_WRITE" });
  }
});

test("partial reads keep the remainder; reading nothing is an error; the queue is bounded", (t) => {
  const queue = createReadQueue(13);
  t.true(addReadable(queue, textBytes("hello, world!")));
  t.false(addReadable(queue, textBytes("x")));
  const read = (most: number) => {
    const result = readNext(queue, most);
    return result.ok ? new TextDecoder().decode(result.value) : result.error;
  };
  t.deepEqual([read(7), queue.bytes, read(100), read(1)], ["hello, ", 6, "world!", "ERR_DATA_UNAVAILABLE"]);
  t.is(queue.overflowed, 1);
});

test("early data waits for the answer, then goes with the cookie: FINALIZE may be lost", (t) => {
  const { a, b } = ends();
  const channel = open(a);
  t.true(channelWrite(a, channel.id, textBytes("early"), 0, random).ok);
  carry(a, b);
  carry(b, a);
  const [finalize, data] = packets(a);
  t.deepEqual(
    messagesIn(finalize as Uint8Array).map(({ type }) => type),
    ["CHANNEL_FINALIZE"],
  );
  t.deepEqual(
    messagesIn(data as Uint8Array).map(({ type }) => type),
    ["CHANNEL_COOKIE", "DATA"],
  );
  const step = receivePacket(b, data as Uint8Array, TRANSPORT, 0, random);
  t.deepEqual([kinds(step.actions), step.data.length], [["NOTIFY_CHANNEL_ESTABLISHED"], 1]);
  t.deepEqual(kinds(carry(b, a).actions), ["NOTIFY_CHANNEL_CONFIRMED"]);
  t.true(channelWrite(a, channel.id, textBytes("later"), 0, random).ok);
  t.deepEqual(
    packets(a)
      .flatMap(messagesIn)
      .map(({ type }) => type),
    ["DATA"],
  );
});

test("a repeated handshake: NEW while pending, FINALIZE and cookie while unconfirmed, then nothing", (t) => {
  const { a, b } = ends();
  const channel = open(a);
  const said = (): string[] =>
    packets(a)
      .flatMap(messagesIn)
      .map(({ type }) => type);
  t.deepEqual(said(), ["CHANNEL_NEW"]);
  repeat(a, channel.handle, 0, random);
  carry(a, b);
  carry(b, a);
  t.deepEqual(said(), ["CHANNEL_FINALIZE"]);
  repeat(a, channel.handle, 0, random);
  t.deepEqual(kinds(carry(a, b).actions), ["NOTIFY_CHANNEL_ESTABLISHED"]);
  t.deepEqual(kinds(carry(b, a).actions), ["NOTIFY_CHANNEL_CONFIRMED"]);
  repeat(a, channel.handle, 0, random);
  t.deepEqual(said(), []);
  closeChannel(a, channel.handle);
  repeat(a, channel.handle, 0, random);
  t.deepEqual([said(), a.channels.byInitiator.size], [[], 0]);
});

test("without agreement on it no CHANNEL_COOKIE is sent, and none heeded", (t) => {
  const { a, b, channel } = established({ confirm: false });
  channelWrite(a, channel.id, textBytes("x"), 0, random);
  t.deepEqual(
    packets(a)
      .flatMap(messagesIn)
      .map(({ type }) => type),
    ["DATA"],
  );
  closeChannel(b, (establishedChannel(b.channels, channel.id) as Channel).handle);
  const cookie: Message = { type: "CHANNEL_COOKIE", cookie: channel.cookie2, capabilities: 0 };
  receivePacket(b, packet([cookie], { channel: channel.id }), TRANSPORT, 0, random);
  t.deepEqual([b.channels.byInitiator.size, b.counters.unknownChannel], [0, 1]);
});

test("crossed NEWs of one half: the lesser peer's goes on under another name, both come to be", (t) => {
  const { a, b } = ends();
  const [mine, theirs] = [open(a, drawing(7)), open(b, drawing(7))];
  const actions: Action[] = [];
  for (let round = 0; round < 6; round++) {
    const [fromA, fromB] = [packets(a), packets(b)];
    for (const bytes of fromA) actions.push(...receivePacket(b, bytes, TRANSPORT, 0, random).actions);
    for (const bytes of fromB) actions.push(...receivePacket(a, bytes, TRANSPORT, 0, random).actions);
  }
  t.deepEqual(kinds(actions).filter((kind) => kind === "NOTIFY_CHANNEL_RENUMBERED").length, 1);
  t.is(initiatorOf(theirs.id), 7);
  t.not(initiatorOf(mine.id), 7);
  const names = ({ channels }: Connection): number[] => [...channels.byInitiator.values()].map(({ id }) => id).sort();
  t.deepEqual(names(a), names(b));
  t.deepEqual(names(a), [mine.id, theirs.id].sort());
});

test("a responder never sends more than three times what it got", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 68, max: 1_400 }), (count, packetSize) => {
      const { b } = ends({ packetSize });
      const asked: Message[] = Array.from({ length: count }, (_, n) => ({
        type: "CHANNEL_NEW",
        initiator: n,
        cookie1: n,
      }));
      const size = 52 + 7 * count;
      const bytes = packet(asked, { packetSize: size });
      receivePacket(b, bytes, TRANSPORT, 0, random);
      const sent = packets(b).reduce((sum, one) => sum + one.length, 0);
      return (
        sent > 0 && sent <= 3 * size && b.channels.queue.messages.length === 0 && b.channels.byInitiator.size === 0
      );
    }),
  );
  t.pass();
});

test("dequeue never splits a message and never exceeds its room", (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { maxLength: 20 }), fc.integer({ min: 62, max: 200 }), (sizes, room) => {
      const { queue } = createChannels(1);
      for (const size of sizes) enqueue(queue, { type: "DATA", bytes: new Uint8Array(size) }, 10_000);
      let taken = 0;
      while (queue.messages.length > 0) {
        const some = dequeue(queue, room);
        if (some.length === 0) return false;
        taken += some.length;
      }
      return taken === sizes.length && queue.bytes === 0;
    }),
  );
  t.pass();
});

test("any bytes at any state: never an exception, channels and peers unharmed", (t) => {
  const wild = fc.uint8Array({ maxLength: 160 });
  fc.assert(
    fc.property(fc.array(fc.tuple(wild, fc.boolean(), fc.nat(0xffff)), { maxLength: 30 }), (list) => {
      const { a, b, channel } = established({ maxChannels: 8 });
      const pending = open(a);
      packets(a);
      for (const [bytes, wrapped, half] of list) {
        const id = half % 3 === 0 ? channel.id : half % 3 === 1 ? DEFAULT_CHANNEL : channelId(half, half);
        const fields = { proto: PROTOCOL_ID, sender: B, recipient: A, channel: id, flags: 0, sequence: 0 };
        const whole = buildPacket({ ...fields, packetSize: 52 + bytes.length, payloadSize: bytes.length }, bytes);
        putChecksum(whole);
        receivePacket(a, wrapped ? whole : bytes, TRANSPORT, 0, random);
        packets(a);
      }
      channelWrite(a, channel.id, textBytes("still here"), 0, random);
      t.deepEqual(carry(a, b).data, ["still here"]);
      return a.channels.byInitiator.size <= 8 && isPending(pending);
    }),
    { numRuns: 200 },
  );
});

test("secrets rotate during a handshake; after two rotations it is refused", (t) => {
  const { a, b } = ends();
  open(a);
  carry(a, b);
  b.secrets.ring = [textBytes("new"), ...b.secrets.ring];
  carry(b, a);
  t.deepEqual(kinds(carry(a, b).actions), ["NOTIFY_CHANNEL_ESTABLISHED"]);
  open(a);
  carry(a, b);
  a.secrets.ring = [textBytes("quite another")];
  t.deepEqual(kinds(carry(b, a).actions), ["NOTIFY_CHANNEL_REFUSED"]);
});

test("contexts are plain data", (t) => {
  const { a } = established();
  t.deepEqual(structuredClone(a), a);
});
