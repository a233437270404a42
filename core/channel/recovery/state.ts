/** What one path's sending side remembers, and what it tells its owner. */
import type { Ranges } from "../../transport/ranges.ts";
import type { Rtt } from "../../transport/rtt.ts";
import type { Bytes, Nanos } from "../../units.ts";
import type { ControllerState } from "./controller.ts";
import type { Delivery } from "./delivery.ts";
import type { SentRing } from "./sent-ring.ts";

/** Packet numbers, whose slots in `recovery.sent` are readable until the next packet is noted. A packet stands in one list only. */
export interface News {
  /** Were in flight and arrived. */
  readonly acked: number[];
  /** Declared lost now. */
  readonly lost: number[];
  /** Declared lost before, and arrived. */
  readonly spurious: number[];
}

export interface RecoveryCounts {
  /** Packets in flight at one time, acknowledged, declared lost, and arrived though declared lost. */
  sent: number;
  acked: number;
  lost: number;
  spurious: number;
  probeTimeouts: number;
  persistent: number;
  /** Reductions of the window taken back. */
  undone: number;
  /** Acknowledgements of what was never sent. */
  impossible: number;
}

/** The losses of the last recovery period: of packets numbered [first, next), `lost` have not arrived; -1: nothing to undo. */
export interface LossEpoch {
  first: number;
  next: number;
  lost: number;
}

export interface Recovery {
  readonly controller: ControllerState;
  readonly rtt: Rtt;
  readonly pacing: boolean;
  readonly sent: SentRing;
  /** Packet numbers acknowledged, as far as packets are kept. */
  readonly numbers: Ranges;
  largestAcked: number;
  largestSentAt: Nanos;
  /** No packet below this number is in flight; how many are, and their bytes. */
  flyingFrom: number;
  flying: number;
  flyingBytes: Bytes;
  /** When the next packet counts as lost by age, -1: none. */
  lossAt: Nanos;
  lastSentAt: Nanos;
  probeCount: number;
  /** Packets that may go whatever the window says, and the number from which on they repeat what flies. */
  probes: number;
  probeFrom: number;
  /** Did the window or the pacer, not the lack of data, stop the sender last? */
  limited: boolean;
  /** Bytes the pacer lets go, as of `tokensAt`; when it lets the next packet go, -1: it stops none. */
  tokens: number;
  tokensAt: Nanos;
  paceAt: Nanos;
  ceSeen: number;
  /** Share of packets lost, weighted towards the last thousand. */
  loss: number;
  readonly epoch: LossEpoch;
  readonly delivery: Delivery;
  readonly counts: RecoveryCounts;
}
