/** The charts in a real browser: drawn, linked to the cursor, saved, compared, readable. */
import { readFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
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
import type { FakeApp } from "./fixture-testing.ts";

let browser: Browser;
const served: Served[] = [];

test("a browser is there", (t) => expectBrowser(t, "the charts of the explorer"));

test.after.always(async () => {
  await browser?.close();
  for (const one of served) await one.close();
});

/** A page with charts of so many flows and bins. */
async function page(flows: number, bins: number): Promise<string> {
  browser ??= await launchBrowser();
  const one = await harness(
    `import { show } from "./charts/fixture-testing.ts"; show(document.getElementById("root"), { flows: ${flows}, bins: ${bins}, scale: 1 });`,
  );
  served.push(one);
  return one.url;
}

const WIDE = { viewport: { width: 1280, height: 720 } } as const;

/** Waits until every chart in sight is drawn, that of the answered question, too. */
async function drawn(page: Page): Promise<void> {
  const inSight = "({ top, bottom, height }) => height > 0 && bottom > 0 && top < innerHeight";
  await until(
    page,
    `[...document.querySelectorAll(".charts-box")].filter((one) => (${inSight})(one.getBoundingClientRect())).every((one) => one.querySelector("svg"))`,
  );
  const [quiet, limit] = [600, 20_000];
  await page.evaluate(`new Promise((done) => {
    let last = performance.now();
    const begin = last;
    new MutationObserver(() => { last = performance.now(); }).observe(document.body, { childList: true, subtree: true });
    const look = setInterval(() => {
      const now = performance.now();
      if (now - last < ${quiet} && now - begin < ${limit}) return;
      clearInterval(look);
      done();
    }, 50);
  })`);
}

/** Waits until an expression holds on the page. */
async function until(page: Page, expression: string): Promise<void> {
  await page.waitForFunction(expression, undefined, { timeout: 30_000 });
}

function shot(name: string): string | null {
  const folder = process.env["PATHLOOM_SHOTS"];
  return folder === undefined ? null : `${folder}/series-${name}.png`;
}

async function keep(page: Page, name: string): Promise<void> {
  const path = shot(name);
  if (path !== null) await page.screenshot({ path, fullPage: true });
}

const seeks = (page: Page): Promise<FakeApp["seeks"]> => page.evaluate("charts.app.seeks");

browserTest("all charts are drawn, in light and dark, and nothing is against them", async (t) => {
  const url = await page(4, 1_000);
  for (const colorScheme of ["light", "dark"] as const) {
    await visit(browser, url, { ...WIDE, colorScheme }, async ({ page, complaints, requests }) => {
      // Charts out of sight wait until they are seen.
      await page.setViewportSize({ width: 1280, height: 2_600 });
      await drawn(page);
      const titles = await page.locator(".charts-box:visible h3").allTextContents();
      t.deepEqual(titles, [
        "Goodput, Mbit/s",
        "Latency, mean, ms",
        "Latency: share of packets that took no longer",
        "Packets lost, packets/s",
        "Packets waiting",
        "Share of paths, f1",
        "Congestion window, f1, kB",
        "In flight, f1, kB",
        "Round trip, smoothed, f1, ms",
        "Losses seen by the sender, f1, packets/s",
      ]);
      t.is(await page.locator("svg[role=img] > desc").count(), titles.length);
      t.is(await page.locator(".charts-picture b").count(), 0, "names are text");
      await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
      t.deepEqual(await accessibilityViolations(page), []);
      t.deepEqual(complaints, []);
      t.true(requests.every((one) => one.startsWith(url) || one.startsWith("data:")));
      await keep(page, colorScheme);
    });
  }
});

browserTest("on a phone's width nothing overflows", async (t) => {
  const url = await page(4, 1_000);
  await visit(browser, url, { viewport: { width: 360, height: 3_800 } }, async ({ page }) => {
    await drawn(page);
    t.is(await sidewaysOverflow(page), 0);
    await keep(page, "phone");
  });
});

browserTest("a click, a drag and the arrow keys move the cursor, and the lines follow it", async (t) => {
  const url = await page(3, 1_000);
  await visit(browser, url, WIDE, async ({ page }) => {
    await drawn(page);
    const slider = page.locator(".charts-slider").first();
    const box = (await slider.boundingBox()) as { x: number; y: number; width: number; height: number };
    await page.mouse.click(box.x + box.width / 4, box.y + 20);
    const clicked = (await seeks(page)).at(-1)?.time ?? 0;
    t.true(Math.abs(clicked - 15e9) < 0.2e9, String(clicked));
    await page.mouse.move(box.x + 10, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 30, { steps: 4 });
    await page.mouse.up();
    const dragged = (await seeks(page)).at(-1)?.time ?? 0;
    t.true(Math.abs(dragged - 30e9) < 0.2e9, String(dragged));
    const line = (await page.locator(".charts-line").nth(1).boundingBox()) as { x: number };
    const second = (await page.locator(".charts-slider").nth(1).boundingBox()) as { x: number; width: number };
    t.true(Math.abs(line.x - (second.x + second.width / 2)) < 3, "in the other charts, too");
    const before = (await seeks(page)).length;
    await page.mouse.click(box.x - 20, box.y + 20);
    t.is((await seeks(page)).length, before, "beside the plot nothing is meant");
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    t.is((await seeks(page)).at(-1)?.time, dragged + 0.005 * 60e9);
    await page.keyboard.press("Home");
    t.is((await seeks(page)).at(-1)?.time, 0);
    t.is(await slider.getAttribute("aria-valuetext"), "0.000 seconds");
    await page.keyboard.press("End");
    t.is((await seeks(page)).at(-1)?.time, 60e9);
  });
});

browserTest("the legend puts flows away; of many the busiest are drawn, and the rest as one", async (t) => {
  const url = await page(20, 500);
  await visit(browser, url, WIDE, async ({ page }) => {
    await drawn(page);
    const names = (): Promise<string[]> =>
      page.locator(".charts-box").first().locator("svg g > title").allTextContents();
    t.is(await page.locator(".charts-flow").count(), 8);
    t.deepEqual((await names()).slice(0, 2), ["f1", "<b>f&2</b>"]);
    t.is((await names()).at(-1), "12 other flows");
    await page.getByRole("button", { name: "f3", exact: true }).click();
    await drawn(page);
    t.false((await names()).includes("f3"));
    t.is(await page.getByRole("button", { name: "f3", exact: true }).getAttribute("aria-pressed"), "false");
    await page.getByLabel("Draw another flow").selectOption({ label: "f15" });
    await drawn(page);
    t.true((await names()).includes("f15"));
    t.is((await names()).at(-1), "11 other flows");
    await page.getByLabel("Paths of flow").selectOption({ label: "f5" });
    await page.locator(".charts-box", { hasText: "Share of paths" }).first().scrollIntoViewIfNeeded();
    await drawn(page);
    t.true((await page.locator("h3").allTextContents()).includes("Share of paths, f5"));
  });
});

browserTest("another future is drawn beside it with dashes", async (t) => {
  const url = await page(2, 500);
  await visit(browser, url, { viewport: { width: 1280, height: 3_000 } }, async ({ page, complaints }) => {
    await drawn(page);
    await page.evaluate("charts.fork()");
    await drawn(page);
    const first = page.locator(".charts-box").first();
    t.deepEqual(await first.locator("svg g > title").allTextContents(), [
      "f1",
      "f1, fork",
      "<b>f&2</b>",
      "<b>f&2</b>, fork",
    ]);
    t.is(await first.locator('path.ln[stroke-dasharray="3 3"]').count(), 2);
    t.true((await page.locator("h3:visible").allTextContents()).includes("Packets waiting, fork"));
    t.true((await page.locator("h3:visible").allTextContents()).includes("Share of paths, f1, fork"));
    await keep(page, "fork");
    await page.evaluate("charts.panel.compareWith(null)");
    await drawn(page);
    t.is(await first.locator("svg g > title").count(), 2);
    t.deepEqual(complaints, []);
  });
});

browserTest("a chart is saved as SVG, as PNG of twice its size and as data", async (t) => {
  const url = await page(2, 1_000);
  await visit(browser, url, WIDE, async ({ page }) => {
    await drawn(page);
    const save = async (kind: string): Promise<Buffer> => {
      const coming = page.waitForEvent("download");
      await page.getByRole("button", { name: `Save Goodput as ${kind}` }).click();
      const download = await coming;
      t.regex(download.suggestedFilename(), /^goodput-mbit-s\.(svg|png|csv)$/);
      return readFileSync(await download.path());
    };
    const svg = (await save("SVG")).toString();
    t.regex(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    t.regex(svg, /<style>[^]*--s0:#0072b2/);
    t.notRegex(svg, /https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    const size = Number(/<svg [^>]*width="(\d+)/.exec(svg)?.[1]);
    const png = await save("PNG");
    t.is(png.subarray(1, 4).toString(), "PNG");
    t.is(png.readUInt32BE(16), 2 * size);
    t.true(png.length > 5_000);
    const path = shot("saved");
    if (path !== null) (await import("node:fs")).writeFileSync(path, png);
    const csv = (await save("CSV")).toString().split("\n");
    t.is(csv[0], "time_s,f1,<b>f&2</b>");
    t.is(csv.length, 1_002);
    t.is(csv[101]?.split(",")[0], "6");
    t.deepEqual(await page.evaluate("charts.app.problems"), []);
  });
});

browserTest(
  "100,000 points a line: drawn in few, at most four times a second, and not where nobody looks",
  async (t) => {
    const url = await page(8, 100_000);
    await visit(browser, url, WIDE, async ({ page }) => {
      await drawn(page);
      const longest = Number(
        await page.evaluate(
          "Math.max(...[...document.querySelectorAll('path.ln')].map((one) => one.getAttribute('d').length))",
        ),
      );
      t.true(longest < 60_000, `${longest} characters`);
      const redrawn =
        "let n = 0; new MutationObserver((all) => { n += all.length; }).observe(document.querySelector('.charts-picture'), { childList: true });";
      await page.evaluate(
        `${redrawn} window.redrawn = () => n; window.begun = performance.now(); charts.costs.length = 0`,
      );
      await page.evaluate(
        "new Promise((done) => { let n = 0; const id = setInterval(() => { charts.app.grow(); charts.app.move(n * 5e8); if (++n === 100) { clearInterval(id); done(); } }, 20); })",
      );
      const times = Number(await page.evaluate("redrawn()"));
      const took = Number(await page.evaluate("performance.now() - begun"));
      t.true(times >= 2 && times <= took / 250 + 2, `${times} in ${took} ms`);
      reportCosts(t, (await page.evaluate("charts.costs")) as number[]);
      await page.evaluate("charts.panel.seen(false)");
      await drawn(page);
      const hidden = Number(await page.evaluate("redrawn()"));
      await page.evaluate("for (let n = 0; n < 20; n++) charts.app.grow()");
      await drawn(page);
      t.is(Number(await page.evaluate("redrawn()")), hidden);
    });
  },
);

/** Not asserted: the machine decides. */
function reportCosts(t: ExecutionContext, costs: readonly number[]): void {
  const sorted = [...costs].sort((a, b) => a - b);
  const at = (q: number): string => (sorted[Math.floor(q * (sorted.length - 1))] ?? 0).toFixed(1);
  t.log(
    `drawing one of eight lines of 100,000 points, ms: median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}, ${costs.length} times`,
  );
}
