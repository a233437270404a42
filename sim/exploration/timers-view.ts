/** Control events that an actor has sent to itself and not got yet. */
import type { Cell } from "../../actors/world.ts";
import type { ControlEvent } from "../../core/env.ts";
import type { TimerView } from "../../core/exploration.ts";
import type { Steppable } from "./source.ts";

/** The next ones; an application may have one for every packet. */
const MOST_TIMERS = 100;

export function timersView(steppable: Steppable, { self }: Cell): TimerView[] {
  const timers: TimerView[] = [];
  for (const { ifId, sender, target, thing, time } of steppable.pending()) {
    if (target !== self || sender !== self || ifId >= 0) continue;
    timers.push({ event: (thing as ControlEvent).type, due_ns: time });
    if (timers.length === MOST_TIMERS) break;
  }
  return timers;
}
