/** A scenario file as an Effect schema: decoding checks its shape, and editors complete from the same values. */
import * as Schema from "effect/Schema";
import { SCENARIO_DEFAULTS } from "../../core/scenario.ts";
import { Compare } from "./compare.ts";
import { Fault } from "./fault.ts";
import { Flow, hostText } from "./flow.ts";
import { Keys } from "./keys.ts";
import { LinkOverride } from "./link.ts";
import { NamedPathPolicies } from "./path-policy.ts";
import { Policy, PolicyWithParameters } from "./policy.ts";
import { Topology, Underlay } from "./topology.ts";
import { Duration, optional, required, text, wholeNumber } from "./values.ts";
import { Group, Workload } from "./workload.ts";

const Record = Schema.Struct({
  series: optional(Duration, {
    description: "Length of one row of the time series; 0s: none",
    default: "0s",
    example: "100ms",
  }),
  samples: optional(wholeNumber(0, 1_000_000), {
    description: "Packets of each flow whose delay is kept one by one; 0: none",
    default: 0,
    example: 1000,
  }),
}).annotate({ expected: "a mapping of series and samples" });

const Bfd = Schema.Union([
  Schema.Literals(["on", "off"]),
  Schema.Struct({
    mode: optional(Schema.Literals(["on", "off"]), {
      description: "on: routers notice by BFD's own packets; off: after `detection`, which costs no events",
      default: "on",
    }),
    interval: optional(Duration, {
      description: "Time between two packets of a session, whole microseconds",
      default: "200ms",
    }),
    multiplier: optional(wholeNumber(1, 255), {
      description: "After so many intervals without a packet the link counts as down",
      default: SCENARIO_DEFAULTS.bfd.multiplier,
    }),
  }).annotate({ expected: "a mapping of mode, interval, multiplier" }),
]).annotate({ expected: "on, off or {interval: 200ms, multiplier: 3}" });
export type BfdDocument = typeof Bfd.Type;

const DiscoveryMode = Schema.Literals(["oracle", "beaconing"]);
const Discovery = Schema.Union([
  DiscoveryMode,
  Schema.Struct({
    mode: optional(DiscoveryMode, { description: "oracle or beaconing", default: "beaconing" }),
    interval: optional(Duration, {
      description: "Between two originations, propagations and registrations of a control service; at least 100ms",
      default: "5s",
      example: "1s",
    }),
  }).annotate({ expected: "a mapping of mode and interval" }),
]).annotate({ expected: "oracle, beaconing or {mode: beaconing, interval: 1s}" });
export type DiscoveryDocument = typeof Discovery.Type;

const mapping = <S extends Schema.Constraint>(value: S, expected: string) =>
  Schema.Record(Schema.String, value).annotate({ expected });

const topology = required(Topology, {
  description: "The network: a preset, a file, or an inline topology",
  example: "diamond",
});
const duration = required(Duration, { description: "How long the run lasts, in virtual time", example: "10s" });

const fields = {
  name: optional(text("a name"), {
    description: "Name of the scenario. Default: the file's name",
    example: "failover",
  }),
  seed: optional(wholeNumber(0, Number.MAX_SAFE_INTEGER), {
    description: "Seed of every random draw",
    default: SCENARIO_DEFAULTS.seed,
  }),
  epoch: optional(wholeNumber(0, 4_294_967_295), {
    description: "Unix seconds at time zero of the run",
    default: SCENARIO_DEFAULTS.epoch_s,
  }),
  warmup: optional(Duration, {
    description: "Goodput, delays and utilization are measured from here on",
    default: "0s",
    example: "2s",
  }),
  hosts: optional(mapping(hostText, 'a mapping from names to hosts such as {client: "1-ff00:0:110,10.0.0.1"}'), {
    description: "Names for hosts, to be used wherever a host stands",
    example: { client: "1-ff00:0:110,10.0.0.7" },
  }),
  groups: optional(mapping(Group, "a mapping from names to groups such as {clients: leaf}"), {
    description: "Names for sets of hosts: hosts, ASes, and words that choose ASes (all, core, non-core, leaf, isd N)",
    example: { clients: "isd 1 leaf", servers: ["1-ff00:0:120"] },
  }),
  policies: optional(
    mapping(PolicyWithParameters, "a mapping from names to policies such as {left: {name: pinned, path: 0}}"),
    {
      description: "Names for policies with parameters",
      example: { left: { name: "pinned", path: 0 } },
    },
  ),
  policy: optional(Policy, {
    description: "How paths are chosen",
    default: "shortest",
    example: { name: "pinned", path: 1 },
  }),
  path_policies: optional(NamedPathPolicies, {
    description: "Names for path policies: which paths may be used at all",
    example: { "no-isd-2": { acl: ["- 2", "+"] } },
  }),
  path_policy: optional(text("the name of a path policy, or none"), {
    description: "Path policy of every flow that names none: its policy chooses among the paths that this one takes",
    default: "none",
    example: "no-isd-2",
  }),
  detection: optional(Duration, {
    description: "Without BFD: time until a router notices that a link is down or back",
    default: "600ms",
  }),
  bfd: optional(Bfd, {
    description: "Whether routers notice by BFD (RFC 5880) that a link is down, and how fast",
    default: "off",
    example: { interval: "50ms", multiplier: 3 },
  }),
  keys: optional(Keys, {
    description: "Master keys of ASes, from which their hop-field keys are derived. The others have keys of the seed",
    example: { "1-ff00:0:110": "V9SOOHqV4KdAL6utGnvEtA==" },
  }),
  revocation: optional(Duration, { description: "How long a path is avoided after news of a failure", default: "10s" }),
  discovery: optional(Discovery, {
    description:
      "How ASes know paths. oracle: what beaconing converges to, at once; beaconing: by beacons that cross the network",
    default: "oracle",
    example: { mode: "beaconing", interval: "1s" },
  }),
  max_paths: optional(wholeNumber(1, 1_000), {
    description: "Most paths offered to a policy",
    default: SCENARIO_DEFAULTS.max_paths,
  }),
  flows: optional(Schema.Array(Flow).annotate({ expected: "a list of flows" }), {
    description: "Who sends what to whom. There must be flows or workloads, though the list may be empty",
  }),
  workloads: optional(Schema.Array(Workload).annotate({ expected: "a list of workloads" }), {
    description: "Sets of flows between groups, or after a demand matrix",
  }),
  faults: optional(Schema.Array(Fault).annotate({ expected: "a list of faults" }), { description: "What goes wrong" }),
  links: optional(Schema.Array(LinkOverride).annotate({ expected: "a list of links" }), {
    description:
      "Links of the topology that differ in this scenario, one by one or all of a type; later entries build on earlier ones",
  }),
  underlay: optional(mapping(Underlay, "a mapping from ISD-AS to {internal, interfaces, outside}"), {
    description: "Where sockets of ASes are in live mode; each key stands in place of the topology's own",
    example: { "1-ff00:0:110": { internal: "192.0.2.1:30042" } },
  }),
  record: optional(Record, {
    description: "What a run writes down beside its totals",
    example: { series: "100ms", samples: 1000 },
  }),
  compare: optional(Compare, {
    description: "How `pathloom compare` compares path policies here, where its flags say nothing else",
    example: { policies: ["shortest", "lowest-latency"], replications: 10 },
  }),
};

const about = { expected: "a scenario: a mapping of topology, duration, flows, ..." };

/** A scenario file. */
export const ScenarioDocument = Schema.Struct({ topology, duration, ...fields }).annotate({
  ...about,
  title: "Pathloom scenario",
  description: "A network, the traffic in it, and what goes wrong",
});

/** What of a scenario file can be read: keys that must be given may be missing, which is reported elsewhere. */
export const PartialScenarioDocument = Schema.Struct({
  topology: Schema.optionalKey(topology),
  duration: Schema.optionalKey(duration),
  ...fields,
}).annotate(about);
export type ScenarioDocument = typeof PartialScenarioDocument.Type;
