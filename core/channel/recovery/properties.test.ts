/** Whatever is sent, acknowledged, timed out, in whatever order: the counters stay true. */
import test from "ava";
import fc from "fast-check";
import { addRange, type Ranges } from "../../transport/ranges.ts";
import type { ControllerName } from "./controller.ts";
import { abandon, createRecovery, deadlineOf, maySend, noteSent, onTimeout, takeAck } from "./recovery.ts";
import { STATUS, slotOf, statusAt } from "./sent-ring.ts";
import type { News, Recovery } from "./state.ts";

const MS = 1_000_000;
const SIZE = 1_200;

type Step =
  | { kind: "send"; count: number; size: number; eliciting: boolean }
  | { kind: "ack"; back: number; lengths: number[]; ce: number }
  | { kind: "impossible"; beyond: number }
  | { kind: "pass"; time: number }
  | { kind: "timeout" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      count: fc.integer({ min: 1, max: 30 }),
      size: fc.integer({ min: 1, max: SIZE }),
      eliciting: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("ack" as const),
      back: fc.nat(60),
      lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
      ce: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("impossible" as const), beyond: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), time: fc.integer({ min: 1, max: 400 * MS }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "timeout" as const }) },
);

/** What a plain reader of the news knows about each packet. */
interface Known {
  readonly bytes: number;
  state: "silent" | "flying" | "acked" | "lost";
}

/** Numbers from `back` before the newest on: taken and left out in turns. */
function rangesOf(next: number, back: number, lengths: readonly number[]): Ranges {
  const ranges: Ranges = [];
  let at = Math.max(0, next - back);
  lengths.forEach((length, i) => {
    const end = Math.min(next, at + length);
    if (i % 2 === 0) addRange(ranges, at, end);
    at = end;
  });
  return ranges;
}

function learn(known: Known[], { acked, lost, spurious }: News): string {
  for (const number of lost) {
    if (known[number]?.state !== "flying") return `${number} lost, but ${known[number]?.state}`;
    (known[number] as Known).state = "lost";
  }
  for (const number of acked) {
    if (known[number]?.state !== "flying") return `${number} acknowledged, but ${known[number]?.state}`;
    (known[number] as Known).state = "acked";
  }
  for (const number of spurious) {
    if (known[number]?.state !== "lost") return `${number} spurious, but ${known[number]?.state}`;
    (known[number] as Known).state = "acked";
  }
  return "";
}

/** Is anything acknowledged, and still kept, that has not become so? */
function overlooked(known: readonly Known[], ranges: Ranges, first: number): string {
  for (let i = 0; i < ranges.length; i += 2) {
    for (let number = Math.max(first, ranges[i] as number); number < (ranges[i + 1] as number); number++) {
      const state = known[number]?.state;
      if (state === "flying" || state === "lost") return `${number} acknowledged, and still ${state}`;
    }
  }
  return "";
}

function check(recovery: Recovery, known: readonly Known[], now: number): string {
  const flying = known.filter(({ state }) => state === "flying");
  const { sent, counts, controller } = recovery;
  const bytes = flying.reduce((sum, packet) => sum + packet.bytes, 0);
  if (recovery.flying !== flying.length || recovery.flyingBytes !== bytes) return "in flight";
  if (counts.sent !== known.filter(({ state }) => state !== "silent").length) return "sent";
  if (counts.acked !== known.filter(({ state }) => state === "acked").length) return "acked";
  if (counts.lost - counts.spurious !== known.filter(({ state }) => state === "lost").length) return "lost";
  if (!(controller.window >= 2 * SIZE && controller.window < Infinity)) return `window ${controller.window}`;
  if (!(recovery.loss >= 0 && recovery.loss <= 1)) return `loss ${recovery.loss}`;
  if (recovery.flying > 0 && !(deadlineOf(recovery) >= 0)) return "no deadline though packets fly";
  if (recovery.flying === 0 && recovery.lossAt >= 0) return "losses due though nothing flies";
  if (!(recovery.delivery.rate >= 0) || recovery.paceAt > now + 60_000 * MS) return "rate";
  for (let number = sent.first; number < sent.next; number++) {
    const state = known[number]?.state as Known["state"];
    if (statusAt(sent, slotOf(sent, number)) !== STATUS[state]) return `${number} kept as another than ${state}`;
  }
  for (let number = 0; number < sent.first; number++)
    if (known[number]?.state === "flying") return `${number} forgotten`;
  return "";
}

function play(controller: ControllerName, pacing: boolean, steps: readonly Step[]): string {
  const recovery = createRecovery({ datagram: SIZE, controller, pacing, window: 12_000, hystart: true }, 0);
  const known: Known[] = [];
  const news: News = { acked: [], lost: [], spurious: [] };
  let now = 0;
  let ce = 0;
  for (const act of steps) {
    let fault = "";
    if (act.kind === "pass") now += act.time;
    if (act.kind === "send") {
      for (let i = 0; i < act.count; i++) {
        if (act.eliciting && !maySend(recovery, act.size, now)) break;
        const number = noteSent(recovery, act.size, act.eliciting, 0, 0, 0, 0, now);
        if (number !== known.length) fault = "number";
        known.push({ bytes: act.size, state: act.eliciting ? "flying" : "silent" });
      }
    }
    if (act.kind === "timeout") {
      now = Math.max(now, deadlineOf(recovery));
      onTimeout(recovery, now, news);
      fault = learn(known, news);
    }
    if (act.kind === "ack") {
      ce += act.ce;
      const ranges = rangesOf(known.length, act.back, act.lengths);
      const { first } = recovery.sent;
      if (!takeAck(recovery, ranges, 0, ce, now, news)) fault = "refused";
      fault ||= learn(known, news) || overlooked(known, ranges, first);
    }
    if (act.kind === "impossible") {
      const before = JSON.stringify({ ...recovery, counts: null });
      if (takeAck(recovery, [0, known.length + act.beyond], 0, 99, now, news)) fault = "took the impossible";
      if (JSON.stringify({ ...recovery, counts: null }) !== before) fault = "changed by the impossible";
    }
    fault ||= check(recovery, known, now);
    if (fault !== "") return `${fault} after ${JSON.stringify(act)}`;
  }
  abandon(recovery, news);
  return (
    learn(known, news) || check(recovery, known, now) || (known.some(({ state }) => state === "flying") ? "left" : "")
  );
}

for (const controller of ["newreno", "cubic", "bbr", "fixed"] as const) {
  test(`${controller}: any sequence keeps the counters true (fast-check)`, (t) => {
    const holds = (pacing: boolean, steps: Step[]): boolean => t.is(play(controller, pacing, steps), "");
    fc.assert(fc.property(fc.boolean(), fc.array(step, { maxLength: 80 }), holds), { numRuns: 150 });
  });
}

test("a state is plain data: a copy goes on as the original does, and as text it keeps every number", (t) => {
  for (const controller of ["newreno", "cubic", "bbr", "fixed"] as const) {
    const news: News = { acked: [], lost: [], spurious: [] };
    const run = (recovery: Recovery, from: number): void => {
      for (let round = from; round < from + 30; round++) {
        const now = round * 50 * MS;
        while (maySend(recovery, SIZE, now)) noteSent(recovery, SIZE, true, 0, 0, 0, 0, now);
        const end = recovery.sent.next;
        const ranges = round % 7 === 3 ? [0, end - 5, end - 3, end] : [0, end];
        takeAck(recovery, ranges, 0, 0, now + 40 * MS + round * 1000, news);
      }
    };
    const original = createRecovery({ datagram: SIZE, controller, pacing: false }, 0);
    run(original, 1);
    const copy = structuredClone(original);
    t.notRegex(JSON.stringify({ ...copy, controller: { ...copy.controller, hystart: 0 } }), /null/, "no infinities");
    run(original, 31);
    run(copy, 31);
    t.deepEqual(copy, original);
  }
});
