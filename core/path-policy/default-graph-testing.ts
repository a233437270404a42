/** For tests: the paths that scionproto's own tests of path policies choose from. They stand outside the repository. */
import { existsSync, readFileSync } from "node:fs";
import type { IA } from "../address.ts";
import type { PathInterface } from "../path.ts";

const GRAPH = new URL("../../../shared/data/vectors/graph_default.json", import.meta.url);

interface Edge {
  readonly a: IA;
  readonly aIf: number;
  readonly b: IA;
  readonly bIf: number;
}

interface Trail {
  readonly at: IA;
  readonly interfaces: readonly PathInterface[];
}

export type ShortestPaths = (src: IA, dst: IA) => readonly { readonly interfaces: readonly PathInterface[] }[];

/** All paths of the fewest links, whatever the types of the links; null where the graph is absent. */
export function shortestPathsOfDefaultGraph(): ShortestPaths | null {
  if (!existsSync(GRAPH)) return null;
  const { edges } = (JSON.parse(readFileSync(GRAPH, "utf8")) as { default: { edges: readonly Edge[] } }).default;
  const ways = edges.flatMap(({ a, aIf, b, bIf }): (readonly [PathInterface, PathInterface])[] => {
    const [left, right] = [
      { ia: a, ifId: aIf },
      { ia: b, ifId: bIf },
    ];
    return [
      [left, right],
      [right, left],
    ];
  });
  return (src, dst) => {
    let open: Trail[] = [{ at: src, interfaces: [] }];
    while (open.length > 0 && !open.some(({ at }) => at === dst)) {
      open = open.flatMap(({ at, interfaces }) =>
        ways
          .filter(([from, to]) => from.ia === at && to.ia !== src && !interfaces.some(({ ia }) => ia === to.ia))
          .map(([from, to]) => ({ at: to.ia, interfaces: [...interfaces, from, to] })),
      );
    }
    return open.filter(({ at }) => at === dst);
  };
}
