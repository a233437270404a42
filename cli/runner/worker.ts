/**
 * Where runs run, apart from the thread that watches them: a worker thread for each run (pool.ts), or a child
 * process that compares its run with another's event by event (doctor.ts).
 */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { simulate } from "./simulate.ts";
import type { WorkerInput, WorkerMessage } from "./job.ts";

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const { job, beat, live } = workerData as WorkerInput;
  const say = (message: WorkerMessage): void => port.postMessage(message);
  if (live === null) await simulate(job, beat, say);
  else {
    const { runRealTime } = await import("./real-time.ts");
    const early = new AbortController();
    port.once("message", () => early.abort());
    await runRealTime(job, live, { beat, say, signal: early.signal });
  }
} else if (process.send !== undefined && process.argv[2] === "netns") {
  const { followNetns } = await import("./netns-child.ts");
  followNetns();
} else if (process.send !== undefined) {
  const { followDoctor } = await import("./doctor-child.ts");
  followDoctor();
}
