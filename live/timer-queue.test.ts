/** The live world's queue against a list that is sorted again each time. */
import test from "ava";
import fc from "fast-check";
import { TimerQueue } from "./timer-queue.ts";

const command = fc.oneof(
  fc.record({
    kind: fc.constant("push" as const),
    delay: fc.constantFrom(0, 0, 1, 5, 9),
    sender: fc.nat(2),
    packet: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("fault" as const), delay: fc.constantFrom(0, 3) }),
  fc.record({ kind: fc.constant("take" as const) }),
  fc.record({ kind: fc.constant("cancel" as const), nth: fc.nat(30) }),
  fc.record({ kind: fc.constant("recall" as const), sender: fc.nat(2) }),
);

interface Known {
  readonly due: number;
  readonly order: number;
  readonly sender: number;
  readonly packet: boolean;
}

test("the earliest by (time, rank, sequence) comes first, whatever was due at once, cancelled or taken back", (t) => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      const queue = new TimerQueue();
      let known: Known[] = [];
      const pushed: number[] = [];
      let now = 0;
      const push = (delay: number, sender: number, packet: boolean, rank: 0 | 1): void => {
        const order = queue.push(now + delay, now, sender, 0, { type: "x" }, packet ? 1 : -1, rank);
        known.push({ due: now + delay, order, sender, packet });
        pushed.push(order);
      };
      const sorted = (): Known[] => [...known].sort((a, b) => a.due - b.due || a.order - b.order);
      for (const one of commands) {
        if (one.kind === "push") push(one.delay, one.sender, one.packet, 1);
        else if (one.kind === "fault") push(one.delay, -1, false, 0);
        else if (one.kind === "cancel") {
          const order = pushed[one.nth] ?? -1;
          queue.cancel(order);
          known = known.filter((other) => other.order !== order || other.packet);
        } else if (one.kind === "recall") {
          const expected = sorted().filter(({ sender, packet }) => packet && sender === one.sender);
          t.deepEqual(
            queue.recall(one.sender).map(({ order }) => order),
            expected.map(({ order }) => order),
          );
          known = known.filter((other) => !expected.includes(other));
        } else {
          const [first] = sorted();
          t.is(queue.nextDue, first?.due ?? Number.POSITIVE_INFINITY);
          if (first === undefined) continue;
          now = Math.max(now, first.due);
          t.is(queue.take().order, first.order);
          known = known.filter((other) => other !== first);
        }
        t.is(queue.packets, known.filter(({ packet }) => packet).length);
      }
    }),
  );
});
