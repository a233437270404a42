/** Vectors of scionproto's routers and key derivation; the chain of MACs; the memory of a router. */
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { createCmacKey } from "./crypto/cmac.ts";
import { createForwardingKeys, deriveForwardingKey, seedKeyOf } from "./forwarding-keys.ts";
import {
  createHopMacs,
  hopAuthenticator,
  hopMac,
  type HopMacs,
  isHopValid,
  MAC_CACHE_ENTRIES,
  macPrefix,
  signHops,
} from "./hop-mac.ts";
import type { HopField } from "./path.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const macText = (mac: number): string => mac.toString(16).padStart(12, "0");
const macsOf = (key: Uint8Array, entries = MAC_CACHE_ENTRIES): HopMacs => createHopMacs(createCmacKey(key), entries);
const hop = (expTime: number, consIngress: number, consEgress: number): HopField => ({
  ingressAlert: false,
  egressAlert: false,
  expTime,
  consIngress,
  consEgress,
  mac: 0,
});
const TEST_KEY = new TextEncoder().encode("testkey_xxxxxxxx");

test("a forwarding key is derived from the master key as scionproto does", (t) => {
  const master = new Uint8Array(Buffer.from("V9SOOHqV4KdAL6utGnvEtA==", "base64"));
  t.is(hex(deriveForwardingKey(master)), "1009878f5b2a8f571e2771369a06f65f");
  const macs = macsOf(deriveForwardingKey(master));
  t.is(hex(hopAuthenticator(macs, 0x0111, 0x6500_0000, hop(63, 131, 141))), "f114474299ea8e556bf0df0ef0ef94bd");
  t.is(macText(hopMac(macs, 0x0111, 0x6500_0000, hop(63, 131, 141))), "f114474299ea");
});

test("hop field MACs of scionproto's router tests", (t) => {
  const macs = macsOf(TEST_KEY);
  t.is(macText(hopMac(macs, 0x111, 1_700_000_000, hop(0, 1, 0))), "2ce9580ad14e");
  t.is(macText(hopMac(macs, 0x111, 1_700_000_000, hop(63, 1, 2))), "b02fc90ae0d5");
  t.is(0x0b10 ^ macPrefix(0x76eb_0000_0000), 0x7dfb);
});

test("a file's key is used, an AS without one has its own by seed", (t) => {
  const keys = createForwardingKeys(1, { "1-1": "57d48e387a95e0a7402fabad1a7bc4b4" });
  const macs = createHopMacs(keys("1-1"), 0);
  t.is(macText(hopMac(macs, 0x0111, 0x6500_0000, hop(63, 131, 141))), "f114474299ea");
  t.is(keys("1-2"), keys("1-2"));
  t.notDeepEqual(keys("1-2"), keys("1-3"));
  t.notDeepEqual(seedKeyOf(1, "1-2"), seedKeyOf(2, "1-2"));
  t.throws(() => createForwardingKeys(1, { "1-1": "abc" })("1-1"), { message: /master key of 1-1: expected 32 hex/ });
});

test("the second asking is answered from memory; the memory is bounded and counts", (t) => {
  const macs = macsOf(TEST_KEY, 4);
  const signed = { ...hop(63, 1, 2), mac: 0xb02f_c90a_e0d5 };
  t.true(isHopValid(macs, 0x111, 1_700_000_000, signed));
  t.true(isHopValid(macs, 0x111, 1_700_000_000, signed));
  t.false(isHopValid(macs, 0x111, 1_700_000_000, { ...signed, mac: signed.mac ^ 1 }));
  for (const bit of [1, 0x8000_0000, 0x1_0000_0000, 0x8000_0000_0000]) {
    t.false(isHopValid(macs, 0x111, 1_700_000_000, { ...signed, mac: signed.mac - bit }));
  }
  t.deepEqual([macs.hits, macs.misses], [6, 1]);
  for (let n = 0; n < 100; n++) t.false(isHopValid(macs, n, 1_700_000_000, signed));
  t.deepEqual([macs.entries.length, macs.known.length], [4 * 4, 4]);
  t.is(macs.misses, 101);
  t.throws(() => macsOf(TEST_KEY, 3), { message: /power of two/ });
});

const word = fc.nat(0xffff);
const input = fc.tuple(word, fc.nat(0xffff_ffff), fc.nat(255), word, word);

testProp(
  "what is remembered is what would be computed, for inputs that differ in one field",
  [fc.array(input, { minLength: 1, maxLength: 40 }), fc.nat(4), word],
  (t, inputs, field, other) => {
    const remembering = macsOf(TEST_KEY, 8);
    const plain = macsOf(TEST_KEY, 0);
    for (const one of inputs) {
      const changed = one.map((value, at) => (at === field ? other & (field === 2 ? 255 : 0xffff) : value));
      for (const [segId, timestamp, exp, ingress, egress] of [one, changed, one] as (typeof one)[]) {
        const bare = hop(exp, ingress, egress);
        const mac = hopMac(plain, segId, timestamp, bare);
        t.true(isHopValid(remembering, segId, timestamp, { ...bare, mac }));
        t.false(isHopValid(remembering, segId, timestamp, { ...bare, mac: mac === 0 ? 1 : mac - 1 }));
      }
    }
  },
);

test("a segment's MACs are chained; a peering hop does not move the chain", (t) => {
  const macs = [1, 2, 3].map((n) => createHopMacs(createForwardingKeys(1)(`1-${n}`), 0));
  const bare = [hop(63, 0, 2), hop(63, 1, 2), hop(63, 1, 0)];
  const normal = signHops(bare, macs, { peer: false, segId: 0x1234, timestamp: 7 });
  const prefixes = normal.hops.map(({ mac }) => macPrefix(mac)) as [number, number, number];
  t.deepEqual(normal.segIds, [0x1234, 0x1234 ^ prefixes[0], 0x1234 ^ prefixes[0] ^ prefixes[1]]);
  const peering = signHops(bare, macs, { peer: true, segId: 0x1234, timestamp: 7 });
  t.deepEqual(peering.segIds.slice(0, 2), [0x1234, 0x1234]);
  t.is(peering.segIds[2], 0x1234 ^ macPrefix((peering.hops[1] as HopField).mac));
});
