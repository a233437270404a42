/** What SCION's `topology.json` (private/topology/json/json.go) and `staticInfoConfig.json` look like. */
import { text } from "../scenario/values.ts";
import * as Schema from "effect/Schema";
import { Mtu } from "./topo-schema.ts";

const optional = Schema.optionalKey;
/** Known, and without meaning here. */
const ignored = optional(Schema.Unknown);

const Underlay = Schema.Struct({
  local: optional(text("an address and port")),
  public: optional(text("an address and port")),
  remote: optional(text("an address and port")),
  bind: ignored,
}).annotate({ expected: "a mapping of local and remote" });

const Interface = Schema.Struct({
  underlay: optional(Underlay),
  isd_as: text("the ISD-AS number of the neighbour"),
  link_to: text("core, parent, child or peer"),
  mtu: optional(Mtu),
  remote_interface_id: optional(
    Schema.Int.annotate({ expected: "an interface id" }).check(
      Schema.isBetween({ minimum: 0, maximum: 65_535 }, { expected: "an interface id from 1 to 65535" }),
    ),
  ),
  bandwidth: ignored,
  bfd: ignored,
  idint: ignored,
}).annotate({ expected: "an interface: {isd_as, link_to, ...}" });
export type InterfaceDocument = typeof Interface.Type;

const Router = Schema.Struct({
  internal_addr: optional(text("an address and port")),
  ctrl_addr: ignored,
  interfaces: optional(
    Schema.Record(Schema.String, Interface).annotate({ expected: "a mapping from interface id to interface" }),
  ),
  idint: ignored,
}).annotate({ expected: "a border router: {internal_addr, interfaces}" });

export const TopologyJsonDocument = Schema.Struct({
  isd_as: text("the ISD-AS number"),
  mtu: optional(Mtu),
  attributes: optional(
    Schema.NullOr(Schema.Array(text("an attribute such as core"))).annotate({ expected: "a list of attributes" }),
  ),
  core: optional(Schema.Boolean.annotate({ expected: "true or false" })),
  border_routers: optional(
    Schema.Record(Schema.String, Router).annotate({ expected: "a mapping from border router to its interfaces" }),
  ),
  control_service: ignored,
  discovery_service: ignored,
  beacon_service: ignored,
  certificate_service: ignored,
  path_service: ignored,
  colibri_service: ignored,
  hidden_segment_lookup_service: ignored,
  hidden_segment_registration_service: ignored,
  sigs: ignored,
  dispatched_ports: optional(text('a range of ports such as "31000-32767", "all" or "-"')),
  endhost_port_range: ignored,
  test_dispatcher: ignored,
  overlay: ignored,
  timestamp: ignored,
  timestamp_human: ignored,
}).annotate({ expected: "a topology of one AS: {isd_as, mtu, border_routers, ...}" });
export type TopologyJsonDocument = typeof TopologyJsonDocument.Type;

const GoDuration = Schema.String.annotate({ expected: 'a whole duration such as "10ms"' }).check(
  Schema.isPattern(/^\d{1,15}(\.\d{1,9})?(ns|us|µs|ms|s|m|h)$/u, { expected: 'a duration such as "10ms"' }),
);
const Kbps = Schema.Int.annotate({ expected: "a whole number of kbit/s" }).check(
  Schema.isBetween({ minimum: 0, maximum: 1e12 }, { expected: "kbit/s from 0 (unknown) to 1000000000000" }),
);
const Hops = Schema.Int.annotate({ expected: "a number of hops" });

function byInterface<S extends Schema.Top>(value: S) {
  return Schema.Record(Schema.String, value).annotate({ expected: "a mapping from interface id" });
}

function metrics<S extends Schema.Top>(value: S) {
  return byInterface(
    Schema.Struct({ Inter: optional(value), Intra: optional(Schema.NullOr(byInterface(value))) }).annotate({
      expected: "a mapping of Inter and Intra",
    }),
  );
}

const Degrees = Schema.Finite.annotate({ expected: "degrees" });

/** In any case, as scionproto reads it. */
const LinkType = Schema.String.annotate({ expected: "direct, multihop or opennet" }).check(
  Schema.isPattern(/^(direct|multihop|opennet)$/i, { expected: "direct, multihop or opennet" }),
);

export const StaticInfoConfigDocument = Schema.Struct({
  Latency: optional(Schema.NullOr(metrics(GoDuration))),
  Bandwidth: optional(Schema.NullOr(metrics(Kbps))),
  LinkType: optional(Schema.NullOr(byInterface(LinkType))),
  Geo: optional(
    Schema.NullOr(
      byInterface(
        Schema.Struct({ Latitude: Degrees, Longitude: Degrees, Address: optional(text("an address")) }).annotate({
          expected: "a position: {Latitude, Longitude, Address}",
        }),
      ),
    ),
  ),
  Hops: optional(Schema.NullOr(metrics(Hops))),
  Note: optional(text("a note")),
}).annotate({ expected: "static info: a mapping of Latency, Bandwidth, Geo, ..." });
export type StaticInfoConfigDocument = typeof StaticInfoConfigDocument.Type;
