/**
 * Who makes packets late, rare or lost in live mode. `user`: the link actor's model, in real time. `kernel`: the kernel's queueing
 * disciplines on interfaces that somebody has set up. `none`: nobody, the network between the processes is as it is.
 */
import type { Shaping } from "../actors/assemble/network.ts";

export const SHAPES = ["user", "kernel", "none"] as const;
export type Shape = (typeof SHAPES)[number];

/** What is left to link actors; where the kernel can only limit rates, the rest stays with them. */
export function shapingOf(shape: Shape, kernelHas: "all" | "rate" = "all"): Shaping {
  if (shape === "user") return "model";
  return shape === "kernel" && kernelHas === "rate" ? "delay" : "none";
}
