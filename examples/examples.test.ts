/** Every example runs, and what it prints or comes to is a table one can read in a diff: physical results, never digests. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import * as NodeServices from "@effect/platform-node/NodeServices";
import test from "ava";
import * as Effect from "effect/Effect";
import { assemble } from "../actors/assemble.ts";
import { results } from "../actors/results.ts";
import { loadScenario } from "../cli/runner/load.ts";
import { Simulation } from "../sim/simulation.ts";
import { EXPLAINED, goldenTable } from "./golden-testing.ts";

const run = promisify(execFile);
const HERE = import.meta.dirname;

const WALK = `
    0.000 ms  app.send        app/hello
    0.000 ms  selector.choose selector/hello  path=32106e1f441b3aff
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

for (const file of readdirSync(HERE).filter((name) => name.endsWith(".yaml"))) {
  const name = basename(file, ".yaml");
  const golden = join(HERE, "golden", `${name}.txt`);
  test(`${file} comes to its golden table, and to what its head says`, async (t) => {
    const path = join("examples", file);
    const { scenario } = await Effect.runPromise(Effect.provide(loadScenario(join(HERE, file)), NodeServices.layer));
    const world = Simulation.create(assemble(scenario, { repeat: `pathloom run ${path}` }));
    world.run(scenario.duration_ns);
    const outcome = results(world, scenario);
    EXPLAINED[name]?.(t, outcome);
    const table = goldenTable(scenario, outcome);
    if (process.env["PATHLOOM_WRITE_GOLDEN"] === "1") writeFileSync(golden, table);
    const expected = existsSync(golden) ? readFileSync(golden, "utf8") : "";
    t.is(table, expected, "meant to be so? PATHLOOM_WRITE_GOLDEN=1 npx ava examples/examples.test.ts");
  });
}

test("every golden table belongs to an example, and every example from 08 on is explained", (t) => {
  const yaml = readdirSync(HERE).flatMap((name) => (name.endsWith(".yaml") ? [basename(name, ".yaml")] : []));
  t.deepEqual(readdirSync(join(HERE, "golden")).toSorted(), yaml.map((name) => `${name}.txt`).toSorted());
  t.deepEqual(Object.keys(EXPLAINED).toSorted(), yaml.filter((name) => name >= "08").toSorted());
});

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
