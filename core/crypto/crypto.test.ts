/**
 * Vectors of FIPS 197, RFC 4493, FIPS 180 and RFC 7914 through what we made of the library; OpenSSL's results where no vector
 * exists.
 */
import { createCipheriv, createHash, pbkdf2Sync } from "node:crypto";
import { fc, testProp } from "@fast-check/ava";
import { cmac } from "@noble/ciphers/aes.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import test from "ava";
import { deriveForwardingKey, seedKeyOf } from "../forwarding-keys.ts";
import { bytesOfWords, cbcMac, type CmacKey, cmacOfBlock, createCmacKey, wordsOfBytes } from "./cmac.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

function macOf(key: CmacKey, block: Uint8Array): Uint8Array {
  const words = wordsOfBytes(block);
  cmacOfBlock(key, words);
  return bytesOfWords(words);
}

/** A block of AES alone: the subkey taken away before the MAC adds it. */
function encrypt(bytes: Uint8Array, block: Uint8Array): Uint8Array {
  const key = createCmacKey(bytes);
  const subkey = bytesOfWords(key.whole);
  return macOf(
    key,
    block.map((byte, at) => byte ^ (subkey[at] as number)),
  );
}

test("AES-128: FIPS 197, appendices A.1, B and C.1", (t) => {
  const key = unhex("2b7e151628aed2a6abf7158809cf4f3c");
  t.is(hex(bytesOfWords(createCmacKey(key).rounds.slice(40))), "d014f9a8c9ee2589e13f0cc8b6630ca6");
  t.is(hex(encrypt(key, unhex("3243f6a8885a308d313198a2e0370734"))), "3925841d02dc09fbdc118597196a0b32");
  const count = unhex("000102030405060708090a0b0c0d0e0f");
  t.is(hex(encrypt(count, unhex("00112233445566778899aabbccddeeff"))), "69c4e0d86a7b0430d8cdb78070b4c55a");
  t.throws(() => createCmacKey(new Uint8Array(15)), { message: /16 bytes, found 15/ });
  t.throws(() => createCmacKey(new Uint8Array(32)), { message: /16 bytes, found 32/ });
});

test("CMAC of one block: RFC 4493, section 4", (t) => {
  const key = createCmacKey(unhex("2b7e151628aed2a6abf7158809cf4f3c"));
  t.is(hex(bytesOfWords(key.whole)), "fbeed618357133667c85e08f7236a8de");
  t.is(hex(macOf(key, unhex("6bc1bee22e409f96e93d7e117393172a"))), "070a16b46b4d4144f79bdd9dd04a287c");
});

test("CBC-MAC: EPIC's vectors, the last block's first bytes", (t) => {
  const input = unhex("004af9f07000000001020000030002ff00000002220a00006400780000000000");
  t.is(hex(cbcMac(text("fcdc8202502d452e"), input).slice(0, 4)), "4ccdb5b6");
  t.is(hex(cbcMac(text("f5fcc4ce2250db36"), input).slice(0, 4)), "04358f95");
});

test("SHA-256 and PBKDF2: FIPS 180-4, RFC 7914", (t) => {
  t.is(hex(sha256(text("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  t.is(
    hex(pbkdf2(sha256, text("passwd"), text("salt"), { c: 1, dkLen: 32 })),
    "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
  );
});

const key16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

testProp("one block's MAC is the library's own CMAC, and AES below it OpenSSL's", [key16, key16], (t, key, block) => {
  t.is(hex(macOf(createCmacKey(key), block)), hex(cmac(block, key)));
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  t.is(hex(encrypt(key, block)), hex(cipher.update(block)));
});

testProp("keys are derived as OpenSSL would", [key16, fc.nat()], (t, master, seed) => {
  const derived = pbkdf2Sync(master, "Derive OF Key", 1_000, 16, "sha256");
  t.is(hex(deriveForwardingKey(master)), derived.toString("hex"));
  const hashed = createHash("sha256").update(`${seed}\u00001-ff00:0:110\u0000forwarding`).digest("hex");
  t.is(hex(seedKeyOf(seed, "1-ff00:0:110")), hashed.slice(0, 32));
});
