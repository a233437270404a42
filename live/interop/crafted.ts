/**
 * Packets for a router, drawn at random: through its AS, over a change of segment or a peering link, to a host of the AS and from
 * one; right, or wrong in one way or several. Each has a flow ID of its own, by which what comes of it is known.
 */
import type { IA, IfId } from "../../core/address.ts";
import { hopValidation } from "../../core/forwarding/epic.ts";
import { hopAuthenticator, type HopMacs, hopMac, macPrefix } from "../../core/hop-mac.ts";
import { createMessage, type L4, type Packet } from "../../core/packet.ts";
import type { EpicPath, HopField, InfoField, ScionPath } from "../../core/path.ts";
import type { RandomStream } from "../../core/rng.ts";
import { encodePacket, wireLengthOf } from "../../core/wire/codec.ts";
import type { Site } from "./site.ts";

export interface Crafted {
  /** What it is, for people. */
  readonly name: string;
  readonly flowId: number;
  /** Interface it arrives on; 0: from a host of the AS. */
  readonly ingress: IfId;
  readonly bytes: Uint8Array;
}

/** The AS around the router, as far as packets need it. */
export interface Craft {
  readonly site: Site;
  readonly macs: HopMacs;
  /** A host of the AS. */
  readonly host: string;
  /** Unix seconds. */
  readonly nowS: number;
  readonly random: RandomStream;
}

/** How often each fault is made. */
const FAULT_RATIO = 0.06;
const ONE_HOP_RATIO = 0.1;
const EPIC_RATIO = 0.2;
const EPIC_TICK_S = 21e-6;
const UNKNOWN_IFID = 99;
const DAY_S = 86_400;
const EXP_TIME = 63;

type Fault =
  | "forged MAC"
  | "changed lifetime"
  | "expired"
  | "other ingress"
  | "unknown egress"
  | "source within"
  | "destination elsewhere"
  | "single hop"
  | "wrong info field"
  | "peer flag"
  | "ingress alert"
  | "egress alert"
  | "forged EPIC"
  | "late EPIC"
  | "false length";

const FAULTS: readonly Fault[] = [
  "forged MAC",
  "changed lifetime",
  "expired",
  "other ingress",
  "unknown egress",
  "source within",
  "destination elsewhere",
  "single hop",
  "wrong info field",
  "peer flag",
  "ingress alert",
  "egress alert",
  "forged EPIC",
  "late EPIC",
  "false length",
];

const WAYS = ["through", "over a change of segment", "over a peering link", "to a host", "from a host"] as const;
type Way = (typeof WAYS)[number];

interface Draft {
  readonly way: Way;
  readonly faults: ReadonlySet<Fault>;
  /** Interfaces of the router in travelling order; 0: a host of the AS. */
  readonly entry: IfId;
  readonly exit: IfId;
}

export function craft(by: Craft, flowId: number): Crafted {
  return by.random.uniform() < ONE_HOP_RATIO ? craftOneHop(by, flowId) : craftScion(by, flowId);
}

/** From a host of the AS to a neighbour's, or the other way round. */
function craftOneHop(by: Craft, flowId: number): Crafted {
  const { random, site, macs, host, nowS } = by;
  const outward = random.uniform() < 0.5;
  const { ifId, neighbour } = pick(
    random,
    site.interfaces.filter(({ bfd }) => bfd === null),
  );
  const [forged, astray] = [random.uniform() < FAULT_RATIO, random.uniform() < FAULT_RATIO];
  const info = {
    consDir: random.uniform() > FAULT_RATIO,
    peer: false,
    segId: random.below(0x1_0000),
    timestamp: Math.floor(nowS) - 10,
  };
  const bare = { ingressAlert: false, egressAlert: false, expTime: EXP_TIME, consIngress: 0, consEgress: ifId, mac: 0 };
  const first = {
    ...bare,
    mac: outward && !forged ? hopMac(macs, info.segId, info.timestamp, bare) : random.below(0x1_0000_0000),
  };
  const path = { kind: "one-hop", info, first, second: { ...bare, expTime: 0, consEgress: 0 } } as const;
  const there: [IA, string] = [astray ? "2-ff00:0:222" : neighbour, pick(random, FAR_SOURCES)];
  const here: [IA, string] = [site.ia, outward ? host : pick(random, [host, "CS", "DS"])];
  const [[srcIa, srcHost], [dstIa, dstHost]] = outward ? [here, there] : [there, here];
  const l4 = { kind: "udp", srcPort: 30_252, dstPort: pick(random, PORTS) } as const;
  const rest = payloadOf(random);
  const wireLength = wireLengthOf(path, srcHost, dstHost, l4, rest.length);
  const fields = { trafficClass: 0, flowId, dstIa, srcIa, dstHost, srcHost, path, currInf: 0, currHf: 0 };
  const packet = createMessage({ ...fields, l4, rest, wireLength });
  const name = `one hop ${outward ? "from" : "to"} ${here[1]}${forged ? ", forged MAC" : ""}${astray ? ", astray" : ""}`;
  return { name, flowId, ingress: outward ? 0 : ifId, bytes: encodePacket(packet) };
}

function craftScion(by: Craft, flowId: number): Crafted {
  const { random, site } = by;
  const draft = draftOf(by);
  const placed = pathOf(by, draft);
  const { currInf, currHf, segIds } = placed;
  const epic = random.uniform() < EPIC_RATIO;
  const path = epic ? epicOf(by, draft, placed.path) : placed.path;
  const l4 = l4Of(by, draft);
  const [dstIa, dstHost] = destinationOf(by, draft);
  const [srcIa, srcHost] = sourceOf(by, draft);
  const rest = l4.kind === "scmp.parameter-problem" ? quoteOf(by, srcIa, dstIa) : payloadOf(random);
  const packet: Packet = createMessage({
    trafficClass: random.below(256),
    flowId,
    dstIa,
    srcIa,
    dstHost,
    srcHost,
    path,
    currInf: draft.faults.has("wrong info field") ? (currInf + 1) % placed.path.infos.length : currInf,
    currHf,
    l4,
    rest,
    wireLength: wireLengthOf(path, srcHost, dstHost, l4, rest.length),
  });
  [packet.segId0, packet.segId1, packet.segId2] = segIds;
  if (path.kind === "epic") packet.path = validated(by, draft, placed, path, packet);
  const others = site.interfaces.filter(({ ifId, bfd }) => ifId !== draft.entry && bfd === null);
  const swapped = draft.faults.has("other ingress") && draft.entry !== 0;
  const ingress = swapped ? pick(random, others).ifId : draft.entry;
  const name = [
    `${draft.way}, ${draft.entry} to ${draft.exit}, ${epic ? "EPIC, " : ""}${l4.kind} to ${dstHost}`,
    ...draft.faults,
  ].join(", ");
  const bytes = encodePacket(packet);
  if (draft.faults.has("false length")) bytes[7] = ((bytes[7] as number) + 1) & 0xff;
  return { name, flowId, ingress, bytes };
}

/** Its validation fields follow: they depend on the packet. */
function epicOf({ random, nowS }: Craft, { faults }: Draft, scion: ScionPath): EpicPath {
  const sent = nowS - (faults.has("late EPIC") ? 10 : 0);
  const timestamp = Math.max(0, Math.floor((sent - (scion.infos[0] as InfoField).timestamp) / EPIC_TICK_S) - 1);
  return { kind: "epic", timestamp, counter: random.below(0x1_0000_0000), phvf: 0, lhvf: 0, scion };
}

/** Both fields are the router's own: whether it is the last but one on the path or the last, it finds its own there. */
function validated({ macs }: Craft, { faults }: Draft, { mine }: Placed, path: EpicPath, packet: Packet): EpicPath {
  const right = hopValidation(hopAuthenticator(macs, mine.beta, mine.timestamp, mine.hop), path, packet);
  const field = faults.has("forged EPIC") ? (right ^ 1) >>> 0 : right;
  return { ...path, phvf: field, lhvf: field };
}

function draftOf({ random, site }: Craft): Draft {
  const way = pick(random, WAYS);
  const faults = new Set(FAULTS.filter(() => random.uniform() < FAULT_RATIO));
  const entries = site.interfaces.filter(({ bfd }) => bfd === null).map(({ ifId }) => ifId);
  const exits = site.interfaces.map(({ ifId }) => ifId);
  const exit = faults.has("unknown egress") ? UNKNOWN_IFID : pick(random, exits);
  return {
    way,
    faults,
    entry: way === "from a host" ? 0 : pick(random, entries),
    exit: way === "to a host" ? 0 : exit,
  };
}

interface Placed {
  readonly path: ScionPath;
  readonly currInf: number;
  readonly currHf: number;
  readonly segIds: [number, number, number];
  /** The router's own hop field, the last of them where there are two. */
  readonly mine: Own;
}

interface Own {
  readonly info: InfoField;
  readonly hop: HopField;
  /** SegID that the MAC is over. */
  readonly beta: number;
  readonly timestamp: number;
}

/** One segment of a path under construction, in travelling order. */
interface Part {
  readonly info: InfoField;
  readonly hops: HopField[];
}

function pathOf(by: Craft, draft: Draft): Placed {
  const { random } = by;
  const before = draft.way === "from a host" ? 0 : 1 + random.below(3);
  const after = draft.way === "to a host" ? 0 : 1 + random.below(3);
  const { parts, currInf, at, mine } = partsOf(by, draft, before, after);
  if (draft.way === "through" && random.uniform() < 0.2) parts.push(strangers(by, 2 + random.below(2)));
  if (draft.faults.has("single hop") && parts.length < 3) parts.push(strangers(by, 1));
  const segLens = [0, 1, 2].map((n) => parts[n]?.hops.length ?? 0) as [number, number, number];
  const segIds = [0, 1, 2].map((n) => parts[n]?.info.segId ?? 0) as [number, number, number];
  const path: ScionPath = {
    kind: "scion",
    segLens,
    infos: parts.map(({ info }) => info),
    hops: parts.flatMap(({ hops }) => hops),
  };
  return { path, currInf, currHf: at, segIds, mine };
}

/** The segments around the router, and where in them a packet stands that has come to it. */
function partsOf(
  by: Craft,
  draft: Draft,
  before: number,
  after: number,
): { parts: Part[]; currInf: number; at: number; mine: Own } {
  const { random } = by;
  const { way, entry, exit } = draft;
  const first = fillers(by, before);
  const last = fillers(by, after);
  if (way === "over a change of segment") {
    const up = own(by, draft, entry, 0, random.uniform() < 0.2, "none");
    const down = own(by, { ...draft, entry: 0 }, 0, exit, random.uniform() < 0.8, "none");
    return {
      parts: [
        { info: up.info, hops: [...first, up.hop] },
        { info: down.info, hops: [down.hop, ...last] },
      ],
      currInf: 0,
      at: before,
      mine: down,
    };
  }
  if (way === "over a peering link") {
    const upward = random.uniform() < 0.5;
    const mine = own(by, draft, entry, exit, !upward, "peer");
    const other = {
      info: { ...strangers(by, 1).info, consDir: upward, peer: true },
      hops: fillers(by, 1 + random.below(2)),
    };
    return upward
      ? { parts: [{ info: mine.info, hops: [...first, mine.hop] }, other], currInf: 0, at: before, mine }
      : { parts: [other, { info: mine.info, hops: [mine.hop, ...last] }], currInf: 1, at: other.hops.length, mine };
  }
  const mine = own(by, draft, entry, exit, random.uniform() < 0.5, draft.faults.has("peer flag") ? "flag" : "none");
  return { parts: [{ info: mine.info, hops: [...first, mine.hop, ...last] }], currInf: 0, at: before, mine };
}

/** The router's own hop field, signed, with the SegID that stands in a packet on its way to it. */
function own(
  { random, macs, nowS }: Craft,
  { faults }: Draft,
  entry: IfId,
  exit: IfId,
  consDir: boolean,
  peering: "none" | "flag" | "peer",
): Own {
  const beta = random.below(0x1_0000);
  const timestamp = Math.floor(nowS) - 600 - (faults.has("expired") ? DAY_S : random.below(3_000));
  const bare = {
    ingressAlert: faults.has(consDir ? "ingress alert" : "egress alert"),
    egressAlert: faults.has(consDir ? "egress alert" : "ingress alert"),
    expTime: EXP_TIME,
    consIngress: consDir ? entry : exit,
    consEgress: consDir ? exit : entry,
    mac: 0,
  };
  const mac = hopMac(macs, beta, timestamp, bare);
  const hop = {
    ...bare,
    expTime: faults.has("changed lifetime") ? 200 : EXP_TIME,
    mac: faults.has("forged MAC") ? (mac + 1) % 0x1_0000_0000_0000 : mac,
  };
  const updated = !consDir && entry !== 0 && peering !== "peer";
  const info = { consDir, peer: peering !== "none", segId: updated ? beta ^ macPrefix(mac) : beta, timestamp };
  return { info, hop, beta, timestamp };
}

/** Hop fields of other ASes: nobody here can check them. */
function fillers({ random }: Craft, count: number): HopField[] {
  return Array.from({ length: count }, () => ({
    ingressAlert: random.uniform() < 0.1,
    egressAlert: random.uniform() < 0.1,
    expTime: random.below(256),
    consIngress: random.below(100),
    consEgress: random.below(100),
    mac: random.below(0x1_0000) * 0x1_0000_0000 + random.below(0x1_0000_0000),
  }));
}

function strangers(by: Craft, count: number): Part {
  const { random, nowS } = by;
  const info = {
    consDir: random.uniform() < 0.5,
    peer: false,
    segId: random.below(0x1_0000),
    timestamp: Math.floor(nowS) - 600 - random.below(3_000),
  };
  return { info, hops: fillers(by, count) };
}

const FAR_HOSTS = ["10.1.2.3", "fd00::17", "CS"] as const;
/** Hosts of other ASes that packets claim to be from. */
export const FAR_SOURCES: readonly string[] = ["10.4.5.6", "fd00::99"];

function destinationOf({ random, site, host }: Craft, { way, faults }: Draft): [IA, string] {
  const within = (way === "to a host") !== faults.has("destination elsewhere");
  if (!within) return ["2-ff00:0:222", pick(random, FAR_HOSTS)];
  return [site.ia, pick(random, [host, host, host, "CS", "DS", "0.0.0.0"])];
}

function sourceOf({ random, site, host }: Craft, { way, faults }: Draft): [IA, string] {
  const within = (way === "from a host") !== faults.has("source within");
  return within ? [site.ia, host] : ["1-ff00:0:888", pick(random, FAR_SOURCES)];
}

/** Inside the dispatched range and outside. */
const PORTS = [31_000, 40_000] as const;

function l4Of({ random }: Craft, { faults }: Draft): L4 {
  const port = pick(random, PORTS);
  const alerted = faults.has("ingress alert") || faults.has("egress alert");
  const sequence = random.below(0x1_0000);
  const traceroute = { kind: "scmp.traceroute", reply: false, identifier: port, sequence, ia: "0-0", ifId: 0 } as const;
  if (alerted && random.uniform() < 0.8) return traceroute;
  switch (random.below(8)) {
    case 0:
      return { kind: "scmp.echo", reply: false, identifier: port, sequence };
    case 1:
      return { kind: "scmp.echo", reply: true, identifier: port, sequence };
    case 2:
      return traceroute;
    case 3:
      return { kind: "scmp.parameter-problem", code: random.below(60), pointer: random.below(100) };
    case 4:
      return { kind: "other", protocol: 253 };
    default:
      return { kind: "udp", srcPort: 1 + random.below(60_000), dstPort: port };
  }
}

/** One in eight so long that an SCMP error cannot quote all of it. */
function payloadOf(random: RandomStream): Uint8Array {
  const length = random.below(8) === 0 ? 1_150 + random.below(50) : random.below(400);
  return Uint8Array.from({ length }, () => random.below(256));
}

/** What an SCMP error on its way back quotes: a packet of the destination's. */
function quoteOf({ random }: Craft, srcIa: IA, dstIa: IA): Uint8Array {
  const l4 = { kind: "udp", srcPort: pick(random, PORTS), dstPort: 9 } as const;
  const rest = payloadOf(random).subarray(0, 200);
  const [srcHost, dstHost] = ["10.0.0.9", "10.0.0.8"];
  const wireLength = wireLengthOf(null, srcHost, dstHost, l4, rest.length);
  const fields = { trafficClass: 0, flowId: 1, dstIa: srcIa, srcIa: dstIa, srcHost, dstHost, path: null };
  return encodePacket(createMessage({ ...fields, currInf: 0, currHf: 0, l4, rest, wireLength }));
}

function pick<T>(random: RandomStream, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}
