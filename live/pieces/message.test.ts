/** The handshake's datagram: what is written is read, and nothing else is believed. */
import test from "ava";
import fc from "fast-check";
import { decodePacket } from "../../core/wire/codec.ts";
import { keyIdOf, pieceKey } from "./identity.ts";
import { type Body, encodeHello, FORMAT, type Opening, openHello, readBody } from "./message.ts";

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((all) => Buffer.from(all).toString("hex"));
const time = fc.integer({ min: 0, max: 2 ** 50 });
const text = fc.stringMatching(/^[ -~]{0,40}$/);

const opening: fc.Arbitrary<Omit<Opening, "format">> = fc.record({
  instance: hex(8).filter((id) => !/^0*$/.test(id)),
  echo: hex(8),
  scenario: hex(32),
  keyId: hex(8),
  pathloom: text,
  build: text,
});
const piece = fc.record({
  instance: hex(8),
  machine: hex(8),
  beat: fc.nat(),
  ended: fc.boolean(),
  places: fc.array(fc.nat(65_535), { maxLength: 20 }),
});
const body: fc.Arbitrary<Body> = fc.record({
  counter: fc.nat(),
  sentAt: time,
  heard: fc.record({ sentAt: time, at: time }),
  machine: hex(8),
  epoch: fc.option(fc.record({ run: hex(8), at: time, error: time })),
  ended: fc.boolean(),
  pieces: fc.array(piece, { maxLength: 10 }),
});

const KEY = pieceKey({ seed: 1 }, "secret");
const read = (bytes: Uint8Array, key = KEY): Body | string => {
  const opened = openHello(bytes);
  return opened === null ? "no hello" : readBody(opened, key);
};

test("what is written is read again, and is no SCION packet", (t) => {
  fc.assert(
    fc.property(opening, body, (one, two) => {
      const bytes = encodeHello(one, two, KEY);
      t.deepEqual(openHello(bytes)?.opening, { ...one, format: FORMAT });
      t.deepEqual(read(bytes), two);
      t.false(decodePacket(bytes).ok);
    }),
  );
});

test("with another key, or any bit changed, it is not believed", (t) => {
  fc.assert(
    fc.property(opening, body, fc.nat(), fc.nat(7), (one, two, at, bit) => {
      const bytes = encodeHello(one, two, KEY);
      t.is(read(bytes, pieceKey({ seed: 1 }, null)), "forged");
      const changed = Buffer.from(bytes);
      changed[at % bytes.length] = (changed[at % bytes.length] as number) ^ (1 << bit);
      t.is(typeof read(changed), "string");
    }),
  );
});

test("cut off anywhere, or anything at all, it is a counted datagram and never an error", (t) => {
  fc.assert(
    fc.property(opening, body, fc.nat(), (one, two, length) => {
      const bytes = encodeHello(one, two, KEY);
      t.is(typeof read(bytes.subarray(0, length % bytes.length)), "string");
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => t.is(read(bytes), "no hello")));
  const magic = [0xf0, 0x50, 0x4c, 0x4d];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (rest) =>
      t.is(typeof read(Uint8Array.from([...magic, ...rest])), "string"),
    ),
  );
});

test("keys differ by secret, seed and master keys; their identifiers too, and do not tell them", (t) => {
  const keys = [
    pieceKey({ seed: 1 }, null),
    pieceKey({ seed: 2 }, null),
    pieceKey({ seed: 1 }, "secret"),
    pieceKey({ seed: 1, keys: { "1-1": "00".repeat(16) } }, null),
  ];
  t.is(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size, keys.length);
  t.is(new Set(keys.map(keyIdOf)).size, keys.length);
  for (const key of keys) t.false(Buffer.from(key).toString("hex").includes(keyIdOf(key)));
  t.deepEqual(pieceKey({ seed: 2 }, "secret"), pieceKey({ seed: 1 }, "secret"));
});
