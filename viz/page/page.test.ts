/** The explorer's page in a real browser: open, play, pause, go, share, fork, and everything that can be wrong with what is opened. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Browser, Page } from "playwright-core";
import {
  accessibilityViolations,
  browserTest,
  expectBrowser,
  launchBrowser,
  sidewaysOverflow,
  type Visit,
  visit,
} from "../browser-testing.ts";
import { writeFragment } from "./share-url.ts";
import { example, serveSite, type Served } from "./site-testing.ts";

/** The page forbids itself to run text as a program, which is how a test waits for something: but for one test, that is lifted. */
const WIDE = { viewport: { width: 1280, height: 720 }, bypassCSP: true } as const;
const PHONE = { viewport: { width: 390, height: 800 }, bypassCSP: true } as const;
const FAILOVER = example("02-failover");

const opened: { site: Promise<Served> | null; browser: Promise<Browser> | null } = { site: null, browser: null };

test.after.always(async () => {
  await (await opened.browser)?.close();
  await (await opened.site)?.close();
});

test("there is a browser to explore with", (t) => expectBrowser(t, "the explorer's page"));

/** The page at an address's fragment; looked at once its run is known to the end. */
async function explore(fragment: string, look: (visit: Visit) => Promise<void>, window: object = WIDE): Promise<void> {
  opened.site ??= serveSite([FAILOVER, example("10-delays")]);
  opened.browser ??= launchBrowser();
  const { url } = await opened.site;
  await visit(await opened.browser, `${url}${fragment}`, window, look);
}

/** Until the header counts all events. */
async function known(page: Page): Promise<void> {
  await page.locator(".page-known", { hasText: /^[\d,]+ events/ }).waitFor({ state: "attached" });
}

const value = (page: Page, selector: string): Promise<string> => page.locator(selector).inputValue();

/** Goes where the text says and waits until it is told that `there` is reached: "3.2 s", "event 500". */
async function goTo(page: Page, field: "now" | "event", text: string, there: string): Promise<void> {
  await page.locator(`.time-${field}`).fill(text);
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    `document.querySelector(".page-time .unseen[role=status]").textContent.includes("${there}")`,
  );
}

async function problem(page: Page): Promise<string> {
  await page.waitForSelector(".page-problem:not([hidden])");
  return (await page.locator(".page-problem").textContent()) ?? "";
}

function quiet(t: ExecutionContext, { complaints, requests }: Visit, base: string): void {
  t.deepEqual(complaints, []);
  t.deepEqual(
    requests.filter((one) => !one.startsWith(base) && !one.startsWith("data:")),
    [],
  );
}

browserTest("it opens, plays, pauses, goes anywhere and back, by keys alone", async (t) => {
  await explore("", async (seen) => {
    const { page } = seen;
    await known(page);
    t.is(await page.title(), "failover - Pathloom explorer");
    t.is(await value(page, ".time-now"), "0.000000 s");
    await page.keyboard.press(" ");
    await page.waitForFunction("Number(document.querySelector('.time-event').value.slice(1)) > 100");
    t.is(await page.locator(".time-play").textContent(), "Pause");
    await page.keyboard.press(" ");
    await page.waitForFunction("document.querySelector('.time-play').textContent === 'Play'");
    const paused = await value(page, ".time-event");
    await page.waitForTimeout(300);
    t.is(await value(page, ".time-event"), paused);
    await goTo(page, "now", "3.2s", "3.2 s");
    await goTo(page, "event", "#500", "event 500");
    const at500 = await value(page, ".time-now");
    await page.keyboard.press(".");
    await page.waitForFunction("document.querySelector('.time-event').value === '#501'");
    await page.keyboard.press(",");
    await page.waitForFunction("document.querySelector('.time-event').value === '#500'");
    t.is(await value(page, ".time-now"), at500);
    quiet(t, seen, (await opened.site)?.url ?? "");
  });
});

browserTest("bookmarks: the next one, the one before, and a list by kind", async (t) => {
  await explore("", async ({ page }) => {
    await known(page);
    await page.keyboard.press("n");
    await page.waitForFunction("document.querySelector('.time-event').value !== '#0'");
    t.is(await value(page, ".time-now"), "3.000000 s");
    await page.click(".time-bookmarks");
    await page.waitForSelector(".time-list button");
    const all = await page.locator(".time-list button").count();
    for (const kind of ["Drop", "Path switch", "State", "First difference"])
      await page.locator(".time-kinds label", { hasText: kind }).click();
    await page.waitForFunction(`document.querySelectorAll(".time-list button").length < ${all}`);
    const faults = await page.locator(".time-list button").allTextContents();
    t.is(faults.length, 4);
    t.regex(faults[1] ?? "", /6 s.*recovers/);
    await page.locator(".time-list button").nth(1).click();
    await page.waitForFunction("document.querySelector('.time-now').value === '6.000000 s'");
    await page.locator("#panel-inspector", { hasText: /1-ff00:0:1[13]0#/ }).waitFor();
  });
});

browserTest("a link brings back the scenario, the instant, the event and what was selected", async (t) => {
  const text = FAILOVER.text.replace("name: failover", "name: changed");
  const scenario = { file: "changed.yaml", text, files: {} };
  const view = { scenario, seed: 9, policy: null, time: 0, event: 700, actor: null, fork: null };
  await explore(`#${await writeFragment(view)}`, async ({ page }) => {
    await known(page);
    t.is(await page.title(), "changed - Pathloom explorer");
    t.is(await value(page, ".time-event"), "#700");
    await page.keyboard.press(".");
    await page.waitForFunction("document.querySelector('.time-event').value === '#701'");
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.waitForFunction("document.querySelector('.page-said').textContent !== ''");
    const link = new URL(page.url()).hash;
    const time = await value(page, ".time-now");
    await explore(link, async ({ page: again }) => {
      await known(again);
      t.is(await again.title(), "changed - Pathloom explorer");
      t.is(await value(again, ".time-event"), "#701");
      t.is(await value(again, ".time-now"), time);
    });
  });
});

browserTest("a broken link says so and shows the default", async (t) => {
  for (const [fragment, said] of [
    ["#s=broken", /cut off or changed.*default example/],
    ["#e=no-such-example", /“no-such-example”.*default example/],
    ["#e=02-failover&t=soon", /“t=” is to be a number/],
  ] as const) {
    await explore(fragment, async ({ page }) => {
      t.regex(await problem(page), said);
      await known(page);
      t.is(await page.title(), "failover - Pathloom explorer");
    });
  }
});

browserTest("a broken scenario says where, and the examples remain", async (t) => {
  const text = FAILOVER.text.replace("app: ping", "app: pong").replace("topology: diamond", "topology: dimond");
  const scenario = { file: "mine.yaml", text, files: {} };
  const view = { scenario, seed: null, policy: null, time: 0, event: null, actor: null, fork: null };
  await explore(`#${await writeFragment(view)}`, async ({ page, complaints }) => {
    const said = await problem(page);
    t.regex(said, /mine\.yaml has 2 problems/);
    t.regex(said, /mine\.yaml:9:\d+.*did you mean diamond\?/);
    await page.getByRole("button", { name: "Examples" }).click();
    await page.click('.gallery-card[data-name="02-failover"]');
    await known(page);
    t.true(await page.locator(".page-problem").isHidden());
    t.is(new URL(page.url()).hash, "#e=02-failover");
    t.deepEqual(complaints, []);
  });
});

browserTest("a run's folder opens from the disk, and a damaged one says what is wrong with it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "pathloom-run-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const run = join(folder, "kept");
  const flags = ["--duration", "2s", "--record", "--out", run];
  execFileSync(process.execPath, ["--import=tsx", "cli/main.ts", "run", "examples/02-failover.yaml", ...flags]);
  await explore("", async ({ page, complaints }) => {
    const choose = async (path: string): Promise<void> => {
      await page.getByRole("button", { name: "Examples" }).click();
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Open a run's folder" }).click();
      await (await chooser).setFiles(path);
    };
    await known(page);
    await choose(run);
    await page.locator(".page-known", { hasText: "replays identically" }).waitFor();
    await goTo(page, "event", "#900", "event 900");
    t.is(await page.locator(".page-problem").isHidden(), true);
    await page.click("#tab-fork");
    await page.locator("#panel-fork", { hasText: "This is a recorded run" }).waitFor();
    t.false(await page.getByRole("button", { name: "Fork here" }).isVisible());
    writeFileSync(join(run, "manifest.json"), "{");
    await choose(run);
    t.regex(await problem(page), /manifest\.json is damaged/);
    t.deepEqual(complaints, []);
  });
});

browserTest("what the page forbids itself does not hinder it", async (t) => {
  const look = async ({ page, complaints }: Visit): Promise<void> => {
    await known(page);
    for (const tab of await page.getByRole("tab").all()) await tab.click();
    await page.waitForTimeout(500);
    t.deepEqual(complaints, []);
  };
  await explore("", look, { ...WIDE, bypassCSP: false });
});

browserTest("a worker that cannot be had is said, not silence", async (t) => {
  opened.site ??= serveSite([FAILOVER, example("10-delays")]);
  opened.browser ??= launchBrowser();
  const context = await (await opened.browser).newContext(WIDE);
  t.teardown(() => context.close());
  const page = await context.newPage();
  await page.route("**/worker.js", (route) => route.abort());
  await page.goto((await opened.site).url);
  t.regex(await problem(page), /The simulator stopped/);
});

browserTest("a fork shows both futures, where they part, and what they came to", async (t) => {
  await explore("#e=02-failover&t=2", async ({ page, complaints }) => {
    await known(page);
    await page.click("#tab-fork");
    await page.getByLabel("Change", { exact: true }).first().selectOption("cut");
    await page.getByRole("button", { name: "Fork here" }).click();
    await page.waitForSelector(".fork-difference dl");
    await page.waitForFunction(
      "/to 10 s in the run, to 10 s in the fork/.test(document.querySelector('.fork-totals').textContent)",
    );
    t.is(await page.locator(".fork-totals tbody").count(), 3);
    const rows = await page.locator(".fork-difference dd").allTextContents();
    t.not(rows[0], rows[1]);
    await page.locator(".fork-difference button").click();
    await page.waitForFunction("document.querySelector('.time-now').value !== '2.000000 s'");
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.waitForFunction("location.hash.includes('f=')");
    await explore(new URL(page.url()).hash, async ({ page: again }) => {
      await again.click("#tab-fork");
      await again.waitForSelector(".fork-difference dl");
      t.deepEqual(await again.locator(".fork-difference dd").allTextContents(), rows);
      await again.getByRole("button", { name: "Close the fork" }).click();
      await again.waitForSelector(".fork-choose:not([hidden])");
    });
    t.deepEqual(complaints, []);
  });
});

browserTest("it is readable by all, fits its window and a phone's", async (t) => {
  await explore("", async ({ page }) => {
    await known(page);
    t.deepEqual(await accessibilityViolations(page), []);
    t.is(await sidewaysOverflow(page), 0);
    t.is(await page.evaluate("document.documentElement.scrollHeight - innerHeight"), 0);
    await page.keyboard.press("?");
    t.true(await page.getByRole("dialog", { name: "The explorer" }).isVisible());
  });
  await explore(
    "",
    async ({ page }) => {
      await known(page);
      t.is(await sidewaysOverflow(page), 0);
      t.deepEqual(await accessibilityViolations(page, "structure"), []);
    },
    { ...PHONE, colorScheme: "dark" },
  );
});
