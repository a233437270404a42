/** A scenario as the explorer's page opens it: its text, and every file it names, by the name it uses. */
import { basename, relative } from "node:path";
import * as Effect from "effect/Effect";
import type { Result } from "../../core/result.ts";
import { isPolicyFile } from "../../topologies/policies.ts";
import { resolveScenario } from "../../topologies/resolve.ts";
import type { TopologySource } from "../../topologies/import/source.ts";
import type { Opening } from "../../viz/page/protocol.ts";
import { InputError } from "../errors.ts";
import { besides, readNamed } from "./load.ts";
import { problemText } from "./problem-text.ts";
import { readTopologySource } from "./topology-sources.ts";

/** Fails where the file cannot be read, has problems, or names path policies in files: their code cannot run in the page. */
export const readOpening = Effect.fnUntraced(function* (file: string) {
  const text = readNamed(file, []);
  if (!text.ok) return yield* new InputError({ message: `scenario ${file}: ${text.error}` });
  const files: Record<string, string> = {};
  const readFile = (path: string): Result<string, string> => keep(files, path, readNamed(besides(file, path), []));
  const readTopology = (path: string): Result<TopologySource, string> => {
    const source = readTopologySource(besides(file, path), null, []);
    if (source.ok) keepTopology(files, path, besides(file, path), source.value);
    return source;
  };
  const resolved = resolveScenario(text.value, { file, readFile, readTopology });
  if (!resolved.ok) return yield* new InputError({ message: problemText(text.value, resolved.error) });
  const { flows, name } = resolved.value;
  const own = [...new Set(flows.map(({ policy }) => policy.name).filter(isPolicyFile))];
  if (own.length > 0) {
    const message = `scenario ${file}: the page cannot run path policies of your own (${own.join(", ")}): it loads no code. Name one that ships with Pathloom for the explorer; pathloom run ${file} runs yours`;
    return yield* new InputError({ message });
  }
  const opening: Opening = {
    kind: "scenario",
    file: basename(file),
    text: text.value,
    files,
    overrides: {},
    fork: null,
  };
  return { opening, name };
});

function keep(files: Record<string, string>, path: string, text: Result<string, string>): Result<string, string> {
  if (text.ok) files[path] = text.value;
  return text;
}

/** `given`: as it stands in the scenario; `path`: where it lies. */
function keepTopology(files: Record<string, string>, given: string, path: string, source: TopologySource): void {
  for (const { path: one, text } of source.files) {
    files[source.folder ? `${given.replace(/\/$/, "")}/${relative(path, one).replaceAll("\\", "/")}` : given] = text;
  }
  const { staticInfo } = source;
  if (staticInfo === null) return;
  const stem = given.slice(0, -".topo".length);
  files[`${stem}${/\.staticinfo\.ya?ml$/.exec(staticInfo.path)?.[0] ?? ".staticinfo.yml"}`] = staticInfo.text;
}
