/** `npm run bench -- NAME [--small] [--json]`: one readable line, or with `--json` one JSON object as the last line. */
import { actorsBench } from "./actors.ts";
import { associationsBench } from "./associations.ts";
import { beaconingBench } from "./beaconing.ts";
import type { Bench, BenchResult } from "./bench.ts";
import { chainBench, chainColdBench } from "./chain.ts";
import { channelChainBench, channelChainRealBench } from "./channel-chain.ts";
import { channelCoupledBench } from "./channel-coupled.ts";
import { channelDumbbellBench, channelDumbbellOneBench } from "./channel-dumbbell.ts";
import { channelLiveBench } from "./channel-live.ts";
import { codecBench } from "./codec.ts";
import { connectorsBench } from "./connectors.ts";
import { coverageBench } from "./coverage.ts";
import { discoveryBench } from "./discovery.ts";
import { explorerBench } from "./explorer.ts";
import { gridBench } from "./grid.ts";
import { liveForwardBench } from "./live-forward.ts";
import { pholdBench } from "./phold.ts";
import { recordingBench } from "./recording.ts";
import { selectorBench } from "./selector.ts";
import { travelBench } from "./travel.ts";

export const BENCHES: readonly Bench[] = [
  chainBench,
  chainColdBench,
  pholdBench,
  gridBench,
  actorsBench,
  connectorsBench,
  codecBench,
  liveForwardBench,
  recordingBench,
  selectorBench,
  coverageBench,
  discoveryBench,
  beaconingBench,
  associationsBench,
  channelDumbbellBench,
  channelDumbbellOneBench,
  channelCoupledBench,
  channelChainBench,
  channelChainRealBench,
  channelLiveBench,
  travelBench,
  explorerBench,
];

function readable({ name, rate, unit, hash, wall_s, cpu_s, peak_rss_mb, node, more }: BenchResult): string {
  const figures = Object.entries(more ?? {}).map(([key, value]) => `${key} ${value}`);
  const rest = [
    `wall ${wall_s.toFixed(2)} s`,
    `cpu ${cpu_s.toFixed(2)} s`,
    `peak ${peak_rss_mb} MB`,
    ...figures,
    `hash ${hash}`,
    `Node ${node}`,
  ];
  return `${name}: ${(rate / 1e6).toFixed(3)} million ${unit} (${rest.join(", ")})`;
}

async function main(words: readonly string[]): Promise<number> {
  const names = words.filter((word) => !word.startsWith("--"));
  const bench = BENCHES.find(({ name }) => name === names[0]);
  if (bench === undefined || names.length !== 1) {
    const list = BENCHES.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n");
    console.error(`usage: npm run bench -- NAME [--small] [--json]\n${list}`);
    return 2;
  }
  const missing = bench.missing?.() ?? null;
  if (missing !== null) {
    console.error(missing);
    return 1;
  }
  const result = await bench.run(words.includes("--small") ? "small" : "large");
  console.log(words.includes("--json") ? JSON.stringify(result) : readable(result));
  return 0;
}

if (process.argv[1]?.endsWith("main.ts") === true) process.exitCode = await main(process.argv.slice(2));
