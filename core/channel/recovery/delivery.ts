/** Delivery rate samples, one an acknowledgement at most (draft-cheng-iccrg-delivery-rate-estimation-02, section 3). */
import type { Nanos } from "../../units.ts";
import type { RateSample } from "./controller.ts";
import { APP_LIMITED, type SentRing } from "./sent-ring.ts";

export interface Delivery {
  /** Bytes that arrived in all, and when the last of them were acknowledged. */
  delivered: number;
  deliveredAt: Nanos;
  /** When the first packet of the next sample left. */
  firstSentAt: Nanos;
  /** Until so many bytes are delivered samples count as limited by the application; 0: not limited. */
  appLimitedUntil: number;
  /** Of the newest packet that the present acknowledgement names; `priorAt` -1: none yet. */
  priorAt: Nanos;
  sentElapsed: Nanos;
  /** The latest rate that the application did not limit, or a greater one; bytes a nanosecond. */
  rate: number;
  readonly sample: RateSample;
}

export function createDelivery(now: Nanos): Delivery {
  return {
    delivered: 0,
    deliveredAt: now,
    firstSentAt: now,
    appLimitedUntil: 0,
    priorAt: -1,
    sentElapsed: 0,
    rate: 0,
    sample: {
      rate: 0,
      appLimited: false,
      priorDelivered: 0,
      delivered: 0,
      newlyAcked: 0,
      newlyLost: 0,
      priorInFlight: 0,
      inFlight: 0,
    },
  };
}

/** A packet leaves (3.2). */
export function stampDelivery(delivery: Delivery, sent: SentRing, slot: number, idle: boolean, now: Nanos): void {
  if (idle) {
    delivery.firstSentAt = now;
    delivery.deliveredAt = now;
  }
  sent.delivered[slot] = delivery.delivered;
  sent.deliveredAt[slot] = delivery.deliveredAt;
  sent.firstSentAt[slot] = delivery.firstSentAt;
  if (delivery.appLimitedUntil > 0) sent.status[slot] = (sent.status[slot] as number) | APP_LIMITED;
}

/** A packet has arrived (3.3): the newest one makes the sample. */
export function noteDelivered(delivery: Delivery, sent: SentRing, slot: number, now: Nanos): void {
  const { sample } = delivery;
  const bytes = sent.bytes[slot] as number;
  delivery.delivered += bytes;
  delivery.deliveredAt = now;
  sample.newlyAcked += bytes;
  const prior = sent.delivered[slot] as number;
  if (delivery.priorAt >= 0 && prior < sample.priorDelivered) return;
  const sentAt = sent.sentAt[slot] as number;
  sample.priorDelivered = prior;
  sample.appLimited = ((sent.status[slot] as number) & APP_LIMITED) !== 0;
  delivery.priorAt = sent.deliveredAt[slot] as number;
  delivery.sentElapsed = sentAt - (sent.firstSentAt[slot] as number);
  delivery.firstSentAt = sentAt;
}

/** The acknowledgement is read: its rate. Intervals shorter than the least round trip are no sample. */
export function finishSample(delivery: Delivery, minRtt: number, now: Nanos): void {
  const { sample } = delivery;
  if (delivery.appLimitedUntil > 0 && delivery.delivered > delivery.appLimitedUntil) delivery.appLimitedUntil = 0;
  sample.delivered = delivery.delivered;
  sample.rate = 0;
  if (delivery.priorAt < 0) return;
  const interval = Math.max(delivery.sentElapsed, now - delivery.priorAt);
  delivery.priorAt = -1;
  if (interval <= 0 || interval < minRtt) return;
  sample.rate = (delivery.delivered - sample.priorDelivered) / interval;
  if (!sample.appLimited || sample.rate > delivery.rate) delivery.rate = sample.rate;
}
