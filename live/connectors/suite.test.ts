/** The suite over every scheme of the live world, each case followed by a check that nothing is left: handles, files, timers. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import test from "ava";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import { type Connector, type ConnectorUrl, EVENTS, type Outcome } from "../../core/connector.ts";
import { parseUrl } from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";
import { fifoConnector } from "./fifo.ts";
import { localConnector } from "./local.ts";
import { pipeConnector } from "./pipe.ts";
import { createRegistry } from "./registry.ts";
import { Resolver } from "./resolver.ts";
import { connectScoped, listenScoped, openScoped } from "./scope.ts";
import {
  casesFor,
  nameOf,
  type SuiteKind,
  type SuiteTrait,
  type SuiteUrls,
  type SuiteWorld,
  valueOf,
} from "./suite.ts";

const PUMP_MS = 5_000;
const folder = mkdtempSync(join(tmpdir(), "pathloom-connectors-"));
const isWindows = process.platform === "win32";
const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

interface SuiteScheme {
  readonly name: string;
  readonly kind: SuiteKind;
  readonly traits: readonly SuiteTrait[];
  readonly runs: boolean;
  /** `unused`: a port that nobody listens at. */
  urls(unused: number): SuiteUrls;
}

function internet(name: string, host: string, kind: "stream" | "datagram"): SuiteScheme {
  const any = `${name}://${host}:0`;
  return {
    name,
    kind,
    traits: ["many", "end", "exclusive", "bounded"],
    runs: !host.startsWith("[") || hasIPv6,
    urls: (unused) => ({ server: any, peers: [any, any, any], nobody: `${name}://${host}:${unused}` }),
  };
}

function atPath(
  name: string,
  scheme: string,
  prefix: string,
  traits: readonly SuiteTrait[],
  runs: boolean,
): SuiteScheme {
  const urls = (): SuiteUrls => ({
    server: `${scheme}://${prefix}one`,
    peers: [],
    nobody: `${scheme}://${prefix}nobody`,
  });
  return { name, kind: "stream", traits, runs, urls };
}

function loopback(scheme: string): SuiteScheme {
  const urls = (): SuiteUrls => ({ server: `${scheme}://`, peers: [], nobody: null });
  return { name: `${scheme} (unnamed)`, kind: "loopback", traits: [], runs: true, urls };
}

const SCHEMES: readonly SuiteScheme[] = [
  internet("tcp", "127.0.0.1", "stream"),
  internet("tcp4", "127.0.0.1", "stream"),
  internet("tcp6", "[::1]", "stream"),
  internet("udp", "127.0.0.1", "datagram"),
  internet("udp4", "127.0.0.1", "datagram"),
  internet("udp6", "[::1]", "datagram"),
  atPath("local (path)", "local", `${folder}/`, ["many", "end", "exclusive"], !isWindows),
  atPath(
    "local (abstract)",
    "local",
    `/%00pathloom-${process.pid}-`,
    ["many", "end", "exclusive"],
    process.platform === "linux",
  ),
  atPath("fifo", "fifo", `${folder}/`, ["exclusive"], !isWindows && isMainThread),
  atPath("pipe", "pipe", `/pathloom-${process.pid}-`, ["many", "end", "exclusive"], isWindows),
  loopback("local"),
  loopback("anon"),
];

class LiveSuiteWorld implements SuiteWorld {
  readonly urls: SuiteUrls;
  readonly #opened = new Set<Connector>();
  readonly #registry = createRegistry();

  constructor(urls: SuiteUrls) {
    this.urls = urls;
  }

  open(url: string): Outcome<Connector> {
    return this.#kept(this.#registry.open(url));
  }

  async pump(until: () => boolean): Promise<void> {
    const deadline = Date.now() + PUMP_MS;
    while (!until()) {
      if (Date.now() > deadline) throw new Error(`did not happen within ${PUMP_MS} ms: ${until}`);
      await turn();
    }
  }

  close(): void {
    for (const connector of this.#opened) connector.close();
  }

  /** Accepted connectors have to be closed, too. */
  #kept(outcome: Outcome<Connector>): Outcome<Connector> {
    if (!outcome.ok || this.#opened.has(outcome.value)) return outcome;
    const connector = outcome.value;
    this.#opened.add(connector);
    const accept = connector.accept.bind(connector);
    connector.accept = () => this.#kept(accept());
    return outcome;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a connector could leave behind: handles and open files; and files in the folder, of which there may be none. */
interface Resources {
  readonly handles: number;
  /** Open files of the folder; other threads may open files of their own meanwhile. */
  readonly open: readonly string[];
  readonly files: readonly string[];
}

function resources(): Resources {
  const handles = process
    .getActiveResourcesInfo()
    .filter((kind) => /Socket|Server|Pipe|TCP|UDP|Connect/.test(kind)).length;
  return { handles, open: openFiles(), files: readdirSync(folder) };
}

function openFiles(): string[] {
  if (!existsSync("/proc/self/fd")) return [];
  return readdirSync("/proc/self/fd").flatMap((number) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${number}`);
      return file.startsWith(folder) ? [file] : [];
    } catch {
      return []; // The folder itself, which was open while it was read.
    }
  });
}

/** A handle closes some turns after it was told to, and a connection that lingers within a second. */
async function leavesNothing(before: number): Promise<void> {
  const deadline = Date.now() + 2_000;
  for (let now = resources(); ; now = resources()) {
    if (now.handles <= before && now.open.length === 0 && now.files.length === 0) return;
    if (Date.now() > deadline) throw new Error(`left behind: ${JSON.stringify(now)}; handles before: ${before}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** How many handles the process itself needs: the lowest number seen. */
async function settled(): Promise<number> {
  for (let n = 0; n < 20; n++) await turn();
  floor.handles = Math.min(floor.handles, resources().handles);
  return floor.handles;
}

const floor = { handles: Number.POSITIVE_INFINITY };

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 1) : 1;
}

test.after.always(() => rmSync(folder, { recursive: true, force: true }));

for (const scheme of SCHEMES.filter(({ runs }) => runs)) {
  for (const one of casesFor(scheme.kind, scheme.traits)) {
    test.serial(`${scheme.name}: ${one.name}`, async (t) => {
      const unused = await unusedPort();
      const before = await settled();
      const world = new LiveSuiteWorld(scheme.urls(unused));
      try {
        await one.run(world);
      } finally {
        world.close();
      }
      await leavesNothing(before);
      t.pass();
    });
  }
}

function urlOf(text: string): ConnectorUrl {
  return valueOf(parseUrl(text));
}

test("the registry: built-in schemes, schemes and parameters of one's own", (t) => {
  const registry = createRegistry();
  t.is(nameOf(registry.open("tcp://127.0.0.1")), "ok");
  t.is(nameOf(registry.open("mine://here")), "invalid_value");
  const factory = (): Outcome<Connector> => registry.open("anon://");
  t.is(nameOf(registry.addScheme("MINE", factory)), "ok");
  t.is(nameOf(registry.open("mine://here")), "ok");
  t.is(nameOf(registry.addScheme("mine", factory)), "invalid_value");
  t.is(nameOf(registry.addScheme("tcp", factory)), "invalid_value");
  t.is(nameOf(registry.addScheme("", factory)), "invalid_value");
  t.is(nameOf(registry.addScheme("other", undefined as never)), "empty_callback");
  t.is(nameOf(registry.open("anon://?retries=3")), "invalid_option");
  const digits = (value: string) => (/^\d+$/.test(value) ? ok(value) : registry.open(`mine://?retries=${value}x`));
  t.is(nameOf(registry.addParameter("retries", digits as never)), "ok");
  t.is(nameOf(registry.open("anon://?retries=3")), "ok");
  t.is(nameOf(registry.addParameter("retries", ok)), "invalid_value");
  t.is(nameOf(registry.addParameter("behaviour", ok)), "invalid_value");
  t.is(nameOf(registry.addParameter("", ok)), "invalid_value");
  t.is(nameOf(registry.addParameter("more", undefined as never)), "empty_callback");
});

test("options that a scheme cannot do are refused", (t) => {
  const registry = createRegistry();
  const table = [
    ["tcp://127.0.0.1?behaviour=datagram", "format"],
    ["udp://127.0.0.1?behaviour=stream", "format"],
    ["anon://?behaviour=datagram", "format"],
    ["tcp://127.0.0.1?blocking", "format"],
    ["tcp://127.0.0.1?blocking=no&behaviour=stream", "ok"],
    ["tcp://127.0.0.1?behaviour=foo", "invalid_option"],
    ["tcp://127.0.0.1?behaviour=stream&behaviour=datagram", "invalid_option"],
    ["tcp://127.0.0.1?behavior=stream", "invalid_option"],
  ] as const;
  for (const [url, name] of table) t.is(nameOf(registry.open(url)), name, url);
});

test("what a platform cannot do is refused with the alternative", (t) => {
  const table = [
    [localConnector(urlOf("local:///tmp/x?behaviour=datagram")), "udp4://"],
    [localConnector(urlOf("local:///tmp/x"), "win32"), "pipe:///"],
    [localConnector(urlOf("local:///%00x"), "darwin"), "local:///tmp"],
    [pipeConnector(urlOf("pipe:///x"), "linux"), "local:///"],
    [fifoConnector(urlOf("fifo:///tmp/x"), "win32"), "pipe:///"],
  ] as const;
  for (const [outcome, alternative] of table) {
    t.is(nameOf(outcome), "unsupported_action");
    if (!outcome.ok) t.true(outcome.error.message.includes(alternative), outcome.error.message);
  }
  t.is(nameOf(localConnector(urlOf("local://"), "win32")), "ok");
  t.is(nameOf(pipeConnector(urlOf("pipe:///x"), "win32")), "ok");
});

test.serial("an address that is not of this machine, and a folder that does not exist", async (t) => {
  const world = new LiveSuiteWorld({ server: "", peers: [], nobody: null });
  const table = [
    ["tcp://192.0.2.1:0", ["address_not_available"]],
    ["udp://192.0.2.1:0", ["address_not_available"]],
    [`local://${folder}/none/x`, ["fs_error", "access_violation"]],
    ...(isMainThread ? [[`fifo://${folder}/none/x`, ["fs_error"]] as const] : []),
  ] as const;
  for (const [url, names] of isWindows ? table.slice(0, 2) : table) {
    const connector = valueOf(world.open(url));
    const outcome = connector.listen();
    if (nameOf(outcome) === "async") await world.pump(() => connector.lastError !== null);
    t.true((names as readonly string[]).includes(connector.lastError?.name ?? ""), connector.lastError?.message);
  }
});

test.serial("fifo: serves the next client once the stream before it is closed", async (t) => {
  if (isWindows || !isMainThread) return t.pass();
  const world = new LiveSuiteWorld({ server: `fifo://${folder}/next`, peers: [], nobody: null });
  const server = valueOf(world.open(world.urls.server));
  valueOf(server.listen());
  let waiting = 0;
  server.watch((events) => {
    if ((events & EVENTS.READ) !== 0) waiting++;
  });
  for (const n of [1, 2]) {
    const client = valueOf(world.open(world.urls.server));
    t.is(nameOf(client.connect()), "async");
    await world.pump(() => client.connected && waiting === n);
    const stream = valueOf(server.accept());
    t.is(nameOf(server.accept()), "async");
    t.is(nameOf(client.write(Uint8Array.of(n))), "ok");
    await world.pump(() => stream.peek() === 1);
    t.deepEqual(valueOf(stream.read(9)), Uint8Array.of(n));
    valueOf(client.close());
    valueOf(stream.close());
  }
  valueOf(server.close());
  t.deepEqual(readdirSync(folder), []);
});

test("in a worker, fifos are refused, and the cases of this file pass on a main thread", (t) => {
  if (isWindows || isMainThread) return t.pass();
  t.is(nameOf(fifoConnector(urlOf("fifo:///tmp/x"))), "unsupported_action");
  const root = join(import.meta.dirname, "../..");
  const ava = [join(root, "node_modules/ava/entrypoints/cli.mjs"), "--no-worker-threads", "--match", "fifo:*"];
  const { status, stdout } = spawnSync(process.execPath, [...ava, "live/connectors/suite.test.ts"], {
    cwd: root,
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "" },
  });
  t.is(status, 0, stdout);
});

test("the resolver: names, literals, its errors, and ways of one's own", async (t) => {
  const asked: string[] = [];
  const resolver = new Resolver(async (host, family) => {
    asked.push(`${host} ${family}`);
    if (host === "missing") throw Object.assign(new Error("no"), { code: "ENOTFOUND" });
    return host === "empty" ? [] : ["127.0.0.1", "::1", "127.0.0.1"];
  });
  const resolved = async (url: string): Promise<unknown> => {
    const outcome = await resolver.resolve(url);
    return outcome.ok ? [...outcome.value] : nameOf(outcome);
  };
  t.deepEqual(await resolved("tcp://localhost:80"), ["tcp4://127.0.0.1:80", "tcp6://[::1]:80"]);
  t.deepEqual(await resolved("tcp4://localhost:80"), ["tcp4://127.0.0.1:80"]);
  t.deepEqual(await resolved("udp6://localhost"), ["udp6://[::1]:0"]);
  t.deepEqual(await resolved("udp://localhost?behaviour=dgram"), [
    "udp4://127.0.0.1:0?behaviour=dgram",
    "udp6://[::1]:0?behaviour=dgram",
  ]);
  t.deepEqual(asked, ["localhost 0", "localhost 4", "localhost 6", "localhost 0"]);
  t.deepEqual(await resolved("tcp://10.0.0.1:1"), ["tcp4://10.0.0.1:1"]);
  t.deepEqual(await resolved("local:///Foo"), ["local:///Foo"]);
  t.is(asked.length, 4);
  t.is(await resolved("tcp4://::1"), "format");
  t.is(await resolved("tcp://a b"), "format");
  t.is(await resolved("tcp://missing"), "address_not_available");
  t.is(await resolved("tcp://empty"), "address_not_available");
  t.is(await resolved("mine://x"), "invalid_value");
  t.is(nameOf(resolver.register("mine", async () => ok(["anon://"]))), "ok");
  t.deepEqual(await resolved("mine://x"), ["anon://"]);
  t.is(nameOf(resolver.register("mine", async () => ok([]))), "invalid_value");
  t.is(nameOf(resolver.register("other", undefined as never)), "empty_callback");
  t.is(nameOf(resolver.register("", async () => ok([]))), "invalid_value");
});

test("the resolver asks the system for names", async (t) => {
  const found = await new Resolver().resolve("tcp4://localhost:7");
  t.deepEqual(found.ok && [...found.value], ["tcp4://127.0.0.1:7"]);
});

test.serial("a scope closes its connectors, however it ends", async (t) => {
  const before = await settled();
  const registry = createRegistry();
  const seen: Connector[] = [];
  const keep = (connector: Connector): Effect.Effect<void> => Effect.sync(() => void seen.push(connector));
  const both = Effect.gen(function* () {
    const server = yield* listenScoped(registry, "tcp://127.0.0.1");
    const client = yield* connectScoped(registry, server.url);
    yield* keep(server);
    yield* keep(client);
    t.true(server.listening && client.connected);
  });
  await Effect.runPromise(Effect.scoped(both));
  t.deepEqual(
    seen.map(({ listening, connected }) => listening || connected),
    [false, false],
  );
  const endless = Effect.runFork(Effect.scoped(Effect.andThen(both, Effect.never)));
  while (seen.length < 4) await turn();
  await Effect.runPromise(Fiber.interrupt(endless));
  t.false(seen.some(({ listening, connected }) => listening || connected));
  await leavesNothing(before);
});

test.serial("an interrupted connect is called off; failures carry the connector's error", async (t) => {
  const before = await settled();
  const registry = createRegistry();
  // Reserved for documentation: nobody answers, neither yes nor no, or there is no route at all.
  const fiber = Effect.runFork(Effect.scoped(connectScoped(registry, "tcp://192.0.2.1:9")));
  await turn();
  await Effect.runPromise(Fiber.interrupt(fiber));
  await leavesNothing(before);
  const refused = await Effect.runPromiseExit(
    Effect.scoped(connectScoped(registry, `tcp://127.0.0.1:${await unusedPort()}`)),
  );
  t.true(Exit.isFailure(refused) && String(refused.cause).includes("nobody listens there"), String(refused));
  const unknown = await Effect.runPromiseExit(Effect.scoped(openScoped(registry, "foo://")));
  t.true(Exit.isFailure(unknown));
});

function example(name: string, ...words: string[]): ChildProcess {
  const file = join(import.meta.dirname, "../../examples", name);
  return spawn(process.execPath, ["--import=tsx", file, ...words], { stdio: ["ignore", "pipe", "inherit"] });
}

test.serial("examples 04 and 05: an echo server and its client, over TCP and over UDP", async (t) => {
  for (const url of ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"]) {
    const server = example("04-echo-server.ts", url);
    const [line] = (await once(server.stdout as NonNullable<ChildProcess["stdout"]>, "data")) as [Buffer];
    const at = /listening at (\S+)/.exec(line.toString())?.[1] ?? "";
    const client = example("05-echo-client.ts", at, "hello", "there");
    const [answer] = (await once(client.stdout as NonNullable<ChildProcess["stdout"]>, "data")) as [Buffer];
    t.is(answer.toString(), "hello there\n");
    t.is(client.exitCode ?? (await once(client, "exit"))[0], 0);
    server.kill();
    await once(server, "exit");
  }
});
