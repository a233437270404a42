/**
 * The path selector of one flow: gives each outgoing packet its path. It acts at the source only.
 *
 *     starting
 *         | selector.start: first choice
 *         v         none usable
 *     selecting ----------------> unreachable      both: path.down, timer.revocation: choose again
 *         ^                           |
 *         +---------------------------+
 *              one is usable again
 *
 * News that an interface is down bars every path over it for the revocation time (SCION's default is 10 s); then the path is
 * offered again.
 */
import { assign, setup } from "xstate";
import type { IA, IfId } from "../../core/address.ts";
import type { ActorIndex, ControlEvent, Env, Handle } from "../../core/env.ts";
import { type Packet, setPath } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import type { PathView, Policy, PolicyParams } from "./policy.ts";

export interface SelectorInput {
  readonly node: ActorIndex;
  /** Name of the policy among the assembly's resources, `policy/NAME`. */
  readonly policy: string;
  readonly params: PolicyParams;
  readonly paths: readonly PathInfo[];
  /** Bytes of all headers on each path. */
  readonly headers: readonly number[];
  readonly revocation: Nanos;
}

export interface SelectorContext extends SelectorInput {
  policyState: unknown;
  /** Position of the path in use, -1: none. */
  choice: number;
  /** The path in use, or the one used last; -1 before the first choice. */
  lastPath: number;
  /** Changes from one path to another; a pause without any path does not count. */
  switches: number;
  /** Times of the first changes and the paths changed to; `switches` goes on counting. */
  readonly switchedAt: Nanos[];
  readonly switchedTo: number[];
  /** Time from which each path may be used again. */
  readonly barredUntil: Nanos[];
  /** Packets sent on each path. */
  readonly used: number[];
  timers: { revocation?: Handle };
}

/** Changes kept with their time. */
const MAX_SWITCHES_NOTED = 1_000;

export type SelectorEvent =
  | { type: "selector.start" }
  | { type: "path.down"; ia: IA; ifId: IfId }
  | { type: "timer.revocation" };

const selectorMachine = setup({
  types: { context: {} as SelectorContext, events: {} as SelectorEvent, input: {} as SelectorInput },
  guards: {
    pathUsable: ({ context }) => context.choice >= 0,
    noneUsable: ({ context }) => context.choice < 0,
  },
  actions: {
    requestStart: ({ system }) => void envOf(system).send(envOf(system).self, { type: "selector.start" }, 0),
    startPolicy: assign(({ context, system }) => startPolicy(context, envOf(system))),
    barPaths: assign(({ context, event, system }) => barPaths(context, event, envOf(system))),
    choosePath: assign(({ context, system }) => choosePath(context, envOf(system))),
    awaitRevocation: assign(({ context, system }) => awaitRevocation(context, envOf(system))),
  },
}).createMachine({
  id: "selector",
  context: ({ input }) => ({
    ...input,
    policyState: null,
    choice: -1,
    lastPath: -1,
    switches: 0,
    switchedAt: [],
    switchedTo: [],
    barredUntil: input.paths.map(() => 0),
    used: input.paths.map(() => 0),
    timers: {},
  }),
  initial: "starting",
  states: {
    // The Env is bound once the actor exists, so that the first choice waits for an event.
    starting: {
      entry: "requestStart",
      on: { "selector.start": { target: "selecting", actions: ["startPolicy", "choosePath"] } },
    },
    selecting: { always: { guard: "noneUsable", target: "unreachable" } },
    unreachable: { always: { guard: "pathUsable", target: "selecting" } },
  },
  on: {
    "path.down": { actions: ["barPaths", "choosePath", "awaitRevocation"] },
    "timer.revocation": { actions: ["choosePath", "awaitRevocation"] },
  },
});

function onPacket(state: Present<SelectorContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const selector = state.context;
  const choice = selector.choice;
  const path = selector.paths[choice];
  if (path === undefined) {
    env.drop(packet, "no_path");
    return;
  }
  setPath(packet, path.forwarding, 0, 0);
  packet.wireLength = (selector.headers[choice] as number) + packet.payloadLength;
  selector.used[choice] = (selector.used[choice] as number) + 1;
  if (env.tracing) env.trace("selector.choose", packet, { path: path.fingerprint });
  env.sendPacket(selector.node, packet, 0, 0);
  return;
}

export const selectorLogic = withPacketHandler(selectorMachine, onPacket);

function policyOf(selector: SelectorContext, env: Env): Policy {
  return env.resource(`policy/${selector.policy}`) as Policy;
}

function startPolicy(selector: SelectorContext, env: Env): Partial<SelectorContext> {
  return { policyState: policyOf(selector, env).init(selector.params, selector.paths, { hash: 0 }) };
}

function barPaths(selector: SelectorContext, event: SelectorEvent, env: Env): Partial<SelectorContext> {
  if (event.type !== "path.down") return {};
  selector.paths.forEach(({ interfaces }, index) => {
    if (interfaces.some(({ ia, ifId }) => ia === event.ia && ifId === event.ifId)) {
      selector.barredUntil[index] = env.now + selector.revocation;
    }
  });
  return {};
}

function choosePath(selector: SelectorContext, env: Env): Partial<SelectorContext> {
  const view: PathView = {
    now: env.now,
    paths: selector.paths,
    usable: selector.barredUntil.map((until) => until <= env.now),
    current: selector.choice,
    measured: [],
    load: null,
  };
  const policy = policyOf(selector, env);
  const choice = policy.choose(selector.policyState, view, env.random("policy"));
  if (!Number.isInteger(choice) || choice < -1 || choice >= selector.paths.length) {
    const offered = selector.paths.length === 0 ? "no path is offered: -1" : `-1 to ${selector.paths.length - 1}`;
    throw new Error(
      `policy ${policy.name}: choose must return the position of an offered path (${offered}), found ${String(choice)}`,
    );
  }
  if (choice === selector.choice) return {};
  if (env.tracing) env.trace("selector.switch", null, { path: selector.paths[choice]?.fingerprint ?? null });
  if (choice < 0) return { choice };
  const moved = selector.lastPath >= 0 && selector.lastPath !== choice;
  if (moved) noteSwitch(selector, choice, env.now);
  return { choice, lastPath: choice, switches: selector.switches + (moved ? 1 : 0) };
}

function noteSwitch({ switchedAt, switchedTo }: SelectorContext, choice: number, now: Nanos): void {
  if (switchedAt.length >= MAX_SWITCHES_NOTED) return;
  switchedAt.push(now);
  switchedTo.push(choice);
}

/** One timer for the bar that falls first. */
function awaitRevocation(selector: SelectorContext, env: Env): Partial<SelectorContext> {
  if (selector.timers.revocation !== undefined) env.cancel(selector.timers.revocation);
  const next = Math.min(...selector.barredUntil.filter((until) => until > env.now));
  if (next === Number.POSITIVE_INFINITY) return { timers: {} };
  return { timers: { revocation: env.send(env.self, { type: "timer.revocation" }, next - env.now) } };
}
