/**
 * Every path that SCION's rules allow, found without segments: all simple walks over the links that spell up, core, down, or up, one peering
 * link, down (draft-dekater-scion-controlplane, "Combining Path Segments"). What tests hold the combinator against.
 */
import type { IA } from "../address.ts";
import type { PathInterface } from "../path.ts";
import type { LinkType, Network } from "../scenario.ts";

type Letter = "u" | "c" | "d" | "p";

interface Step {
  readonly letter: Letter;
  readonly from: IA;
  readonly to: IA;
  readonly egress: number;
  readonly ingress: number;
}

const LETTERS: Readonly<Record<LinkType, readonly [there: Letter, back: Letter]>> = {
  core: ["c", "c"],
  child: ["d", "u"],
  peer: ["p", "p"],
};

/** What may come after each letter; "" is the beginning. */
const NEXT: Readonly<Record<string, string>> = { "": "ucdp", u: "ucdp", c: "cd", d: "d", p: "d" };

/** Interfaces in travelling order, by number of links, then of segments. Within an AS there is the empty path. */
export function bruteForce(network: Network, src: IA, dst: IA): readonly (readonly PathInterface[])[] {
  const steps = stepsOf(network);
  const found: (readonly Step[])[] = [];
  const visit = (at: IA, walked: readonly Step[]): void => {
    if (at === dst) {
      found.push(walked);
      return;
    }
    for (const step of steps.get(at) ?? []) {
      const again = step.to === src || walked.some(({ to }) => to === step.to);
      if (!again && NEXT[walked.at(-1)?.letter ?? ""]?.includes(step.letter) === true)
        visit(step.to, [...walked, step]);
    }
  };
  visit(src, []);
  return found
    .toSorted((left, right) => left.length - right.length || segmentsIn(left) - segmentsIn(right))
    .map((walked) =>
      walked.flatMap(({ from, to, egress, ingress }) => [
        { ia: from, ifId: egress },
        { ia: to, ifId: ingress },
      ]),
    );
}

/** Letters of a path; a peering link joins an up and a down segment, which may have no link of their own. */
function segmentsIn(walked: readonly Step[]): number {
  const letters = new Set(walked.map(({ letter }) => letter));
  return letters.has("p") ? 2 : letters.size;
}

/** Steps that a path may take, by where they begin: core links between core ASes, others where a core AS stands above. */
function stepsOf({ ases, links }: Network): ReadonlyMap<IA, readonly Step[]> {
  const core = new Set(ases.flatMap((as) => (as.core ? [as.ia] : [])));
  const all = links.flatMap(({ a, b, type }): Step[] => {
    const [there, back] = LETTERS[type];
    return [
      { letter: there, from: a.ia, to: b.ia, egress: a.ifId, ingress: b.ifId },
      { letter: back, from: b.ia, to: a.ia, egress: b.ifId, ingress: a.ifId },
    ];
  });
  const anchored = new Set(core);
  for (let before = -1; before !== anchored.size; ) {
    before = anchored.size;
    for (const { letter, from, to } of all) if (letter === "d" && anchored.has(from)) anchored.add(to);
  }
  const allowed = ({ letter, from, to }: Step): boolean => {
    if (letter === "c") return core.has(from) && core.has(to);
    if (!anchored.has(from) || !anchored.has(to)) return false;
    return (letter === "d" || !core.has(from)) && (letter === "u" || !core.has(to));
  };
  return Map.groupBy(all.filter(allowed), ({ from }) => from);
}
