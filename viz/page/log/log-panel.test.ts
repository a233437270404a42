/** The event log in a real browser: a million rows, keys, filters, the cursor, a file. */
import { readFileSync } from "node:fs";
import test from "ava";
import type { Browser, Page } from "playwright-core";
import {
  accessibilityViolations,
  browserTest,
  expectBrowser,
  launchBrowser,
  sidewaysOverflow,
  visit,
} from "../../browser-testing.ts";
import { harness, type Served } from "../site-testing.ts";

const EVENTS = 1_200_000;
const ENTRY = `
import { FakeRun } from "./fake-run-testing.ts";
import { mountLog } from "./log/log.ts";
const root = document.getElementById("root");
root.style.cssText = "height: 100vh; padding: 10px";
window.app = new FakeRun({ events: ${EVENTS} });
window.panel = mountLog(root, window.app);
`;
let browser: Browser;
let served: Served;

test("is there a browser?", (t) => expectBrowser(t, "the event log"));

test.before(async () => {
  if (browserTest === test.serial) [browser, served] = await Promise.all([launchBrowser(), harness(ENTRY)]);
});

test.after.always(async () => {
  await browser?.close();
  await served?.close();
});

const calls = (page: Page): Promise<string[]> => page.evaluate("app.calls");
const numbers = (page: Page): Promise<number[]> =>
  page.evaluate(
    "[...document.querySelectorAll('.log-row:not([hidden]) .log-event')].map((cell) => Number(cell.textContent)).sort((a, b) => a - b)",
  );
const settled = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    "document.querySelector('.log-row:not([hidden]) .log-time')?.textContent !== '…' && ![...document.querySelectorAll('.log-row:not([hidden]) .log-time')].some((cell) => cell.textContent === '…')",
  );

const shows = (page: Page, event: number): Promise<unknown> =>
  page.waitForFunction(
    `[...document.querySelectorAll('.log-row:not([hidden]) .log-event')].some((cell) => cell.textContent === "${event}")`,
  );

browserTest("a million rows scroll, by hand, bar and keys, to the last one", async (t) => {
  await visit(browser, served.url, { viewport: { width: 900, height: 600 } }, async ({ page, complaints }) => {
    await settled(page);
    const status = page.getByRole("status");
    t.regex((await status.textContent()) ?? "", /^1,2\d\d,\d\d\d events$/);
    const total = Number(await page.evaluate("app.columns.last"));
    t.is((await numbers(page))[0], 1);
    await page.locator(".log-scroll").hover();
    await page.mouse.wheel(0, 240);
    await page.waitForFunction("document.querySelector('.log-row:not([hidden])').dataset.index === '10'");
    await shows(page, 11);
    t.is((await numbers(page))[0], 11, "ten rows of 24 pixels, though the bar stands for four times as many");
    await page.evaluate("document.querySelector('.log-scroll').scrollTop = 4_000_000");
    await settled(page);
    await page.waitForTimeout(250);
    await settled(page);
    const half = await numbers(page);
    t.true(Math.abs((half[0] as number) - total / 2) < total / 100, `${half[0]} is half of the way`);
    t.deepEqual(
      half,
      half.map((_, n) => (half[0] as number) + n),
      "no row is left out",
    );
    const grid = page.getByRole("grid", { name: "Event log" });
    await grid.focus();
    await page.keyboard.press("End");
    await shows(page, total);
    t.is((await numbers(page)).at(-1), total);
    t.is(await grid.getAttribute("aria-rowcount"), String(total + 1));
    await page.keyboard.press("PageUp");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Home");
    await shows(page, 1);
    t.is((await numbers(page))[0], 1);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.press("i");
    t.deepEqual((await calls(page)).slice(-2), ["seek 2", "select link/1-ff00:0:111#1>1-ff00:0:110#1"]);
    t.deepEqual(complaints, []);
  });
});

browserTest("the row at the cursor is marked and followed, until the reader scrolls", async (t) => {
  await visit(browser, served.url, { viewport: { width: 900, height: 600 } }, async ({ page }) => {
    await settled(page);
    await page.evaluate("app.seek({ event: 700_000 })");
    await page.waitForSelector('.log-row[aria-current="true"]');
    await settled(page);
    t.is(await page.locator('.log-row[aria-current="true"] .log-event').textContent(), "700000");
    await page.locator(".log-row:not([hidden])", { hasText: "700003" }).first().click();
    await page.waitForFunction("document.querySelector('.log-row[aria-current] .log-event')?.textContent === '700003'");
    await page.mouse.wheel(0, 2400);
    await page.waitForTimeout(300);
    t.false(await page.getByLabel("follow the cursor").isChecked());
    await page.evaluate("app.seek({ event: 5 })");
    await page.waitForTimeout(300);
    t.true(((await numbers(page))[0] as number) > 690_000, "it stays where the reader went");
    await page.getByLabel("follow the cursor").check();
    await page.waitForFunction("document.querySelector('.log-row[aria-current] .log-event')?.textContent === '5'");
    t.is((await numbers(page))[0], 1);
  });
});

browserTest("filters choose rows, a file holds them", async (t) => {
  await visit(
    browser,
    served.url,
    { viewport: { width: 900, height: 600 }, acceptDownloads: true },
    async ({ page }) => {
      await settled(page);
      const says = (text: RegExp): Promise<unknown> =>
        page.waitForFunction(`${text}.test(document.querySelector('.log-status').textContent)`);
      await page.getByLabel("only drops").check();
      await page.getByLabel("Actor").fill("LINK/1-ff00:0:111");
      await says(/^4,\d\d\d events$/);
      await settled(page);
      t.is(await page.locator(".log-row:not([hidden]) .log-dropped").first().textContent(), "queue_overflow");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Save as CSV" }).click(),
      ]);
      t.is(download.suggestedFilename(), "made-up-events.csv");
      const lines = readFileSync(await download.path(), "utf8")
        .trimEnd()
        .split("\r\n");
      await says(/events\. Saved 4,/);
      t.true(lines.length > 4_000 && lines.slice(1).every((line) => line.includes("queue_overflow")));
      await page.getByRole("button", { name: "Clear" }).click();
      await says(/^1,2/);
      await page.getByLabel("From (s)").fill("2");
      await page.getByLabel("To (s)").fill("2.001");
      await says(/^12\d events$/);
      await page.getByLabel("Packet").fill("999999");
      await says(/^0 events$/);
      t.is(await page.getByRole("grid").getAttribute("aria-rowcount"), "1");
    },
  );
});

browserTest("it can be used by everybody, on a phone too", async (t) => {
  for (const [width, colorScheme] of [
    [900, "light"],
    [900, "dark"],
    [390, "light"],
  ] as const) {
    await visit(browser, served.url, { viewport: { width, height: 700 }, colorScheme }, async ({ page }) => {
      await settled(page);
      await page.evaluate("app.seek({ event: 104 })");
      await page.waitForSelector('.log-row[aria-current="true"]');
      t.deepEqual(await accessibilityViolations(page), [], `${width} ${colorScheme}`);
      t.is(await sidewaysOverflow(page), 0);
      const shots = process.env["PATHLOOM_SCREENSHOTS"];
      if (shots !== undefined) await page.screenshot({ path: `${shots}/editor-log-${width}-${colorScheme}.png` });
    });
  }
});
