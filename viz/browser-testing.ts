/** For tests: pages in a real Chromium, in windows of several kinds, with what goes wrong in them written down. */
import test, { type ExecutionContext } from "ava";
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { ADVICE, executable } from "./chromium-testing.ts";

export { launchBrowser } from "./chromium-testing.ts";

/** A test in a browser: skipped, and listed as skipped, where there is none. */
export const browserTest = executable === null ? test.serial.skip : test.serial;

/** Says which tests were skipped and how to have them; in CI on Linux the browser must be there. Each file with browser tests has a test of this. */
export function expectBrowser(t: ExecutionContext, skipped: string): void {
  t.pass();
  if (executable !== null) return;
  if (process.env["CI"] === "true" && process.platform === "linux") t.fail(`no Chromium; .ci/run installs it`);
  else t.log(`no Chromium: skipped ${skipped}. To have them: ${ADVICE}`);
}

/** A page, and what happened on it. */
export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions. */
  readonly complaints: readonly string[];
  /** Everything that was asked for, the page itself included. */
  readonly requests: readonly string[];
}

/** Opens `url` in a new window, and closes it when `look` is done. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  look: (visit: Visit) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
    await look({ page, complaints, requests });
  } finally {
    await context.close();
  }
}

/** Most of axe's time goes into colours, which do not depend on a window's width; what is not colour does not depend on the scheme. */
type AxePart = "all" | "colours" | "structure";

/** What axe-core has to say against the page by WCAG 2, levels A and AA: one line for each rule that is broken. */
export async function accessibilityViolations(page: Page, part: AxePart = "all"): Promise<string[]> {
  await page.evaluate(axe.source);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const colours = "color-contrast";
  const runOnly = part === "colours" ? { type: "rule", values: [colours] } : { type: "tag", values: tags };
  const rules = part === "structure" ? { [colours]: { enabled: false } } : {};
  const wanted = JSON.stringify({ runOnly, rules, resultTypes: ["violations"] });
  const { violations } = (await page.evaluate(`axe.run(document, ${wanted})`)) as axe.AxeResults;
  return violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes
        .map(({ html }) => html)
        .slice(0, 3)
        .join(" ")}`,
  );
}

/** How far the page reaches beyond its window to the right, in pixels. */
export async function sidewaysOverflow(page: Page): Promise<number> {
  return Number(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"));
}
