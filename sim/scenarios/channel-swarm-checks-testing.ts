/** What must hold in every swarm world: while it runs, and when it is over. Each check answers what is wrong, in words. */
import type { AssociationContext } from "../../actors/channel/association.ts";
import type { ListenerContext } from "../../actors/channel/listener.ts";
import { type Life, MARKER, type SwarmContext } from "../../actors/channel/swarm-testing.ts";
import type { WorldObserver } from "../../actors/record.ts";
import type { Cell } from "../../actors/world.ts";
import { MAX_RANGES } from "../../core/channel/recovery/acks.ts";
import { MAX_TRACKED } from "../../core/channel/recovery/sent-ring.ts";
import type { Association } from "../../core/channel/association/association.ts";
import { BLOCK, type BlockStore } from "../../core/channel/streams/blocks.ts";
import type { Channel } from "../../core/channel/streams/channels.ts";
import { type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import type { Simulation } from "../simulation.ts";
import type { SwarmWorld } from "./channel-swarm-testing.ts";

type Bound = readonly [what: string, found: number, most: number];

/** A character a byte. */
const LATIN = new TextDecoder("latin1");
const MOST_OWED = 256;
const MOST_WAYS = 64;
const RETIRED = 256;
/** Far more than any of these small worlds needs: more is a storm. */
const MOST_PACKETS = 3_000;

/** Everything that input can grow, and how far it may. */
export function outOfBounds(world: Simulation): string[] {
  return world.allCells().flatMap((cell) => {
    if (cell.actor === null) return [];
    const { logic } = cell.spec;
    const bounds =
      logic === "association"
        ? boundsOf(cell.state.context as AssociationContext)
        : logic === "listener"
          ? listenerBounds(cell.state.context as ListenerContext)
          : [];
    return bounds.flatMap(([what, found, most]) =>
      found > most ? [`${cell.id} at ${world.now} ns: ${what}: ${found}, at most ${most}`] : [],
    );
  });
}

function listenerBounds({ byId, bySource, sources, ways, maxAssociations }: ListenerContext): Bound[] {
  return [
    ["associations", byId.size, maxAssociations],
    ["sources", bySource.size, maxAssociations],
    ["sources by actor", sources.size, maxAssociations],
    ["ways", ways.length, MOST_WAYS],
  ];
}

function boundsOf({ association, ways, channels: actors }: AssociationContext): Bound[] {
  const { channels, paths, cargo, pings, rekeys } = association;
  const { maxPaths } = paths.options;
  const most = channels.openLimit + channels.limits.channels;
  const tracked = paths.list.reduce((sum, { recovery }) => sum + recovery.sent.next - recovery.sent.first, 0);
  return [
    ["packets sent", association.counts.sent, MOST_PACKETS],
    ["ways", ways.length, MOST_WAYS],
    ["channels", channels.byId.size, most],
    ["channels' actors", actors.size, most],
    ["control frames", channels.controls.length, 16 * (most + 1)],
    ["paths", paths.list.length, 2 * maxPaths],
    ["retired ids", paths.retired.length, RETIRED],
    ["path events", paths.events.length, 64],
    ["freight", cargo.size, tracked],
    ["pings", pings.length, MOST_OWED],
    ["keys' frames", rekeys.length, MOST_OWED],
    ["bytes received", channels.received, channels.receiveLimit],
    ...paths.list.flatMap((path): Bound[] => [
      ["packets tracked", path.recovery.sent.next - path.recovery.sent.first, MAX_TRACKED],
      ["ranges to acknowledge", path.acks.report.ranges.length / 2, MAX_RANGES],
      ["responses", path.responses.length, 4],
      ["challenges", path.validation.pending.length, 4],
      [
        `path ${path.id} (${path.state}): bytes sent to an address not validated`,
        path.validated || association.role === "initiator" ? 0 : path.allowance.sent,
        3 * path.allowance.received,
      ],
    ]),
    ...[...channels.byId.values()].flatMap((channel) => channelBounds(association, channel)),
  ];
}

function channelBounds({ channels }: Association, { id, send, receive }: Channel): Bound[] {
  const { sendBuffer } = channels.windows;
  const blocks = (bytes: number): number => Math.ceil(bytes / BLOCK) + 1;
  const kept = ({ kept: map, spare }: BlockStore): number => map.size + spare.length;
  return [
    [`channel ${id}: offset received`, receive.highest, receive.limit],
    [`channel ${id}: granted beyond the window`, receive.limit - receive.taken, Math.max(receive.window, 65_536)],
    [`channel ${id}: blocks received`, kept(receive.blocks), blocks(receive.window) + 2],
    [`channel ${id}: blocks sent`, kept(send.blocks), blocks(sendBuffer) + 4],
    [`channel ${id}: offset sent`, send.sent, send.written],
  ];
}

/** Listens to every packet that leaves an end: what it must not hold, and how much answers strangers get. */
export class Eavesdropper implements WorldObserver {
  readonly found: string[] = [];
  /** Packets with what an application wrote, in clear. */
  inClear = 0;
  readonly #seen = new WeakSet<Packet>();
  readonly #heard = new Map<number, { got: number; gave: number }>();
  readonly #world: Simulation;

  constructor(world: Simulation) {
    this.#world = world;
  }

  sent(from: Cell, target: number, _order: number, packet: Packet | null): void {
    if (packet === null) return;
    const { logic } = from.spec;
    const bytes = packet.payloadLength - PAYLOAD_HEADER_BYTES;
    // The process hands what came to its listener.
    if (logic === "swarm" && this.#world.cells[target]?.spec.logic === "listener") this.#account(target).got += bytes;
    if (logic === "listener" && this.#world.cells[target]?.spec.logic !== "association") {
      const account = this.#account(from.self);
      account.gave += bytes;
      if (account.gave > 3 * account.got) this.#complain(`${from.id} gave ${account.gave} B for ${account.got} B`);
    }
    if ((logic !== "association" && logic !== "listener") || this.#seen.has(packet) || packet.rest === null) return;
    this.#seen.add(packet);
    const { rest } = packet;
    if (LATIN.decode(rest).includes(MARKER)) this.inClear++;
  }

  delivered(): void {}

  recalled(): void {}

  #account(listener: number): { got: number; gave: number } {
    const known = this.#heard.get(listener) ?? { got: 0, gave: 0 };
    this.#heard.set(listener, known);
    return known;
  }

  #complain(text: string): void {
    if (this.found.length < 5) this.found.push(text);
  }
}

const programOf = (world: Simulation, side: 0 | 1): SwarmContext =>
  world.read<SwarmContext>(side === 0 ? "app/f" : "app/f/sink").context;

/** When all is over: every association is, with a reason, and what was promised was kept. */
export function broken(swarm: SwarmWorld, world: Simulation): string[] {
  const programs = [programOf(world, 0), programOf(world, 1)] as const;
  return [
    ...programs.flatMap(({ errors }) => errors),
    ...unended(world),
    ...badEndings(swarm, world),
    ...undelivered(swarm, world, programs),
    ...unconserved(world),
  ];
}

function associationsOf(world: Simulation): Cell[] {
  return world.allCells().filter(({ spec }) => spec.logic === "association");
}

const contextOf = (cell: Cell): AssociationContext => cell.state.context as AssociationContext;

function unended(world: Simulation): string[] {
  return associationsOf(world).flatMap((cell) => {
    if (cell.actor === null) return [];
    const { phase, channels } = contextOf(cell).association;
    if (phase === "closed") return [];
    const states = [...channels.byId.values()].map(
      (one) => `${one.id} ${one.phase} ${one.send.state} ${one.receive.state}`,
    );
    return [`${cell.id} is still ${phase}; channels: ${states.join(", ")}`];
  });
}

/** Nobody breaks the protocol here, whatever the network does; and where it does nothing, all goes well. */
function badEndings({ calm, lasting }: SwarmWorld, world: Simulation): string[] {
  return associationsOf(world).flatMap((cell) => {
    const { ending, role } = contextOf(cell).association;
    if (ending === null) return [];
    if (lasting && role === "initiator" && ending.word !== "closed")
      return [`${cell.id} ended: ${ending.word}, nothing was that bad`];
    const { word, code, reason, by } = ending;
    // Whoever is told of the end in a packet that is lost finds out by itself.
    const isGood = ["closed", "idle"].includes(word) || (!calm && ["reset", "handshake-timeout"].includes(word));
    return isGood ? [] : [`${cell.id} ended by ${by}: ${word} ${code} (${reason})`];
  });
}

/** The asked end's association for one of the asking end. */
function peerOf(world: Simulation, cell: Cell): Cell | undefined {
  const { localId, remoteId } = contextOf(cell).association;
  const same = (one: Uint8Array, other: Uint8Array): boolean => one.every((byte, at) => byte === other[at]);
  return associationsOf(world).find((other) => {
    const { association } = contextOf(other);
    return other !== cell && same(association.localId, remoteId) && same(association.remoteId, localId);
  });
}

function undelivered(
  { calm }: SwarmWorld,
  world: Simulation,
  [asking, asked]: readonly [SwarmContext, SwarmContext],
): string[] {
  const found: string[] = [];
  for (const [association, word] of asking.endings) {
    const cell = world.cells[association] as Cell;
    const { ending } = contextOf(cell).association;
    if (word !== "closed" || ending?.by !== "us") continue;
    const peer = peerOf(world, cell);
    if (peer === undefined) {
      found.push(`${cell.id} ended well, but has no peer`);
      continue;
    }
    // A process that was ended reads no more.
    if (!asked.endings.has(peer.self)) continue;
    for (const life of asking.lives.values()) {
      if (life.association !== association) continue;
      const other = asked.lives.get(`${peer.self}:${life.channel}`);
      if (other === undefined) found.push(`channel ${life.channel} of ${cell.id} is unknown at the peer`);
      else found.push(...missing(life, other), ...missing(other, life));
    }
  }
  if (calm && asking.endings.size === 0) found.push("no association ended");
  return found;
}

/** What the writer's channel owes the reader: all of it, where that was promised and nobody cut it short. */
function missing(writer: Life, reader: Life): string[] {
  const { plan, channel } = writer;
  const { reliability, framing } = plan.options;
  const isCut = plan.mine.end === "close" || plan.theirs.end === "close" || plan.acceptAfter < 0;
  const { stopAfter } = reader.ours ? plan.myReading : plan.theirReading;
  const { end } = writer.ours ? plan.mine : plan.theirs;
  const wrote = writer.writtenBytes.reduce((sum, bytes) => sum + bytes, 0);
  const name = `channel ${channel} (${reliability} ${framing}) from ${writer.ours ? "its opener" : "its acceptor"}`;
  if (reader.read > wrote) return [`${name}: ${reader.read} B read of ${wrote}`];
  if (isCut || stopAfter >= 0 || end !== "finish" || !["ordered", "unordered"].includes(reliability)) return [];
  return reader.read === wrote ? [] : [`${name}: ${reader.read} B read of ${wrote}`];
}

/** Sent and made by links = received, received again and dropped; nothing is under way any more. */
function unconserved(world: Simulation): string[] {
  const sums = new Map<number, number>();
  const add = (flow: number, count: number): void => void sums.set(flow, (sums.get(flow) ?? 0) + count);
  for (const { spec, state } of world.allCells()) {
    if (spec.logic !== "association" && spec.logic !== "listener") continue;
    const context = state.context as AssociationContext | ListenerContext;
    if ("listener" in context && context.listener !== null) continue;
    const { port, ends } = context;
    add(ends.flow, port.sent);
    add(1 - ends.flow, -port.received.received - port.received.duplicates);
  }
  return [...sums].flatMap(([flow, sum]) => {
    const made = sum + (world.ledger.duplicated.get(flow) ?? 0);
    const gone = world.ledger.byFlow.get(flow) ?? 0;
    return made === gone ? [] : [`flow ${flow}: ${made} packets did not arrive, but ${gone} were dropped`];
  });
}
