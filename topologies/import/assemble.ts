/** From the parts that an importer found to a network: every check that does not depend on the format. */
import { formatInterface, type IA } from "../../core/address.ts";
import type { LinkEnd, Network, NetworkAs, NetworkLink } from "../../core/scenario.ts";
import { makeNetwork } from "../model.ts";
import type { Finding } from "../problems.ts";
import { findNetworkFaults } from "../topology-checks.ts";

export interface Parts {
  readonly name: string;
  readonly ases: readonly NetworkAs[];
  /** In the order of the file. */
  readonly links: readonly NetworkLink[];
}

/** Where parts stand: a problem with AS or link number `at`; `end` names the end at fault. */
export interface Places {
  readonly ofAs: (at: number, finding: Finding) => void;
  readonly ofLink: (at: number, end: "a" | "b" | null, finding: Finding) => void;
}

/** undefined where the parts make no network that can work; what is wrong has been said to `places`. */
export function assemble({ name, ases, links }: Parts, places: Places): Network | undefined {
  const numbers = new Map<IA, number>();
  const state = { sound: true };
  const said: Places = {
    ofAs: (at, finding) => places.ofAs(at, reported(finding, state)),
    ofLink: (at, end, finding) => places.ofLink(at, end, reported(finding, state)),
  };
  for (const [at, { ia }] of ases.entries()) {
    if (!numbers.has(ia)) numbers.set(ia, at);
    else said.ofAs(at, { message: `AS ${ia} stands here twice`, expected: "each AS once", found: ia });
  }
  checkLinks(ases, links, numbers, said);
  if (!state.sound) return undefined;
  for (const { ia, link, ...fault } of findNetworkFaults(ases, links)) {
    if (link === undefined) said.ofAs(numbers.get(ia) ?? 0, { ...fault, found: ia });
    else said.ofLink(link, null, { ...fault, found: ia });
  }
  return state.sound ? makeNetwork(name, ases, links) : undefined;
}

function reported(finding: Finding, state: { sound: boolean }): Finding {
  state.sound = false;
  return finding;
}

function checkLinks(
  ases: readonly NetworkAs[],
  links: readonly NetworkLink[],
  numbers: ReadonlyMap<IA, number>,
  places: Places,
): void {
  const used = new Set<string>();
  const isCore = ({ ia }: LinkEnd): boolean => ases[numbers.get(ia) ?? -1]?.core === true;
  for (const [at, link] of links.entries()) {
    const { a, b, type } = link;
    for (const end of ["a", "b"] as const) checkEnd(at, end, link[end], numbers, used, places);
    if (a.ia === b.ia) {
      const message = `the link joins AS ${a.ia} to itself`;
      places.ofLink(at, "b", { message, expected: "two ASes", found: a.ia });
    }
    for (const end of ["a", "b"] as const) {
      if (type !== "core" || isCore(link[end]) || !numbers.has(link[end].ia)) continue;
      const message = `a core link joins two core ASes, but ${link[end].ia} is not core`;
      places.ofLink(at, end, { message, expected: "a core AS", found: link[end].ia });
    }
    if (type === "child" && isCore(b)) {
      const message = `a child link leads from parent a to child b, but ${b.ia} is core and has no parents`;
      places.ofLink(at, "b", { message, expected: "a non-core AS", found: b.ia });
    }
  }
}

function checkEnd(
  at: number,
  end: "a" | "b",
  { ia, ifId }: LinkEnd,
  numbers: ReadonlyMap<IA, number>,
  used: Set<string>,
  places: Places,
): void {
  if (!numbers.has(ia)) {
    const message = `unknown AS ${ia}: the topology has no such AS`;
    return places.ofLink(at, end, { message, expected: "an AS of the topology", found: ia });
  }
  const name = formatInterface(ia, ifId);
  if (used.has(name)) {
    const message = `interface ${name} is used twice`;
    places.ofLink(at, end, { message, expected: "each interface once", found: name });
  }
  used.add(name);
}
