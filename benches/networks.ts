/** Large networks that benchmarks share. */
import { existsSync, readFileSync } from "node:fs";
import type { Network } from "../core/scenario.ts";
import { importTopology } from "../topologies/import/import.ts";
import { IMPORT_DEFAULTS } from "../topologies/import/options.ts";
import { buildPreset } from "../topologies/presets.ts";

const INTERNET = "../shared/data/topologies/as-level/internet-2327as.rel.txt";

/** The preset `internet`. */
export function generatedInternet(ases: number): Network {
  const built = buildPreset("internet", { ases });
  if (!built.ok) throw new Error(built.error[0]?.message);
  return built.value;
}

/** An Internet of 2,327 ASes, 20 of them core; null where its file is not at hand. */
export function importedInternet(): Network | null {
  if (!existsSync(INTERNET)) return null;
  const file = { path: INTERNET, text: readFileSync(INTERNET, "utf8") };
  const read = importTopology(
    { path: INTERNET, folder: false, files: [file], staticInfo: null },
    IMPORT_DEFAULTS,
    null,
  );
  if (!read.ok) throw new Error(read.error[0]?.message);
  return read.value.network;
}
