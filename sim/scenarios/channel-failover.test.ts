/** One of two disjoint paths is cut: how long data waits, and that no byte is lost. */
import test from "ava";
import type { AssociationContext } from "../../actors/channel/association.ts";
import type { SchedulerName } from "../../core/channel/paths/types.ts";
import { SECOND } from "../../core/units.ts";
import { channelAssembly, pairScenario } from "../channel-worlds.ts";
import { Simulation } from "../simulation.ts";
import { MS } from "./transport-worlds.ts";

const CUT = 2 * SECOND;
/** A link that is down is known after so long (`detection_ns` of the scenario). */
const DETECTION = 50 * MS;
const BYTES = 6_000_000;

interface Failover {
  /** Longest time without a byte handed over, from the cut on, and what it may be, milliseconds. */
  readonly waited: number;
  readonly allowed: number;
  readonly delivered: number;
  readonly ended: string;
}

function failOver(scheduler: SchedulerName, ifId: 1 | 2): Failover {
  const effect = { kind: "down" as const, links: [{ ia: "1-1", ifId }], ases: [] };
  const links = [{ latency_ns: 10 * MS }, { latency_ns: 15 * MS }];
  const scenario = {
    ...pairScenario(3, links),
    detection_ns: DETECTION,
    faults: [{ id: "cut", timing: { kind: "once" as const, at_ns: CUT, for_ns: null }, effect }],
  };
  const script = { channels: [{ options: {}, bytes: BYTES }], finish: true };
  const world = Simulation.create(channelAssembly(scenario, { crypto: "modelled", paths: { scheduler } }, script));
  world.run(CUT);
  const { paths } = world.read<AssociationContext>("association/f").context.association;
  const srtt = Math.max(...paths.list.map(({ recovery }) => recovery.rtt.smoothed));
  const asked = world.read<AssociationContext>("listener/f/0");
  let [last, count, waited] = [CUT, asked.context.delivered, 0];
  for (let now = CUT; now < 30 * SECOND && asked.context.delivered < BYTES; now += MS / 2) {
    world.run(now);
    if (asked.context.delivered === count) continue;
    waited = Math.max(waited, now - last);
    last = now;
    count = asked.context.delivered;
  }
  world.run(60 * SECOND);
  const { context, value } = world.read<AssociationContext>("listener/f/0");
  return {
    waited: waited / MS,
    allowed: (3 * srtt + DETECTION) / MS,
    delivered: context.delivered,
    ended: `${value as string}, ${context.association.ending?.reason}`,
  };
}

for (const scheduler of ["single", "minrtt", "round-robin", "weighted", "redundant", "blest", "ecf"] as const) {
  test(`${scheduler}: delivery goes on within three round trips and the detection time, no byte is lost`, (t) => {
    for (const ifId of [1, 2] as const) {
      const { waited, allowed, delivered, ended } = failOver(scheduler, ifId);
      t.log(`path ${ifId} cut: ${waited} ms without delivery, at most ${allowed.toFixed(1)} allowed`);
      t.true(waited <= allowed, `path ${ifId}: ${waited} ms, at most ${allowed} ms`);
      t.is(delivered, BYTES);
      t.is(ended, "closed, done");
    }
  });
}
