/** The flows of a pair of hosts that are measured in the same groups: they are counted together. */
import type { PathInfo } from "../../core/path.ts";
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import type { Bins } from "./bins.ts";
import { createPart, type Part } from "./parts.ts";
import { pairOf } from "./plan.ts";

/** A path at a position in the order offered. */
export interface Way {
  readonly fingerprint: string;
  readonly position: number;
  readonly label: string;
  /** Sent, by bin of the curves. */
  readonly packets: Uint32Array;
}

export class Strand {
  readonly pair: string;
  readonly flows: readonly string[];
  readonly groups: readonly number[];
  /** By stretch. */
  readonly parts: readonly Part[];
  /** Packets by the fine bin in which they were sent, and those of them that arrived. */
  readonly sent: Uint32Array;
  readonly delivered: Uint32Array;
  readonly ways: Way[] = [];
  readonly #bins: number;

  constructor(flows: readonly FlowSpec[], groups: readonly number[], bins: Bins, stretches: number) {
    this.pair = pairOf(flows[0] as FlowSpec);
    this.flows = flows.map(({ id }) => id);
    this.groups = groups;
    this.parts = Array.from({ length: stretches }, createPart);
    this.sent = new Uint32Array(bins.fines);
    this.delivered = new Uint32Array(bins.fines);
    this.#bins = bins.curves;
  }

  wayOf(path: PathInfo, position: number): Way {
    const { fingerprint } = path;
    const found = this.ways.find((way) => way.fingerprint === fingerprint && way.position === position);
    if (found !== undefined) return found;
    const way: Way = { fingerprint, position, label: labelOf(path), packets: new Uint32Array(this.#bins) };
    this.ways.push(way);
    return way;
  }
}

export function createStrands(
  scenario: Scenario,
  groups: readonly (readonly string[])[],
  bins: Bins,
  stretches: number,
): Strand[] {
  const sets = groups.map((flows) => new Set(flows));
  const groupsOf = ({ id }: FlowSpec): number[] => sets.flatMap((set, group) => (set.has(id) ? [group] : []));
  const measured = scenario.flows.filter((flow) => groupsOf(flow).length > 0);
  const alike = Map.groupBy(measured, (flow) => `${pairOf(flow)} ${groupsOf(flow).join(" ")}`);
  return [...alike.values()].map((flows) => new Strand(flows, groupsOf(flows[0] as FlowSpec), bins, stretches));
}

/** `1-ff00:0:110 > 1-ff00:0:120 > 1-ff00:0:111` */
function labelOf({ src, interfaces }: PathInfo): string {
  return [src, ...interfaces.filter((_, index) => index % 2 === 1).map(({ ia }) => ia)].join(" > ");
}
