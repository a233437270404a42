/** Networks of a regular shape: line, ring, star, grid and tree. */
import type { Network, NetworkLink } from "../../core/scenario.ts";
import { makeAs, makeEnd, makeLink, makeNetwork } from "../model.ts";
import { MAX_ASES, preset, type Preset, type PresetConflict, whole } from "../presets/parameters.ts";
import { numberedIa, Wiring } from "./numbering.ts";

/** A core segment has room for 63 hop fields. */
const MAX_LINE = 63;

/** The two ASes farthest apart in a ring of 125 have 62 links between them. */
const MAX_RING = 125;

export const REGULAR: readonly (readonly [string, Preset])[] = [
  ["line", preset("core ASes in a row", { length: whole(2, MAX_LINE, 3, "number of ASes") }, line)],
  ["ring", preset("core ASes in a circle", { nodes: whole(3, MAX_RING, 8, "number of ASes") }, ring)],
  ["star", preset("a core AS and its children", { nodes: whole(2, MAX_ASES, 8, "number of ASes") }, star)],
  [
    "grid",
    preset(
      "core ASes in rows and columns",
      { rows: whole(1, 100, 3, "number of rows"), columns: whole(1, 100, 3, "number of columns") },
      grid,
    ),
  ],
  [
    "tree",
    preset(
      "children of children below core ASes that are all joined to each other",
      {
        cores: whole(1, 50, 1, "number of core ASes, each the root of a tree"),
        branching: whole(1, 100, 2, "children of each AS that has any"),
        depth: whole(1, 20, 2, "levels below the core"),
      },
      tree,
      treeConflict,
    ),
  ],
];

function coreLink(from: number, fromIf: number, to: number, toIf: number): NetworkLink {
  return makeLink(makeEnd(numberedIa(from), fromIf), "core", makeEnd(numberedIa(to), toIf));
}

/** Interface 1 leads back, 2 onward. */
function line({ length }: { readonly length: number }): Network {
  const ases = Array.from({ length }, (_, at) => makeAs(numberedIa(at), true));
  const links = ases.slice(1).map((_, at) => coreLink(at, 2, at + 1, 1));
  return makeNetwork(`line-${length}`, ases, links);
}

/** Interface 1 leads back, 2 onward, as in a line whose ends meet. */
function ring({ nodes }: { readonly nodes: number }): Network {
  const ases = Array.from({ length: nodes }, (_, at) => makeAs(numberedIa(at), true));
  const links = ases.map((_, at) => coreLink(at, 2, (at + 1) % nodes, 1));
  return makeNetwork(`ring-${nodes}`, ases, links);
}

/** The first AS is core. Its interface n leads to child n. */
function star({ nodes }: { readonly nodes: number }): Network {
  const wiring = new Wiring();
  for (let at = 0; at < nodes; at++) wiring.add(numberedIa(at), at === 0);
  for (let at = 1; at < nodes; at++) wiring.link(numberedIa(0), "child", numberedIa(at));
  return wiring.network(`star-${nodes}`);
}

/** Interface 1 leads to the right, 2 to the left, 3 down, 4 up. ASes are numbered row by row. */
function grid({ rows, columns }: { readonly rows: number; readonly columns: number }): Network {
  const ases = Array.from({ length: rows * columns }, (_, at) => makeAs(numberedIa(at), true));
  const links = ases.flatMap((_, at): NetworkLink[] => {
    const right = (at + 1) % columns === 0 ? [] : [coreLink(at, 1, at + 1, 2)];
    const down = at + columns >= ases.length ? [] : [coreLink(at, 3, at + columns, 4)];
    return [...right, ...down];
  });
  return makeNetwork(`grid-${rows}x${columns}`, ases, links);
}

interface TreeShape {
  readonly cores: number;
  readonly branching: number;
  readonly depth: number;
}

/** ASes are numbered level by level, the core first. */
function tree({ cores, branching, depth }: TreeShape): Network {
  const wiring = new Wiring();
  for (let at = 0; at < cores; at++) {
    wiring.add(numberedIa(at), true);
    for (let other = 0; other < at; other++) wiring.link(numberedIa(other), "core", numberedIa(at));
  }
  const total = treeSize({ cores, branching, depth });
  for (let at = cores; at < total; at++) {
    wiring.add(numberedIa(at), false);
    wiring.link(numberedIa(Math.floor((at - cores) / branching)), "child", numberedIa(at));
  }
  return wiring.network(`tree-${cores}x${branching}x${depth}`);
}

function treeSize({ cores, branching, depth }: TreeShape): number {
  let [level, total] = [cores, cores];
  for (let at = 0; at < depth && total <= MAX_ASES; at++) {
    level *= branching;
    total += level;
  }
  return total;
}

function treeConflict(shape: TreeShape): PresetConflict | null {
  if (treeSize(shape) <= MAX_ASES) return null;
  const { cores, branching } = shape;
  const expected = `a tree of at most ${MAX_ASES} ASes, with fewer levels for ${cores} cores and branching ${branching}`;
  return { parameter: "depth", expected };
}
