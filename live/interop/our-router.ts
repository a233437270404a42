/** Pathloom's own border router in the place of scionproto's: same AS, same key; what it makes of a datagram. */
import { type AnyActor, type AnyEventObject, createActor } from "xstate";
import { type NodeContext, type NodeInput, nodeLogic } from "../../actors/node.ts";
import { bindEnv } from "../../actors/registry.ts";
import type { Present } from "../../actors/with-packet-handler.ts";
import type { IfId } from "../../core/address.ts";
import { endHostPort, type PortRange } from "../../core/end-host-port.ts";
import type { DropReason, Env } from "../../core/env.ts";
import { createForwardingKeys } from "../../core/forwarding-keys.ts";
import { LINK_TO } from "../../core/forwarding/router.ts";
import type { Packet } from "../../core/packet.ts";
import { RandomStream } from "../../core/rng.ts";
import { decodePacket, encodePacket } from "../../core/wire/codec.ts";
import type { Site } from "./site.ts";

/** A datagram and where it went: `if 3`, or `host 31000` (a UDP port of the AS's host), or `CS`. */
export interface Sent {
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** What came of a datagram: what was sent, and why it ended here if it did. */
export interface Outcome {
  readonly sent: readonly Sent[];
  readonly dropped: DropReason | "undecodable" | null;
}

const HOST = 2_000;
const SERVICE = 2_001;
const SESSION = 3_000;

export class OurRouter {
  readonly #actor: AnyActor;
  readonly #env: Env;
  readonly #dispatched: PortRange;
  #sent: Sent[] = [];
  #dropped: DropReason | null = null;

  /** `downed`: interfaces whose BFD session is down. */
  constructor(site: Site, host: string, dispatched: PortRange, epochS: number, now: () => number) {
    this.#dispatched = dispatched;
    this.#env = this.#envOf(site, now);
    this.#actor = createActor(nodeLogic, { input: inputOf(site, host, epochS) });
    bindEnv(this.#actor.system, this.#env);
    this.#actor.start();
    for (const { ifId, bfd } of site.interfaces)
      if (bfd !== null) this.#actor.send({ type: "bfd.down", ifId } as AnyEventObject);
  }

  receive(bytes: Uint8Array, ingress: IfId): Outcome {
    const decoded = decodePacket(bytes);
    if (!decoded.ok) return { sent: [], dropped: "undecodable" };
    this.#sent = [];
    this.#dropped = null;
    nodeLogic.onPacket?.(
      this.#actor.getSnapshot() as unknown as Present<NodeContext> as never,
      decoded.value,
      ingress,
      this.#env,
    );
    return { sent: this.#sent, dropped: this.#dropped };
  }

  #envOf(site: Site, now: () => number): Env {
    const keys = createForwardingKeys(0, { [site.ia]: site.masterKey });
    const random = new RandomStream(0, "our-router", "service");
    const unused = (): never => {
      throw new Error("a router asks for nothing of the kind");
    };
    return {
      get now() {
        return now();
      },
      self: 0,
      id: "node",
      send: () => 0,
      cancel: unused,
      sendPacket: (target, packet) =>
        void this.#sent.push({ to: this.#nameOf(target, packet), bytes: encodePacket(packet) }),
      recall: unused,
      drop: (_packet, reason) => void (this.#dropped = reason),
      duplicate: unused,
      random: () => random,
      spawn: unused,
      stop: unused,
      resource: () => keys,
      observe: unused,
      tracing: false,
      trace: unused,
    };
  }

  /** What a router's answer to its own AS's host is: it goes back to where the question came from. */
  #nameOf(target: number, packet: Packet): string {
    if (target === SERVICE) return "CS";
    return target === HOST ? `host ${endHostPort(packet, this.#dispatched)}` : `if ${target}`;
  }
}

function inputOf(site: Site, host: string, epochS: number): NodeInput {
  return {
    ia: site.ia,
    epochS,
    host: site.internal.split(":")[0] as string,
    interfaces: site.interfaces.map(({ ifId, linkTo, neighbour, mtu, bfd }) => ({
      ifId,
      link: ifId,
      linkTo: LINK_TO[linkTo],
      neighbour,
      mtu,
      session: bfd === null ? null : SESSION + ifId,
    })),
    hosts: [{ host, actor: HOST }],
    services: [{ service: "CS", backends: [SERVICE] }],
    internal: null,
    macCache: 0,
    control: null,
  };
}
