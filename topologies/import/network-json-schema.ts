/** The shape of a resolved network as JSON: what `core/scenario.ts` says, checked. */
import { Switch } from "../scenario/values.ts";
import * as Schema from "effect/Schema";
import { Mtu } from "./topo-schema.ts";

const optional = Schema.optionalKey;

function whole(expected: string, minimum: number, maximum: number = Number.MAX_SAFE_INTEGER) {
  return Schema.Int.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected }));
}

function finite(expected: string, minimum: number, maximum: number) {
  return Schema.Finite.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected }));
}

const Nanos = whole("whole nanoseconds, at least 0", 0);
const SomeNanos = whole("whole nanoseconds above 0", 1);
const Rate = whole("whole bits a second, 0 for no limit", 0);
const Count = whole("a whole number, 0 for no bound", 0);
const Share = finite("a share from 0 to 1", 0, 1);
const Shape = finite("a number above 0", 1e-9, 1e9);
const InterfaceId = whole("an interface id from 1 to 65535", 1, 65_535);
const InsideId = whole("an interface id, 0 for the AS's hosts", 0, 65_535);
const Port = whole("a port from 1 to 65535", 1, 65_535);
const Text = Schema.String.annotate({ expected: "text" });

const Delay = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("fixed") }),
  Schema.Struct({ kind: Schema.Literal("uniform"), width_ns: Nanos }),
  Schema.Struct({ kind: Schema.Literal("normal"), deviation_ns: Nanos, bound_ns: Nanos }),
  Schema.Struct({ kind: Schema.Literal("pareto"), scale_ns: SomeNanos, shape: Shape, maximum_ns: Nanos }),
  Schema.Struct({
    kind: Schema.Literal("recorded"),
    step_ns: SomeNanos,
    added_ns: Schema.Array(Nanos).check(Schema.isMinLength(1)),
  }),
]).annotate({ expected: "a delay: {kind: fixed, uniform, normal, pareto or recorded, ...}" });

const Burst = Schema.Struct({ good_ns: SomeNanos, bad_ns: SomeNanos, loss_good: Share, loss_bad: Share });

const Discipline = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("drop-tail") }),
  Schema.Struct({ kind: Schema.Literal("codel"), target_ns: SomeNanos, interval_ns: SomeNanos, ecn: Switch }),
  Schema.Struct({
    kind: Schema.Literal("red"),
    minimum_bytes: Count,
    maximum_bytes: Count,
    max_probability: Share,
    weight: Share,
    ecn: Switch,
  }),
  Schema.Struct({
    kind: Schema.Literal("priority"),
    bands: Schema.Array(Schema.Array(whole("a DSCP from 0 to 63", 0, 63))).check(Schema.isMinLength(1)),
  }),
]).annotate({ expected: "a queue discipline: {kind: drop-tail, codel, red or priority, ...}" });

const Schedule = Schema.NullOr(
  Schema.Union([
    Schema.Struct({
      kind: Schema.Literal("steps"),
      period_ns: Nanos,
      steps: Schema.Array(Schema.Struct({ at_ns: Nanos, rate_bps: Rate })).check(Schema.isMinLength(1)),
    }),
    Schema.Struct({
      kind: Schema.Literal("opportunities"),
      period_ns: Nanos,
      bytes: whole("whole bytes above 0", 1),
      at_ns: Schema.Array(Nanos).check(Schema.isMinLength(1)),
    }),
  ]),
).annotate({ expected: "a schedule: {kind: steps or opportunities, ...}, or null" });

const Direction = Schema.Struct({
  latency_ns: Nanos,
  delay: Delay,
  rate_bps: Rate,
  schedule: Schedule,
  loss: Share,
  burst: Schema.NullOr(Burst).annotate({ expected: "bursts of loss: {good_ns, bad_ns, loss_good, loss_bad}, or null" }),
  discipline: Discipline,
  queue_packets: Count,
  queue_bytes: Count,
  reorder: Switch,
}).annotate({ expected: "one direction of a link: {latency_ns, delay, rate_bps, ...}" });

const PerGigabyte = finite("a number from 0 to 10^12", 0, 1e12);

const End = Schema.Struct({ ia: Text, ifId: InterfaceId }).annotate({ expected: "an end: {ia, ifId}" });

const Link = Schema.Struct({
  a: End,
  b: End,
  type: Schema.Literals(["core", "child", "peer"]),
  mtu: Mtu,
  carbon_g_per_gb: optional(PerGigabyte),
  cost_per_gb: optional(PerGigabyte),
  ab: Direction,
  ba: Direction,
}).annotate({ expected: "a link: {a, b, type, mtu, ab, ba}" });

const Backends = Schema.Array(Text)
  .annotate({ expected: "a list of addresses" })
  .check(Schema.isMinLength(1, { expected: "at least one address" }));

const As = Schema.Struct({
  ia: Text,
  core: Switch,
  mtu: Mtu,
  label: optional(Text),
  position: optional(
    Schema.Struct({ lat: finite("degrees, -90 to 90", -90, 90), lon: finite("degrees, -180 to 180", -180, 180) }),
  ),
  internal: optional(
    Schema.Struct({
      latency_ns: Nanos,
      rate_bps: Rate,
      pairs: Schema.Array(Schema.Struct({ a: InsideId, b: InsideId, latency_ns: Nanos, rate_bps: Rate })),
    }),
  ),
  dispatched_ports: optional(
    Schema.NullOr(Schema.Struct({ min: Port, max: Port })).annotate({ expected: "{min, max}, or null for none" }),
  ),
  services: optional(
    Schema.Struct({ CS: optional(Backends), DS: optional(Backends) }).annotate({ expected: "{CS: [...], DS: [...]}" }),
  ),
  underlay: optional(
    Schema.Struct({
      internal: optional(Text),
      interfaces: optional(Schema.Record(Schema.String, Text).annotate({ expected: "{ID: address:port, ...}" })),
      outside: optional(Schema.Array(Text).annotate({ expected: "a list of addresses" })),
    }).annotate({ expected: "{internal, interfaces, outside}" }),
  ),
}).annotate({ expected: "an AS: {ia, core, mtu, ...}" });

export const NetworkDocument = Schema.Struct({
  name: Text,
  ases: Schema.Array(As).annotate({ expected: "a list of ASes" }),
  links: Schema.Array(Link).annotate({ expected: "a list of links" }),
}).annotate({ expected: "a network: {name, ases, links}" });
export type NetworkDocument = typeof NetworkDocument.Type;
