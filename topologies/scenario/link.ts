/** What a file says about a link: one direction of it, both, or where the way back differs. */
import * as Schema from "effect/Schema";
import { LINK_PRESETS } from "../link-presets.ts";
import { RATE, SIZE } from "../units.ts";
import {
  decimal,
  Duration,
  FilePath,
  optional,
  Positive,
  QUANTITY,
  RateText,
  required,
  Share,
  SizeText,
  sizeOrBytes,
  Switch,
  text,
  wholeNumber,
} from "./values.ts";

/** Smallest packet that has room for the headers of a short path and the applications' own header. */
export const MIN_PACKET_SIZE = 150;
/** Largest packet that SCION's routers take. */
export const MAX_PACKET_SIZE = 9_000;
/** Largest MTU that a 16-bit field can name. */
export const MAX_MTU = 65_535;

/** Code points by name (RFC 2474, 2597, 3246, 5865, 8622). */
export const DSCP_NAMES: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: 8 }, (_, at): [string, number] => [`CS${at}`, 8 * at]),
  ...[1, 2, 3, 4].flatMap((group) =>
    [1, 2, 3].map((drop): [string, number] => [`AF${group}${drop}`, 8 * group + 2 * drop]),
  ),
  ["EF", 46],
  ["VA", 44],
  ["LE", 1],
]);

/** A rate that does not change. */
export const UnlimitedOrRate = Schema.Union([Schema.Literal("unlimited"), RateText]).annotate({
  expected: "a rate such as 10Gbit/s, or unlimited",
});

const Jitter = Schema.Union([
  Duration,
  Schema.Struct({
    model: required(Schema.Literal("uniform"), { description: "Evenly around the latency" }),
    width: required(Duration, { description: "Half width; at most the latency", example: "2ms" }),
  }),
  Schema.Struct({
    model: required(Schema.Literal("normal"), { description: "Normal around the latency, cut off on both sides" }),
    deviation: required(Duration, { description: "Standard deviation", example: "1ms" }),
    bound: optional(Duration, {
      description: "Greatest distance from the latency; at most the latency. Default: four deviations, or the latency",
      example: "5ms",
    }),
  }),
  Schema.Struct({
    model: required(Schema.Literal("pareto"), {
      description: "Added to the latency: P(X > x) = (1 + x / scale)^-shape",
    }),
    scale: required(Duration, { description: "Scale of the added delay", example: "1ms" }),
    shape: required(Positive, { description: "Exponent of the tail", example: 2.5 }),
    maximum: required(Duration, { description: "Most that is added", example: "200ms" }),
  }),
  Schema.Struct({
    model: required(Schema.Literal("recorded"), { description: "Added to the latency by time since the run began" }),
    step: required(Duration, { description: "Time that each value holds", example: "20ms" }),
    added: optional(Schema.Array(Duration).annotate({ expected: "a list of durations such as [0ms, 3ms]" }), {
      description: "The values, from the start again after the last; give either these or a file",
      example: ["0ms", "3ms"],
    }),
    file: optional(FilePath, { description: "File of the values, milliseconds a line", example: "delays.txt" }),
  }),
]).annotate({ expected: "a duration such as 2ms, or {model: uniform, normal, pareto or recorded, ...}" });
export type JitterDocument = typeof Jitter.Type;

const base = optional(UnlimitedOrRate, {
  description:
    "Rate that path policies are told, and that holds before the first step. Default: that of a step at 0s, else the link's otherwise; of a trace its mean",
  example: "10Mbit/s",
});

const Rate = Schema.Union([
  Schema.Literal("unlimited"),
  RateText,
  Schema.Struct({
    steps: required(
      Schema.Array(
        Schema.Struct({
          at: required(Duration, { description: "Time since the run began, or since the period did", example: "10s" }),
          rate: required(RateText, {
            description: "Rate from then on; 0bit/s: the line stands still",
            example: "2Mbit/s",
          }),
        }).annotate({ expected: "a step: {at, rate}" }),
      ).annotate({ expected: "a list of steps {at, rate}" }),
      { description: "Rates by time, ascending" },
    ),
    period: optional(Duration, { description: "The steps begin again after this. Default: never", example: "1min" }),
    base,
  }).annotate({ expected: "rates by time: {steps: [{at, rate}, ...]}" }),
  Schema.Struct({
    trace: required(
      Schema.Union([
        FilePath,
        Schema.Array(decimal(0, 1_000_000_000)).annotate({ expected: "a list of milliseconds" }),
      ]).annotate({ expected: "a file, or a list of milliseconds" }),
      {
        description:
          "Instants at which `bytes` can leave: a file of whole milliseconds a line, as link-trace emulators record them, or a list",
        example: "cellular.trace",
      },
    ),
    bytes: optional(sizeOrBytes(), { description: "What can leave at one instant", default: 1504 }),
    period: optional(Duration, {
      description: "The trace begins again after this. Default: its last instant",
      example: "10s",
    }),
    base,
  }).annotate({ expected: "a trace: {trace: FILE, ...}" }),
]).annotate({
  expected: `${RATE.expected}, unlimited, {steps: [...]} or {trace: FILE}`,
  [QUANTITY]: RATE,
});
export type RateDocument = typeof Rate.Type;

const Loss = Schema.Union([
  ...Share.members,
  Schema.Struct({
    good: required(Duration, { description: "Mean stay in the good state", example: "1s" }),
    bad: required(Duration, { description: "Mean stay in the bad state", example: "100ms" }),
    loss_good: optional(Share, { description: "Share lost in the good state", default: 0 }),
    loss_bad: optional(Share, { description: "Share lost in the bad state", default: 1 }),
    random: optional(Share, { description: "Share lost besides, each packet by itself", default: 0 }),
  }).annotate({ expected: "bursts of loss: {good, bad, ...}" }),
]).annotate({ expected: "a share between 0 and 1, a percentage such as 5%, or {good: 1s, bad: 100ms}" });
export type LossDocument = typeof Loss.Type;

const PacketBound = wholeNumber(1, 1_000_000_000);

const bounds = {
  packets: optional(
    Schema.Union([Schema.Literal("unlimited"), PacketBound]).annotate({
      expected: "a number of packets, or unlimited",
    }),
    { description: "Packets that may wait, the one being sent not counted. Default: no such bound", example: 100 },
  ),
  bytes: optional(SizeText, { description: "Bytes that may wait. Default: no such bound", example: "64KiB" }),
  time: optional(Duration, {
    description: "The bytes that the link's rate sends in this time, instead of `bytes`",
    example: "50ms",
  }),
};
const ecn = optional(Switch, {
  description: "Mark packets that allow it (ECN) instead of dropping them",
  default: false,
});

const Band = Schema.Array(
  Schema.Union([wholeNumber(0, 63), Schema.Literals([...DSCP_NAMES.keys()])]).annotate({
    expected: "a DSCP from 0 to 63, or a name such as EF, AF41 or CS5",
  }),
).annotate({ expected: "a list of DSCPs such as [EF, CS5]" });

const Queue = Schema.Union([
  Schema.Literal("unlimited"),
  PacketBound,
  SizeText,
  Duration,
  Schema.Struct({
    discipline: optional(Schema.Literal("drop-tail"), { description: "A full queue drops what arrives" }),
    ...bounds,
  }).annotate({ expected: "a queue: {packets, bytes, time}" }),
  Schema.Struct({
    discipline: required(Schema.Literal("codel"), { description: "Drops by time spent waiting (RFC 8289)" }),
    target: optional(Duration, { description: "Acceptable standing delay", default: "5ms" }),
    interval: optional(Duration, { description: "Time that the delay may stand above the target", default: "100ms" }),
    ecn,
    ...bounds,
  }).annotate({ expected: "a CoDel queue" }),
  Schema.Struct({
    discipline: required(Schema.Literal("red"), { description: "Drops at random by the average length (gentle RED)" }),
    minimum: optional(SizeText, { description: "Average from which on some packets are dropped", default: "7500B" }),
    maximum: optional(SizeText, {
      description: "Average at which `max_probability` is reached. Default: three times the minimum",
      example: "22500B",
    }),
    max_probability: optional(decimal(0, 1), { description: "Probability of a drop at the maximum", default: 0.1 }),
    weight: optional(decimal(0, 1), { description: "Weight of a new sample in the average", default: 0.002 }),
    ecn,
    ...bounds,
  }).annotate({ expected: "a RED queue" }),
  Schema.Struct({
    discipline: required(Schema.Literal("priority"), {
      description: "Strict priority by traffic class; the bounds hold for each band",
    }),
    bands: required(Schema.Array(Band).annotate({ expected: "a list of bands, each a list of DSCPs" }), {
      description: "DSCPs of each band, served first to last; what stands in none is served after them all",
      example: [["EF"], ["AF41", "AF42"]],
    }),
    ...bounds,
  }).annotate({ expected: "a priority queue" }),
]).annotate({
  expected:
    "a number of packets such as 100, a size such as 64KiB, a duration such as 50ms, {packets, bytes}, {discipline, ...} or unlimited",
  [QUANTITY]: SIZE,
});
export type QueueDocument = typeof Queue.Type;

const directionFields = {
  latency: optional(Duration, { description: "Propagation delay one way", default: "5ms" }),
  jitter: optional(Jitter, {
    description: "Variation of the latency, packet by packet; a duration: evenly within it on both sides",
    default: "0s",
    example: "2ms",
  }),
  rate: optional(Rate, { description: "Rate of the line", default: "100Mbit/s", example: "20Mbit/s" }),
  loss: optional(Loss, { description: "Share of packets lost on the line", default: 0, example: "1%" }),
  queue: optional(Queue, {
    description: "Queue in front of the line: a bound in packets, bytes or time at the link's rate, or a discipline",
    default: 100,
    example: "50ms",
  }),
  reorder: optional(Switch, { description: "May jitter let a packet overtake another?", default: false }),
};

const DirectionFields = Schema.Struct(directionFields).annotate({
  expected: "a mapping of latency, jitter, rate, loss, queue, reorder",
});
export type DirectionDocument = typeof DirectionFields.Type;

const PRESET_LIST = [...LINK_PRESETS].map(([name, { description }]) => `${name}: ${description}`).join("; ");

const PerGigabyte = decimal(0, 1e12);

/** An MTU in bytes. */
export const Mtu = sizeOrBytes("an MTU in bytes such as 1472");

export const linkFields = {
  preset: optional(text("the name of a link preset", [...LINK_PRESETS.keys()]), {
    description: `Values of a kind of line, on top of which the other keys are set (${PRESET_LIST})`,
    example: [...LINK_PRESETS.keys()][0],
  }),
  ...directionFields,
  mtu: optional(Mtu, { description: `Largest SCION packet in bytes, ${MIN_PACKET_SIZE} to ${MAX_MTU}`, default: 1472 }),
  carbon: optional(PerGigabyte, {
    description: "Grams of CO2 for a gigabyte (10^9 bytes) that crosses the link. Default: unknown",
    example: 12.5,
  }),
  cost: optional(PerGigabyte, {
    description: "Price of a gigabyte that crosses the link, in a currency of yours. Default: unknown",
    example: 0.02,
  }),
  back: optional(DirectionFields, {
    description: "Values of the direction from b to a, where they differ",
    example: { rate: "10Mbit/s" },
  }),
};

export const LinkFields = Schema.Struct(linkFields).annotate({ expected: "a mapping of link properties" });
export type LinkFieldsDocument = typeof LinkFields.Type;

export const interfaceText = text('an interface such as "1-ff00:0:110#1"');

const LINK_TYPES = ["core", "child", "peer"] as const;
export const LinkTypeWord = Schema.Literals(LINK_TYPES);

const LinkOfEnd = Schema.Struct({
  link: required(interfaceText, {
    description: "Either end of the link; `back` is the direction towards it",
    example: "1-ff00:0:110#1",
  }),
  ...linkFields,
}).annotate({ expected: "a link and what is different about it: {link, latency, ...}" });

const LinksAll = Schema.Struct({
  all: required(Schema.Literal(true), { description: "Every link of the topology" }),
  type: optional(LinkTypeWord, { description: "Only links of this type", example: "core" }),
  ...linkFields,
}).annotate({ expected: "links and what is different about them: {all: true, latency, ...}" });

/** What is different about some links in one scenario. */
export const LinkOverride = Schema.Union([LinkOfEnd, LinksAll]).annotate({
  expected: "{link: ISD-AS#ifId, ...} or {all: true, ...}",
});
export type LinkOverrideDocument = typeof LinkOverride.Type;
