/** For tests of the whole page: the site as it is built, once for all files that ask, served as `pathloom explore` serves it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import type { ExecutionContext } from "ava";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { ExploredRun, findRun } from "../../../cli/runner/explore-run.ts";
import { readSite, serveExplorer } from "../../../cli/runner/explore-server.ts";
import { launchBrowser, type Visit, visit } from "../../browser-testing.ts";
import type { Opening } from "../protocol.ts";

/** The page forbids itself to run text as a program, which is how a test waits for something. */
export const WIDE = { viewport: { width: 1280, height: 720 }, bypassCSP: true } as const;
export const PHONE = { viewport: { width: 390, height: 844 }, bypassCSP: true } as const;
/** Milliseconds: no test fails because a machine is slow. */
const READY = 40_000;

const ROOT = join(import.meta.dirname, "../../..");
/** Test files run in threads of one process: the first of them builds, the last one cleans up. */
const SHARED = join(tmpdir(), `pathloom-whole-${process.pid}`);
const SITE = join(SHARED, "site");
const USE = join(SHARED, `use-${threadId}`);

async function alone<T>(act: () => Promise<T>): Promise<T> {
  const lock = `${SHARED}.lock`;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  try {
    return await act();
  } finally {
    rmdirSync(lock);
  }
}

/** One browser and the site for all tests of a file. */
export class Whole {
  #browser: Promise<Browser> | null = null;
  #site: Promise<string> | null = null;
  #plain: Promise<{ readonly url: string; close(): Promise<void> }> | null = null;
  /** What the build said of sizes; "": another file of tests has built it. */
  built = "";

  browser(): Promise<Browser> {
    this.#browser ??= launchBrowser();
    return this.#browser;
  }

  /** The folder of the built site. */
  site(): Promise<string> {
    this.#site ??= alone(async () => {
      mkdirSync(SHARED, { recursive: true });
      writeFileSync(USE, "");
      if (existsSync(SITE)) return SITE;
      const making = mkdtempSync(join(SHARED, "making-"));
      const build = ["--import=tsx", join(ROOT, "build-site.ts"), making];
      this.built = execFileSync(process.execPath, build, { cwd: ROOT, encoding: "utf8" }).trim();
      renameSync(making, SITE);
      return SITE;
    });
    return this.#site;
  }

  /** Serves the page with something to open, as the command does; null: its examples. */
  async serve(
    opening: Opening | null,
    run: ExploredRun | null = null,
  ): Promise<{ url: string; close(): Promise<void> }> {
    const site = await Effect.runPromise(readSite(await this.site()));
    const scope = Scope.makeUnsafe();
    const serving = { site, opening: () => run?.opening() ?? opening, run, host: "127.0.0.1", port: 0 };
    const url = await Effect.runPromise(Effect.provideService(serveExplorer(serving), Scope.Scope, scope));
    return { url, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) };
  }

  /** A run's folder, or one that is being written. */
  serveRun(folder: string): Promise<{ url: string; close(): Promise<void> }> {
    const found = findRun(folder);
    if (found === null) throw new Error(`${folder} is no run`);
    return this.serve(null, new ExploredRun(found));
  }

  /** The page with its examples, at an address's fragment; what it complains of and asks for elsewhere fails the test. */
  async explore(
    t: ExecutionContext,
    fragment: string,
    look: (page: Page, seen: Visit) => Promise<void>,
    window: BrowserContextOptions = WIDE,
  ): Promise<void> {
    this.#plain ??= this.serve(null);
    await this.at(t, (await this.#plain).url, fragment, look, window);
  }

  async at(
    t: ExecutionContext,
    url: string,
    fragment: string,
    look: (page: Page, seen: Visit) => Promise<void>,
    window: BrowserContextOptions = WIDE,
  ): Promise<void> {
    await visit(await this.browser(), `${url}${fragment}`, window, async (seen) => {
      seen.page.setDefaultTimeout(READY);
      await look(seen.page, seen);
      t.deepEqual(seen.complaints, [], "the console is quiet");
      const elsewhere = seen.requests.filter((one) => !one.startsWith(url) && !/^(data|blob):/.test(one));
      t.deepEqual(elsewhere, [], "nothing is asked of others");
    });
  }

  async close(): Promise<void> {
    await (await this.#browser)?.close();
    await (await this.#plain)?.close();
    if (this.#site === null) return;
    await alone(async () => {
      rmSync(USE, { force: true });
      const used = readdirSync(SHARED).some((name) => name.startsWith("use-"));
      if (!used) rmSync(SHARED, { recursive: true, force: true });
    });
  }
}

/** Until the run is known to its end. @returns its number of events */
export async function known(page: Page): Promise<number> {
  const text = page.locator(".page-known", { hasText: /^[\d,]+ events/ });
  await text.waitFor({ state: "attached" });
  return Number(/^[\d,]+/.exec((await text.textContent()) ?? "")?.[0].replaceAll(",", ""));
}

/** Until a field of the page has this value. */
export async function reads(page: Page, selector: string, value: string): Promise<void> {
  await page.waitForFunction(
    `document.querySelector(${JSON.stringify(selector)})?.value === ${JSON.stringify(value)}`,
    null,
    { polling: 50 },
  );
}

/** Types an instant and waits until the page is there; what stands there then is written otherwise than what was typed. */
export async function goToTime(page: Page, seconds: number): Promise<void> {
  await page.locator(".time-now").fill(`${seconds}s`);
  await page.keyboard.press("Enter");
  await reads(page, ".time-now", `${seconds.toFixed(6)} s`);
}

export async function goToEvent(page: Page, event: number): Promise<void> {
  await page.locator(".time-event").fill(String(event));
  await page.keyboard.press("Enter");
  await reads(page, ".time-event", `#${event}`);
}

export async function eventOf(page: Page): Promise<number> {
  return Number((await page.locator(".time-event").inputValue()).slice(1));
}

/** Finds an actor by the inspector's field and waits until it is shown. */
export async function inspect(page: Page, actor: string): Promise<void> {
  await page.click("#tab-inspector");
  await page.locator("#insp-field").fill(actor);
  const options = page.locator(`#insp-list [role="option"] span:first-child`);
  await options.first().waitFor();
  const at = (await options.allTextContents()).indexOf(actor);
  await options.nth(at).click();
  await inspected(page, actor);
}

export async function inspected(page: Page, actor: string): Promise<void> {
  await page.getByRole("heading", { name: actor, exact: true }).waitFor();
}

/** What the page says is wrong. */
export async function problem(page: Page): Promise<string> {
  await page.waitForSelector(".page-problem:not([hidden])");
  return (await page.locator(".page-problem").textContent()) ?? "";
}
