/** What a direction of a link would do to one more packet at this instant. Read without touching anything: whoever asks changes nothing. */
import { lossAt } from "./burst-loss.ts";
import type { LinkModel } from "./link-model.ts";
import { heldFor, type PacedLine, transmissionNow } from "./paced-line.ts";
import type { Passage } from "./passage.ts";
import { waitingAt } from "./queue.ts";
import { type Nanos, SECOND } from "./units.ts";

/** Numbers a link: nanoseconds until a packet of no bytes would have arrived (`CUT`: never), nanoseconds for each byte, share lost. */
export const LOAD_WORDS = 3;
export const CUT = -1;

/** Writes the three numbers of a link that is up, from `at` on. Early drops of RED and CoDel, and jitter, are not foreseen. */
export function readLoad(
  { model, paced }: { readonly model: LinkModel; readonly paced: PacedLine | null },
  now: Nanos,
  into: number[],
  at: number,
): void {
  const { passage } = model;
  let [wait, perByte] = [0, 0];
  if (paced === null) {
    wait = Math.max(0, model.busyUntil - now);
    perByte = model.rate === 0 ? 0 : (8 * SECOND) / model.rate;
  } else {
    // Times are whole nanoseconds: one byte's would be rounded too much.
    perByte = transmissionNow(paced, 1_000, now) / 1_000;
    wait = heldFor(paced, now);
  }
  for (const { latency_ns } of passage.impairments) wait += latency_ns;
  const moves = perByte !== Infinity && wait !== Infinity;
  into[at] = moves ? Math.max(0, wait + passage.latency) : CUT;
  into[at + 1] = moves ? perByte : 0;
  into[at + 2] = isFull(model, paced, now) ? 1 : lossNow(passage, now);
}

function lossNow({ burst, impairments, loss }: Passage, now: Nanos): number {
  let passing = 1 - loss;
  // A copy: the process keeps the stay asked for last, which is the link's own business.
  if (burst !== null) passing *= 1 - lossAt({ ...burst }, now);
  for (const { loss: lost, corrupt } of impairments) passing *= (1 - lost) * (1 - corrupt);
  return 1 - passing;
}

/** Is there no room for a packet without priority? */
function isFull(model: LinkModel, paced: PacedLine | null, now: Nanos): boolean {
  if (paced === null) {
    if (model.limitPackets === 0 || model.waiting < model.limitPackets) return false;
    return waitingAt(model, now).waitingPackets >= model.limitPackets;
  }
  const { bandOf, bands, limitPackets } = paced.queue;
  return limitPackets !== 0 && (bands[bandOf?.[0] ?? 0]?.waiting ?? 0) >= limitPackets;
}
