/** What planning an assembly works with: ids of actors, directions of links, actors whose input waits for everybody's index. */
import { formatInterface, type IA } from "../../core/address.ts";
import type { ActorIndex } from "../../core/env.ts";
import { directionName } from "../../core/faults.ts";
import { LINK_TO, type LinkTo } from "../../core/forwarding/router.ts";
import type { HostSpec, LinkDirection, LinkEnd, NetworkLink } from "../../core/scenario.ts";

/** A directed link of the network, seen from its sending end. */
export interface Direction {
  readonly id: string;
  readonly from: LinkEnd;
  readonly to: LinkEnd;
  readonly model: LinkDirection;
  /** What the neighbour is to the sending AS. */
  readonly linkTo: LinkTo;
  readonly mtu: number;
}

/** An actor whose input is made once every actor has its index. */
export interface Planned {
  readonly id: string;
  readonly ia: IA;
  readonly logic: string;
  readonly input: () => unknown;
}

/** Index of an actor by its id. */
export type Lookup = (id: string) => ActorIndex;

export function linkId(from: LinkEnd, to: LinkEnd): string {
  return `link/${directionName(from, to)}`;
}

export function nodeId(ia: IA): string {
  return `node/${ia}`;
}

export function hostId({ ia, host }: HostSpec): string {
  return `host/${ia},${host}`;
}

export function controlId(ia: IA): string {
  return `control/${ia}`;
}

export function bfdId({ ia, ifId }: LinkEnd): string {
  return `bfd/${formatInterface(ia, ifId)}`;
}

export function directionsOf({ a, b, type, mtu, ab, ba }: NetworkLink): Direction[] {
  const [down, up] = type === "child" ? [LINK_TO.child, LINK_TO.parent] : [LINK_TO[type], LINK_TO[type]];
  return [
    { id: linkId(a, b), from: a, to: b, model: ab, linkTo: down, mtu },
    { id: linkId(b, a), from: b, to: a, model: ba, linkTo: up, mtu },
  ];
}
