import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { copyOf } from "../../wire/bytes.ts";
import {
  createKeys,
  type CryptoMode,
  forgetChannel,
  generationOf,
  keyIsWorn,
  type Keying,
  type KeyLimits,
  type Keys,
} from "./keys.ts";
import { type Primitives, PURE_PRIMITIVES } from "./primitives.ts";
import {
  createOpened,
  isFor,
  MAX_PACKET_NUMBER,
  type Opened,
  protect,
  SHORT_HEADER,
  SHORT_OVERHEAD,
  unprotect,
  writeShortHeader,
} from "./protection.ts";

const p = PURE_PRIMITIVES;
const ID = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const [SECRET_A, SECRET_B] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array];

interface Ends {
  readonly a: Keys;
  readonly b: Keys;
}

function endsOf(mode: CryptoMode, keying: Keying = "channel", limits: Partial<KeyLimits> = {}): Ends {
  const options = { mode, keying, limits };
  return {
    a: createKeys({ ...options, secret: { send: SECRET_A, receive: SECRET_B } }),
    b: createKeys({ ...options, secret: { send: SECRET_B, receive: SECRET_A } }),
  };
}

interface Sent {
  readonly rest: Uint8Array;
  readonly wire: number;
}

interface Shape {
  readonly path?: number;
  readonly channel?: number;
  readonly number?: number;
  readonly frames?: Uint8Array;
  readonly zeros?: number;
}

function send(
  keys: Keys,
  { path = 0, channel = 4, number = 0, frames = ID, zeros = 0 }: Shape,
  by: Primitives = p,
): Sent {
  // Longer than the packet and full of rubbish: nothing beyond the frames may get out.
  const buffer = new Uint8Array(2000).fill(0xee);
  writeShortHeader(buffer, ID, path, channel, number);
  buffer.set(frames, SHORT_HEADER);
  const end = SHORT_HEADER + frames.length;
  return { rest: protect(keys, buffer, end, frames.length + zeros, by), wire: frames.length + zeros + SHORT_OVERHEAD };
}

function framesOf({ bytes, start, end, length }: Opened): Uint8Array {
  const frames = new Uint8Array(length);
  frames.set(bytes.subarray(start, end));
  return frames;
}

const shapes = fc.record(
  {
    path: fc.nat(255),
    channel: fc.nat(0xffff),
    number: fc.maxSafeInteger().map((n) => Math.abs(n) % (MAX_PACKET_NUMBER + 1)),
    frames: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    zeros: fc.nat(1200),
  },
  { noNullPrototype: true },
);

for (const mode of ["real", "modelled"] as const) {
  testProp(`${mode}: what one end seals the other opens, of its true size`, [shapes], (t, shape) => {
    const { a, b } = endsOf(mode);
    const { rest, wire } = send(a, shape);
    t.true(isFor(rest, ID));
    t.is(rest.length, mode === "real" ? wire : SHORT_HEADER + shape.frames.length);
    const whole = new Uint8Array(wire);
    whole.set(rest);
    for (const bytes of [rest, whole]) {
      const opened = unprotect(b, bytes, wire, p, createOpened());
      if (typeof opened === "string") return t.fail(opened);
      const { path, channel, number, generation, newer, length } = opened;
      const { frames, zeros, ...header } = shape;
      t.deepEqual({ path, channel, number }, header);
      t.deepEqual([generation, newer, length], [0, false, frames.length + zeros]);
      const expected = new Uint8Array(length);
      expected.set(frames);
      t.deepEqual(framesOf(opened), expected);
    }
    t.deepEqual(structuredClone(a), a);
  });

  testProp(
    `${mode}: bytes of any kind get a word or are opened, never an exception`,
    [fc.uint8Array({ maxLength: 100 }), fc.nat(120), fc.boolean()],
    (t, noise, wire, isShort) => {
      const { b } = endsOf(mode);
      if (isShort && noise.length > 0) noise[0] = 0x40 | ((noise[0] as number) & 3);
      const opened = unprotect(b, noise, wire, p, createOpened());
      const words = ["truncated", "not_short", "unknown_generation", "forged"];
      if (mode === "real") t.true(words.includes(String(opened)));
      else if (typeof opened !== "string")
        t.true(opened.end <= noise.length && opened.length === wire - SHORT_OVERHEAD);
      else t.true(words.includes(opened));
      t.is(b.channels.size, 0);
    },
  );
}

testProp(
  "another bit anywhere, or another length: refused with a word, and nothing kept",
  [shapes, fc.nat(2000), fc.integer({ min: 1, max: 255 }), fc.integer({ min: -40, max: 40 })],
  (t, shape, place, flip, longer) => {
    const { a, b } = endsOf("real");
    const { rest, wire } = send(a, shape);
    const at = place % rest.length;
    const changed = rest.with(at, (rest[at] as number) ^ flip);
    const word = unprotect(b, changed, wire, p, createOpened());
    t.true(at === 0 ? word === "not_short" || word === "unknown_generation" : word === "forged", String(word));
    if (longer !== 0) {
      const resized = new Uint8Array(Math.max(0, wire + longer));
      resized.set(rest.subarray(0, resized.length));
      const cut = unprotect(b, resized, resized.length, p, createOpened());
      t.true(cut === "forged" || cut === "truncated", String(cut));
      t.is(unprotect(b, rest, wire + Math.abs(longer), p, createOpened()), "truncated");
    }
    t.is(b.channels.size, 0);
    t.not(typeof unprotect(b, rest, wire, p, createOpened()), "string");
    t.is(b.channels.size, 1);
  },
);

test("another association's packet, and one's own sent back, are forged", (t) => {
  const { a, b } = endsOf("real");
  const { rest, wire } = send(a, {});
  t.is(unprotect(a, rest, wire, p, createOpened()), "forged");
  const other = createKeys({ mode: "real", keying: "channel", secret: { send: SECRET_B, receive: SECRET_B } });
  t.is(unprotect(other, rest, wire, p, createOpened()), "forged");
  t.deepEqual([a.forged, other.forged, b.forged], [1, 1, 0]);
});

test("keys of two channels, of two directions and of two associations differ; with one key for all, channels share it", (t) => {
  const keysOf = (keys: Keys, channels: number[]): string[] => {
    for (const channel of channels) send(keys, { channel });
    return [...keys.channels.values()].flatMap(({ current }) =>
      [current.sendKey, current.receiveKey, current.sendSecret, current.receiveSecret].map((key) => key.join()),
    );
  };
  const { a } = endsOf("real");
  const channels = [0, 1, 2, 4, 256, 0xffff];
  const all = keysOf(a, channels);
  const other = createKeys({ mode: "real", keying: "channel", secret: { send: ID, receive: SECRET_B.with(0, 9) } });
  t.is(new Set([...all, ...keysOf(other, [0])]).size, 4 * channels.length + 4);

  const { a: near, b: far } = endsOf("real", "association");
  t.is(keysOf(near, channels).length, 4);
  const { rest, wire } = send(near, { channel: 9 });
  t.not(typeof unprotect(far, rest, wire, p, createOpened()), "string");
  t.deepEqual([...far.channels.keys()], [0]);
  forgetChannel(far, 9);
  t.is(far.channels.size, 1);
});

test("no nonce comes twice under one key, whatever the order of paths, channels and generations", (t) => {
  const seen = new Set<string>();
  let packets = 0;
  const watching: Primitives = {
    ...p,
    seal(key, nonce, _aad, plain) {
      seen.add(`${key.join()}/${nonce.join()}`);
      return copyOf(plain, 0, plain.length);
    },
  };
  const { a } = endsOf("real");
  for (const path of [0, 1, 255]) {
    for (const channel of [0, 1, 2]) {
      for (const number of [0, 1, 255, 256, 65_536, 0x1_0000_0000, MAX_PACKET_NUMBER]) {
        send(a, { path, channel, number }, watching);
        packets++;
      }
    }
  }
  t.is(seen.size, packets);
  t.is([...seen].filter((nonce) => nonce.endsWith("/0,0,0,255,0,0,255,255,255,255,255,255")).length, 3);
  t.throws(() => send(a, { number: MAX_PACKET_NUMBER + 1 }), { message: /no packet number left/ });
});

test("keys wear out: a key that sealed enough is due, and an association that saw too many forgeries opens nothing more", (t) => {
  const { a, b } = endsOf("real", "channel", { sealed: 2, forged: 2 });
  const { rest, wire } = send(a, { channel: 6 });
  t.false(keyIsWorn(a, 6));
  send(a, { channel: 6, number: 1 });
  t.true(keyIsWorn(a, 6));
  t.false(keyIsWorn(a, 8));
  const forged = rest.with(20, (rest[20] as number) ^ 1);
  t.is(unprotect(b, forged, wire, p, createOpened()), "forged");
  t.is(unprotect(b, forged, wire, p, createOpened()), "forged");
  t.is(unprotect(b, rest, wire, p, createOpened()), "key_spent");
});

test("with modelled crypto a packet is its prefix, in clear, and its tag zeros", (t) => {
  const { a, b } = endsOf("modelled");
  const { rest, wire } = send(a, { frames: Uint8Array.of(7, 8), zeros: 1000 });
  t.is(wire, 1002 + SHORT_OVERHEAD);
  t.deepEqual(rest.subarray(SHORT_HEADER), Uint8Array.of(7, 8));
  const whole = new Uint8Array(wire);
  whole.set(rest);
  t.is(unprotect(b, whole.with(wire - 1, 1), wire, p, createOpened()), "forged");
  t.is(unprotect(b, rest, rest.length - 1, p, createOpened()), "truncated");
  t.is(generationOf(a, 4), 0);
});

test("a peer that names more channels than are kept is understood and costs no memory", (t) => {
  const { a, b } = endsOf("real", "channel", { channels: 3 });
  for (let channel = 0; channel < 10; channel++) {
    const { rest, wire } = send(a, { channel, number: channel });
    t.not(typeof unprotect(b, rest, wire, p, createOpened()), "string");
  }
  t.deepEqual([...b.channels.keys()], [0, 1, 2]);
  t.is(a.channels.size, 10, "what one end sends on is its own choice");
});

test("a forgotten channel begins anew with the keys of its id", (t) => {
  const { a, b } = endsOf("real");
  send(a, {});
  forgetChannel(a, 4);
  t.is(a.channels.size, 0);
  const { rest, wire } = send(a, { number: 1 });
  t.not(typeof unprotect(b, rest, wire, p, createOpened()), "string");
});
