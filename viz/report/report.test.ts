/** The report as a file: well-formed, complete, the same each time, and its words are those of the figures. */
import test from "ava";
import { SaxesParser } from "saxes";
import { WHOLE_RUN } from "../../core/comparison.ts";
import { fixtureComparison } from "./fixture-testing.ts";
import { reportHtml } from "./report.ts";
import { flipOf, headlinesOf, indexPairs, leadersOf, standingOf } from "./standing.ts";

const comparison = fixtureComparison();
const html = reportHtml(comparison);
const HOSTILE = `</title></script><script>alert(1)</script>"'&`;

/** Counts of elements by name; throws where the page is not well-formed. Style and script are left out: their text is not markup. */
function elements(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1));
  parser.write(text.replaceAll(/<(style|script)>.*?<\/\1>/gs, "<$1></$1>")).close();
  return counts;
}

function plainText(text: string): string {
  return text
    .replaceAll(/<(style|script)>.*?<\/\1>/gs, "")
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll("\u00a0", " ");
}

test("well-formed, one main, a caption for every table, a title for every chart", (t) => {
  const counts = elements(html);
  t.is(counts.get("main"), 1);
  t.is(counts.get("h1"), 1);
  t.is(counts.get("caption"), counts.get("table"));
  t.is(counts.get("figcaption"), counts.get("figure"));
  t.is(counts.get("desc"), html.split('role="img"').length - 1);
  t.is(counts.get("script"), 1);
});

test("the same comparison gives the same bytes, below 1.5 MB, that name no server", (t) => {
  t.is(reportHtml(fixtureComparison()), html);
  t.true(Buffer.byteLength(html) < 1_500_000, `${Buffer.byteLength(html)} bytes`);
  t.notRegex(html, /https?:|\/\/[a-z]|<link|<iframe|<img|@import|url\(/i);
  t.notRegex(html, /NaN|undefined|Infinity/);
});

test("names from files stay text", (t) => {
  const named = fixtureComparison({ policies: ["shortest", HOSTILE] });
  const ases = named.network.ases.map((as) => ({ ...as, label: HOSTILE }));
  const hostile = {
    ...named,
    scenario: HOSTILE,
    file: HOSTILE,
    repeat: HOSTILE,
    notes: [HOSTILE],
    manifest: { [HOSTILE]: HOSTILE },
    network: { ...named.network, name: HOSTILE, ases },
  };
  const text = reportHtml(hostile);
  t.is(elements(text).get("script"), 1);
  t.false(text.includes(HOSTILE));
});

test("one replication, one adoption, no phases, no pairs, no values: said, not failed", (t) => {
  const one = fixtureComparison({ replications: 1, adoptions: ["all"] });
  const bare = {
    ...one,
    paired: [],
    phases: [],
    faults: [],
    pairs: [],
    network: { name: "none", ases: [], links: [] },
  };
  const policies = bare.policies.map((outcome) => ({
    ...outcome,
    phases: {},
    curves: { ...outcome.curves, sent: [], delivered: [], latency: [], paths: [], links: [], drops: {} },
  }));
  for (const given of [one, bare, { ...bare, policies }, { ...bare, policies: [] }]) {
    const text = reportHtml(given);
    elements(text);
    t.notRegex(text, /NaN|undefined|Infinity/);
    t.true(plainText(text).includes("There is one replication: no intervals and no tests"));
  }
});

test("the verdict's words follow from the tests", (t) => {
  const pairs = indexPairs(comparison);
  const [metric] = headlinesOf(comparison);
  if (metric === undefined) throw new Error("no metric");
  const one = standingOf(comparison, pairs, "one", WHOLE_RUN, metric);
  const all = standingOf(comparison, pairs, "all", WHOLE_RUN, metric);
  t.false(one.order.includes("oracle"));
  t.is(one.marks.get("oracle"), "bound");
  t.deepEqual([one.order[0], all.order[0]], ["highest-bandwidth", "round-robin"]);
  t.deepEqual([flipOf(one, all).kind, flipOf(one, one).kind, flipOf(one, one).turned], ["flip", "same", 0]);
  const text = plainText(html);
  t.regex(text, /Adoption turns the order round in 4 of 4 metrics/);
  t.regex(
    text,
    /with one adopter highest-bandwidth is best; when all adopt it is number 6 of 7, and round-robin is best/,
  );
  t.true(leadersOf(all).every((policy) => text.includes(policy)));
});

test("tests against another policy than the best leave the best untested", (t) => {
  const against = fixtureComparison({ baseline: "shortest" });
  const [metric] = headlinesOf(against);
  if (metric === undefined) throw new Error("no metric");
  const standing = standingOf(against, indexPairs(against), "one", WHOLE_RUN, metric);
  t.is(standing.marks.get("highest-bandwidth"), "best");
  t.is(standing.marks.get("shortest"), "worse");
  t.is(standing.marks.get("round-robin"), "untested");
});
