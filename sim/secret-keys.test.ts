/** A run whose keys are secret replays without them: from the MACs it wrote down (core/crypto/cmac.ts). */
import test from "ava";
import { assemble } from "../actors/assemble.ts";
import { MAX_LOGGED_MACS, createCmacKey, cmacOfBlock, withLog } from "../core/crypto/cmac.ts";
import { createForwardingKeys, type ForwardingKeys, keysFromLog, logMacs } from "../core/forwarding-keys.ts";
import { recordedRun, recordsOf } from "./records-testing.ts";
import { replay } from "./replay.ts";
import { busyScenario } from "./test-worlds.ts";

const SCENARIO = { ...busyScenario(4), bfd: { mode: "on" as const, interval_ns: 50_000_000, multiplier: 3 } };
const END = 1_000_000_000;

function assembly(keys: ForwardingKeys) {
  return assemble(SCENARIO, { repeat: "npx ava sim/secret-keys.test.ts", keys });
}

function recorded(keys: ForwardingKeys) {
  const { world, lines } = recordedRun(assembly(keys), END);
  return { records: recordsOf(lines), digest: world.digest(), delivered: world.ledger.byReason.get("bad_mac") ?? 0 };
}

test("with the MACs written down the replay is identical; with other keys, or one MAC missing, it is not", (t) => {
  const macs = new Map<string, string>();
  const { records, digest } = recorded(logMacs(createForwardingKeys("a secret of 128 bits"), macs));
  t.true(macs.size > 10);
  t.is(recorded(createForwardingKeys("a secret of 128 bits")).digest, digest, "writing MACs down changes nothing");
  const again = replay(assembly(keysFromLog(macs)), records);
  t.deepEqual([again.identical, again.firstDifference], [true, null]);
  t.false(replay(assembly(createForwardingKeys(SCENARIO.seed)), records).identical);
  const [first] = macs.keys();
  macs.delete(first as string);
  t.false(replay(assembly(keysFromLog(macs)), records).identical);
});

test("a log of MACs is bounded: what comes later is computed, and not written down", (t) => {
  const macs = new Map<string, string>();
  const key = withLog(createCmacKey(new Uint8Array(16)), "1-1", macs);
  const plain = createCmacKey(new Uint8Array(16));
  for (let n = 0; n < MAX_LOGGED_MACS; n++) macs.set(`filler ${n}`, "");
  const [logged, computed] = [Int32Array.of(1, 2, 3, 4), Int32Array.of(1, 2, 3, 4)];
  cmacOfBlock(key, logged);
  cmacOfBlock(plain, computed);
  t.deepEqual(logged, computed);
  t.is(macs.size, MAX_LOGGED_MACS);
});
