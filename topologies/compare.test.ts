/** The `compare` block of scenarios: what it resolves to, and what is wrong with wrong ones. */
import test from "ava";
import type { CompareSpec } from "../core/scenario.ts";
import { policyLabel } from "./compare.ts";
import { resolveScenario } from "./resolve.ts";
import type { Overrides } from "./resolve.ts";
import { scenarioOf, wrong } from "./scenario-testing.ts";

const FLOWS =
  "topology: diamond\nduration: 10s\npolicies: {left: {name: pinned, path: 0}}\nflows:\n" +
  "  - {id: call, app: ping, from: 1-ff00:0:110, to: 1-ff00:0:120}\n" +
  "  - {id: backup, app: bulk, from: 1-ff00:0:110, to: 1-ff00:0:120}\n" +
  "workloads: [{name: web, from: [1-ff00:0:110], to: [1-ff00:0:120, 1-ff00:0:141], flow: {app: ping}}]\n";

function compared(block: string, overrides: Overrides = {}): CompareSpec | undefined {
  const resolved = resolveScenario(`${FLOWS}${block}`, {
    file: "x.yaml",
    readFile: () => ({ ok: false, error: "none" }),
    overrides,
  });
  if (!resolved.ok) throw new Error(resolved.error.map(({ message }) => message).join("\n"));
  return resolved.value.compare;
}

test("a scenario that says nothing of a comparison has none, unless one is asked for", (t) => {
  t.is(scenarioOf(FLOWS).compare, undefined);
  const asked = compared("", { compare: {} });
  t.deepEqual(asked?.policies.map(policyLabel), [
    "shortest",
    "lowest-latency",
    "lowest-rtt",
    "highest-bandwidth",
    "round-robin",
    "oracle",
    "bgp-like",
  ]);
  t.deepEqual([asked?.adoptions, asked?.replications, asked?.baseline], [["one", "all"], 10, null]);
});

test("a block with everything; names of policies and workloads are looked up", (t) => {
  const block =
    "compare: {policies: [shortest, left], adoption: all, replications: 3, baseline: left, background: [backup, web], " +
    "phases: [{name: calm, from: 1s, to: 2s}, {name: rest, from: 2s, to: 10s}]}\n";
  t.deepEqual(compared(block), {
    policies: [
      { name: "shortest", params: {} },
      { name: "pinned", params: { path: 0 } },
    ],
    adoptions: ["all"],
    replications: 3,
    baseline: "pinned:path=0",
    background: ["backup", "web-1", "web-2"],
    phases: [
      { name: "calm", from_ns: 1e9, to_ns: 2e9 },
      { name: "rest", from_ns: 2e9, to_ns: 10e9 },
    ],
  });
});

test("the command line comes before the file; a baseline that it does not compare is dropped", (t) => {
  const block = "compare: {policies: [shortest, left], adoption: all, baseline: left}\n";
  const policies = ["shortest", { name: "pinned", params: { path: 1 } }];
  const given = compared(block, { compare: { policies, adoptions: ["one"], replications: 2 } });
  t.deepEqual(given?.policies.map(policyLabel), ["shortest", "pinned:path=1"]);
  t.deepEqual([given?.adoptions, given?.replications, given?.baseline], [["one"], 2, null]);
});

const mistakes: readonly (readonly [string, RegExp])[] = [
  ["policies: [shortst]", /unknown policy "shortst"/],
  ["policies: []", /compare\.policies: expected at least one policy/],
  [
    "policies: [shortest, shortest]",
    /"shortest" stands there twice, compare\.policies\[0\] and compare\.policies\[1\]/,
  ],
  ["policies: [left, {name: pinned, path: 0}]", /"pinned:path=0" stands there twice/],
  ["policies: [{name: pinned, paht: 1}]", /policy pinned has no parameter "paht"/],
  ["policies: [shortest], baseline: oracle", /compare\.baseline: expected one of the policies compared: shortest/],
  ["replications: 0", /compare\.replications: expected a whole number from 1 to 10000/],
  ["adoption: some", /compare\.adoption: expected one, all or both/],
  ["background: [bakup]", /unknown flow "bakup"/],
  ["background: [call, backup, web]", /compare\.background: expected some flows to measure/],
  ["phases: [{name: a, from: 2s, to: 2s}]", /compare\.phases\[0\]\.to: expected a time after 2s/],
  ["phases: [{name: a, from: 2s, to: 11s}]", /compare\.phases\[0\]\.to: expected at most the run's duration, 10s/],
  ["phases: [{name: a, from: 2s, to: 4s}, {name: b, from: 3s, to: 5s}]", /phases\[1\]\.from: expected at least 4s/],
  ["phases: [{name: a, from: 1s, to: 2s}, {name: a, from: 3s, to: 5s}]", /two phases have the id "a"/],
  ["phases: [{name: all, from: 1s, to: 2s}]", /another name: this one is the whole run's/],
];

for (const [block, says] of mistakes) {
  test(`mistake: ${block}`, (t) => {
    t.regex(wrong(`${FLOWS}compare: {${block}}\n`).join("\n"), says);
  });
}
