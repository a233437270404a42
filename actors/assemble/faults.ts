/** The faults of a scenario as events for the actors they befall. */
import type { Scenario } from "../../core/scenario.ts";
import type { FaultEvent } from "../assembly.ts";
import type { Direction, Lookup } from "./plan.ts";

export function planFaults(scenario: Scenario, directions: readonly Direction[], at: Lookup): FaultEvent[] {
  return scenario.faults.flatMap(({ id: fault, timing, effect }) => {
    if (timing.kind !== "once" || (effect.kind !== "down" && effect.kind !== "up")) return [];
    const isHit = ({ from, to }: Direction): boolean =>
      effect.links.some(({ ia, ifId }) => [from, to].some((end) => end.ia === ia && end.ifId === ifId));
    const event = effect.kind === "down" ? { type: "link.fail", cause: fault } : { type: "link.recover", cause: null };
    return directions.filter(isHit).map(({ id }) => ({ at: timing.at_ns, target: at(id), event }));
  });
}
