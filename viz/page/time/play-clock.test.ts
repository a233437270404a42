/** Simulated time beside real time. */
import test from "ava";
import { PlayClock } from "./play-clock.ts";

test("time goes on at its speed, and from where the run was put", (t) => {
  const clock = new PlayClock(0.5, 1e9, 1000);
  t.is(clock.target(1000), 1e9);
  t.is(clock.target(1100), 1.05e9);
  t.is(clock.target(1200), 1.1e9);
  clock.set(5e9);
  t.is(clock.target(1300), 5.05e9);
});

test("slow steps add up without loss, and a gap is not made up for", (t) => {
  const clock = new PlayClock(0.01, 0, 0);
  let last = 0;
  for (let real = 0.013; real < 100.001; real += 0.013) last = clock.target(real);
  t.true(Math.abs(last - 1e6) < 500, String(last));
  const gap = new PlayClock(1, 0, 0);
  t.is(gap.target(60_000), 0.25e9);
  t.is(gap.target(60_010), 0.26e9);
});
