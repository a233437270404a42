/** A border router as forwarding sees it, and what can come of a packet. */
import type { IA, IfId } from "../address.ts";
import type { ActorIndex, DropReason } from "../env.ts";
import type { HopMacs } from "../hop-mac.ts";
import type { ScmpError, ScmpTraceroute } from "../packet.ts";

/** What the neighbour behind an interface is to this AS. */
export const LINK_TO = { core: 0, parent: 1, child: 2, peer: 3 } as const;
export type LinkTo = (typeof LINK_TO)[keyof typeof LINK_TO];

/** An interface of a router; it is itself what `forward` returns for a packet that leaves by it, so that a hop allocates nothing. */
export interface RouterInterface {
  readonly kind: "forward";
  readonly ifId: IfId;
  /** Outgoing direction of the link behind it. */
  readonly link: ActorIndex;
  up: boolean;
  readonly linkTo: LinkTo;
  readonly neighbour: IA;
  /** Largest SCION packet that the link takes. */
  readonly mtu: number;
  /** BFD session on the link; null: none. */
  readonly session: ActorIndex | null;
}

/** For a host of this AS. */
export interface Delivery {
  readonly kind: "deliver";
  readonly host: ActorIndex;
}

export type Disposition =
  | RouterInterface
  | Delivery
  /** For any one of the hosts that offer a service. */
  | { readonly kind: "service"; readonly backends: readonly ActorIndex[] }
  /** A BFD packet for the session on the link it came by. */
  | { readonly kind: "session"; readonly session: ActorIndex }
  | { readonly kind: "drop"; readonly reason: DropReason }
  /** Dropped, and an SCMP error goes back to the source. */
  | { readonly kind: "answer"; readonly reason: DropReason; readonly error: ScmpError }
  /** A traceroute request that ends here: this goes back to the source. */
  | { readonly kind: "reply"; readonly reply: ScmpTraceroute };

export interface Router {
  readonly ia: IA;
  /** Unix seconds at time zero of the run. */
  readonly epochS: number;
  /** By interface id, with holes. */
  readonly interfaces: readonly (RouterInterface | undefined)[];
  /** Hosts of the AS by canonical address. */
  readonly hosts: Map<string, Delivery>;
  /** Backends by service address in canonical text (`CS`, `DS`). */
  readonly services: Map<string, Extract<Disposition, { kind: "service" }>>;
  /** The AS's key; null: hop fields are not verified (a router without a key, in tests alone). */
  macs: HopMacs | null;
}
