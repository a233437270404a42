/** Packets that go over several paths (scheduler `redundant`): the same frames, each time under the path's own number. */
import type { Bytes, Nanos } from "../../units.ts";
import { copiesOf } from "../paths/schedulers.ts";
import type { PathState } from "../paths/types.ts";
import type { FrameWriter } from "../streams/frames.ts";
import type { SentPiece } from "../streams/channels.ts";
import type { Association } from "./association.ts";

/** A packet to send again over other paths. */
export interface PacketCopy {
  /** From the short header's place on. */
  readonly bytes: Uint8Array;
  readonly zeros: Bytes;
  readonly channel: number;
  readonly piece: SentPiece;
  /** Ids of the paths it is still to take. */
  readonly paths: number[];
}

/** Notes what was just written for the path at `index`. */
export function noteCopies(
  association: Association,
  index: number,
  writer: FrameWriter,
  channel: number,
  piece: SentPiece,
  size: Bytes,
  now: Nanos,
): void {
  const { paths } = association;
  const others = copiesOf(paths, index, size, now).map((at) => (paths.list[at] as PathState).id);
  if (others.length === 0) return;
  const bytes = writer.bytes.slice(0, writer.at);
  association.copy = { bytes, zeros: writer.zeros, channel, piece: { ...piece }, paths: others };
}
