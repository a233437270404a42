/** The real world for programs over channels: the system's sockets, clock, cryptography and chance. */
import { randomBytes } from "node:crypto";
import type { ChannelWorld } from "../../actors/channel/program-host.ts";
import { Scheduler } from "../../core/scheduler.ts";
import { NODE_PRIMITIVES } from "../channel-primitives.ts";
import { MonotonicClock } from "../clock.ts";
import { createRegistry } from "../connectors/registry.ts";

export function liveChannels(): ChannelWorld {
  const registry = createRegistry();
  const scheduler = new Scheduler(new MonotonicClock());
  scheduler.attach();
  const seed = randomBytes(16).toString("hex");
  return { open: (url) => registry.open(url), scheduler, primitives: NODE_PRIMITIVES, seed };
}
