/**
 * Data that go over every path (scheduler `redundant`): the same frames, each time under the path's own number. A path that may not send
 * yet gets them later, unless they have arrived by then: a slow path skips what a quick one has brought.
 */
import { gapsIn } from "../../transport/ranges.ts";
import type { Bytes, Nanos } from "../../units.ts";
import { SHORT_OVERHEAD } from "../crypto/protection.ts";
import { copiesOf } from "../paths/schedulers.ts";
import type { PathState } from "../paths/types.ts";
import { maySend } from "../recovery/recovery.ts";
import { FIN, type SentPiece } from "../streams/channels.ts";
import type { FrameWriter } from "../streams/frames.ts";
import type { Association, Cargo } from "./association.ts";

/** The data frames of a packet, to send again over other paths. */
export interface PacketCopy {
  readonly bytes: Uint8Array;
  readonly zeros: Bytes;
  readonly channel: number;
  readonly piece: SentPiece;
  /** Further pieces of that channel. */
  readonly cargo: readonly Cargo[];
}

/** Packets that wait for one path; the oldest makes room. */
const MOST_COPIES = 1_024;

interface Written {
  readonly writer: FrameWriter;
  /** Where the frames of data begin. */
  readonly from: number;
  readonly channel: number;
  readonly piece: SentPiece;
  readonly cargo: readonly Cargo[];
}

/** Notes what was just written for `path`. */
export function noteCopy(association: Association, path: PathState, written: Written): void {
  const { copies, paths, counts } = association;
  for (const id of copies.keys()) if (!paths.list.some((one) => one.id === id)) copies.delete(id);
  const others = copiesOf(paths, path);
  if (others.length === 0) return;
  const { writer, from, channel, piece } = written;
  const cargo = written.cargo.filter(({ kind }) => kind === "piece");
  const bytes = writer.bytes.slice(from, writer.at);
  const copy: PacketCopy = { bytes, zeros: writer.zeros, channel, piece: { ...piece }, cargo };
  for (const { id } of others) {
    const queue = copies.get(id) ?? [];
    if (queue.length === 0) copies.set(id, queue);
    if (queue.length >= MOST_COPIES) {
      queue.shift();
      counts.copiesDropped++;
    }
    queue.push(copy);
  }
}

/** The oldest copy that a path is still to carry and may now; what has arrived meanwhile is forgotten. */
export function takeCopy(association: Association, path: PathState, now: Nanos): PacketCopy | null {
  const queue = association.copies.get(path.id);
  if (queue === undefined) return null;
  for (let copy = queue[0]; copy !== undefined; copy = queue[0]) {
    const size = copy.bytes.length + copy.zeros + SHORT_OVERHEAD;
    const isWanted = path.state === "active" && size <= path.pmtu.size && !hasArrived(association, copy);
    if (isWanted && !maySend(path.recovery, size, now)) return null;
    queue.shift();
    if (isWanted) return copy;
  }
  association.copies.delete(path.id);
  return null;
}

/** By some path, or nobody waits for it any more. */
function hasArrived({ channels }: Association, { channel, piece, cargo }: PacketCopy): boolean {
  const send = channels.byId.get(channel)?.send;
  if (send === undefined || send.state === "reset" || send.state === "ended") return true;
  const isSettled = ({ offset, length, flags }: SentPiece): boolean =>
    gapsIn(send.settled, offset, offset + length).length === 0 && ((flags & FIN) === 0 || send.finAcked);
  return isSettled(piece) && cargo.every((one) => one.kind !== "piece" || isSettled(one));
}
