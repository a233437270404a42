/** What stands at a place of a YAML text: the way to it from the root, and whether a key or a value is (or would be) there. */
import { readYaml, type YamlEntry, type YamlList, type YamlMap, type YamlNode, type YamlScalar } from "./yaml-tree.ts";

/** A mapping on the way and the key that was followed in it, or a list and the item's number. */
export type Step = { readonly map: YamlMap; readonly key: string } | { readonly list: YamlList; readonly item: number };

/**
 * `key`: a key of the mapping `within`; `value`: of what `steps` lead to; `either`: on a line of its own where a value is due, which may become a mapping;
 * `item`: an item of a list is due and its dash is missing. `column` is that of the keys around, or of the list's dashes.
 */
export interface Place {
  readonly role: "key" | "value" | "either" | "item";
  readonly steps: readonly Step[];
  readonly root: YamlNode | null;
  readonly within: YamlMap | null;
  readonly flow: boolean;
  readonly column: number;
  /** What is there already, quotes included, in the text as it was. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Stands at the cursor, so that something is there to be found. */
const MARK = "\ue000";

/** null: within a comment, or where nothing can stand. */
export function placeAt(text: string, offset: number): Place | null {
  const root = readYaml(`${text.slice(0, offset)}${MARK}${text.slice(offset)}`);
  if (root === null) return null;
  const found = find(root, []);
  return found === null ? null : { ...found, root };
}

type Found = Omit<Place, "root">;

function find(node: YamlNode, steps: readonly Step[]): Found | null {
  if (node.kind === "scalar") {
    if (!node.text.includes(MARK)) return null;
    const role = node.alone ? "either" : "value";
    return { role, steps, within: null, ...surroundings(steps), ...replaced(node) };
  }
  if (node.kind === "list") return findInList(node, steps);
  for (const entry of node.entries) {
    const found = findInEntry(entry, node, steps);
    if (found !== null) return found;
  }
  return null;
}

function findInEntry(entry: YamlEntry, map: YamlMap, steps: readonly Step[]): Found | null {
  const { key, value } = entry;
  if (key.text.includes(MARK)) {
    return { role: "key", steps, within: map, flow: map.flow, column: map.column, ...replaced(key) };
  }
  return value === null ? null : find(value, [...steps, { map, key: key.text }]);
}

function findInList(list: YamlList, steps: readonly Step[]): Found | null {
  const { flow, column } = list;
  if (list.stray?.text.includes(MARK)) {
    const within = [...steps, { list, item: list.items.length }];
    return { role: "item", steps: within, within: null, flow, column, ...replaced(list.stray) };
  }
  for (const [item, node] of list.items.entries()) {
    const found = node === null ? null : find(node, [...steps, { list, item }]);
    if (found !== null) return found;
  }
  return null;
}

/** The mark itself is no part of the text. */
function replaced({ text, from, to }: YamlScalar): Pick<Place, "from" | "to" | "text"> {
  return { from, to: to - MARK.length, text: text.replace(MARK, "") };
}

function surroundings(steps: readonly Step[]): { flow: boolean; column: number } {
  const last = steps.at(-1);
  if (last === undefined) return { flow: false, column: 0 };
  const around = "map" in last ? last.map : last.list;
  return { flow: around.flow, column: around.column };
}
