/** The sequence chart's messages: of columns made by hand, and of a run whose packets are told by its own world. */
import test from "ava";
import { assemble } from "../../actors/assemble.ts";
import { flowCounts } from "../../actors/results.ts";
import type { DropReason } from "../../core/env.ts";
import type { RunOutline, SequenceMessage } from "../../core/exploration.ts";
import { scenarioOf } from "../../topologies/scenario-testing.ts";
import { EventColumns } from "./event-columns.ts";
import { EventRecorder } from "./event-recorder.ts";
import { farEndsOf, RunNames } from "./names.ts";
import { outlineOf } from "./outline.ts";
import { sequenceOf, type SequenceNames } from "./sequence.ts";
import { simSource } from "./sim-source.ts";

const ACTORS = ["host/a", "node/1-1", "link/x", "link/y", "node/1-2", "host/b"];
const OUTLINE = {
  links: [{ a: "1-1#1", b: "1-2#1" }],
  directions: ["link/x", "link/y"],
} as unknown as RunOutline;
const NAMES: SequenceNames = { actors: ACTORS, flows: ["video"], farEnds: farEndsOf(OUTLINE, ACTORS) };
const [A, NODE1, LINK, BACK, NODE2, B] = [0, 1, 2, 3, 4, 5] as const;

interface Row {
  readonly at: number;
  readonly sent: number;
  readonly from: number;
  readonly to: number;
  readonly packet?: number;
  readonly flow?: number;
  readonly kind?: string;
  readonly drop?: DropReason;
  readonly aside?: readonly number[];
}

function columnsOf(rows: readonly Row[]): EventColumns {
  const columns = new EventColumns();
  for (const { at, sent, from, to, packet = 0, flow = 0, kind = "packet", drop, aside = [] } of rows) {
    columns.append(at, to, columns.kindOf(kind), kind === "packet" ? flow : -1, packet, 0, 0, true);
    columns.noteSent(from, sent);
    if (drop !== undefined) columns.noteDropped(drop);
    for (const number of aside) columns.noteAside(at, to, 0, number, "link_down");
  }
  return columns;
}

/** One packet from host to host, 10 ns on the link. */
const crossing = (at: number, packet: number): readonly Row[] => [
  { at, sent: at, from: A, to: NODE1, packet },
  { at, sent: at, from: NODE1, to: LINK, packet },
  { at: at + 10, sent: at + 2, from: LINK, to: NODE2, packet },
  { at: at + 10, sent: at + 10, from: NODE2, to: B, packet },
];
const all = { from_ns: 0, to_ns: 1_000_000, most: 100 };
const short = ({ from, to, sent_ns, received_ns, label, dropped }: SequenceMessage): unknown[] => [
  from,
  to,
  sent_ns,
  received_ns,
  label,
  dropped,
];

test("far ends are the nodes that directions deliver to", (t) => {
  t.deepEqual(NAMES.farEnds, [-1, -1, NODE2, NODE1, -1, -1]);
  t.is(BACK, 3);
});

test("links that are not chosen are seen through, chosen ones are not", (t) => {
  const columns = columnsOf([...crossing(0, 1), ...crossing(100, 2)]);
  const nodes = sequenceOf(columns, NAMES, { ...all, actors: ["node/1-1", "node/1-2"] }, 0);
  t.deepEqual(nodes.map(short), [
    ["node/1-1", "node/1-2", 0, 10, "video 1", null],
    ["node/1-1", "node/1-2", 100, 110, "video 2", null],
  ]);
  t.deepEqual(
    nodes.map(({ event }) => event),
    [3, 7],
  );
  const whole = sequenceOf(columns, NAMES, { ...all, actors: ACTORS }, 0);
  t.is(whole.length, 8);
  t.deepEqual(short(whole[2] as SequenceMessage), ["link/x", "node/1-2", 2, 10, "video 1", null]);
  t.deepEqual(sequenceOf(columns, NAMES, { ...all, actors: ["host/a", "host/b"] }, 0), []);
});

test("drops end where they happen: at the link's entry, within it, and at the receiver", (t) => {
  const entry: Row = { at: 5, sent: 5, from: NODE1, to: LINK, packet: 3, drop: "queue_overflow" };
  const held: Row = { at: 6, sent: 6, from: NODE1, to: LINK, packet: 4 };
  const fails: Row = { at: 9, sent: 9, from: -1, to: LINK, kind: "link.fail", aside: [4, 9] };
  const refused: Row = { at: 20, sent: 20, from: NODE2, to: B, packet: 5, drop: "unknown_port" };
  const columns = columnsOf([entry, held, fails, refused]);
  const found = sequenceOf(columns, NAMES, { ...all, actors: ["node/1-1", "node/1-2", "host/b"] }, 0);
  t.deepEqual(found.map(short), [
    ["node/1-1", "node/1-2", 5, 5, "video 3", "queue_overflow"],
    ["node/1-1", "node/1-2", 6, 9, "video 4", "link_down"],
    ["node/1-2", "host/b", 20, 20, "video 5", "unknown_port"],
  ]);
});

test("packets without a flow follow each other, control events have their names, timers are no messages", (t) => {
  const columns = columnsOf([
    { at: 0, sent: 0, from: NODE1, to: LINK, flow: -1 },
    { at: 4, sent: 4, from: NODE1, to: LINK, flow: -1 },
    { at: 10, sent: 1, from: LINK, to: NODE2, flow: -1 },
    { at: 14, sent: 5, from: LINK, to: NODE2, flow: -1 },
    { at: 20, sent: 14, from: NODE2, to: NODE2, kind: "tick" },
    { at: 21, sent: 20, from: NODE2, to: B, kind: "path.changed" },
  ]);
  const found = sequenceOf(columns, NAMES, { ...all, actors: ["node/1-1", "node/1-2", "host/b"] }, 0);
  t.deepEqual(found.map(short), [
    ["node/1-1", "node/1-2", 0, 10, "packet", null],
    ["node/1-1", "node/1-2", 4, 14, "packet", null],
    ["node/1-2", "host/b", 20, 21, "path.changed", null],
  ]);
});

test("the window and the bound hold, nearest to the cursor", (t) => {
  const rows = Array.from({ length: 40_000 }, (_, n) => crossing(100 * n, n)).flat();
  const columns = columnsOf(rows);
  const actors = ["node/1-1", "node/1-2"];
  const window = sequenceOf(columns, NAMES, { actors, from_ns: 1_005, to_ns: 2_009, most: 100 }, 0);
  t.deepEqual(
    window.map(({ received_ns }) => received_ns),
    Array.from({ length: 10 }, (_, n) => 1_010 + 100 * n),
  );
  const near = sequenceOf(columns, NAMES, { actors, from_ns: 0, to_ns: 9e9, most: 6 }, 80_002);
  t.deepEqual(
    near.map(({ label }) => label),
    [19_997, 19_998, 19_999, 20_000, 20_001, 20_002].map((n) => `video ${n}`),
  );
  const late = sequenceOf(columns, NAMES, { actors, from_ns: 0, to_ns: 9e9, most: 2 }, 9_999_999);
  t.deepEqual(
    late.map(({ label }) => label),
    ["video 39998", "video 39999"],
  );
});

test("rare messages are found far from the cursor", (t) => {
  const noise = Array.from(
    { length: 300_000 },
    (_, n): Row => ({ at: 100 + n, sent: 100 + n, from: NODE2, to: B, packet: n }),
  );
  const columns = columnsOf([...crossing(0, 1), ...noise]);
  const found = sequenceOf(columns, NAMES, { ...all, actors: ["node/1-1", "node/1-2"] }, 290_000);
  t.deepEqual(
    found.map(({ label }) => label),
    ["video 1"],
  );
});

test("of a run, the messages on a flow's way are its packets, each received when it is sent on", (t) => {
  const scenario = scenarioOf(`topology: {preset: line, length: 3, link: {rate: 2Mbit/s, queue: 5}}
duration: 2s
flows: [{id: video, app: poisson, from: 1-ff00:0:110, to: 1-ff00:0:112, rate: 2.2Mbit/s, packet_size: 1000B}]
`);
  const assembly = assemble(scenario, { repeat: "npx ava sim/exploration/sequence.test.ts" });
  const columns = new EventColumns();
  const run = simSource(assembly, scenario.duration_ns).begin({
    observe: (world) => new EventRecorder(world, columns),
  });
  while (run.step(scenario.duration_ns));
  const names = new RunNames(outlineOf(scenario, assembly, { source: "sim", world: "sim" }), () => run.world);
  const nodes = names.actors.filter((id) => id.startsWith("node/"));
  const ask = { actors: nodes, from_ns: 0, to_ns: scenario.duration_ns, most: 5_000 };
  const found = sequenceOf(columns, names, ask, columns.last >> 1);
  const [counts] = flowCounts(run.world, scenario);
  const at = (from: number, dropped: boolean): SequenceMessage[] =>
    found.filter(
      (message) =>
        message.from === nodes[from] && message.to === nodes[from + 1] && (message.dropped !== null) === dropped,
    );
  t.true(at(0, true).length > 5, "the first queue overflows");
  const inFlight = (counts?.sent ?? 0) - at(0, true).length - at(1, true).length - at(1, false).length;
  t.true(inFlight >= 0 && inFlight <= 16, `${inFlight} are in queues and on lines at the end`);
  t.is(at(1, false).length, counts?.received ?? -1);
  const second = new Map([...at(1, false), ...at(1, true)].map((message) => [message.label, message]));
  for (const message of at(0, false)) {
    const onwards = second.get(message.label);
    if (onwards !== undefined) t.is(onwards.sent_ns, message.received_ns, message.label);
  }
  t.true(found.every(({ sent_ns, received_ns, dropped }) => received_ns > sent_ns || dropped !== null));
});
