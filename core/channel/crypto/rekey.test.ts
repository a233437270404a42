import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { createKeys, type CryptoMode, generationOf, type Keys, nextGeneration } from "./keys.ts";
import { MODELLED_PRIMITIVES } from "./modelled.ts";
import { type Primitives, PURE_PRIMITIVES } from "./primitives.ts";
import { createOpened, protect, SHORT_HEADER, SHORT_OVERHEAD, unprotect, writeShortHeader } from "./protection.ts";
import { answerRekey, beginRekey, confirmRekey, finishRekey, type RekeyMessage, retireKeys } from "./rekey.ts";

const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

function endsOf(mode: CryptoMode): { a: Keys; b: Keys } {
  const options = { mode, keying: "channel" as const };
  return {
    a: createKeys({ ...options, secret: { send: secretOf(1), receive: secretOf(2) } }),
    b: createKeys({ ...options, secret: { send: secretOf(2), receive: secretOf(1) } }),
  };
}

interface Counter {
  number: number;
}

/** Seals one packet of `channel` at `from`; answers what opens it: the generation it came with, or a word. */
function sealed(
  from: Keys,
  channel: number,
  counter: Counter,
  p: Primitives,
): (to: Keys, retireAt?: number) => number | string {
  const buffer = new Uint8Array(64);
  writeShortHeader(buffer, new Uint8Array(8), 0, channel, counter.number++);
  const rest = protect(from, buffer, SHORT_HEADER + 4, 4, p);
  return (to, retireAt = 100) => {
    const opened = unprotect(to, rest, 4 + SHORT_OVERHEAD, p, createOpened());
    if (typeof opened === "string") return opened;
    if (opened.newer) confirmRekey(to, channel, retireAt);
    return opened.generation;
  };
}

function must(answer: RekeyMessage | string): RekeyMessage {
  if (typeof answer === "string") throw new Error(answer);
  return answer;
}

const WORLDS: readonly (readonly [CryptoMode, Primitives])[] = [
  ["real", PURE_PRIMITIVES],
  ["modelled", MODELLED_PRIMITIVES],
];

for (const [mode, p] of WORLDS) {
  test(`${mode}: both ends come to the next generation, the old one is opened until it is retired`, (t) => {
    const { a, b } = endsOf(mode);
    const count = { number: 0 };
    const old = [
      sealed(a, 4, count, p),
      sealed(a, 4, count, p),
      sealed(b, 4, count, p),
      sealed(b, 4, count, p),
    ] as const;
    t.is(old[0](b), 0);
    const question = must(beginRekey(a, 4, secretOf(11), p));
    t.is(question.public.length, 32);
    t.is(beginRekey(a, 4, secretOf(12), p), "busy");
    const answer = must(answerRekey(b, 4, question, secretOf(21), p));
    t.deepEqual(answerRekey(b, 4, question, secretOf(22), p), answer, "the same question, the same answer");
    t.is(generationOf(b, 4), 0, "the answerer waits for the asker");
    t.is(sealed(b, 4, count, p)(a), 0);
    t.is(finishRekey(a, 4, answer, p), null);
    t.is(finishRekey(a, 4, answer, p), "stale");
    t.is(generationOf(a, 4), 1);
    t.is(sealed(b, 4, count, p)(a), 0, "the asker still opens the old generation");
    t.is(retireKeys(a, 1_000), -1, "and keeps it until the answerer has changed");
    t.is(beginRekey(a, 4, secretOf(12), p), "busy");

    t.is(sealed(a, 4, count, p)(b, 100), 1);
    t.is(generationOf(b, 4), 1);
    t.is(sealed(b, 4, count, p)(a, 200), 1);
    t.is(old[1](b), 0);
    t.is(old[2](a), 0);
    t.is(retireKeys(b, 99), 100);
    t.is(retireKeys(b, 100), -1);
    t.is(retireKeys(a, 200), -1);
    t.is(old[1](b), "unknown_generation");
    t.is(old[3](a), "unknown_generation");
    t.is(sealed(a, 4, count, p)(b), 1);
    t.is(sealed(a, 6, count, p)(b), 0, "another channel is where it was");
    t.is(answerRekey(b, 4, { ...question, generation: 0 }, secretOf(5), p), "stale");
    t.deepEqual(structuredClone(a), a);
  });

  test(`${mode}: generations go round the two bits, each end asking in turn`, (t) => {
    const { a, b } = endsOf(mode);
    const count = { number: 0 };
    const seen = new Set<string>();
    for (let generation = 1; generation <= 9; generation++) {
      const [asker, answerer] = generation % 2 === 0 ? [a, b] : [b, a];
      const question = must(beginRekey(asker, 2, secretOf(generation), p));
      t.is(finishRekey(asker, 2, must(answerRekey(answerer, 2, question, secretOf(99 + generation), p)), p), null);
      t.is(sealed(asker, 2, count, p)(answerer), generation);
      t.is(sealed(answerer, 2, count, p)(asker), generation);
      for (const keys of [a, b]) retireKeys(keys, 100);
      const { current } = a.channels.get(2) ?? t.fail();
      seen.add(current.sendKey.join()).add(current.receiveKey.join());
      t.deepEqual(current.sendKey, b.channels.get(2)?.current.receiveKey);
    }
    t.is(seen.size, mode === "real" ? 18 : 1);
  });

  test(`${mode}: both ask at once: one question counts, whichever comes first`, (t) => {
    for (const [first, second] of [
      [11, 22],
      [22, 11],
    ] as const) {
      const { a, b } = endsOf(mode);
      const count = { number: 0 };
      const ofA = must(beginRekey(a, 4, secretOf(first), p));
      const ofB = must(beginRekey(b, 4, secretOf(second), p));
      const byA = answerRekey(a, 4, ofB, secretOf(33), p);
      const byB = answerRekey(b, 4, ofA, secretOf(44), p);
      const [winner, loser, answer, other] = byA === "ours_counts" ? [a, b, byB, byA] : [b, a, byA, byB];
      t.is(other, "ours_counts");
      t.is(finishRekey(winner, 4, must(answer), p), null);
      t.is(sealed(winner, 4, count, p)(loser), 1);
      t.is(sealed(loser, 4, count, p)(winner), 1);
    }
  });

  test(`${mode}: what breaks the protocol is told, and changes nothing`, (t) => {
    const { a, b } = endsOf(mode);
    const question = must(beginRekey(a, 4, secretOf(11), p));
    const before = structuredClone(b);
    t.is(answerRekey(b, 4, { ...question, generation: 2 }, secretOf(1), p), "mismatch");
    t.is(answerRekey(b, 4, { generation: 1, public: new Uint8Array(32) }, secretOf(1), p), "weak_key");
    t.is(answerRekey(b, 4, { generation: 1, public: new Uint8Array(31).fill(1) }, secretOf(1), p), "weak_key");
    t.is(answerRekey(a, 4, question, secretOf(1), p), "weak_key", "its own question sent back");
    t.is(finishRekey(a, 4, question, p), "weak_key");
    t.is(finishRekey(a, 4, { ...question, generation: 2 }, p), "mismatch");
    t.is(finishRekey(b, 4, question, p), "mismatch", "an answer that nobody asked for");
    t.deepEqual(b.channels.get(4)?.next ?? null, before.channels.get(4)?.next ?? null);
    const answer = must(answerRekey(b, 4, question, secretOf(1), p));
    t.is(answerRekey(b, 4, { generation: 1, public: p.publicOf(secretOf(77)) }, secretOf(1), p), "mismatch");
    t.is(finishRekey(a, 4, answer, p), null);
  });
}

test("the next question may come before the first packet of the last generation", (t) => {
  const p = PURE_PRIMITIVES;
  const { a, b } = endsOf("real");
  const count = { number: 0 };
  const question = must(beginRekey(a, 4, secretOf(11), p));
  t.is(finishRekey(a, 4, must(answerRekey(b, 4, question, secretOf(21), p)), p), null);
  sealed(a, 4, count, p)(b);
  retireKeys(b, 100);
  // The answerer has all it needs and asks; `a` has not yet seen it use the new generation.
  const late = sealed(b, 4, count, p);
  const next = must(beginRekey(b, 4, secretOf(31), p));
  t.is(finishRekey(b, 4, must(answerRekey(a, 4, next, secretOf(41), p)), p), null);
  t.is(sealed(b, 4, count, p)(a), 2);
  t.is(late(a), 1);
  t.is(sealed(a, 4, count, p)(b), 2);
});

test("a new generation hangs on the exchange, on the secret before it and on the channel", (t) => {
  const p = PURE_PRIMITIVES;
  const { a } = endsOf("real");
  sealed(a, 4, { number: 0 }, p);
  const before = a.channels.get(4)?.current ?? t.fail();
  const exchange = { shared: secretOf(1), asker: secretOf(2), answerer: secretOf(3) };
  const others = [
    nextGeneration(a, 4, before, exchange, p),
    nextGeneration(a, 6, before, exchange, p),
    nextGeneration(a, 4, { ...before, sendSecret: secretOf(4), receiveSecret: secretOf(5) }, exchange, p),
    nextGeneration(a, 4, { ...before, number: 1 }, exchange, p),
    nextGeneration(a, 4, before, { ...exchange, shared: secretOf(9) }, p),
    nextGeneration(a, 4, before, { ...exchange, asker: secretOf(9) }, p),
    nextGeneration(a, 4, before, { ...exchange, answerer: secretOf(9) }, p),
  ];
  t.is(new Set(others.flatMap(({ sendKey, receiveKey }) => [sendKey.join(), receiveKey.join()])).size, 14);
});

const steps = fc.array(fc.constantFrom("ask a", "ask b", "frame", "packet a", "packet b", "time", "lose"), {
  maxLength: 60,
});

testProp(
  "whatever order frames and packets come in, ends never part: every packet sent in time is opened",
  [steps],
  (t, moves) => {
    // Real keys of quick primitives: an end that derived another key would open nothing.
    const p = MODELLED_PRIMITIVES;
    const ends = endsOf("real");
    t.pass();
    const count = { number: 0 };
    const frames: { readonly to: "a" | "b"; readonly kind: "ask" | "answer"; readonly message: RekeyMessage }[] = [];
    let seed = 1;
    let now = 0;
    for (const move of moves) {
      const at = move.endsWith("a") ? "a" : "b";
      const other = at === "a" ? "b" : "a";
      if (move.startsWith("ask")) {
        const question = beginRekey(ends[at], 0, secretOf(seed++), p);
        if (typeof question === "string") t.is(question, "busy");
        else frames.push({ to: other, kind: "ask", message: question });
      } else if (move === "frame" || move === "lose") {
        const frame = frames.shift();
        if (frame === undefined) continue;
        // A lost frame is sent again, one that came may come again.
        frames.push(...(move === "lose" || count.number % 3 === 0 ? [frame] : []));
        if (move === "lose") continue;
        const { to, kind, message } = frame;
        if (kind === "answer") {
          t.true([null, "stale"].includes(finishRekey(ends[to], 0, message, p)));
          continue;
        }
        const answer = answerRekey(ends[to], 0, message, secretOf(seed++), p);
        if (typeof answer === "string") t.true(answer === "stale" || answer === "ours_counts", answer);
        else frames.push({ to: to === "a" ? "b" : "a", kind: "answer", message: answer });
      } else if (move.startsWith("packet")) {
        t.is(typeof sealed(ends[at], 0, count, p)(ends[other], now + 10), "number");
      } else {
        now += 5;
        for (const keys of [ends.a, ends.b]) retireKeys(keys, now);
      }
      t.true(Math.abs(generationOf(ends.a, 0) - generationOf(ends.b, 0)) <= 1);
    }
  },
);
