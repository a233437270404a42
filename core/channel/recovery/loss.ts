/** Loss detection (RFC 9002, 6.1), persistent congestion (7.6), and the undoing of reductions for losses that were none. */
import { extendRun, lossDelay, persistentCongestionTime } from "../../transport/rtt.ts";
import type { Nanos } from "../../units.ts";
import type { Controller } from "./controller.ts";
import { controllerOf } from "./controllers.ts";
import { STATUS, setStatus, slotOf, statusAt } from "./sent-ring.ts";
import type { News, Recovery } from "./state.ts";

/** kPacketThreshold. */
const PACKET_THRESHOLD = 3;
/** Packets that `recovery.loss` remembers. */
const LOSS_MEMORY = 1_024;

/** Everything three numbers, or 9/8 of a round trip, behind the largest acknowledged is lost. */
export function detectLoss(recovery: Recovery, now: Nanos, news: News): void {
  const { sent, largestAcked, rtt } = recovery;
  recovery.lossAt = -1;
  skipSettled(recovery);
  if (recovery.flyingFrom >= largestAcked) return;
  const delay = lossDelay(rtt);
  const run = { since: -1, longest: 0 };
  for (let number = recovery.flyingFrom; number < largestAcked; number++) {
    const slot = slotOf(sent, number);
    const status = statusAt(sent, slot);
    if (status === STATUS.acked) run.since = -1;
    if (status !== STATUS.flying) continue;
    const sentAt = sent.sentAt[slot] as number;
    if (number > largestAcked - PACKET_THRESHOLD && sentAt + delay > now) {
      if (recovery.lossAt < 0 || sentAt + delay < recovery.lossAt) recovery.lossAt = sentAt + delay;
      continue;
    }
    declareLost(recovery, slot);
    news.lost.push(number);
    extendRun(run, rtt, sentAt);
  }
  if (news.lost.length > 0) takeLosses(recovery, now, news, run.longest);
}

/** Everything in flight is lost, whatever the reason: no congestion is told. */
export function declareFlyingLost(recovery: Recovery, news: News): void {
  const { sent } = recovery;
  for (let number = Math.max(recovery.flyingFrom, sent.first); number < sent.next; number++) {
    const slot = slotOf(sent, number);
    if (statusAt(sent, slot) !== STATUS.flying) continue;
    declareLost(recovery, slot);
    news.lost.push(number);
  }
  recovery.flyingFrom = sent.next;
  recovery.lossAt = -1;
  recovery.probes = 0;
  recovery.epoch.lost = -1;
}

/** The share lost: a plain mean of the first packets, then weighted towards the newest. */
export function noteOutcome(recovery: Recovery, lost: 0 | 1): void {
  const settled = recovery.counts.acked + recovery.counts.lost;
  recovery.loss += (lost - recovery.loss) / Math.min(LOSS_MEMORY, Math.max(1, settled));
}

/** A recovery period begins now; `lost`: packets it is for, -1 where it cannot be undone. */
export function beginEpoch(recovery: Recovery, lost: number): void {
  const { epoch, sent } = recovery;
  epoch.first = epoch.next;
  epoch.next = sent.next;
  epoch.lost = lost;
}

/** Packets declared lost have arrived. Where none of the last period is missing, there was no congestion. */
export function takeSpurious(recovery: Recovery, rules: Controller, now: Nanos, { spurious }: News): void {
  const { epoch, counts } = recovery;
  if (epoch.lost <= 0) return;
  for (const number of spurious) if (number >= epoch.first && number < epoch.next) epoch.lost--;
  if (epoch.lost > 0) return;
  epoch.lost = -1;
  counts.undone++;
  rules.onSpurious(recovery.controller, now);
}

function takeLosses(recovery: Recovery, now: Nanos, { lost }: News, longest: Nanos): void {
  const { controller, rtt, sent, epoch } = recovery;
  const rules = controllerOf(controller.kind);
  const lastSentAt = sent.sentAt[slotOf(sent, lost.at(-1) as number)] as number;
  const begins = rules.onCongestion(controller, lastSentAt, now, rtt);
  if (begins) beginEpoch(recovery, 0);
  if (epoch.lost >= 0) for (const number of lost) if (number >= epoch.first && number < epoch.next) epoch.lost++;
  if (longest <= persistentCongestionTime(rtt)) return;
  recovery.counts.persistent++;
  epoch.lost = -1;
  rules.onPersistent(controller, now);
}

function declareLost(recovery: Recovery, slot: number): void {
  const { sent, counts, delivery } = recovery;
  const bytes = sent.bytes[slot] as number;
  setStatus(sent, slot, STATUS.lost);
  recovery.flying--;
  recovery.flyingBytes -= bytes;
  delivery.sample.newlyLost += bytes;
  counts.lost++;
  noteOutcome(recovery, 1);
}

function skipSettled(recovery: Recovery): void {
  const { sent } = recovery;
  if (recovery.flyingFrom < sent.first) recovery.flyingFrom = sent.first;
  while (recovery.flyingFrom < sent.next && statusAt(sent, slotOf(sent, recovery.flyingFrom)) !== STATUS.flying) {
    recovery.flyingFrom++;
  }
}
