/** Vectors of FIPS 197, RFC 4493, FIPS 180, RFC 4231 and RFC 7914; other implementations' results where no vector exists. */
import { createCipheriv, createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { encryptBlock, expandAesKey, wordAt } from "./aes.ts";
import { bytesOfWords, cbcMac, cmac, cmacOfBlock, createCmacKey } from "./cmac.ts";
import { hmacSha256, pbkdf2Sha256, sha256 } from "./sha256.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const wordsOf = (bytes: Uint8Array): Int32Array => Int32Array.from([0, 4, 8, 12], (at) => wordAt(bytes, at));

function encrypt(key: Uint8Array, block: Uint8Array): Uint8Array {
  const words = wordsOf(block);
  encryptBlock(expandAesKey(key), words);
  return bytesOfWords(words);
}

test("AES-128: FIPS 197, appendices A.1, B and C.1", (t) => {
  const key = unhex("2b7e151628aed2a6abf7158809cf4f3c");
  t.is(hex(bytesOfWords(expandAesKey(key).slice(40))), "d014f9a8c9ee2589e13f0cc8b6630ca6");
  t.is(hex(encrypt(key, unhex("3243f6a8885a308d313198a2e0370734"))), "3925841d02dc09fbdc118597196a0b32");
  const count = unhex("000102030405060708090a0b0c0d0e0f");
  t.is(hex(encrypt(count, unhex("00112233445566778899aabbccddeeff"))), "69c4e0d86a7b0430d8cdb78070b4c55a");
  t.throws(() => expandAesKey(new Uint8Array(15)), { message: /16 bytes, found 15/ });
});

test("CMAC: RFC 4493, section 4", (t) => {
  const key = createCmacKey(unhex("2b7e151628aed2a6abf7158809cf4f3c"));
  t.is(hex(bytesOfWords(key.whole)), "fbeed618357133667c85e08f7236a8de");
  t.is(hex(bytesOfWords(key.padded)), "f7ddac306ae266ccf90bc11ee46d513b");
  const message = unhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
  );
  const expected: [number, string][] = [
    [0, "bb1d6929e95937287fa37d129b756746"],
    [16, "070a16b46b4d4144f79bdd9dd04a287c"],
    [40, "dfa66747de9ae63030ca32611497c827"],
    [64, "51f0bebf7e3b9d92fc49741779363cfe"],
  ];
  for (const [length, mac] of expected) t.is(hex(cmac(key, message.subarray(0, length))), mac, `${length} bytes`);
  const block = wordsOf(message);
  cmacOfBlock(key, block);
  t.is(hex(bytesOfWords(block)), "070a16b46b4d4144f79bdd9dd04a287c");
});

test("CBC-MAC: EPIC's vectors, the last block's first bytes", (t) => {
  const input = unhex("004af9f07000000001020000030002ff00000002220a00006400780000000000");
  t.is(hex(cbcMac(expandAesKey(text("fcdc8202502d452e")), input).slice(0, 4)), "4ccdb5b6");
  t.is(hex(cbcMac(expandAesKey(text("f5fcc4ce2250db36")), input).slice(0, 4)), "04358f95");
});

test("SHA-256, HMAC and PBKDF2: FIPS 180-4, RFC 4231, RFC 7914", (t) => {
  t.is(hex(sha256(text("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  t.is(hex(sha256(text(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  t.is(
    hex(hmacSha256(text("Jefe"), text("what do ya want for nothing?"))),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  t.is(
    hex(pbkdf2Sha256(text("passwd"), text("salt"), 1, 32)),
    "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
  );
  t.is(
    hex(pbkdf2Sha256(text("Password"), text("NaCl"), 80_000, 32)),
    "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56",
  );
});

const bytes = fc.uint8Array({ maxLength: 300 });
const key16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

testProp("AES, SHA-256, HMAC and PBKDF2 agree with OpenSSL", [key16, bytes, bytes], (t, key, message, salt) => {
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  const block = new Uint8Array(16);
  block.set(message.subarray(0, 16));
  t.is(hex(encrypt(key, block)), hex(cipher.update(block)));
  t.is(hex(sha256(message)), createHash("sha256").update(message).digest("hex"));
  t.is(hex(hmacSha256(salt, message)), createHmac("sha256", salt).update(message).digest("hex"));
  t.is(hex(pbkdf2Sha256(message, salt, 3, 16)), pbkdf2Sync(message, salt, 3, 16, "sha256").toString("hex"));
});
