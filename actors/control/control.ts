/**
 * The control service of an AS: beaconing, registration and lookup of path segments (draft-dekater-scion-controlplane; scionproto `control/`).
 *
 *                control.start
 *    starting ------------------> serving      timer.originate  a core AS sends a new beacon over each core and child interface
 *                                              timer.propagate  the best set goes on
 *                                              timer.register   segments are registered
 *                                              timer.lookup     selectors that lack paths, or whose paths grow old, are served
 *                                              timer.retransmit a message's fragments go out again, or it is given up
 *                                              interface.down, interface.up   of an interface of the AS
 *                                              path.down        news (SCMP) of an interface anywhere
 *
 * Beacons go to neighbours on OneHop paths, all else over the segments themselves; packets are lost and delayed as any others are. A message that is
 * not acknowledged is sent again. What comes over the network is decoded defensively: what does not fit is counted by reason, never an exception.
 */
import { setup } from "xstate";
import type { IA, IfId } from "../../core/address.ts";
import { decodeMessage } from "../../core/beaconing/messages.ts";
import { type ClockSet, setClock } from "../../core/clock.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { isScmpError } from "../../core/scmp.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import { type Present, type TimerHandler, withPacketHandler } from "../with-packet-handler.ts";
import { originateBeacons, propagateBeacons, receiveBeacons } from "./beaconing.ts";
import { type ControlContext, type ControlInput, createControl } from "./context.ts";
import { answerRequest, receiveAnswer, revoke, serveTargets } from "./lookup.ts";
import { receiveRegistration, registerSegments } from "./registration.ts";
import { forgetMessages, receiveFragment, resend, type RetransmitEvent } from "./transport.ts";

export type ControlServiceEvent =
  | { type: "control.start" }
  | { type: "interface.down" | "interface.up"; ifId: IfId }
  | { type: "path.down"; ia: IA; ifId: IfId }
  | ClockSet;

const controlMachine = setup({
  types: { context: {} as ControlContext, events: {} as ControlServiceEvent, input: {} as ControlInput },
  actions: {
    requestStart: ({ system }) => void envOf(system).send(envOf(system).self, { type: "control.start" }, 0),
    startTimers: ({ context, system }) => startTimers(context, envOf(system)),
    noteDown: ({ context, event, system }) => noteDown(context, event, envOf(system)),
    noteUp: ({ context, event, system }) => noteUp(context, event, envOf(system)),
    revokeInterface: ({ context, event, system }) => revokeInterface(context, event, envOf(system)),
    setClock: ({ context, event, system }) => setClock(context.clock, event as ClockSet, envOf(system).now),
  },
}).createMachine({
  id: "control",
  context: ({ input }) => createControl(input),
  initial: "starting",
  states: {
    // The Env is bound once the actor exists, so that the timers wait for an event.
    starting: { entry: "requestStart", on: { "control.start": { target: "serving", actions: "startTimers" } } },
    serving: {},
  },
  on: {
    "interface.down": { actions: "noteDown" },
    "interface.up": { actions: "noteUp" },
    "path.down": { actions: "revokeInterface" },
    "clock.set": { actions: "setClock" },
  },
});

function onPacket(state: Present<ControlContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const control = state.context;
  const { l4 } = packet;
  if (l4.kind !== "udp" && !isScmpError(l4)) {
    env.drop(packet, "unexpected");
    return;
  }
  control.counts.packets_received++;
  if (l4.kind === "scmp.interface-down") return { type: "path.down", ia: l4.ia, ifId: l4.ifId } as ControlEvent;
  if (l4.kind !== "udp") return;
  const bytes = receiveFragment(control, packet, env);
  const message = bytes === null ? null : decodeMessage(bytes);
  if (bytes === null) return;
  if (message === null) control.counts.messages_malformed++;
  else if (message.type === "beacons") receiveBeacons(control, bytes, message.items, packet, env);
  else if (message.type === "registration") receiveRegistration(control, bytes, message.items, packet, env);
  else if (message.type === "request") answerRequest(control, message, packet, env);
  else receiveAnswer(control, bytes, message, packet, env);
  return;
}

type TimerName = keyof ControlContext["timers"];

/** A timer that does its work and is set again. */
function every(
  name: TimerName,
  interval: (control: ControlContext) => Nanos,
  work: (control: ControlContext, env: Env) => void,
): TimerHandler<ControlContext> {
  return ({ context }, event, env) => {
    context.timers[name] = env.send(env.self, event, interval(context));
    work(context, env);
    return undefined;
  };
}

function register(control: ControlContext, env: Env): void {
  forgetMessages(control, env);
  if (registerSegments(control, env)) serveTargets(control, true, env);
}

export const controlLogic = withPacketHandler(controlMachine, onPacket, {
  "timer.originate": every("originate", ({ times }) => times.origination, originateBeacons),
  "timer.propagate": every("propagate", ({ times }) => times.propagation, propagateBeacons),
  "timer.register": every("register", ({ times }) => times.registration, register),
  "timer.lookup": every(
    "lookup",
    ({ times }) => times.retry,
    (control, env) => serveTargets(control, false, env),
  ),
  "timer.retransmit": ({ context }, event, env) => {
    resend(context, event as RetransmitEvent, env);
    return undefined;
  },
});

/** Each at a moment of its own within the interval, so that a network's control services do not all send at once. */
function startTimers({ core, targets, timers, times }: ControlContext, env: Env): void {
  const arm = (name: TimerName, interval: Nanos): void => {
    const phase = Math.floor(interval * env.random("phase").uniform());
    timers[name] = env.send(env.self, { type: `timer.${name}` }, phase);
  };
  if (core) arm("originate", times.origination);
  arm("propagate", times.propagation);
  arm("register", times.registration);
  if (targets.length > 0) arm("lookup", times.retry);
}

/** Nothing is sent over an interface that is down, and no path over it is offered. */
function noteDown(control: ControlContext, event: ControlServiceEvent, env: Env): void {
  if (event.type !== "interface.down") return;
  control.down.add(event.ifId);
  revoke(control, control.ia, event.ifId, env);
}

function noteUp(control: ControlContext, event: ControlServiceEvent, env: Env): void {
  if (event.type !== "interface.up") return;
  control.down.delete(event.ifId);
  control.revoked.delete(`${control.ia}#${event.ifId}`);
  serveTargets(control, true, env);
}

function revokeInterface(control: ControlContext, event: ControlServiceEvent, env: Env): void {
  if (event.type === "path.down") revoke(control, event.ia, event.ifId, env);
}
