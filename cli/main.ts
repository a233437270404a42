#!/usr/bin/env node
/**
 * The command line. Exit codes: 0 success; 1 the run or check failed (a port in use counts here: the input was fine, the
 * machine was not); 2 wrong usage or input; 130 ended by Ctrl-C. Results go to stdout, everything else to stderr.
 */
import * as Command from "effect/cli/Command";
import { buildInfo } from "./build-info.ts";
import { checkCommand } from "./commands/check.ts";
import { compareCommand } from "./commands/compare.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exploreCommand } from "./commands/explore.ts";
import { exportCommand } from "./commands/export.ts";
import { liveCommand } from "./commands/live.ts";
import { mergeCommand } from "./commands/merge.ts";
import { packetCommand } from "./commands/packet.ts";
import { parityCommand } from "./commands/parity.ts";
import { pathsCommand } from "./commands/paths.ts";
import { pingCommand } from "./commands/ping.ts";
import { policyCommand } from "./commands/policy.ts";
import { replayCommand } from "./commands/replay.ts";
import { reportCommand } from "./commands/report.ts";
import { runCommand } from "./commands/run.ts";
import { schemaCommand } from "./commands/schema.ts";
import { topologyCommand } from "./commands/topology.ts";
import { tracerouteCommand } from "./commands/traceroute.ts";
import { runProgram } from "./program.ts";

const pathloom = Command.make("pathloom").pipe(
  Command.withDescription("Simulates and emulates path-aware networks (SCION and its kin)"),
  Command.withExamples([
    { command: "pathloom run examples/02-failover.yaml", description: "Simulate a scenario" },
    { command: "pathloom paths diamond 1-ff00:0:110 1-ff00:0:120", description: "Look at the paths of a network" },
  ]),
  Command.withSubcommands([
    runCommand,
    compareCommand,
    liveCommand,
    mergeCommand,
    parityCommand,
    replayCommand,
    reportCommand,
    exploreCommand,
    doctorCommand,
    pathsCommand,
    policyCommand,
    pingCommand,
    tracerouteCommand,
    topologyCommand,
    checkCommand,
    schemaCommand,
    packetCommand,
    exportCommand,
  ]),
);

function versionText(): string {
  const { version, build } = buildInfo();
  return `pathloom ${version} (build ${build})`;
}

runProgram(pathloom, versionText());
