/** BFD's times and the master keys of ASes. */
import test from "ava";
import { DIAMOND, MASTER, scenarioOf, TINY, wrong } from "./scenario-testing.ts";

test("BFD: a word, or its times", (t) => {
  const bfd = (text: string): unknown => scenarioOf(`${DIAMOND}bfd: ${text}\n`).bfd;
  t.false("bfd" in scenarioOf(DIAMOND));
  t.deepEqual(bfd("on"), { mode: "on", interval_ns: 200e6, multiplier: 3 });
  t.deepEqual(bfd("off"), { mode: "off", interval_ns: 200e6, multiplier: 3 });
  t.deepEqual(bfd("{interval: 50ms, multiplier: 5}"), { mode: "on", interval_ns: 50e6, multiplier: 5 });
  t.deepEqual(wrong(`${DIAMOND}bfd: {interval: 1500ns}\n`), [
    'bfd.interval: expected whole microseconds, at most 4294967295us, found "1500ns"',
  ]);
  t.is(wrong(`${DIAMOND}bfd: {interval: 2h}\n`).length, 1, "beyond 32 bits of microseconds");
  t.is(wrong(`${DIAMOND}bfd: {interval: 0s}\n`).length, 1);
  t.is(wrong(`${DIAMOND}bfd: {multiplier: 256}\n`).length, 1);
});

test("master keys: base64 and hex, in the scenario, in files, in a folder of SCION's generator", (t) => {
  const hex = Buffer.from(MASTER, "base64").toString("hex");
  const keys = (text: string): unknown => scenarioOf(`${TINY}flows: []\nkeys: ${text}\n`).keys;
  const [a, b, c] = ["1-ff00:0:110", "1-ff00:0:111", "1-ff00:0:112"] as const;
  t.deepEqual(keys(`{${a}: "${MASTER}", ${b}: "${hex.toUpperCase()}"}`), { [a]: hex, [b]: hex });
  t.deepEqual(keys(`{${c}: {file: gen/ASff00_0_112/keys/master0.key}}`), { [c]: hex });
  t.deepEqual(keys("{folder: gen/}"), { [a]: hex, [b]: hex, [c]: hex });
  const every = Array.from({ length: 16 }, (_, at) => (at * 37 + 11) % 256);
  const text = Buffer.from(every).toString("base64");
  t.deepEqual(keys(`{${a}: "${text}"}`), { [a]: Buffer.from(every).toString("hex") });
});

test("master keys that are none", (t) => {
  const wrongKeys = (text: string): string[] => wrong(`${TINY}flows: []\nkeys: ${text}\n`);
  const says = wrongKeys("{1-ff00:0:110: short, 1-ff00:0:113: {file: words.txt}, x: y}");
  t.is(says.length, 4);
  t.regex(says[0] ?? "", /^keys\["1-ff00:0:110"\]: expected 16 bytes as 32 hex digits or as base64 .* found "short"$/);
  t.regex(says[1] ?? "", /^unknown AS 1-ff00:0:113/);
  t.regex(says[2] ?? "", /^words\.txt holds no master key: expected 16 bytes as 32 hex digits or as base64/);
  t.regex(says[3] ?? "", /ISD-AS number.*found "x"$/);
  t.regex(wrongKeys(`{1-ff00:0:110: "${MASTER.replace("A==", "B==")}"}`)[0] ?? "", /expected 16 bytes/, "132 bits");
  const missing = "none/ASff00_0_110/keys/master0.key";
  t.deepEqual(wrongKeys("{folder: none}"), [
    `cannot read ${missing}, the master key of AS 1-ff00:0:110: ${missing}: no such file`,
  ]);
});
