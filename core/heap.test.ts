import { testProp } from "@fast-check/ava";
import fc from "fast-check";
import { Heap } from "./heap.ts";

const step = fc.record({
  kind: fc.constantFrom("push", "push", "pop", "replace", "remove"),
  time: fc.integer({ min: 0, max: 8 }),
});

testProp(
  "pops come in the order of (time, order), whatever was pushed, replaced and removed between",
  [fc.array(step, { maxLength: 300 })],
  (t, steps) => {
    const heap = new Heap();
    let model: { time: number; order: number; item: number }[] = [];
    steps.forEach(({ kind, time }, order) => {
      model.sort((a, b) => a.time - b.time || a.order - b.order);
      if (kind === "push" || model.length === 0) {
        heap.push(time, order, order);
        model.push({ time, order, item: order });
      } else if (kind === "pop") {
        const first = model.shift();
        t.deepEqual({ time: heap.topTime, order: heap.topOrder, item: heap.topItem }, first);
        heap.pop();
      } else if (kind === "replace") {
        model[0] = { time, order, item: order };
        heap.replaceTop(time, order, order);
      } else {
        const victim = model[(time * 7) % model.length] as { item: number };
        t.true(heap.remove(victim.item));
        model = model.filter(({ item }) => item !== victim.item);
      }
      t.is(heap.size, model.length);
    });
    model.sort((a, b) => a.time - b.time || a.order - b.order);
    for (const { item } of model) {
      t.is(heap.topItem, item);
      heap.pop();
    }
    t.false(heap.remove(1_000_000));
  },
  { numRuns: 500 },
);
