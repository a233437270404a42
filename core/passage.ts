/** What befalls a packet from the moment it has left a line until it reaches the other end: loss, damage, delay, duplication. */
import { type BurstProcess, createBurstProcess, lossAt } from "./burst-loss.ts";
import { addedDelay, createDelayDraws, type DelayDraws } from "./delay-model.ts";
import { type DrawKey, drawKey, keyedUniform } from "./digest.ts";
import type { DropReason } from "./env.ts";
import { type ActiveImpairment, copiesOf, delayAdded, endedBy, heldBack } from "./impairment.ts";
import type { Packet } from "./packet.ts";
import { createPacketKey, identify, type PacketKey } from "./packet-key.ts";
import type { LinkDirection } from "./scenario.ts";
import type { Nanos } from "./units.ts";

/** Keys of a link's draws, by purpose. */
export interface LinkKeys {
  readonly loss: DrawKey;
  readonly jitter: DrawKey;
  /** Stays of the burst process. */
  readonly burst: DrawKey;
  readonly burstLoss: DrawKey;
  /** Early drops of the queue. */
  readonly queue: DrawKey;
  /** Faults; each cause has keys of its own under it. */
  readonly fault: DrawKey;
}

export function linkKeys(seed: number, id: string): LinkKeys {
  const of = (purpose: string): DrawKey => drawKey(seed, id, purpose);
  return {
    loss: of("loss"),
    jitter: of("jitter"),
    burst: of("burst"),
    burstLoss: of("burst loss"),
    queue: of("queue"),
    fault: of("fault"),
  };
}

/** Plain data, part of the link's context. */
export interface Passage {
  readonly latency: Nanos;
  readonly delay: DelayDraws;
  readonly loss: number;
  readonly burst: BurstProcess | null;
  readonly reorder: boolean;
  readonly keys: LinkKeys;
  readonly packet: PacketKey;
  impairments: readonly ActiveImpairment[];
  /** Latest arrival so far; without `reorder` none arrives earlier, but what a fault holds back is overtaken. */
  lastArrival: Nanos;
  /** How many more of the packet asked about last arrive, at the same time. */
  copies: number;
}

export function createPassage(direction: LinkDirection, keys: LinkKeys): Passage {
  const { burst, delay, latency_ns, loss, reorder } = direction;
  return {
    latency: latency_ns,
    delay: createDelayDraws(delay),
    loss,
    burst: burst === null ? null : createBurstProcess(burst, keys.burst),
    reorder,
    keys,
    packet: createPacketKey(),
    impairments: [],
    lastArrival: 0,
    copies: 0,
  };
}

/** @returns when a packet that has left the line at `left` reaches the other end, or why it does not. */
export function pass(passage: Passage, left: Nanos, packet: Packet): Nanos | DropReason {
  const { delay, impairments, keys, packet: key } = passage;
  passage.copies = 0;
  identify(key, packet);
  const { flow, number } = key;
  if (passage.loss !== 0 && keyedUniform(keys.loss, flow, number) < passage.loss) return "loss";
  if (passage.burst !== null && keyedUniform(keys.burstLoss, flow, number) < lossAt(passage.burst, left)) return "loss";
  let propagation = passage.latency;
  if (delay.model.kind !== "fixed") propagation += addedDelay(delay, keyedUniform(keys.jitter, flow, number), left);
  let held = 0;
  if (impairments.length > 0) {
    const end = endedBy(impairments, key);
    if (end !== null) return end;
    passage.copies = copiesOf(impairments, key);
    propagation += delayAdded(impairments, key);
    held = heldBack(impairments, key);
  }
  const arrival = left + Math.max(0, propagation);
  if (held > 0) return inTurn(passage, arrival) + held;
  const turn = inTurn(passage, arrival);
  passage.lastArrival = Math.max(turn, passage.lastArrival);
  return turn;
}

function inTurn({ reorder, lastArrival }: Passage, arrival: Nanos): Nanos {
  return reorder ? arrival : Math.max(arrival, lastArrival);
}
