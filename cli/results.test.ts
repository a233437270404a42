/** What a run leaves behind and prints, over every application: whole, consistent, and as docs/results.md says. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "ava";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import { formatRun } from "./report.ts";
import type { RunSummary } from "./runner/manifest.ts";

const ROOT = join(import.meta.dirname, "..");
const folder = temporaryFolder();
const ENDS = "from: 1-ff00:0:110, to: 1-ff00:0:120";

/** Every application, on one path that is down for half a second; the last flow sends one packet, which does not arrive in time. */
const ALL_APPS = `name: all-apps
topology: diamond
duration: 3s
warmup: 310ms
record: { series: 250ms, samples: 30 }
flows:
  - { id: steady, app: constant-rate, ${ENDS}, rate: 1Mbit/s }
  - { id: probe, app: ping, ${ENDS} }
  - { id: chance, app: poisson, ${ENDS}, rate: 1Mbit/s }
  - { id: bursts, app: on-off, ${ENDS}, rate: 2Mbit/s, on: 200ms, off: 300ms }
  - { id: web, app: request-response, ${ENDS}, response: 20kB, think: 50ms }
  - { id: files, app: file-transfer, ${ENDS}, size: 30kB, arrivals: { model: poisson, interval: 60ms } }
  - { id: call, app: message-stream, ${ENDS}, interval: 33ms, message: 8kB, deadline: 41500us }
  - { id: backup, app: bulk, ${ENDS}, stop: 2s }
  - { id: copy, app: bulk, ${ENDS}, bytes: 100kB, start: 500ms }
  - { id: never, app: constant-rate, ${ENDS}, interval: 1s, start: 2999ms }
detection: 100ms
faults:
  - { event: down, at: 1s, for: 500ms, link: "1-ff00:0:110#3" }
`;
const APPS = "constant-rate ping poisson on-off request-response file-transfer message-stream bulk".split(" ");

const kept = join(folder, "kept");
let summary: RunSummary;

test.before(async (t) => {
  const file = writeText(folder, "all-apps.yaml", ALL_APPS);
  const { code, stdout, stderr } = await pathloom(["run", file, "--out", kept, "--json"]);
  t.is(code, 0, stderr);
  summary = JSON.parse(stdout) as RunSummary;
});

/** Rows by column name. */
function readTable(name: string): Record<string, string>[] {
  const [head = [], ...rows] = readFileSync(join(kept, name), "utf8").trimEnd().split("\r\n").map(fieldsOf);
  return rows.map((row) => Object.fromEntries(head.map((column, at) => [column, row[at] ?? "?"])));
}

function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

test("each application has the promised fields, and its packets are conserved", (t) => {
  t.deepEqual([...new Set(summary.flows.map(({ app }) => app))].sort(), APPS.toSorted());
  for (const flow of summary.flows) {
    const { id, sent, received, lost, in_flight = 0, latency_ms, replies } = flow;
    t.is(sent, received + lost + in_flight, id);
    t.true(in_flight >= 0 && sent > 0, id);
    t.true(Number.isFinite(flow.goodput_bps) && Number.isInteger(flow.bytes) && Number.isInteger(flow.switches), id);
    t.is(latency_ms.max === null, received === 0, id);
    t.is(
      sent,
      flow.paths.reduce((sum, { packets }) => sum + packets, 0),
      id,
    );
    if (replies !== undefined) t.is(replies.sent, replies.received + replies.lost + (replies.in_flight ?? 0), id);
  }
  const { totals, flows } = summary;
  for (const field of ["sent", "received", "lost"] as const) {
    t.is(
      totals[field],
      flows.reduce((sum, flow) => sum + flow[field], 0),
      field,
    );
  }
  t.is(totals.sent, totals.received + totals.lost + totals.in_flight);
});

test("transfers, messages and transport stand where they belong, and add up", (t) => {
  const has = (field: "transfers" | "messages" | "transport"): string[] =>
    summary.flows.filter((flow) => flow[field] !== undefined).map(({ id }) => id);
  t.deepEqual(has("transfers"), ["web", "files", "copy"]);
  t.deepEqual(has("messages"), ["call"]);
  t.deepEqual(has("transport"), ["web", "files", "backup", "copy"]);
  for (const { id, transfers } of summary.flows) {
    if (transfers === undefined) continue;
    t.is(transfers.started, transfers.completed + transfers.unfinished, id);
    t.true(transfers.completed > 0, id);
  }
});

test("links: drops by reason add up, for each link and over all", (t) => {
  const links = readTable("links.csv");
  t.deepEqual(
    links.map(({ id }) => id),
    summary.links.map(({ id }) => id),
  );
  for (const row of links) {
    const reasons = Object.entries(row).filter(([column]) => column.startsWith("dropped_"));
    t.is(
      reasons.reduce((sum, [, count]) => sum + Number(count), 0),
      Number(row["drops"]),
      row["id"],
    );
  }
  t.true(links.some((row) => Number(row["dropped_link_down"]) > 0));
});

test("flows.csv: every column in every row, empty where it does not apply, and as summary.json has it", (t) => {
  const rows = readTable("flows.csv");
  for (const [at, flow] of summary.flows.entries()) {
    const row = rows[at] as Record<string, string>;
    const text = (value: number | null | undefined): string =>
      value === null || value === undefined ? "" : `${value}`;
    t.like(row, {
      id: flow.id,
      app: flow.app,
      src: flow.src,
      sent: `${flow.sent}`,
      in_flight: `${flow.in_flight ?? 0}`,
    });
    t.is(row["latency_p50_ms"], text(flow.latency_ms.p50));
    t.is(row["transfers_fct_p95_ms"], text(flow.transfers?.fct_ms.p95));
    t.is(row["messages_late"], text(flow.messages?.late));
    t.is(row["transport_srtt_ms"], text(flow.transport?.srtt_ms));
    t.is(row["replies_in_flight"], flow.replies === undefined ? "" : text(flow.replies.in_flight ?? 0));
  }
  t.is(rows.at(-1)?.["latency_mean_ms"], "", "nothing was received");
});

test("series.csv covers the warm-up, says so, and no row lies in both", (t) => {
  const rows = readTable("series.csv");
  const ends = [...new Set(rows.map(({ from_ms, to_ms, warmup }) => `${from_ms}-${to_ms} ${warmup}`))];
  t.deepEqual(ends.slice(0, 4), ["0-250 true", "250-310 true", "310-500 false", "500-750 false"]);
  for (const { id, sent, received } of summary.flows) {
    const own = rows.filter((row) => row["kind"] === "flow" && row["id"] === id);
    const sum = (column: string): number => own.reduce((total, row) => total + Number(row[column]), 0);
    t.deepEqual([sum("sent"), sum("received")], [sent, received], id);
  }
});

test("samples.csv: transfers, exchanges and late messages too, as many as asked for at most", (t) => {
  const rows = readTable("samples.csv");
  const of = (flow: string, kind: string) => rows.filter((row) => row["flow"] === flow && row["kind"] === kind);
  const flowOf = (id: string) => summary.flows.find((flow) => flow.id === id);
  for (const [id, kind] of [
    ["web", "exchange"],
    ["files", "transfer"],
    ["copy", "transfer"],
  ] as const) {
    const own = of(id, kind);
    const { completed, fct_ms } = flowOf(id)?.transfers ?? (t.fail() as never);
    t.true(own.length > 0 && own.length <= Math.min(30, completed), id);
    t.is(new Set(own.map(({ number }) => number)).size, own.length);
    for (const { start_ms, fct_ms: time, sent_ms } of own) {
      t.true(Number(time) > 80 && Number(time) <= (fct_ms.max as number), `${id} took ${time} ms`);
      t.true(Number(start_ms) + Number(time) >= 310 && sent_ms === "");
    }
    if (own.length === 1) t.is(Number(own[0]?.["fct_ms"]), fct_ms.max as number, id);
  }
  t.true(of("files", "transfer").every(({ bytes }) => bytes === "30000"));
  t.true(of("web", "exchange").every(({ bytes }) => bytes === "20000"));
  t.deepEqual(
    of("copy", "transfer").map(({ bytes, start_ms }) => [bytes, start_ms]),
    [["100000", "500"]],
  );
  const late = of("call", "message");
  t.is(late.length, Math.min(30, flowOf("call")?.messages?.late ?? 0));
  t.true(late.length > 0 && late.every(({ delay_ms, bytes }) => Number(delay_ms) > 41.5 && bytes === "8000"));
});

test("the report names every application's own figures within 100 columns", (t) => {
  const text = formatRun(summary);
  t.true(
    text.split("\n").every((line) => line.length <= 100),
    text,
  );
  t.regex(text, /measured from 0\.31 s on \(warm-up\)/);
  t.regex(text, /^files +file-transfer +\d+\/\d+ /m);
  t.regex(text, /^call +\d+ +\d+ +[\d.]+ % +\d+ +\d+$/m);
  t.regex(text, /^backup +\d+ +\d+ +\d+ +\d+ +\d+ +[\d.]+ +[\d.]+ kB$/m);
  t.regex(text, /^never +1 +0 .* - +- +- /m);
  const { timeline } = summary;
  const long = formatRun({ ...summary, timeline: [...timeline, ...timeline] });
  t.regex(long, /^ *[\d.]+ s {2}\d+ flows: \d+ switches of path/m);
});

test("a report of 5,000 flows with long names stays short and narrow", (t) => {
  const [flow] = summary.flows;
  const flows = Array.from({ length: 5_000 }, (_, n) => ({ ...flow, id: `${"a-long-name-".repeat(10)}${n}` }));
  const text = formatRun({ ...summary, flows: flows as RunSummary["flows"] });
  t.regex(text, /^and 4980 more flows; all with --json or --out$/m);
  t.regex(text, /^all 5000 /m);
  t.regex(text, /^a-long-name-.*\.\.\..*-19 /m);
  t.true(text.split("\n").every((line) => line.length <= 100));
  t.true(text.split("\n").length < 80);
});

test("docs/results.md: the files and columns that a run leaves, in their order", (t) => {
  const sections = readFileSync(join(ROOT, "docs/results.md"), "utf8").split(/^## /m);
  const rowsOf = (title: string): string[][] =>
    (sections.find((text) => text.startsWith(`${title}\n`)) ?? "")
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => line.split("|").map((cell) => cell.trim()));
  const files = rowsOf("Files").map(([, name = ""]) => name.replaceAll("`", ""));
  const always = readdirSync(kept);
  t.deepEqual(files.toSorted(), [...always, "record", "trace.ndjson"].toSorted());
  for (const file of always.filter((name) => name.endsWith(".csv"))) {
    const [head = ""] = readFileSync(join(kept, file), "utf8").split("\r\n");
    const rows = rowsOf(file);
    t.deepEqual(
      rows.map(([, name = ""]) => name.replaceAll("`", "")),
      head.split(","),
      file,
    );
    for (const [, name = "", unit, meaning] of rows) {
      t.true(meaning !== "" && meaning !== undefined, name);
      if (name.endsWith("_ms`")) t.is(unit, "ms", name);
      if (name.endsWith("bps`")) t.is(unit, "bit/s", name);
      if (name.endsWith("bytes`")) t.is(unit, "bytes", name);
    }
  }
});

test("replay without a record compares every figure of the summary", async (t) => {
  const same = await pathloom(["replay", kept]);
  t.is(same.code, 0, same.stderr);
  const copy = join(folder, "changed");
  cpSync(kept, copy, { recursive: true });
  const text = readFileSync(join(copy, "summary.json"), "utf8");
  writeFileSync(join(copy, "summary.json"), text.replace(/"on_time": \d+/, '"on_time": 123456'));
  const { code, stdout } = await pathloom(["replay", copy]);
  t.is(code, 1);
  t.regex(stdout, /\(summary\.json flows\.6\.messages\.on_time\)\n +recorded +123456\n/);
});

test("export needs the record, and says how to get it; --record needs a folder", async (t) => {
  const refused = await pathloom(["export", kept, "--format", "pcapng"]);
  t.is(refused.code, 2);
  t.regex(
    refused.stderr,
    /kept no record of its deliveries.*run it again with --record: pathloom run .*--record --out DIR\n$/,
  );
  const nowhere = await pathloom(["run", join(folder, "all-apps.yaml"), "--record"]);
  t.is(nowhere.code, 2);
  t.regex(nowhere.stderr, /--record writes down every delivery .* give --out DIR too/);
});

const ENDLESS = `topology: line\nduration: 100h\nflows:\n  - { app: constant-rate, from: 1-ff00:0:110, to: 1-ff00:0:112, rate: 50Mbit/s }\n`;
const SHORT = `topology: line\nduration: 1s\nflows:\n  - { app: ping, from: 1-ff00:0:110, to: 1-ff00:0:112 }\n`;

/** Starts a run without an end, and waits until it writes. */
async function startEndless(out: string): Promise<{ kill(): Promise<void>; partial: string }> {
  const file = writeText(dirname(out), "endless.yaml", ENDLESS);
  const child = spawn(process.execPath, ["cli/main.ts", "run", file, "--out", out], { cwd: ROOT, stdio: "ignore" });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const find = (): string | undefined => readdirSync(dirname(out)).find((name) => name.includes(".partial-"));
  while (find() === undefined && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  return { kill, partial: join(dirname(out), find() ?? "none") };
}

test("a second run into one place is refused while the first goes on; what a killed run left is named, and removed by force", async (t) => {
  const own = temporaryFolder();
  const out = join(own, "one");
  const short = writeText(own, "short.yaml", SHORT);
  const first = await startEndless(out);
  try {
    const second = await pathloom(["run", short, "--out", out]);
    t.is(second.code, 2, second.stderr);
    t.regex(second.stderr, /another run \(process \d+\) is being written to .*one; choose another name/);
  } finally {
    await first.kill();
  }
  t.false(existsSync(out));
  t.true(existsSync(first.partial));
  const next = await pathloom(["run", short, "--out", out]);
  t.is(next.code, 0, next.stderr);
  t.regex(next.stderr, /note: .*one\.partial-\d+-\w{6} was left by a run that was killed; it can be deleted/);
  t.true(existsSync(join(out, "manifest.json")) && existsSync(first.partial));
  const forced = await pathloom(["run", short, "--out", out, "--force"]);
  t.is(forced.code, 0, forced.stderr);
  t.regex(forced.stderr, /note: removed .*one\.partial-/);
  t.deepEqual(readdirSync(own).sort(), ["endless.yaml", "one", "short.yaml"]);
});

test("a run that was kept meanwhile is not replaced", async (t) => {
  const own = temporaryFolder();
  const out = join(own, "one");
  const { code, stderr } = await pathloom(["run", writeText(own, "short.yaml", SHORT), "--out", out], {
    onStart: (child) => {
      const look = setInterval(() => {
        if (!readdirSync(own).some((name) => name.includes(".partial-"))) return;
        clearInterval(look);
        mkdirSync(out, { recursive: true });
        writeText(out, "manifest.json", "{}");
      }, 5);
      child.once("exit", () => clearInterval(look));
    },
  });
  t.is(code, 2);
  t.regex(stderr, /another run was kept there meanwhile; this one is not kept/);
  t.deepEqual(readdirSync(own).sort(), ["one", "short.yaml"]);
  t.deepEqual(readdirSync(out), ["manifest.json"]);
});

test("a scenario whose flows have no packets yet, and one without flows", async (t) => {
  const late = SHORT.replace("app: ping", "start: 999ms, app: message-stream, interval: 33ms, message: 8kB");
  const nothing = await pathloom(["run", writeText(folder, "late.yaml", late), "--json"]);
  t.is(nothing.code, 0, nothing.stderr);
  const { totals, flows } = JSON.parse(nothing.stdout) as RunSummary;
  t.deepEqual(totals.latency_ms, { mean: null, p50: null, p95: null, p99: null, max: null });
  t.like(flows[0], { received: 0, goodput_bps: 0 });
  const none = await pathloom(["run", writeText(folder, "none.yaml", "topology: line\nduration: 1s\nflows: []\n")]);
  t.is(none.code, 0, none.stderr);
  t.regex(none.stdout, /^none {2}seed 1, 1 s simulated\n\nno flows\n/);
});
