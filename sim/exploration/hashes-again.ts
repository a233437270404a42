/** Hashes of events that the log does not keep any more: a stretch of the run is run again from a copy. */
import type { Kept } from "./checkpoints.ts";
import { EventColumns } from "./event-columns.ts";
import { EventRecorder, type OwnEvents } from "./event-recorder.ts";
import { runTo, type WorldSource } from "./source.ts";

/** Of `count` events from number `from` on, which lie after the copy: two words each, the same as the log had. */
export function hashesAgain(
  source: WorldSource,
  { saved, hash }: Kept,
  { from, count }: { readonly from: number; readonly count: number },
  own: OwnEvents,
): Int32Array {
  const columns = new EventColumns({ after: { events: saved.events, hash }, maxRows: Number.POSITIVE_INFINITY });
  const steppable = source.restore(saved, { observe: (world) => new EventRecorder(world, columns, own) });
  runTo(steppable, from + count - 1, source.duration);
  return columns.hashes(from, count);
}
