import { testProp } from "@fast-check/ava";
import test from "ava";
import fc from "fast-check";
import { RandomStream } from "./rng.ts";

testProp(
  "a stream restored from its state goes on as if never stopped, hash included",
  [fc.integer(), fc.nat(200)],
  (t, seed, draws) => {
    const stream = new RandomStream(seed, "actor", "purpose");
    for (let n = 0; n < draws; n++) stream.uniform();
    const copy = new RandomStream(0, "x", "y", structuredClone(stream.state()));
    for (let n = 0; n < 20; n++) t.is(copy.uniform(), stream.uniform());
    t.is(copy.hash, stream.hash);
  },
);

test("seed, actor and purpose each make another stream; no two names run together", (t) => {
  const first = (seed: number | string, actor: string, purpose: string): number =>
    new RandomStream(seed, actor, purpose).uniform();
  const all = [
    first(1, "a", "b"),
    first(2, "a", "b"),
    first(1, "ab", ""),
    first(1, "", "ab"),
    first(1, "a", "c"),
    first("1\u0000a", "b", ""),
  ];
  t.is(new Set(all.slice(0, 5)).size, 5);
});

test("uniform, below and exponential by their moments", (t) => {
  const stream = new RandomStream(1, "moments", "test");
  const n = 400_000;
  const mean = (draw: () => number): number =>
    Array.from({ length: n }, draw).reduce((sum, value) => sum + value, 0) / n;
  t.true(Math.abs(mean(() => stream.uniform()) - 0.5) < 4 / Math.sqrt(12 * n));
  t.true(Math.abs(mean(() => stream.below(7)) - 3) < 4 * (2 / Math.sqrt(n)));
  t.true(Math.abs(mean(() => stream.exponential(5)) - 5) < 4 * (5 / Math.sqrt(n)));
  // The second moment of an exponential is twice its mean squared; its fourth moment, 24, gives the error.
  const second = mean(() => {
    const x = stream.exponential(1);
    return x * x;
  });
  t.true(Math.abs(second - 2) < 4 * Math.sqrt(20 / n));
});

test("an exponential draw is finite whatever is drawn", (t) => {
  const stream = new RandomStream(1, "finite", "test");
  t.true(
    Array.from({ length: 100_000 }, () => stream.exponential(1)).every((draw) => draw >= 0 && Number.isFinite(draw)),
  );
});
