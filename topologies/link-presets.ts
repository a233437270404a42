/** Kinds of lines by name: values for the direction from a to b (for a child link: down to the child) and back. */
import type { LinkDirection } from "../core/scenario.ts";
import { MILLISECOND } from "../core/units.ts";

export interface LinkPreset {
  readonly description: string;
  readonly source: string;
  readonly ab: Partial<LinkDirection>;
  readonly ba: Partial<LinkDirection>;
}

export const LINK_PRESETS: ReadonlyMap<string, LinkPreset> = new Map([
  [
    "fibre",
    {
      description: "fibre to the building",
      source: "a placeholder of the right shape",
      ab: { latency_ns: 2 * MILLISECOND, rate_bps: 1_000_000_000 },
      ba: { latency_ns: 2 * MILLISECOND, rate_bps: 1_000_000_000 },
    },
  ],
  [
    "dsl",
    {
      description: "VDSL2",
      source: "a placeholder of the right shape",
      ab: { latency_ns: 10 * MILLISECOND, rate_bps: 50_000_000 },
      ba: { latency_ns: 10 * MILLISECOND, rate_bps: 10_000_000 },
    },
  ],
]);
