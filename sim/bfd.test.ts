/** BFD sessions against RFC 5880: packets in, state and reports out, with a driver that only writes down what it is asked. */
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { setup } from "xstate";
import type { ControlEvent, Env } from "../core/env.ts";
import { createForwardingKeys } from "../core/forwarding-keys.ts";
import { createHopMacs, hopMac } from "../core/hop-mac.ts";
import type { BfdControl, Packet } from "../core/packet.ts";
import type { OneHopPath } from "../core/path.ts";
import { decodePacket, encodePacket } from "../core/wire/codec.ts";
import type { Assembly } from "../actors/assembly.ts";
import { type BfdContext, type BfdInput, bfdLogic } from "../actors/bfd.ts";
import type { NodeContext } from "../actors/node.ts";
import { type PacketLogic, withPacketHandler } from "../actors/with-packet-handler.ts";
import { quietRow } from "./crafted-packets.ts";
import { Simulation } from "./simulation.ts";

const MS = 1_000_000;
const INTERVAL = 200 * MS;
const KEYS = createForwardingKeys(1);

interface Kept {
  readonly packets: Packet[];
  readonly reports: string[];
}

/** Stands for the link and the router behind the session. */
const keeper = setup({
  types: { context: {} as Kept, events: {} as ControlEvent },
  actions: { keep: ({ context, event }) => void context.reports.push(event.type) },
}).createMachine({
  id: "keeper",
  context: () => ({ packets: [], reports: [] }),
  initial: "keeping",
  states: { keeping: { on: { "*": { actions: "keep" } } } },
});
const keeperLogic = withPacketHandler(keeper, (state, packet: Packet, _ifId: number, _env: Env) => {
  state.context.packets.push(packet);
  return undefined;
});

const INPUT: BfdInput = {
  ia: "1-1",
  neighbour: "1-2",
  ifId: 5,
  remoteIfId: 9,
  node: 1,
  link: 1,
  host: "10.255.255.254",
  epochS: 1_700_000_000,
  interval: INTERVAL,
  multiplier: 3,
};

function session(input: BfdInput = INPUT) {
  const assembly: Assembly = {
    seed: 1,
    repeat: "npx ava sim/bfd.test.ts",
    places: ["1-1"],
    actors: [
      { id: "bfd/1-1#5", place: 0, logic: "bfd", input },
      { id: "keeper", place: 0, logic: "keeper", input: null },
    ],
    logics: new Map<string, PacketLogic>([
      ["bfd", bfdLogic],
      ["keeper", keeperLogic],
    ]),
    resources: new Map([["forwarding-keys", KEYS]]),
    faults: [],
    scenario: null,
  };
  const world = Simulation.create(assembly);
  const kept = world.read<Kept>("keeper").context;
  return {
    world,
    kept,
    state: () => world.read<BfdContext>("bfd/1-1#5").value,
    receive: (changes: Partial<BfdControl>) => world.deliverPacket(0, { l4: { ...HEARD, ...changes } } as Packet, 0),
    last: () => kept.packets.at(-1)?.l4 as BfdControl,
  };
}

const HEARD: BfdControl = {
  kind: "bfd",
  diagnostic: 0,
  state: 3,
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  authenticationPresent: false,
  demand: false,
  multipoint: false,
  detectMult: 3,
  myDiscriminator: 9,
  yourDiscriminator: 5,
  desiredMinTx: 200_000,
  requiredMinRx: 200_000,
  requiredMinEchoRx: 0,
};
const [ADMIN_DOWN, DOWN, INIT, UP] = [0, 1, 2, 3] as const;

test("periodic packets: real OneHop packets with a verified hop, 150 to 200 ms apart", (t) => {
  const it = session();
  for (let at = 0; at < 50; at++) {
    it.world.run(at * 100 * MS);
    it.receive({});
  }
  const { packets } = it.kept;
  const interval = (49 * 100) / packets.length;
  t.true(interval >= 150 && interval <= 200, `${interval} ms on average`);
  const packet = packets.at(-1) as Packet;
  t.deepEqual([packet.trafficClass, packet.flowId, packet.dstIa, packet.srcIa], [0xb8, 0xdead, "1-2", "1-1"]);
  const { info, first } = packet.path as OneHopPath;
  t.is(info.timestamp, 1_700_000_000 + 4 - 10);
  t.is(first.mac, hopMac(createHopMacs(KEYS("1-1"), 0), 0, info.timestamp, first));
  t.deepEqual([first.expTime, first.consIngress, first.consEgress], [63, 0, 5]);
  const decoded = decodePacket(encodePacket(packet));
  t.deepEqual(decoded.ok ? decoded.value.l4 : decoded.error, packet.l4);
  t.deepEqual(it.kept.reports, []);
});

test("silence for the detection time ends Up, once, with its diagnostic, told to the neighbour at once", (t) => {
  const it = session();
  it.world.run(100 * MS);
  it.receive({});
  it.world.run(699 * MS);
  t.is(it.state(), "Up");
  it.world.run(701 * MS);
  t.is(it.state(), "Down");
  t.deepEqual(it.kept.reports, ["bfd.down"]);
  t.deepEqual([it.last().state, it.last().diagnostic, it.last().yourDiscriminator], [DOWN, 1, 0]);
  t.is(it.last().desiredMinTx, 1_000_000, "slow while not Up");
  const sent = it.kept.packets.length;
  it.world.run(10_701 * MS);
  const slow = it.kept.packets.length - sent;
  t.true(slow >= 10 && slow <= 14, `${slow} packets in ten seconds, one each 750 to 1000 ms`);
  t.deepEqual(it.kept.reports, ["bfd.down"]);
});

test("the neighbour's slower rate counts in the detection time", (t) => {
  const it = session();
  it.receive({ desiredMinTx: 500_000, detectMult: 2 });
  it.world.run(999 * MS);
  t.is(it.state(), "Up");
  it.world.run(1_300 * MS);
  t.is(it.state(), "Down");
});

test("the handshake: down, init, up on either side", (t) => {
  const it = session();
  it.receive({ state: DOWN });
  t.is(it.state(), "Down");
  it.world.run(0);
  t.is(it.last().diagnostic, 3);
  it.receive({ state: UP });
  t.is(it.state(), "Down", "Up is no answer to Down");
  it.receive({ state: DOWN, yourDiscriminator: 0 });
  t.is(it.state(), "Init");
  it.receive({ state: DOWN });
  t.is(it.state(), "Init");
  it.receive({ state: UP });
  t.is(it.state(), "Up");
  it.receive({ state: ADMIN_DOWN });
  t.is(it.state(), "Down");
  it.receive({ state: ADMIN_DOWN });
  t.is(it.state(), "Down");
  it.receive({ state: INIT });
  t.is(it.state(), "Up");
  it.world.run(1);
  t.deepEqual(it.kept.reports, ["bfd.down", "bfd.up", "bfd.down", "bfd.up"]);
});

test("Init ends with the neighbour's AdminDown and with silence; silence in Down forgets the neighbour", (t) => {
  const it = session();
  const toInit = (): void => {
    it.receive({ state: DOWN, yourDiscriminator: 0 });
    it.receive({ state: DOWN, yourDiscriminator: 0 });
  };
  toInit();
  t.is(it.state(), "Init");
  it.receive({ state: ADMIN_DOWN });
  it.world.run(1);
  t.deepEqual([it.state(), it.last().diagnostic, it.last().yourDiscriminator], ["Down", 3, 9]);
  it.world.run(3_000 * MS);
  t.deepEqual([it.state(), it.last().yourDiscriminator], ["Down", 0]);
  it.receive({ state: DOWN, yourDiscriminator: 0 });
  t.is(it.state(), "Init");
  it.world.run(6_000 * MS);
  t.deepEqual([it.state(), it.last().diagnostic, it.last().yourDiscriminator], ["Down", 1, 0]);
});

test("Init and Init make Up; the neighbour's wishes bound how often packets go", (t) => {
  const it = session();
  it.receive({ state: DOWN });
  it.receive({ state: DOWN });
  it.receive({ state: INIT });
  t.is(it.state(), "Up");
  const sentIn = (changes: Partial<BfdControl>): number => {
    const from = it.kept.packets.length;
    const start = it.world.now;
    for (let at = 0; at < 4_000; at += 100) {
      it.receive(changes);
      it.world.run(start + (at + 100) * MS);
    }
    return it.kept.packets.length - from;
  };
  sentIn({ final: true });
  const slow = sentIn({ requiredMinRx: 1_000_000 });
  t.true(slow >= 3 && slow <= 6, `${slow} packets in four seconds, one each 750 to 1000 ms`);
  const silent = sentIn({ requiredMinRx: 0 });
  t.is(silent, 0);
});

test("with a multiplier of 1 an interval is at most nine tenths", (t) => {
  const times: number[] = [];
  const it = session({ ...INPUT, multiplier: 1 });
  for (let at = 0; at < 10_000; at += 5) {
    const before = it.kept.packets.length;
    it.receive({});
    it.world.run(at * MS);
    if (it.kept.packets.length > before) times.push(at);
  }
  const longest = Math.max(...times.slice(1).map((at, n) => at - (times[n] as number)));
  t.true(longest <= 185, `${longest} ms`);
});

test("an interface with a session believes the session alone", (t) => {
  const bfd = { mode: "on", interval_ns: INTERVAL, multiplier: 3 } as const;
  for (const [assembly, believed] of [
    [quietRow({ bfd }), false],
    [quietRow(), true],
  ] as const) {
    const world = Simulation.create(assembly);
    const node = world.indexOf("node/1-2") as number;
    const isUp = (): boolean | undefined => world.read<NodeContext>("node/1-2").context.interfaces[1]?.up;
    world.deliverControl(node, { type: "interface.down", ifId: 1 } as ControlEvent);
    t.is(isUp(), !believed);
    world.deliverControl(node, { type: "interface.up", ifId: 1 } as ControlEvent);
    world.deliverControl(node, { type: "bfd.down", ifId: 1 } as ControlEvent);
    t.is(isUp(), believed);
  }
});

test("a poll is answered at once; nothing ever polls, since scionproto's sessions discard what does", (t) => {
  const it = session();
  it.receive({ poll: true });
  it.world.run(0);
  t.true(it.last().final && !it.last().poll);
  it.receive({ state: DOWN });
  it.receive({ state: INIT });
  it.world.run(1);
  t.is(it.last().state, UP);
  t.false(it.last().poll || it.last().final);
});

test("a router out of service is silent and deaf; back in service it begins at Down", (t) => {
  const it = session();
  it.world.run(100 * MS);
  it.world.deliverControl(0, { type: "session.disable" });
  t.is(it.state(), "AdminDown");
  it.world.run(101 * MS);
  const sent = it.kept.packets.length;
  it.receive({});
  it.world.run(5_000 * MS);
  t.is(it.kept.packets.length, sent);
  it.world.deliverControl(0, { type: "session.enable" });
  t.is(it.state(), "Down");
  it.receive({ state: INIT });
  it.world.run(5_001 * MS);
  t.deepEqual([it.state(), it.kept.reports.at(-1)], ["Up", "bfd.up"]);
});

test("packets that RFC 5880, 6.8.6 says to discard change nothing and are counted", (t) => {
  const bad: Partial<BfdControl>[] = [
    { detectMult: 0 },
    { multipoint: true },
    { authenticationPresent: true },
    { myDiscriminator: 0 },
    { yourDiscriminator: 6 },
    { yourDiscriminator: 0, state: UP },
  ];
  const it = session();
  for (const changes of bad) it.receive({ state: DOWN, ...changes });
  t.is(it.state(), "Up");
  t.is(it.world.ledger.byReason.get("unexpected"), bad.length);
});

testProp(
  "whatever is received, the session stays in a state that its packets tell",
  [fc.array(fc.tuple(fc.nat(3), fc.boolean(), fc.nat(900)), { maxLength: 30 })],
  (t, steps) => {
    const it = session();
    let now = 0;
    for (const [state, poll, wait] of steps) {
      it.receive({ state, poll });
      now += wait * MS;
      it.world.run(now);
    }
    const { value, context } = it.world.read<BfdContext>("bfd/1-1#5");
    t.is(["AdminDown", "Down", "Init", "Up"].indexOf(value as string), context.localState);
    const ups = it.kept.reports.filter((type) => type === "bfd.up").length;
    const downs = it.kept.reports.length - ups;
    t.is(downs - ups, value === "Up" ? 0 : 1);
  },
);
