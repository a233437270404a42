/** The WebAssembly against RFC 8439 and against OpenSSL. */
import { createCipheriv } from "node:crypto";
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { openChaCha, sealChaCha } from "./aead.ts";
import { createWasmAead } from "./wasm-aead.ts";

const others = { seal: sealChaCha, open: openChaCha };
const wasm = createWasmAead(others) ?? others;

test("there is WebAssembly here", (t) => t.not(wasm, others));

function openssl(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: plain.length });
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

test("RFC 8439, section 2.8.2", (t) => {
  const key = Uint8Array.from({ length: 32 }, (_, at) => 0x80 + at);
  const nonce = new Uint8Array(Buffer.from("070000004041424344454647", "hex"));
  const aad = new Uint8Array(Buffer.from("50515253c0c1c2c3c4c5c6c7", "hex"));
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
  const plain = new TextEncoder().encode(text);
  const sealed = wasm.seal(key, nonce, aad, plain);
  t.is(Buffer.from(sealed.subarray(0, 16)).toString("hex"), "d31a8d34648e60db7b86afbc53ef7ec2");
  t.is(Buffer.from(sealed.subarray(-16)).toString("hex"), "1ae10b594f09e26a7e902ecbd0600691");
  t.deepEqual(wasm.open(key, nonce, aad, sealed), plain);
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Zeros, ones and chance: carries through every limb are rare otherwise. */
const text = fc
  .tuple(fc.integer({ min: 0, max: 2_100 }), fc.constantFrom(0, 0xff, -1), fc.integer())
  .map(([length, fill, seed]) => {
    if (fill >= 0) return new Uint8Array(length).fill(fill);
    return Uint8Array.from({ length }, (_, at) => Math.imul(at ^ seed, 0x9e37_79b1) >>> 24);
  });

testProp(
  "the same bytes as OpenSSL's for whatever key, nonce, associated data and text; one other bit opens nothing",
  [bytes(32), bytes(12), fc.uint8Array({ maxLength: 40 }), text, fc.nat()],
  (t, key, nonce, aad, plain, where) => {
    const sealed = wasm.seal(key, nonce, aad, plain);
    t.deepEqual(sealed, openssl(key, nonce, aad, plain));
    t.deepEqual(wasm.open(key, nonce, aad, sealed), plain);
    const bit = where % (8 * sealed.length);
    sealed[bit >> 3] = (sealed[bit >> 3] as number) ^ (1 << (bit & 7));
    t.is(wasm.open(key, nonce, aad, sealed), null);
  },
  { numRuns: 300 },
);

test("the largest datagram, and one that is too large for it", (t) => {
  const [key, nonce, aad] = [new Uint8Array(32).fill(7), new Uint8Array(12).fill(9), new Uint8Array(18).fill(3)];
  for (const length of [65_535, 65_536, 65_537]) {
    const plain = Uint8Array.from({ length }, (_, at) => at & 255);
    const sealed = wasm.seal(key, nonce, aad, plain);
    t.true(Buffer.from(openssl(key, nonce, aad, plain)).equals(sealed));
    t.true(Buffer.from(plain).equals(wasm.open(key, nonce, aad, sealed) ?? new Uint8Array(0)));
  }
  t.is(wasm.open(key, nonce, aad, new Uint8Array(15)), null);
});
