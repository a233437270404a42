import test from "ava";
import fc from "fast-check";
import { canonicalJson } from "./canonical.ts";

test("keys are sorted at every depth, absent values left out, no spaces", (t) => {
  t.is(canonicalJson({ b: [1, { d: null, c: "x" }], a: undefined, A: true }), '{"A":true,"b":[1,{"c":"x","d":null}]}');
  t.is(canonicalJson(-0), "0");
});

test("what JSON cannot hold is refused", (t) => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, 1n, () => 1, new Map(), [undefined]]) {
    t.throws(() => canonicalJson({ value: [value] }), { instanceOf: TypeError });
  }
});

test("the order of insertion does not show, and the text holds the whole value", (t) => {
  const property = fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value);
    t.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    t.is(canonicalJson(reversed(value)), text);
  });
  fc.assert(property);
  t.pass();
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
