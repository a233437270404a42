/** What is looked at, as an address's fragment. */
import { deflateRawSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import type { Change } from "../../core/exploration.ts";
import { FragmentError, MAX_FRAGMENT, readFragment, type SharedView, writeFragment } from "./share-url.ts";

const VIEW: SharedView = {
  scenario: "31-explore",
  seed: null,
  policy: null,
  time: 12.5e9,
  event: null,
  actor: null,
  fork: null,
};
const folded = (data: unknown): string => deflateRawSync(JSON.stringify(data)).toString("base64url");

test("an example at an instant is a short link", async (t) => {
  t.is(await writeFragment(VIEW), "e=31-explore&t=12.5");
  t.deepEqual(await readFragment("#e=31-explore&t=12.5"), VIEW);
  t.is(await readFragment(""), null);
  t.is(await readFragment("#"), null);
});

test("every view comes back from its link as it was", async (t) => {
  const seed = 77_101;
  const text = fc.string({ unit: "grapheme", maxLength: 200 });
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.record({ kind: fc.constantFrom("cut" as const, "heal" as const), link: text }),
    fc.record({ kind: fc.constant("link-rate" as const), link: text, rate_bps: fc.integer({ min: 1 }) }),
    fc.record({
      kind: fc.constant("policy" as const),
      flow: text,
      policy: text,
      params: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(fc.boolean(), text)),
    }),
  );
  const number = fc.option(fc.integer({ min: 1, max: 1e9 }));
  const view: fc.Arbitrary<SharedView> = fc.record({
    scenario: fc.oneof(
      fc.stringMatching(/^[a-z0-9-]{1,20}$/),
      fc.record({ file: text, text, files: fc.dictionary(fc.stringMatching(/^[a-z.]{1,9}$/), text) }),
    ),
    seed: number,
    policy: fc.option(text),
    time: fc.integer({ min: 0, max: 600e9 }),
    event: number,
    actor: fc.option(text),
    fork: fc.option(fc.record({ event: fc.nat(), changes: fc.array(change, { maxLength: 4 }) })),
  });
  await fc.assert(
    fc.asyncProperty(view, async (one) => {
      const read = await readFragment(`#${await writeFragment(one)}`);
      t.deepEqual(plain(read), plain(one));
    }),
    { seed, numRuns: 60 },
  );
});

/** Dictionaries of fast-check may lack a prototype. */
function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data));
}

test("a broken link says what is wrong with it", async (t) => {
  const cases: readonly (readonly [fragment: string, message: RegExp])[] = [
    ["#t=3", /names no scenario/],
    ["#e=x&t=soon", /“t=” is to be a number/],
    ["#e=x&t=-1", /“t=” is to be a number/],
    ["#e=x&seed=1e9", /“seed=”/],
    ["#e=x&n=99999999999999999999", /“n=”/],
    ["#s=%%%", /“s=” was cut off/],
    ["#s=abc", /“s=” was cut off/],
    [`#s=${folded({ file: "a.yaml" })}`, /“s=” is no scenario/],
    [`#s=${folded({ file: "a", text: "b", files: { c: 3 } })}`, /“s=” is no scenario/],
    [`#s=${folded([])}`, /“s=” is no scenario/],
    [`#e=x&f=${folded({ event: 3, changes: [{ kind: "explode" }] })}`, /“f=” is no fork/],
    [`#e=x&f=${folded({ event: 3, changes: [{ kind: "link-rate", link: "a", rate_bps: -1 }] })}`, /“f=” is no fork/],
    [`#s=${"a".repeat(MAX_FRAGMENT)}`, /too long/],
    [`#s=${folded({ file: "a", text: "x".repeat(5_000_000), files: {} })}`, /more than 4000000 characters/],
  ];
  for (const [fragment, message] of cases) {
    await t.throwsAsync(() => readFragment(fragment), { instanceOf: FragmentError, message }, fragment.slice(0, 60));
  }
});

test("a link that was cut off is found, wherever that was", async (t) => {
  const whole = await writeFragment({ ...VIEW, scenario: { file: "a.yaml", text: "name: a\n".repeat(40), files: {} } });
  const folding = whole.slice(0, whole.indexOf("&"));
  for (let length = 3; length < folding.length; length += 3)
    await t.throwsAsync(() => readFragment(folding.slice(0, length)), { instanceOf: FragmentError });
});

test("a scenario too large for a link is refused with advice", async (t) => {
  const text = Array.from({ length: 40_000 }, (_, n) => ((n * 2_654_435_761) % 4_294_967_296).toString(36)).join(" ");
  const scenario = { file: "big.yaml", text, files: {} };
  await t.throwsAsync(() => writeFragment({ ...VIEW, scenario }), {
    message: /too large for a link.*Save it as a file/,
  });
});
