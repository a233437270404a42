/** Negotiation, data and the calls around them: the original's test cases by its names, and what it got wrong. */
import test from "ava";
import fc from "fast-check";
import { channelWrite, closeChannel, receivePacket, repeat } from "./api.ts";
import { channelId, DEFAULT_CHANNEL, initiatorOf } from "./channel-id.ts";
import { type Channel, createChannels, dequeue, enqueue, establishedChannel, isPending } from "./channels.ts";
import { type Connection, CONNECTION_DEFAULTS, createConnection } from "./connection.ts";
import { buildPacket, PROTOCOL_ID, putChecksum } from "./envelope.ts";
import { type Action } from "./events.ts";
import { CAPABILITY, type Message } from "./messages.ts";
import { handleMessage, REGISTRY, writeData } from "./negotiation.ts";
import { addReadable, createReadQueue, readNext } from "./read-queue.ts";
import { A, B, bytesOf, header, hex, SECRET_A, SESSION, SESSION_HALVES, textBytes } from "./vectors-testing.ts";
import {
  TRANSPORT,
  random,
  drawing,
  ends,
  packets,
  carry,
  open,
  established,
  context,
  kinds,
  packet,
  messagesIn,
} from "./ends-testing.ts";

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
  const there = [...b.channels.byInitiator.values()].map(({ id }) => id);
  t.deepEqual([(again as Message & { type: "CHANNEL_ACKNOWLEDGE" }).id], there);
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

test("capabilities that the initiator asks for reach the responder", (t) => {
  const { b, channel } = established({ capabilities: CAPABILITY.ORDERED | CAPABILITY.RESEND });
  t.deepEqual([channel.capabilities, establishedChannel(b.channels, channel.id)?.capabilities], [3, 3]);
});

test("a full responder takes no more channels, and says so", (t) => {
  const { a, b } = ends({ maxChannels: 2 });
  for (let n = 0; n < 2; n++) open(b);
  packets(b);
  open(a);
  carry(a, b);
  carry(b, a);
  t.deepEqual(carry(a, b).actions, [{ type: "AT_ERROR", error: "ERR_STATE" }]);
  t.is(b.channels.byInitiator.size, 2);
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
