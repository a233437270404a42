/**
 * What a congestion controller is: a state of plain data and functions over it, found by the state's `kind` in `CONTROLLERS`
 * (controllers.ts). Windows are in bytes and may hold fractions; the least is two datagrams (RFC 9002, 7.2).
 */
import type { Rtt } from "../../transport/rtt.ts";
import type { Bytes, Nanos } from "../../units.ts";

export type ControllerName = "newreno" | "cubic" | "bbr" | "fixed" | "lia" | "olia";

export interface ControllerState {
  readonly kind: ControllerName;
  /** Congestion window. */
  window: number;
  /** Slow start threshold; `MAX_SAFE_INTEGER` before the first congestion. */
  threshold: number;
  /** max_datagram_size. */
  readonly datagram: Bytes;
  /** Packets sent up to here belong to the recovery period; -1: there is none. */
  recoveryStart: Nanos;
  /** Times the window was reduced. */
  events: number;
}

export interface ControllerOptions {
  /** Bytes of a full packet. */
  readonly datagram: Bytes;
  /** First window, or the whole run's of "fixed". Default: ten datagrams, at most 14,720 bytes (RFC 9002, 7.2); 100 datagrams of "fixed". */
  readonly window?: Bytes;
  /** HyStart++ (RFC 9406) ends slow start early; CUBIC only. Default off. */
  readonly hystart?: boolean;
  /** CUBIC's TCP-friendly region (RFC 9438, 4.3) and fast convergence (4.7). Default on. */
  readonly friendly?: boolean;
  readonly fastConvergence?: boolean;
  /** A whole number drawn by the owner: where BBR's cycle begins. Default 0. */
  readonly draw?: number;
}

/** What one acknowledgement tells beyond its packets (draft-cheng-iccrg-delivery-rate-estimation). */
export interface RateSample {
  /** Bytes a nanosecond; 0 where the acknowledgement gives no sample. */
  rate: number;
  /** The sample was taken while the sender had nothing more to send. */
  appLimited: boolean;
  /** Bytes delivered in all when the newest packet of the sample was sent, and now. */
  priorDelivered: number;
  delivered: number;
  /** Bytes that this acknowledgement settled. */
  newlyAcked: Bytes;
  newlyLost: Bytes;
  /** Bytes in flight, before and after. */
  priorInFlight: Bytes;
  inFlight: Bytes;
}

/** `S` is the controller's own state. Where a function is missing, there is nothing to do. */
export interface Controller<S extends ControllerState = ControllerState> {
  /** Useless without pacing: it is on whatever the options say. */
  readonly paced?: boolean;
  create(options: ControllerOptions, now: Nanos): S;
  /** A packet has arrived. `limited`: the window or the pacer, not the lack of data, kept the sender from sending more (RFC 9002, 7.8). */
  onAcked(state: S, bytes: Bytes, sentAt: Nanos, now: Nanos, rtt: Rtt, limited: boolean): void;
  /** A packet sent at `sentAt` was lost or marked; answers whether a recovery period began (once a round trip). */
  onCongestion(state: S, sentAt: Nanos, now: Nanos, rtt: Rtt): boolean;
  /** Persistent congestion (RFC 9002, 7.6). */
  onPersistent(state: S, now: Nanos): void;
  /** All that was lost in the last congestion had arrived: the reduction is undone. */
  onSpurious(state: S, now: Nanos): void;
  /** Bytes a nanosecond; 0: 1.25 windows a smoothed round trip. */
  pacingRate(state: S, rtt: Rtt): number;
  /** A packet leaves; `inFlight` before it. */
  onSent?(state: S, bytes: Bytes, inFlight: Bytes, now: Nanos): void;
  /** An acknowledgement is done with, its packets and losses told. */
  onAckEnd?(state: S, sample: RateSample, now: Nanos, rtt: Rtt): void;
}

/** Ten datagrams, or 14,720 bytes where those are more, but never below two datagrams (RFC 9002, 7.2). */
export function initialWindow({ datagram, window }: ControllerOptions): Bytes {
  return window ?? Math.min(10 * datagram, Math.max(14_720, 2 * datagram));
}

/** kMinimumWindow (RFC 9002, 7.2). */
export function minimumWindow({ datagram }: { readonly datagram: Bytes }): Bytes {
  return 2 * datagram;
}
