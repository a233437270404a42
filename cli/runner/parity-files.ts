/** The files that a comparison of worlds leaves. */
import { canonicalJson } from "../../core/canonical.ts";
import type { Parity } from "../../core/parity.ts";
import type { Scenario } from "../../core/scenario.ts";
import { parityHtml } from "../../viz/parity/parity-page.ts";

/** By name. */
export function parityFiles(parity: Parity, scenario: Scenario): Readonly<Record<string, string>> {
  return {
    "parity.html": parityHtml(parity),
    "parity.json": `${JSON.stringify(parity, null, 2)}\n`,
    "scenario.json": `${canonicalJson(scenario)}\n`,
    "manifest.json": `${JSON.stringify(parity.manifest, null, 2)}\n`,
  };
}
