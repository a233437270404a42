import { testProp } from "@fast-check/ava";
import test from "ava";
import fc from "fast-check";
import type { Packet } from "../core/packet.ts";
import { CONTROL, EventQueue } from "./queue.ts";

const packetOf = (number: number): Packet => ({ number }) as Packet;

interface Sent {
  readonly time: number;
  readonly rank: number;
  readonly sequence: number;
  readonly label: number;
}

/** What is done to the queue: sends before the loop and after each delivery, and cancels. */
const operation = fc.record({
  kind: fc.constantFrom("packet", "lane", "control", "fault", "cancel", "take", "recall"),
  delay: fc.integer({ min: 0, max: 6 }),
  sender: fc.integer({ min: 0, max: 3 }),
});

type Operation = { kind: string; delay: number; sender: number };

/** Runs the operations and returns the labels in the order delivered. */
function deliveries(operations: readonly Operation[], lanes: boolean): number[] {
  const queue = new EventQueue({ lanes });
  const handles: number[] = [];
  const seen: number[] = [];
  const take = (): boolean => {
    if (!queue.next(Number.POSITIVE_INFINITY)) return false;
    const thing = queue.thing as unknown as { number: number };
    seen.push(thing.number);
    return true;
  };
  operations.forEach(({ kind, delay, sender }, label) => {
    if (kind === "packet") queue.sendPacket(sender, 9, packetOf(label), 1, delay, false);
    else if (kind === "lane") queue.sendPacket(sender, 9, packetOf(label), 1, delay, true);
    else if (kind === "control")
      handles.push(queue.sendControl(sender, 9, { type: "x", number: label } as never, delay));
    else if (kind === "fault") queue.sendControl(-1, 9, { type: "x", number: label } as never, delay, 0);
    else if (kind === "cancel") cancelOne(queue, handles, delay);
    else if (kind === "recall") seen.push(...queue.recall(sender).map(({ packet }) => -1 - packet.number));
    else take();
  });
  while (take());
  return seen;
}

function cancelOne(queue: EventQueue, handles: readonly number[], pick: number): void {
  const handle = handles[pick % Math.max(1, handles.length)];
  if (handle !== undefined) queue.cancel(handle);
}

/** The same by the plainest means: an array, sorted by the full key. */
function model(operations: readonly Operation[]): number[] {
  let clock = 0;
  let sequence = 0;
  let pending: (Sent & { sender: number; packet: boolean })[] = [];
  const controls: number[] = [];
  const seen: number[] = [];
  const sorted = () => pending.sort((a, b) => a.time - b.time || a.rank - b.rank || a.sequence - b.sequence);
  const take = (): boolean => {
    const first = sorted().shift();
    if (first === undefined) return false;
    clock = first.time;
    seen.push(first.label);
    return true;
  };
  operations.forEach(({ kind, delay, sender }, label) => {
    const entry = { time: clock + delay, sequence, label, sender };
    if (kind === "packet" || kind === "lane") pending.push({ ...entry, rank: 1, packet: true });
    else if (kind === "control") {
      pending.push({ ...entry, rank: 1, packet: false });
      controls.push(label);
    } else if (kind === "fault") pending.push({ ...entry, rank: 0, packet: false });
    else if (kind === "cancel")
      pending = pending.filter(({ label: other }) => other !== controls[delay % Math.max(1, controls.length)]);
    else if (kind === "recall") {
      seen.push(
        ...sorted()
          .filter((one) => one.packet && one.sender === sender)
          .map((one) => -1 - one.label),
      );
      pending = pending.filter((one) => !(one.packet && one.sender === sender));
    } else take();
    sequence++;
  });
  while (take());
  return seen;
}

testProp(
  "the order is (time, rank, sequence), lanes on and off alike",
  [fc.array(operation, { maxLength: 120 })],
  (t, operations) => {
    const expected = model(operations);
    t.deepEqual(deliveries(operations, true), expected);
    t.deepEqual(deliveries(operations, false), expected);
  },
  { numRuns: 400 },
);

testProp(
  "what is restored from its pending entries is delivered alike",
  [fc.array(operation, { maxLength: 80 }), fc.boolean()],
  (t, operations, lanes) => {
    const queue = new EventQueue({ lanes });
    const fill = operations.filter(({ kind }) => kind !== "take" && kind !== "recall" && kind !== "cancel");
    fill.forEach(({ kind, delay, sender }, label) => {
      if (kind === "lane" || kind === "packet") queue.sendPacket(sender, 9, packetOf(label), 1, delay, kind === "lane");
      else queue.sendControl(sender, 9, { type: "x", number: label } as never, delay, kind === "fault" ? 0 : 1);
    });
    const copy = new EventQueue({ lanes });
    copy.restore(
      structuredClone({ clock: queue.clock, sequence: queue.sequence, pending: queue.pending() }),
      () => true,
    );
    const drain = (from: EventQueue): number[] => {
      const seen: number[] = [];
      while (from.next(Number.POSITIVE_INFINITY)) seen.push((from.thing as unknown as { number: number }).number);
      return seen;
    };
    t.deepEqual(drain(copy), drain(queue));
  },
  { numRuns: 200 },
);

test("nothing is taken after the limit, and time does not move for it", (t) => {
  const queue = new EventQueue({ lanes: true });
  queue.sendControl(0, 1, { type: "late" }, 10);
  t.false(queue.next(9));
  t.is(queue.clock, 0);
  t.true(queue.next(10));
  t.is(queue.ifId, CONTROL);
});

test("a handle of a delivered event cancels nothing", (t) => {
  const queue = new EventQueue({ lanes: true });
  const handle = queue.sendControl(0, 1, { type: "a" }, 1);
  t.true(queue.next(1));
  queue.sendControl(0, 1, { type: "b" }, 1);
  t.false(queue.cancel(handle));
  t.true(queue.next(5));
});
