/** Bytes as the original library makes them: its vectors and test cases by its names, RFC 3720, and any bytes at all. */
import { createHash } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import { RandomStream } from "../../rng.ts";
import {
  channelId,
  completeChannelId,
  createChannelId,
  DEFAULT_CHANNEL,
  hasInitiator,
  hasResponder,
  initiatorOf,
  isComplete,
  NO_HALF,
  responderOf,
} from "./channel-id.ts";
import {
  createSecrets,
  initiatorCookie,
  initiatorCookieHolds,
  makeInitiatorCookie,
  makeResponderCookie,
  responderCookie,
  responderCookieHolds,
  rotateSecret,
} from "./cookie.ts";
import { crc32, crc32c } from "./crc.ts";
import {
  buildPacket,
  ENVELOPE_BYTES,
  hasValidChecksum,
  hasValidProtocol,
  type PacketHeader,
  PAYLOAD_OFFSET,
  PROTOCOL_ID,
  putChecksum,
  readHeader,
} from "./envelope.ts";
import { CHANNELER_ERRORS, errorNumber } from "./errors.ts";
import { CAPABILITY, encodeMessage, type Message, readMessage, readMessages } from "./messages.ts";
import { hashPeerId, parsePeerId, peerIdAt, peerIdBytes, peerIdFrom, randomPeerId } from "./peer-id.ts";
import { putVarint, readVarint, varintLength } from "./varint.ts";
import { A, B, bytesOf, header, hex, PUBLISHED, SECRET_A, SECRET_B, SESSION, textBytes } from "./vectors-testing.ts";

const random = new RandomStream(7, "wire.test", "draws");

test("CRC32C: the vectors of RFC 3720, B.4", (t) => {
  const vectors: [bytes: Uint8Array, wire: string][] = [
    [new Uint8Array(32), "aa36918a"],
    [new Uint8Array(32).fill(0xff), "43aba862"],
    [Uint8Array.from({ length: 32 }, (_, i) => i), "4e79dd46"],
    [Uint8Array.from({ length: 32 }, (_, i) => 31 - i), "5cdb3f11"],
    [
      bytesOf("01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000"),
      "563a96d9",
    ],
  ];
  // The RFC shows the bytes as they go out, the least significant first.
  for (const [bytes, wire] of vectors) t.is(hex(bytesOf(wire).reverse()), crc32c(bytes).toString(16).padStart(8, "0"));
  t.is(crc32c(textBytes("123456789")), 0xe306_9283);
  t.is(crc32(textBytes("123456789")), 0xcbf4_3926);
});

test("varints: the original's vectors, but for the numbers it gets wrong", (t) => {
  const vectors: [value: number, wire: string][] = [
    [0, "00"],
    [1, "01"],
    [20, "14"],
    [127, "7f"],
    [128, "8000"],
    [129, "8001"],
    [255, "807f"],
    [256, "8100"],
    [300, "812c"],
    [16_383, "fe7f"],
    // The original reserves a byte too many here: `fe ff7f`, its first byte uninitialised.
    [16_511, "ff7f"],
    [16_512, "808000"],
    [65_535, "82fe7f"],
    [2_113_663, "ffff7f"],
    [2_113_664, "80808000"],
  ];
  for (const [value, wire] of vectors) {
    const bytes = new Uint8Array(varintLength(value));
    t.is(putVarint(bytes, 0, value), bytes.length);
    t.is(hex(bytes), wire);
    // One that ends with the buffer: the original rejects it.
    t.deepEqual(readVarint(bytes, 0, bytes.length), { value, next: bytes.length });
    if (bytes.length > 1) t.is(readVarint(bytes, 0, bytes.length - 1), null);
  }
});

test("varints: round trips, one form for each number", (t) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const bytes = new Uint8Array(varintLength(value));
      putVarint(bytes, 0, value);
      return readVarint(bytes, 0, bytes.length)?.value === value;
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const read = readVarint(bytes, 0, bytes.length);
      if (read === null) return true;
      const again = new Uint8Array(varintLength(read.value));
      putVarint(again, 0, read.value);
      return hex(again) === hex(bytes.subarray(0, read.next));
    }),
  );
  t.pass();
});

test("PeerID: random unique, hash unique", (t) => {
  const peers = Array.from({ length: 100 }, () => randomPeerId(random));
  t.is(new Set(peers).size, 100);
  t.is(new Set(peers.map(hashPeerId)).size, 100);
  t.true(peers.every((peer) => /^0x[0-9a-f]{32}$/.test(peer)));
});

test("PeerID: from bytes, hex, buffer; a copy is equal", (t) => {
  const text = "0x000102030405060708090A0B0C0D0E0F";
  const parsed = parsePeerId(text);
  t.deepEqual(parsed, { ok: true, value: text.toLowerCase() });
  t.is(A, text.toLowerCase());
  t.deepEqual(peerIdFrom(peerIdBytes(A)), { ok: true, value: A });
  t.is(hashPeerId(A), hashPeerId(peerIdAt(peerIdBytes(A), 0)));
  t.not(hashPeerId(A), hashPeerId(B));
});

test("PeerID: failures short hex, short buffer", (t) => {
  for (const text of ["", "0x", A.slice(0, -1), `${A}0`, A.slice(2), `${A.slice(0, -1)}g`])
    t.deepEqual(parsePeerId(text), { ok: false, error: "ERR_DECODE" });
  t.deepEqual(peerIdFrom(new Uint8Array(15)), { ok: false, error: "ERR_INSUFFICIENT_BUFFER_SIZE" });
  t.deepEqual(peerIdFrom(new Uint8Array(16), 1), { ok: false, error: "ERR_INSUFFICIENT_BUFFER_SIZE" });
});

test("PeerIDWrapper: use_with_peerid", (t) => {
  const packet = bytesOf(SESSION.new);
  t.is(peerIdAt(packet, 4), A);
  t.is(peerIdAt(packet, 20), B);
});

test("ChannelID: create, default_constructed", (t) => {
  t.false(hasInitiator(DEFAULT_CHANNEL));
  t.false(hasResponder(DEFAULT_CHANNEL));
  for (let n = 0; n < 1_000; n++) {
    const id = createChannelId(random);
    t.true(hasInitiator(id) && !hasResponder(id));
  }
});

test("ChannelID: complete, complete_bad_initiator, complete_bad_responder", (t) => {
  const id = createChannelId(random);
  const full = completeChannelId(id, random);
  t.true(full.ok && isComplete(full.value) && initiatorOf(full.value) === initiatorOf(id));
  const error = { ok: false, error: "ERR_INVALID_CHANNELID" } as const;
  t.deepEqual(completeChannelId(DEFAULT_CHANNEL, random), error);
  t.deepEqual(completeChannelId(channelId(0x1234, 0xabcd), random), error);
});

test("ChannelID: the responder's half comes first", (t) => {
  t.is(channelId(0x1234, 0xabcd), 0xabcd_1234);
  t.is(responderOf(0xabcd_1234), 0xabcd);
  t.is(channelId(NO_HALF, NO_HALF), DEFAULT_CHANNEL);
});

test("Cookie: initiator_cookie_calculation, responder_cookie_calculation", (t) => {
  const id = channelId(0x1234, 0xabcd);
  const empty = new Uint8Array();
  t.is(initiatorCookie(SECRET_A, A, B, 0x1234), 0x2ca3_a464);
  t.is(responderCookie(SECRET_B, A, B, id), 0x79aa_f804);
  t.is(initiatorCookie(empty, A, B, 0x1234), 0x85ba_31bd);
  t.is(responderCookie(empty, A, B, id), 0xc243_8aa3);
});

test("Cookie: secrets rotate; the one before still holds, the one before that does not", (t) => {
  const secrets = createSecrets(SECRET_A);
  const id = channelId(0x1234, 0xabcd);
  const [one, two] = [makeInitiatorCookie(secrets, A, B, id), makeResponderCookie(secrets, A, B, id)];
  const hold = (): boolean[] => [
    initiatorCookieHolds(secrets, A, B, id, one),
    responderCookieHolds(secrets, A, B, id, two),
  ];
  t.false(initiatorCookieHolds(secrets, B, A, id, one));
  t.false(responderCookieHolds(secrets, A, B, channelId(0x1234, 0xabce), two));
  rotateSecret(secrets, SECRET_B);
  t.deepEqual(hold(), [true, true]);
  t.not(makeInitiatorCookie(secrets, A, B, id), one);
  rotateSecret(secrets, textBytes("third"));
  t.deepEqual(hold(), [false, false]);
});

const ID = channelId(0x1234, 0xabcd);

const MESSAGES: readonly (readonly [message: Message, wire: string])[] = [
  [{ type: "CHANNEL_NEW", initiator: 0x1234, cookie1: 0xdead_beef }, "0a1234deadbeef"],
  [{ type: "CHANNEL_ACKNOWLEDGE", id: ID, cookie1: 0xdead_beef, cookie2: 0xcafe_babe }, "0babcd1234deadbeefcafebabe"],
  [
    {
      type: "CHANNEL_FINALIZE",
      id: ID,
      cookie2: 0xcafe_babe,
      capabilities: CAPABILITY.RESEND | CAPABILITY.CLOSE_ON_LOSS,
    },
    "0cabcd1234cafebabe0005",
  ],
  [{ type: "CHANNEL_COOKIE", cookie: 0xbeef_b4be, capabilities: 0 }, "0dbeefb4be0000"],
  [{ type: "DATA", bytes: bytesOf("beefb4be0000") }, "1406beefb4be0000"],
];

for (const [message, wire] of MESSAGES) {
  test(`Message: parse_and_serialize ${message.type}`, (t) => {
    t.is(hex(encodeMessage(message)), wire);
    const bytes = bytesOf(wire);
    t.deepEqual(readMessage(bytes, 0, bytes.length), { message, next: bytes.length });
    for (let end = 0; end < bytes.length; end++) t.is(readMessage(bytes, 0, end), null, `cut to ${end}`);
  });
}

test("Message: fail_parse_unknown", (t) => {
  for (const wire of ["00", "0900000000000000", "15000000000000", "8000", ""]) {
    const bytes = bytesOf(wire);
    t.is(readMessage(bytes, 0, bytes.length), null);
  }
});

test("Message: iterator_single, iterator_block", (t) => {
  const single = bytesOf(MESSAGES[0]?.[1] ?? "");
  t.is(readMessages(single, 0, single.length).messages.length, 1);
  const block = bytesOf(`${MESSAGES.map(([, wire]) => wire).join("")}beef`);
  const { messages, next } = readMessages(block, 0, block.length);
  t.deepEqual(
    messages,
    MESSAGES.map(([message]) => message),
  );
  t.is(next, block.length - 2);
});

test("PacketWrapper: message_iteration", (t) => {
  const bytes = bytesOf(PUBLISHED.packet_with_messages);
  const { packetSize, payloadSize } = header(bytes);
  t.deepEqual([packetSize, payloadSize], [78, 26]);
  const { messages, next } = readMessages(bytes, PAYLOAD_OFFSET, PAYLOAD_OFFSET + payloadSize);
  t.deepEqual(
    messages.map(({ type }) => type),
    ["DATA", "CHANNEL_NEW", "CHANNEL_COOKIE"],
  );
  t.is(PAYLOAD_OFFSET + payloadSize - next, 4, "four bytes of junk are ignored");
});

for (const [name, wire] of Object.entries(PUBLISHED)) {
  test(`TestPacket: validity of ${name}`, (t) => {
    const bytes = bytesOf(wire);
    t.true(hasValidChecksum(bytes, header(bytes).packetSize));
    t.false(hasValidProtocol(header(bytes)));
    t.deepEqual([header(bytes).sequence, header(bytes).flags], [0x1fa, 0xa00a]);
  });
}

test("PacketWrapper: construct_from_buffer, copy: the original's session is rebuilt to the byte", (t) => {
  for (const wire of Object.values(SESSION)) {
    const bytes = bytesOf(wire);
    const found = header(bytes);
    t.true(hasValidProtocol(found) && hasValidChecksum(bytes, found.packetSize));
    const again = buildPacket(found, bytes.subarray(PAYLOAD_OFFSET, PAYLOAD_OFFSET + found.payloadSize));
    putChecksum(again);
    t.is(hex(again), wire);
  }
});

test("PacketWrapper: failure_too_small; sizes that contradict each other", (t) => {
  const bytes = bytesOf(SESSION.new);
  for (const length of [0, 1, ENVELOPE_BYTES - 1, bytes.length - 1]) {
    const result = readHeader(bytes.subarray(0, length));
    t.is(result.ok ? "" : result.error.error, "ERR_INSUFFICIENT_BUFFER_SIZE");
  }
  const change = (at: number, value: number): string => {
    const changed = bytes.slice();
    changed[at] = value;
    const result = readHeader(changed);
    return result.ok ? "" : result.error.error;
  };
  t.is(change(43, ENVELOPE_BYTES - 1), "ERR_DECODE");
  t.is(change(47, 120 - ENVELOPE_BYTES + 1), "ERR_DECODE");
  t.throws(() => buildPacket({ ...header(bytes), payloadSize: 69 }, new Uint8Array(69)), { instanceOf: RangeError });
});

test("the protocol id is the beginning of a hash", (t) => {
  const digest = createHash("sha512").update("Testing v0.1").digest("hex");
  t.is(PROTOCOL_ID.toString(16).padStart(8, "0"), digest.slice(0, 8));
});

test("PeerID: text and bytes are one", (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      (bytes) => hex(peerIdBytes(peerIdAt(bytes, 0))) === hex(bytes),
    ),
  );
  t.pass();
});

test("padding counts modulo 255", (t) => {
  const base: PacketHeader = { ...header(bytesOf(SESSION.new)), payloadSize: 0 };
  for (const padding of [0, 1, 254, 255, 256, 600]) {
    const bytes = buildPacket({ ...base, packetSize: ENVELOPE_BYTES + padding }, new Uint8Array());
    const filled = new Set(bytes.subarray(PAYLOAD_OFFSET, PAYLOAD_OFFSET + padding));
    t.deepEqual([...filled], padding === 0 ? [] : [padding % 255]);
  }
});

test("errors have the original's numbers", (t) => {
  t.is(errorNumber("ERR_SUCCESS"), 0);
  t.is(errorNumber("ERR_INVALID_CHANNELID"), 5);
  t.is(errorNumber("ERR_DATA_UNAVAILABLE"), 11);
  t.is(CHANNELER_ERRORS.length, 12);
});

const half = fc.integer({ min: 0, max: 0xffff });
const word = fc.integer({ min: 0, max: 0xffff_ffff });
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constant("CHANNEL_NEW" as const), initiator: half, cookie1: word }),
  fc.record({ type: fc.constant("CHANNEL_ACKNOWLEDGE" as const), id: word, cookie1: word, cookie2: word }),
  fc.record({ type: fc.constant("CHANNEL_FINALIZE" as const), id: word, cookie2: word, capabilities: half }),
  fc.record({ type: fc.constant("CHANNEL_COOKIE" as const), cookie: word, capabilities: half }),
  fc.record({ type: fc.constant("DATA" as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
);

test("messages: round trips of any sequence", (t) => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), (list) => {
      const bytes = Uint8Array.from(list.flatMap((one) => [...encodeMessage(one)]));
      const read = readMessages(bytes, 0, bytes.length);
      t.deepEqual(read, { messages: list, next: bytes.length });
    }),
  );
});

test("decoders take any bytes, and never read beyond the end they are given", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(40), (bytes, spare) => {
      const end = Math.max(0, bytes.length - spare);
      const { next } = readMessages(bytes, 0, end);
      const found = readHeader(bytes);
      return next <= end && (!found.ok || found.value.packetSize <= bytes.length);
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test("packets: round trips, and any damage is refused", (t) => {
  const packet = fc.record({
    payload: fc.uint8Array({ maxLength: 80 }),
    padding: fc.nat(600),
    channel: word,
    sequence: half,
    at: fc.nat(10_000),
    bits: fc.integer({ min: 1, max: 255 }),
  });
  fc.assert(
    fc.property(packet, ({ at, bits, channel, padding, payload, sequence }) => {
      const packetSize = ENVELOPE_BYTES + payload.length + padding;
      const fields = { ...header(bytesOf(SESSION.new)), channel, packetSize, payloadSize: payload.length, sequence };
      const bytes = buildPacket(fields, payload);
      putChecksum(bytes);
      t.deepEqual(header(bytes), fields);
      t.true(hasValidChecksum(bytes, packetSize));
      const place = at % bytes.length;
      bytes[place] = (bytes[place] as number) ^ bits;
      const damaged = readHeader(bytes);
      return !damaged.ok || !hasValidChecksum(bytes, damaged.value.packetSize);
    }),
    { numRuns: 500 },
  );
});
