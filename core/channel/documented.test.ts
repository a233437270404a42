/** Numbers in docs/channels.md against the code. */
import { readFileSync } from "node:fs";
import test from "ava";
import { createPair, DELAY, open, run, around } from "./association/pair-testing.ts";
import { violate, type ViolationWord } from "./association/closing.ts";
import { COOKIE_LIFE } from "./crypto/cookies.ts";
import { KEY_LIMITS } from "./crypto/keys.ts";
import { encodeLong, INITIAL_BYTES, type LongPacket, type RefusalReason, VERSION } from "./crypto/long-packets.ts";
import { MAX_RANGES, REPLAY_WINDOW } from "./recovery/acks.ts";
import { MAX_TRACKED } from "./recovery/sent-ring.ts";
import { CHANNEL_CODES, INITIAL, MAX_CHANNELS } from "./streams/channels.ts";
import { FRAME, MAX_ACK_RANGES, MAX_REASON_BYTES, MESSAGE_COST } from "./streams/frames.ts";

const TEXT = readFileSync(new URL("../../docs/channels.md", import.meta.url), "utf8");

/** Rows of the table that follows a mark, each its cells. */
function tableOf(mark: string): string[][] {
  const after = TEXT.split(`<!-- table: ${mark} -->\n`)[1] ?? "";
  const rows = (after.split("\n\n")[0] ?? "").split("\n").slice(2);
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** First column to second. */
const numbersOf = (mark: string): [string, number][] =>
  tableOf(mark).map(([number = "", name = ""]): [string, number] => [name, Number(number.replaceAll("`", ""))]);

const ID = new Uint8Array(8);
const HEAD = { version: VERSION, destination: ID, source: ID };

test("frames: every type, with its number", (t) => {
  const upper = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase();
  t.deepEqual(
    numbersOf("frames"),
    Object.entries(FRAME).map(([name, type]): [string, number] => [upper(name), type]),
  );
});

test("long packets: every type, as it is encoded", (t) => {
  const bytes = new Uint8Array(16);
  const packets: readonly LongPacket[] = [
    { ...HEAD, kind: "initial", cookie: null, message: bytes },
    { ...HEAD, kind: "retry", cookie: bytes },
    { ...HEAD, kind: "response", message: bytes },
    { ...HEAD, kind: "final", message: bytes },
    { ...HEAD, kind: "versions", versions: [VERSION] },
    { ...HEAD, kind: "refusal", reason: "busy" },
    { ...HEAD, kind: "reset", token: bytes },
  ];
  t.deepEqual(
    numbersOf("long packets"),
    packets.map((packet): [string, number] => [packet.kind, (encodeLong(packet).rest[0] as number) & 0x3f]),
  );
  t.true(TEXT.includes(`\`0x${VERSION.toString(16)}\``));
});

test("refusals: every reason, as it is encoded", (t) => {
  const rows = numbersOf("refusals");
  t.is(rows.length, 4);
  for (const [reason, number] of rows) {
    const { rest } = encodeLong({ ...HEAD, kind: "refusal", reason: reason as RefusalReason });
    t.is(rest[21], number, reason);
  }
});

test("codes of channels", (t) => {
  t.deepEqual(numbersOf("channel codes"), Object.entries(CHANNEL_CODES));
});

test("error codes: what an association that finds a fault says", (t) => {
  const rows = numbersOf("error codes");
  t.is(rows.length, 9);
  for (const [word, code] of rows) {
    const pair = createPair({ crypto: "modelled" });
    const association = open(pair, "a");
    run(pair, 10 * DELAY);
    violate(association, word as ViolationWord, "test", around(pair, pair.a));
    t.is(association.ending?.code, code, word);
  }
});

test("limits with a star", (t) => {
  const documented = tableOf("limits").flatMap(([what = "", bound = ""]) =>
    what.endsWith("*") ? [Number(bound)] : [],
  );
  t.deepEqual(documented, [
    INITIAL_BYTES,
    COOKIE_LIFE / 1e9,
    MAX_CHANNELS,
    INITIAL.channel,
    INITIAL.association,
    MESSAGE_COST,
    MAX_TRACKED,
    REPLAY_WINDOW,
    MAX_RANGES,
    MAX_ACK_RANGES,
    KEY_LIMITS.channels,
    KEY_LIMITS.forged,
    MAX_REASON_BYTES,
  ]);
});
