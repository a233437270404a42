/** Flows as files have them: one form for each application, and the keys that all share. */
import * as Schema from "effect/Schema";
import { Channel, Transport } from "./channel.ts";
import { DSCP_NAMES, MAX_PACKET_SIZE, MIN_PACKET_SIZE } from "./link.ts";
import { Policy } from "./policy.ts";
import {
  Duration,
  DurationDistribution,
  optional,
  RateText,
  required,
  SizeDistribution,
  SizeText,
  sizeOrBytes,
  Switch,
  text,
  wholeNumber,
} from "./values.ts";

export const hostText = text('an AS, a host in it such as "1-ff00:0:110,10.0.0.1", or the name of a host');

const ends = {
  id: optional(text("a name"), { description: "Name in reports. Default: flow-1, flow-2, ...", example: "video" }),
  from: required(hostText, {
    description: "Sender: ISD-AS, ISD-AS,host or the name of a host. Host of an AS alone: 10.0.0.1",
    example: "1-ff00:0:110",
  }),
  to: required(hostText, {
    description: "Receiver, named likewise. Host of an AS alone: 10.0.0.1 (10.0.0.2 within the sender's AS)",
    example: "1-ff00:0:120,10.0.0.2",
  }),
};

const common = {
  packet_size: optional(sizeOrBytes("a size such as 1200B"), {
    description: `Whole SCION packet, headers included, ${MIN_PACKET_SIZE}B to ${MAX_PACKET_SIZE}B; larger messages are cut into such packets`,
    default: "1200B",
  }),
  start: optional(Duration, { description: "When it begins", default: "0s" }),
  stop: optional(Duration, {
    description: "Nothing new is begun from here on. Default: the scenario's duration",
    example: "9s",
  }),
  policy: optional(Policy, {
    description: "How its paths are chosen. Default: the scenario's policy",
    example: "lowest-latency",
  }),
  path_policy: optional(text("the name of a path policy, or none"), {
    description: "The paths that its policy may choose from. Default: the scenario's path policy",
    example: "no-isd-2",
  }),
  reply: optional(Schema.Literals(["reverse", "select"]), {
    description:
      "Path of what comes back: reverse: that of the packet answered, turned round; select: chosen by the answering side with the same policy",
    default: "reverse",
  }),
  traffic_class: optional(
    Schema.Union([wholeNumber(0, 255), Schema.Literals([...DSCP_NAMES.keys()])]).annotate({
      expected: "a traffic class from 0 to 255, or a DSCP's name such as EF",
    }),
    {
      description: "Traffic class of every packet, 8 bits (DSCP and ECN), or the name of a DSCP",
      default: 0,
      example: "EF",
    },
  ),
};

const carried = {
  transport: optional(Transport, {
    description:
      "What carries the data: stream: Pathloom's plain streams and messages; channel: channels of a secure association, over several paths where wanted",
    default: "stream",
  }),
  channel: optional(Channel, { description: "Options of transport: channel", example: { scheduler: "minrtt" } }),
};

const rate = optional(RateText, {
  description: "Rate of whole packets; give either rate or interval",
  example: "2Mbit/s",
});
const interval = optional(Duration, {
  description: "Time between two packets; give either rate or interval",
  example: "10ms",
});
const ecn = optional(Switch, { description: "Ask routers to mark instead of dropping (ECN)", default: false });

const Arrivals = Schema.Union([
  Schema.Struct({
    model: required(Schema.Literal("sequential"), { description: "One file after another" }),
    gap: optional(DurationDistribution, { description: "Time from the end of a file to the next", default: "0s" }),
  }).annotate({ expected: "sequential arrivals: {model: sequential, gap}" }),
  Schema.Struct({
    model: required(Schema.Literal("poisson"), { description: "Files begin whether or not others have ended" }),
    interval: required(Duration, { description: "Mean time between two arrivals", example: "2s" }),
  }).annotate({ expected: "Poisson arrivals: {model: poisson, interval}" }),
]).annotate({ expected: "{model: sequential, gap} or {model: poisson, interval}" });
export type ArrivalsDocument = typeof Arrivals.Type;

function app<N extends string>(name: N, description: string) {
  return required(Schema.Literal(name), { description });
}

/** Every application with `more` keys beside its own. */
function forms<M extends Schema.Struct.Fields>(more: M, what: string) {
  return [...pacedForms(more, what), ...dataForms(more, what)] as const;
}

/** Applications that send packets by the clock. */
function pacedForms<M extends Schema.Struct.Fields>(more: M, what: string) {
  const named = (name: string) => ({ expected: `a ${what} with app: ${name}` });
  return [
    Schema.Struct({
      app: app("constant-rate", "One packet each interval, one way"),
      ...more,
      ...common,
      rate,
      interval,
    }).annotate(named("constant-rate")),
    Schema.Struct({
      app: app("ping", "Echo requests, each answered by the other host"),
      ...more,
      ...common,
      rate: optional(RateText, { description: "Rate of whole packets, instead of interval", example: "100kbit/s" }),
      interval: optional(Duration, { description: "Time between two requests", default: "100ms" }),
    }).annotate(named("ping")),
    Schema.Struct({
      app: app("poisson", "Packets at exponential intervals, one way"),
      ...more,
      ...common,
      rate: optional(RateText, {
        description: "Mean rate of whole packets; give either rate or interval",
        example: "2Mbit/s",
      }),
      interval: optional(Duration, {
        description: "Mean time between two packets; give either rate or interval",
        example: "10ms",
      }),
    }).annotate(named("poisson")),
    Schema.Struct({
      app: app("on-off", "Packets at even intervals while on, none while off"),
      ...more,
      ...common,
      rate: optional(RateText, {
        description: "Rate of whole packets while on; give either rate or interval",
        example: "2Mbit/s",
      }),
      interval,
      on: required(DurationDistribution, {
        description: "Lengths of the times on",
        example: { model: "exponential", mean: "1s" },
      }),
      off: required(DurationDistribution, {
        description: "Lengths of the times off",
        example: { model: "exponential", mean: "2s" },
      }),
    }).annotate(named("on-off")),
  ] as const;
}

/** Applications that have data to bring over. */
function dataForms<M extends Schema.Struct.Fields>(more: M, what: string) {
  const named = (name: string) => ({ expected: `a ${what} with app: ${name}` });
  return [
    Schema.Struct({
      app: app("request-response", "A closed loop: request, response, a pause, the next request"),
      ...more,
      ...common,
      ...carried,
      request: optional(SizeDistribution, { description: "Data of a request", default: "500B" }),
      response: optional(SizeDistribution, {
        description: "Data of a response",
        default: "10kB",
        example: { model: "lognormal", median: "10kB", sigma: 1.2 },
      }),
      think: optional(DurationDistribution, {
        description: "Time between a response and the next request",
        default: "1s",
      }),
      timeout: optional(Duration, { description: "A request unanswered for so long is given up", default: "5s" }),
    }).annotate(named("request-response")),
    Schema.Struct({
      app: app("file-transfer", "Files, each over a reliable connection of its own"),
      ...more,
      ...common,
      ...carried,
      size: required(SizeDistribution, {
        description: "Data of a file",
        example: { model: "pareto", minimum: "10kB", shape: 1.2, maximum: "10MB" },
      }),
      arrivals: optional(Arrivals, {
        description: "When files begin. Default: one after another without a pause",
        example: { model: "poisson", interval: "2s" },
      }),
      count: optional(wholeNumber(1, 1_000_000_000), {
        description: "Most files. Default: no limit but the time",
        example: 10,
      }),
      ecn,
    }).annotate(named("file-transfer")),
    Schema.Struct({
      app: app("message-stream", "Messages at even intervals, worthless after a deadline; nothing is sent again"),
      ...more,
      ...common,
      ...carried,
      interval: required(Duration, { description: "Time between two messages", example: "33ms" }),
      message: required(SizeDistribution, { description: "Data of a message", example: "8kB" }),
      deadline: optional(Duration, {
        description: "What arrives later than this after its message began is too late",
        default: "100ms",
      }),
    }).annotate(named("message-stream")),
    Schema.Struct({
      app: app("bulk", "One reliable flow with congestion control that always has data"),
      ...more,
      ...common,
      ...carried,
      bytes: optional(SizeText, { description: "All the data there is. Default: no end", example: "10MB" }),
      ecn,
    }).annotate(named("bulk")),
  ] as const;
}

/** Of a flow by itself only: two cannot listen at one port. */
const Gateway = Schema.Struct({
  app: app("gateway", "Datagrams of programs outside, in live mode: a UDP port here, a program there"),
  ...ends,
  ...common,
  listen: required(text("an IP address and a UDP port"), {
    description: "Where programs send their datagrams, on the machine of the sender",
    example: "127.0.0.1:5300",
  }),
  forward: required(text("an IP address and a UDP port"), {
    description: "Where they come out at the receiver: the program that answers",
    example: "127.0.0.1:5301",
  }),
}).annotate({ expected: "a flow with app: gateway" });

export const Flow = Schema.Union([...forms(ends, "flow"), Gateway]).annotate({
  expected: "a flow: {app, from, to, ...}",
});
export type FlowDocument = typeof Flow.Type;

/** A flow without its ends: what a workload makes its flows from. */
export const FlowTemplate = Schema.Union(forms({}, "template")).annotate({
  expected: "a flow without its ends: {app, ...}",
});
export type FlowTemplateDocument = typeof FlowTemplate.Type;
