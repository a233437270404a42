import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { formatIA } from "../core/address.ts";
import {
  type BurstLoss,
  DEFAULT_DIRECTION,
  type DelayModel,
  type LinkDirection,
  type Network,
  type NetworkAs,
  type QueueDiscipline,
  type RateSchedule,
} from "../core/scenario.ts";
import { makeAs, makeEnd, makeLink, makeNetwork } from "./model.ts";
import { PRESETS } from "./presets.ts";
import { alternatives } from "./problems.ts";
import { resolveTopology } from "./resolve-topology.ts";
import { findNetworkFaults } from "./topology-checks.ts";
import { networkToYaml } from "./write.ts";

const FILE = { file: "networks/net.yaml" };

function networkOf(text: string): Network {
  const resolved = resolveTopology(text, FILE);
  if (!resolved.ok) throw new Error(resolved.error.map(({ message }) => message).join("\n"));
  return resolved.value;
}

/** `line:column message [suggestion]` for each problem. */
function problemsOf(text: string): string[] {
  const resolved = resolveTopology(text, FILE);
  if (resolved.ok) return [];
  return resolved.error.map(({ line, column, message, didYouMean }) =>
    [`${line}:${column}`, message, ...(didYouMean === undefined ? [] : [`[${didYouMean}]`])].join(" "),
  );
}

const SOUND = `ases:
  1-1: {core: true}
  1-2:
  1-3: {mtu: 1400}
links:
  - {a: 1-1#1, b: 1-2#1, type: child}
  - {a: 1-1#2, b: 1-3#1, type: child}
`;

test("a topology: order, names and defaults", (t) => {
  const network = networkOf(`
links:
  - {a: 2-1#7, b: 1-10#3, type: core, back: {latency: 7ms, queue: {packets: 5, bytes: 8KiB}}}
  - {a: 1-10#2, b: 1-FF00:0:1#1, type: child, latency: 1ms, jitter: 500us, rate: unlimited, loss: 2%, mtu: 1300B}
  - {a: 1-10#1, b: 1-9#1, type: child, queue: 64KiB, reorder: true}
ases: {2-1: {core: true}, 1-ff00:0:1: {mtu: 1400}, 1-10: {core: true}, 1-9: {}}
`);
  t.is(network.name, "net");
  t.deepEqual(
    network.ases.map(({ ia, core, mtu }) => [ia, core, mtu]),
    [
      ["1-9", false, 1472],
      ["1-10", true, 1472],
      ["1-ff00:0:1", false, 1400],
      ["2-1", true, 1472],
    ],
  );
  t.deepEqual(network.links[0]?.ab, { ...DEFAULT_DIRECTION, queue_packets: 0, queue_bytes: 65_536, reorder: true });
  t.deepEqual(network.links[1], {
    a: { ia: "1-10", ifId: 2 },
    b: { ia: "1-ff00:0:1", ifId: 1 },
    type: "child",
    mtu: 1300,
    ab: {
      ...DEFAULT_DIRECTION,
      latency_ns: 1e6,
      delay: { kind: "uniform", width_ns: 500_000 },
      rate_bps: 0,
      loss: 0.02,
    },
    ba: {
      ...DEFAULT_DIRECTION,
      latency_ns: 1e6,
      delay: { kind: "uniform", width_ns: 500_000 },
      rate_bps: 0,
      loss: 0.02,
    },
  });
  t.deepEqual(network.links[2]?.ab, DEFAULT_DIRECTION);
  t.deepEqual(network.links[2]?.ba, { ...DEFAULT_DIRECTION, latency_ns: 7e6, queue_packets: 5, queue_bytes: 8_192 });
});

test("a preset's name, and a file that names a preset", (t) => {
  t.is(networkOf("diamond").ases.length, 6);
  const grid = networkOf("preset: grid\nrows: 2\nlink: {latency: 1ms, mtu: 1400}\n");
  t.is(grid.ases.length, 6);
  t.true(grid.links.every(({ ab, ba, mtu }) => ab.latency_ns === 1e6 && ba.latency_ns === 1e6 && mtu === 1400));
  t.deepEqual(problemsOf("dimond"), [
    `1:1 unknown preset "dimond": expected ${alternatives([...PRESETS.keys()])} [diamond]`,
  ]);
  t.deepEqual(problemsOf("preset: line\nrows: 3\n"), ['2:1 preset line has no parameter "rows": expected length']);
  t.deepEqual(problemsOf("preset: line\nlink: {latency: 1ms, jitter: 2ms}\n"), [
    "2:30 link: expected a jitter of at most the latency, 1ms, found 2ms",
  ]);
});

test("what is wrong with an AS", (t) => {
  t.deepEqual(problemsOf(`${SOUND}`.replace("1-3:", "1-3x:")).slice(0, 1), [
    '4:3 expected an AS number after "-", decimal up to 4294967295 or three hex groups such as ff00:0:110, found "1-3x"',
  ]);
  t.deepEqual(problemsOf("ases: {1-1: {core: true}, 1-01: {core: true}}\n"), [
    '1:27 AS 1-1 stands here twice: "1-1" and "1-01" are the same',
  ]);
  t.deepEqual(problemsOf("ases: {1-1: {core: true}, 1-1: {core: true}}\n"), ['1:27 "1-1" stands twice in one mapping']);
  t.deepEqual(problemsOf("ases: {0-1: {core: true}}\n"), [
    '1:8 ases["0-1"]: expected an ISD-AS number without 0, which is a wildcard, found "0-1"',
  ]);
  t.deepEqual(problemsOf("ases: {1-1: {core: true, mtu: 20}}\n"), [
    '1:31 ases["1-1"].mtu: expected 150 to 65535 bytes, found 20',
  ]);
  t.deepEqual(problemsOf("ases: {}\n"), ["1:7 the topology has no ASes"]);
});

test("what is wrong with a link", (t) => {
  const withLink = (link: string): string[] => problemsOf(`${SOUND}  - ${link}\n`);
  t.deepEqual(withLink("{a: 1-1#3, b: 1-22#1, type: child}"), [
    "8:19 unknown AS 1-22: the topology has no such AS [1-2]",
  ]);
  t.deepEqual(withLink("{a: 1-1#1, b: 1-2#9, type: child}"), [
    "8:9 interface 1-1#1 is used twice, here and in links[0].a",
  ]);
  t.deepEqual(withLink("{a: 1-1#3, b: 1-1#4, type: core}"), ["8:19 links[2] joins AS 1-1 to itself"]);
  t.deepEqual(withLink("{a: 1-1#3, b: 1-2#4, type: core}"), [
    "8:19 a core link joins two core ASes, but 1-2 is not core",
  ]);
  t.deepEqual(withLink("{a: 1-2#3, b: 1-1#4, type: child}"), [
    "8:19 a child link leads from parent a to child b, but 1-1 is core and has no parents",
  ]);
  t.deepEqual(withLink("{a: 1-2#0, b: 1-3#65536, type: peer}"), [
    '8:9 links[2].a: expected an interface id from 1 to 65535, found "1-2#0"',
    '8:19 expected an interface id from 0 to 65535 after "#", found "1-3#65536"',
  ]);
  t.deepEqual(withLink("{a: 1-2#2, b: 1-3#2, type: pear, loss: 1.5, latncy: 1ms}"), [
    '8:32 links[2].type: expected core, child or peer, found "pear" [peer]',
    "8:44 links[2].loss: expected a share between 0 and 1, a percentage such as 5%, or {good: 1s, bad: 100ms}, found 1.5",
    '8:49 unknown key "latncy" in links[2] [latency]',
  ]);
});

test("link properties out of range", (t) => {
  const withFields = (fields: string): string[] =>
    problemsOf(`${SOUND}  - {a: 1-2#2, b: 1-3#2, type: peer, ${fields}}\n`);
  t.deepEqual(withFields("latency: 2ms, jitter: 3ms"), [
    "8:60 links[2]: expected a jitter of at most the latency, 2ms, found 3ms",
  ]);
  t.deepEqual(withFields("jitter: 2ms, back: {latency: 1ms}"), [
    "8:67 links[2].back: expected a jitter of at most the latency, 1ms, found 2ms",
  ]);
  t.deepEqual(withFields("rate: 0bit/s"), ['8:44 links[2].rate: expected more than 0, found "0bit/s"']);
  t.deepEqual(withFields("queue: 0"), [
    "8:45 links[2].queue: expected a number of packets such as 100, a size such as 64KiB, a duration such as 50ms, {packets, bytes}, {discipline, ...} or unlimited, found 0",
  ]);
  t.deepEqual(withFields("latency: 0.1ns"), ['8:47 links[2].latency: expected whole nanoseconds, found "0.1ns"']);
});

test("networks that cannot work", (t) => {
  const ases = "ases: {1-1: {core: true}, 1-2: , 1-3: , 1-4: }\n";
  const linksOf = (...links: string[]): string => `${ases}links:\n${links.map((link) => `  - ${link}\n`).join("")}`;
  t.deepEqual(problemsOf(linksOf("{a: 1-1#1, b: 1-2#1, type: child}", "{a: 1-1#2, b: 1-3#1, type: child}")), [
    "1:41 AS 1-4 has no links",
  ]);
  const apart = [
    "{a: 1-1#1, b: 1-2#1, type: child}",
    "{a: 1-2#2, b: 1-3#1, type: peer}",
    "{a: 1-3#2, b: 1-4#1, type: child}",
  ];
  t.deepEqual(problemsOf(linksOf(...apart)), [
    "1:34 AS 1-3 is not core and no core AS is above it: child links must lead down to it from a core AS",
    "1:41 AS 1-4 is not core and no core AS is above it: child links must lead down to it from a core AS",
  ]);
  const round = [
    "{a: 1-1#1, b: 1-2#1, type: child}",
    "{a: 1-2#2, b: 1-3#1, type: child}",
    "{a: 1-3#2, b: 1-4#1, type: child}",
    "{a: 1-4#2, b: 1-2#3, type: child}",
  ];
  t.deepEqual(problemsOf(linksOf(...round)), ["4:5 child links form a cycle: 1-3 > 1-4 > 1-2 > 1-3"]);
});

test("a chain of 20,000 ASes is checked without recursion", (t) => {
  const ases = Array.from({ length: 20_000 }, (_, at) => makeAs(formatIA(1, at + 1), at === 0));
  const links = ases.slice(1).map(({ ia }, at) => makeLink(makeEnd(ases[at]?.ia ?? "", 2), "child", makeEnd(ia, 1)));
  t.deepEqual(findNetworkFaults(ases, links), []);
  const [first] = links;
  const closing = makeLink(makeEnd(ases.at(-1)?.ia ?? "", 2), "child", makeEnd(first?.b.ia ?? "", 3));
  t.is(findNetworkFaults(ases, [...links, closing])[0]?.expected, "no AS above itself");
});

test("of very many problems the first hundred are told, and how many more there are", (t) => {
  const links = Array.from({ length: 1_000 }, (_, at) => `  - {a: 1-1#${at + 10}, b: 1-77#${at + 10}, type: child}\n`);
  const problems = problemsOf(SOUND + links.join(""));
  t.is(problems.length, 101);
  t.regex(problems.at(-1) ?? "", /900 more problems$/);
});

const time = fc.integer({ min: 1, max: 1e12 });
const bytesBound = fc.integer({ min: 1, max: 1e9 });
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const rate = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e12 }));
const ascending = fc
  .uniqueArray(fc.integer({ min: 1, max: 1e12 }), { minLength: 1, maxLength: 5 })
  .map((list) => list.toSorted((left, right) => left - right));

const delay: fc.Arbitrary<DelayModel> = fc.oneof(
  fc.constant({ kind: "fixed" as const }),
  fc.record({ kind: fc.constant("uniform" as const), width_ns: fc.integer({ min: 1, max: 1_000 }) }),
  fc.record({ kind: fc.constant("normal" as const), deviation_ns: time, bound_ns: fc.integer({ min: 1, max: 1_000 }) }),
  fc.record({ kind: fc.constant("pareto" as const), scale_ns: time, shape: positive, maximum_ns: time }),
  fc.record({
    kind: fc.constant("recorded" as const),
    step_ns: time,
    added_ns: fc.array(fc.nat(1e9), { minLength: 1, maxLength: 4 }),
  }),
);

const schedule: fc.Arbitrary<RateSchedule | null> = fc.oneof(
  fc.constant(null),
  fc.tuple(ascending, fc.boolean()).map(([times, again]) => ({
    kind: "steps" as const,
    period_ns: again ? (times.at(-1) ?? 0) + 1 : 0,
    steps: times.map((at_ns, at) => ({ at_ns, rate_bps: at * 1_000 })),
  })),
  fc.tuple(ascending, bytesBound, fc.nat(1e6)).map(([at_ns, bytes, more]) => ({
    kind: "opportunities" as const,
    period_ns: (at_ns.at(-1) ?? 0) + more,
    bytes,
    at_ns,
  })),
);

const discipline: fc.Arbitrary<QueueDiscipline> = fc.oneof(
  fc.constant({ kind: "drop-tail" as const }),
  fc.record({ kind: fc.constant("codel" as const), target_ns: time, interval_ns: time, ecn: fc.boolean() }),
  fc.record({
    kind: fc.constant("red" as const),
    minimum_bytes: fc.integer({ min: 1, max: 1_000 }),
    maximum_bytes: fc.integer({ min: 1_001, max: 1e9 }),
    max_probability: fc.constantFrom(0.02, 1),
    weight: fc.constantFrom(0.002, 1e-7),
    ecn: fc.boolean(),
  }),
  fc
    .uniqueArray(fc.nat(63), { minLength: 2, maxLength: 6 })
    .map((codes) => ({ kind: "priority" as const, bands: [codes.slice(0, 1), codes.slice(1)] })),
);

const burst: fc.Arbitrary<BurstLoss | null> = fc.option(
  fc.record({ good_ns: time, bad_ns: time, loss_good: share, loss_bad: share }),
);

const direction: fc.Arbitrary<LinkDirection> = fc.record({
  latency_ns: fc.integer({ min: 1_000, max: 1e12 }),
  delay,
  schedule,
  burst,
  discipline,
  rate_bps: rate,
  loss: share,
  queue_packets: fc.nat(1_000),
  queue_bytes: fc.nat(1e9),
  reorder: fc.boolean(),
});

const inside = fc.record(
  {
    label: fc.string(),
    position: fc.record({ lat: fc.integer({ min: -90, max: 90 }), lon: fc.constantFrom(-180, 8.54, 180) }),
    internal: fc.record({
      latency_ns: fc.nat(1e9),
      rate_bps: rate,
      pairs: fc.constantFrom([], [{ a: 0, b: 1, latency_ns: 5, rate_bps: 0 }]),
    }),
  },
  { requiredKeys: [] },
);

/** Pairs name an interface that the AS has: of the link before it, or of the one after the first. */
function withFirst(as: Partial<NetworkAs> = {}, ifId: number, at: number, count: number): Partial<NetworkAs> {
  if (as.internal === undefined) return as;
  const pairs = at < count - 1 ? as.internal.pairs.map((pair) => ({ ...pair, b: ifId })) : [];
  return { ...as, internal: { ...as.internal, pairs } };
}

const anyNetwork = fc
  .record({
    name: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("1", "true", "~", "a: b", "# no", " x ")),
    numbers: fc.uniqueArray(
      fc.tuple(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 0xffff_ffff_ffff })),
      {
        minLength: 2,
        maxLength: 6,
        selector: ([isd, as]) => `${isd}-${as}`,
      },
    ),
    mtus: fc.array(fc.integer({ min: 150, max: 65_535 }), { minLength: 12, maxLength: 12 }),
    directions: fc.array(fc.tuple(direction, direction), { minLength: 5, maxLength: 5 }),
    ifIds: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 10, maxLength: 10 }),
    core: fc.boolean(),
    insides: fc.array(inside, { minLength: 6, maxLength: 6 }),
  })
  .map(({ name, numbers, mtus, directions, ifIds, core, insides }) => {
    const ases = numbers.map(([isd, as], at) => ({
      ...makeAs(formatIA(isd, as), core || at === 0, mtus[at]),
      ...withFirst(
        insides[at],
        [ifIds[2 * at], ifIds[2 * at - 1]].find((ifId) => ifId !== undefined) ?? 0,
        at,
        numbers.length,
      ),
    }));
    const links = ases.slice(1).map(({ ia }, at) => {
      const [ab, ba] = directions[at] as [LinkDirection, LinkDirection];
      const ends = [makeEnd(ases[at]?.ia ?? "", ifIds[2 * at] ?? 0), makeEnd(ia, ifIds[2 * at + 1] ?? 0)] as const;
      return { ...makeLink(ends[0], core ? "core" : "child", ends[1]), mtu: mtus[at + 6] ?? 0, ab, ba };
    });
    return makeNetwork(name, ases, links);
  });

test("networkToYaml and resolveTopology are inverse", (t) => {
  for (const name of PRESETS.keys()) t.deepEqual(networkOf(networkToYaml(networkOf(name))), networkOf(name));
  fc.assert(fc.property(anyNetwork, (network) => t.deepEqual(networkOf(networkToYaml(network)), network)));
});

test("scionproto's default topology, rewritten in our form, keeps its ASes and links", (t) => {
  const path = "../shared/data/topologies/scionproto/default.topo";
  if (!existsSync(path)) {
    t.log(`${path} is not here: not run`);
    t.pass();
    return;
  }
  const text = readFileSync(path, "utf8");
  const ases = [...text.matchAll(/^ {2}"(.+)":\n( {4}core: true)?/gm)].map(
    ([, ia, core]) => `  ${ia}: ${core === undefined ? "" : "{core: true}"}`,
  );
  const links = [
    ...text.matchAll(/a: "([^"-]+-[^"-]+)(?:-\w)?#(\d+)", +b: "([^"-]+-[^"-]+)(?:-\w)?#(\d+)", +linkAtoB: (\w+)/g),
  ].map(([, a, aIf, b, bIf, type = ""]) => `  - {a: ${a}#${aIf}, b: ${b}#${bIf}, type: ${type.toLowerCase()}}`);
  const network = networkOf(`ases:\n${ases.join("\n")}\nlinks:\n${links.join("\n")}\n`);
  t.is(network.ases.length, 16);
  t.is(network.links.length, 29);
});
