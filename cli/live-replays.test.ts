/**
 * Live runs of every kind, recorded and replayed: each replay must be identical, however late the machine was. Twenty by default;
 * PATHLOOM_REPLAYS=100 npx ava --timeout=10m cli/live-replays.test.ts goes round again, each time with another seed.
 */
import { createSocket } from "node:dgram";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as NodeServices from "@effect/platform-node/NodeServices";
import test from "ava";
import * as Effect from "effect/Effect";
import { encodePacket } from "../core/wire/codec.ts";
import { placeAddress } from "../live/underlay/plan.ts";
import { CRAFTED } from "../sim/crafted-packets.ts";
import type { ReplayResult } from "../sim/replay.ts";
import { policySource, temporaryFolder, writeText } from "./child-testing.ts";
import { keepSecret } from "./live-flags.ts";
import { Beat, type LiveJob, type SimulationJob, type SimulationReport } from "./runner/job.ts";
import { loadScenario } from "./runner/load.ts";
import { manifestOf, recordHeader, summaryOf } from "./runner/manifest.ts";
import { loadPolicies } from "./runner/policies.ts";
import { runRealTime } from "./runner/real-time.ts";
import { recordingLevel } from "./runner/recording.ts";
import { replayRun } from "./runner/replay-run.ts";
import { openRunFolder, readRunFolder } from "./runner/run-folder.ts";

const folder = temporaryFolder();
const COUNT = Number(process.env["PATHLOOM_REPLAYS"] ?? "20");
/** Ports of this test, by run: any that others will hardly have. */
const PORTS = 20_000 + (process.pid % 200) * 100;

const PAIR = "from: 1-ff00:0:110, to: 1-ff00:0:120";
const video = `- {id: video, app: constant-rate, ${PAIR}, interval: 3ms, packet_size: 700B, stop: 600ms}`;
const ping = `- {id: ping, app: ping, ${PAIR}, interval: 25ms, packet_size: 160B, reply: select, stop: 600ms}`;
const bulk = `- {id: files, app: bulk, ${PAIR}, bytes: 300kB}`;
const pages = `- {id: pages, app: request-response, ${PAIR}, request: 300B, response: 9kB, think: 30ms}`;
const talk = `- {id: talk, app: message-stream, ${PAIR}, message: 2kB, interval: 40ms, deadline: 200ms}`;
const lossy = `links: [{link: "1-ff00:0:140#2", loss: 3%, jitter: 3ms}, {link: "1-ff00:0:150#2", loss: 3%, reorder: true, jitter: 3ms}]`;
const cut = (link: string, effect = "down"): string =>
  `faults: [{at: 200ms, event: ${effect}, link: "1-ff00:0:110#${link}"}, {at: 600ms, event: up, link: "1-ff00:0:110#${link}"}]`;
const quick = "detection: 60ms\nrevocation: 150ms";
const bfd = "bfd: {mode: on, interval: 30ms, multiplier: 3}";

/** `secret`: kept, not kept (the record has the MACs), or none (keys of the seed). */
type Keys = "kept" | "not-kept" | "seed";

interface Kind {
  readonly name: string;
  readonly keys: Keys;
  /** Lines of the scenario; name, seed, topology and duration stand before them. */
  readonly lines: readonly string[];
  /** A policy of the user's, in a file. */
  readonly policy?: string;
  /** What somebody does meanwhile; called every 20 ms. */
  readonly meanwhile?: (port: number) => void;
}

const stranger = createSocket("udp4").unref();
const echo = createSocket("udp4").unref();
echo.on("message", (bytes, { port, address }) => echo.send(bytes, port, address));
await new Promise<void>((done) => echo.bind(0, "127.0.0.1", done));

const flows = (...list: readonly string[]): string => `flows:\n  ${list.join("\n  ")}`;
const gateway = (listen: number): string =>
  flows(
    `- {id: carried, app: gateway, ${PAIR}, packet_size: 600B, listen: "127.0.0.1:${listen}", forward: "127.0.0.1:${echo.address().port}"}`,
  );

/** Packets that no router may let through, and bytes that are none: to a router's internal socket, which hears a host outside. */
function sendCrafted(port: number): void {
  for (const { packet } of CRAFTED.filter(({ ia, ingress }) => ia === "1-2" && ingress !== 0))
    stranger.send(encodePacket(packet), port, placeAddress(0));
  for (let length = 0; length < 60; length += 7) stranger.send(Buffer.alloc(length, length), port + 1, placeAddress(1));
}

const MEASURES = policySource(
  "measures",
  `(_state, view) => view.usable.reduce((best, usable, n) => usable && (best < 0 ||
    (view.measured[n]?.srtt ?? 1e12) < (view.measured[best]?.srtt ?? 1e12)) ? n : best, -1),
  observes: ["probes", "reports"], reporting: () => 40e6,
  probing: () => ({ interval: 50e6, timeout: 150e6, payload: 32 })`,
);

function kinds(port: number): readonly Kind[] {
  const outside = "underlay: {1-ff00:0:110: {outside: [127.0.0.1]}}";
  const selected = (policy: string): string => `policy: ${policy}`;
  return [
    { name: "clean", keys: "kept", lines: [flows(video, ping)] },
    { name: "clean, keys not kept", keys: "not-kept", lines: [flows(video, ping)] },
    { name: "lossy", keys: "not-kept", lines: [flows(video, ping), lossy, selected("round-robin")] },
    { name: "lossy, keys of the seed", keys: "seed", lines: [flows(video, ping), lossy, selected("lowest-latency")] },
    { name: "failover", keys: "not-kept", lines: [flows(video, ping), quick, cut("3")] },
    { name: "failover, lossy", keys: "kept", lines: [flows(video, ping), quick, cut("2"), lossy, selected("ecmp")] },
    { name: "BFD", keys: "not-kept", lines: [flows(video), bfd, quick, cut("3")] },
    { name: "BFD, keys kept", keys: "kept", lines: [flows(video, ping), bfd, quick, cut("2"), selected("random")] },
    { name: "bulk", keys: "not-kept", lines: [flows(bulk)] },
    { name: "bulk, lossy, cut", keys: "kept", lines: [flows(bulk, ping), lossy, quick, cut("3")] },
    { name: "pages and talk", keys: "not-kept", lines: [flows(pages, talk), lossy, selected("round-robin")] },
    { name: "lowest RTT", keys: "not-kept", lines: [flows(video, ping), lossy, selected("lowest-rtt")] },
    { name: "lowest loss", keys: "kept", lines: [flows(video, ping), lossy, selected("lowest-loss")] },
    { name: "oracle", keys: "not-kept", lines: [flows(video, bulk), lossy, selected("oracle")] },
    { name: "two choices", keys: "seed", lines: [flows(video, ping), lossy, cut("2"), selected("two-choices")] },
    { name: "own policy", keys: "not-kept", policy: MEASURES, lines: [flows(video, ping), lossy, quick, cut("2")] },
    {
      name: "gateway",
      keys: "not-kept",
      lines: [gateway(port + 90), lossy],
      meanwhile: (at) => stranger.send(`question ${at}`, at + 90, "127.0.0.1"),
    },
    {
      name: "gateway, cut",
      keys: "kept",
      lines: [gateway(port + 91), quick, cut("3")],
      meanwhile: (at) => stranger.send(`question ${at}`, at + 91, "127.0.0.1"),
    },
    { name: "crafted packets", keys: "not-kept", lines: [flows(video, ping), outside], meanwhile: sendCrafted },
    {
      name: "crafted packets, cut",
      keys: "seed",
      lines: [flows(bulk), outside, quick, cut("2")],
      meanwhile: sendCrafted,
    },
  ];
}

interface Ran {
  readonly report: SimulationReport;
  readonly replayed: ReplayResult;
}

async function live(job: SimulationJob, how: LiveJob): Promise<SimulationReport> {
  const signal = new AbortController().signal;
  return new Promise((resolve, reject) => {
    const beat = new Int32Array(Beat.words);
    void runRealTime(job, how, {
      beat,
      signal,
      say: (message) => {
        if (message.kind === "done") resolve(message.report);
        if (message.kind === "failed") reject(new Error(message.failure.message));
      },
    });
  });
}

/** One run as `pathloom live --record` makes it, and `pathloom replay` of what it kept. */
async function runAndReplay({ name, keys, lines, policy, meanwhile }: Kind, n: number, dir: string): Promise<Ran> {
  const port = PORTS + 10 * (n % 10);
  const own = policy === undefined ? [] : [`policy: ${writeText(folder, `policy-${n}.js`, policy)}`];
  const head = [`name: ${JSON.stringify(name)}`, `seed: ${n + 1}`, "topology: diamond", "duration: 800ms"];
  const file = writeText(folder, `${n}.yaml`, [...head, ...own, ...lines, ""].join("\n"));
  const secret = keys === "seed" ? null : `secret ${n}`;
  const how: LiveJob = {
    port: meanwhile === undefined ? 0 : port,
    addresses: "scenario",
    shape: "user",
    secret,
    logsMacs: keys === "not-kept",
  };
  const whole = Effect.gen(function* () {
    const loaded = yield* loadScenario(file);
    const { scenario, policies } = loaded;
    const level = recordingLevel(scenario, {});
    const manifest = {
      ...manifestOf(loaded, "live", "npx ava cli/live-replays.test.ts", { ...level, deliveries: true }),
      ...(keys === "seed" ? {} : { keys }),
    };
    const kept = yield* openRunFolder(dir, false);
    yield* kept.begin(scenario, manifest);
    if (secret !== null && keys === "kept") yield* keepSecret(kept.path, secret);
    const files = { folder: kept.path, header: recordHeader(manifest), everyDelivery: true, level };
    const job: SimulationJob = { scenario, repeat: manifest.command, policies, files, trace: "none" };
    const disturbing = meanwhile === undefined ? undefined : setInterval(() => meanwhile(port), 20);
    const report = yield* Effect.promise(() => live(job, how));
    clearInterval(disturbing);
    yield* kept.complete(scenario, manifest, summaryOf(scenario, manifest, report));
    const used = yield* Effect.promise(() => loadPolicies(policies));
    const replayed = yield* replayRun(yield* readRunFolder(dir), used);
    return { report, replayed };
  });
  return Effect.runPromise(Effect.provide(Effect.scoped(whole), NodeServices.layer));
}

/** Did what the kind is for happen at all? A machine that stands still for the whole of a run leaves it no time. */
function happened({ name }: Kind, { report }: Ran): boolean {
  const { result, live: figures } = report;
  const received = result.flows.every((flow) => flow.received > 0);
  if (name.includes("crafted")) return refused(result.drops) && (figures?.underlay.stray ?? 0) > 0;
  if (name.includes("gateway")) return (figures?.gateways?.["carried"]?.handedOn ?? 0) > 0;
  if (name.includes("lossy")) return received && (result.drops["loss"] ?? 0) > 0;
  return received;
}

/** Something was dropped that no link lost. */
function refused(drops: Readonly<Record<string, number>>): boolean {
  return Object.keys(drops).some((reason) => !["loss", "link_down", "interface_down"].includes(reason));
}

const ATTEMPTS = 5;

test.serial(`${COUNT} live runs of every kind, recorded, replay identically`, async (t) => {
  t.timeout(600_000);
  const once = async (n: number, attempt: number): Promise<boolean> => {
    const of = kinds(PORTS + 10 * (n % 10));
    const kind = of[n % of.length] as Kind;
    const dir = join(folder, `run-${n}-${attempt}`);
    const ran = await runAndReplay(kind, n, dir);
    const what = `${kind.name}, seed ${n + 1}`;
    t.deepEqual(ran.replayed.firstDifference, null, what);
    t.true(ran.replayed.identical, what);
    t.is(ran.replayed.digest[0], ran.report.digest, what);
    t.is(ran.replayed.events, ran.report.events, what);
    const files = [existsSync(join(dir, "secrets.json")), existsSync(join(dir, "record/macs.ndjson"))];
    t.deepEqual(files, [kind.keys === "kept", kind.keys === "not-kept"], what);
    rmSync(dir, { recursive: true });
    return happened(kind, ran);
  };
  // One after the other: a replay holds up whatever else runs in this thread.
  for (let n = 0; n < COUNT; n++) {
    let attempt = 1;
    while (!(await once(n, attempt)) && attempt < ATTEMPTS) attempt++;
    t.true(attempt < ATTEMPTS, `run ${n}: nothing of what it is for happened`);
  }
});
