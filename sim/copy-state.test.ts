/** Copies are what `structuredClone` makes, share nothing that can change, and keep what is one object one. */
import test from "ava";
import fc from "fast-check";
import { copyState } from "./copy-state.ts";

const plain = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(undefined, null, true, -0, Number.NaN, 2 ** 40, 5n, "", "a text of more than twenty-four letters"),
    fc.double(),
    fc.string(),
    fc.array(tie("tree")),
    fc.sparseArray(fc.integer(), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie("tree")),
    fc.array(fc.tuple(fc.integer(), tie("tree"))).map((entries) => new Map(entries)),
    fc.array(tie("tree")).map((values) => new Set(values)),
    fc.float64Array(),
    fc.int32Array(),
    fc.uint8Array(),
  ),
})).tree;

/** Everything that can change, in the order met. */
function parts(data: unknown, found: Set<unknown> = new Set()): Set<unknown> {
  if (typeof data !== "object" || data === null || found.has(data)) return found;
  found.add(data);
  if (ArrayBuffer.isView(data)) return found;
  const below = data instanceof Map ? [...data].flat() : data instanceof Set ? [...data] : Object.values(data);
  for (const part of below) parts(part, found);
  return found;
}

test("a copy is what a structured clone is, and shares nothing with the original", (t) => {
  fc.assert(
    fc.property(plain, (data) => {
      const { copy, bytes } = copyState(data);
      t.deepEqual(copy, structuredClone(data));
      const originals = parts(data);
      t.is([...parts(copy)].filter((part) => originals.has(part)).length, 0);
      t.true(bytes >= 32 * originals.size);
    }),
    { numRuns: 300 },
  );
});

test("what is one object stays one, circles too", (t) => {
  const shared = { path: [1, 2], macs: new Float64Array(3) };
  const circle: { shared: unknown; self?: unknown } = { shared };
  circle.self = circle;
  const { copy } = copyState({ a: shared, b: new Map([[shared, [shared.path]]]), macs: shared.macs, circle });
  const key = [...copy.b.keys()][0];
  t.is(copy.a, key as typeof shared);
  t.is(copy.b.get(copy.a)?.[0], copy.a.path);
  t.is(copy.macs, copy.a.macs);
  t.is(copy.circle.self, copy.circle);
  t.is(copy.circle.shared, copy.a);
  t.not(copy.a, shared);
});

test("a size counts what is referred to twice once", (t) => {
  const one = { values: new Float64Array(1_000) };
  const { bytes } = copyState([one]);
  t.true(bytes > 8_000 && bytes < 8_300, `${bytes}`);
  t.true(copyState([one, one]).bytes - bytes < 20);
});

test("what is no plain data is refused", (t) => {
  class Queue {
    readonly size = 0;
  }
  for (const bad of [() => 1, Symbol("s"), new Queue(), new Date(0), /a/, new DataView(new ArrayBuffer(1))]) {
    t.throws(() => copyState({ deep: [bad] }), { message: /a world's state is plain data, found/ });
  }
});
