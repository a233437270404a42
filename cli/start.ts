/**
 * `npm start`: the path policies that ship, compared on the default scenario, two ISDs with three unlike links between them. It is
 * `pathloom compare` with a scenario and a folder of its own. Beginners start here.
 */
import { join, relative } from "node:path";
import * as Command from "effect/cli/Command";
import { buildInfo } from "./build-info.ts";
import { compareAndPrint, whole } from "./commands/compare.ts";
import { comparisonFlags } from "./compare-flags.ts";
import { jsonFlag } from "./flags.ts";
import { runProgram } from "./program.ts";

const ROOT = join(import.meta.dirname, "..");
const SCENARIO = relative(process.cwd(), join(ROOT, "examples", "18-compare-two-isds.yaml"));
const OUT = relative(process.cwd(), join(ROOT, "runs", "start"));

const flags = { ...comparisonFlags, json: jsonFlag };

const start = Command.make("npm start --", flags, ({ json, ...rest }) =>
  whole(compareAndPrint({ file: SCENARIO, flags: rest, out: OUT, force: true }, json)),
).pipe(
  Command.withDescription(
    "Compare the path policies that ship on the default scenario, and write a report to runs/start",
  ),
  Command.withExamples([
    { command: "npm start", description: "All cores" },
    { command: "npm start -- --workers 1", description: "One run at a time: the same digest" },
    { command: "npm start -- --replications 2 --policies shortest,./mine.ts", description: "A quick look at your own" },
  ]),
);

runProgram(start, buildInfo().version);
