/**
 * The report of a comparison: one HTML file that holds everything it shows. It asks nothing of any server, needs no script to be read, and the same
 * comparison always gives the same bytes.
 */
import type { Comparison } from "../../core/comparison.ts";
import { type Child, el, type Markup } from "../charts/markup.ts";
import { chartCss } from "../charts/palette.ts";
import { deliverySection, latencySection, pathsSection } from "./behaviour.ts";
import { limitsSection, methodSection, runSection } from "./method.ts";
import { adoptionText, type Report, reportOf } from "./page.ts";
import { pairedSection, rankingSection } from "./ranking.ts";
import { REPORT_SCRIPT } from "./script.ts";
import { REPORT_CSS } from "./style.ts";
import { dropsSection, networkSection, recoverySection } from "./traffic.ts";
import { verdictSection } from "./verdict.ts";

/** Nothing may be fetched, whatever a name smuggled in. */
const SECURITY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The whole file, for `report.html`. */
export function reportHtml(comparison: Comparison): string {
  const report = reportOf(comparison);
  const title = `Path policies compared: ${comparison.scenario}`;
  const page = el("html", { lang: "en" }, head(title), el("body", {}, ...body(report, title)));
  return `<!DOCTYPE html>\n${page.html}\n`;
}

function head(title: string): Markup {
  return el(
    "head",
    {},
    el("meta", { charset: "utf-8" }),
    el("meta", { "http-equiv": "Content-Security-Policy", content: SECURITY }),
    el("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    el("meta", { name: "color-scheme", content: "light dark" }),
    el("title", {}, title),
    // Style and script are our own texts, never data: they go in as they are.
    el("style", {}, { html: `${chartCss()}\n${REPORT_CSS}` }),
  );
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
