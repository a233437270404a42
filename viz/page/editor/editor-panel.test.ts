/** The editor in a real browser: completion, problems, running, keys. The check is the worker's own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { Browser, Page } from "playwright-core";
import { jsonSchemaOf, shareParts } from "../../../topologies/json-schema.ts";
import {
  accessibilityViolations,
  browserTest,
  expectBrowser,
  launchBrowser,
  sidewaysOverflow,
  visit,
} from "../../browser-testing.ts";
import { example, harness, type Served } from "../site-testing.ts";

const TEXT = example("02-failover").text;
const ENTRY = `
import { resolveScenario } from "../../topologies/resolve.ts";
import { FakeRun } from "./fake-run-testing.ts";
import { mountEditor } from "./editor/editor.ts";
const root = document.getElementById("root");
root.style.cssText = "height: 100vh; padding: 10px";
function check(text) {
  const resolved = resolveScenario(text, { file: "x.yaml", readFile: (path) => ({ ok: false, error: path }) });
  return resolved.ok ? [] : resolved.error.map(({ file, line, column, message, didYouMean }) => ({ file, line, column, message, didYouMean, advice: didYouMean === undefined ? null : "did you mean " + didYouMean + "?" }));
}
window.app = new FakeRun({ events: 10, check });
window.ran = [];
window.shell = {
  text: () => ${JSON.stringify(TEXT)},
  file: () => "x.yaml",
  files: () => ({}),
  run: async (text) => void window.ran.push(text),
  onText: (hear) => (window.give = hear),
};
window.panel = mountEditor(root, window.app, window.shell);
root.append(Object.assign(document.createElement("button"), { textContent: "after" }));
`;
let browser: Browser;
let served: Served;

test("is there a browser?", (t) => expectBrowser(t, "the editor"));

test.before(async () => {
  if (browserTest !== test.serial) return;
  [browser, served] = await Promise.all([launchBrowser(), harness(ENTRY)]);
  writeFileSync(join(served.folder, "schema.json"), JSON.stringify(shareParts(jsonSchemaOf("scenario"))));
});

test.after.always(async () => {
  await browser?.close();
  await served?.close();
});

const box = (page: Page) => page.getByRole("textbox", { name: "Scenario, YAML" });
const ran = (page: Page): Promise<string[]> => page.evaluate("ran");
const WIDE = { viewport: { width: 700, height: 700 } };

browserTest("a scenario that is opened with a problem shows the problem's line", async (t) => {
  await visit(browser, served.url, WIDE, async ({ page }) => {
    const broken = `${"# A line\n".repeat(200)}topology: diamond\nduratoin: 1s\nflows: []\n`;
    await page.evaluate(`give(${JSON.stringify(broken)})`);
    const line = page.locator(".cm-line", { hasText: "duratoin" });
    await line.waitFor();
    t.true((await page.locator(".cm-scroller").evaluate((scroller) => scroller.scrollTop)) > 1_000);
    await page.getByRole("button", { name: "Change to duration" }).waitFor();
  });
});

/** A new line at the end. */
async function atEnd(page: Page): Promise<void> {
  await box(page).click();
  await page.keyboard.press("Control+End");
}

browserTest("it runs as it stands, and what was typed", async (t) => {
  await visit(browser, served.url, WIDE, async ({ page, complaints }) => {
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForFunction("ran.length === 1");
    t.deepEqual(await ran(page), [TEXT], "not a character is changed");
    await atEnd(page);
    await page.keyboard.type("# the end");
    t.is(await page.getByRole("status").textContent(), "changed, not run yet");
    await page.keyboard.press("Control+s");
    await page.waitForFunction("ran.length === 2");
    t.is((await ran(page))[1], `${TEXT}# the end`);
    await page.waitForFunction("document.querySelector('.editor-status').textContent === ''");
    await page.keyboard.press("Control+z");
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForFunction("ran.length === 3");
    t.is((await ran(page))[2], TEXT);
    t.deepEqual(complaints, []);
  });
});

browserTest("a broken scenario is marked, refused, and mended by its fix", async (t) => {
  await visit(browser, served.url, WIDE, async ({ page }) => {
    await page.evaluate(`give(${JSON.stringify(TEXT.replace("topology: diamond", "topology: diamnd"))})`);
    await page.waitForSelector(".cm-lintRange-error");
    t.is(await page.locator(".cm-lintRange-error").first().textContent(), "diamnd");
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForFunction("document.querySelector('.editor-status').textContent.startsWith('Not run')");
    t.regex((await page.getByRole("status").textContent()) ?? "", /^Not run: 1 problem/);
    t.deepEqual(await ran(page), []);
    t.regex((await page.locator(".editor-problems:not([hidden])").textContent()) ?? "", /did you mean diamond\?/);
    await page
      .locator(".editor-problems:not([hidden])")
      .getByRole("button", { name: /Change to diamond/ })
      .click();
    await page.waitForFunction("document.querySelector('.cm-lintRange-error') === null");
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForFunction("ran.length === 1");
    t.deepEqual(await ran(page), [TEXT]);
  });
});

browserTest("keys, words and names are completed in place", async (t) => {
  await visit(browser, served.url, WIDE, async ({ page }) => {
    await page.waitForFunction(
      "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('schema.json'))",
    );
    await atEnd(page);
    const options = page.locator(".cm-tooltip-autocomplete [role=option]");
    const choose = async (typed: string, label: string): Promise<void> => {
      await page.keyboard.type(typed);
      await options.filter({ hasText: label }).first().waitFor();
      await page.waitForTimeout(120);
      await page.keyboard.press("Enter");
    };
    await choose("disco", "discovery");
    await choose("bea", "beaconing");
    await page.keyboard.press("Enter");
    await choose("work", "workloads");
    await choose("na", "name");
    await page.keyboard.type("x");
    await page.keyboard.press("Enter");
    await choose("fr", "from");
    await choose("1-ff00:0:112", "1-ff00:0:112");
    const text: string = await page.evaluate(
      "[...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')",
    );
    t.true(text.endsWith("discovery: beaconing\nworkloads:\n  - name: x\n    from: 1-ff00:0:112"), text.slice(-120));
    await page.waitForFunction("document.querySelector('.editor-help').textContent.startsWith('from (')");
  });
});

browserTest("Escape, then Tab leaves it; Tab alone indents; another scenario takes its place", async (t) => {
  await visit(browser, served.url, WIDE, async ({ page }) => {
    await page.evaluate('give("topology: tiny")');
    await box(page).click();
    await page.keyboard.press("Home");
    await page.keyboard.press("Tab");
    t.is(await box(page).textContent(), "  topology: tiny");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    t.is(await page.evaluate("document.activeElement.textContent"), "after");
    await page.getByRole("button", { name: "Undo" }).click();
    t.is(await box(page).textContent(), "topology: tiny");
    await page.evaluate('give("")');
    t.regex((await box(page).textContent()) ?? "", /^A recorded run has no scenario/);
  });
});

browserTest("it can be used by everybody, on a phone too", async (t) => {
  for (const [width, colorScheme] of [
    [700, "light"],
    [700, "dark"],
    [390, "light"],
  ] as const) {
    await visit(browser, served.url, { viewport: { width, height: 700 }, colorScheme }, async ({ page }) => {
      await page.evaluate(`give(${JSON.stringify(TEXT.replace("app: ping", "app: pinng"))})`);
      await page.waitForSelector(".cm-lintRange-error");
      await page.getByRole("button", { name: "Run" }).click();
      await page.waitForSelector(".editor-problems:not([hidden])");
      t.deepEqual(await accessibilityViolations(page), [], `${width} ${colorScheme}`);
      await page.keyboard.press("Control+End");
      await page.keyboard.type("war");
      await page.waitForSelector(".cm-tooltip-autocomplete");
      await page.waitForTimeout(200);
      t.deepEqual(await accessibilityViolations(page, "colours"), [], `${width} ${colorScheme}, completing`);
      t.is(await sidewaysOverflow(page), 0);
      const shots = process.env["PATHLOOM_SCREENSHOTS"];
      if (shots !== undefined) await page.screenshot({ path: `${shots}/editor-yaml-${width}-${colorScheme}.png` });
    });
  }
});
