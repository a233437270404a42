/** Finds the links that a scenario names by one of their ends. */
import { formatInterface } from "../core/address.ts";
import type { LinkEnd, Network } from "../core/scenario.ts";
import type { Section } from "./section.ts";

/** Positions in the network's list of links, by the text of each of their interfaces. */
export type LinkNumbers = ReadonlyMap<string, number>;

export function numberLinks({ links }: Network): LinkNumbers {
  return new Map(
    links.flatMap(({ a, b }, at) => [a, b].map((end): [string, number] => [formatInterface(end.ia, end.ifId), at])),
  );
}

/** The interface, which must be one of the network's. */
export function findInterface(
  text: string,
  section: Section,
  network: Network,
  numbers: LinkNumbers,
): LinkEnd | undefined {
  const end = section.interface(text);
  if (end === undefined) return undefined;
  const name = formatInterface(end.ia, end.ifId);
  if (numbers.has(name)) return end;
  if (!network.ases.some(({ ia }) => ia === end.ia)) {
    return section.unknownAs(
      end.ia,
      network.ases.map(({ ia }) => ia),
    );
  }
  const here = [...numbers.keys()].filter((known) => known.startsWith(`${end.ia}#`));
  const message = `unknown link ${name}: AS ${end.ia} has no interface ${end.ifId}, only ${here.slice(0, 10).join(", ")}`;
  return section.problem({
    message,
    expected: "an interface of a link",
    found: name,
    didYouMean: section.closest(name, here),
  });
}
