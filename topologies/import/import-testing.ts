/** Imports of texts, for tests. */
import { formatInterface } from "../../core/address.ts";
import type { Network } from "../../core/scenario.ts";
import type { Imported } from "./formats.ts";
import { importTopology } from "./import.ts";
import { IMPORT_DEFAULTS, type ImportOptions } from "./options.ts";
import type { SourceFile, TopologySource } from "./source.ts";

export function fileSource(path: string, text: string, staticInfo: string | null = null): TopologySource {
  const info = staticInfo === null ? null : { path: "static.yml", text: staticInfo };
  return { path, folder: false, files: [{ path, text }], staticInfo: info };
}

export function folderSource(files: readonly SourceFile[]): TopologySource {
  return { path: "gen", folder: true, files, staticInfo: null };
}

export function importedFrom(source: TopologySource, options: Partial<ImportOptions> = {}): Imported {
  const imported = importTopology(source, { ...IMPORT_DEFAULTS, ...options });
  if (imported.ok) return imported.value;
  throw new Error(imported.error.map(({ file, line, message }) => `${file}:${line}: ${message}`).join("\n"));
}

/** `file:line:column message [suggestion]` for each problem. */
export function problemsOf(source: TopologySource, options: Partial<ImportOptions> = {}): string[] {
  const imported = importTopology(source, { ...IMPORT_DEFAULTS, ...options });
  if (imported.ok) return [];
  return imported.error.map(({ file, line, column, message, didYouMean }) =>
    [`${file}:${line}:${column}`, message, ...(didYouMean === undefined ? [] : [`[${didYouMean}]`])].join(" "),
  );
}

/** `a type b` for each link. */
export function linksOf({ links }: Network): string[] {
  return links.map(({ a, b, type }) => `${formatInterface(a.ia, a.ifId)} ${type} ${formatInterface(b.ia, b.ifId)}`);
}

export function countsOf({ ases, links }: Network): Record<string, number> {
  const ofType = (wanted: string): number => links.filter(({ type }) => type === wanted).length;
  const cores = ases.filter(({ core }) => core).length;
  return {
    ases: ases.length,
    cores,
    links: links.length,
    core: ofType("core"),
    child: ofType("child"),
    peer: ofType("peer"),
  };
}
