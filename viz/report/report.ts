/**
 * The report of a comparison: one HTML file that holds everything it shows. It asks nothing of any server, needs no script to be read, and the same
 * comparison always gives the same bytes.
 */
import type { Comparison } from "../../core/comparison.ts";
import { type Child, el, type Markup } from "../charts/markup.ts";
import { deliverySection, latencySection, pathsSection } from "./behaviour.ts";
import { limitsSection, methodSection, runSection } from "./method.ts";
import { pageHtml } from "./document.ts";
import { adoptionText, type Report, reportOf } from "./page.ts";
import { pairedSection, rankingSection } from "./ranking.ts";
import { REPORT_SCRIPT } from "./script.ts";
import { dropsSection, networkSection, recoverySection } from "./traffic.ts";
import { verdictSection } from "./verdict.ts";

/** The whole file, for `report.html`. */
export function reportHtml(comparison: Comparison): string {
  const report = reportOf(comparison);
  const title = `Path policies compared: ${comparison.scenario}`;
  return pageHtml(title, body(report, title));
}

function body(report: Report, title: string): Child[] {
  const { comparison } = report;
  const { replications, policies, adoptions } = comparison;
  const names = new Set(policies.map(({ policy }) => policy));
  const lead = `${names.size} policies, ${adoptions.length} ${adoptions.length === 1 ? "adoption" : "adoptions"}, ${replications} ${replications === 1 ? "replication" : "replications"} with the same seeds for each`;
  return [
    el("header", {}, el("h1", {}, title), el("p", { class: "lead" }, lead), contents(report)),
    el(
      "main",
      {},
      controls(report),
      runSection(report),
      verdictSection(report),
      rankingSection(report),
      pairedSection(report),
      latencySection(report),
      deliverySection(report),
      pathsSection(report),
      networkSection(report),
      dropsSection(report),
      recoverySection(report),
      methodSection(report),
      limitsSection(report),
    ),
    el("footer", {}, `Made by Pathloom${versionText(comparison)}. Digest `, el("code", {}, comparison.digest), "."),
    el("script", {}, { html: REPORT_SCRIPT }),
  ];
}

function versionText({ manifest }: Comparison): string {
  const version = manifest["pathloom"];
  return typeof version === "string" ? ` ${version}` : "";
}

const CONTENTS: readonly (readonly [id: string, title: string])[] = [
  ["run", "What was run"],
  ["verdict", "Verdict"],
  ["ranking", "Ranking"],
  ["paired", "Paired differences"],
  ["latency", "Latency"],
  ["delivery", "Delivery over time"],
  ["paths", "Paths used"],
  ["network", "Network load"],
  ["drops", "Drops"],
  ["recovery", "Recovery"],
  ["method", "Method"],
  ["limits", "Limits"],
];

function contents({ comparison }: Report): Markup {
  const hasRecovery = comparison.metrics.some(({ name }) => name === "recovery_s");
  const shown = CONTENTS.filter(([id]) => id !== "recovery" || hasRecovery);
  return el(
    "nav",
    { "aria-label": "Contents" },
    el(
      "ul",
      {},
      shown.map(([id, title]) => el("li", {}, el("a", { href: `#${id}` }, title))),
    ),
  );
}

/** Shown by the script, which alone can act on them. */
function controls({ comparison, policies }: Report): Markup {
  const select = (
    name: string,
    label: string,
    first: string,
    options: readonly (readonly [string, string])[],
  ): Markup =>
    el(
      "label",
      {},
      label,
      el(
        "select",
        { name },
        el("option", { value: "" }, first),
        options.map(([value, text]) => el("option", { value }, text)),
      ),
    );
  return el(
    "form",
    { id: "controls", class: "controls", hidden: "", "aria-label": "What is shown" },
    select(
      "adoption",
      "Adoption",
      "both",
      comparison.adoptions.map((adoption) => [adoption, adoptionText(adoption)]),
    ),
    select(
      "policy",
      "Highlight policy",
      "none",
      policies.map((policy) => [policy, policy]),
    ),
    select(
      "phase",
      "Open phase",
      "none",
      comparison.phases.map(({ name }) => [name, name]),
    ),
    el("span", { id: "said", role: "status" }),
  );
}
