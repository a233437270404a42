/** What came on a channel and was not read yet. A read that takes a part leaves the rest. */
import { err, ok, type Result } from "../../result.ts";
import type { ChannelerError } from "./errors.ts";

export interface ReadQueue {
  readonly pieces: Uint8Array[];
  bytes: number;
  readonly limit: number;
  /** Bytes thrown away because nobody read. */
  overflowed: number;
}

export function createReadQueue(limit: number): ReadQueue {
  return { pieces: [], bytes: 0, limit, overflowed: 0 };
}

/** Adds one message's bytes; false: they are more than the queue may hold, and are dropped whole. */
export function addReadable(queue: ReadQueue, bytes: Uint8Array): boolean {
  if (queue.bytes + bytes.length > queue.limit) {
    queue.overflowed += bytes.length;
    return false;
  }
  queue.pieces.push(bytes);
  queue.bytes += bytes.length;
  return true;
}

/** Up to `most` bytes of the oldest message; never of two at once. Error: none waits. */
export function readNext(queue: ReadQueue, most: number): Result<Uint8Array, ChannelerError> {
  const [piece] = queue.pieces;
  if (piece === undefined) return err("ERR_DATA_UNAVAILABLE");
  const read = piece.slice(0, most);
  if (read.length === piece.length) queue.pieces.shift();
  else queue.pieces[0] = piece.subarray(read.length);
  queue.bytes -= read.length;
  return ok(read);
}
