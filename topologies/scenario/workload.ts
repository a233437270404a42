/** Many flows at once: between groups, or after a demand matrix. */
import * as Schema from "effect/Schema";
import { FlowTemplate } from "./flow.ts";
import { Duration, FilePath, optional, Positive, RateText, required, text, wholeNumber } from "./values.ts";

const Member = text(
  'a host\'s name, an AS, ISD-AS,host, or words that choose ASes: all, core, non-core, leaf, "isd 1", "isd 1 leaf"',
);

/** Hosts that go together. */
export const Group = Schema.Union([
  Member,
  Schema.Array(Member).annotate({ expected: "a list of hosts, ASes and words that choose ASes" }),
]).annotate({ expected: "a list of hosts, ASes and words that choose ASes, or one of them" });
export type GroupDocument = typeof Group.Type;

const Ends = Schema.Union([
  text("the name of a group, or one of its members"),
  Schema.Array(Member).annotate({ expected: "a list of hosts, ASes and words that choose ASes" }),
]).annotate({ expected: "the name of a group, or a list of hosts, ASes and words that choose ASes" });

const Pairs = Schema.Union([
  Schema.Literals(["all", "one-to-one"]),
  Schema.Struct({
    random: required(wholeNumber(1, 1_000_000), {
      description: "So many pairs, no pair twice, drawn from the seed and the workload's name",
      example: 50,
    }),
  }).annotate({ expected: "random pairs: {random: NUMBER}" }),
]).annotate({ expected: "all, one-to-one or {random: NUMBER}" });
export type PairsDocument = typeof Pairs.Type;

const Demand = Schema.Union([
  Schema.Literals(["uniform", "gravity"]),
  Schema.Struct({
    model: required(Schema.Literal("gravity"), {
      description: "The rate of a pair is in proportion to the product of the weights of its ASes",
    }),
    weights: required(
      Schema.Record(Schema.String, Positive).annotate({ expected: "a mapping from ISD-AS to a number above 0" }),
      { description: "Weight by ISD-AS; an AS that is not named has 1", example: { "1-ff00:0:110": 10 } },
    ),
  }).annotate({ expected: "gravity with weights: {model: gravity, weights: {...}}" }),
  Schema.Struct({
    file: required(FilePath, {
      description:
        "CSV file with lines `src,dst,rate`, the rate as 10Mbit/s or in bits a second; its pairs are the workload's",
      example: "demand.csv",
    }),
  }).annotate({ expected: "a demand matrix: {file: FILE}" }),
]).annotate({ expected: "uniform, gravity, {model: gravity, weights: {...}} or {file: FILE}" });
export type DemandDocument = typeof Demand.Type;

export const Workload = Schema.Struct({
  name: required(text("a name"), { description: "Its flows are called NAME-1, NAME-2, ...", example: "web" }),
  from: optional(Ends, { description: "Senders. Needed but with a demand from a file", example: "clients" }),
  to: optional(Ends, { description: "Receivers. Needed but with a demand from a file", example: "leaf" }),
  pairs: optional(Pairs, {
    description: "Which sender with which receiver; never one with itself",
    default: "all",
    example: { random: 50 },
  }),
  demand: optional(Demand, {
    description:
      "How the total rate is shared: evenly, or by the number of links of both ASes (gravity), by weights, or as a file has it. For constant-rate and poisson",
    example: "gravity",
  }),
  rate: optional(RateText, {
    description: "Rate of all flows together, with `demand`. Default with a file: as it stands there",
    example: "100Mbit/s",
  }),
  spread: optional(Duration, {
    description: "Starts are spread at random over this time, drawn from the seed and the workload's name",
    default: "0s",
  }),
  flow: required(FlowTemplate, {
    description: "What each of the flows is",
    example: { app: "constant-rate", rate: "100kbit/s" },
  }),
}).annotate({ expected: "a workload: {name, from, to, flow, ...}" });
export type WorkloadDocument = typeof Workload.Type;
