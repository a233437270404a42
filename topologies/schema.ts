/**
 * What scenario and topology files look like, as Effect schemas: decoding checks a file's shape and reports every
 * mistake at once; the JSON Schema that editors complete from is made from the same values. What a shape cannot say
 * (does this AS exist?) is checked by `resolve.ts`.
 *
 * `expected` on a schema is how a message names it; `description` is what an editor shows.
 */
import * as Schema from "effect/Schema";
import { PRESETS } from "./presets.ts";
import { DURATION, type QuantityKind, RATE, SIZE } from "./units.ts";

/** Smallest packet that has room for the headers of a short path and the applications' own header. */
export const MIN_PACKET_SIZE = 150;
/** Largest packet that SCION's routers take. */
export const MAX_PACKET_SIZE = 9_000;
/** Largest MTU that a 16-bit field can name. */
export const MAX_MTU = 65_535;

const PRESET_LIST = [...PRESETS].map(([name, { description }]) => `${name}: ${description}`).join("; ");

/** Key of the annotation that says which kind of quantity a text is. */
export const QUANTITY = "quantity";

function quantity(kind: QuantityKind, description: string) {
  const units = [...kind.units.keys()].join("|");
  const pattern = new RegExp(`^\\d{1,24}(\\.\\d{1,24})?(${units})$`, "u");
  const check = Schema.isPattern(pattern, { expected: kind.expected, description, [QUANTITY]: kind });
  return Schema.String.check(check);
}

function duration(description: string) {
  return quantity(DURATION, description);
}

function text(expected: string, description: string) {
  return Schema.String.annotate({ expected, description });
}

function wholeNumber(minimum: number, maximum: number, description: string) {
  const expected = `a whole number from ${minimum} to ${maximum}`;
  return Schema.Int.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected, description }));
}

const Switch = Schema.Boolean.annotate({ expected: "true or false" });

const Rate = Schema.Union([Schema.Literal("unlimited"), quantity(RATE, "Bits a second")]).annotate({
  expected: `${RATE.expected}, or unlimited`,
  description: "Rate of the line. Default 100Mbit/s",
  [QUANTITY]: RATE,
});

const Share = Schema.Union([
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  Schema.String.check(Schema.isPattern(/^\d{1,24}(\.\d{1,24})?%?$/u)),
]).annotate({
  expected: "a share between 0 and 1, or a percentage such as 5%",
  description: "Share of packets lost on the line. Default 0",
});

const SizeOrBytes = (expected: string, description: string) =>
  Schema.Union([Schema.Int.check(Schema.isGreaterThan(0)), quantity(SIZE, "Bytes")]).annotate({
    expected,
    description,
    [QUANTITY]: SIZE,
  });

const Mtu = SizeOrBytes(
  "an MTU in bytes such as 1472",
  `Largest SCION packet in bytes, ${MIN_PACKET_SIZE} to ${MAX_MTU}. Default 1472`,
);

const PacketBound = wholeNumber(1, 1_000_000_000, "Packets waiting, the one being sent not counted");

const Queue = Schema.Union([
  Schema.Literal("unlimited"),
  PacketBound,
  quantity(SIZE, "Bytes waiting"),
  Schema.Struct({
    packets: Schema.optionalKey(PacketBound),
    bytes: Schema.optionalKey(quantity(SIZE, "Bytes waiting")),
  }),
]).annotate({
  expected: "a number of packets such as 100, a size such as 64KiB, {packets, bytes} or unlimited",
  description: "Bound of the queue in front of the line. Default 100 packets",
  [QUANTITY]: SIZE,
});

const directionFields = {
  latency: Schema.optionalKey(duration("Propagation delay one way. Default 5ms")),
  jitter: Schema.optionalKey(
    duration("Half width of the uniform variation of the latency; never above it. Default 0s"),
  ),
  rate: Schema.optionalKey(Rate),
  loss: Schema.optionalKey(Share),
  queue: Schema.optionalKey(Queue),
  reorder: Schema.optionalKey(
    Switch.annotate({ description: "May jitter let a packet overtake another? Default false" }),
  ),
};

const DirectionFields = Schema.Struct(directionFields).annotate({
  expected: "a mapping of latency, jitter, rate, loss, queue, reorder",
  description: "Values of the direction from b to a, where they differ",
});

const linkFields = {
  ...directionFields,
  mtu: Schema.optionalKey(Mtu),
  back: Schema.optionalKey(DirectionFields),
};

const LinkFields = Schema.Struct(linkFields).annotate({
  expected: "a mapping of link properties",
  description: "Properties for every link of the preset",
});

const interfaceText = (description: string) => text('an interface such as "1-ff00:0:110#1"', description);

const Link = Schema.Struct({
  a: interfaceText("First end, ISD-AS#ifId; the parent of a child link"),
  b: interfaceText("Second end, ISD-AS#ifId"),
  type: Schema.Literals(["core", "child", "peer"]).annotate({
    description: "core: between core ASes; child: a is the parent of b; peer: a shortcut between non-core ASes",
  }),
  ...linkFields,
}).annotate({ expected: "a link: {a, b, type, ...}" });

const degrees = (bound: number, description: string) =>
  Schema.Finite.annotate({ expected: `degrees from -${bound} to ${bound}` }).check(
    Schema.isBetween(
      { minimum: -bound, maximum: bound },
      { expected: `degrees from -${bound} to ${bound}`, description },
    ),
  );

const Position = Schema.Struct({
  lat: degrees(90, "Degrees north"),
  lon: degrees(180, "Degrees east"),
}).annotate({ expected: "a place: {lat: DEGREES, lon: DEGREES}", description: "Where the AS is on the globe" });

const As = Schema.NullOr(
  Schema.Struct({
    core: Schema.optionalKey(Switch.annotate({ description: "Is the AS in its ISD's core? Default false" })),
    mtu: Schema.optionalKey(Mtu),
    label: Schema.optionalKey(text("a name", "What people call the AS")),
    position: Schema.optionalKey(Position),
  }).annotate({ expected: "a mapping such as {core: true}" }),
).annotate({ expected: "a mapping such as {core: true}" });

const topologyFields = {
  name: Schema.optionalKey(text("a name", "Name of the topology. Default: the file's name")),
  ases: Schema.Record(Schema.String, As).annotate({
    expected: 'a mapping from ISD-AS to its properties, such as {"1-ff00:0:110": {core: true}}',
    description: "Every AS by its ISD-AS number",
  }),
  links: Schema.optionalKey(
    Schema.Array(Link).annotate({ expected: "a list of links", description: "Every link, named by its two ends" }),
  ),
};

/** A topology of one's own, as a file or inline in a scenario. */
export const TopologyDocument = Schema.Struct(topologyFields).annotate({
  title: "Pathloom topology",
  description: "ASes and the links between them",
  expected: "a topology: a mapping of ases and links",
});
export type TopologyDocument = typeof TopologyDocument.Type;
export type LinkDocument = typeof Link.Type;
export type LinkFieldsDocument = typeof LinkFields.Type;
export type DirectionDocument = typeof DirectionFields.Type;

/** A parameter that several presets share takes what any of them takes; `buildPreset` checks against the preset's own bounds. */
function presetParameter(key: string) {
  const uses = [...PRESETS].flatMap(([preset, { parameters }]) => {
    const found = parameters[key];
    return found === undefined ? [] : [{ preset, ...found }];
  });
  const minimum = Math.min(...uses.map((use) => use.minimum));
  const maximum = Math.max(...uses.map((use) => use.maximum));
  const byText = Map.groupBy(uses, (use) => `${use.description} (default ${use.default})`);
  const description = [...byText]
    .map(([text, sharing]) => `${sharing.map(({ preset }) => preset).join(", ")}: ${text}`)
    .join("; ");
  const isWhole = uses.every(({ kind }) => kind === "whole");
  return Schema.optionalKey(
    isWhole ? wholeNumber(minimum, maximum, description) : realNumber(minimum, maximum, description),
  );
}

function realNumber(minimum: number, maximum: number, description: string) {
  const expected = `a number from ${minimum} to ${maximum}`;
  return Schema.Finite.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected, description }));
}

const PRESET_PARAMETERS = Object.fromEntries(
  [...PRESETS.values()]
    .flatMap(({ parameters }) => Object.keys(parameters))
    .map((key) => [key, presetParameter(key)] as const),
);

const PresetTopology = Schema.Struct({
  preset: text("the name of a preset", PRESET_LIST),
  ...PRESET_PARAMETERS,
  link: Schema.optionalKey(LinkFields),
}).annotate({ expected: "a preset: {preset: NAME, ...}" });
export type PresetDocument = typeof PresetTopology.Type;

/** What a topology file may hold. */
export const TopologyFileDocument = Schema.Union([PresetTopology, TopologyDocument]).annotate({
  title: "Pathloom topology",
  expected: "a topology: {ases, links} or {preset: NAME, ...}",
});

const FileTopology = Schema.Struct({
  file: text("a path", "Topology file, relative to the scenario's"),
}).annotate({ expected: "a topology file: {file: PATH}" });

const Topology = Schema.Union([
  text("the name of a preset", PRESET_LIST),
  PresetTopology,
  FileTopology,
  TopologyDocument,
]).annotate({
  expected: "the name of a preset, {preset: NAME, ...}, {file: PATH} or {ases, links}",
  description: "The network: a preset, a file, or an inline topology",
});

const Policy = Schema.Union([
  text("the name of a policy", "shortest, lowest-latency, pinned, or a file (./my-policy.ts)"),
  Schema.StructWithRest(Schema.Struct({ name: text("the name of a policy", "Name of the policy") }), [
    Schema.Record(
      Schema.String,
      Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]).annotate({
        expected: "a parameter: text, a number, true or false",
      }),
    ),
  ]).annotate({ expected: "a policy: {name: NAME, ...parameters}" }),
]).annotate({
  expected: "the name of a policy, or {name: NAME, ...parameters}",
  description: "How paths are chosen. Default shortest",
});
export type PolicyDocument = typeof Policy.Type;

const host = (description: string) => text('an AS or a host in it such as "1-ff00:0:110,10.0.0.1"', description);

const Flow = Schema.Struct({
  id: Schema.optionalKey(text("a name", "Name in reports. Default flow-1, flow-2, ...")),
  app: Schema.Literals(["constant-rate", "ping"]).annotate({
    description: "constant-rate: packets one way at a fixed rate; ping: echo requests and their replies",
  }),
  from: host("Sender: ISD-AS or ISD-AS,host. Default host 10.0.0.1"),
  to: host("Receiver: ISD-AS or ISD-AS,host. Default host 10.0.0.1 (10.0.0.2 within the sender's AS)"),
  rate: Schema.optionalKey(quantity(RATE, "Rate of whole packets; give either rate or interval")),
  interval: Schema.optionalKey(duration("Time between two packets. Default for ping 100ms")),
  packet_size: Schema.optionalKey(
    SizeOrBytes(
      "a size such as 1200B",
      `Whole SCION packet, headers included, ${MIN_PACKET_SIZE}B to ${MAX_PACKET_SIZE}B. Default 1200B`,
    ),
  ),
  start: Schema.optionalKey(duration("First packet. Default 0s")),
  stop: Schema.optionalKey(duration("No packet is sent from here on. Default: the scenario's duration")),
  policy: Schema.optionalKey(Policy),
}).annotate({ expected: "a flow: {app, from, to, ...}" });
export type FlowDocument = typeof Flow.Type;

const Fault = Schema.Struct({
  at: duration("When it happens"),
  event: Schema.Literals(["down", "up"]).annotate({ description: "The link fails, or comes back" }),
  link: interfaceText("Either end of the link"),
}).annotate({ expected: "a fault: {at, event, link}" });

const LinkOverride = Schema.Struct({
  link: interfaceText("Either end of the link; `back` is the direction towards it"),
  ...linkFields,
}).annotate({ expected: "a link and what is different about it: {link, latency, ...}" });
export type LinkOverrideDocument = typeof LinkOverride.Type;

/** A scenario file. */
export const ScenarioDocument = Schema.Struct({
  name: Schema.optionalKey(text("a name", "Name of the scenario. Default: the file's name")),
  topology: Topology,
  seed: Schema.optionalKey(wholeNumber(0, Number.MAX_SAFE_INTEGER, "Seed of every random draw. Default 1")),
  epoch: Schema.optionalKey(wholeNumber(0, 4_294_967_295, "Unix seconds at time zero of the run. Default 1700000000")),
  duration: duration("How long the run lasts, in virtual time"),
  policy: Schema.optionalKey(Policy),
  detection: Schema.optionalKey(duration("Time until a router notices that a link is down or back. Default 600ms")),
  revocation: Schema.optionalKey(duration("How long a path is avoided after news of a failure. Default 10s")),
  max_paths: Schema.optionalKey(wholeNumber(1, 1_000, "Most paths offered to a policy. Default 20")),
  flows: Schema.Array(Flow).annotate({ expected: "a list of flows", description: "Who sends what to whom" }),
  faults: Schema.optionalKey(
    Schema.Array(Fault).annotate({ expected: "a list of faults", description: "Links that fail and come back" }),
  ),
  links: Schema.optionalKey(
    Schema.Array(LinkOverride).annotate({
      expected: "a list of links",
      description: "Links of the topology that differ in this scenario, each by either of its ends",
    }),
  ),
}).annotate({
  title: "Pathloom scenario",
  description: "A network, the traffic in it, and what goes wrong",
  expected: "a scenario: a mapping of topology, duration, flows, ...",
});
export type ScenarioDocument = typeof ScenarioDocument.Type;
