/** What the control plane of a run came to. Field names are those of `run --json`. */
import { formatInterface } from "../../core/address.ts";
import { MILLISECOND } from "../../core/units.ts";
import type { World } from "../world.ts";
import { type ControlContext, type ControlCounts, createCounts } from "./context.ts";

/** Beacons and bytes (whole packets, acknowledgements not included) sent to the neighbour behind an interface. */
export interface InterfaceBeacons {
  readonly id: string;
  readonly beacons: number;
  readonly bytes: number;
}

/** Counts are sums over all control services. */
export interface ControlPlaneResult extends ControlCounts {
  /** When the segments that end at some AS last became others; null: within the last two registration intervals. */
  readonly converged_ms: number | null;
  /** Segments that end at all ASes together: up segments, at core ASes core segments. */
  readonly segments: number;
  /** Interfaces over which beacons were sent, AS by AS in the order of the network. */
  readonly interfaces: readonly InterfaceBeacons[];
}

/** Nothing where there are no control services. */
export function controlPlaneResult(world: World): { control_plane?: ControlPlaneResult } {
  const services = world.allCells().filter(({ spec }) => spec.logic === "control");
  if (services.length === 0) return {};
  const contexts = services.map(({ state }) => state.context as ControlContext);
  const changed = Math.max(...contexts.map(({ changedAt }) => changedAt));
  const quiet = 2 * Math.max(...contexts.map(({ times }) => times.registration));
  return {
    control_plane: {
      converged_ms: world.now - changed < quiet ? null : changed / MILLISECOND,
      segments: contexts.reduce((sum, { own }) => sum + own.length, 0),
      ...sumCounts(contexts.map(({ counts }) => counts)),
      interfaces: contexts.flatMap(interfacesOf),
    },
  };
}

function interfacesOf({ beaconBytes, beaconsSent, ia }: ControlContext): InterfaceBeacons[] {
  const ids = [...beaconBytes.keys()].sort((left, right) => left - right);
  return ids.map((ifId) => ({
    id: formatInterface(ia, ifId),
    beacons: beaconsSent.get(ifId) ?? 0,
    bytes: beaconBytes.get(ifId) ?? 0,
  }));
}

type CountName = keyof ControlCounts;

function sumCounts(all: readonly ControlCounts[]): ControlCounts {
  const names = Object.keys(createCounts()) as CountName[];
  const sums = names.map((name) => {
    const values = all.map((counts) => counts[name]);
    return [name, typeof createCounts()[name] === "number" ? sumOf(values as number[]) : sumReasons(values as never)];
  });
  return Object.fromEntries(sums) as ControlCounts;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function sumReasons(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const reasons = [...new Set(all.flatMap((counts) => Object.keys(counts)))].sort();
  return Object.fromEntries(reasons.map((reason) => [reason, sumOf(all.map((counts) => counts[reason] ?? 0))]));
}
