/** Wakes programs outside the network at a time of the run: the clock of a scheduler in virtual time. One state. */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../../core/env.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";

/** Asked for by the clock with this number. */
export interface Ring extends ControlEvent {
  readonly type: "alarm.ring";
  readonly clock: number;
}

/** The resource `alarms`: whom to wake. */
export interface Alarms {
  ring(clock: number): void;
}

const alarmMachine = setup({
  types: { context: {} as { rung: number }, events: {} as { type: "none" } },
}).createMachine({ id: "alarm", context: { rung: 0 }, initial: "waiting", states: { waiting: {} } });

function onRing(state: Present<{ rung: number }>, event: ControlEvent, env: Env): ControlEvent | undefined {
  state.context.rung++;
  (env.resource("alarms") as Alarms).ring((event as Ring).clock);
  return;
}

export const alarmLogic = withPacketHandler(
  alarmMachine,
  (_state, packet, _ifId, env) => {
    env.drop(packet, "unexpected");
    return undefined;
  },
  { "alarm.ring": onRing },
);
