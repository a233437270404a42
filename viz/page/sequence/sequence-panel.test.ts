/** The sequence chart in a real browser: actors, window, keys, cursor, file. */
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

/** 240 events a second: packets take 25 ms from end to end. */
const ENTRY = `
import { FakeRun } from "./fake-run-testing.ts";
import { mountSequence } from "./sequence/sequence.ts";
const root = document.getElementById("root");
root.style.cssText = "height: 100vh; padding: 10px";
window.app = new FakeRun({ events: 2400 });
window.app.seek({ event: 1190 });
window.panel = mountSequence(root, window.app);
`;
let browser: Browser;
let served: Served;

test("is there a browser?", (t) => expectBrowser(t, "the sequence chart"));

test.before(async () => {
  if (browserTest === test.serial) [browser, served] = await Promise.all([launchBrowser(), harness(ENTRY)]);
});

test.after.always(async () => {
  await browser?.close();
  await served?.close();
});

const chips = (page: Page): Promise<string[]> =>
  page.evaluate("[...document.querySelectorAll('.sequence-chips li')].map((chip) => chip.title)");
const words = (page: Page): Promise<string[]> =>
  page.evaluate("[...document.querySelectorAll('[role=option]')].map((mark) => mark.getAttribute('aria-label'))");
const says = (page: Page, text: RegExp): Promise<unknown> =>
  page.waitForFunction(`${text}.test(document.querySelector('.sequence-status').textContent)`);
const WAY = [
  "host/1-ff00:0:111,10.0.0.1",
  "node/1-ff00:0:111",
  "node/1-ff00:0:110",
  "node/1-ff00:0:112",
  "host/1-ff00:0:112,10.0.0.2",
];

browserTest("it begins with the way of the first flow, links seen through", async (t) => {
  await visit(browser, served.url, { viewport: { width: 800, height: 720 } }, async ({ page, complaints }) => {
    await says(page, /^\d+ messages$/);
    t.deepEqual(await chips(page), WAY);
    const found = await words(page);
    t.true(found.length >= 6 && found.length <= 12, `${found.length} within 50 ms`);
    t.true(
      found.some((text) =>
        /^\w+ \d+ from node\/1-ff00:0:111 to node\/1-ff00:0:110, sent at 4\.\d+ s, received at 4\.\d+ s$/.test(text),
      ),
    );
    const lines: number[][] = await page.evaluate(
      "[...document.querySelectorAll('.sequence-arrow')].map((line) => ['y1', 'y2'].map((name) => Number(line.getAttribute(name))))",
    );
    t.true(
      lines.every(([y1, y2]) => (y2 as number) >= (y1 as number)),
      `every arrow goes down: ${JSON.stringify(lines)}`,
    );
    t.deepEqual(complaints, []);
  });
});

/** The messages once they are the same for a while: after a seek they are asked for anew. */
async function settledWords(page: Page): Promise<string[]> {
  for (let before: string[] = []; ; ) {
    await page.waitForTimeout(500);
    const now = await words(page);
    if (now.length > 0 && now.join() === before.join()) return now;
    before = now;
  }
}

browserTest(
  "a wider window shows a loss with its reason; keys reach it, Enter goes there and highlights its flow",
  async (t) => {
    await visit(browser, served.url, { viewport: { width: 800, height: 720 } }, async ({ page }) => {
      await says(page, /messages$/);
      await page.getByLabel("Window").focus();
      for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowRight");
      await says(page, /^[789]\d messages$/);
      t.is(await page.getByLabel("Window").getAttribute("aria-valuetext"), "500 ms");
      await page.evaluate("app.seek({ event: 1180 })");
      const shown = await settledWords(page);
      const lost = shown.findIndex((text) => text.includes(", lost at "));
      t.regex(
        shown[lost] ?? "",
        /^\w+ \d+: queue_overflow, from node\/1-ff00:0:111 to node\/1-ff00:0:110, sent at .*, lost at 4\.9\d+ s$/,
      );
      const list = page.getByRole("listbox");
      await list.focus();
      await page.keyboard.press("Home");
      for (let n = 0; n < lost; n++) await page.keyboard.press("ArrowDown");
      t.is(await list.getAttribute("aria-activedescendant"), `sequence-message-${lost}`);
      t.is(await page.locator(`#sequence-message-${lost}`).getAttribute("aria-selected"), "true");
      await page.keyboard.press("Enter");
      await page.waitForFunction("app.calls.at(-1).startsWith('highlight')");
      const calls: string[] = await page.evaluate("app.calls");
      t.regex(calls.at(-2) ?? "", /^seek 11\d\d$/);
      t.regex(calls.at(-1) ?? "", /^highlight (video|ping)$/);
      await page.waitForTimeout(400);
      t.is(
        await page.evaluate("document.activeElement.getAttribute('role')"),
        "listbox",
        "the focus stays when it is drawn anew",
      );
    });
  },
);

browserTest("actors are added, removed, and chosen around the selected one", async (t) => {
  await visit(browser, served.url, { viewport: { width: 800, height: 720 } }, async ({ page }) => {
    await says(page, /messages$/);
    await page.getByRole("button", { name: "Remove host/1-ff00:0:111,10.0.0.1" }).click();
    const field = page.getByLabel("Add an actor");
    await field.fill("link/1-ff00:0:111#1>1-ff00:0:110#1");
    await field.press("Enter");
    t.deepEqual(await chips(page), [...WAY.slice(1), "link/1-ff00:0:111#1>1-ff00:0:110#1"]);
    await page.waitForFunction(
      "[...document.querySelectorAll('[role=option]')].some((mark) => mark.getAttribute('aria-label').includes('to link/'))",
    );
    await field.fill("nobody");
    await field.press("Enter");
    t.is((await chips(page)).length, 5);
    const around = page.getByRole("button", { name: "Neighbours of the selected" });
    t.true(await around.isDisabled());
    await page.evaluate("app.select('node/1-ff00:0:110')");
    await around.click();
    t.deepEqual(await chips(page), ["node/1-ff00:0:110", "node/1-ff00:0:111", "node/1-ff00:0:112"]);
    await page.evaluate("app.select('link/1-ff00:0:110#1>1-ff00:0:111#1')");
    await around.click();
    t.deepEqual(await chips(page), ["node/1-ff00:0:110", "link/1-ff00:0:110#1>1-ff00:0:111#1", "node/1-ff00:0:111"]);
    await page.getByLabel("Path of flow").selectOption("video");
    await page.waitForFunction("document.querySelectorAll('.sequence-chips li').length === 5");
  });
});

browserTest("the same as a table, and as a file that needs nothing else", async (t) => {
  await visit(browser, served.url, { viewport: { width: 800, height: 720 } }, async ({ page }) => {
    await says(page, /messages$/);
    await page.getByText("The messages as a table").click();
    const rows = await page.locator(".sequence-table tbody tr").count();
    t.is(rows, (await words(page)).length);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save as SVG" }).click(),
    ]);
    t.is(download.suggestedFilename(), "made-up-sequence.svg");
    const text = readFileSync(await download.path(), "utf8");
    const drawn = await page.evaluate(`(() => {
      const parsed = new DOMParser().parseFromString(${JSON.stringify(text)}, "image/svg+xml");
      return [parsed.querySelector("parsererror")?.textContent ?? null, parsed.querySelectorAll(".sequence-arrow").length, parsed.querySelectorAll("[role], [id]").length];
    })()`);
    t.deepEqual(drawn, [null, rows, 0]);
    await page.goto(`data:image/svg+xml,${encodeURIComponent(text)}`);
    const colour = await page.evaluate("getComputedStyle(document.querySelector('.sequence-arrow')).stroke");
    t.regex(String(colour), /^rgb\(/);
  });
});

browserTest("it can be used by everybody, on a phone too", async (t) => {
  for (const [width, colorScheme, scale] of [
    [800, "light", "linear"],
    [800, "dark", "compressed"],
    [390, "light", "linear"],
  ] as const) {
    await visit(browser, served.url, { viewport: { width, height: 760 }, colorScheme }, async ({ page }) => {
      await page.evaluate("app.seek({ event: 1180 })");
      await page.getByLabel("Instants").selectOption(scale);
      await page.getByLabel("Window").focus();
      for (let n = 0; n < 2; n++) await page.keyboard.press("ArrowRight");
      await page.waitForSelector(".sequence-cross");
      await page.getByRole("listbox").press("ArrowDown");
      t.deepEqual(await accessibilityViolations(page), [], `${width} ${colorScheme}`);
      t.is(await sidewaysOverflow(page), 0);
      const shots = process.env["PATHLOOM_SCREENSHOTS"];
      if (shots !== undefined) await page.screenshot({ path: `${shots}/editor-sequence-${width}-${colorScheme}.png` });
    });
  }
});
