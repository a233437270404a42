/**
 * Where simulations run, apart from the thread that watches them: a worker thread for each run (pool.ts), or a child
 * process that compares its run with another's event by event (doctor.ts).
 */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { simulate } from "./simulate.ts";
import type { WorkerInput, WorkerMessage } from "./job.ts";

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const { job, beat } = workerData as WorkerInput;
  await simulate(job, beat, (message: WorkerMessage) => port.postMessage(message));
} else if (process.send !== undefined) {
  const { followDoctor } = await import("./doctor-child.ts");
  followDoctor();
}
