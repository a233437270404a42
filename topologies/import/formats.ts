/** The formats of topologies, and how one is told from another. */
import type { Network } from "../../core/scenario.ts";

/** Formats by the name that `--from` takes. */
export const FORMATS = ["yaml", "topo", "topology-json", "graphml", "as-rel", "json"] as const;
export type Format = (typeof FORMATS)[number];

/** An imported network, and what became of what it cannot hold. */
export interface Imported {
  readonly network: Network;
  readonly format: Format;
  /** Each a sentence. */
  readonly warnings: readonly string[];
}

const EXTENSIONS: readonly (readonly [pattern: RegExp, format: Format])[] = [
  [/\.topo$/i, "topo"],
  [/\.(graphml|xml)$/i, "graphml"],
];

/** Characters of a text that tell its format. */
const HEAD = 65_536;

/** By extension where that is plain, else by what the text begins with or holds. */
export function detectFormat(path: string, text: string): Format {
  const known = EXTENSIONS.find(([pattern]) => pattern.test(path));
  if (known !== undefined) return known[1];
  const head = text.slice(0, HEAD).replace(/^\ufeff/, "");
  if (/^\s*</.test(head)) return "graphml";
  if (/^\s*\{/.test(head) && (/\.json$/i.test(path) || !/\.ya?ml$/i.test(path))) {
    return /"border_routers"|"isd_as"/.test(head) ? "topology-json" : "json";
  }
  if (/\.json$/i.test(path)) return "json";
  if (/^ASes[ \t]*:/m.test(head)) return "topo";
  return /^\d+\|\d+\|/m.test(head) || /\.as-rel2?(\.txt)?$|\.rel\.txt$/i.test(path) ? "as-rel" : "yaml";
}
