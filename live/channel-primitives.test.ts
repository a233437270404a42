/** Vectors of the RFCs through both worlds' primitives, and the two beside each other on anything else. */
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { MODELLED_PRIMITIVES } from "../core/channel/crypto/modelled.ts";
import { createNoise, readNoise, splitSecret, writeNoise } from "../core/channel/crypto/noise.ts";
import {
  bytesOfText,
  createKeyPair,
  drawBytes,
  hkdfExpand,
  hkdfExtract,
  type Primitives,
  PURE_PRIMITIVES,
} from "../core/channel/crypto/primitives.ts";
import { RandomStream } from "../core/rng.ts";
import { NODE_PRIMITIVES } from "./channel-primitives.ts";

const hex = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

const WORLDS: readonly (readonly [string, Primitives])[] = [
  ["@noble", PURE_PRIMITIVES],
  ["node:crypto", NODE_PRIMITIVES],
];

for (const [name, p] of WORLDS) {
  test(`${name}: ChaCha20-Poly1305, RFC 8439, section 2.8.2 and appendix A.5`, (t) => {
    const plain = bytesOfText(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const key = unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const nonce = unhex("070000004041424344454647");
    const aad = unhex("50515253c0c1c2c3c4c5c6c7");
    const sealed =
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691";
    t.is(hex(p.seal(key, nonce, aad, plain)), sealed);
    t.is(hex(p.open(key, nonce, aad, unhex(sealed))), hex(plain));

    const draft = p.open(
      unhex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"),
      unhex("000000000102030405060708"),
      unhex("f33388860000000000004e91"),
      unhex(
        "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38",
      ),
    );
    t.regex(
      Buffer.from(draft ?? []).toString(),
      /^Internet-Drafts are draft documents .*\/\u201cwork in progress\.\/\u201d$/,
    );
  });

  test(`${name}: X25519, RFC 7748, sections 5.2 and 6.1`, (t) => {
    const scalar = unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    const point = unhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    t.is(hex(p.dh(scalar, point)), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    const alice = unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const bob = unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    t.is(hex(p.publicOf(alice)), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    t.is(hex(p.publicOf(bob)), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    t.is(hex(p.dh(alice, p.publicOf(bob))), shared);
    t.is(hex(p.dh(bob, p.publicOf(alice))), shared);
    // Points of low order (section 6.1): nothing, and no exception. The points 0 and 1, and one of order 8.
    for (const low of ["00", "01"]) t.is(hex(p.dh(alice, unhex(low.padEnd(64, "0")))), "00".repeat(32));
    const ofOrder8 = unhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
    t.is(hex(p.dh(alice, ofOrder8)), "00".repeat(32));
  });

  test(`${name}: SHA-256 (FIPS 180-4), HMAC (RFC 4231), HKDF (RFC 5869, appendices A.1 to A.3)`, (t) => {
    t.is(hex(p.sha256(bytesOfText("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const mac = p.hmac(new Uint8Array(20).fill(0x0b), bytesOfText("Hi There"));
    t.is(hex(mac), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const range = (from: number, to: number): Uint8Array => Uint8Array.from({ length: to - from }, (_, i) => from + i);
    const material = new Uint8Array(22).fill(0x0b);
    const first = hkdfExtract(range(0, 13), material, p);
    t.is(hex(first), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    t.is(
      hex(hkdfExpand(first, range(0xf0, 0xfa), 42, p)),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    t.is(
      hex(hkdfExpand(hkdfExtract(range(0x60, 0xb0), range(0, 0x50), p), range(0xb0, 0x100), 82, p)),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
    t.is(
      hex(hkdfExpand(hkdfExtract(new Uint8Array(0), material, p), new Uint8Array(0), 42, p)),
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
  });
}

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const bytes12 = fc.uint8Array({ minLength: 12, maxLength: 12 });
const some = fc.uint8Array({ maxLength: 300 });

testProp("both worlds give the same bytes", [bytes32, bytes12, some, some], (t, key, nonce, aad, plain) => {
  const sealed = PURE_PRIMITIVES.seal(key, nonce, aad, plain);
  t.is(hex(NODE_PRIMITIVES.seal(key, nonce, aad, plain)), hex(sealed));
  t.is(sealed.length, plain.length + 16);
  for (const [, p] of WORLDS) {
    t.is(hex(p.open(key, nonce, aad, sealed)), hex(plain));
    t.is(p.open(key, nonce, aad, sealed.slice(0, -1)), null);
    t.is(p.open(key, nonce, aad, sealed.with(plain.length, (sealed[plain.length] as number) ^ 1)), null);
  }
  t.is(hex(NODE_PRIMITIVES.hmac(key, aad)), hex(PURE_PRIMITIVES.hmac(key, aad)));
  t.is(hex(NODE_PRIMITIVES.sha256(plain)), hex(PURE_PRIMITIVES.sha256(plain)));
});

test("both worlds give the same bytes at every length to three blocks, and beyond any packet", (t) => {
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12).fill(2);
  const text = Uint8Array.from({ length: 70_000 }, (_, at) => at * 7);
  const lengths = [...Array.from({ length: 193 }, (_, length) => length), 1200, 65_535, 65_536, 70_000];
  for (const length of lengths) {
    const [aad, plain] = [text.subarray(0, length % 70), text.subarray(3, 3 + length)];
    const sealed = PURE_PRIMITIVES.seal(key, nonce, aad, plain);
    t.deepEqual(sealed, NODE_PRIMITIVES.seal(key, nonce, aad, plain));
    for (const [, p] of WORLDS) t.deepEqual(p.open(key, nonce, aad, sealed), plain.slice());
  }
});

testProp(
  "both worlds exchange the same secrets, whatever is given for a key",
  [bytes32, bytes32],
  (t, secret, pub) => {
    t.is(hex(NODE_PRIMITIVES.publicOf(secret)), hex(PURE_PRIMITIVES.publicOf(secret)));
    t.is(hex(NODE_PRIMITIVES.dh(secret, pub)), hex(PURE_PRIMITIVES.dh(secret, pub)));
  },
  { numRuns: 10 },
);

test("a secret's array may be written over: the key that was read before is not taken for it", (t) => {
  const secret = new Uint8Array(32).fill(1);
  const other = new Uint8Array(32).fill(9);
  t.is(hex(NODE_PRIMITIVES.publicOf(secret)), hex(PURE_PRIMITIVES.publicOf(secret)));
  secret.set(other);
  t.is(hex(NODE_PRIMITIVES.publicOf(secret)), hex(PURE_PRIMITIVES.publicOf(other)));
});

test("one world shakes hands with the other", (t) => {
  const [near, far] = [NODE_PRIMITIVES, PURE_PRIMITIVES];
  const [ours, theirs] = [near, far].map((p, at) => createKeyPair(new Uint8Array(32).fill(at + 1), p));
  if (ours === undefined || theirs === undefined) return t.fail();
  const both = { pattern: "IK" as const, prologue: bytesOfText("two worlds") };
  const remoteStatic = theirs.public;
  const ephemeral = near.random?.(32) ?? t.fail();
  const initiator = createNoise({ ...both, initiator: true, localStatic: ours, remoteStatic, ephemeral }, near);
  const stream = new RandomStream(1, "responder", "ephemeral");
  const drawn = drawBytes(stream, 32, far);
  const responder = createNoise({ ...both, initiator: false, localStatic: theirs, ephemeral: drawn }, far);
  t.deepEqual(readNoise(responder, writeNoise(initiator, Uint8Array.of(1), near), far), Uint8Array.of(1));
  t.deepEqual(readNoise(initiator, writeNoise(responder, Uint8Array.of(2), far), near), Uint8Array.of(2));
  t.deepEqual(splitSecret(initiator, near).send, splitSecret(responder, far).receive);
});

test("fresh bytes: from the world where it has any, else from the stream, the same for the same seed", (t) => {
  const draw = (p: Primitives): string | null => hex(drawBytes(new RandomStream(7, "a", "keys"), 13, p));
  t.is(draw(PURE_PRIMITIVES), draw(MODELLED_PRIMITIVES));
  t.is(draw(PURE_PRIMITIVES)?.length, 26);
  t.not(draw(NODE_PRIMITIVES), draw(NODE_PRIMITIVES));
});
