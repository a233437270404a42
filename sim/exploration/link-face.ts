/** One direction of a link: its line and queue at this instant, and what it has counted. */
import type { LinkContext } from "../../actors/link.ts";
import type { Cell } from "../../actors/world.ts";
import type { LinkFace } from "../../core/exploration.ts";
import { waitingAt } from "../../core/queue.ts";
import { rateAt } from "../../core/rate-schedule.ts";

/** `from`, `to`: the ends as `IA#ifId`. */
export function linkFace(cell: Cell): LinkFace {
  const link = cell.state.context as LinkContext;
  const { now } = cell.world;
  const { bytes, causes, dropped, model, packets, paced } = link;
  const [from = "", to = ""] = cell.id.slice(cell.id.indexOf("/") + 1).split(">");
  const rate = paced === null ? model.rate : rateAt(paced, now);
  return {
    kind: "link",
    from,
    to,
    up: cell.state.value === "up",
    rate_bps: rate === Number.POSITIVE_INFINITY ? 0 : rate,
    latency_ms: model.latency / 1e6,
    waiting: waitingPackets(link, now),
    bound: model.limitPackets,
    packets,
    bytes,
    drops: Object.entries(dropped)
      .map(([reason, count]) => ({ reason, packets: count }))
      .filter((drop) => drop.packets > 0),
    causes,
  };
}

/** Packets that wait for the line; read without touching the queue. */
function waitingPackets({ model, paced }: LinkContext, now: number): number {
  if (paced === null) return waitingAt(model, now).waitingPackets;
  return paced.queue.bands.reduce((sum, { waiting }) => sum + waiting, 0);
}
