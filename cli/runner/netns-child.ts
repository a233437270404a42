/** One AS of a run in namespaces, in its process: runs its place as its parent says, and ends with its parent. */
import { spawnSync } from "node:child_process";
import type { LiveWorld } from "../../live/driver.ts";
import { partOf } from "../../live/netns/gathered-world.ts";
import { Beat } from "./job.ts";
import type { FromNetnsChild, ToNetnsChild } from "./netns-protocol.ts";
import { PartRecording } from "./netns-recording.ts";
import { runRealTime, type RunPart } from "./real-time.ts";

const ALIVE_MS = 500;

/** Listens to the parent process until it goes away. */
export function followNetns(): void {
  const stop = new AbortController();
  let namespace: string | null = null;
  let begin: (epoch: bigint) => void = () => {};
  const epoch = new Promise<bigint>((resolve) => {
    begin = resolve;
  });
  setInterval(() => tell({ kind: "alive" }), ALIVE_MS);
  tell({ kind: "alive" });
  process.on("disconnect", () => {
    // The parent removes all namespaces, unless it was killed: then each takes its own along.
    if (namespace !== null) spawnSync("ip", ["netns", "del", namespace]);
    process.exit(1);
  });
  process.on("message", (message: ToNetnsChild) => {
    if (message.kind === "epoch") begin(message.at);
    else if (message.kind === "stop") stop.abort();
    else {
      namespace = message.namespace;
      const { job, live } = message;
      const beat = new Int32Array(Beat.words);
      void runRealTime(job, live, { beat, say: tell, signal: stop.signal, part: partOfRun(message, epoch) });
    }
  });
}

function partOfRun({ job, place }: Extract<ToNetnsChild, { kind: "begin" }>, epoch: Promise<bigint>): RunPart {
  const { files, scenario } = job;
  const recordings: PartRecording[] = [];
  return {
    epoch: () => {
      tell({ kind: "open" });
      return epoch;
    },
    probe: (world: LiveWorld): PartRecording => {
      if (files === null) throw new Error("a run that keeps nothing has no probe");
      const recording = new PartRecording(world, scenario, files, place);
      recordings.push(recording);
      return recording;
    },
    ended: (world: LiveWorld): void => {
      const samples = recordings.flatMap((recording) => recording.samples());
      tell({ kind: "part", end: { world: partOf(world), lateness: world.lateness, samples } });
    },
  };
}

function tell(message: FromNetnsChild): void {
  process.send?.(message);
}
