/** Why a selector changed its path: what is said, and the packet that told it. */
import test from "ava";
import type { ActorView, SelectorFace } from "../../core/exploration.ts";
import type { ControlEvent } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { actorView } from "./actor-view.ts";
import { type Explored, explore, FAILING, scenarioFrom } from "./view-testing.ts";

function faceOf(explored: Explored, flow: string): SelectorFace {
  const view = actorView(explored.standing(), `selector/${flow}`) as ActorView;
  return view.face as SelectorFace;
}

/** What event number `event` delivers, and to whom. */
function deliveredBy({ cursor }: Explored, event: number): { thing: unknown; isPacket: boolean; to: string } {
  cursor.seekEvent(event - 1);
  const [next] = cursor.steppable.pending();
  if (next === undefined) throw new Error(`there is no event ${event}`);
  return { thing: next.thing, isPacket: next.ifId >= 0, to: cursor.world.cells[next.target]?.id ?? "" };
}

test("two-isds with a failing link: the news that bars the path, and the packet that brought it", (t) => {
  const explored = explore(scenarioFrom(FAILING));
  explored.cursor.seekEvent(explored.scout.events);
  for (const flow of ["video", "ping"]) {
    explored.cursor.seekTime(6e9);
    const { changes, switches } = faceOf(explored, flow);
    t.is(changes, switches.length);
    t.is(switches.length, 2, flow);
    const [away, back] = switches as [SelectorFace["switches"][0], SelectorFace["switches"][0]];
    t.is(away.because, "news that 1-ff00:0:110#3 is down bars the path");
    t.true(away.time_ns > 2.6e9 && away.time_ns < 2.7e9, `${away.time_ns}`);
    t.true(away.told < away.event);
    const { thing, isPacket, to } = deliveredBy(explored, away.told);
    t.is(to, "host/1-ff00:0:111,10.0.0.1");
    t.true(isPacket);
    t.like((thing as Packet).l4, { kind: "scmp.interface-down", ia: "1-ff00:0:110", ifId: 3 });
    t.regex(
      back.because,
      /^a bar has fallen: the path may be used again: latency [\d.]+ ms; of the path before: latency/,
    );
    t.is(back.told, back.event);
    // At the event itself the other path is in use; just before it the old one.
    explored.cursor.seekEvent(away.event);
    const after = faceOf(explored, flow);
    t.is(after.candidates.find(({ chosen }) => chosen)?.fingerprint, away.to);
    const barred = after.candidates.find(({ fingerprint }) => fingerprint === away.from);
    t.regex(barred?.barred ?? "", /^news that 1-ff00:0:110#3 is down at 2\.6\d+ s, until 4\.6\d+ s$/);
    t.deepEqual(after.switches, [away]);
    explored.cursor.seekEvent(away.event - 1);
    const before = faceOf(explored, flow);
    t.is(before.candidates.find(({ chosen }) => chosen)?.fingerprint, away.from ?? "");
    t.deepEqual(before.switches, []);
    t.true(before.candidates.every(({ usable }) => usable));
    t.regex(before.why, /^lowest-latency: latency [\d.]+ ms is the least among the \d+ usable of \d+ paths/);
    t.true(before.candidates.every(({ directions, links }) => directions.length === links));
  }
});

const MEASURING = `
name: measuring
topology: diamond
seed: 5
duration: 8s
flows:
  - {id: rtt, app: constant-rate, from: "1-ff00:0:110,10.0.0.1", to: "1-ff00:0:120,10.0.0.2", rate: 500kbit/s, packet_size: 500B, policy: {name: lowest-rtt}}
  - {id: turns, app: constant-rate, from: "1-ff00:0:110,10.0.0.1", to: "1-ff00:0:120,10.0.0.2", rate: 100kbit/s, packet_size: 500B, policy: round-robin}
`;

test("probes: what was measured is said, and the prober's packet is what told it", (t) => {
  const explored = explore(scenarioFrom(MEASURING));
  explored.cursor.seekTime(8e9);
  const { candidates, switches, why } = faceOf(explored, "rtt");
  t.true(switches.length > 0);
  for (const { because, event, told, to } of switches) {
    t.regex(because, /^what probes measured: round trip [\d.]+ ms; of the path before: round trip/);
    const { thing, isPacket, to: prober } = deliveredBy(explored, told);
    t.regex(prober, /^prober\//);
    t.is(isPacket ? (thing as Packet).l4.kind : (thing as ControlEvent).type, isPacket ? "scmp.echo" : "timer.probe");
    t.true(told < event && to !== "");
  }
  const [best] = candidates.toSorted((left, right) => (left.score?.value ?? 0) - (right.score?.value ?? 0));
  t.is(best?.score?.share, 1);
  t.regex(why, /^lowest-rtt: round trip [\d.]+ ms/);
});

test("round-robin changes with every packet, and says so", (t) => {
  const explored = explore(scenarioFrom(MEASURING));
  explored.cursor.seekTime(2e9);
  const { changes, switches } = faceOf(explored, "turns");
  t.true(changes > 40, `${changes}`);
  t.is(switches.length, Math.min(50, changes));
  t.true(switches.every(({ because }) => because === "the policy chooses for every packet"));
});
