/** The walk through RFC 8899's phases, over paths that carry so much and no more. */
import test from "ava";
import fc from "fast-check";
import {
  BASE_PLPMTU,
  BLACK_HOLE_LOSSES,
  createPmtu,
  largeAcked,
  largeLost,
  MAX_PROBES,
  MIN_PLPMTU,
  packetTooBig,
  PROBE_TIMER,
  pmtuTimeout,
  probeDue,
  probeSent,
  RAISE_TIMER,
  sizeConfirmed,
  startPmtu,
} from "./pmtu.ts";
import type { Pmtu } from "./types.ts";

const RTT = 20_000_000;

/** Probes a path that carries packets up to `truth` until nothing is probed; answers the time, and notes phases and sizes. */
function probeAll(pmtu: Pmtu, truth: number, from: number, seen: string[] = []): number {
  let now = from;
  const note = (): void => {
    const phase = `${pmtu.phase} ${pmtu.size}`;
    if (seen.at(-1) !== phase) seen.push(phase);
  };
  for (let probes = 0; probes < 200; probes++) {
    note();
    const size = probeDue(pmtu);
    if (size === 0) return now;
    probeSent(pmtu, 0, now);
    if (size <= truth) {
      now += RTT;
      sizeConfirmed(pmtu, size, now);
    } else {
      now = pmtu.timerAt;
      pmtuTimeout(pmtu, now);
    }
  }
  throw new Error("no end of probes");
}

test("metadata that are true are confirmed by one probe", (t) => {
  const pmtu = createPmtu(1_400, 0);
  const seen: string[] = [];
  startPmtu(pmtu, 0, true, 0);
  t.is(pmtu.size, 1_400, "taken at their word");
  t.is(probeAll(pmtu, 9_000, 0, seen), RTT);
  t.deepEqual(seen, ["base 1400", "complete 1400"]);
  t.is(pmtu.timerAt, -1, "nothing above to look for");
});

test("metadata that promise too much: after MAX_PROBES probes the base, then the search below", (t) => {
  const pmtu = createPmtu(1_472, 0);
  const seen: string[] = [];
  startPmtu(pmtu, 0, true, 0);
  const end = probeAll(pmtu, 1_350, 0, seen);
  t.deepEqual(seen.slice(0, 3), ["base 1472", "base 1200", "searching 1200"]);
  t.is(pmtu.phase, "complete");
  t.true(pmtu.size <= 1_350 && pmtu.size > 1_350 - 16, `${pmtu.size}`);
  t.true(end >= MAX_PROBES * PROBE_TIMER);
  t.is(pmtu.timerAt - end, RAISE_TIMER, "tried again after PMTU_RAISE_TIMER");
  pmtuTimeout(pmtu, pmtu.timerAt);
  t.is(probeDue(pmtu), 1_472);
});

test("a path that carries more than the metadata say, where larger packets are wanted", (t) => {
  const pmtu = createPmtu(1_400, 8_900);
  const seen: string[] = [];
  startPmtu(pmtu, 0, true, 0);
  probeAll(pmtu, 9_000, 0, seen);
  t.deepEqual(seen, ["base 1400", "searching 1400", "complete 8900"]);
});

test("a path validated by a packet of full size needs no probe; by a small one it falls to ERROR and climbs", (t) => {
  const whole = createPmtu(1_400, 0);
  startPmtu(whole, 1_400, true, 0);
  t.is(`${whole.phase} ${whole.size} ${probeDue(whole)}`, "complete 1400 0");
  const small = createPmtu(1_400, 0);
  const seen: string[] = [];
  startPmtu(small, MIN_PLPMTU, true, 0);
  probeAll(small, 1_000, 0, seen);
  t.is(seen[0], `error ${MIN_PLPMTU}`);
  t.true(seen[1]?.startsWith("searching "));
  t.true(small.size <= 1_000 && small.size > 1_000 - 16, `${small.size}`);
});

test("not even the base passes: ERROR with the least size", (t) => {
  const pmtu = createPmtu(1_400, 0);
  startPmtu(pmtu, 0, true, 0);
  let now = 0;
  for (let probe = 0; probe < 2 * MAX_PROBES; probe++) {
    t.is(pmtu.size, probe < MAX_PROBES ? 1_400 : BASE_PLPMTU);
    probeSent(pmtu, 0, now);
    now = pmtu.timerAt;
    pmtuTimeout(pmtu, now);
  }
  t.is(`${pmtu.phase} ${pmtu.size}`, `error ${MIN_PLPMTU}`);
});

test("one probe lost by chance changes nothing", (t) => {
  const pmtu = createPmtu(1_400, 0);
  startPmtu(pmtu, 0, true, 0);
  for (let probe = 1; probe < MAX_PROBES; probe++) {
    probeSent(pmtu, 0, 0);
    t.is(probeDue(pmtu), 0);
    pmtuTimeout(pmtu, pmtu.timerAt);
    t.is(probeDue(pmtu), 1_400);
  }
  sizeConfirmed(pmtu, 1_400, 0);
  t.is(`${pmtu.phase} ${pmtu.size}`, "complete 1400");
});

test("a black hole is noticed by data: back to the base, then the search", (t) => {
  const pmtu = createPmtu(1_400, 0);
  startPmtu(pmtu, 1_400, true, 0);
  largeAcked(pmtu, 10, 1_400, 0);
  for (let number = 11; number < 10 + BLACK_HOLE_LOSSES; number++) t.false(largeLost(pmtu, number, 1_400));
  t.false(largeLost(pmtu, 40, 300), "small packets tell nothing of large ones");
  t.true(largeLost(pmtu, 41, 1_400));
  t.is(`${pmtu.phase} ${pmtu.size}`, `base ${BASE_PLPMTU}`);
  probeAll(pmtu, 1_280, 0);
  t.true(pmtu.size <= 1_280 && pmtu.size > 1_280 - 16);
});

test("a queue that overflows is no black hole: later packets of the size arrive", (t) => {
  const pmtu = createPmtu(1_400, 0);
  startPmtu(pmtu, 1_400, true, 0);
  for (let round = 0; round < 100; round++) {
    const first = round * 100;
    largeAcked(pmtu, first + 60, 1_400, 0);
    for (let number = first + 20; number < first + 60; number++) t.false(largeLost(pmtu, number, 1_400));
  }
  t.is(pmtu.size, 1_400);
});

test("a router's word may lower the size, never below what a host must take, and probes decide", (t) => {
  const pmtu = createPmtu(1_400, 0);
  startPmtu(pmtu, 1_400, true, 0);
  t.false(packetTooBig(pmtu, 100, 0));
  t.false(packetTooBig(pmtu, 1_400, 0));
  t.true(packetTooBig(pmtu, 1_300, 0));
  probeAll(pmtu, 1_300, 0);
  t.true(pmtu.size <= 1_300 && pmtu.size > 1_284);
});

test("without probing the metadata stand", (t) => {
  const pmtu = createPmtu(1_400, 9_000);
  startPmtu(pmtu, 0, false, 0);
  t.is(`${pmtu.phase} ${pmtu.size} ${probeDue(pmtu)} ${pmtu.timerAt}`, "disabled 1400 0 -1");
});

test("whatever metadata and truth: the size found passes, and is within a step of what passes", (t) => {
  const size = fc.integer({ min: MIN_PLPMTU, max: 9_000 });
  fc.assert(
    fc.property(size, size, size, (mtu, ceiling, truth) => {
      const pmtu = createPmtu(mtu, ceiling);
      startPmtu(pmtu, 0, true, 0);
      probeAll(pmtu, truth, 0);
      const most = Math.min(truth, Math.max(mtu, ceiling));
      return pmtu.phase === "complete" && pmtu.size <= most && pmtu.size > most - 16;
    }),
  );
  t.pass();
});
