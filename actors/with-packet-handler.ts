/**
 * Two speeds, one actor (docs/architecture.md, section 3). Control events walk the statechart; packets, and the one timer
 * that paces them, go to a plain function that sees the machine's present state and may answer with a control event,
 * which runs to completion before anything else happens.
 *
 * The result is an ordinary XState actor logic: `createActor` runs it, `getSnapshot` reads it, Stately draws it. Its
 * snapshot keeps its identity on packet events, since the context is changed in place.
 */
import type { AnyActorLogic, AnyEventObject, AnyStateMachine, ContextFrom, Snapshot } from "xstate";
import type { ControlEvent, Env } from "../core/env.ts";
import type { Packet } from "../core/packet.ts";
import { envOf } from "./registry.ts";

/** The part of a snapshot that packet handlers see. */
export interface Present<C> {
  readonly value: unknown;
  readonly context: C;
}

export type PacketHandler<C> = (state: Present<C>, packet: Packet, ifId: number, env: Env) => ControlEvent | undefined;
export type TimerHandler<C> = (state: Present<C>, event: ControlEvent, env: Env) => ControlEvent | undefined;

/** How a packet reaches an actor through XState's own mailbox. */
export interface PacketEvent {
  readonly type: "packet";
  readonly packet: Packet;
  readonly ifId: number;
}

/** What the drivers know of a logic: its handlers stand beside the machine so that they can be called without a detour. */
export interface PacketLogic extends AnyActorLogic {
  readonly machine: AnyStateMachine;
  readonly onPacket: PacketHandler<never> | null;
  /** Control events that bypass the interpreter, by type. */
  readonly onTimer: ReadonlyMap<string, TimerHandler<never>>;
}

export function withPacketHandler<M extends AnyStateMachine>(
  machine: M,
  onPacket: PacketHandler<ContextFrom<M>>,
  timers: Readonly<Record<string, TimerHandler<ContextFrom<M>>>> = {},
): M & PacketLogic {
  const onTimer = new Map(Object.entries(timers));
  const answer = (snapshot: Present<ContextFrom<M>>, event: AnyEventObject, env: Env): ControlEvent | undefined => {
    if (event.type === "packet") return onPacket(snapshot, event["packet"], event["ifId"], env);
    return onTimer.get(event.type)?.(snapshot, event, env);
  };
  const transition: AnyActorLogic["transition"] = (snapshot: Snapshot<unknown>, event: AnyEventObject, scope) => {
    if (event.type !== "packet" && !onTimer.has(event.type))
      return machine.transition(snapshot as never, event, scope as never);
    const control = answer(snapshot as unknown as Present<ContextFrom<M>>, event, envOf(scope.system));
    return control === undefined ? snapshot : machine.transition(snapshot as never, control, scope as never);
  };
  // A snapshot with its nodes is whole. XState would search its context, typed arrays too, for references to actors, and there are none.
  const restoreSnapshot: AnyActorLogic["restoreSnapshot"] = (snapshot, scope) =>
    "_nodes" in snapshot ? snapshot : machine.restoreSnapshot(snapshot as never, scope as never);
  return Object.assign(Object.create(machine), { transition, restoreSnapshot, machine, onPacket, onTimer });
}
