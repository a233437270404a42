/** `pathloom explore` over real HTTP: what it serves, what it refuses, and a live run followed while it is written. */
import type { ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import test, { type ExecutionContext } from "ava";
import { openRun } from "../sim/exploration/open-record.ts";
import type { Steppable } from "../sim/exploration/source.ts";
import type { Opening } from "../viz/page/protocol.ts";
import { followRecord } from "../viz/page/record-feed.ts";
import { type Outcome, pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import { ExploredRun } from "./runner/explore-run.ts";
import { serveExplorer } from "./runner/explore-server.ts";
import { FileError } from "./runner/line-files.ts";
import { RECORD_LIMIT } from "./runner/record-files.ts";

const folder = temporaryFolder();
/** In place of the page: whether it was built is not asked here. */
const site = join(folder, "site");
mkdirSync(site);
writeText(site, "index.html", "<!doctype html><title>page</title>");
writeText(site, "main.js", "export {};");
writeText(folder, "secret.txt", "not to be seen");

interface Explorer {
  readonly url: string;
  /** Ends it with Ctrl-C. */
  end(): Promise<Outcome>;
}

/** Starts the command and waits for its address. */
async function explore(t: ExecutionContext, args: readonly string[]): Promise<Explorer> {
  let child: ChildProcess | null = null;
  const running = pathloom(["explore", ...args], { env: { PATHLOOM_SITE: site }, onStart: (one) => (child = one) });
  t.teardown(() => void child?.kill("SIGKILL"));
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    const wait = setInterval(() => {
      if (child === null) return;
      clearInterval(wait);
      child.stdout?.on("data", (piece: Buffer) => {
        text += piece.toString();
        const found = /http:\S+?\/(?=["\s])/.exec(text)?.[0];
        if (found !== undefined) resolve(found);
      });
    }, 5);
    running.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  const end = (): Promise<Outcome> => {
    (child as ChildProcess | null)?.kill("SIGINT");
    return running;
  };
  return { url, end };
}

async function openingOf(url: string): Promise<Opening | null> {
  return (await (await fetch(`${url}open.json`)).json()) as Opening | null;
}

/** The page's own client and the world it feeds, without the page. `look`: after each piece. */
async function follow(url: string, look: (steps: Steppable) => void = () => undefined): Promise<Steppable> {
  const opening = await openingOf(url);
  if (opening?.kind !== "record") throw new Error("no recorded run is served");
  const opened = openRun(opening);
  if (!opened.ok) throw new Error(opened.error);
  const { record, source, feedMacs } = opened.value;
  let steps: Steppable | null = null;
  await followRecord(opening, {
    fetch: (path) => fetch(`${url}${String(path)}`),
    wait: () => new Promise((done) => setTimeout(done, 50)),
    feed: async ({ place, text, over, macs }) => {
      if (macs !== undefined) feedMacs(macs);
      if (text !== "") record?.feed(place, text);
      if (over) record?.end();
      if (!source.ready) return;
      steps ??= source.begin();
      while (steps.step());
      look(steps);
    },
  });
  if (steps === null) throw new Error("nothing came");
  return steps;
}

/** Recorded once for all tests that read. */
const kept = join(folder, "kept");
const plain = join(folder, "plain");
test.before(async () => {
  const short = ["--duration", "1500ms"];
  const recorded = await pathloom(["run", "examples/02-failover.yaml", ...short, "--out", kept, "--record"]);
  const without = await pathloom(["run", "examples/02-failover.yaml", ...short, "--out", plain]);
  if (recorded.code !== 0 || without.code !== 0) throw new Error(recorded.stderr + without.stderr);
});

function digestIn(dir: string): string {
  return (JSON.parse(readFileSync(join(dir, "summary.json"), "utf8")) as { digest: string }).digest;
}

test.serial("without an argument: the page, nothing to open, the address on stdout, Ctrl-C ends it well", async (t) => {
  const { url, end } = await explore(t, []);
  t.regex(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const page = await fetch(url);
  t.is(await page.text(), readFileSync(join(site, "index.html"), "utf8"));
  t.is(page.headers.get("content-type"), "text/html; charset=utf-8");
  t.is(page.headers.get("cache-control"), "no-store");
  t.is((await fetch(`${url}main.js`)).headers.get("content-type"), "text/javascript; charset=utf-8");
  t.is(await openingOf(url), null);
  const head = await fetch(url, { method: "HEAD" });
  t.is(await head.text(), "");
  t.is(head.headers.get("content-length"), "34");
  t.is((await fetch(`${url}run/record?place=0&from=0`)).status, 404);
  const { code, stdout } = await end();
  t.is(code, 0);
  t.is(stdout, `${url}\n`);
});

/** A request as no well-behaved client makes it. */
function raw(url: string, path: string, method = "GET", host?: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      let body = "";
      response.on("data", (piece: Buffer) => (body += piece.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

test.serial(
  "nothing but the page, what to open and the records can be had, by GET and HEAD, by those who mean this server",
  async (t) => {
    const { url, end } = await explore(t, [kept]);
    const ways = [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "//etc/passwd",
      "/./../secret.txt",
      "/main.js/../../secret.txt",
    ];
    for (const path of [
      ...ways,
      "/nothing.js",
      "/run/../../secret.txt",
      "/run/record/../../kept/manifest.json",
      "/index.html%00",
      "/%",
    ]) {
      const { status, body } = await raw(url, path);
      t.true(status === 404 || status === 500 || status === 400, `${path}: ${status}`);
      t.false(body.includes("not to be seen") || body.includes("root:"), path);
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) t.is((await raw(url, "/", method)).status, 405, method);
    t.is((await raw(url, "/open.json", "GET", "evil.example:80")).status, 403);
    t.is((await raw(url, "/open.json", "GET", "localhost:80")).status, 200);
    for (const query of [
      "",
      "?place=0",
      "?place=0&from=-1",
      "?place=0&from=x",
      "?from=0",
      "?place=1e9&from=0",
      "?place=99&from=0",
    ])
      t.true([400, 404].includes((await raw(url, `/run/record${query}`)).status), query);
    t.is((await end()).code, 0);
  },
);

test.serial("a recorded run comes in pieces of whole lines, and replays in what the page uses", async (t) => {
  const { url, end } = await explore(t, [kept, "--json"]);
  const opening = await openingOf(url);
  if (opening?.kind !== "record") throw new Error("no record");
  t.deepEqual([opening.name, opening.growing, opening.macs, opening.secret], ["kept", false, null, null]);
  const parts = readFileSync(join(kept, "record/00.ndjson"));
  let from = 0;
  let text = "";
  for (let over = false; !over; ) {
    const response = await fetch(`${url}run/record?place=0&from=${from}`);
    const piece = await response.text();
    t.true(piece.endsWith("\n"));
    text += piece;
    from = Number(response.headers.get("pathloom-next"));
    over = response.headers.get("pathloom-over") === "true";
  }
  t.is(text, parts.toString());
  t.is(from, parts.length);
  const middle = text.indexOf("\n", 100_000) + 1;
  t.is(
    (await (await fetch(`${url}run/record?place=0&from=${middle}`)).text()).slice(0, 50),
    text.slice(middle, middle + 50),
  );
  const steps = await follow(url);
  t.is(steps.verdict?.(), `replays identically, ${steps.events} events, digest ${digestIn(kept)}`);
  const { stdout } = await end();
  const { kind, name, growing } = JSON.parse(stdout) as { kind: string; name: string; growing: boolean };
  t.deepEqual([kind, name, growing], ["record", "kept", false]);
});

test.serial("a run kept without its deliveries is simulated again and compared with its summary", async (t) => {
  const { url, end } = await explore(t, [plain]);
  const opening = await openingOf(url);
  if (opening?.kind !== "record") throw new Error("no run");
  const opened = openRun(opening);
  if (!opened.ok) throw new Error(opened.error);
  t.is(opened.value.record, null);
  const { source } = opened.value;
  const steps = source.begin();
  t.is(steps.verdict?.() ?? null, null);
  while (steps.step(source.duration));
  t.regex(steps.verdict?.() ?? "", new RegExp(`^replays identically, \\d+ events, digest ${digestIn(plain)}$`));
  const other = openRun({ ...opening, summary: '{"digest": "00", "events": 1}' });
  if (!other.ok) throw new Error(other.error);
  const again = other.value.source.begin();
  while (again.step(source.duration));
  t.regex(again.verdict?.() ?? "", /kept was 00 after 1$/);
  await end();
});

test.serial("a live run is followed while it is written, its keys not kept, and ends as its replay does", async (t) => {
  const out = join(folder, "live");
  let running: ChildProcess | null = null;
  const live = pathloom(["live", "examples/02-failover.yaml", "--duration", "60s", "--record", out], {
    onStart: (one) => (running = one),
  });
  const partial = (): string | undefined => readdirSync(folder).find((name) => name.startsWith("live.partial-"));
  const begun = (): boolean => existsSync(join(folder, partial() ?? "-", "record/00.ndjson"));
  while (!begun()) await new Promise((done) => setTimeout(done, 20));
  const { url, end } = await explore(t, [out]);
  const opening = await openingOf(url);
  t.deepEqual(opening?.kind === "record" ? [opening.name, opening.growing, opening.macs] : [], ["live", true, ""]);
  let early = 0;
  let asked = false;
  const steps = await follow(url, ({ events }) => {
    if (existsSync(out)) return;
    early = events;
    // Ctrl-C ends it early and keeps what there is; another one would end it at once.
    if (events > 300 && !asked) asked = running?.kill("SIGINT") === true;
  });
  const { code, stderr } = await live;
  t.is(code, 0, stderr);
  t.true(early > 300 && early < steps.events, `${early} of ${steps.events} events seen before the run's end`);
  t.is(steps.verdict?.(), `replays identically, ${steps.events} events, digest ${digestIn(out)}`);
  t.false(((await openingOf(url)) as Extract<Opening, { kind: "record" }>).growing);
  t.is((await end()).code, 0);
});

test.serial("a live run that is killed while it is followed: over, and what came until then replays", async (t) => {
  const out = join(folder, "killed");
  let child: ChildProcess | null = null;
  const live = pathloom(["live", "examples/02-failover.yaml", "--duration", "60s", "--record", out], {
    onStart: (one) => (child = one),
  });
  const partial = (): string =>
    join(folder, readdirSync(folder).find((name) => name.startsWith("killed.partial-")) ?? "-");
  while (!existsSync(join(partial(), "record/00.ndjson"))) await new Promise((done) => setTimeout(done, 20));
  const { url, end } = await explore(t, [out]);
  const steps = await follow(url, ({ events }) => {
    if (events > 200) child?.kill("SIGKILL");
  });
  t.is((await live).code, null);
  t.regex(steps.verdict?.() ?? "", /^the record stops (at|between) .*up to there it replays identically/);
  await end();
  const told = await pathloom(["explore", out], { env: { PATHLOOM_SITE: site } });
  t.is(told.code, 2);
  t.regex(told.stderr, /was killed before its end; to see what it recorded: pathloom explore \S+killed\.partial-/);
  const again = await explore(t, [partial()]);
  t.regex((await follow(again.url)).verdict?.() ?? "", /^the record stops/);
  await again.end();
});

test.serial("a scenario comes with the files it names", async (t) => {
  for (const [file, named] of [
    ["examples/12-changing-rate.yaml", ["12-changing-rate.trace"]],
    ["examples/16-outages.yaml", ["16-outages.topo"]],
    ["examples/02-failover.yaml", []],
  ] as const) {
    const { url, end } = await explore(t, [file]);
    const opening = await openingOf(url);
    if (opening?.kind !== "scenario") throw new Error("no scenario");
    t.is(opening.text, readFileSync(file, "utf8"));
    t.deepEqual(Object.keys(opening.files), named);
    for (const name of named) t.is(opening.files[name], readFileSync(join("examples", name), "utf8"));
    await end();
  }
});

async function refused(
  t: ExecutionContext,
  args: readonly string[],
  pattern: RegExp,
  exit = 2,
  pages = site,
): Promise<void> {
  const { code, stdout, stderr } = await pathloom(["explore", ...args], { env: { PATHLOOM_SITE: pages } });
  t.is(code, exit, stderr);
  t.is(stdout, "");
  t.regex(stderr, pattern);
  t.is(stderr.match(/error: /g)?.length, 1, stderr);
}

test.serial("what cannot be shown is one message, exit code 2", async (t) => {
  await refused(t, [], /is not built .*npm run build:site makes it/, 2, join(folder, "nowhere"));
  await refused(t, ["examples/99-none.yaml"], /scenario examples\/99-none\.yaml: no such file/);
  const policy = writeText(folder, "mine.ts", "export default () => 0;\n");
  const own = readFileSync("examples/02-failover.yaml", "utf8").replace("policy: shortest", `policy: ${policy}`);
  await refused(
    t,
    [writeText(folder, "own.yaml", own)],
    /own\.yaml: the page cannot run path policies of your own \(\S+mine\.ts\)/,
  );
  await refused(
    t,
    [writeText(folder, "bad.yaml", "topology: dimond\nduration: 1s\nflows: []\n")],
    /bad\.yaml:1:11: .*diamond/s,
  );
  await refused(t, [site], /manifest\.json: the file is missing/);
  await refused(t, ["--port", "70000"], /port/);
  await refused(t, ["--host", "192.0.2.77"], /is no address of this machine/, 1);
});

/** As the command does, in this process: starting it takes longest of all. */
function serveHere(t: ExecutionContext, dir: string): Promise<string> {
  const run = new ExploredRun(dir);
  const serving = { site: new Map(), opening: () => run.opening(), run, host: "127.0.0.1", port: 0 };
  return new Promise((resolve, reject) => {
    const told = Effect.map(serveExplorer(serving), resolve);
    const fiber = Effect.runFork(Effect.scoped(Effect.andThen(told, Effect.never)));
    fiber.addObserver((exit) => reject(exit));
    t.teardown(() => Effect.runPromise(Fiber.interrupt(fiber)));
  });
}

test.serial("a damaged folder: one message where nothing can be shown, else a verdict in the page", async (t) => {
  const copy = (name: string, change: (dir: string) => void): string => {
    const dir = join(folder, name);
    cpSync(kept, dir, { recursive: true });
    change(dir);
    return dir;
  };
  const refuses = (dir: string, message: RegExp): void => {
    t.throws(() => new ExploredRun(dir), { instanceOf: FileError, message });
  };
  const changed = copy("changed", (dir) => void writeText(dir, "scenario.json", "{}"));
  await refused(t, [changed], /this is not the scenario of the run/);
  refuses(
    copy("no-scenario", (dir) => rmSync(join(dir, "scenario.json"))),
    /scenario\.json: the file is missing/,
  );
  refuses(
    copy("bad-manifest", (dir) => void writeText(dir, "manifest.json", "{}")),
    /manifest\.json: this is no manifest/,
  );
  const without = copy("no-record", (dir) => rmSync(join(dir, "record"), { recursive: true }));
  refuses(without, /record: the folder of records is missing/);
  const strange = copy("strange", (dir) => void writeText(dir, "record/77.ndjson", ""));
  refuses(strange, /77\.ndjson: this file does not belong to the run/);
  // Sparse: it takes no room on the disk.
  const large = copy("large", (dir) => truncateSync(join(dir, "record/00.ndjson"), RECORD_LIMIT + 2 * 1024 * 1024));
  refuses(large, /the record has 1\.00 GiB, and the page reads at most 1 GiB\. Record a shorter run/);
  const edit = (dir: string, change: (text: string) => string): void => {
    const path = join(dir, "record/00.ndjson");
    writeFileSync(path, change(readFileSync(path, "utf8")));
  };
  const verdicts: readonly (readonly [string, (dir: string) => void, RegExp])[] = [
    ["cut", (dir) => truncateSync(join(dir, "record/01.ndjson"), 20_000), /^the record stops (at|between)/],
    ["lost", (dir) => rmSync(join(dir, "record/02.ndjson")), /^the record of \S+ is missing; all others replay/],
    ["garbage", (dir) => edit(dir, (text) => text.replace(/\n\["i",\d+/, "\n[?")), /line \d+: expected an entry/],
    ["other", (dir) => edit(dir, (text) => text.replace('"sim"', '"live"')), /expected world sim, found live/],
  ];
  for (const [name, change, pattern] of verdicts) {
    const url = await serveHere(t, copy(name, change));
    t.regex((await follow(url)).verdict?.() ?? "", pattern, name);
  }
});

test.serial("a port that is taken is said, exit code 1", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  await refused(
    t,
    ["--port", String(port)],
    new RegExp(`127\\.0\\.0\\.1, port ${port}: another program listens there`),
    1,
  );
  server.close();
});

test.serial(
  "the feed goes on where the server is slow to answer, gives up where it is gone, and stops when told",
  async (t) => {
    const opening = recordOpening();
    const fed: string[] = [];
    let failing = 3;
    const answers = (path: string): Response => {
      if (failing-- > 0) throw new TypeError("fetch failed");
      const headers = { "pathloom-next": "5", "pathloom-over": "true" };
      return new Response(path.includes("from=0") ? "abcd\n" : "", { headers });
    };
    const waits: number[] = [];
    const options = {
      feed: (ask: { text: string; over: boolean }) => Promise.resolve(void fed.push(`${ask.text}${ask.over}`)),
      fetch: (path: unknown) => Promise.resolve().then(() => answers(String(path))),
      wait: (ms: number) => Promise.resolve(void waits.push(ms)),
    };
    await followRecord(opening, options as never);
    t.is(fed.at(-1), "true");
    t.is(fed.filter((one) => one === "abcd\nfalse").length, 6);
    failing = Number.POSITIVE_INFINITY;
    waits.length = 0;
    const said: string[] = [];
    await followRecord(opening, { ...options, complain: (message: string) => void said.push(message) } as never);
    t.deepEqual(said, ["The rest of the run cannot be had: fetch failed. What came until now is shown."]);
    t.deepEqual(waits, [500, 1_000, 2_000, 4_000, 4_000, 4_000]);
    const stop = new AbortController();
    stop.abort();
    fed.length = 0;
    await followRecord(opening, { ...options, signal: stop.signal } as never);
    t.deepEqual(fed, []);
  },
);

function recordOpening(): Extract<Opening, { kind: "record" }> {
  const text = (name: string): string => readFileSync(join(kept, name), "utf8");
  return {
    kind: "record",
    name: "kept",
    scenario: text("scenario.json"),
    manifest: text("manifest.json"),
    summary: null,
    macs: null,
    growing: false,
  };
}
