/** What scionproto's `.topo` files (topology/README.md) and the testbeds' static info files look like. */
import { Switch, text } from "../scenario/values.ts";
import * as Schema from "effect/Schema";
import { MAX_MTU, MIN_PACKET_SIZE } from "../scenario/link.ts";

function number(expected: string, minimum: number, maximum: number) {
  return Schema.Finite.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected }));
}

export const Mtu = Schema.Int.annotate({ expected: "an MTU in bytes such as 1472" }).check(
  Schema.isBetween(
    { minimum: MIN_PACKET_SIZE, maximum: MAX_MTU },
    { expected: `an MTU from ${MIN_PACKET_SIZE} to ${MAX_MTU}` },
  ),
);
/** Largest latency taken, in milliseconds: an hour. */
const Latency = number("a latency in milliseconds, 0 to 3600000, without a unit", 0, 3_600_000);
const Bandwidth = Schema.Finite.annotate({ expected: "a rate above 0, without a unit" }).check(
  Schema.isGreaterThan(0, { expected: "a rate above 0" }),
  Schema.isLessThanOrEqualTo(1e15, { expected: "at most 1 Pbit/s" }),
);
const Drop = number("a share of packets from 0 to 1", 0, 1);
const Count = number("a whole number", 0, 1_000_000);
const optional = Schema.optionalKey;

/** Keys of services and certificates are known and have no meaning here. */
const As = Schema.NullOr(
  Schema.Struct({
    core: optional(Switch),
    voting: optional(Switch),
    authoritative: optional(Switch),
    issuing: optional(Switch),
    cert_issuer: optional(text("an ISD-AS number")),
    underlay: optional(text("UDP/IPv4 or UDP/IPv6")),
    mtu: optional(Mtu),
    MTU: optional(Mtu),
    latency: optional(Latency),
    bw: optional(Bandwidth),
    drop: optional(Drop),
    note: optional(text("a note")),
    control_servers: optional(Count),
    beacon_servers: optional(Count),
    certificate_servers: optional(Count),
    path_servers: optional(Count),
    colibri_servers: optional(Count),
  }).annotate({ expected: "a mapping such as {core: true}" }),
).annotate({ expected: "a mapping such as {core: true}" });

const Link = Schema.Struct({
  a: text('an end such as "1-ff00:0:110-A#1"'),
  b: text('an end such as "1-ff00:0:110-A#1"'),
  linkAtoB: text("CORE, CHILD or PEER"),
  mtu: optional(Mtu),
  underlay: optional(text("UDP/IPv4 or UDP/IPv6")),
  bw: optional(Bandwidth),
  latency: optional(Latency),
  drop: optional(Drop),
}).annotate({ expected: "a link: {a, b, linkAtoB, ...}" });

const Geo = Schema.Struct({
  latitude: number("degrees north, -90 to 90", -90, 90),
  longitude: number("degrees east, -180 to 180", -180, 180),
  address: optional(text("an address")),
}).annotate({ expected: "a position: {latitude, longitude, address}" });

const Router = Schema.Struct({ geo: optional(Geo), note: optional(text("a note")) }).annotate({
  expected: "a mapping of geo and note",
});

export const TopoDocument = Schema.Struct({
  ASes: Schema.Record(Schema.String, As).annotate({ expected: "a mapping from ISD-AS to its properties" }),
  links: optional(Schema.Array(Link).annotate({ expected: "a list of links" })),
  borderRouterProperties: optional(
    Schema.Record(Schema.String, Router).annotate({ expected: "a mapping from border router to its properties" }),
  ),
  defaults: optional(Schema.Unknown),
}).annotate({ expected: "a SCION topology: a mapping of ASes and links" });
export type TopoDocument = typeof TopoDocument.Type;
export type TopoLink = typeof Link.Type;
export type TopoAs = typeof As.Type;

const Mbit = Schema.Finite.annotate({ expected: "a rate in Mbit/s" }).check(
  Schema.isGreaterThan(0, { expected: "a rate above 0 Mbit/s" }),
  Schema.isLessThanOrEqualTo(1e9, { expected: "at most 1000000000 Mbit/s" }),
);

const City = Schema.Struct({
  city: optional(text("a name")),
  lat: number("degrees north, -90 to 90", -90, 90),
  lon: number("degrees east, -180 to 180", -180, 180),
}).annotate({ expected: "a place: {city, lat, lon}" });

export const StaticInfoDocument = Schema.Struct({
  model: Schema.Struct({
    speed_km_per_s: number("kilometres a second, 1 to 300000", 1, 300_000),
    floor_ms: Latency,
    round_ms: number("milliseconds above 0", 0.000_001, 3_600_000),
  }).annotate({ expected: "a mapping of speed_km_per_s, floor_ms and round_ms" }),
  tiers_mbit: Schema.Struct({ core: Mbit, parent_child: Mbit, peer: Mbit }).annotate({
    expected: "a mapping of core, parent_child and peer",
  }),
  intra: optional(
    Schema.Struct({ latency_ms: Latency, bandwidth_mbit: Mbit, hops: optional(Count) }).annotate({
      expected: "a mapping of latency_ms and bandwidth_mbit",
    }),
  ),
  note: optional(text("a note")),
  ases: Schema.Record(Schema.String, City).annotate({ expected: "a mapping from AS number to its place" }),
  overrides: optional(
    Schema.NullOr(
      Schema.Record(
        Schema.String,
        Schema.Struct({ latency_ms: optional(Latency), bandwidth_mbit: optional(Mbit) }).annotate({
          expected: "a mapping of latency_ms and bandwidth_mbit",
        }),
      ).annotate({ expected: 'a mapping from "LOW-HIGH", two AS numbers, to its values' }),
    ),
  ),
}).annotate({ expected: "static info: a mapping of model, tiers_mbit and ases" });
export type StaticInfoDocument = typeof StaticInfoDocument.Type;
