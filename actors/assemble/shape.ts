/**
 * Who makes packets late, rare or lost in live mode. `user`: the link actor's model, in real time. `kernel`: the kernel's queueing
 * disciplines, as far as it has them (live/netns/shaping.ts), the link actor for the rest. `none`: nobody, the network between the
 * processes is as it is.
 */
import type { Shaping } from "./network.ts";
import { formatInterface } from "../../core/address.ts";
import type { LinkEnd } from "../../core/scenario.ts";

export const SHAPES = ["user", "kernel", "none"] as const;
export type Shape = (typeof SHAPES)[number];

/** What is left to link actors. `links`: by interface, `IA#ifId`, where the kernel has a part in it. */
export function shapingOf(
  shape: Shape,
  links: Readonly<Record<string, Shaping>> = {},
): Shaping | ((from: LinkEnd) => Shaping) {
  if (shape === "none") return "none";
  return ({ ia, ifId }) => links[formatInterface(ia, ifId)] ?? "model";
}
