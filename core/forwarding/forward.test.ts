/** Every step of `forward`, once firing and once passing, with the SCMP error that it answers with. */
import test from "ava";
import { createForwardingKeys } from "../forwarding-keys.ts";
import { createHopMacs, hopAuthenticator, hopMac, macPrefix } from "../hop-mac.ts";
import { createPacket, type NewPacket, type Packet } from "../packet.ts";
import type { EpicPath, HopField, InfoField, OneHopPath, PacketPath, ScionPath } from "../path.ts";
import { wireLengthOf } from "../wire/codec.ts";
import { hopValidation, validationInput } from "./epic.ts";
import { forward } from "./forward.ts";
import { returnPath, reversePath } from "./reverse.ts";
import { type Disposition, LINK_TO, type LinkTo, type Router } from "./router.ts";

const EPOCH = 1_700_000_000;
const HERE = "1-ff00:0:110";
const THERE = "1-ff00:0:999";
const KEY = createForwardingKeys(1)(HERE);
const BETA = 0x1234;

const hop = (consIngress: number, consEgress: number, changes: Partial<HopField> = {}): HopField => ({
  ingressAlert: false,
  egressAlert: false,
  expTime: 63,
  consIngress,
  consEgress,
  mac: 0,
  ...changes,
});
const info = (consDir: boolean, peer = false): InfoField => ({ consDir, peer, segId: BETA, timestamp: EPOCH });

/** This AS in the middle of each segment (1 and 5) and where they meet (2 and 3). */
const UP_DOWN: ScionPath = {
  kind: "scion",
  segLens: [3, 3, 0],
  infos: [info(false), info(true)],
  hops: [hop(21, 0), hop(22, 23), hop(0, 24), hop(0, 31), hop(32, 33), hop(34, 0)],
};
const PEERING: ScionPath = {
  kind: "scion",
  segLens: [2, 2, 0],
  infos: [info(false, true), info(true, true)],
  hops: [hop(9, 0), hop(8, 24), hop(11, 31), hop(34, 0)],
};

/** Interfaces 21 to 29 towards the given kind of neighbour, the others as `others` says. */
function routerWith(kinds: Readonly<Record<number, LinkTo>>): Router {
  const interfaces: (Router["interfaces"][number] | undefined)[] = [];
  for (const [text, linkTo] of Object.entries(kinds)) {
    const ifId = Number(text);
    interfaces[ifId] = {
      kind: "forward",
      ifId,
      link: 100 + ifId,
      up: true,
      linkTo,
      neighbour: "1-2",
      mtu: 1400,
      session: null,
    };
  }
  return {
    ia: HERE,
    epochS: EPOCH,
    interfaces,
    hosts: new Map([["10.0.0.1", { kind: "deliver", host: 7 }]]),
    services: new Map([["CS", { kind: "service", backends: [7] }]]),
    macs: createHopMacs(KEY, 16),
  };
}

const { core, parent, child, peer } = LINK_TO;
const MIDDLE_DOWN = { 32: parent, 33: child };
const MIDDLE_UP = { 23: child, 22: parent };
const TOP = { 24: child, 31: child };

/** The path with the hop field at `hf` (and the one after a change of segment) signed by this AS. */
function signed(path: ScionPath, hf: number): ScionPath {
  const sign = (one: HopField, at: number): HopField => {
    const crossing = at === hf + 1 && hf + 1 === path.segLens[0] && path.infos[0]?.peer === false;
    if (at !== hf && !crossing) return one;
    const of = path.infos[at < path.segLens[0] ? 0 : 1] as InfoField;
    return { ...one, mac: hopMac(createHopMacs(KEY, 0), BETA, of.timestamp, one) };
  };
  return { ...path, hops: path.hops.map(sign) };
}

const REQUEST = { kind: "scmp.traceroute", reply: false, identifier: 5, sequence: 6, ia: "0-0", ifId: 0 } as const;
const UDP = { kind: "udp", srcPort: 40_000, dstPort: 31_000 } as const;

function packetOf(path: PacketPath | null, currHf: number, currInf: number, changes: Partial<NewPacket> = {}): Packet {
  const fields = {
    path,
    currHf,
    currInf,
    trafficClass: 0,
    flowId: 1,
    dstIa: THERE,
    srcIa: "1-ff00:0:1",
    dstHost: "10.0.0.1",
    srcHost: "10.0.0.9",
    l4: UDP,
    flow: -1,
    number: 0,
    sentAt: 0,
    payloadLength: 100,
    rest: null,
    wireLength: 0,
    ...changes,
  };
  const length = wireLengthOf(fields.path, fields.srcHost, fields.dstHost, fields.l4, fields.payloadLength);
  return createPacket({ ...fields, wireLength: changes.wireLength ?? length });
}

/** A packet as the link brings it: against construction its SegID is the one before this AS's own step. */
function arriving(path: ScionPath, hf: number, changes: Partial<NewPacket> = {}, sign = true): Packet {
  const own = sign ? signed(path, hf) : path;
  const inf = hf < path.segLens[0] ? 0 : 1;
  const packet = packetOf(own, hf, inf, changes);
  const peering = own.infos[0]?.peer === true && (hf === path.segLens[0] - 1 || hf === path.segLens[0]);
  if (own.infos[inf]?.consDir === false && hf > 0 && !peering)
    packet.segId0 ^= macPrefix((own.hops[hf] as HopField).mac);
  return packet;
}

/** `forward:IF`, `deliver`, or the reason and the error's type, code and pointer. */
function outcome(found: Disposition): string {
  switch (found.kind) {
    case "forward":
      return `forward:${found.ifId}`;
    case "drop":
      return found.reason;
    case "answer": {
      const { kind, ...fields } = found.error;
      return [found.reason, kind.slice("scmp.".length), ...Object.values(fields)].join(" ");
    }
    case "reply":
      return `reply ${found.reply.ia}#${found.reply.ifId}`;
    default:
      return found.kind;
  }
}

const run = (kinds: Readonly<Record<number, LinkTo>>, packet: Packet, ingress: number, now = 0): string =>
  outcome(forward(routerWith(kinds), packet, ingress, now));

/** Common and address header of two IPv4 hosts, meta header, two info fields. */
const hopPointer = (hf: number): number => 12 + 24 + 4 + 2 * 8 + 12 * hf;
const infoPointer = (inf: number): number => 12 + 24 + 4 + 8 * inf;

test("a well-formed packet passes every step, in each place of a path", (t) => {
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4), 32), "forward:33");
  t.is(run(MIDDLE_UP, arriving(UP_DOWN, 1), 23), "forward:22");
  t.is(run(TOP, arriving(UP_DOWN, 2), 24), "forward:31");
  t.is(run({ 34: parent }, arriving(UP_DOWN, 5, { dstIa: HERE }), 34), "deliver");
  t.is(run({ 21: parent }, arriving(UP_DOWN, 0, { srcIa: HERE }), 0), "forward:21");
});

test("pointers and SegIDs are moved past the router", (t) => {
  const down = arriving(UP_DOWN, 4);
  const mac = (down.path as ScionPath).hops[4]?.mac as number;
  forward(routerWith(MIDDLE_DOWN), down, 32, 0);
  t.deepEqual([down.currInf, down.currHf, down.segId1], [1, 5, BETA ^ macPrefix(mac)]);
  const up = arriving(UP_DOWN, 1);
  forward(routerWith(MIDDLE_UP), up, 23, 0);
  t.deepEqual([up.currInf, up.currHf, up.segId0], [0, 2, BETA]);
  const top = arriving(UP_DOWN, 2);
  const next = (top.path as ScionPath).hops[3]?.mac as number;
  forward(routerWith(TOP), top, 24, 0);
  t.deepEqual([top.currInf, top.currHf, top.segId0, top.segId1], [1, 4, BETA, BETA ^ macPrefix(next)]);
});

test("malformed: pointers beyond the path or apart, segments of one hop, peering of another shape", (t) => {
  const moved = (currInf: number, currHf: number): Packet => ({ ...arriving(UP_DOWN, 4), currInf, currHf });
  t.is(run(MIDDLE_DOWN, moved(0, 4), 32), "malformed_path");
  t.is(run(MIDDLE_DOWN, moved(1, 6), 32), "malformed_path");
  t.is(run(MIDDLE_DOWN, moved(2, 6), 32), "malformed_path");
  const single: ScionPath = { ...UP_DOWN, segLens: [5, 1, 0] };
  t.is(run(MIDDLE_UP, arriving(single, 1), 23), "malformed_path");
  t.is(run(MIDDLE_DOWN, arriving({ ...UP_DOWN, segLens: [1, 5, 0] }, 4), 32), "malformed_path");
  const three: ScionPath = { ...UP_DOWN, segLens: [3, 2, 1], infos: [...UP_DOWN.infos, info(true)] };
  t.is(run(MIDDLE_UP, arriving(three, 1), 23), "malformed_path");
  t.is(run(MIDDLE_UP, arriving({ ...UP_DOWN, segLens: [3, 1, 2], infos: three.infos }, 1), 23), "malformed_path");
  const alone: ScionPath = { ...UP_DOWN, segLens: [6, 0, 0], infos: [info(false, true)] };
  t.is(run(MIDDLE_UP, arriving(alone, 1), 23), "malformed_path");
  const third: ScionPath = { ...PEERING, segLens: [2, 1, 1], infos: [...PEERING.infos, info(true, true)] };
  t.is(run(MIDDLE_UP, arriving(third, 1), 24), "malformed_path");
});

test("expiry: valid up to and at the instant, at the entry and after a change of segment", (t) => {
  const expiry = 64 * 337.5 * 1e9;
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4), 32, expiry), "forward:33");
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4), 32, expiry + 1), `expired_hop parameter-problem 52 ${hopPointer(4)}`);
  const short = { ...UP_DOWN, hops: UP_DOWN.hops.map((one, at) => (at === 3 ? { ...one, expTime: 0 } : one)) };
  t.is(run(TOP, arriving(short, 2), 24, 338 * 1e9), `expired_hop parameter-problem 52 ${hopPointer(3)}`);
});

test("ingress: the interface must be the hop field's", (t) => {
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4), 33), `wrong_interface parameter-problem 49 ${hopPointer(4)}`);
  t.is(run(MIDDLE_UP, arriving(UP_DOWN, 1), 22), `wrong_interface parameter-problem 50 ${hopPointer(1)}`);
});

test("length: what a host sends must have the length it claims", (t) => {
  const packet = arriving(UP_DOWN, 0, { srcIa: HERE });
  t.is(
    run({ 21: parent }, { ...packet, wireLength: packet.wireLength + 1 }, 0),
    "invalid_length parameter-problem 19 0",
  );
});

test("a host cannot send in transit", (t) => {
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { srcIa: HERE }), 0), "invalid_transit");
});

test("addresses: source and destination AS must fit where the packet comes from and how far it is", (t) => {
  const source = "invalid_source parameter-problem 33 20";
  const destination = "invalid_destination parameter-problem 34 12";
  t.is(run({ 21: parent }, arriving(UP_DOWN, 0, { srcIa: THERE }), 0), source);
  t.is(run({ 21: parent }, arriving(UP_DOWN, 0, { srcIa: HERE, dstIa: HERE }), 0), destination);
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { srcIa: HERE }), 32), source);
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { dstIa: HERE }), 32), destination);
  t.is(run({ 34: parent }, arriving(UP_DOWN, 5), 34), destination);
});

test("source host: no IPv4 address in IPv6's clothes from this AS", (t) => {
  const mapped = { srcIa: HERE, srcHost: "::ffff:10.0.0.9" };
  t.is(run({ 21: parent }, arriving(UP_DOWN, 0, mapped), 0), "invalid_source parameter-problem 33 0");
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { srcHost: "::ffff:10.0.0.9" }), 32), "forward:33");
  const undefinedType = { srcIa: HERE, srcHost: "<HOST:0x8:0a000009>" };
  t.is(run({ 21: parent }, arriving(UP_DOWN, 0, undefinedType), 0), "invalid_source parameter-problem 33 0");
  t.is(run({ 21: parent }, arriving(UP_DOWN, 0, { srcIa: HERE, srcHost: "2001:db8::1" }), 0), "forward:21");
});

test("MAC: forged hop fields, changed fields and another SegID fail, before and after a change of segment", (t) => {
  const bad = (hf: number): string => `bad_mac parameter-problem 51 ${hopPointer(hf)}`;
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4, {}, false), 32), bad(4));
  t.is(run(MIDDLE_DOWN, { ...arriving(UP_DOWN, 4), segId1: BETA ^ 1 }, 32), bad(4));
  const longer = signed(UP_DOWN, 4);
  const hops = longer.hops.map((one) => ({ ...one, expTime: 255 }));
  t.is(run(MIDDLE_DOWN, arriving({ ...longer, hops }, 4, {}, false), 32), bad(4));
  const crossing = arriving(UP_DOWN, 2);
  t.is(run(TOP, { ...crossing, segId1: BETA ^ 1 }, 24), bad(3));
});

test("alerts: the flag is cleared and traceroute answered; nothing else is", (t) => {
  const alerted = (hf: number, flags: Partial<HopField>): ScionPath => ({
    ...UP_DOWN,
    hops: UP_DOWN.hops.map((one, at) => (at === hf ? { ...one, ...flags } : one)),
  });
  const ask = { l4: REQUEST, payloadLength: 0 };
  t.is(run(MIDDLE_DOWN, arriving(alerted(4, { ingressAlert: true }), 4, ask), 32), `reply ${HERE}#32`);
  t.is(run(MIDDLE_DOWN, arriving(alerted(4, { egressAlert: true }), 4, ask), 32), `reply ${HERE}#33`);
  t.is(run(MIDDLE_UP, arriving(alerted(1, { egressAlert: true }), 1, ask), 23), `reply ${HERE}#23`);
  t.is(run(MIDDLE_UP, arriving(alerted(1, { ingressAlert: true }), 1, ask), 23), `reply ${HERE}#22`);
  t.is(run(MIDDLE_DOWN, arriving(alerted(4, { ingressAlert: true }), 4), 32), "router_alert");
  t.is(run(MIDDLE_DOWN, arriving(alerted(5, { ingressAlert: true }), 4, ask), 32), "forward:33");
  const packet = arriving(alerted(4, { ingressAlert: true, egressAlert: true }), 4, ask);
  const shared = packet.path as ScionPath;
  const found = forward(routerWith(MIDDLE_DOWN), packet, 32, 0);
  t.deepEqual(found.kind === "reply" ? found.reply : null, { ...REQUEST, reply: true, ia: HERE, ifId: 32 });
  t.false((packet.path as ScionPath).hops[4]?.ingressAlert);
  t.true((packet.path as ScionPath).hops[4]?.egressAlert);
  t.true(shared.hops[4]?.ingressAlert, "paths are shared: the other packets' keeps its flag");
  const replies = { l4: { ...REQUEST, reply: true }, payloadLength: 0 };
  t.is(run(MIDDLE_DOWN, arriving(alerted(4, { ingressAlert: true }), 4, replies), 32), "router_alert");
  // From inside there is no ingress that could be asked.
  const inside = arriving(alerted(0, { egressAlert: true }), 0, { ...ask, srcIa: HERE });
  t.is(run({ 21: parent }, inside, 0), "forward:21");
  // So that the link that failed can be found.
  const router = routerWith(MIDDLE_DOWN);
  (router.interfaces[33] as { up: boolean }).up = false;
  t.is(outcome(forward(router, arriving(alerted(4, { egressAlert: true }), 4, ask), 32, 0)), `reply ${HERE}#33`);
});

test("of two faults the one of the earlier step is answered", (t) => {
  const late = 64 * 337.5 * 1e9 + 1;
  const asking = (hf: number, flags: Partial<HopField>): ScionPath => ({
    ...UP_DOWN,
    hops: UP_DOWN.hops.map((one, at) => (at === hf ? { ...one, ...flags } : one)),
  });
  const ask = { l4: REQUEST, payloadLength: 0 };
  const alert = asking(4, { ingressAlert: true });
  const leaving = asking(4, { egressAlert: true });
  const mapped = "::ffff:10.0.0.9";
  const short = arriving(asking(3, { expTime: 0 }), 2);
  const cases: [string, string][] = [
    [run(MIDDLE_DOWN, arriving(UP_DOWN, 4), 33, late), `expired_hop parameter-problem 52 ${hopPointer(4)}`],
    [
      run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { srcIa: HERE }), 33),
      `wrong_interface parameter-problem 49 ${hopPointer(4)}`,
    ],
    [run({}, arriving(UP_DOWN, 4, { wireLength: 50 }), 0), "invalid_length parameter-problem 19 0"],
    [run(MIDDLE_DOWN, arriving(UP_DOWN, 4), 0), "invalid_transit"],
    [
      run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { srcIa: HERE, dstIa: HERE }), 32),
      "invalid_source parameter-problem 33 20",
    ],
    [
      run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { srcIa: HERE, srcHost: mapped }), 32),
      "invalid_source parameter-problem 33 20",
    ],
    [
      run({}, arriving(UP_DOWN, 0, { srcIa: HERE, srcHost: mapped }, false), 0),
      "invalid_source parameter-problem 33 0",
    ],
    [run(MIDDLE_DOWN, arriving(alert, 4, ask, false), 32), `bad_mac parameter-problem 51 ${hopPointer(4)}`],
    [
      run({ 34: parent }, arriving(asking(5, { ingressAlert: true }), 5, { ...ask, dstIa: HERE }), 34),
      `reply ${HERE}#34`,
    ],
    [run(TOP, { ...short, segId1: 0 }, 24, 338 * 1e9), `expired_hop parameter-problem 52 ${hopPointer(3)}`],
    [run({ 24: core }, { ...arriving(UP_DOWN, 2), segId1: 0 }, 24), `bad_mac parameter-problem 51 ${hopPointer(3)}`],
    [run({ 32: parent }, arriving(leaving, 4, ask), 32), `unknown_interface parameter-problem 50 ${hopPointer(4)}`],
    [
      run({ 32: parent, 33: parent }, arriving(leaving, 4, ask), 32),
      `invalid_path parameter-problem 48 ${hopPointer(4)}`,
    ],
  ];
  cases.forEach(([found, expected], at) => t.is(found, expected, `case ${at}`));
  const router = routerWith(MIDDLE_DOWN);
  (router.interfaces[33] as { up: boolean }).up = false;
  const wide = arriving(UP_DOWN, 4, { payloadLength: 5_000 });
  t.is(outcome(forward(router, wide, 32, 0)), `interface_down interface-down ${HERE} 33`);
  // From nowhere that the router knows there is no change of segment.
  t.is(run({ 31: child }, arriving(UP_DOWN, 2), 24), `invalid_segment_change parameter-problem 53 ${infoPointer(1)}`);
});

test("delivery: to hosts and services of this AS", (t) => {
  const to = (dstHost: string): string => run({ 34: parent }, arriving(UP_DOWN, 5, { dstIa: HERE, dstHost }), 34);
  t.is(to("10.0.0.1"), "deliver");
  t.is(to("10.0.0.2"), "unknown_host");
  t.is(to("CS"), "service");
  t.is(to("CS_M"), "service");
  t.is(to("DS"), "no_service destination-unreachable 0");
  t.is(to("::"), "invalid_destination parameter-problem 34 0");
  t.is(to("0.0.0.0"), "invalid_destination parameter-problem 34 0");
  t.is(to("::ffff:10.0.0.1"), "invalid_destination parameter-problem 34 0");
  t.is(run({}, packetOf(null, 0, 0, { dstIa: HERE }), 0), "deliver");
  t.is(to("<HOST:0x8:0a000001>"), "invalid_destination parameter-problem 34 0");
  t.is(run({}, packetOf(null, 0, 0), 0), "not_local");
  t.is(run({ 34: parent }, packetOf(null, 0, 0, { dstIa: HERE }), 34), "malformed_path", "no neighbour's business");
});

test("egress: unknown interfaces and pairs of links that no segment has", (t) => {
  const pair = (from: LinkTo, to: LinkTo): string => run({ 32: from, 33: to }, arriving(UP_DOWN, 4), 32);
  t.is(run({ 32: parent }, arriving(UP_DOWN, 4), 32), `unknown_interface parameter-problem 50 ${hopPointer(4)}`);
  t.is(run({ 23: child }, arriving(UP_DOWN, 1), 23), `unknown_interface parameter-problem 49 ${hopPointer(1)}`);
  const inward = { ...UP_DOWN, hops: UP_DOWN.hops.with(4, hop(32, 0)) };
  t.is(run({ 32: parent }, arriving(inward, 4), 32), `invalid_path parameter-problem 48 ${hopPointer(4)}`, "to itself");
  const kinds = [core, parent, child, peer];
  const passing = kinds.flatMap((from) =>
    kinds.filter((to) => pair(from, to) === "forward:33").map((to) => [from, to]),
  );
  t.deepEqual(passing, [
    [core, core],
    [parent, child],
    [child, parent],
    [child, peer],
    [peer, child],
  ]);
  t.is(pair(parent, parent), `invalid_path parameter-problem 48 ${hopPointer(4)}`);
  t.is(run({ 21: peer }, arriving(UP_DOWN, 0, { srcIa: HERE }), 0), "forward:21");
});

test("egress after a change of segment: core and child, child and child", (t) => {
  const pair = (from: LinkTo, to: LinkTo): string => run({ 24: from, 31: to }, arriving(UP_DOWN, 2), 24);
  const inward = { ...UP_DOWN, hops: UP_DOWN.hops.with(4, hop(32, 0)) };
  t.is(run({ 32: parent }, arriving(inward, 4), 32), `invalid_path parameter-problem 48 ${hopPointer(4)}`, "to itself");
  const kinds = [core, parent, child, peer];
  const passing = kinds.flatMap((from) =>
    kinds.filter((to) => pair(from, to) === "forward:31").map((to) => [from, to]),
  );
  t.deepEqual(passing, [
    [core, child],
    [child, core],
    [child, child],
  ]);
  t.is(pair(core, core), `invalid_segment_change parameter-problem 53 ${infoPointer(1)}`);
});

test("beside a peering link there is no change of segment, and the SegID stays", (t) => {
  const before = arriving(PEERING, 1);
  t.is(run({ 24: child, 8: peer }, before, 24), "forward:8");
  t.deepEqual([before.currInf, before.currHf, before.segId0], [1, 2, BETA]);
  const behind = arriving(PEERING, 2);
  t.is(run({ 11: peer, 31: child }, behind, 11), "forward:31");
  t.is(behind.segId1, BETA);
});

test("on a peering path a hop field away from the peering link is like any other", (t) => {
  const longer: ScionPath = {
    ...PEERING,
    segLens: [3, 3, 0],
    hops: [hop(7, 0), hop(22, 23), hop(8, 24), hop(11, 31), hop(32, 33), hop(34, 0)],
  };
  const up = { ...arriving(longer, 1), segId0: 0 };
  up.segId0 = BETA ^ macPrefix((up.path as ScionPath).hops[1]?.mac as number);
  t.is(run(MIDDLE_UP, up, 23), "forward:22");
  t.is(up.segId0, BETA);
  const down = arriving(longer, 4);
  t.is(run(MIDDLE_DOWN, down, 32), "forward:33");
  t.is(down.segId1, BETA ^ macPrefix((down.path as ScionPath).hops[4]?.mac as number));
});

test("the way back from beside a peering link: no change of segment, the SegID stays", (t) => {
  const before = arriving(PEERING, 1);
  t.is(run({ 24: child }, before, 24), `unknown_interface parameter-problem 49 ${hopPointer(1)}`);
  const back = returnPath(before, true);
  t.deepEqual([back?.currInf, back?.currHf, back?.path?.infos[1]?.segId], [1, 3, BETA]);
  const behind = arriving(PEERING, 2);
  t.is(run({ 11: peer }, behind, 11), `unknown_interface parameter-problem 50 ${hopPointer(2)}`);
  const over = returnPath(behind, true);
  t.deepEqual([over?.currInf, over?.currHf, over?.path?.infos[0]?.segId], [1, 2, BETA]);
});

test("an egress that is down, and one that is too narrow, are answered", (t) => {
  const router = routerWith(MIDDLE_DOWN);
  (router.interfaces[33] as { up: boolean }).up = false;
  t.is(outcome(forward(router, arriving(UP_DOWN, 4), 32, 0)), `interface_down interface-down ${HERE} 33`);
  const fits = 1400 - packetOf(UP_DOWN, 0, 0, { payloadLength: 0 }).wireLength;
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { payloadLength: fits }), 32), "forward:33");
  t.is(run(MIDDLE_DOWN, arriving(UP_DOWN, 4, { payloadLength: fits + 1 }), 32), "packet_too_big packet-too-big 1400");
});

const ONE_HOP: OneHopPath = { kind: "one-hop", info: info(true), first: hop(0, 31), second: hop(0, 0) };

test("OneHop: out to the neighbour, in with a second hop field, and nothing else", (t) => {
  const first = { ...ONE_HOP.first, mac: hopMac(createHopMacs(KEY, 0), BETA, EPOCH, ONE_HOP.first) };
  const path = { ...ONE_HOP, first };
  const out = packetOf(path, 0, 0, { srcIa: HERE, dstIa: "1-2" });
  t.is(run(TOP, out, 0), "forward:31");
  t.is(out.segId0, BETA ^ macPrefix(first.mac));
  t.is(run(TOP, packetOf(ONE_HOP, 0, 0, { srcIa: HERE, dstIa: "1-2" }), 0), "bad_mac");
  t.is(run(TOP, packetOf(path, 0, 0, { srcIa: THERE, dstIa: "1-2" }), 0), "invalid_path");
  t.is(run(TOP, packetOf(path, 0, 0, { srcIa: HERE, dstIa: "1-3" }), 0), "invalid_path");
  t.is(run({ 24: child }, packetOf(path, 0, 0, { srcIa: HERE, dstIa: "1-2" }), 0), "invalid_path");
  const inward = packetOf(path, 0, 0, { srcIa: "1-2", dstIa: HERE });
  t.is(run(TOP, inward, 24), "deliver");
  const { second } = inward.path as OneHopPath;
  t.deepEqual([second.consIngress, second.consEgress, second.expTime], [24, 0, first.expTime]);
  t.is(second.mac, hopMac(createHopMacs(KEY, 0), BETA, EPOCH, second));
  t.is(run(TOP, packetOf(path, 0, 0, { srcIa: THERE, dstIa: HERE }), 24), "invalid_path");
  t.is(run(TOP, packetOf(path, 0, 0, { srcIa: "1-2", dstIa: THERE }), 24), "invalid_path");
  const against = { ...path, info: info(false) };
  t.is(run(TOP, packetOf(against, 0, 0, { srcIa: "1-2", dstIa: HERE }), 24), "malformed_path");
  const back = returnPath(inward, false);
  t.deepEqual([back?.currHf, back?.path?.segLens, back?.path?.hops[0]], [0, [2, 0, 0], second]);
});

test("OneHop with BFD goes to the session on its link", (t) => {
  const l4 = { kind: "bfd" } as Packet["l4"];
  const packet = { ...packetOf(ONE_HOP, 0, 0, { srcIa: "1-2", dstIa: HERE }), l4 };
  t.is(run(TOP, packet, 24), "unexpected");
  const first = { ...ONE_HOP.first, mac: hopMac(createHopMacs(KEY, 0), BETA, EPOCH, ONE_HOP.first) };
  const out = { ...packetOf({ ...ONE_HOP, first }, 0, 0, { srcIa: HERE, dstIa: "1-2" }), l4 };
  t.is(run(TOP, out, 0), "forward:31", "our own leaves");
  const router = routerWith(TOP);
  (router.interfaces[24] as { session: number | null }).session = 55;
  t.deepEqual(forward(router, packet, 24, 0), { kind: "session", session: 55 });
});

test("EPIC: the last two hops check a validation field each, within the packet's lifetime", (t) => {
  const now = 10 * 1e9;
  const timestamp = Math.floor(now / 21_000) - 1;
  const inner = signed(UP_DOWN, 4);
  const bare: EpicPath = { kind: "epic", timestamp, counter: 77, phvf: 0, lhvf: 0, scion: inner };
  const key = hopAuthenticator(createHopMacs(KEY, 0), BETA, EPOCH, inner.hops[4] as HopField);
  const phvf = hopValidation(key, bare, packetOf(bare, 4, 1));
  const path = { ...bare, phvf };
  t.is(run(MIDDLE_DOWN, packetOf(path, 4, 1), 32, now), "forward:33");
  t.is(run(MIDDLE_DOWN, packetOf(path, 4, 1), 32, now + 3 * 1e9 - 21_000), "forward:33");
  t.is(run(MIDDLE_DOWN, packetOf(path, 4, 1), 32, now + 3 * 1e9 + 21_000), "bad_epic");
  t.is(run(MIDDLE_DOWN, packetOf(path, 4, 1), 32, now - 1e9 - 42_000), "bad_epic");
  t.is(run(MIDDLE_DOWN, packetOf(bare, 4, 1), 32, now), "bad_epic");
  t.is(run(MIDDLE_DOWN, packetOf(path, 4, 1, { payloadLength: 101 }), 32, now), "bad_epic");
  const last = { ...bare, scion: signed(UP_DOWN, 5) };
  const lastKey = hopAuthenticator(createHopMacs(KEY, 0), BETA, EPOCH, last.scion.hops[5] as HopField);
  const lhvf = hopValidation(lastKey, last, packetOf(last, 5, 1, { dstIa: HERE }));
  t.is(run({ 34: parent }, packetOf({ ...last, lhvf }, 5, 1, { dstIa: HERE }), 34, now), "deliver");
  t.is(run({ 34: parent }, packetOf({ ...last, lhvf: lhvf ^ 1 }, 5, 1, { dstIa: HERE }), 34, now), "bad_epic");
  // Earlier hops look at the SCION path alone.
  const early = { ...bare, scion: signed({ ...UP_DOWN, infos: [info(true), info(true)] }, 1) };
  t.is(run({ 22: parent, 23: child }, packetOf(early, 1, 0), 22, now), "forward:23");
});

test("EPIC: against construction and beside a peering link, to IPv6; its pointers count what stands before the path", (t) => {
  const now = 10 * 1e9;
  const timestamp = Math.floor(now / 21_000) - 1;
  const validated = (inner: ScionPath, hf: number, inf: number, changes: Partial<NewPacket>): Packet => {
    const bare: EpicPath = { kind: "epic", timestamp, counter: 77, phvf: 0, lhvf: 0, scion: inner };
    const key = hopAuthenticator(createHopMacs(KEY, 0), BETA, EPOCH, inner.hops[hf] as HopField);
    const phvf = hopValidation(key, bare, packetOf(bare, hf, inf, changes));
    return packetOf({ ...bare, phvf }, hf, inf, changes);
  };
  const up = signed({ ...UP_DOWN, segLens: [3, 0, 0], infos: [info(false)], hops: UP_DOWN.hops.slice(0, 3) }, 1);
  const climbing = validated(up, 1, 0, { dstHost: "2001:db8::1" });
  climbing.segId0 = BETA ^ macPrefix(up.hops[1]?.mac as number);
  t.is(run(MIDDLE_UP, climbing, 23, now), "forward:22");
  const beside = signed(PEERING, 2);
  t.is(run({ 11: peer, 31: child }, validated(beside, 2, 1, {}), 11, now), "forward:31");
  const forged = validated(signed(UP_DOWN, 4), 4, 1, {});
  forged.segId1 ^= 1;
  t.is(run(MIDDLE_DOWN, forged, 32, now), `bad_mac parameter-problem 51 ${hopPointer(4) + 16}`);
});

test("EPIC's MAC input: pkg/experimental/epic/epic_test.go", (t) => {
  const scion = { ...UP_DOWN, infos: [{ ...info(false), timestamp: 0x4af9_f070 }, info(true)] };
  const path: EpicPath = { kind: "epic", timestamp: 1, counter: 0x0200_0003, phvf: 0, lhvf: 0, scion };
  const changes = { srcIa: "2-ff00:0:222", srcHost: "10.0.0.100", dstHost: "2001:db8::68", payloadLength: 0x78 - 8 };
  const input = Buffer.from(validationInput(path, packetOf(path, 0, 0, changes))).toString("hex");
  t.is(input, "004af9f07000000001020000030002ff00000002220a00006400780000000000");
  const wide = validationInput(path, packetOf(path, 0, 0, { ...changes, srcHost: "2001:db8::1" }));
  t.deepEqual([wide.length, wide[0]], [48, 3]);
});

test("a path reversed twice is the path; once, every hop stands the other way round", (t) => {
  t.deepEqual(reversePath(reversePath(UP_DOWN)), UP_DOWN);
  t.deepEqual(reversePath({ ...UP_DOWN, segLens: [2, 4, 0] }).segLens, [4, 2, 0]);
  t.deepEqual(reversePath(UP_DOWN).hops[0], hop(34, 0));
});

test("the way back from mid-path leads over the interface the packet came by, whatever step stopped it", (t) => {
  const cases: [string, Packet, Readonly<Record<number, LinkTo>>, number, number, [number, number]][] = [
    ["down", arriving(UP_DOWN, 4), { 32: parent }, 32, 0, [0, 2]],
    ["up", arriving(UP_DOWN, 1), { 23: child }, 23, 0, [1, 5]],
    ["up, expired", arriving(UP_DOWN, 1), { 23: child }, 23, 1e15, [1, 5]],
    ["after a change of segment", arriving(UP_DOWN, 2), { 24: child }, 24, 0, [1, 4]],
  ];
  for (const [name, packet, kinds, ingress, now, [currInf, currHf]] of cases) {
    const own = (packet.path as ScionPath).hops[packet.currHf] as HopField;
    const against = packet.currInf === 0;
    t.is(forward(routerWith(kinds), packet, ingress, now).kind, "answer", name);
    const back = returnPath(packet, true);
    t.deepEqual([back?.currInf, back?.currHf], [currInf, currHf], name);
    // The neighbour towards the source sees the SegID that it sent the packet with.
    const expected = against ? BETA ^ macPrefix(own.mac) : BETA;
    t.is(back?.path?.infos[currInf]?.segId, expected, name);
  }
  t.is(returnPath(packetOf(null, 0, 0), false), null);
});
