/** Policies in files: as an object, as a function, by `scored`; and what is said of those that are none. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { scored } from "../actors/selectors/metric.ts";
import type { PathView } from "../actors/selectors/policy.ts";
import { pathOf, viewOf } from "../actors/selectors/contract-testing.ts";
import { RandomStream } from "../core/rng.ts";
import { loadPolicy } from "./runner/policies.ts";

const folder = mkdtempSync(join(tmpdir(), "pathloom-policies-"));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const random = new RandomStream(1, "test", "policy");
const paths = [pathOf(0, { length: 3 }), pathOf(1, { length: 1 }), pathOf(2, { length: 2 })];
const view: PathView = viewOf(paths, { usable: [true, false, true] });

test("a function is a policy called after it", async (t) => {
  const text = "export default function last(view) {\n  return view.usable.lastIndexOf(true);\n}\n";
  const policy = await loadPolicy(file("one.ts", text));
  t.is(policy.name, "last");
  t.is(policy.choose(policy.init({}, paths, { hash: 0 }), view, random), 2);
  t.is(policy.observes, undefined);
});

test("a function without a name is called after its file; what it observes stands beside it", async (t) => {
  const text =
    'export const observes = ["probes"];\nexport const each = "packet";\nexport default (view, random) => random.below(view.paths.length);\n';
  const policy = await loadPolicy(file("by-chance.ts", text));
  t.is(policy.name, "by-chance");
  t.deepEqual(policy.observes, ["probes"]);
  t.is(policy.each, "packet");
  t.true(policy.choose(null, view, random) < 3);
});

test("a score makes a policy; the present path is kept within the margin", (t) => {
  const policy = scored("few", ({ length }) => length, { margin: 1 });
  const state = policy.init({}, paths, { hash: 0 });
  t.is(policy.choose(state, view, random), 2);
  t.is(policy.choose(state, { ...view, current: 0 }, random), 0, "3 links are not worse than 2 by more than 1");
  t.is(policy.choose(state, { ...view, current: 0, usable: [true, true, true] }, random), 1);
});

test("a module in a folder of scripts, as npm init makes them, and without the package beside it", async (t) => {
  const beside = mkdtempSync(join(tmpdir(), "pathloom-scripts-"));
  writeFileSync(join(beside, "package.json"), '{"type": "commonjs"}');
  writeFileSync(join(beside, "score.ts"), "export const links = (path: { length: number }): number => path.length;\n");
  const mine = join(beside, "fewest.ts");
  writeFileSync(
    mine,
    'import { least, type PathView } from "pathloom";\nimport { links } from "./score.ts";\n' +
      "export default function fewest(view: PathView): number {\n  return least(view, links);\n}\n",
  );
  const policy = await loadPolicy(mine);
  t.is(policy.name, "fewest");
  t.is(policy.choose(policy.init({}, paths, { hash: 0 }), view, random), 2);
});

const mistakes: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  [
    "a number",
    "const x = 1;\nexport default 5;\n",
    /a-number\.ts:2: the default export is a number; expected a policy/,
  ],
  ["null", "export default null;\n", /null\.ts:1: the default export is null/],
  ["a class by another way", "const a = 5;\nexport { a as default };\n", /\.ts:2: the default export is a number/],
  ["no init", "export default { name: 'x', choose: () => 0 };\n", /no-init\.ts:1: .*init must be a function/],
  [
    "odd observations",
    "export const observes = ['everything'];\nexport default () => 0;\n",
    /odd-observations\.ts:2: .*observes must be a list of probes, reports, load/,
  ],
  ["odd each", "export const each = 'byte';\nexport default () => 0;\n", /each must be change or packet/],
  ["a wrong hook", "export default { name: 'x', init() {}, choose() {}, update: 3 };\n", /update must be a function/],
  ["a taken name", "\nexport default function shortest() {}\n", /a-taken-name\.ts:2: the name shortest is taken/],
  ["a name with a comma", "export default { name: 'a,b', init() {}, choose() {} };\n", /name must be text without/],
  ["none", "export const policy = 1;\n", /none\.ts has no default export/],
  ["a throw", "const a = 1;\nthrow new Error('no luck');\n", /does not load: .*a-throw\.ts:2: no luck/],
  [
    "a missing import",
    "import { nothing } from './nowhere.ts';\nexport default nothing;\n",
    /does not load: .*nowhere/,
  ],
];

for (const [what, text, says] of mistakes) {
  test(`refused: ${what}`, async (t) => {
    const error = await t.throwsAsync(loadPolicy(file(`${what.replaceAll(" ", "-")}.ts`, text)), {
      name: "PolicyError",
    });
    t.regex(error?.message ?? "", says);
  });
}
