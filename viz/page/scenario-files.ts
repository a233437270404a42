/** Files that a scenario names, from those that came along with it. */
import type { Result } from "../../core/result.ts";
import type { TopologySource } from "../../topologies/import/source.ts";
import { closest } from "../../topologies/suggest.ts";
import type { ReadFile } from "../../topologies/yaml.ts";

export type Files = Readonly<Record<string, string>>;

export function readFileFrom(files: Files): ReadFile {
  return (path) => {
    const found = Object.entries(files).find(([name]) => plain(name) === plain(path));
    return found === undefined ? { ok: false, error: missing(files, path) } : { ok: true, value: found[1] };
  };
}

/** A file, or a folder: every JSON file below it. `net.topo` has its static info beside it. */
export function readTopologyFrom(files: Files): (path: string) => Result<TopologySource, string> {
  const readFile = readFileFrom(files);
  return (path) => {
    const text = readFile(path);
    if (text.ok) {
      const source = { path, text: text.value };
      const staticInfo = staticInfoBeside(files, path);
      return { ok: true, value: { path, folder: false, files: [source], staticInfo } };
    }
    const prefix = `${plain(path).replace(/\/$/, "")}/`;
    const below = Object.keys(files)
      .filter((name) => plain(name).startsWith(prefix) && name.endsWith(".json"))
      .sort();
    if (below.length === 0) return text;
    const sources = below.map((name) => ({ path: name, text: files[name] ?? "" }));
    return { ok: true, value: { path, folder: true, files: sources, staticInfo: null } };
  };
}

function staticInfoBeside(files: Files, path: string): TopologySource["staticInfo"] {
  if (!path.endsWith(".topo")) return null;
  const stem = plain(path).slice(0, -".topo".length);
  const beside = [`${stem}.staticinfo.yml`, `${stem}.staticinfo.yaml`];
  const name = Object.keys(files).find((one) => beside.includes(plain(one)));
  return name === undefined ? null : { path: name, text: files[name] ?? "" };
}

function plain(path: string): string {
  return path.replace(/^(\.\/)+/, "");
}

function missing(files: Files, path: string): string {
  const near = closest(path, Object.keys(files));
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  return `${path} is not among the files that came with the scenario: open them together${hint}`;
}
