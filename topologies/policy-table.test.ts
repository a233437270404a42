/** The table of policies: the same as what runs, and as docs/policies.md says. `npm run docs` writes that. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { BUILTIN_POLICIES } from "../actors/selectors/builtin.ts";
import { pathOf } from "../actors/selectors/contract-testing.ts";
import { checkParameters, parsePolicy } from "./policies.ts";
import { POLICIES } from "./policy-table.ts";

const PAGE = join(import.meta.dirname, "../docs/policies.md");
const TABLES = /<!-- policies -->\n[^]*?<!-- end -->/;

const cell = (text: string): string => text.replaceAll("|", "\\|");

function tables(): string {
  const rows = [...POLICIES].map(([name, { description, source, observes }]) => {
    const costs = [
      ...(observes.includes("probes") ? ["(160 + 16 s + 24 h) / interval"] : []),
      ...(observes.includes("reports") ? ["reports"] : []),
    ];
    const cost = costs.length === 0 ? "none" : costs.join(", ");
    const seen = observes.length === 0 ? "" : observes.join(", ");
    return `| ${[`\`${name}\``, description, seen, cost, source].map(cell).join(" | ")} |`;
  });
  const parameters = [...POLICIES].flatMap(([name, policy]) =>
    Object.entries(policy.parameters).map(([parameter, { expected, description, byDefault }]) => {
      const shown = byDefault === null ? "" : `\`${byDefault}\``;
      return `| ${[`\`${name}\``, `\`${parameter}\``, shown, expected, description].map(cell).join(" | ")} |`;
    }),
  );
  return [
    "<!-- policies -->",
    "| policy | what it chooses | observes | probe bytes a second and path | source |",
    "|---|---|---|---|---|",
    ...rows,
    "",
    "| policy | parameter | default | what may stand there | meaning |",
    "|---|---|---|---|---|",
    ...parameters,
    "<!-- end -->",
  ].join("\n");
}

test("docs/policies.md is what the table says", (t) => {
  const page = readFileSync(PAGE, "utf8");
  const made = page.replace(TABLES, () => tables());
  if (process.env["PATHLOOM_WRITE_DOCS"] === "1") writeFileSync(PAGE, made);
  t.is(readFileSync(PAGE, "utf8"), made);
  t.true(made.includes("| `oracle` |"));
});

test("every policy that runs has its row, with what it observes, and the other way round", (t) => {
  const running = BUILTIN_POLICIES.map(({ name, observes = [] }) => `${name}: ${observes.join()}`);
  const told = [...POLICIES].map(([name, { observes }]) => `${name}: ${observes.join()}`);
  t.deepEqual(told.toSorted(), running.toSorted());
});

test("every default may stand where it is the default, and the policy takes it", (t) => {
  for (const policy of BUILTIN_POLICIES) {
    const parameters = Object.entries(POLICIES.get(policy.name)?.parameters ?? {});
    const given = parameters.flatMap(([name, { byDefault }]) =>
      byDefault === null ? [] : [[name, byDefault] as const],
    );
    const params = Object.fromEntries(given);
    t.deepEqual(checkParameters({ name: policy.name, params }), []);
    t.deepEqual(policy.init(params, [pathOf(0)], { hash: 0 }), policy.init({}, [pathOf(0)], { hash: 0 }));
  }
});

const taken: readonly string[] = [
  "lowest-rtt:margin=0ms,share=0.1,interval=1.5s,timeout=2s",
  "weighted:weights=3+1",
  "weighted:weights=0.5",
  "weighted:weights=latency",
  "geofence:allow=1+2-ff00:0:210,deny=3,metric=lowest-cost",
  "geofence:allow=1",
  "pinned:path=2",
  "pinned:path=00000000000000ff",
  "pinned:path=1234567890123456",
  "bgp-like:convergence=3min",
  "most-disjoint:k=3,by=ases",
];

for (const text of taken) {
  test(`taken: ${text}`, (t) => {
    const policy = parsePolicy(text);
    t.deepEqual(checkParameters(policy), []);
    const offered = [pathOf(0), pathOf(1), pathOf(2), pathOf(0xff), pathOf(3, { fingerprint: "1234567890123456" })];
    t.notThrows(() =>
      BUILTIN_POLICIES.find(({ name }) => name === policy.name)?.init(policy.params, offered, { hash: 0 }),
    );
  });
}

const refused: readonly (readonly [text: string, says: RegExp])[] = [
  ["lowest-rtt:margn=5ms", /policy lowest-rtt has no parameter "margn": expected interval, timeout, margin or share/],
  ["shortest:path=1", /policy shortest has no parameter "path": expected no parameters/],
  ["lowest-rtt:margin=5", /margin: expected a duration such as 5ms, found 5/],
  ["lowest-rtt:interval=0.1ms", /interval: expected a duration such as 500ms, at least 1ms, found "0.1ms"/],
  ["lowest-rtt:interval=5parsec", /interval: expected a duration/],
  ["epsilon-greedy:epsilon=1.5", /epsilon: expected a number from 0 to 1, found 1.5/],
  ["most-disjoint:k=2.5", /k: expected a whole number from 1 to 50, found 2.5/],
  ["most-disjoint:by=countries", /by: expected one of links, ases, found "countries"/],
  [
    "weighted:weights=0+0",
    /weights: expected bandwidth, equal, latency, or numbers between \+ signs, such as 3\+1, found "0\+0"/,
  ],
  ["weighted:weights=3+x", /weights: expected/],
  ["geofence:allow=0", /allow: expected ISDs and ASes between \+ signs/],
  ["geofence:deny=1-0", /deny: expected ISDs and ASes/],
  ["geofence:deny=70000", /deny: expected ISDs and ASes/],
  ["geofence:allow", /allow: expected ISDs and ASes between \+ signs, such as 1\+2-ff00:0:210, found ""/],
  ["pinned:path=-1", /path: expected a path's number from 0, or its fingerprint/],
];

for (const [text, says] of refused) {
  test(`refused: ${text}`, (t) => {
    const policy = parsePolicy(text);
    t.regex(
      checkParameters(policy)
        .map(({ message }) => message)
        .join("\n"),
      says,
    );
    const running = BUILTIN_POLICIES.find(({ name }) => name === policy.name);
    const error = t.throws(() => running?.init(policy.params, [pathOf(0)], { hash: 0 }));
    t.regex(error?.message ?? "", new RegExp(`^policy ${policy.name}[^\n]+$`));
  });
}

test("a name alone and a file have no parameters", (t) => {
  t.deepEqual(parsePolicy("ucb1"), { name: "ucb1", params: {} });
  t.deepEqual(parsePolicy("./mine:1.ts"), { name: "./mine:1.ts", params: {} });
  t.deepEqual(parsePolicy("left:path=true,x=0.5"), { name: "left", params: { path: true, x: 0.5 } });
});
