/** What goes wrong, where, and when. */
import * as Schema from "effect/Schema";
import { interfaceText } from "./link.ts";
import { Duration, DurationDistribution, optional, RateText, required, Share, text } from "./values.ts";

const iaText = text('an AS such as "1-ff00:0:110"');

const RandomTimes = Schema.Struct({
  between: required(Duration, {
    description: "Mean time from the end of one to the next, exponential",
    example: "30s",
  }),
  for: required(DurationDistribution, {
    description: "How long each lasts",
    example: { model: "exponential", mean: "2s" },
  }),
}).annotate({ expected: "random times: {between: 30s, for: 2s}" });

const id = {
  id: optional(text("a name"), {
    description: "Name in the timeline. Default: fault-1, fault-2, ...",
    example: "cable-cut",
  }),
};
const at = {
  at: optional(Duration, {
    description: "When it begins; needed but with `random`. With `every` and `random` the first time it may",
    example: "3s",
  }),
};
const timing = {
  ...at,
  for: optional(Duration, { description: "How long it lasts. Default: to the end of the run", example: "2s" }),
  every: optional(Duration, { description: "It begins again after each such time; needs `for`", example: "10s" }),
  until: optional(Duration, {
    description: "With `every` or `random`: none begins from here on. Default: the scenario's duration",
    example: "50s",
  }),
  random: optional(RandomTimes, {
    description: "It happens at random times, the same for every policy; instead of for and every",
  }),
};

const linkPlaces = {
  link: optional(interfaceText, { description: "A link, by either of its ends", example: "1-ff00:0:110#1" }),
  links: optional(Schema.Array(interfaceText).annotate({ expected: "a list of interfaces" }), {
    description: "Several links",
    example: ["1-ff00:0:110#1", "1-ff00:0:120#2"],
  }),
};
const asPlaces = {
  as: optional(iaText, { description: "An AS", example: "1-ff00:0:110" }),
  ases: optional(Schema.Array(iaText).annotate({ expected: "a list of ASes" }), {
    description: "Several ASes",
    example: ["1-ff00:0:110", "1-ff00:0:120"],
  }),
};

const word = <N extends string>(name: N, description: string) => required(Schema.Literal(name), { description });

const Impaired = Schema.Struct({
  event: word("impair", "Packets fare worse than the link's own values say; several at once add up"),
  ...id,
  ...timing,
  ...linkPlaces,
  direction: optional(Schema.Literals(["both", "from", "to"]), {
    description: "both ways, only packets that leave from the interface named, or only those that arrive at it",
    default: "both",
  }),
  latency: optional(Duration, { description: "Added latency", default: "0s", example: "20ms" }),
  jitter: optional(Duration, {
    description: "Half width of an added uniform variation",
    default: "0s",
    example: "5ms",
  }),
  loss: optional(Share, { description: "Share lost without any sign", default: 0, example: "10%" }),
  corrupt: optional(Share, { description: "Share that arrives damaged and is thrown away", default: 0, example: "1%" }),
  duplicate: optional(Share, { description: "Share that arrives twice", default: 0, example: "1%" }),
  reorder: optional(Share, {
    description: "Share held back, so that later packets overtake it",
    default: 0,
    example: "5%",
  }),
  reorder_by: optional(Duration, { description: "How long they are held back", default: "10ms" }),
  rate: optional(RateText, {
    description: "Rate of the line meanwhile; 0bit/s: it stands still. Default: unchanged",
    example: "1Mbit/s",
  }),
}).annotate({ expected: "an impairment: {event: impair, link, ...}" });
export type ImpairDocument = typeof Impaired.Type;

export const Fault = Schema.Union([
  Schema.Struct({ event: word("down", "Links or ASes fail"), ...id, ...timing, ...linkPlaces, ...asPlaces }).annotate({
    expected: "a failure: {event: down, at, link}",
  }),
  Schema.Struct({
    event: word("up", "Links or ASes come back, whatever brought them down"),
    ...id,
    at: required(Duration, { description: "When they come back", example: "6s" }),
    ...linkPlaces,
    ...asPlaces,
  }).annotate({ expected: "a recovery: {event: up, at, link}" }),
  Schema.Struct({
    event: word("flap", "Links or ASes fail again and again"),
    ...id,
    at: optional(Duration, { description: "First failure", default: "0s", example: "3s" }),
    for: required(Duration, { description: "How long each failure lasts", example: "1s" }),
    every: required(Duration, { description: "Time from one failure to the next", example: "5s" }),
    until: timing.until,
    ...linkPlaces,
    ...asPlaces,
  }).annotate({ expected: "flapping: {event: flap, for, every, link}" }),
  Schema.Struct({
    event: word("partition", "Every link between two groups fails"),
    ...id,
    ...timing,
    between: required(
      Schema.Tuple([
        text("the name of a group, or words that choose ASes"),
        text("the name of a group, or words that choose ASes"),
      ]).annotate({
        expected: "two groups such as [isd 1, isd 2]",
      }),
      { description: "Two groups without a common AS", example: ["isd 1", "isd 2"] },
    ),
  }).annotate({ expected: "a partition: {event: partition, at, between}" }),
  Impaired,
  Schema.Struct({
    event: word("clock-drift", "The clock of ASes jumps, and runs fast or slow"),
    ...id,
    ...timing,
    ...asPlaces,
    ppm: optional(
      Schema.Finite.annotate({ expected: "a number of millionths" }).check(
        Schema.isBetween(
          { minimum: -100_000, maximum: 100_000 },
          { expected: "a number of millionths from -100000 to 100000" },
        ),
      ),
      { description: "Millionths by which the clock runs fast; below zero it runs slow", default: 0, example: 50 },
    ),
    step: optional(
      Schema.String.check(
        Schema.isPattern(/^-?\d{1,24}(\.\d{1,24})?(ns|us|ms|s|min|h)$/u, {
          expected: "a duration such as 250ms, or below zero such as -250ms",
        }),
      ),
      {
        description: "By how much the clock jumps at the beginning; below zero it goes back",
        default: "0s",
        example: "-3ms",
      },
    ),
  }).annotate({ expected: "a clock that drifts: {event: clock-drift, at, as, ppm}" }),
]).annotate({ expected: "a fault: {event, at, link, ...}" });
export type FaultDocument = typeof Fault.Type;
