/** Makes `Network` values: the defaults of a link, and the order that is part of a run's identity. */
import { compareIA, type IA, type IfId } from "../core/address.ts";
import {
  DEFAULT_DIRECTION,
  type LinkDirection,
  type LinkEnd,
  type LinkType,
  type Network,
  type NetworkAs,
  type NetworkLink,
} from "../core/scenario.ts";

/** SCION's usual MTU: what is left of 1500 bytes after IPv4 and UDP. */
export const DEFAULT_MTU = 1_472;

/** What differs from the defaults in both directions of a link. */
export interface LinkOptions extends Partial<LinkDirection> {
  readonly mtu?: number;
}

export function makeAs(ia: IA, core: boolean, mtu = DEFAULT_MTU): NetworkAs {
  return { ia, core, mtu };
}

/** A link that is the same in both directions. */
export function makeLink(a: LinkEnd, type: LinkType, b: LinkEnd, { mtu, ...options }: LinkOptions = {}): NetworkLink {
  const direction = { ...DEFAULT_DIRECTION, ...options };
  return { a, b, type, mtu: mtu ?? DEFAULT_MTU, ab: direction, ba: direction };
}

/** A line of this rate with a drop-tail queue that takes this long to empty, whatever the size of its packets. */
export function withQueueTime(
  rate_bps: number,
  queue_ms: number,
): Pick<LinkDirection, "rate_bps" | "queue_packets" | "queue_bytes"> {
  return { rate_bps, queue_packets: 0, queue_bytes: Math.round((rate_bps * queue_ms) / 8_000) };
}

export function makeEnd(ia: IA, ifId: IfId): LinkEnd {
  return { ia, ifId };
}

/** A network with its ASes ordered by ISD and AS number and its links by their first end. */
export function makeNetwork(name: string, ases: readonly NetworkAs[], links: readonly NetworkLink[]): Network {
  return {
    name,
    ases: ases.toSorted((left, right) => compareIA(left.ia, right.ia)),
    links: links.toSorted((left, right) => compareEnds(left.a, right.a)),
  };
}

function compareEnds(left: LinkEnd, right: LinkEnd): number {
  return compareIA(left.ia, right.ia) || left.ifId - right.ifId;
}
