/** What a future came to since an event. */
import { beginningOf, sourceId, tallyId, tallyOf } from "../../actors/flow-ends.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { World } from "../../actors/world.ts";
import type { DropReason } from "../../core/env.ts";
import type { FutureTotals } from "../../core/exploration.ts";
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../core/units.ts";
import { deliveredBytes } from "./series.ts";

/** What has been counted up to an instant. */
export interface Counted {
  readonly now: Nanos;
  readonly flows: readonly {
    readonly sent: number;
    readonly received: number;
    readonly lost: number;
    readonly bytes: number;
    readonly latencies: number;
    readonly latencySum: Nanos;
    readonly switches: number;
  }[];
  readonly drops: ReadonlyMap<DropReason, number>;
}

export function countNow(world: World, { flows }: Scenario): Counted {
  return {
    now: world.now,
    flows: flows.map((flow, number) => countFlow(world, flow, number)),
    drops: new Map(world.ledger.byReason),
  };
}

/** Latency as the flow's own results have it, packets of the warm-up left out. */
function countFlow(world: World, flow: FlowSpec, number: number): Counted["flows"][number] {
  const { received, latency } = tallyOf(flow, world.read(tallyId(flow)).context);
  const selector = `selector/${flow.id}`;
  return {
    sent: beginningOf(flow, world.read(sourceId(flow)).context).sent,
    received,
    lost: world.ledger.byFlow.get(number) ?? 0,
    bytes: deliveredBytes(world, flow),
    latencies: latency.count,
    latencySum: latency.sum,
    switches: world.indexOf(selector) === undefined ? 0 : world.read<SelectorContext>(selector).context.switches,
  };
}

/** From one count to a later one of the same run. */
export function totalsBetween(from: Counted, to: Counted, { flows }: Scenario): FutureTotals {
  const span = to.now - from.now;
  const drops = [...to.drops].map(([reason, packets]) => ({
    reason,
    packets: packets - (from.drops.get(reason) ?? 0),
  }));
  return {
    until_ns: to.now,
    flows: flows.map(({ id }, index) => {
      const [before, after] = [from.flows[index], to.flows[index]] as [
        Counted["flows"][number],
        Counted["flows"][number],
      ];
      const latencies = after.latencies - before.latencies;
      return {
        id,
        sent: after.sent - before.sent,
        received: after.received - before.received,
        lost: after.lost - before.lost,
        goodput_bps: span > 0 ? ((after.bytes - before.bytes) * 8 * SECOND) / span : 0,
        latency_mean_ms: latencies > 0 ? (after.latencySum - before.latencySum) / latencies / MILLISECOND : null,
        switches: after.switches - before.switches,
      };
    }),
    drops: drops.filter(({ packets }) => packets > 0).sort((a, b) => (a.reason < b.reason ? -1 : 1)),
  };
}
