/**
 * `npm run picture`: builds the explorer, opens it in Chromium and takes the documentation's pictures, `docs/explorer/*.png`;
 * `npm run picture -- map log` takes some of them. Scenario, instant and window are fixed; letters look as the fonts at hand do.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { ADVICE, executable, launchBrowser } from "../chromium-testing.ts";
import { serveSite } from "../page/site-testing.ts";
import { PICTURES, type Picture } from "./list.ts";
import { shrinkPng } from "./png.ts";

const FOLDER = join(import.meta.dirname, "../../docs/explorer");
/** Pixels of the picture for one of the window. */
const SCALE = 1.5;
/** Until what moves on the page has come to rest. */
const REST_MS = 1500;
const KNOWN_MS = 120_000;
/** How fast this computer simulates, and whether the caret is just there, is not to be seen. */
const STILL =
  ".page-known { visibility: hidden } * { caret-color: transparent !important } .cm-cursor { visibility: hidden !important }";

async function take(browser: Browser, url: string, { name, window, fragment, show }: Picture): Promise<void> {
  const context = await browser.newContext({
    viewport: window,
    deviceScaleFactor: SCALE,
    reducedMotion: "reduce",
    colorScheme: "light",
    bypassCSP: true,
  });
  try {
    const page = await context.newPage();
    await page.goto(`${url}${fragment}`);
    await wholeRun(page);
    await page.addStyleTag({ content: STILL });
    const part = await show(page);
    await page.waitForTimeout(REST_MS);
    const file = shrinkPng(await (part ?? page).screenshot());
    writeFileSync(join(FOLDER, `${name}.png`), file);
    console.log(`docs/explorer/${name}.png: ${Math.ceil(file.length / 1000)} kB`);
  } finally {
    await context.close();
  }
}

/** The header counts all events once the run is known to its end. */
async function wholeRun(page: Page): Promise<void> {
  const head = page.locator(".page-known", { hasText: /^[\d,]+ events/ });
  await head.waitFor({ state: "attached", timeout: KNOWN_MS });
}

/** @returns the exit code */
async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !PICTURES.some((picture) => picture.name === name));
  if (unknown.length > 0) {
    console.error(`no picture ${unknown.join(", ")}; there are ${PICTURES.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  if (executable === null) {
    console.error(`no Chromium to take pictures with: ${ADVICE}`);
    return 1;
  }
  mkdirSync(FOLDER, { recursive: true });
  const [site, browser] = await Promise.all([serveSite(), launchBrowser()]);
  try {
    for (const picture of PICTURES)
      if (names.length === 0 || names.includes(picture.name)) await take(browser, site.url, picture);
  } finally {
    await browser.close();
    await site.close();
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
