/**
 * Links as the theory of selfish routing has them: a latency that grows linearly with the load, no queue, no loss. They stand in for the
 * directions of a network that a test names; everything else of the world (routers, hosts, selectors, probes) is what runs elsewhere.
 *
 * The load is what came in the last `window`, in bytes, over what all flows together send in it: the fraction of the traffic that uses the link.
 */
import { setup } from "xstate";
import { assemble } from "../../actors/assemble.ts";
import type { ActorSpec, Assembly } from "../../actors/assembly.ts";
import { type LinkInput, linkLogic } from "../../actors/link.ts";
import { type Present, withPacketHandler } from "../../actors/with-packet-handler.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { Bytes, Nanos } from "../../core/units.ts";

/** Latency in nanoseconds at a load of x: `constant + slope * x`. */
export interface FluidLink {
  readonly constant: Nanos;
  readonly slope: Nanos;
}

export interface FluidOptions {
  /** By id of the direction: `1-1#1>1-2#1`. */
  readonly links: ReadonlyMap<string, FluidLink>;
  readonly window: Nanos;
  /** That all flows together send in a window. */
  readonly demand: Bytes;
}

interface FluidInput extends FluidLink {
  readonly link: LinkInput;
  readonly window: Nanos;
  readonly demand: Bytes;
}

interface FluidContext extends FluidInput {
  /** Time and size of each packet of the window, oldest first from `head` on. */
  readonly times: Nanos[];
  readonly sizes: Bytes[];
  head: number;
  bytes: Bytes;
  lastArrival: Nanos;
}

const fluidMachine = setup({ types: { context: {} as FluidContext, input: {} as FluidInput } }).createMachine({
  id: "fluid-link",
  context: ({ input }) => ({ ...input, times: [], sizes: [], head: 0, bytes: 0, lastArrival: 0 }),
  initial: "up",
  states: { up: {} },
});

/** Forgotten packets are cut off when so many have gathered. */
const SPENT = 4_096;

function onPacket(
  { context }: Present<FluidContext>,
  packet: Packet,
  _ifId: number,
  env: Env,
): ControlEvent | undefined {
  const { constant, demand, link, slope } = context;
  forget(context, env.now);
  context.times.push(env.now);
  context.sizes.push(packet.wireLength);
  context.bytes += packet.wireLength;
  const latency = Math.round(constant + (slope * context.bytes) / demand);
  context.lastArrival = Math.max(context.lastArrival, env.now + latency);
  env.sendPacket(link.next, packet, link.nextIfId, context.lastArrival - env.now);
  return;
}

function forget(context: FluidContext, now: Nanos): void {
  const { sizes, times, window } = context;
  while (context.head < times.length && (times[context.head] as Nanos) <= now - window) {
    context.bytes -= sizes[context.head] as Bytes;
    context.head++;
  }
  if (context.head < SPENT) return;
  times.splice(0, context.head);
  sizes.splice(0, context.head);
  context.head = 0;
}

const fluidLogic = withPacketHandler(fluidMachine, onPacket);

/** The actors of a scenario, some of whose links are fluid. */
export function assembleFluid(scenario: Scenario, { links, window, demand }: FluidOptions): Assembly {
  const assembly = assemble(scenario, { repeat: "npx ava sim/scenarios/" });
  const found = new Set<string>();
  const actors = assembly.actors.map((spec): ActorSpec => {
    const fluid = spec.logic === "link" ? links.get(spec.id.slice("link/".length)) : undefined;
    if (fluid === undefined) return spec;
    found.add(spec.id);
    const input: FluidInput = { ...fluid, link: spec.input as LinkInput, window, demand };
    return { ...spec, logic: "fluid-link", input, isLink: false };
  });
  if (found.size !== links.size) throw new Error(`only ${found.size} of ${links.size} fluid links are in the network`);
  const logics = new Map([...assembly.logics, ["link", linkLogic], ["fluid-link", fluidLogic]]);
  return { ...assembly, actors, logics };
}
