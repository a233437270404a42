/**
 * What stands in the namespaces of a network: one for each AS, a pair of devices for each link, an address for each end.
 *
 *   link n          10.64.0.0 + 4 n / 30, its ends .1 and .2, the device of interface 7 is `if7`
 *   internal        10.128.0.1 and up, one for each AS, on its loopback device
 *   hosts outside   their own addresses, on the loopback device too
 *
 * Namespaces are apart from each other and from the machine: every run has the same addresses.
 */
import type { IA, IfId } from "../../core/address.ts";
import type { Bytes } from "../../core/units.ts";
import type { Network, NetworkLink } from "../../core/scenario.ts";
import { BASE_PORT, type PlacePlan, planUnderlay, type UnderlayPlan } from "../underlay/plan.ts";

const LINKS = address(10, 64);
const INTERNAL = address(10, 128);
/** Of IPv4 and UDP. */
export const UDP_HEADERS: Bytes = 28;
/** Of Ethernet, which the kernel counts too. */
export const FRAME_HEADER: Bytes = 14;
const LEAST_MTU: Bytes = 1_500;

/** One end of a link in its AS's namespace. */
export interface DevicePlan {
  readonly place: number;
  readonly ifId: IfId;
  readonly device: string;
  readonly address: string;
  readonly mac: string;
  readonly mtu: Bytes;
}

export interface NamespacePlan {
  /** Of each link, in the network's order: the ends of its sides a and b. */
  readonly links: readonly (readonly [a: DevicePlan, b: DevicePlan])[];
  /** Addresses on each AS's loopback device: the internal one first. */
  readonly loopback: readonly (readonly string[])[];
  readonly underlay: UnderlayPlan;
}

/** Deterministic from the network alone; `port`: of every socket, since each has an address of its own. */
export function planNamespaces({ network }: { readonly network: Network }, port = BASE_PORT): NamespacePlan {
  const placeOf = new Map(network.ases.map(({ ia }, place) => [ia, place]));
  const links = network.links.map((link, n) => planLink(link, n, placeOf));
  const ends = new Map(links.flat().map((end) => [`${end.place} ${end.ifId}`, end]));
  const at = (ia: IA, ifId: IfId): { address: string; port: number } => {
    const end = ends.get(`${placeOf.get(ia)} ${ifId}`) as DevicePlan;
    return { address: end.address, port };
  };
  const { places } = planUnderlay({ network }, { addresses: "assigned" });
  const inside = places.map((place, n): PlacePlan => {
    const own = place.links.map((link) => {
      const { ifId, neighbour, neighbourIfId } = link;
      return { ...link, local: at(place.ia, ifId), remote: at(neighbour, neighbourIfId) };
    });
    return { ...place, internal: { address: dotted(INTERNAL + 1 + n), port }, links: own };
  });
  const loopback = inside.map(({ internal, hosts }) => [...new Set([internal.address, ...hosts])]);
  return { links, loopback, underlay: { places: inside } };
}

function planLink(
  { a, b, mtu: packets }: NetworkLink,
  n: number,
  placeOf: ReadonlyMap<IA, number>,
): readonly [DevicePlan, DevicePlan] {
  const mtu = Math.max(LEAST_MTU, packets + UDP_HEADERS);
  const end = ({ ia, ifId }: NetworkLink["a"], side: 1 | 2): DevicePlan => ({
    place: placeOf.get(ia) as number,
    ifId,
    device: `if${ifId}`,
    address: dotted(LINKS + 4 * n + side),
    mac: macOf(2 * n + side),
    mtu,
  });
  return [end(a, 1), end(b, 2)];
}

function address(first: number, second: number): number {
  return (first * 256 + second) * 65_536;
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
}

/** Locally administered. */
function macOf(n: number): string {
  return `02:00:${[24, 16, 8, 0].map((shift) => ((n >>> shift) & 0xff).toString(16).padStart(2, "0")).join(":")}`;
}
