/** Networks as files have them: ASes and links, a preset, or the name of a file. */
import * as Schema from "effect/Schema";
import { PRESETS } from "../presets.ts";
import { interfaceText, LinkFields, linkFields, LinkTypeWord, Mtu, UnlimitedOrRate } from "./link.ts";
import { decimal, Duration, optional, required, Switch, text, wholeNumber } from "./values.ts";

const PRESET_LIST = [...PRESETS].map(([name, { description }]) => `${name}: ${description}`).join("; ");
const PRESET_NAMES = [...PRESETS.keys()];

const Link = Schema.Struct({
  a: required(interfaceText, {
    description: "First end, ISD-AS#ifId; the parent of a child link",
    example: "1-ff00:0:110#1",
  }),
  b: required(interfaceText, { description: "Second end, ISD-AS#ifId", example: "1-ff00:0:111#1" }),
  type: required(LinkTypeWord, {
    description: "core: between core ASes; child: a is the parent of b; peer: a shortcut between non-core ASes",
    example: "child",
  }),
  ...linkFields,
}).annotate({ expected: "a link: {a, b, type, ...}" });
export type LinkDocument = typeof Link.Type;

const Pair = Schema.Struct({
  between: required(
    Schema.Tuple([wholeNumber(0, 65_535), wholeNumber(0, 65_535)]).annotate({
      expected: "two interface ids such as [1, 2]",
    }),
    { description: "Two interfaces of the AS, either way; 0 stands for its hosts", example: [1, 2] },
  ),
  latency: optional(Duration, { description: "Latency between them. Default: that of `internal`", example: "3ms" }),
  rate: optional(UnlimitedOrRate, {
    description: "Rate between them. Default: that of `internal`",
    example: "1Gbit/s",
  }),
}).annotate({ expected: "a pair of interfaces: {between: [1, 2], latency, rate}" });

const Internal = Schema.Struct({
  latency: optional(Duration, { description: "Latency between any two interfaces", default: "0s", example: "1ms" }),
  rate: optional(UnlimitedOrRate, { description: "Rate between any two interfaces", default: "unlimited" }),
  pairs: optional(Schema.Array(Pair).annotate({ expected: "a list of pairs of interfaces" }), {
    description: "Pairs of interfaces that differ",
    example: [{ between: [1, 2], latency: "3ms" }],
  }),
}).annotate({ expected: "a mapping of latency, rate, pairs" });
export type InternalDocument = typeof Internal.Type;

const Position = Schema.Struct({
  lat: required(decimal(-90, 90), { description: "Degrees north", example: 47.4 }),
  lon: required(decimal(-180, 180), { description: "Degrees east", example: 8.5 }),
}).annotate({ expected: "a position: {lat, lon}" });

const Addresses = Schema.Array(text("an IPv4 or IPv6 address")).annotate({ expected: "a list of addresses" });

const Services = Schema.Struct({
  CS: optional(Addresses, { description: "Hosts of the control service", example: ["10.0.0.5"] }),
  DS: optional(Addresses, { description: "Hosts of the discovery service", example: ["10.0.0.6"] }),
}).annotate({ expected: "a mapping from CS and DS to lists of addresses" });
export type ServicesDocument = typeof Services.Type;

const InterfaceAddresses = Schema.Record(Schema.String, text("an address and port such as 192.0.2.1:50000")).annotate({
  expected: "a mapping from interface id to address and port",
});

/** Where an AS's sockets are in live mode. */
export const Underlay = Schema.Struct({
  internal: optional(text("an address such as 192.0.2.1:30042 or 192.0.2.1"), {
    description:
      "Address of the router towards hosts, as `internal_addr` of topology.json; without a port one is assigned. Default: assigned on 127.16.0.0/12",
    example: "192.0.2.1:30042",
  }),
  interfaces: optional(InterfaceAddresses, {
    description:
      "Address and port of the AS's end of a link, by interface id. Default: the internal address, a port assigned",
    example: { 1: "192.0.2.1:50000" },
  }),
  outside: optional(Addresses, {
    description:
      "Hosts that are programs outside Pathloom: packets for them leave by the internal socket, to the host's address and end-host port",
    example: ["192.0.2.10"],
  }),
}).annotate({ expected: "a mapping of internal, interfaces, outside" });
export type UnderlayDocument = typeof Underlay.Type;

const As = Schema.NullOr(
  Schema.Struct({
    core: optional(Switch, { description: "Is the AS in its ISD's core?", default: false }),
    mtu: optional(Mtu, { description: "Largest SCION packet inside the AS in bytes", default: 1472 }),
    label: optional(text("a name"), { description: "What people call the AS", example: "Zurich" }),
    position: optional(Position, { description: "Where the AS is", example: { lat: 47.4, lon: 8.5 } }),
    internal: optional(Internal, {
      description: "What crossing the AS costs a packet. Default: nothing",
      example: { latency: "1ms" },
    }),
    dispatched_ports: optional(text('a range of ports such as 31000-32767, all or "-"'), {
      description:
        'UDP ports at which its hosts take packets themselves, as in topology.json: both included, all, or "-" for none; others go to port 30041',
      default: "31000-32767",
    }),
    services: optional(Services, {
      description: "Hosts behind each service address; a packet to 1-ff00:0:110,CS reaches one of them",
      example: { CS: ["10.0.0.5"] },
    }),
    underlay: optional(Underlay, {
      description: "Where the AS's sockets are in live mode",
      example: { internal: "192.0.2.1:30042" },
    }),
  }).annotate({ expected: "a mapping such as {core: true}" }),
).annotate({ expected: "a mapping such as {core: true}" });
export type AsDocument = typeof As.Type;

const topologyFields = {
  name: optional(text("a name"), {
    description: "Name of the topology. Default: the file's name",
    example: "my-network",
  }),
  ases: required(
    Schema.Record(Schema.String, As).annotate({
      expected: 'a mapping from ISD-AS to its properties, such as {"1-ff00:0:110": {core: true}}',
    }),
    { description: "Every AS by its ISD-AS number", example: { "1-ff00:0:110": { core: true } } },
  ),
  links: optional(Schema.Array(Link).annotate({ expected: "a list of links" }), {
    description: "Every link, named by its two ends",
  }),
};

/** A topology of one's own, as a file or inline in a scenario. */
export const TopologyDocument = Schema.Struct(topologyFields).annotate({
  title: "Pathloom topology",
  expected: "a topology: a mapping of ases and links",
});
export type TopologyDocument = typeof TopologyDocument.Type;

/** A parameter that several presets share takes what any of them takes; `buildPreset` checks against the preset's own bounds. */
function presetParameter(key: string) {
  const having = [...PRESETS].flatMap(([preset, { parameters }]) => {
    const found = parameters[key];
    return found === undefined ? [] : [{ preset, ...found }];
  });
  const least = Math.min(...having.map(({ minimum }) => minimum));
  const most = Math.max(...having.map(({ maximum }) => maximum));
  const byText = Map.groupBy(having, (one) => `${one.description}, default ${one.default}`);
  const description = [...byText]
    .map(([text, sharing]) => `${sharing.map(({ preset }) => preset).join(", ")}: ${text}`)
    .join("; ");
  const kind = having.every((one) => one.kind === "whole") ? wholeNumber(least, most) : decimal(least, most);
  return optional(kind, { description, example: having[0]?.default });
}

const parameterNames = [...new Set([...PRESETS.values()].flatMap(({ parameters }) => Object.keys(parameters)))];
const parameterFields: Record<string, ReturnType<typeof presetParameter>> = Object.fromEntries(
  parameterNames.map((name) => [name, presetParameter(name)]),
);

const PresetTopology = Schema.Struct({
  ...parameterFields,
  preset: required(text("the name of a preset", PRESET_NAMES), { description: PRESET_LIST, example: "grid" }),
  link: optional(LinkFields, { description: "Properties of every link of the preset", example: { latency: "10ms" } }),
}).annotate({ expected: "a preset: {preset: NAME, ...}" });
export interface PresetDocument {
  readonly preset: string;
  readonly link?: typeof LinkFields.Type;
}

/** What a topology file may hold. */
export const TopologyFileDocument = Schema.Union([PresetTopology, TopologyDocument]).annotate({
  title: "Pathloom topology",
  description: "ASes and the links between them, or a preset with its parameters",
  expected: "a topology: {ases, links} or {preset: NAME, ...}",
});

const FileTopology = Schema.Struct({
  file: required(text("a path"), { description: "Topology file, relative to the scenario's", example: "network.yaml" }),
}).annotate({ expected: "a topology file: {file: PATH}" });

export const Topology = Schema.Union([
  text("the name of a preset", PRESET_NAMES),
  PresetTopology,
  FileTopology,
  TopologyDocument,
]).annotate({ expected: "the name of a preset, {preset: NAME, ...}, {file: PATH} or {ases, links}" });
