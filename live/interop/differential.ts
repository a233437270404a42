/**
 * The same packets to scionproto's router and to Pathloom's, in the place of the same AS: byte for byte, and by which way, what
 * the one sends the other must send. Where they differ on purpose stands in `KNOWN`; anything else is a fault of one of them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { hostLength } from "../../core/address.ts";
import { createForwardingKeys } from "../../core/forwarding-keys.ts";
import { createHopMacs } from "../../core/hop-mac.ts";
import { RandomStream } from "../../core/rng.ts";
import { decodePacket } from "../../core/wire/codec.ts";
import { type Crafted, craft } from "./crafted.ts";
import { GoRouter } from "./go-router.ts";
import { type Outcome, OurRouter, type Sent } from "./our-router.ts";
import type { Site } from "./site.ts";
import { Yard } from "./yard.ts";

export interface Comparison {
  readonly packets: number;
  /** Packets that came to the same end, by what that was: `forwarded`, `delivered`, `dropped`, or the SCMP message. */
  readonly same: ReadonlyMap<string, number>;
  /** Differences known and explained, by their name. */
  readonly known: ReadonlyMap<string, number>;
  readonly unexplained: readonly string[];
}

/** Packets sent before the router has time to answer them. */
const BATCH = 20;
const PAUSE_MS = 15;
/** How long an answer may take. */
const PATIENCE_MS = 600;
const DISPATCHED = { min: 31_000, max: 32_767 };

export async function compareRouters(program: string, site: Site, host: string, seed: number, count: number): Promise<Comparison> {
  const epochS = Math.floor(Date.now() / 1_000);
  const start = performance.now();
  const now = (): number => Math.round((performance.now() - start) * 1e6);
  const macs = createHopMacs(createForwardingKeys(0, { [site.ia]: site.masterKey })(site.ia), 0);
  const random = new RandomStream(seed, "interop", site.ia);
  const packets = Array.from({ length: count }, (_, n) => craft({ site, macs, host, nowS: epochS, random }, n + 1));
  const ours = new OurRouter(site, host, DISPATCHED, epochS, now);
  const yard = await Yard.open(site, host);
  try {
    const router = await GoRouter.start(program, site);
    try {
      for (let at = 0; at < count; at += BATCH) {
        for (const { bytes, ingress } of packets.slice(at, at + BATCH)) yard.send(bytes, ingress);
        await sleep(PAUSE_MS);
      }
      await sleep(PATIENCE_MS);
    } finally {
      await router.stop();
    }
  } finally {
    await yard.close();
  }
  return judge(packets, yard.received, ours);
}

function judge(packets: readonly Crafted[], received: readonly Sent[], ours: OurRouter): Comparison {
  const theirs = new Map<number, Sent[]>();
  for (const one of received) {
    const flowId = flowIdOf(one.bytes);
    theirs.set(flowId, [...(theirs.get(flowId) ?? []), one]);
  }
  const [same, known] = [new Map<string, number>(), new Map<string, number>()];
  const unexplained: string[] = [];
  for (const packet of packets) {
    const mine = ours.receive(packet.bytes, packet.ingress);
    const other = theirs.get(packet.flowId) ?? [];
    if (agree(mine, other)) {
      count(same, endOf(mine));
      continue;
    }
    const name = KNOWN.find(({ holds }) => holds(packet, mine, other))?.name;
    if (name === undefined) unexplained.push(`${packet.name} (arrived by ${packet.ingress}): ours ${shown(mine.sent)} ${mine.dropped ?? ""}; theirs ${shown(other)}`);
    else count(known, name);
  }
  return { packets: packets.length, same, known, unexplained };
}

interface KnownDifference {
  readonly name: string;
  readonly holds: (packet: Crafted, ours: Outcome, theirs: readonly Sent[]) => boolean;
}

/** Errors found before a router brings the SegID up to date. */
const EARLY: ReadonlySet<unknown> = new Set([
  "expired_hop",
  "wrong_interface",
  "invalid_source",
  "invalid_destination",
]);

const KNOWN: readonly KnownDifference[] = [
  {
    // Scionproto leaves the SegID alone before it turns the path round: the next router finds the answer's MAC wrong and drops it.
    name: "the way back of an error found early can be verified in ours alone",
    holds: (_, ours, theirs) => EARLY.has(ours.dropped) && differInSegIdAlone(ours.sent, theirs),
  },
  {
    // Scionproto's slow path answers nothing and sends the packet on, by whatever way its record says, pointers unmoved.
    name: "an alerting packet that is no traceroute request ends in ours",
    holds: (_, ours) => ours.dropped === "router_alert" && ours.sent.length === 0,
  },
];

function differInSegIdAlone([ours, ...more]: readonly Sent[], [theirs, ...others]: readonly Sent[]): boolean {
  if (ours === undefined || theirs === undefined || more.length > 0 || others.length > 0) return false;
  return sameSent({ ...ours, bytes: withoutSegIds(ours.bytes) }, { ...theirs, bytes: withoutSegIds(theirs.bytes) });
}

/** An SCMP error's bytes with zero for each SegID, the quoted packet's too, and for the checksum over them. */
function withoutSegIds(bytes: Uint8Array): Uint8Array {
  const blank = Uint8Array.from(bytes);
  const l4Start = 4 * (bytes[5] as number);
  blank.fill(0, l4Start + 2, l4Start + 4);
  blankSegIds(blank, 0);
  blankSegIds(blank, l4Start + 8);
  return blank;
}

/** Of the packet at `start`, whose path is a SCION path. */
function blankSegIds(bytes: Uint8Array, start: number): void {
  const types = bytes[start + 9] as number;
  const meta = start + 28 + hostLength(types >>> 4) + hostLength(types & 0xf);
  const [second, third, fourth] = [1, 2, 3].map((n) => bytes[meta + n] as number) as [number, number, number];
  const lengths = [((second & 3) << 4) | (third >>> 4), ((third & 15) << 2) | (fourth >>> 6), fourth & 63];
  lengths.forEach((length, inf) => {
    if (length > 0) bytes.fill(0, meta + 6 + 8 * inf, meta + 8 + 8 * inf);
  });
}

function agree({ sent }: Outcome, theirs: readonly Sent[]): boolean {
  if (sent.length !== theirs.length) return false;
  return sent.every((one, at) => sameSent(one, theirs[at] as Sent));
}

/** What a router answers its own AS's host goes to the port that asked. */
function sameSent(ours: Sent, theirs: Sent): boolean {
  const way = ours.to === theirs.to || (theirs.to === "sender" && ours.to.startsWith("host"));
  return way && Buffer.compare(ours.bytes, theirs.bytes) === 0;
}

function endOf({ sent, dropped }: Outcome): string {
  const [first] = sent;
  if (first === undefined) return `dropped: ${dropped}`;
  if (dropped === null) return first.to.startsWith("if") ? "forwarded" : "delivered";
  return `answered: ${messageOf(first.bytes)}`;
}

function messageOf(bytes: Uint8Array): string {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return `undecodable: ${decoded.error.reason}`;
  const { l4 } = decoded.value;
  return "code" in l4 ? `${l4.kind} ${l4.code}` : l4.kind;
}

function shown(sent: readonly Sent[]): string {
  return sent.length === 0 ? "nothing" : sent.map(({ to, bytes }) => `${to}: ${messageOf(bytes)} ${Buffer.from(bytes).toString("hex")}`).join(" and ");
}

function flowIdOf(bytes: Uint8Array): number {
  return (((bytes[1] as number) & 0xf) << 16) | ((bytes[2] as number) << 8) | (bytes[3] as number);
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
