/** Any topology, in any format, to a network. Pure: the caller reads the files. No input makes it throw. */
import { err, ok, type Result } from "../../core/result.ts";
import { type Problem, withSources } from "../problems.ts";
import type { ReadFile } from "../yaml.ts";
import { resolveTopology } from "../resolve-topology.ts";
import { importAsRel } from "./as-rel.ts";
import { detectFormat, type Format, type Imported } from "./formats.ts";
import { importGraphml } from "./graphml.ts";
import { importNetworkJson } from "./network-json.ts";
import { IMPORT_DEFAULTS, type ImportOptions } from "./options.ts";
import { checkText, type SourceFile, type TopologySource } from "./source.ts";
import { importTopo } from "./topo.ts";
import { importTopologyJson } from "./topology-json.ts";

/** `from`: the format, where it should not be told from the text. */
export function importTopology(
  source: TopologySource,
  options: ImportOptions = IMPORT_DEFAULTS,
  from: Format | null = null,
): Result<Imported, readonly Problem[]> {
  const [file] = source.files;
  const title = titleOf(source.path);
  if (source.folder) return importTopologyJson(source.files, title);
  if (file === undefined) return refuse(source.path, "there is no file to read", "a topology");
  const format = from ?? detectFormat(file.path, file.text);
  if (source.staticInfo !== null && format !== "topo") {
    return refuse(source.path, "static info goes with a .topo file only", "a .topo file");
  }
  switch (format) {
    case "topo":
      return importTopo(file, title, source.staticInfo);
    case "topology-json":
      return importTopologyJson([file], title);
    case "graphml":
      return importGraphml(file, title, options);
    case "as-rel":
      return importAsRel(file, title, options);
    case "json":
      return importNetworkJson(file);
    case "yaml":
      return importYaml(file, from === "yaml", source.readFile);
  }
}

/** `certain`: somebody said that this is YAML; else its name or a key in it must tell. */
function importYaml(file: SourceFile, certain: boolean, readFile?: ReadFile): Result<Imported, readonly Problem[]> {
  const checked = checkText(file, "a topology in YAML");
  if (!checked.ok) return checked;
  const { path, text } = checked.value;
  if (!certain && !/\.ya?ml$/i.test(path) && !/^\s*["']?[a-z_]+["']?[ \t]*:(\s|$)/m.test(text)) {
    const expected = "YAML, JSON, a SCION .topo, GraphML or a list of AS relationships (A|B|relation)";
    return refuse(path, `this file is no topology in a known format: expected ${expected}`, expected);
  }
  const network = resolveTopology(text, { file: path, ...(readFile === undefined ? {} : { readFile }) });
  return network.ok
    ? ok({ network: network.value, format: "yaml", warnings: [] })
    : err(withSources(network.error, text));
}

function refuse(path: string, message: string, expected: string): Result<Imported, readonly Problem[]> {
  return err([{ file: path, line: 1, column: 1, message, expected, found: path, source: "" }]);
}

/** The name of a file or folder without what is before it and its extensions. */
function titleOf(path: string): string {
  const [base = path] = path
    .split(/[\\/]/)
    .filter((part) => part !== "" && part !== ".")
    .slice(-1);
  const title = base.replace(/(\.(ya?ml|topo|graphml|xml|json|rel|as-rel2?|txt))+$/i, "");
  return title === "" ? base : title;
}
