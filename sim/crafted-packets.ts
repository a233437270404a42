/**
 * Packets that no honest neighbour sends, with what a router must make of each. Three core ASes in a row, 1-1 to 1-3; the
 * packets come to the router of 1-2 as from 1-1, or to that of 1-1 as from its own host.
 */
import { assemble } from "../actors/assemble.ts";
import type { Assembly } from "../actors/assembly.ts";
import type { DropReason } from "../core/env.ts";
import { createForwardingKeys } from "../core/forwarding-keys.ts";
import { type BareHop, createHopMacs, signHops } from "../core/hop-mac.ts";
import { createPacket, type NewPacket, type Packet, type ScmpError } from "../core/packet.ts";
import { type HopField, type InfoField, initialSegId, type ScionPath } from "../core/path.ts";
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type NetworkLink,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../core/scenario.ts";
import { wireLengthOf } from "../core/wire/codec.ts";

const EPOCH = 1_700_000_000;
const SEED = 1;
const BETA = 0x1234;
const SECOND = 1_000_000_000;
const KEYS = createForwardingKeys(SEED);
const MTU = 1472;

function link(a: string, aIf: number, b: string, bIf: number): NetworkLink {
  const ends = { a: { ia: a, ifId: aIf }, b: { ia: b, ifId: bIf } };
  return { ...ends, type: "core", mtu: MTU, ab: DEFAULT_DIRECTION, ba: DEFAULT_DIRECTION };
}

/** Nothing happens in it by itself. */
export function quietRow(changes: Partial<Scenario> = {}): Assembly {
  const flow = {
    ...FLOW_DEFAULTS,
    id: "late",
    app: "ping" as const,
    src: { ia: "1-1", host: "10.0.0.1" },
    dst: { ia: "1-3", host: "10.0.0.1" },
    policy: { name: "shortest", params: {} },
    start_ns: 100 * SECOND,
    stop_ns: 101 * SECOND,
    interval_ns: SECOND,
    packet_size: 500,
  };
  return assemble(
    {
      ...SCENARIO_DEFAULTS,
      name: "row",
      seed: SEED,
      epoch_s: EPOCH,
      duration_ns: 200 * SECOND,
      network: {
        name: "row",
        ases: ["1-1", "1-2", "1-3"].map((ia) => ({ ia, core: true, mtu: MTU })),
        links: [link("1-1", 1, "1-2", 1), link("1-2", 2, "1-3", 1)],
      },
      flows: [flow],
      faults: [],
      ...changes,
    },
    { repeat: "npx ava sim/crafted-packets.test.ts" },
  );
}

const hop = (consIngress: number, consEgress: number): BareHop => ({
  ingressAlert: false,
  egressAlert: false,
  expTime: 63,
  consIngress,
  consEgress,
});

interface Segment {
  readonly info: InfoField;
  readonly hops: readonly HopField[];
  /** SegID that stands in a packet on its way to each hop. */
  readonly segIds: readonly number[];
}

/** `hops` in the order of travel. */
function segment(ases: readonly string[], hops: readonly BareHop[], consDir: boolean, timestamp = EPOCH): Segment {
  const order = <T>(list: readonly T[]): readonly T[] => (consDir ? list : [...list].reverse());
  const macs = order(ases).map((ia) => createHopMacs(KEYS(ia), 0));
  const signed = signHops(order(hops), macs, { peer: false, segId: BETA, timestamp });
  // Against construction a router takes its own MAC away only after the packet has come.
  const segIds = consDir
    ? signed.segIds
    : [...ases.keys()].map((at) => signed.segIds[ases.length - Math.max(at, 1)] ?? 0);
  return { info: { consDir, peer: false, segId: segIds[0] as number, timestamp }, hops: order(signed.hops), segIds };
}

function pathOf(...segments: readonly Segment[]): ScionPath {
  const length = (at: number): number => segments[at]?.hops.length ?? 0;
  return {
    kind: "scion",
    segLens: [length(0), length(1), length(2)],
    infos: segments.map(({ info }) => info),
    hops: segments.flatMap(({ hops }) => hops),
  };
}

const ROW = ["1-1", "1-2", "1-3"] as const;
const DOWN_HOPS = [hop(0, 1), hop(1, 2), hop(1, 0)];
const UP_HOPS = [hop(1, 0), hop(2, 1), hop(0, 1)];
const DOWN = segment(ROW, DOWN_HOPS, true);
const UP = segment(ROW, UP_HOPS, false);
/** Expired at 1-2 alone. */
const OLD = segment(ROW, [hop(0, 1), { ...hop(1, 2), expTime: 0 }, hop(1, 0)], true, EPOCH - 338);
/** Two core segments, one after the other. */
const FIRST = segment(["1-1", "1-2"], [hop(1, 0), hop(0, 1)], false);
const SECOND_CORE = segment(["1-2", "1-3"], [hop(0, 2), hop(1, 0)], true);
/** Through 1-2 and back to 1-1. */
const LOOP = segment(["1-1", "1-2", "1-1", "1-2"], [hop(0, 1), hop(1, 1), hop(1, 1), hop(1, 0)], true);
const ASTRAY = segment(ROW, [hop(0, 1), hop(1, 9), hop(1, 0)], true);

/** On its way to the hop field at `currHf` of a path's first segment, from 1-1 to 1-3. */
function packetAt(path: ScionPath, currHf: number, segId0: number, changes: Partial<NewPacket> = {}): Packet {
  const fields = {
    path,
    currInf: 0,
    currHf,
    trafficClass: 0xb8,
    flowId: 0xabcde,
    dstIa: "1-3",
    srcIa: "1-1",
    dstHost: "10.0.0.1",
    srcHost: "10.0.0.1",
    l4: { kind: "udp", srcPort: 40_000, dstPort: 31_000 } as const,
    flow: -1,
    number: 0,
    sentAt: 0,
    payloadLength: 1_200,
    rest: null,
    wireLength: 0,
    ...changes,
  };
  const length = wireLengthOf(fields.path, fields.srcHost, fields.dstHost, fields.l4, fields.payloadLength);
  const packet = createPacket({ ...fields, wireLength: changes.wireLength ?? length });
  packet.segId0 = segId0;
  packet.segId1 = initialSegId(path, 1);
  return packet;
}

const arriving = (of: Segment, changes: Partial<NewPacket> = {}): Packet =>
  packetAt(pathOf(of), 1, of.segIds[1] as number, changes);

export interface Crafted {
  readonly name: string;
  readonly packet: Packet;
  readonly ia: "1-1" | "1-2";
  /** 0: from the host of the AS. */
  readonly ingress: number;
  readonly reason: DropReason;
  /** null: dropped without a word. */
  readonly error: ScmpError | null;
  /** The next router refuses the error too: with the packet's own fields there is no way back. */
  readonly noWayBack?: true;
}

const problem = (code: number, pointer: number): ScmpError => ({ kind: "scmp.parameter-problem", code, pointer });
/** Of the second hop field behind one info field, common and address header of two IPv4 hosts. */
const HOP = 12 + 24 + 4 + 8 + 12;

function forged(changes: Partial<HopField>): Packet {
  const packet = arriving(DOWN);
  const path = pathOf(DOWN);
  return { ...packet, path: { ...path, hops: path.hops.map((one, at) => (at === 1 ? { ...one, ...changes } : one)) } };
}

const [INSIDE, OUTSIDE] = [
  { ia: "1-1", ingress: 0 },
  { ia: "1-2", ingress: 1 },
] as const;

export const CRAFTED: readonly Crafted[] = [
  { name: "forged MAC", packet: forged({ mac: 1 }), ...OUTSIDE, reason: "bad_mac", error: problem(51, HOP) },
  {
    name: "lifetime prolonged",
    packet: forged({ expTime: 255 }),
    ...OUTSIDE,
    reason: "bad_mac",
    error: problem(51, HOP),
  },
  {
    name: "SegID of another place",
    packet: packetAt(pathOf(DOWN), 1, BETA),
    ...OUTSIDE,
    reason: "bad_mac",
    error: problem(51, HOP),
    noWayBack: true,
  },
  { name: "expired", packet: arriving(OLD), ...OUTSIDE, reason: "expired_hop", error: problem(52, HOP) },
  {
    name: "wrong interface, with construction",
    packet: forged({ consIngress: 7 }),
    ...OUTSIDE,
    reason: "wrong_interface",
    error: problem(49, HOP),
  },
  {
    name: "wrong interface, against construction",
    packet: arriving(segment(ROW, [hop(1, 0), hop(2, 7), hop(0, 1)], false)),
    ...OUTSIDE,
    reason: "wrong_interface",
    error: problem(50, HOP),
  },
  {
    name: "no such egress",
    packet: arriving(ASTRAY),
    ...OUTSIDE,
    reason: "unknown_interface",
    error: problem(50, HOP),
  },
  {
    name: "looped: its source's AS again",
    packet: packetAt(pathOf(LOOP), 2, LOOP.segIds[2] as number),
    ia: "1-1",
    ingress: 1,
    reason: "invalid_source",
    error: problem(33, 20),
    noWayBack: true,
  },
  {
    name: "at its destination's AS before the path's end",
    packet: arriving(DOWN, { dstIa: "1-2" }),
    ...OUTSIDE,
    reason: "invalid_destination",
    error: problem(34, 12),
  },
  {
    name: "wrong segment: core after core",
    packet: packetAt(pathOf(FIRST, SECOND_CORE), 1, FIRST.segIds[1] as number),
    ...OUTSIDE,
    reason: "invalid_segment_change",
    error: problem(53, 12 + 24 + 4 + 8),
  },
  {
    name: "pointer beyond the path",
    packet: packetAt(pathOf(DOWN), 3, BETA),
    ...OUTSIDE,
    reason: "malformed_path",
    error: null,
  },
  {
    name: "pointers apart",
    packet: { ...packetAt(pathOf(FIRST, SECOND_CORE), 1, BETA), currInf: 1 },
    ...OUTSIDE,
    reason: "malformed_path",
    error: null,
  },
  {
    name: "empty path from outside",
    packet: { ...arriving(DOWN), ...emptied() },
    ...OUTSIDE,
    reason: "malformed_path",
    error: null,
  },
  {
    name: "an SCMP error with a forged MAC",
    packet: errorMessage(),
    ...OUTSIDE,
    reason: "bad_mac",
    error: null,
  },
  {
    name: "longer than it says",
    packet: packetAt(pathOf(DOWN), 0, BETA, { wireLength: 700 }),
    ...INSIDE,
    reason: "invalid_length",
    error: problem(19, 0),
  },
  {
    name: "too big for the link",
    packet: packetAt(pathOf(UP), 0, UP.segIds[0] as number, { payloadLength: 1_400 }),
    ...INSIDE,
    reason: "packet_too_big",
    error: { kind: "scmp.packet-too-big", mtu: MTU },
  },
  {
    name: "a host's packet that claims to be under way",
    packet: packetAt(pathOf(DOWN), 1, DOWN.segIds[1] as number),
    ...INSIDE,
    reason: "invalid_transit",
    error: null,
  },
];

function emptied(): Pick<Packet, "path" | "currHf" | "wireLength"> {
  const { wireLength } = arriving(DOWN);
  return { path: null, currHf: 0, wireLength: wireLength - 4 - 8 - 3 * 12 };
}

function errorMessage(): Packet {
  const l4 = { kind: "scmp.interface-down", ia: "1-1", ifId: 1 } as const;
  return { ...forged({ mac: 1 }), ...arriving(DOWN, { l4 }), path: forged({ mac: 1 }).path };
}

/** What passes, for comparison: over 1-2 to 1-3 with construction and against it. */
export const HONEST: readonly Packet[] = [arriving(DOWN), arriving(UP)];
