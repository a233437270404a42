/** Faults on a line, by cause. Each cause draws for itself, so that losses combine as 1 - (1 - p)(1 - q) and delays add up. */
import { type DrawKey, keyedUniform } from "./digest.ts";
import { spread } from "./delay-model.ts";
import { type PacketKey, subKey } from "./packet-key.ts";
import type { Impairment } from "./scenario.ts";
import type { BitsPerSecond, Nanos } from "./units.ts";

/** An impairment in force; plain data. */
export interface ActiveImpairment extends Impairment {
  readonly cause: string;
  readonly lossKey: DrawKey;
  readonly corruptKey: DrawKey;
  readonly duplicateKey: DrawKey;
  readonly reorderKey: DrawKey;
  readonly jitterKey: DrawKey;
}

/** With this impairment in force; one of the same cause ends. */
export function impair(
  active: readonly ActiveImpairment[],
  cause: string,
  impairment: Impairment,
  key: DrawKey,
): ActiveImpairment[] {
  const of = (purpose: string): DrawKey => subKey(key, `${cause}\u0000${purpose}`);
  const begun = {
    ...impairment,
    cause,
    lossKey: of("loss"),
    corruptKey: of("corrupt"),
    duplicateKey: of("duplicate"),
    reorderKey: of("reorder"),
    jitterKey: of("jitter"),
  };
  return [...mend(active, cause), begun];
}

/** Without what this cause began. */
export function mend(active: readonly ActiveImpairment[], cause: string): ActiveImpairment[] {
  return active.filter((one) => one.cause !== cause);
}

/** The least of the rates that the causes leave; null where none changes it. */
export function rateLeft(active: readonly ActiveImpairment[]): BitsPerSecond | null {
  let least: BitsPerSecond | null = null;
  for (const { rate_bps } of active) if (rate_bps !== null && (least === null || rate_bps < least)) least = rate_bps;
  return least;
}

/** What ends the packet, if anything does. */
export function endedBy(active: readonly ActiveImpairment[], packet: PacketKey): "loss" | "corrupted" | null {
  for (const { loss, lossKey } of active) if (strikes(loss, lossKey, packet)) return "loss";
  for (const { corrupt, corruptKey } of active) if (strikes(corrupt, corruptKey, packet)) return "corrupted";
  return null;
}

/** Latency and jitter of all causes. */
export function delayAdded(active: readonly ActiveImpairment[], packet: PacketKey): Nanos {
  let sum = 0;
  for (const { latency_ns, jitter_ns, jitterKey } of active) {
    sum += latency_ns;
    if (jitter_ns !== 0) sum += spread(jitter_ns, keyedUniform(jitterKey, packet.flow, packet.number));
  }
  return sum;
}

/** How long the packet is held back, so that later ones overtake it. */
export function heldBack(active: readonly ActiveImpairment[], packet: PacketKey): Nanos {
  let sum = 0;
  for (const { reorder, reorder_ns, reorderKey } of active) if (strikes(reorder, reorderKey, packet)) sum += reorder_ns;
  return sum;
}

/** How many more of it arrive. */
export function copiesOf(active: readonly ActiveImpairment[], packet: PacketKey): number {
  let copies = 0;
  for (const { duplicate, duplicateKey } of active) if (strikes(duplicate, duplicateKey, packet)) copies++;
  return copies;
}

function strikes(share: number, key: DrawKey, { flow, number }: PacketKey): boolean {
  return share !== 0 && keyedUniform(key, flow, number) < share;
}
