/** What an actor without a face of its own has counted: the numbers and words that stand in its context by themselves or one level below. */
import type { Cell } from "../../actors/world.ts";
import type { CountersFace } from "../../core/exploration.ts";

/** Groups that hold counts. */
const GROUPS = ["counts", "received", "replies", "totals", "dropped", "port"];

export function countersFace({ state }: Cell): CountersFace | null {
  if (typeof state.context !== "object" || state.context === null) return null;
  const own = countersIn(state.context, "");
  const inside = Object.entries(state.context).flatMap(([name, value]) =>
    GROUPS.includes(name) ? countersIn(value, `${name}.`) : [],
  );
  const counters = [...own, ...inside];
  return counters.length === 0 ? null : { kind: "counters", counters };
}

function countersIn(group: unknown, around: string): CountersFace["counters"][number][] {
  if (typeof group !== "object" || group === null) return [];
  return Object.entries(group).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === "number" && isCounter(name)) return [{ name: around + name, value }];
    return [];
  });
}

/** Numbers of actors and flows, and instants, are no counts. */
function isCounter(name: string): boolean {
  return !/^(?:node|way|self|flow|replyFlow|reportFlow|selector|prober|app|listener|control|place|epochS|start|stop|due|.*At|measureFrom|.*Ns|now|begin|end)$/.test(
    name,
  );
}
