import { testProp } from "@fast-check/ava";
import test from "ava";
import fc from "fast-check";
import { Digests, hashBytes, hashText, hexHash } from "./digest.ts";

const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });

testProp(
  "the digest hangs on every word and on their order",
  [fc.array(fc.tuple(word, word), { minLength: 2, maxLength: 30 }), fc.nat()],
  (t, words, pick) => {
    const digestOf = (of: readonly (readonly [number, number])[]): string => {
      const digests = new Digests(1);
      for (const [first, second] of of) digests.absorb(0, first, second);
      return digests.hex(0, []);
    };
    const at = pick % words.length;
    const changed = words.map(([first, second], n): [number, number] =>
      n === at ? [first ^ 1, second] : [first, second],
    );
    t.not(digestOf(changed), digestOf(words));
    const turned = [...words.slice(1), words[0] as [number, number]];
    if (JSON.stringify(turned) !== JSON.stringify(words)) t.not(digestOf(turned), digestOf(words));
  },
);

test("times that differ only above 2^32 ns differ in the digest", (t) => {
  const [one, other] = [new Digests(1), new Digests(1)];
  one.absorbTime(0, 5, 1);
  other.absorbTime(0, 5 + 4_294_967_296, 1);
  t.not(one.hex(0, []), other.hex(0, []));
});

test("streams are part of an actor's digest", (t) => {
  const digests = new Digests(1);
  t.not(digests.hex(0, [1]), digests.hex(0, [2]));
});

test("a hundred thousand short texts have as many hashes", (t) => {
  const texts = Array.from({ length: 100_000 }, (_, n) => `node/1-ff00:0:${n.toString(16)}`);
  t.is(new Set(texts.map((text) => hexHash(hashText(text)))).size, texts.length);
});

test("bytes and their number count", (t) => {
  t.not(hexHash(hashBytes(new Uint8Array(3))), hexHash(hashBytes(new Uint8Array(4))));
});
