/** A router's interfaces and what it has counted. */
import type { NodeContext } from "../../actors/node.ts";
import type { Cell } from "../../actors/world.ts";
import { formatInterface } from "../../core/address.ts";
import type { NodeFace, RunOutline } from "../../core/exploration.ts";
import { LINK_TO } from "../../core/forwarding/router.ts";
import type { Coverage } from "./coverage.ts";

export function nodeFace(cell: Cell, outline: RunOutline, coverage: Coverage): NodeFace {
  const node = cell.state.context as NodeContext;
  const { world } = cell;
  const far = new Map(
    outline.links.flatMap(({ a, b }) => [
      [a, b],
      [b, a],
    ]),
  );
  const types = new Map<number, string>(Object.entries(LINK_TO).map(([name, number]) => [number, name]));
  return {
    kind: "node",
    ia: node.ia,
    interfaces: node.interfaces.flatMap((one) => {
      if (one === undefined) return [];
      const { ifId, link, linkTo, neighbour, up } = one;
      const to = far.get(formatInterface(node.ia, ifId)) ?? neighbour;
      return [{ ifId, to, type: types.get(linkTo) ?? "", up, link: world.cells[link]?.id ?? "" }];
    }),
    counters: [
      { name: "forwarded", value: node.forwarded },
      { name: "delivered to hosts", value: node.delivered },
      { name: "SCMP errors sent", value: node.answered },
    ],
    drops: coverage.dropsAt(cell),
  };
}
