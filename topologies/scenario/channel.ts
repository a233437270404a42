/** How the data of a flow travels in channels, as files have it. */
import * as Schema from "effect/Schema";
import { Duration, optional, sizeOrBytes, Switch, wholeNumber } from "./values.ts";

export const Transport = Schema.Literals(["stream", "channel"]);

const size = sizeOrBytes("a size such as 1MB");

export const Channel = Schema.Struct({
  crypto: optional(Schema.Literals(["modelled", "real"]), {
    description: "modelled: packets have their true sizes, nothing is computed; real: ChaCha20-Poly1305 and X25519",
    default: "modelled",
  }),
  keying: optional(Schema.Literals(["channel", "association"]), {
    description: "Keys of its own for each channel, or one for all (to measure against)",
    default: "channel",
  }),
  handshake: optional(Schema.Literals(["xx", "ik"]), {
    description: "Noise pattern; ik: the source knows the destination's static key beforehand",
    default: "xx",
  }),
  controller: optional(Schema.Literals(["cubic", "newreno", "bbr", "fixed", "lia", "olia"]), {
    description: "Congestion control of each path; lia and olia couple the windows of all paths",
    default: "cubic",
  }),
  window: optional(size, {
    description: "First congestion window; that of controller fixed for good. Default: ten packets, fixed: a hundred",
    example: "100kB",
  }),
  pacing: optional(Switch, { description: "Spread packets over the round trip", default: true }),
  scheduler: optional(Schema.Literals(["single", "minrtt", "round-robin", "weighted", "redundant", "blest", "ecf"]), {
    description: "Which path a packet takes; single: the one that the policy chose, another where it fails",
    default: "single",
  }),
  paths: optional(wholeNumber(1, 16), { description: "Most paths at once", default: 4 }),
  reliability: optional(Schema.Literals(["ordered", "unordered", "unreliable"]), {
    description: "What the flow's channels promise. Default: ordered, of message-stream: unreliable",
    example: "unordered",
  }),
  ack_every: optional(wholeNumber(1, 100), {
    description: "Packets after which an acknowledgement is sent at once, not after 25 ms",
    default: 2,
  }),
  receive_window: optional(size, {
    description: "Bytes that may be under way or unread, of a channel and of all together",
    default: "64MB",
  }),
  keep_alive: optional(Duration, { description: "A packet after so long without any; 0s: never", default: "0s" }),
  idle_timeout: optional(Duration, {
    description: "Without a packet for so long the association is over; 0s: never",
    default: "30s",
  }),
  ecn: optional(Switch, {
    description: "Ask routers to mark instead of dropping (ECN). Default: the flow's ecn, false where it has none",
    example: true,
  }),
}).annotate({ expected: "options of channels: {controller, scheduler, paths, ...}" });
export type ChannelDocument = typeof Channel.Type;
