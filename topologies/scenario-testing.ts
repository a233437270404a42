/** For tests: scenarios from their text, and the files that they name. */
import { err, ok, type Result } from "../core/result.ts";
import type { LinkDirection, Scenario } from "../core/scenario.ts";
import type { Problem } from "./problems.ts";
import { resolveScenario } from "./resolve.ts";

/** scionproto's `acceptance/router_multi`, as `keys/master0.key` holds it. */
export const MASTER = "V9SOOHqV4KdAL6utGnvEtA==";

const FILES: Readonly<Record<string, string>> = {
  "cell.trace": "0\n0\n3\n10\n",
  "back.trace": "5\n4\n",
  "delays.txt": "# recorded\n0\n1.25\n\n7\n",
  "words.txt": "1\nx\n",
  "demand.csv":
    'src,dst,rate\n# none\n1-ff00:0:111,1-ff00:0:112,1Mbit/s\n"1-ff00:0:112,10.0.0.9",1-ff00:0:111,3000000\n1-ff00:0:111,1-ff00:0:111,5\n',
  "wrong.csv": "1-ff00:0:111,1-ff00:0:119,1Mbit/s\n",
  "gen/ASff00_0_110/keys/master0.key": `${MASTER}\n`,
  "gen/ASff00_0_111/keys/master0.key": `${MASTER}\n`,
  "gen/ASff00_0_112/keys/master0.key": `${MASTER}\n`,
};

export const TINY = "topology: tiny\nduration: 10s\n";
export const DIAMOND = "topology: diamond\nduration: 10s\nflows: []\n";
export const LINK = "1-ff00:0:110#1";

export function resolve(text: string): Result<Scenario, readonly Problem[]> {
  const readFile = (path: string) => (FILES[path] === undefined ? err(`${path}: no such file`) : ok(FILES[path]));
  return resolveScenario(text, { file: "x.yaml", readFile });
}

export function scenarioOf(text: string): Scenario {
  const resolved = resolve(text);
  if (!resolved.ok) throw new Error(resolved.error.map(({ message }) => message).join("\n"));
  return resolved.value;
}

/** The messages alone. */
export function wrong(text: string): string[] {
  const resolved = resolve(text);
  return resolved.ok ? [] : resolved.error.map(({ message }) => message);
}

/** The direction from the provider of `tiny`'s first link, with these fields. */
export function directionWith(fields: string): LinkDirection {
  return scenarioOf(`${TINY}flows: []\nlinks: [{link: "${LINK}", ${fields}}]\n`).network.links[0]?.ab as LinkDirection;
}

export function wrongLink(fields: string): string[] {
  return wrong(`${TINY}flows: []\nlinks: [{link: "${LINK}", ${fields}}]\n`);
}
