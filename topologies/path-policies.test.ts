/** Path policies in files and scenarios: what is read, and what is said of mistakes. */
import test from "ava";
import fc from "fast-check";
import { readPathPolicyFile } from "./path-policy-file.ts";
import { resolve, scenarioOf, wrong } from "./scenario-testing.ts";
import { flowsWithoutPath } from "./flows.ts";

function read(text: string, name: string | null = null, file = "p.yaml") {
  const policy = readPathPolicyFile(text, file, name);
  return policy.ok
    ? policy.value
    : policy.error.map(
        ({ line, column, message, didYouMean }) =>
          `${line}:${column}: ${message}${didYouMean === undefined ? "" : `; did you mean ${didYouMean}?`}`,
      );
}

test("entries become canonical, attributes of extended policies are filled in", (t) => {
  t.deepEqual(read('acl: ["- 1-FF00:0:0110#0", "+ 0-0"]\nsequence: "0  0*"\n'), {
    acl: ["- 1-ff00:0:110", "+"],
    sequence: "0  0*",
  });
  const nested =
    "extends: [p6]\npolicies:\n  p1: {sequence: '1'}\n  p2: {extends: [p1], acl: ['+']}\n  p3: {sequence: '3', extends: [p2]}\n  p6: {extends: [p3]}\n";
  t.deepEqual(read(nested), { acl: ["+"], sequence: "3" });
  t.deepEqual(read("extends: [a, b]\npolicies: {a: {sequence: '1', acl: ['-']}, b: {sequence: '2'}}\n"), {
    acl: ["-"],
    sequence: "2",
  });
  t.deepEqual(read("remote_isd_ases: [{isd_as: 1-0, reject: true}, {isd_as: 0-0}]\nlocal_isd_ases: [64-123]\n"), {
    local_isd_ases: ["64-123"],
    remote_isd_ases: [
      { isd_as: "1-0", reject: true },
      { isd_as: "0-0", reject: false },
    ],
  });
  t.deepEqual(read("{}"), {});
});

test("JSON, several policies by name, and which of them is used", (t) => {
  const byName = '{"a": {"extends": ["b"]}, "b": {"acl": ["+ 42", "-"]}, "c": {"extends": ["a"], "sequence": "0*"}}';
  t.deepEqual(read(byName, null, "p.json"), { acl: ["+ 42", "-"], sequence: "0*" });
  t.deepEqual(read(byName, "b", "p.json"), { acl: ["+ 42", "-"] });
  t.deepEqual(read("- a: {sequence: '1'}\n- b: {sequence: '2'}\n"), [
    "1:1: the file holds several policies that no other extends: choose #a or #b behind the file's name",
  ]);
  t.deepEqual(read(byName, "d", "p.json"), ['1:1: the file has no path policy "d": expected a, b or c']);
  t.deepEqual(read("sequence: '1'\npolicies: {inner: {sequence: '2'}}\n", "inner"), { sequence: "2" });
});

const MISTAKES: readonly (readonly [what: string, text: string, says: readonly string[]])[] = [
  ["empty", "", ["1:1: the file is empty"]],
  ["a text", "acl\n", ['1:1: expected a path policy: {acl, sequence, ...}, found "acl"']],
  ["unknown key", "seqence: '0'\n", ['1:1: unknown key "seqence"; did you mean sequence?']],
  [
    "column within a quoted text",
    "acl:\n  - '- 1-ff00:0:110#x'\n  - '+'\n",
    ['2:21: acl[0], column 16: expected an interface id from 0 to 65535, found "x"'],
  ],
  [
    "column within a plain text",
    "sequence: 0* ! 1\n",
    [
      '1:14: sequence, column 4: expected a hop such as 1-ff00:0:110#41, or "(", an operator (? + * |) or the end, found "!"',
    ],
  ],
  [
    "a text that is written otherwise",
    'sequence: "0\\u0020!"\n',
    [
      '1:11: sequence, column 3: expected a hop such as 1-ff00:0:110#41, or "(", an operator (? + * |) or the end, found "!"',
    ],
  ],
  [
    "no quotes",
    "sequence: 0\n",
    ['1:11: sequence: expected a sequence of hops in quotes such as "0* 1-ff00:0:110#41 0*", found 0'],
  ],
  [
    "a list in a list",
    "acl:\n  - - 1\n",
    ['2:5: acl[0]: expected an entry in quotes such as "- 1-ff00:0:110#41", found a list'],
  ],
  ["empty list", "acl: []\n", ['1:6: acl: expected a last entry that matches everything, "+" or "-", found no entry']],
  [
    "no last entry",
    "acl: ['+ 42']\n",
    ['1:7: acl[0]: expected a last entry that matches everything, "+" or "-", found "+ 42"'],
  ],
  [
    "early last entry",
    "acl: ['+ 42', '-', '+ 27', '- 30']\n",
    ['1:20: acl[2]: expected nothing behind the entry that matches everything, found 2 more behind "-"'],
  ],
  [
    "wildcard that cannot match",
    "local_isd_ases: [1-0]\n",
    ['1:18: local_isd_ases[0]: expected an ISD-AS number without 0, which is a wildcard, found "1-0"'],
  ],
  [
    "rules",
    "remote_isd_ases: [{isd_as: x}, {}]\n",
    [
      '1:28: remote_isd_ases[0].isd_as: expected an ISD-AS number such as 1-ff00:0:110, found "x"',
      "1:32: remote_isd_ases[1].isd_as is missing",
    ],
  ],
  [
    "unknown name",
    "extends: [short, sort]\npolicies: {short: {}}\n",
    ['1:18: unknown path policy "sort": expected short; did you mean short?'],
  ],
  ["unknown name, none there", "extends: [a]\n", ['1:11: unknown path policy "a": there are none']],
  [
    "round",
    "extends: [a]\npolicies:\n  a: {extends: [b]}\n  b: {options: [{policy: {extends: [a]}}]}\n",
    ["4:37: policies.b.options[0].policy.extends[0]: a policy that extends itself: a, b, a"],
  ],
  [
    "options",
    "options: [{weight: 1.5, policy: {}}, {weight: 1}, {policy: {sequence: '('}}]\n",
    [
      "1:20: options[0].weight: expected a whole number, found 1.5",
      "1:38: options[1].policy is missing",
      '1:73: options[2].policy.sequence, column 2: expected a hop such as 1-ff00:0:110#41, or "(", found the end',
    ],
  ],
  ["two of one name", "- a: {}\n- a: {}\n", ['2:3: two path policies have the name "a"']],
];

for (const [what, text, says] of MISTAKES) {
  test(`mistake: ${what}`, (t) => {
    t.deepEqual(read(text), says as string[]);
  });
}

test("options that multiply are counted before they are written out", (t) => {
  const levels = Array.from(
    { length: 60 },
    (_, at) => `  p${at}: {options: [{policy: {extends: [p${at + 1}]}}, {policy: {extends: [p${at + 1}]}}]}\n`,
  );
  const said = read(`extends: [p0]\npolicies:\n${levels.join("")}  p60: {acl: ['+']}\n`);
  t.true(Array.isArray(said));
  t.regex(String(said), /holds more than 1000 options, those of options included/);
});

test("a list without a policy is told", (t) => {
  for (const [text, file] of [
    ["[]", "p.yaml"],
    ["- {}", "p.yaml"],
    ["[{}]", "p.json"],
  ] as const) {
    const policy = readPathPolicyFile(text, file);
    t.deepEqual(policy.ok ? [] : policy.error.map(({ message }) => message), [
      "the file holds no path policy: it is an empty list",
    ]);
  }
});

test("no text throws", (t) => {
  const words = fc.constantFrom(
    "acl",
    "sequence",
    "extends",
    "options",
    "policies",
    "policy",
    ": ",
    "- ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "+",
    "0",
    "1-1#1",
    "*",
    "a",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 25 }), fc.constantFrom("p.yaml", "p.json"), (parts, file) => {
      const policy = readPathPolicyFile(parts.join(""), file);
      t.true(policy.ok || policy.error.length > 0);
    }),
    { numRuns: 500 },
  );
});

const FLOW = "{app: ping, from: 1-ff00:0:110, to: 1-ff00:0:120";
const SCENARIO = `topology: diamond\nduration: 1s\npath_policies:\n  a: {acl: ['- 1-ff00:0:130', '+']}\n  never: {extends: [a], sequence: '9'}\n`;

test("flows have the path policy they name, else the scenario's", (t) => {
  const { flows } = scenarioOf(
    `${SCENARIO}path_policy: a\nflows: [${FLOW}}, ${FLOW}, path_policy: none}, ${FLOW}, path_policy: never}]\nworkloads: [{name: w, from: [1-ff00:0:110], to: [1-ff00:0:120], pairs: all, flow: {app: ping, path_policy: a}}]\n`,
  );
  const acl = ["- 1-ff00:0:130", "+"];
  t.deepEqual(
    flows.map(({ path_policy }) => path_policy),
    [{ acl }, undefined, { acl, sequence: "9" }, { acl }],
  );
});

test("a flow that is left without a path is no mistake, and is found", (t) => {
  const scenario = scenarioOf(`${SCENARIO}flows: [${FLOW}, path_policy: a}, ${FLOW}, path_policy: never}]\n`);
  t.deepEqual(
    flowsWithoutPath(scenario).map(({ id }) => id),
    ["flow-2"],
  );
});

test("a pin is a position among the paths offered", (t) => {
  const pinned = (path: number): string =>
    `${SCENARIO}path_policy: a\npolicy: {name: pinned, path: ${path}}\nflows: [${FLOW}}]\n`;
  t.deepEqual(wrong(pinned(1)), []);
  t.deepEqual(wrong(pinned(2)), [
    "policy.path: expected a path of flow-1: a number from 0 to 1, or a fingerprint, found 2",
  ]);
});

test("mistakes in scenarios", (t) => {
  const flows = `flows: [${FLOW}}]\n`;
  t.deepEqual(wrong(`${SCENARIO}path_policy: b\n${flows}`), [
    'path_policy: unknown path policy "b": expected a, never or none, as path_policies names them',
  ]);
  t.deepEqual(wrong(`${SCENARIO}  none: {}\n${flows}`), [
    '"none" stands for no path policy and cannot be the name of one',
  ]);
  t.deepEqual(wrong(`${SCENARIO}  b: {file: gone.yaml}\n${flows}`), [
    "cannot read the file of the path policy: gone.yaml: no such file",
  ]);
  const ofFile = resolve(`${SCENARIO}  b: {file: words.txt}\n${flows}`);
  t.like(ofFile.ok ? {} : ofFile.error[0], { file: "words.txt", line: 1 });
  // What extends a broken policy is not blamed for it.
  t.deepEqual(wrong(`${SCENARIO}  b: {sequence: '|'}\n  c: {extends: [b]}\npath_policy: c\n${flows}`), [
    'path_policies.b.sequence, column 1: expected a hop such as 1-ff00:0:110#41, or "(", found "|"',
  ]);
});
