/**
 * What every world must do, as cases that a world runs and a check that reads what came of it. `sim` and `live` each run all
 * of them (sim/contract.test.ts, live/contract.test.ts); the checks hold in real time too, so they bound delays from below only.
 */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../core/env.ts";
import {
  type ChannelSpec,
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type FaultSpec,
  type FlowSpec,
  type LinkDirection,
  type Network,
  type NetworkLink,
  SCENARIO_DEFAULTS,
  type Scenario,
} from "../core/scenario.ts";
import type { Nanos } from "../core/units.ts";
import { assemble } from "./assemble.ts";
import type { Assembly } from "./assembly.ts";
import type { BfdContext } from "./bfd.ts";
import type { ListenerContext } from "./channel/listener.ts";
import type { NodeContext } from "./node.ts";
import { envOf } from "./registry.ts";
import { type FlowResult, flowCounts, results } from "./results.ts";
import { withPacketHandler } from "./with-packet-handler.ts";
import type { World } from "./world.ts";

export interface ContractCase {
  readonly name: string;
  readonly duration: Nanos;
  readonly assembly: () => Assembly;
  /** What is wrong, a sentence each; empty: the world did right. */
  readonly check: (world: World) => string[];
}

const MS = 1_000_000;
const [SOURCE, NEAR, FAR, TARGET] = ["1-ff00:0:1", "1-ff00:0:2", "1-ff00:0:3", "1-ff00:0:4"] as const;

const CLEAN: LinkDirection = { ...DEFAULT_DIRECTION, latency_ns: 2 * MS, rate_bps: 0 };

function link(a: string, aIf: number, b: string, bIf: number, model: Partial<LinkDirection> = {}): NetworkLink {
  const direction = { ...CLEAN, ...model };
  return { a: { ia: a, ifId: aIf }, b: { ia: b, ifId: bIf }, type: "core", mtu: 1472, ab: direction, ba: direction };
}

/** Source to target over one AS or, by other links, over another. */
function network(first: Partial<LinkDirection>, second: Partial<LinkDirection> | null): Network {
  const core = (ia: string) => ({ ia, core: true, mtu: 1472 });
  const one = [link(SOURCE, 1, NEAR, 1, first), link(NEAR, 2, TARGET, 1)];
  const other = second === null ? [] : [link(SOURCE, 2, FAR, 1, second), link(FAR, 2, TARGET, 2)];
  const ases = second === null ? [SOURCE, NEAR, TARGET] : [SOURCE, NEAR, FAR, TARGET];
  return { name: "contract", ases: ases.map(core), links: [...one, ...other] };
}

const OVER_CHANNEL: ChannelSpec = {
  crypto: "real",
  keying: "channel",
  handshake: "xx",
  controller: "cubic",
  window_bytes: 0,
  pacing: true,
  scheduler: "minrtt",
  paths: 4,
  reliability: "ordered",
  ack_every: 2,
  receive_window_bytes: 1_000_000,
  keep_alive_ns: 0,
  idle_timeout_ns: 30_000 * MS,
  ecn: false,
};

function flow(changes: Partial<FlowSpec> = {}): FlowSpec {
  const base = {
    ...FLOW_DEFAULTS,
    id: "flow",
    app: "constant-rate",
    src: { ia: SOURCE, host: "10.0.0.1" },
    dst: { ia: TARGET, host: "10.0.0.1" },
    policy: { name: "shortest", params: {} },
    start_ns: 0,
    stop_ns: 400 * MS,
    interval_ns: 4 * MS,
    packet_size: 500,
  };
  return { ...base, ...changes } as FlowSpec;
}

function scenario(
  net: Network,
  flows: readonly FlowSpec[],
  duration: Nanos,
  faults: readonly FaultSpec[] = [],
): Scenario {
  return {
    name: "contract",
    seed: 7,
    epoch_s: 1_700_000_000,
    duration_ns: duration,
    detection_ns: 20 * MS,
    revocation_ns: 150 * MS,
    max_paths: 8,
    network: net,
    flows,
    faults,
    warmup_ns: 0,
    record: SCENARIO_DEFAULTS.record,
  };
}

function caseOf(name: string, of: Scenario, check: (flow: FlowResult, world: World, say: Say) => void): ContractCase {
  return {
    name,
    duration: of.duration_ns,
    assembly: () => assemble(of, { repeat: `contract case "${name}"` }),
    check: (world) => {
      const problems: string[] = [];
      const say: Say = (fine, problem) => void (fine || problems.push(problem));
      check(results(world, of).flows[0] as FlowResult, world, say);
      conserved(world, of, say);
      return problems;
    },
  };
}

/** Says what is wrong where the first argument is false. */
type Say = (fine: boolean, problem: string) => void;

/** Every packet made is received, dropped for a reason that is counted, or still under way; never more than were made. */
function conserved(world: World, of: Scenario, say: Say): void {
  for (const { flow: number, id, sent, received } of flowCounts(world, of)) {
    const dropped = world.ledger.byFlow.get(number) ?? 0;
    say(received + dropped <= sent, `${id}: ${received} received and ${dropped} dropped of ${sent} sent`);
  }
  const reasons = [...world.ledger.byReason.values()].reduce((sum, count) => sum + count, 0);
  const flows = [...world.ledger.byFlow.values()].reduce((sum, count) => sum + count, 0);
  say(reasons === flows, `${reasons} drops by reason, ${flows} by flow`);
}

const drops = (world: World, reason: Parameters<World["ledger"]["byReason"]["get"]>[0]): number =>
  world.ledger.byReason.get(reason) ?? 0;
const end = (at: number, kind: "down" | "up"): FaultSpec => ({
  id: `${kind} at ${at}`,
  timing: { kind: "once", at_ns: at * MS, for_ns: null },
  effect: { kind, links: [{ ia: SOURCE, ifId: 1 }], ases: [] },
});

const IN_ORDER = caseOf(
  "delivery in order on a clean link",
  scenario(network({}, null), [flow()], 1_200 * MS),
  (it, _world, say) => {
    say(it.sent === 100, `100 packets expected, ${it.sent} sent`);
    say(it.received === it.sent, `${it.received} of ${it.sent} received`);
    say(it.reordered === 0, `${it.reordered} out of order`);
    say((it.latency_ms.p50 ?? 0) >= 3.99, `two links of 2 ms, but a median of ${it.latency_ms.p50} ms`);
  },
);

const LOSS = caseOf(
  "loss is counted and hangs on the packet alone",
  scenario(network({ loss: 0.25 }, null), [flow()], 1_200 * MS),
  (it, world, say) => {
    say(it.lost === drops(world, "loss"), `${it.lost} lost, ${drops(world, "loss")} dropped by chance`);
    say(it.received + it.lost === it.sent, `${it.sent} sent, ${it.received} received, ${it.lost} lost`);
    // The same in every world, since the draw is keyed by (link, flow, packet number).
    say(it.lost === LOST_OF_100, `${LOST_OF_100} of 100 packets are lost with seed 7, found ${it.lost}`);
  },
);

/** Packets of flow 0 that seed 7 loses on the first link: what the simulator found, held against every world. */
const LOST_OF_100 = 22;

const OVERFLOW = caseOf(
  "queue overflow is counted",
  scenario(network({ rate_bps: 500_000, queue_packets: 5 }, null), [flow({ interval_ns: 2 * MS })], 1_200 * MS),
  (it, world, say) => {
    say(
      drops(world, "queue_overflow") > 100,
      `a line at a quarter of the load, but ${drops(world, "queue_overflow")} overflows`,
    );
    say(it.received >= 30, `500 kbit/s carry 50 packets in 400 ms, ${it.received} received`);
    say((it.latency_ms.max ?? 0) >= 40, `five packets of 8 ms wait, but the longest delay is ${it.latency_ms.max} ms`);
  },
);

/** Every 10 ms one packet of 500 bytes. */
const TRACE: LinkDirection["schedule"] = { kind: "opportunities", period_ns: 10 * MS, bytes: 500, at_ns: [10 * MS] };

const PACED = caseOf(
  "a line served by opportunities keeps to them, and its queue to its bound",
  scenario(network({ schedule: TRACE, queue_packets: 5 }, null), [flow({ interval_ns: 2 * MS })], 1_200 * MS),
  (it, world, say) => {
    say(it.received >= 30, `400 ms hold 40 opportunities, but only ${it.received} packets arrived`);
    say(it.received <= 47, `400 ms hold 40 opportunities, then 5 packets wait, but ${it.received} arrived`);
    say(it.received + drops(world, "queue_overflow") === it.sent, `${it.lost} lost of ${it.sent}`);
    say(it.reordered === 0, `${it.reordered} out of order`);
  },
);

const DOWN_AND_BACK = caseOf(
  "a link goes down and comes back",
  {
    ...scenario(network({}, null), [flow({ stop_ns: 1_000 * MS })], 1_800 * MS, [end(100, "down"), end(500, "up")]),
    // Long beside what a busy machine can keep a process waiting: packets meet the dead link before the router knows.
    detection_ns: 150 * MS,
  },
  (it, world, say) => {
    const gone = drops(world, "link_down") + drops(world, "interface_down") + drops(world, "no_path");
    say(drops(world, "link_down") > 0, "nothing was dropped on the link");
    say(drops(world, "interface_down") > 0, "the router noticed nothing");
    say(gone === it.lost, `${it.lost} lost, ${gone} of them to the failure`);
    say(
      gone >= 60 && gone <= 200,
      `the link was away for 400 ms of 4 ms intervals and its path 300 ms longer at most, ${gone} lost`,
    );
    say(it.received >= 40, `${it.received} received`);
  },
);

const FAILOVER = caseOf(
  "failover to another path",
  scenario(
    network({}, { latency_ns: 5 * MS }),
    [flow({ stop_ns: 500 * MS, policy: { name: "lowest-latency", params: {} } })],
    1_200 * MS,
    [end(100, "down")],
  ),
  (it, world, say) => {
    say(it.paths.length === 2, `two paths used, found ${it.paths.length}`);
    say(it.switches >= 1, "no switch");
    say((it.paths[1]?.packets ?? 0) + (it.paths[0]?.packets ?? 0) === it.sent, "packets without a path");
    say(it.received >= 60, `${it.received} of ${it.sent} received`);
    say(world.read<NodeContext>(`node/${SOURCE}`).context.answered >= 1, "the router sent no SCMP error");
  },
);

/** The fixed detection time would be too late: what the routers know, they know by BFD. */
const BFD = caseOf(
  "BFD notices a link that fails and one that comes back",
  {
    ...scenario(
      network({}, { latency_ns: 5 * MS }),
      [flow({ stop_ns: 2_000 * MS, policy: { name: "lowest-latency", params: {} } })],
      6_000 * MS,
      [end(100, "down"), end(2_000, "up")],
    ),
    detection_ns: 60_000 * MS,
    bfd: { mode: "on", interval_ns: 250 * MS, multiplier: 5 },
  },
  (it, world, say) => {
    const ends = [`bfd/${SOURCE}#1`, `bfd/${NEAR}#1`].map((id) => world.read<BfdContext>(id));
    say(drops(world, "interface_down") >= 1, "the router noticed nothing");
    // A process that gets no turn for 1.25 s takes its neighbours for gone, so that little is asked of the figures.
    say(it.switches >= 1 && it.received >= 40, `${it.switches} switches, ${it.received} of ${it.sent} received`);
    for (const { value, context } of ends) {
      say(value === "Up", `a session is ${String(value)} four seconds after its link came back`);
      say(context.received >= 10, `${context.received} BFD packets received`);
    }
    say(world.read<NodeContext>(`node/${SOURCE}`).context.interfaces[1]?.up === true, "the interface stayed down");
  },
);

const PING = caseOf(
  "ping and its round trip",
  scenario(network({}, null), [flow({ app: "ping", interval_ns: 20 * MS })], 1_200 * MS),
  (it, _world, say) => {
    say(it.sent === 20, `20 pings expected, ${it.sent} sent`);
    say(it.received === it.sent, `${it.received} of ${it.sent} replies`);
    say((it.latency_ms.p50 ?? 0) >= 7.98, `four links of 2 ms there and back, but a median of ${it.latency_ms.p50} ms`);
  },
);

/** 200 kB over a line that loses every twentieth packet, acknowledgements over the other way. */
const TRANSFER = caseOf(
  "a reliable transfer over a lossy link",
  scenario(
    network({ loss: 0.05 }, {}),
    [flow({ app: "bulk", bytes: 200_000, ecn: false, reply: "select", stop_ns: 6_000 * MS, packet_size: 1_200 })],
    6_000 * MS,
  ),
  (it, _world, say) => {
    const { transfers, transport } = it;
    say(transfers?.completed === 1, `the transfer is not complete: ${JSON.stringify(it)}`);
    say((transport?.retransmitted ?? 0) >= 3, `one of twenty is lost, but ${transport?.retransmitted} were sent again`);
    say((it.replies?.received ?? 0) > 20, `${it.replies?.received} acknowledgements`);
    say((transport?.srtt_ms ?? 0) >= 7.98, `four links of 2 ms there and back, but ${transport?.srtt_ms} ms`);
  },
);

/** Sealed for real, two paths at once: the first loses packets, then fails for good. */
const CHANNEL_FAILOVER = caseOf(
  "a reliable transfer over a channel whose first path loses packets and fails",
  {
    ...scenario(
      network({ loss: 0.05, rate_bps: 1_000_000 }, { latency_ns: 5 * MS, rate_bps: 1_000_000 }),
      [
        flow({
          app: "bulk",
          bytes: 120_000,
          ecn: false,
          stop_ns: 10_000 * MS,
          packet_size: 1_200,
          channel: OVER_CHANNEL,
        }),
      ],
      10_000 * MS,
      [end(500, "down")],
    ),
    // Of which the handshake's first packets are not lost: whether a packet is lost hangs on its number.
    seed: 11,
  },
  (it, world, say) => {
    const { transfers, transport, channel } = it;
    const { delivered } = world.read<ListenerContext>("app/flow/sink/listener").context.port;
    say(transfers?.completed === 1, `the transfer is not complete: ${JSON.stringify(it)}`);
    say(delivered === 120_000, `${delivered} bytes handed over of 120000`);
    say((transport?.retransmitted ?? 0) >= 1, "one of twenty is lost and a path fails, but nothing was sent again");
    say(it.paths.length === 2, `two paths used, found ${it.paths.length}`);
    say((channel?.handshake_ms ?? 0) >= 15.9, `a handshake of two round trips took ${channel?.handshake_ms} ms`);
    say(channel?.closed === "done", `the association is not closed in order: ${channel?.closed}`);
  },
);

interface OrderContext {
  readonly seen: string[];
}

const orderMachine = setup({
  types: { context: {} as OrderContext, events: {} as ControlEvent },
  actions: {
    note: ({ context, event }) => void context.seen.push(event.type),
    sendAll: ({ system }) => sendAll(envOf(system)),
    sendMore: ({ system }) => sendMore(envOf(system)),
  },
}).createMachine({
  id: "order",
  context: () => ({ seen: [] }),
  entry: "sendAll",
  initial: "noting",
  states: { noting: {} },
  on: { third: { actions: ["note", "sendMore"] }, "*": { actions: "note" } },
});

/** Three events for one instant, one that is cancelled, and one a little earlier that was sent last. */
function sendAll(env: Env): void {
  const at = 50 * MS;
  env.send(env.self, { type: "first" }, at);
  const forgotten = env.send(env.self, { type: "forgotten" }, at);
  env.send(env.self, { type: "second" }, at);
  env.send(env.self, { type: "third" }, at);
  env.send(env.self, { type: "early" }, at - MS);
  env.cancel(forgotten);
}

function sendMore(env: Env): void {
  env.send(env.self, { type: "fourth" }, 0);
  env.send(env.self, { type: "fifth" }, 0);
}

const ONE_ORDER: ContractCase = {
  name: "events at one instant in one order",
  duration: 400 * MS,
  assembly: () => ({
    seed: 7,
    repeat: "contract case",
    places: [SOURCE],
    actors: [{ id: "order", place: 0, logic: "order", input: null }],
    logics: new Map([["order", withPacketHandler(orderMachine, () => undefined)]]),
    resources: new Map(),
    faults: [{ at: 50 * MS, target: 0, event: { type: "fault" } }],
    scenario: null,
  }),
  check: (world) => {
    const seen = world.read<OrderContext>("order").context.seen.join(" ");
    const expected = "early fault first second third fourth fifth";
    return seen === expected ? [] : [`expected the order: ${expected}; found: ${seen}`];
  },
};

export const CONTRACT: readonly ContractCase[] = [
  IN_ORDER,
  LOSS,
  OVERFLOW,
  PACED,
  DOWN_AND_BACK,
  FAILOVER,
  BFD,
  PING,
  TRANSFER,
  CHANNEL_FAILOVER,
  ONE_ORDER,
];
