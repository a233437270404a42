/** For tests and benchmarks: how fast the explorer is in a real browser. Programs of the page are texts, so that no compiler adds to them. */
import type { Browser, CDPSession, Page } from "playwright-core";
import type { Progress } from "../../core/exploration.ts";
import type { Nanos } from "../../core/units.ts";
import type { GalleryFile } from "./site-testing.ts";

/** What a run ahead with the map closed took. */
export interface RunAhead {
  readonly progress: Progress;
  /** Of all threads of the page's process: they collect the garbage of the worker, and compile for it. */
  readonly cpu_s: number;
  readonly wall_s: number;
  /** Milliseconds from the question to its answer, ascending. */
  readonly seeks: readonly number[];
}

/** What the page did for each picture while it played. */
export interface FrameWork {
  /** Milliseconds of the page's own work for each, ascending: messages of the worker, and all that is drawn. */
  readonly ms: readonly number[];
  /** Packets drawn, by frame; ascending. */
  readonly packets: readonly number[];
}

/** Five kinds of flows over two ISDs whose links fail one after the other. */
export function busyScenario(seconds: number): GalleryFile {
  const between = "from: 1-ff00:0:111, to: 2-ff00:0:214";
  const paced = `${between}, packet_size: 1200B, interval: 4ms`;
  const text = `name: busy
topology: two-isds
seed: 7
duration: ${seconds}s
detection: 600ms
flows:
  - { id: shortest, app: constant-rate, ${paced}, policy: shortest }
  - { id: fastest, app: constant-rate, ${paced}, policy: lowest-latency }
  - { id: probing, app: constant-rate, ${paced}, policy: lowest-rtt }
  - { id: poisson, app: poisson, ${paced}, policy: shortest }
  - { id: ping, app: ping, ${between}, interval: 10ms, packet_size: 200B }
faults:
  - { event: flap, at: 700ms, every: 30s, for: 1s, link: "1-ff00:0:110#3" }
  - { event: flap, at: 1400ms, every: 30s, for: 1s, link: "1-ff00:0:120#3" }
`;
  return { name: "busy", title: "busy", about: "", text, files: {} };
}

/** An Internet of so many ASes, with flows from its first to its last ASes and back that keep some thousand packets on its lines. */
export function crowdedScenario(leaves: readonly string[], seconds: number): GalleryFile {
  const half = Math.floor(leaves.length / 2);
  const flows = leaves.map((from, n) => {
    const to = leaves[(n + half) % leaves.length];
    return `  - { id: f${n}, app: constant-rate, from: ${from}, to: ${to}, packet_size: 500B, interval: 500us }`;
  });
  const text = `name: crowded
topology: { preset: internet, ases: 200 }
seed: 7
duration: ${Math.round(1_000 * seconds)}ms
policy: shortest
flows:
${flows.join("\n")}
`;
  return { name: "crowded", title: "crowded", about: "", text, files: {} };
}

/** Runs a scenario ahead in a worker of its own with the map closed, and then goes to each of `times`. The page at `url` stands empty. */
export async function runAhead(
  browser: Browser,
  url: string,
  { name, text, files }: GalleryFile,
  times: readonly Nanos[],
): Promise<RunAhead> {
  const context = await browser.newContext({ bypassCSP: true });
  const processes = await browser.newBrowserCDPSession();
  try {
    const page = await context.newPage();
    // Of the same origin, and nothing runs on it.
    await page.goto(`${url}schema.json`);
    const opening = { kind: "scenario", file: `${name}.yaml`, text, files, overrides: {}, fork: null };
    await page.evaluate(WORKER);
    const begin = process.hrtime.bigint();
    const before = await rendererSeconds(processes);
    const progress = (await page.evaluate(`aheadToEnd(${JSON.stringify(opening)})`)) as Progress;
    const cpu_s = (await rendererSeconds(processes)) - before;
    const wall_s = Number(process.hrtime.bigint() - begin) / 1e9;
    const seeks = (await page.evaluate(`seekAll(${JSON.stringify(times)})`)) as number[];
    return { progress, cpu_s, wall_s, seeks: seeks.sort((a, b) => a - b) };
  } finally {
    await processes.detach();
    await context.close();
  }
}

/** Plays what the site opens first, for so many real milliseconds, once its run is known to the end. `speed`: simulated over real time. */
export async function playOn(browser: Browser, url: string, speed: number, ms: number): Promise<FrameWork> {
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 720 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(METER);
    await page.goto(url);
    await page.locator(".page-known", { hasText: /^[\d,]+ events/ }).waitFor({ state: "attached", timeout: 120_000 });
    await play(page, speed);
    // Lines fill, and what is compiled while it runs has been.
    await page.waitForTimeout(ms / 2);
    await page.evaluate("meter.reset()");
    await page.waitForTimeout(ms);
    const { work, packets } = (await page.evaluate("meter.read()")) as { work: number[]; packets: number[] };
    const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);
    return { ms: ascending(work), packets: ascending(packets) };
  } finally {
    await context.close();
  }
}

/** Of ascending values. */
export function quantile(values: readonly number[], share: number): number {
  return values[Math.floor(share * (values.length - 1))] ?? Number.NaN;
}

async function play(page: Page, speed: number): Promise<void> {
  const field = page.locator('.time-speed input[type="number"]');
  await field.fill(String(speed));
  await field.press("Enter");
  await page.locator(".time-play").click();
}

async function rendererSeconds(processes: CDPSession): Promise<number> {
  const { processInfo } = await processes.send("SystemInfo.getProcessInfo");
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

const WORKER = `
  const worker = new Worker("worker.js", { type: "module" });
  const waiting = new Map();
  let asked = 0;
  let ended, failed;
  const end = new Promise((resolve, reject) => { ended = resolve; failed = reject; });
  worker.onerror = (event) => failed(new Error(event.message));
  worker.onmessage = ({ data }) => {
    if (data.news === "frame") worker.postMessage({ taken: true });
    else if (data.news === "failed") failed(new Error(data.problem.message));
    else if (data.news === "progress") { if (data.progress.ended) ended({ ...data.progress, bookmarks: [], series: [] }); }
    else if (data.problem !== undefined) failed(new Error(data.problem.message));
    else waiting.get(data.id)(data.answer);
  };
  const ask = (name, question) => new Promise((resolve) => {
    waiting.set(asked, resolve);
    worker.postMessage({ id: asked++, name, ask: question });
  });
  globalThis.aheadToEnd = async (opening) => {
    void ask("open", opening);
    void ask("look", { map: false, packets: 0 });
    return end;
  };
  globalThis.seekAll = async (times) => {
    await ask("look", { map: true, packets: 1000 });
    const spent = [];
    for (const time of times) {
      const begin = performance.now();
      const { now } = await ask("seek", { time });
      if (now !== time) throw new Error("the cursor is at " + now + ", not at " + time);
      spent.push(performance.now() - begin);
    }
    return spent;
  };
  undefined`;

/** Every callback of the page for a picture, and every message of a worker, is timed; what falls between two pictures counts for the second. */
const METER = `{
  const meter = { open: 0, at: -1, work: [], packets: [] };
  const timed = (run) => {
    const begin = performance.now();
    try { return run(); } finally { meter.open += performance.now() - begin; }
  };
  const close = () => { meter.work.push(meter.open); meter.open = 0; };
  const request = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (draw) => request((time) => {
    if (time !== meter.at) { if (meter.at >= 0) close(); meter.at = time; }
    timed(() => draw(time));
  });
  const listen = Worker.prototype.addEventListener;
  Worker.prototype.addEventListener = function (type, hear, options) {
    if (type !== "message") return listen.call(this, type, hear, options);
    return listen.call(this, type, (event) => {
      timed(() => hear(event));
      const { frame } = event.data;
      if (frame !== undefined) meter.packets.push(frame.packetPlace.length);
    }, options);
  };
  globalThis.meter = {
    reset() { meter.work.length = 0; meter.packets.length = 0; },
    read: () => ({ work: meter.work, packets: meter.packets }),
  };
}`;
