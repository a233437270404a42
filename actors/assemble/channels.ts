/** Flows over channels: the association at the source, the listener at the destination, and the applications upon them. */
import { ASSOCIATION_DEFAULTS, type AssociationOptions } from "../../core/channel/association/association.ts";
import { MODELLED_PRIMITIVES } from "../../core/channel/crypto/modelled.ts";
import { createKeyPair, type KeyPair, PURE_PRIMITIVES } from "../../core/channel/crypto/primitives.ts";
import type { ActorIndex } from "../../core/env.ts";
import { PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import type { ChannelFlow, ChannelSpec } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import type { ChannelBulkInput } from "../apps/channel-bulk.ts";
import type { ChannelExchangesInput } from "../apps/channel-exchanges.ts";
import type { ChannelFilesInput } from "../apps/channel-files.ts";
import type { ChannelMessageSinkInput } from "../apps/channel-message-sink.ts";
import type { ChannelMessagesInput } from "../apps/channel-messages.ts";
import type { AssociationInput } from "../channel/association.ts";
import type { ListenerInput } from "../channel/listener.ts";
import type { AppInputs } from "./apps.ts";
import type { Lookup, Planned } from "./plan.ts";

/** Associations that a listener of a flow takes at once; its flow has one at a time. */
const MAX_ASSOCIATIONS = 16;
/** Channels at once: as many as connections over streams. */
const MAX_OPEN_CHANNELS = 10_000;

/** Actor that sends a flow's packets and takes those that come back. */
export function associationId(id: string): string {
  return `app/${id}/association`;
}

/** Actor that takes a flow's packets at its destination. */
export function listenerId(id: string): string {
  return `app/${id}/sink/listener`;
}

/** The four actors of a flow, the selector aside. */
export function planChannelFlow(
  flow: ChannelFlow,
  seed: number,
  selector: string,
  inputs: AppInputs,
  at: Lookup,
): Planned[] {
  const { id, src, dst, channel } = flow;
  const [source, sink] = [`app/${id}`, `app/${id}/sink`];
  const [association, listener] = [associationId(id), listenerId(id)];
  const keys = [source, sink].map((name) => identityOf(seed, name, channel)) as [KeyPair, KeyPair];
  const options = optionsOf(channel);
  const { payloadLength, replyPayloadLength, replyFlow, measureFrom } = inputs;
  const associationInput = (): AssociationInput => ({
    ends: inputs.ends(),
    replyFlow,
    options: { ...options, localStatic: keys[0], remoteStatic: keys[1].public },
    maxPacket: payloadLength - PAYLOAD_HEADER_BYTES,
    app: at(source),
    selector: at(selector),
    measureFrom,
    begun: null,
  });
  const listenerInput = (): ListenerInput => ({
    ends: inputs.replyEnds(),
    flow: inputs.flow,
    options: { ...options, localStatic: keys[1] },
    maxPacket: replyPayloadLength - PAYLOAD_HEADER_BYTES,
    app: at(sink),
    maxAssociations: MAX_ASSOCIATIONS,
    measureFrom,
  });
  return [
    { id: source, ia: src.ia, ...sendingApp(flow, measureFrom, () => at(association)) },
    { id: association, ia: src.ia, logic: "association", input: associationInput },
    { id: sink, ia: dst.ia, ...receivingApp(flow, measureFrom) },
    { id: listener, ia: dst.ia, logic: "listener", input: listenerInput },
  ];
}

type App = Pick<Planned, "logic" | "input">;

function sendingApp(flow: ChannelFlow, measureFrom: Nanos, association: () => ActorIndex): App {
  const { start_ns: start, stop_ns: stop, channel } = flow;
  const base = () => ({ association: association(), reliability: channel.reliability, start, stop });
  switch (flow.app) {
    case "bulk":
      return { logic: "channel-bulk", input: (): ChannelBulkInput => ({ ...base(), bytes: flow.bytes }) };
    case "file-transfer": {
      const { size, arrivals, count } = flow;
      return {
        logic: "channel-files",
        input: (): ChannelFilesInput => ({ ...base(), size, arrivals, count, measureFrom }),
      };
    }
    case "request-response": {
      const { request, response, think, timeout_ns: timeout } = flow;
      const input = (): ChannelExchangesInput => ({ ...base(), request, response, think, timeout, measureFrom });
      return { logic: "channel-exchanges", input };
    }
    case "message-stream": {
      const { message, interval_ns: interval } = flow;
      return { logic: "channel-messages", input: (): ChannelMessagesInput => ({ ...base(), interval, message }) };
    }
  }
}

function receivingApp(flow: ChannelFlow, measureFrom: Nanos): App {
  switch (flow.app) {
    case "request-response":
      return { logic: "channel-responder", input: () => ({}) };
    case "message-stream": {
      const { deadline_ns: deadline } = flow;
      return { logic: "channel-message-sink", input: (): ChannelMessageSinkInput => ({ deadline, measureFrom }) };
    }
    default:
      return { logic: "channel-sink", input: () => ({}) };
  }
}

/** An end's static keys follow from the scenario's seed: they are no secret. */
function identityOf(seed: number, name: string, { crypto }: ChannelSpec): KeyPair {
  const secret = PURE_PRIMITIVES.sha256(new TextEncoder().encode(`pathloom static key ${seed} ${name}`));
  return createKeyPair(secret, crypto === "modelled" ? MODELLED_PRIMITIVES : PURE_PRIMITIVES);
}

function optionsOf(spec: ChannelSpec): Omit<AssociationOptions, "localStatic"> {
  const { window_bytes: window, receive_window_bytes: bytes } = spec;
  const recovery = { controller: spec.controller, pacing: spec.pacing, ...(window === 0 ? {} : { window }) };
  return {
    ...ASSOCIATION_DEFAULTS,
    pattern: spec.handshake === "ik" ? "IK" : "XX",
    crypto: spec.crypto,
    keying: spec.keying,
    paths: { scheduler: spec.scheduler, maxPaths: spec.paths, acks: { every: spec.ack_every }, recovery },
    windows: { channel: bytes, association: bytes },
    limits: { channels: MAX_OPEN_CHANNELS },
    idleTimeout: spec.idle_timeout_ns,
    keepAlive: spec.keep_alive_ns,
  };
}
