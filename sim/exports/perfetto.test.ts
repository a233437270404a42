/**
 * Traces for Perfetto against the Trace Event Format (Google's document of that name, sections "JSON Object Format", "Duration Events",
 * "Counter Events", "Instant Events", "Flow Events", "Metadata Events") and what Perfetto's importer asks beyond it: slices of a thread nest, and
 * arrows begin, go on and end within slices.
 */
import test from "ava";
import { Ajv2020 } from "ajv/dist/2020.js";
import { assemble } from "../../actors/assemble.ts";
import { results } from "../../actors/results.ts";
import type { Scenario } from "../../core/scenario.ts";
import { Simulation } from "../simulation.ts";
import { busyScenario, channelScenario } from "../test-worlds.ts";
import type { ExportFilter } from "./exporter.ts";
import { PERFETTO_BEGINNING, perfettoExporter } from "./perfetto.ts";
import { exportOf } from "./run-testing.ts";

interface TraceEvent {
  readonly ph: string;
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly name?: string;
  readonly cat?: string;
  readonly id?: number;
  readonly bp?: string;
  readonly s?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

const common = { ph: {}, ts: { type: "number", minimum: 0 }, pid: { type: "integer" }, tid: { type: "integer" } };
const text = { type: "string" };
const args = { type: "object" };
function event(ph: string[], fields: Readonly<Record<string, unknown>>, required: string[]) {
  const properties = { ...common, ph: { enum: ph }, ...fields };
  return { type: "object", properties, required: ["ph", "ts", "pid", "tid", ...required], additionalProperties: false };
}
const counts = { type: "object", additionalProperties: { type: "number" }, minProperties: 1 };
const ajv = new Ajv2020();
/** By phase. */
const isEvent = new Map(
  [
    event(["B"], { name: text, cat: text, args }, ["name", "cat"]),
    event(["E"], { name: text, cat: text, args }, []),
    event(["C"], { name: text, cat: text, args: counts }, ["name", "args"]),
    event(["i"], { name: text, cat: text, args, s: { enum: ["g", "p", "t"] } }, ["name"]),
    event(["s", "t"], { name: text, cat: text, id: { type: "integer" } }, ["name", "cat", "id"]),
    event(["f"], { name: text, cat: text, id: { type: "integer" }, bp: { const: "e" } }, ["name", "cat", "id", "bp"]),
    event(["M"], { name: { enum: ["process_name", "process_sort_index", "thread_name"] }, args }, ["name", "args"]),
  ].flatMap((schema) => {
    const check = ajv.compile(schema);
    return schema.properties.ph.enum.map((ph): [string, typeof check] => [ph, check]);
  }),
);

function isTrace(trace: Readonly<Record<string, unknown>>): string {
  const { displayTimeUnit, traceEvents, otherData, ...others } = trace;
  if (!["ms", "ns"].includes(String(displayTimeUnit)) || Object.keys(others).length > 0) return "header";
  if (typeof otherData !== "object" || !Array.isArray(traceEvents)) return "parts";
  const wrong = (traceEvents as TraceEvent[]).find((one) => isEvent.get(one.ph)?.(one) !== true);
  return wrong === undefined ? "" : `${JSON.stringify(wrong)}: ${ajv.errorsText(isEvent.get(wrong.ph)?.errors)}`;
}

const SHORT = 900_000_000;
const worlds: Readonly<Record<string, Scenario>> = {
  busy: { ...busyScenario(1), duration_ns: SHORT },
  channels: { ...channelScenario(1), duration_ns: SHORT },
};

function traceOf(name: string, filter: Partial<ExportFilter> = {}) {
  const scenario = worlds[name] as Scenario;
  const { files, world } = exportOf(
    scenario,
    (given, only, write) => perfettoExporter(given, only, (piece) => write("", piece)),
    filter,
  );
  const written = files.get("") ?? "";
  return {
    scenario,
    digest: world.digest(),
    written,
    trace: JSON.parse(written) as Record<string, unknown> & { traceEvents: TraceEvent[] },
  };
}

/** What is wrong with the order of time, the nesting of slices and the arrows. */
function faultsOf(events: readonly TraceEvent[]): string[] {
  const faults: string[] = [];
  const depth = new Map<number, number>();
  const time = new Map<number, number>();
  const arrows = new Map<number, string>();
  const places = new Map<number, number>();
  for (const { ph, ts, pid, tid, id = -1 } of events.filter((one) => one.ph !== "M")) {
    if (ts < (time.get(tid) ?? 0)) faults.push(`thread ${tid} goes back to ${ts}`);
    time.set(tid, ts);
    if ((places.get(tid) ?? pid) !== pid) faults.push(`thread ${tid} stands in two processes`);
    places.set(tid, pid);
    const open = depth.get(tid) ?? 0;
    if (ph === "B") depth.set(tid, open + 1);
    if (ph === "E") depth.set(tid, open - 1);
    if (ph === "E" && open === 0) faults.push(`thread ${tid} ends at ${ts} what has not begun`);
    if (!"stf".includes(ph)) continue;
    const last = arrows.get(id);
    arrows.set(id, ph);
    if (open === 0) faults.push(`arrow ${id} in no slice`);
    if ((last === undefined) !== (ph === "s") || last === "f") faults.push(`arrow ${id}: ${ph} after ${String(last)}`);
  }
  for (const [tid, open] of depth) if (open !== 0) faults.push(`thread ${tid}: ${open} slices stay open`);
  for (const [id, last] of arrows) if (last !== "f") faults.push(`arrow ${id} does not end`);
  return faults;
}

for (const name of Object.keys(worlds)) {
  test(`${name}: the format's rules hold, and the run is the same`, (t) => {
    const { scenario, digest, written, trace } = traceOf(name);
    t.true(written.startsWith(PERFETTO_BEGINNING));
    t.is(isTrace(trace), "");
    t.deepEqual(faultsOf(trace.traceEvents), []);
    const plain = Simulation.create(assemble(scenario, { repeat: "test" }));
    plain.run(scenario.duration_ns);
    t.is(digest, plain.digest());
    const { flows, drops } = results(plain, scenario);
    const own = (prefix: string): number => trace.traceEvents.filter((one) => one.name?.startsWith(prefix)).length;
    for (const [reason, packets] of Object.entries(drops ?? {})) t.is(own(`drop: ${reason}`), packets, reason);
    t.true(flows.length > 0);
    const ias = trace.traceEvents.filter((one) => one.name === "process_name").map((one) => one.args?.["name"]);
    t.deepEqual(ias.toSorted(), scenario.network.ases.map(({ ia }) => ia).toSorted());
  });
}

test("states of machines are slices: a link that fails, and comes back", (t) => {
  const { scenario, trace } = traceOf("busy");
  t.true(scenario.faults.length > 0);
  const threads = new Map(
    trace.traceEvents.filter((one) => one.name === "thread_name").map((one) => [one.tid, String(one.args?.["name"])]),
  );
  const downs = trace.traceEvents.filter((one) => one.ph === "B" && one.cat === "state" && one.name === "down");
  t.true(downs.some(({ tid }) => threads.get(tid)?.startsWith("link/")));
});

test("a window begins with the states that actors are in, and ends them", (t) => {
  const { scenario, trace } = traceOf("channels", { from: 300_000_000, to: 400_000_000, flows: new Set(["bulk"]) });
  const shown = trace.traceEvents.filter(({ ph }) => ph !== "M");
  t.deepEqual(faultsOf(shown), []);
  t.true(shown.every(({ ts }) => ts >= 300_000 && ts <= 400_000));
  const packets = shown.filter(({ ph, cat }) => ph === "B" && cat === "packet");
  t.true(packets.length > 50, `${packets.length} packets`);
  t.true(
    packets.every((one) => /^bulk( back)? #\d+$/.test(one.name ?? "")),
    "of the one flow",
  );
  const begun = shown.filter(({ ph, ts, cat }) => ph === "B" && cat === "state" && ts === 300_000);
  t.true(begun.length >= scenario.network.ases.length);
});

test("arrows lead from actor to actor: the hops of a packet in order", (t) => {
  const { trace } = traceOf("channels");
  const first = trace.traceEvents.find(({ ph }) => ph === "s");
  const threads = new Map(
    trace.traceEvents.filter((one) => one.name === "thread_name").map((one) => [one.tid, String(one.args?.["name"])]),
  );
  const way = trace.traceEvents
    .filter(({ id }) => id === first?.id && id !== undefined)
    .map(({ tid }) => threads.get(tid)?.split("/")[0]);
  t.deepEqual(way.slice(0, 4), ["app", "selector", "node", "link"]);
  t.is(way.at(-1) === "app" || way.at(-1) === "link" || way.at(-1) === "node", true, way.join(" "));
});
