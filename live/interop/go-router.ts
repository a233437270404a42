/** scionproto's border router as a process of our own: started, ready when its log says so, stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Site, writeSite } from "./site.ts";

/** What the router logs once all its sockets are bound. */
const READY = "Dataplane configured successfully";
const START_LIMIT_MS = 20_000;
/** Lines of its log that are kept for an error's message. */
const KEPT_LINES = 20;

export class GoRouter {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #log: string[] = [];
  readonly #ended: Promise<void>;

  private constructor(program: string, site: Site) {
    this.#folder = mkdtempSync(join(tmpdir(), "pathloom-scion-"));
    const file = writeSite(site, this.#folder);
    this.#process = spawn(program, ["--config", file], { stdio: ["ignore", "pipe", "pipe"] });
    this.#ended = new Promise((done) => {
      this.#process.once("error", () => done());
      this.#process.once("exit", () => done());
    });
    process.once("exit", this.#clean);
  }

  /** Resolves once the router takes packets; throws with the end of its log where it does not come that far. */
  static async start(program: string, site: Site): Promise<GoRouter> {
    const router = new GoRouter(program, site);
    const failure = await router.#ready();
    if (failure === null) return router;
    await router.stop();
    throw new Error(`${failure}. The end of its log:\n${router.#log.join("\n")}`);
  }

  #ready(): Promise<string | null> {
    return new Promise((done) => {
      const limit = setTimeout(() => done(`the router was not ready after ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS);
      const finish = (failure: string | null): void => {
        clearTimeout(limit);
        done(failure);
      };
      for (const stream of [this.#process.stdout, this.#process.stderr]) {
        if (stream === null) continue;
        createInterface({ input: stream }).on("line", (line) => {
          this.#log.push(line);
          if (this.#log.length > KEPT_LINES) this.#log.shift();
          if (line.includes(READY)) finish(null);
        });
      }
      void this.#ended.then(() => finish("the router ended at once"));
    });
  }

  /** Ends it at once, as a crash would: nobody is told. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill("SIGKILL");
    await this.#ended;
    process.off("exit", this.#clean);
    this.#clean();
  }

  /** Also where this process ends before it. */
  readonly #clean = (): void => {
    this.#process.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  };
}
