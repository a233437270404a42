/** `pathloom live --netns` as a user meets it: recorded, replayed, broken off, cleaned up. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { madeByPathloom } from "../live/netns/names.ts";
import { expectNamespaces, netnsSerial } from "../live/netns/netns-testing.ts";
import { run } from "../live/netns/system.ts";
import { type ChildOptions, type Outcome, pathloom, temporaryFolder, writeText } from "./child-testing.ts";

const folder = temporaryFolder();
const SCENARIO = `name: three
topology:
  preset: line
  length: 3
  link: {latency: 5ms, rate: 2Mbit/s, loss: 5%, queue: 100}
seed: 3
duration: 2s
flows:
  - {id: up, app: constant-rate, from: 1-ff00:0:110, to: 1-ff00:0:112, interval: 10ms, packet_size: 500B, stop: 1s}
  - {id: echo, app: ping, from: 1-ff00:0:112, to: 1-ff00:0:110, interval: 100ms, stop: 1s}
`;
const scenario = writeText(folder, "three.yaml", SCENARIO);
const endless = writeText(folder, "endless.yaml", SCENARIO.replace("duration: 2s", "duration: 10min"));
const live = (args: readonly string[], options: ChildOptions = {}): Promise<Outcome> =>
  pathloom(["live", ...args, "--netns"], options);

/** Namespaces of the run that said their names. */
const namesIn = (stderr: string): string[] => stderr.match(/pl[0-9a-z]{9}-[0-9a-z]{3}/g) ?? [];
const leftOf = (names: readonly string[]): string[] =>
  madeByPathloom().flatMap(({ name }) => (names.includes(name) ? [name] : []));

/** Once the run has said its namespaces and all its processes are there. */
function onceRunning(act: (pids: readonly number[], pid: number) => void): Pick<ChildOptions, "onStart"> {
  return {
    onStart: (child) => {
      let text = "";
      child.stderr?.on("data", (piece: Buffer) => {
        text += piece.toString();
      });
      const timer = setInterval(() => {
        const pids = namesIn(text).flatMap((name) => {
          const { stdout } = run("ip", ["netns", "pids", name]);
          return stdout
            .split("\n")
            .filter((line) => line !== "")
            .map(Number);
        });
        if (pids.length < 3) return;
        clearInterval(timer);
        act(pids, child.pid as number);
      }, 50);
      child.once("close", () => clearInterval(timer));
    },
  };
}

interface Summary {
  readonly flows: readonly { id: string; sent: number; received: number; lost: number; in_flight?: number }[];
  readonly manifest: { readonly netns?: boolean; readonly kernel?: { readonly links: Record<string, string> } };
  readonly links: readonly { readonly id: string; readonly packets: number }[];
}

const summaryIn = (dir: string): Summary => JSON.parse(readFileSync(join(dir, "summary.json"), "utf8")) as Summary;

/** What a run in processes keeps is what one process would. */
function checkFolder(t: ExecutionContext, dir: string): void {
  const { flows, manifest, links } = summaryIn(dir);
  t.is(manifest.netns, true);
  t.is(links.length, 4);
  t.true(links.every(({ packets }) => packets > 0));
  for (const { sent, received, lost, in_flight = 0 } of flows) t.is(sent, received + lost + in_flight);
  t.true(flows.every(({ received }) => received > 0));
  t.deepEqual(readdirSync(join(dir, "record")).sort(), ["00.ndjson", "01.ndjson", "02.ndjson", "macs.ndjson"]);
  t.false(readdirSync(dir).some((name) => name.startsWith("series.") && name !== "series.csv"));
  const rows = readFileSync(join(dir, "series.csv"), "utf8")
    .split("\r\n")
    .map((row) => row.split(","));
  const sentInRows = rows.filter((row) => row[3] === "flow" && row[4] === "up").map((row) => Number(row[11]));
  t.is(
    sentInRows.reduce((sum, one) => sum + one, 0),
    flows[0]?.sent as number,
  );
  const samples = readFileSync(join(dir, "samples.csv"), "utf8").split("\r\n");
  t.is(samples.filter((row) => row.startsWith("up,packet,")).length, flows[0]?.received as number);
}

netnsSerial(
  "two runs at once, each one run to whoever looks: results, tables, and a record that replays",
  async (t) => {
    const [user, kernel] = [join(folder, "user"), join(folder, "kernel")];
    const both = await Promise.all([
      live([scenario, "--record", user]),
      live([scenario, "--record", kernel, "--shape", "kernel"]),
    ]);
    for (const { code, stderr } of both) {
      t.is(code, 0, stderr);
      t.is(namesIn(stderr).length, 3, stderr);
      t.deepEqual(leftOf(namesIn(stderr)), []);
    }
    for (const dir of [user, kernel]) checkFolder(t, dir);
    const replayed = await Promise.all([user, kernel].map((dir) => pathloom(["replay", dir])));
    for (const { code, stdout, stderr } of replayed) t.is(code, 0, stdout + stderr);
    t.is(summaryIn(user).flows[0]?.lost, summaryIn(kernel).flows[0]?.lost, "loss hangs on the packet alone");
    t.deepEqual(Object.keys(summaryIn(kernel).manifest.kernel?.links ?? {}).length, 4);
  },
);

netnsSerial("a process that dies ends the run, and nothing is left", async (t) => {
  const { code, stderr } = await live(
    [endless],
    onceRunning((pids) => void setTimeout(() => process.kill(pids[1] as number, "SIGKILL"), 1_000)),
  );
  t.is(code, 1, stderr);
  t.regex(stderr, /the process of 1-ff00:0:111 ended by itself \(killed by SIGKILL\)/);
  t.deepEqual(leftOf(namesIn(stderr)), []);
});

netnsSerial("Ctrl-C ends all of it and prints what there is", async (t) => {
  const early = onceRunning((_, pid) => setTimeout(() => process.kill(pid, "SIGINT"), 1_500));
  const { code, stdout, stderr } = await live([endless, "--json"], early);
  t.is(code, 0, stderr);
  t.true((JSON.parse(stdout) as { simulated_s: number }).simulated_s < 100);
  t.deepEqual(leftOf(namesIn(stderr)), []);
});

netnsSerial("a run that is killed leaves nothing that runs, and --clean removes the rest", async (t) => {
  const { code, stderr } = await live(
    [endless],
    onceRunning((_, pid) => process.kill(pid, "SIGKILL")),
  );
  t.is(code, null);
  const names = namesIn(stderr);
  const cleaned = await pathloom(["live", "--clean"]);
  t.is(cleaned.code, 0, cleaned.stderr);
  t.regex(cleaned.stdout, /removed pl|nothing was left/);
  t.deepEqual(leftOf(names), []);
});

netnsSerial("the worlds agree on what the logic does", async (t) => {
  const { code, stdout, stderr } = await pathloom(["parity", scenario, "--netns", "--json"]);
  t.not(code, 2, stderr);
  const { metrics, firstDifference, machines } = JSON.parse(stdout) as {
    metrics: { name: string; ok: boolean }[];
    firstDifference: unknown;
    machines: { same: boolean };
  };
  t.is(firstDifference, null);
  t.true(machines.same);
  t.true(metrics.find(({ name }) => name === "up lost")?.ok);
});

test("what cannot be is one sentence", async (t) => {
  const refused = async (args: readonly string[], message: RegExp, options: ChildOptions = {}): Promise<void> => {
    const { code, stderr } = await pathloom(["live", ...args], options);
    t.is(code, 2, stderr);
    t.regex(stderr, message);
    t.is(stderr.trim().split("\n").length, 1, stderr);
  };
  await Promise.all([
    refused([scenario, "--shape", "kernel"], /give --netns too/),
    refused([scenario, "--netns", "--port", "3000"], /leave out --port and --loopback/),
    refused([scenario, "--netns", "--only", "1-ff00:0:110"], /leave out --only/),
    refused([scenario, "--clean"], /leave out the scenario/),
  ]);
  if (process.platform !== "linux") return;
  const message = process.getuid?.() === 0 ? /need the program ip: install iproute2/ : /need root/;
  for (const args of [["--clean"], [scenario, "--netns"]])
    await refused(args, message, { env: { PATH: "/nonexistent" } });
});

test("there are namespaces, or it says why not", (t) => {
  expectNamespaces(t, "live --netns");
});
