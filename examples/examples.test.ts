/** Every example runs, and what it prints or comes to is a table one can read in a diff: physical results, never digests. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { assemble } from "../actors/assemble.ts";
import { results } from "../actors/results.ts";
import { Simulation } from "../sim/simulation.ts";
import { resolveScenario } from "../topologies/resolve.ts";

const run = promisify(execFile);
const HERE = import.meta.dirname;

const WALK = `
    0.000 ms  app.send        app/hello
    0.000 ms  selector.choose selector/hello  path=2d801a0b68d55801
    0.000 ms  node.forward    node/1-ff00:0:110  ingress=0 egress=1
    0.000 ms  link.admit      link/1-ff00:0:110#1>1-ff00:0:111#1  arrives_ns=5096000 waiting=0
    5.096 ms  node.forward    node/1-ff00:0:111  ingress=1 egress=2
    5.096 ms  link.admit      link/1-ff00:0:111#2>1-ff00:0:112#1  arrives_ns=10192000 waiting=0
   10.192 ms  node.deliver    node/1-ff00:0:112  ingress=1 host=10.0.0.2
   10.192 ms  host.deliver    host/1-ff00:0:112,10.0.0.2
   10.192 ms  app.receive     app/hello/sink
`;

test("01-one-packet prints the walk of one packet", async (t) => {
  const { stdout } = await run(process.execPath, ["--import=tsx", join(HERE, "01-one-packet.ts")]);
  t.is(`\n${stdout}`, WALK);
});

/** Sent, received, lost, median latency in ms, switches; a row a flow. */
function table(file: string): string[] {
  const resolved = resolveScenario(readFileSync(join(HERE, file), "utf8"), {
    file,
    readFile: () => ({ ok: false, error: "no other files" }),
  });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  const world = Simulation.create(assemble(resolved.value, { repeat: `pathloom run examples/${file}` }));
  world.run(resolved.value.duration_ns);
  const { flows, drops } = results(world, resolved.value);
  const rows = flows.map(
    ({ id, sent, received, lost, latency_ms, switches }) =>
      `${id}: ${sent} sent, ${received} received, ${lost} lost, ${latency_ms.p50?.toFixed(1)} ms, ${switches} switches`,
  );
  return [...rows, `drops: ${JSON.stringify(drops)}`];
}

const GOLDEN: Readonly<Record<string, readonly string[]>> = {
  // 1200 B each 9.6 ms for 9 s; 600 ms until the router notices, some packets under way, and one SCMP error a flow.
  "02-failover.yaml": [
    "video: 938 sent, 873 received, 65 lost, 40.4 ms, 4 switches",
    "ping: 90 sent, 82 received, 8 lost, 80.1 ms, 4 switches",
    'drops: {"interface_down":3,"link_down":70}',
  ],
  "03-jitter-and-loss.yaml": [
    "telemetry: 1800 sent, 1769 received, 31 lost, 20.5 ms, 0 switches",
    "ping: 90 sent, 86 received, 4 lost, 41.7 ms, 0 switches",
    'drops: {"loss":35}',
  ],
};

for (const file of readdirSync(HERE).filter((name) => name.endsWith(".yaml"))) {
  test(`${file} comes to its golden table`, (t) => {
    t.deepEqual(table(file), GOLDEN[file] as string[]);
  });
}

const folder = mkdtempSync(join(tmpdir(), "pathloom-echo-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

for (const url of ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", `local://${folder}/echo`, `fifo://${folder}/pipe`]) {
  test(`04-echo-server and 05-echo-client over ${url.split(":")[0]}`, async (t) => {
    const server = spawn(process.execPath, ["--import=tsx", join(HERE, "04-echo-server.ts"), url]);
    try {
      const [first] = (await once(server.stdout, "data")) as [Buffer];
      const at = /^listening at (\S+)/.exec(first.toString())?.[1] ?? "";
      const client = [join(HERE, "05-echo-client.ts"), at, "hello", "there"];
      const { stdout } = await run(process.execPath, ["--import=tsx", ...client]);
      t.is(stdout, "hello there\n");
    } finally {
      server.kill();
      await once(server, "exit");
    }
  });
}
