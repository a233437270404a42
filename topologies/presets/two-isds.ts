/** Two ISDs of ten ASes each: the network of the comparison of path policies. docs/presets.md draws it. */
import type { LinkType, Network } from "../../core/scenario.ts";
import { MILLISECOND } from "../../core/units.ts";
import { iaOf, Wiring } from "../generate/numbering.ts";
import { withQueueTime } from "../model.ts";
import { preset } from "./parameters.ts";

const MBIT = 1_000_000;
const QUEUE_MS = 50;

export const TWO_ISDS = preset(
  "20 ASes in two ISDs: cores A to F, dual-homed leaves, one narrow peering link",
  {},
  twoIsds,
);

/** Last group of the AS number by label; the first digit is the ISD. */
const CORES = { A: 0x110, B: 0x120, C: 0x130, D: 0x210, E: 0x220, F: 0x230 } as const;
type Core = keyof typeof CORES;

const TRIANGLES: readonly (readonly [Core, Core, ms: number])[] = [
  ["A", "B", 3],
  ["B", "C", 4],
  ["A", "C", 5],
  ["D", "E", 3],
  ["E", "F", 4],
  ["D", "F", 5],
];

const BETWEEN_ISDS: readonly (readonly [Core, Core, mbit: number, ms: number])[] = [
  ["A", "D", 10, 10],
  ["B", "E", 20, 25],
  ["C", "F", 15, 15],
];

/** Every pair of cores twice, each core first in as many as it is second: four leaves a core. 2 ms to the first core, 3 ms to the second. */
const LEAVES: readonly (readonly [group: number, Core, Core])[] = [
  [0x111, "A", "B"],
  [0x112, "B", "C"],
  [0x113, "C", "A"],
  [0x114, "A", "B"],
  [0x115, "B", "C"],
  [0x116, "C", "A"],
  [0x211, "D", "E"],
  [0x212, "E", "F"],
  [0x213, "F", "D"],
  [0x214, "D", "E"],
  [0x215, "E", "F"],
  [0x216, "F", "D"],
];

/** Parent and child, each parent an end of the peering link, so that the children's traffic has that way too. */
const CHILDREN: readonly (readonly [leaf: number, child: number])[] = [
  [0x112, 0x11a],
  [0x212, 0x21a],
];

/** Their ways over the cores take 20 ms at least; over this link 6 ms, at a fraction of the rate. */
const PEERS = [0x112, 0x212] as const;

function ofIsd(group: number): ReturnType<typeof iaOf> {
  return iaOf(group, group < 0x200 ? 1 : 2);
}

function twoIsds(): Network {
  const wiring = new Wiring();
  const link = (a: number, type: LinkType, b: number, mbit: number, ms: number): void => {
    const options = { latency_ns: ms * MILLISECOND, ...withQueueTime(mbit * MBIT, QUEUE_MS) };
    wiring.link(ofIsd(a), type, ofIsd(b), options);
  };
  for (const [label, group] of Object.entries(CORES)) wiring.add(ofIsd(group), true, { label });
  for (const [group, first, second] of LEAVES) {
    wiring.add(ofIsd(group), false, { label: `${first}${second}${group % 16 < 4 ? 1 : 2}` });
  }
  for (const [, child] of CHILDREN)
    wiring.add(ofIsd(child), false, { label: child < 0x200 ? "BC1 child" : "EF1 child" });
  for (const [a, b, ms] of TRIANGLES) link(CORES[a], "core", CORES[b], 50, ms);
  for (const [a, b, mbit, ms] of BETWEEN_ISDS) link(CORES[a], "core", CORES[b], mbit, ms);
  for (const [group, first, second] of LEAVES) {
    link(CORES[first], "child", group, 30, 2);
    link(CORES[second], "child", group, 30, 3);
  }
  for (const [leaf, child] of CHILDREN) link(leaf, "child", child, 30, 2);
  link(PEERS[0], "peer", PEERS[1], 4, 6);
  return wiring.network("two-isds");
}
