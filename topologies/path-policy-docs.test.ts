/** docs/path-policies.md: its tables of keys are the schema's (`npm run docs` writes them), its examples do what it says. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { filterPaths } from "../core/path-policy/policy.ts";
import { createPathFinder } from "../core/path-finder.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { readPathPolicyFile } from "./path-policy-file.ts";
import { buildPreset } from "./presets.ts";
import { tableOf } from "./reference-testing.ts";

const PAGE = join(import.meta.dirname, "../docs/path-policies.md");
const MARKER = /<!-- policy keys: (.*?) -->\n[^]*?<!-- end -->/g;
const isWriting = process.env["PATHLOOM_WRITE_DOCS"] === "1";

test("the tables of keys are what the schema says", (t) => {
  const { anyOf = [] } = jsonSchemaOf("policy", ["expected"]);
  const schema = anyOf[0] ?? {};
  const page = readFileSync(PAGE, "utf8");
  const made = page.replace(
    MARKER,
    (_, marker: string) => `<!-- policy keys: ${marker} -->\n${tableOf(schema, marker)}\n<!-- end -->`,
  );
  if (isWriting) writeFileSync(PAGE, made);
  t.is(readFileSync(PAGE, "utf8"), made);
  t.true([...made.matchAll(MARKER)].length === 3);
});

test("each example of the table takes the paths it names", (t) => {
  const diamond = buildPreset("diamond");
  if (!diamond.ok) throw new Error("no diamond");
  const paths = createPathFinder(diamond.value, { max: 20 })("1-ff00:0:110", "1-ff00:0:120");
  t.is(paths.length, 3);
  const rows = [...readFileSync(PAGE, "utf8").matchAll(/^\| `((?:\{|\w+: )[^`\n]*)` \| ([012 ]*)\| [^|\n]+ \|$/gm)];
  t.true(rows.length >= 15, `${rows.length} rows`);
  for (const [, text = "", numbers = ""] of rows) {
    const policy = readPathPolicyFile(text.replaceAll("\\|", "|"), "row.yaml");
    if (!policy.ok) throw new Error(`${text}: ${policy.error[0]?.message}`);
    const taken = filterPaths(policy.value, paths).map((path) => paths.indexOf(path));
    t.is(taken.join(" "), numbers.trim(), text);
  }
});

test("the files on the page are path policies", (t) => {
  const files = [...readFileSync(PAGE, "utf8").matchAll(/```yaml\n(# path policy\n[^]*?)```/g)];
  t.is(files.length, 2);
  const read = files.map(([, text = ""]) => readPathPolicyFile(text, "file.yaml"));
  t.deepEqual(read, [
    { ok: true, value: { acl: ["- 1-ff00:0:130", "+"], sequence: "0 0 0 0" } },
    {
      ok: true,
      value: {
        options: [
          { weight: 2, policy: { acl: ["- 1-ff00:0:130", "+"] } },
          { weight: 0, policy: { sequence: "0*" } },
        ],
      },
    },
  ]);
});
