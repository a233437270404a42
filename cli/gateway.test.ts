/** Real programs across a Pathloom network: dig asks dnsmasq, as in examples/25-gateway.yaml. Neither knows of it. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import test from "ava";
import type { RunSummary } from "./runner/manifest.ts";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";

const run = promisify(execFile);
const PROGRAMS = ["dnsmasq", "dig"];
const missing = PROGRAMS.filter(
  (name) => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin command -v ${name}`]).status !== 0,
);
const ADVICE = "apt-get install --no-install-recommends dnsmasq-base bind9-dnsutils";

test("there are the programs that the gateway is tried with", (t) => {
  t.pass();
  if (missing.length === 0) return;
  if (process.env["CI"] === "true" && process.platform === "linux")
    t.fail(`no ${missing.join(", ")}; .ci/run installs it`);
  else t.log(`no ${missing.join(", ")}: skipped DNS across a network. To have it: ${ADVICE}`);
});

const ARGUMENTS =
  "--no-daemon --conf-file=/dev/null --no-resolv --no-hosts --listen-address=127.0.0.1 --bind-interfaces --port=5391 --address=/example.test/192.0.2.7";

/** The answer, or null: not yet, or lost. */
async function dig(): Promise<{ readonly address: string; readonly ms: number } | null> {
  try {
    const { stdout } = await run("dig", ["@127.0.0.1", "-p", "5390", "example.test", "+tries=1", "+time=1"]);
    const address = /[ \t]A[ \t]+(\d\S+)/.exec(stdout)?.[1];
    const ms = /Query time: (\d+) msec/.exec(stdout)?.[1];
    return address === undefined || ms === undefined ? null : { address, ms: Number(ms) };
  } catch {
    return null;
  }
}

async function answered(): Promise<{ readonly address: string; readonly ms: number }> {
  for (let tries = 0; tries < 40; tries++) {
    const answer = await dig();
    if (answer !== null) return answer;
    await sleep(200);
  }
  throw new Error("no answer came");
}

(missing.length === 0 ? test : test.skip)(
  "DNS across the diamond, before and after its fastest path is cut",
  async (t) => {
    const file = writeText(
      temporaryFolder(),
      "gateway.yaml",
      readFileSync("examples/25-gateway.yaml", "utf8")
        .replaceAll(":5300", ":5390")
        .replaceAll(":5301", ":5391")
        .replace("10s", "6s"),
    );
    const server = spawn("dnsmasq", ARGUMENTS.split(" "), {
      stdio: "ignore",
      env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
    });
    const children: ChildProcess[] = [];
    const live = pathloom(["live", file, "--duration", "60s", "--json"], { onStart: (child) => children.push(child) });
    try {
      const { address, ms } = await answered();
      t.is(address, "192.0.2.7");
      // There and back on the path of 15 ms.
      t.true(ms >= 29, `${ms} ms`);
      await sleep(7_000);
      const later = await answered();
      t.true(later.ms >= 79, `${later.ms} ms on the path of 40 ms`);
    } finally {
      children[0]?.kill("SIGINT");
      server.kill();
    }
    const { code, stdout, stderr } = await live;
    t.is(code, 0, stderr);
    const { flows } = JSON.parse(stdout) as RunSummary;
    t.true((flows[0]?.replies?.received ?? 0) >= 2);
    t.is(flows[0]?.switches, 1);
  },
);
