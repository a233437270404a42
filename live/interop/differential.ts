/**
 * The same packets to scionproto's router and to Pathloom's, in the place of the same AS: byte for byte, and by which way, what
 * the one sends the other must send. Where they differ on purpose stands in `KNOWN`; anything else is a fault of one of them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { hostLength, type IA } from "../../core/address.ts";
import { createForwardingKeys } from "../../core/forwarding-keys.ts";
import { createHopMacs } from "../../core/hop-mac.ts";
import { RandomStream } from "../../core/rng.ts";
import { decodePacket } from "../../core/wire/codec.ts";
import { type Crafted, craft, FAR_SOURCES } from "./crafted.ts";
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

export interface CompareOptions {
  readonly seed: number;
  readonly packets: number;
  /** Key of Pathloom's router where it is to have another than the site's: then nothing is right. */
  readonly ourKey?: string;
}

/** `host`: IP of the AS's host. */
export async function compareRouters(
  program: string,
  site: Site,
  host: string,
  options: CompareOptions,
): Promise<Comparison> {
  const { seed, packets: count, ourKey = site.masterKey } = options;
  const epochS = Math.floor(Date.now() / 1_000);
  const start = performance.now();
  const now = (): number => Math.round((performance.now() - start) * 1e6);
  const macs = createHopMacs(createForwardingKeys(0, { [site.ia]: site.masterKey })(site.ia), 0);
  const random = new RandomStream(seed, "interop", site.ia);
  const ours = new OurRouter({ ...site, masterKey: ourKey }, host, DISPATCHED, epochS, now);
  const yard = await Yard.open(site, host);
  const asked: Asked[] = [];
  try {
    const router = await GoRouter.start(program, site);
    try {
      for (let flowId = 1; flowId <= count; flowId++) {
        const packet = craft({ site, macs, host, nowS: epochS + now() / 1e9, random }, flowId);
        yard.send(packet.bytes, packet.ingress);
        // Now, since what a router does depends on the time.
        asked.push({ packet, mine: ours.receive(packet.bytes, packet.ingress) });
        if (flowId % BATCH === 0) await sleep(PAUSE_MS);
      }
      await sleep(PATIENCE_MS);
    } finally {
      await router.stop();
    }
  } finally {
    await yard.close();
  }
  return judge(asked, yard.received, site.ia);
}

/** A packet, and what Pathloom's router made of it. */
interface Asked {
  readonly packet: Crafted;
  readonly mine: Outcome;
}

function judge(asked: readonly Asked[], received: readonly Sent[], ia: IA): Comparison {
  const theirs = new Map<number, Sent[]>();
  for (const one of received) {
    const flowId = flowIdOf(one.bytes);
    theirs.set(flowId, [...(theirs.get(flowId) ?? []), one]);
  }
  const [same, known] = [new Map<string, number>(), new Map<string, number>()];
  const unexplained: string[] = [];
  for (const { packet, mine } of asked) {
    const other = theirs.get(packet.flowId) ?? [];
    if (agree(mine, other)) {
      count(same, endOf(mine, ia));
      continue;
    }
    const name = KNOWN.find(({ holds }) => holds(packet, mine, other))?.name;
    if (name === undefined) unexplained.push(describe(packet, mine, other));
    else count(known, name);
  }
  return { packets: asked.length, same, known, unexplained };
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
    holds: (_, ours, theirs) =>
      EARLY.has(ours.dropped) && alikeBut(ours.sent, theirs, { segIds: true, pointer: false }),
  },
  {
    name: "an EPIC packet's pointers count the 16 bytes before its SCION path in ours alone",
    holds: ({ bytes }, ours, theirs) =>
      bytes[PATH_TYPE] === EPIC_PATH && alikeBut(ours.sent, theirs, { segIds: EARLY.has(ours.dropped), pointer: true }),
  },
  {
    // Scionproto's slow path answers nothing and sends the packet on, by whatever way its record says, pointers unmoved.
    name: "an alerting packet that is no traceroute request ends in ours",
    holds: (_, ours) => ours.dropped === "router_alert" && ours.sent.length === 0,
  },
  {
    // Since #4737 (v0.14.0 has it, v0.12.0 not) scionproto takes every port for a dispatched one: an `||` became an `&&`.
    name: "a packet for a port outside the dispatched ones comes to it in theirs, to 30041 in ours",
    holds: (_, { sent: [ours] }, [theirs]) =>
      ours?.to === "host 30041" && theirs?.to === "host 40000" && Buffer.compare(ours.bytes, theirs.bytes) === 0,
  },
  {
    // Ours decodes a datagram before it does anything with it, and one that is no SCION packet is nobody's.
    name: "a datagram whose length is not what its header says is counted as garbage by ours, and answered by theirs",
    holds: (_, ours, theirs) => ours.dropped === "undecodable" && theirs.length < 2 && theirs.every(isScmpProblem),
  },
  {
    // Scionproto answers wherever the datagram came from.
    name: "a source within that the AS has not got is answered by theirs alone",
    holds: ({ ingress, bytes }, ours, [answer]) =>
      ingress === 0 && ours.dropped !== null && ours.sent.length === 0 && answer?.to === "sender" && isForeign(bytes),
  },
];

function isScmpProblem({ bytes }: Sent): boolean {
  const decoded = decodePacket(bytes);
  return decoded.ok && decoded.value.l4.kind === "scmp.parameter-problem";
}

/** A packet whose source is a host of another AS, by its address. */
function isForeign(bytes: Uint8Array): boolean {
  const decoded = decodePacket(bytes);
  return decoded.ok && FAR_SOURCES.includes(decoded.value.srcHost);
}

interface Blanks {
  /** Each SegID, the quoted packet's too. */
  readonly segIds: boolean;
  /** Where the error is. */
  readonly pointer: boolean;
}

/** One SCMP error each, alike but for these fields and the checksum over them. */
function alikeBut([ours, ...more]: readonly Sent[], [theirs, ...others]: readonly Sent[], blanks: Blanks): boolean {
  if (ours === undefined || theirs === undefined || more.length > 0 || others.length > 0) return false;
  return sameSent({ ...ours, bytes: blanked(ours.bytes, blanks) }, { ...theirs, bytes: blanked(theirs.bytes, blanks) });
}

function blanked(bytes: Uint8Array, { segIds, pointer }: Blanks): Uint8Array {
  const blank = Uint8Array.from(bytes);
  const l4Start = 4 * (bytes[5] as number);
  blank.fill(0, l4Start + 2, l4Start + 4);
  if (pointer) blank.fill(0, l4Start + 6, l4Start + 8);
  if (segIds) for (const start of [0, l4Start + 8]) blankSegIds(blank, start);
  return blank;
}

const PATH_TYPE = 8;
const EPIC_PATH = 3;
const EPIC_PREFIX = 16;

/** Of the packet at `start`, which has a SCION path. */
function blankSegIds(bytes: Uint8Array, start: number): void {
  const types = bytes[start + 9] as number;
  const prefix = bytes[start + PATH_TYPE] === EPIC_PATH ? EPIC_PREFIX : 0;
  const meta = start + 28 + hostLength(types >>> 4) + hostLength(types & 0xf) + prefix;
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

function endOf({ sent, dropped }: Outcome, ia: IA): string {
  const [first] = sent;
  if (first === undefined) return `dropped: ${dropped}`;
  const message = decodePacket(first.bytes);
  const isReply = message.ok && message.value.l4.kind === "scmp.traceroute" && message.value.l4.ia === ia;
  if (dropped !== null || isReply) return `answered: ${messageOf(first.bytes)}`;
  return first.to.startsWith("if") ? "forwarded" : "delivered";
}

function messageOf(bytes: Uint8Array): string {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return `undecodable: ${decoded.error.reason}`;
  const { l4 } = decoded.value;
  return "code" in l4 ? `${l4.kind} ${l4.code}` : l4.kind;
}

function describe({ name, ingress }: Crafted, { sent, dropped }: Outcome, theirs: readonly Sent[]): string {
  const ours = `${shown(sent)}${dropped === null ? "" : ` (${dropped})`}`;
  return `${name}, arrived by ${ingress}: ours ${ours}; theirs ${shown(theirs)}${firstDifference(sent[0], theirs[0])}`;
}

function shown(sent: readonly Sent[]): string {
  if (sent.length === 0) return "nothing";
  return sent.map(({ to, bytes }) => `${messageOf(bytes)}, ${bytes.length} B to ${to}`).join(" and ");
}

function firstDifference(ours: Sent | undefined, theirs: Sent | undefined): string {
  if (ours === undefined || theirs === undefined) return "";
  const at = ours.bytes.findIndex((byte, index) => byte !== theirs.bytes[index]);
  return at < 0 ? "" : `; byte ${at}: ours ${ours.bytes[at]}, theirs ${theirs.bytes[at]}`;
}

function flowIdOf(bytes: Uint8Array): number {
  return (((bytes[1] as number) & 0xf) << 16) | ((bytes[2] as number) << 8) | (bytes[3] as number);
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
