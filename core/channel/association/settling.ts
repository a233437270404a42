/** What became of packets: their freight is told, each part to whom it belongs. */
import type { Nanos } from "../../units.ts";
import { controlAcked, controlLost } from "../paths/control.ts";
import { notePathAcked, notePathLost } from "../paths/measured.ts";
import type { PathState } from "../paths/types.ts";
import { nextProbe } from "../recovery/recovery.ts";
import { type SentRing, slotOf } from "../recovery/sent-ring.ts";
import type { News } from "../recovery/state.ts";
import { onControlAcked, onControlLost } from "../streams/controls.ts";
import { onAcked, onLost, requeue } from "../streams/sending.ts";
import type { Association, Cargo, Surroundings } from "./association.ts";
import { oweRekey } from "./rekeying.ts";

/** `channel` in a packet's record where it carries no piece of any channel. */
export const NO_CHANNEL = -1;

const PATH_SPACING = 0x1000_0000_0000;

export function createNews(): News {
  return { acked: [], lost: [], spurious: [] };
}

/** Names a packet among all paths' (8 and 44 bits). */
function cargoKey(path: number, number: number): number {
  return path * PATH_SPACING + number;
}

export function loadCargo(association: Association, path: number, number: number, cargo: readonly Cargo[]): void {
  association.cargo.set(cargoKey(path, number), cargo.slice());
}

/** Tells of every packet in the news of the path at `index`. */
export function settle(association: Association, index: number, news: News, ctx: Surroundings): void {
  const { acked, lost, spurious } = news;
  for (let i = 0; i < acked.length; i++) settleArrived(association, index, acked[i] as number, ctx.now);
  for (let i = 0; i < spurious.length; i++) settleArrived(association, index, spurious[i] as number, ctx.now);
  for (let i = 0; i < lost.length; i++) settleLost(association, index, lost[i] as number);
}

function settleArrived(association: Association, index: number, number: number, now: Nanos): void {
  const { channels, paths } = association;
  const path = paths.list[index] as PathState;
  const { sent } = path.recovery;
  const slot = slotOf(sent, number);
  notePathAcked(paths, index, number, sent.bytes[slot] as number, now);
  if ((sent.channel[slot] as number) !== NO_CHANNEL) pieceArrived(channels, sent, slot);
  const freight = takeCargo(association, path.id, number);
  if (freight !== undefined) for (const one of freight) arrived(association, one, now);
}

function settleLost(association: Association, index: number, number: number): void {
  const { channels, paths } = association;
  const path = paths.list[index] as PathState;
  const { sent } = path.recovery;
  const slot = slotOf(sent, number);
  notePathLost(paths, index, number, sent.bytes[slot] as number);
  if ((sent.channel[slot] as number) !== NO_CHANNEL) pieceLost(channels, sent, slot);
  const freight = takeCargo(association, path.id, number);
  if (freight !== undefined) for (const one of freight) missed(association, one);
}

type Channels = Association["channels"];

function pieceArrived(channels: Channels, { channel, offset, length, flags }: SentRing, slot: number): void {
  onAcked(channels, channel[slot] as number, offset[slot] as number, length[slot] as number, flags[slot] as number);
}

function pieceLost(channels: Channels, { channel, offset, length, flags }: SentRing, slot: number): void {
  onLost(channels, channel[slot] as number, offset[slot] as number, length[slot] as number, flags[slot] as number);
}

/** What a probe repeats of a packet still in flight: it goes again, and whichever comes first counts. */
export function repeat(association: Association, path: PathState, number: number): void {
  const { channels, cargo } = association;
  const { sent } = path.recovery;
  const slot = slotOf(sent, number);
  const { channel, offset, length, flags } = sent;
  if ((channel[slot] as number) !== NO_CHANNEL)
    requeue(channels, channel[slot] as number, offset[slot] as number, length[slot] as number, flags[slot] as number);
  for (const one of cargo.get(cargoKey(path.id, number)) ?? []) {
    if (one.kind === "piece") requeue(channels, one.channel, one.offset, one.length, one.flags);
    else missed(association, one);
  }
}

/** All that is in flight on a path which a probe timeout speaks against goes again, over others: nobody waits for the path to fail. */
export function repeatAll(association: Association, path: PathState): void {
  for (let number = nextProbe(path.recovery); number >= 0; number = nextProbe(path.recovery)) {
    repeat(association, path, number);
  }
}

function takeCargo({ cargo }: Association, path: number, number: number): readonly Cargo[] | undefined {
  if (cargo.size === 0) return undefined;
  const key = cargoKey(path, number);
  const freight = cargo.get(key);
  if (freight !== undefined) cargo.delete(key);
  return freight;
}

function arrived({ channels, paths }: Association, cargo: Cargo, now: Nanos): void {
  if (cargo.kind === "piece") onAcked(channels, cargo.channel, cargo.offset, cargo.length, cargo.flags);
  else if (cargo.kind === "control") onControlAcked(channels, cargo.reference);
  else if (cargo.kind === "path") controlAcked(paths, cargo.control, now);
}

function missed(association: Association, cargo: Cargo): void {
  const { channels, paths } = association;
  if (cargo.kind === "piece") onLost(channels, cargo.channel, cargo.offset, cargo.length, cargo.flags);
  else if (cargo.kind === "control") onControlLost(channels, cargo.reference);
  else if (cargo.kind === "path") controlLost(paths, cargo.control);
  else oweRekey(association, cargo.owed);
}
