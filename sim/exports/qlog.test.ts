/** qlog files against the drafts' definitions, against what qvis asks of them, and against the run they are of. */
import test, { type ExecutionContext } from "ava";
import { Ajv2020 } from "ajv/dist/2020.js";
import { stateHash } from "../../actors/record.ts";
import type { World } from "../../actors/world.ts";
import { results } from "../../actors/results.ts";
import { assemble } from "../../actors/assemble.ts";
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import { Simulation } from "../simulation.ts";
import { channelScenario } from "../test-worlds.ts";
import type { Exported } from "./run-testing.ts";
import { exportOf } from "./run-testing.ts";
import { QLOG_BEGINNING, qlogExporter } from "./qlog.ts";
import { DATA, EVENT, HEADER, HEADER_03 } from "./qlog-schema-testing.ts";

interface Event {
  readonly time: number;
  readonly name: string;
  readonly category: string;
  readonly group_id?: string;
  readonly data: {
    readonly header?: { readonly packet_type: string; readonly packet_number?: number };
    readonly raw?: { readonly length: number };
    readonly frames?: readonly {
      readonly frame_type: string;
      readonly acked_ranges?: readonly (readonly number[])[];
    }[];
    readonly packet_numbers?: readonly number[];
    readonly packets_in_flight?: number;
  };
}

interface Header {
  readonly qlog_version: string;
  readonly qlog_format: string;
  readonly trace: {
    readonly vantage_point: { readonly type: string };
    readonly common_fields: Record<string, unknown>;
  };
}

const ajv = new Ajv2020({ allErrors: true, validateFormats: false });
const isHeader = ajv.compile(HEADER);
const isHeader03 = ajv.compile(HEADER_03);
const isEvent = ajv.compile(EVENT);
const isData = new Map(Object.entries(DATA).map(([name, schema]) => [name, ajv.compile(schema)]));

const SHORT = 1_300_000_000;
const worlds: Readonly<Record<string, Scenario>> = {
  streams: overStreams({ ...channelScenario(1), duration_ns: SHORT }),
  channels: { ...channelScenario(1), duration_ns: SHORT },
};
const exported = new Map<string, Exported>();
function exportedOf(name: string): Exported {
  const known = exported.get(name) ?? exportOf(worlds[name] as Scenario, qlogExporter);
  exported.set(name, known);
  return known;
}

/** The same applications over reliable streams, on the paths that their selectors choose. */
function overStreams(scenario: Scenario): Scenario {
  const flows = scenario.flows.map((flow) => {
    const { channel: _channel, ...rest } = flow as FlowSpec & { channel?: unknown };
    return rest as FlowSpec;
  });
  return { ...scenario, name: "streams", flows };
}

/** As RFC 7464 has them: RS, a JSON text, LF. */
function recordsOf(text: string): [Header, ...Event[]] {
  const known = parsed.get(text) ?? parse(text);
  parsed.set(text, known);
  return known;
}

const parsed = new Map<string, [Header, ...Event[]]>();

function parse(text: string): [Header, ...Event[]] {
  const records = text.split("\u001e");
  if (records.shift() !== "") throw new Error("the file does not begin with a record separator");
  for (const record of records) if (!record.endsWith("\n")) throw new Error("a record without a line feed");
  return records.map((record) => JSON.parse(record) as unknown) as [Header, ...Event[]];
}

for (const name of Object.keys(worlds)) {
  test(`${name}: header and events are as the drafts define them`, (t) => {
    const { files } = exportedOf(name);
    t.true(files.size >= 4, `${files.size} files`);
    for (const [file, text] of files) {
      t.true(text.startsWith(QLOG_BEGINNING), file);
      const [header, ...events] = recordsOf(text);
      const { qlog_version, qlog_format, ...standard } = header;
      t.true(isHeader03({ qlog_version, qlog_format, ...standard }), ajv.errorsText(isHeader03.errors));
      t.true(isHeader(standard), `${file}: ${ajv.errorsText(isHeader.errors)}`);
      t.true(text.indexOf("serialization_format") < 256, "within the first 256 characters (section 3)");
      for (const event of events) {
        const check = isData.get(event.name);
        const fits = isEvent(event) && check !== undefined && check(event.data);
        if (!fits) t.fail(`${file}: ${JSON.stringify(event)}: ${ajv.errorsText(isEvent.errors ?? check?.errors)}`);
      }
    }
  });

  test(`${name}: what qvis asks of a file`, (t) => {
    for (const [file, text] of exportedOf(name).files) {
      const [header, ...events] = recordsOf(text);
      // FileLoader.ts: .sqlog is read as JSON text sequences. QlogLoaderV2.ts: a time format it does not know is absolute, and the first event's time is its zero.
      t.true(file.endsWith(".sqlog"));
      t.false(["relative", "delta"].includes(String(header.trace.common_fields["time_format"])));
      t.is(events[0]?.time, 0);
      // Events out of order are sorted, with an alert.
      t.true(
        events.every(({ time }, at) => at === 0 || time >= (events[at - 1] as Event).time),
        file,
      );
      // Either every event has a group, or none: files are taken apart by it.
      t.is(new Set(events.map(({ group_id }) => group_id === undefined)).size, 1, file);
      // Charts find events by category and by the name's second part.
      const found = new Set(events.map((event) => `${event.category}:${event.name.split(":")[1]}`));
      if (found.has("recovery:recovery_metrics_updated")) t.true(found.has("recovery:metrics_updated"));
      const packets = events.filter((one) => /packet_(sent|received)$/.test(one.name));
      t.deepEqual(
        packets.filter(({ category, data }) => category !== "transport" || (data.raw?.length ?? 0) === 0),
        [],
      );
      const acks = packets.flatMap(({ data }) => (data.frames ?? []).flatMap(({ acked_ranges = [] }) => acked_ranges));
      t.true(
        acks.every(({ length }) => length === 2),
        "one number for a range is NaN there",
      );
    }
  });

  test(`${name}: the run is the same, and nothing is left out`, (t) => {
    const scenario = worlds[name] as Scenario;
    const plain = Simulation.create(assemble(scenario, { repeat: "test" }));
    plain.run(scenario.duration_ns);
    const { files, world } = exportedOf(name);
    t.is(world.digest(), plain.digest());
    const statesOf = (one: World) => one.allCells().map((cell) => [cell.id, stateHash(cell)]);
    t.deepEqual(statesOf(world), statesOf(plain), "nothing of the trace stays in an actor");
    const { flows } = results(plain, scenario);
    let checked = 0;
    for (const flow of flows) {
      const own = [...files].filter(([file]) => file.startsWith(`${flow.id}.client.`));
      if (own.length === 0) continue;
      const sent = own
        .flatMap(([, text]) => recordsOf(text).slice(1) as Event[])
        .filter((e) => e.name === "quic:packet_sent");
      t.is(sent.length, flow.sent, `${flow.id}: every packet that the results count is there once`);
      checked++;
    }
    t.true(checked > 0, "no flow was compared");
  });
}

/** Packets of data that fly by what the events say, and by the last metrics; whatever is lost or acknowledged was sent before. */
function flyingAt(t: ExecutionContext, events: readonly Event[]): readonly [told: number, counted: number] {
  const sent = new Set<number>();
  const flying = new Set<number>();
  let counted = 0;
  const settle = (number: number): void => {
    if (!sent.has(number)) t.fail(`packet ${number} was never sent`);
    flying.delete(number);
  };
  for (const { name, data } of events) {
    const number = data.header?.packet_number ?? -1;
    if (name === "quic:packet_sent") {
      sent.add(number);
      if (data.frames?.some(({ frame_type }) => frame_type === "stream") === true) flying.add(number);
    }
    if (name === "quic:packet_lost") settle(number);
    const acks =
      name === "quic:packet_received" ? (data.frames ?? []).flatMap(({ acked_ranges = [] }) => acked_ranges) : [];
    for (const [from = 0, to = from] of acks) for (let acked = from; acked <= to; acked++) settle(acked);
    for (const acked of data.packet_numbers ?? []) settle(acked);
    counted = data.packets_in_flight ?? counted;
  }
  return [counted, flying.size];
}

test("packets acknowledged, lost and in flight are those sent", (t) => {
  const bulk = [...exportedOf("streams").files].filter(([file]) => file.startsWith("bulk.client."));
  // At one instant what is sent may stand in another path's file than what is told of it: those of the same instant in the order of files.
  const events = bulk
    .flatMap(([, text]) => recordsOf(text).slice(1) as Event[])
    .sort((one, other) => one.time - other.time);
  t.true(events.length > 500, `${events.length} events`);
  const [counted, flying] = flyingAt(t, events);
  t.is(flying, counted);
  for (const [file, text] of exportedOf("channels").files) {
    const [, ...own] = recordsOf(text);
    const [told, seen] = flyingAt(t, own as Event[]);
    t.true(seen <= told, `${file}: ${seen} of ${told}: packets without data fly, too`);
  }
});

test("a window of time and one flow", (t) => {
  const scenario = worlds["streams"] as Scenario;
  const [flow] = scenario.flows.filter(({ app }) => app === "bulk");
  t.truthy(flow);
  const [from, to] = [scenario.duration_ns / 4, scenario.duration_ns / 2];
  const { files } = exportOf(scenario, qlogExporter, { flows: new Set([flow?.id ?? ""]), from, to });
  t.true(files.size > 0);
  for (const [file, text] of files) {
    t.true(file.startsWith(`${flow?.id}.`));
    const [, first, ...events] = recordsOf(text);
    t.is(first?.name, "simulation:scenario");
    t.true(events.every(({ time }) => time >= from / 1e6 && time <= to / 1e6));
  }
});
