/** The map in a real browser: what it shows, what keys and pointer do, that it stays quick. */
import test, { type ExecutionContext } from "ava";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { PresetValues } from "../../../topologies/presets/parameters.ts";
import { buildPreset } from "../../../topologies/presets.ts";
import {
  accessibilityViolations,
  browserTest,
  expectBrowser,
  launchBrowser,
  sidewaysOverflow,
  visit,
} from "../../browser-testing.ts";
import { harness, type Served } from "../site-testing.ts";
import { type FakeApp, outlineOf } from "./fake-testing.ts";

test("there is a browser to draw the map in", (t) => expectBrowser(t, "the map"));

const ENTRY = `
import { mountMap } from "./map/map.ts";
import { FakeApp } from "./map/fake-testing.ts";
const root = document.getElementById("root")!;
root.style.height = "100vh";
const app = new FakeApp();
const other = new FakeApp();
const panel = mountMap(root, app);
Object.assign(globalThis, { app, other, panel });
`;

/** What the page gives to tests. */
declare const app: FakeApp;
declare const other: FakeApp;
declare const panel: { compareWith(other: FakeApp | null): void; seen(visible: boolean): void };

interface Shown {
  readonly preset: string;
  readonly values?: PresetValues;
  readonly flows?: number;
  readonly options?: BrowserContextOptions;
}

const opened: { site?: Served; browser?: Browser } = {};
test.after.always(() => Promise.all([opened.browser?.close(), opened.site?.close()]));

/** The map of a preset with 40 packets under way; nothing may be complained of. */
async function shown(t: ExecutionContext, what: Shown, look: (page: Page) => Promise<void>): Promise<void> {
  const site = (opened.site ??= await harness(ENTRY));
  const browser = (opened.browser ??= await launchBrowser());
  const built = buildPreset(what.preset, what.values);
  if (!built.ok) throw new Error(`no such preset: ${what.preset}`);
  const outline = outlineOf(built.value, what.flows ?? 3);
  const options = { viewport: { width: 800, height: 640 }, ...what.options };
  await visit(browser, site.url, options, async ({ page, complaints, requests }) => {
    await page.evaluate((given) => app.open(given), outline as never);
    await page.waitForFunction(() => document.querySelector<HTMLElement>(".map-empty")?.hidden === true);
    await page.evaluate(() => void app.show(app.makeFrame(40, 40)));
    await look(page);
    t.deepEqual(complaints, []);
    t.true(requests.every((url) => url.startsWith(site.url)));
  });
}

/** Where an AS or the middle of a link is in the window. */
function placeOf(page: Page, as: string): Promise<{ x: number; y: number }> {
  return page.evaluate((label) => {
    const symbol = document.querySelector(`.map-as[aria-label*="${label}"] .map-symbol`);
    const { left, top, width, height } = (symbol as Element).getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  }, as);
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");

browserTest("ASes and links are there, and load, queues, faults and packets show", async (t) => {
  await shown(t, { preset: "two-isds" }, async (page) => {
    t.is(await page.locator(".map-as").count(), 20);
    t.is(await page.locator(".map-as.core").count(), 6);
    t.is(await page.locator(".map-lines path").count(), 72);
    t.is(await page.locator(".map-lines path[stroke-dasharray]").count(), 2);
    t.true((await page.locator(".map-line:is(.l1, .l2, .l3, .l4)").count()) > 0);
    t.deepEqual(await page.evaluate(() => app.asked.filter((what) => what.startsWith("look"))), [
      'look {"map":true,"packets":1000}',
    ]);
    await page.evaluate(() => {
      const frame = app.makeFrame(41, 40, { underWay: 90 });
      frame.link.set([1, 1, 2]);
      frame.node[2] = 1;
      frame.queue[8] = 0.6;
      app.show(frame);
    });
    await page.waitForFunction(() => document.querySelector(".map-count")?.textContent !== "");
    t.is(await page.textContent(".map-count"), "40 of 90 packets shown");
    t.is(await page.locator(".map-cut").count(), 1);
    t.is(await page.locator(".map-impaired").count(), 1);
    t.is(await page.locator(".map-as.failed").count(), 1);
    t.true((await page.locator(".map-bar").count()) >= 1);
    const painted = await page.evaluate(() => {
      const canvas = document.querySelector("canvas") as HTMLCanvasElement;
      const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
        0,
        0,
        canvas.width,
        canvas.height,
      );
      return data.filter((value, n) => n % 4 === 3 && value > 0).length;
    });
    t.true(painted > 40 * 20, `${painted} pixels`);
    await page.evaluate(() => void app.show(app.makeFrame(42, 40)));
    await page.waitForFunction(() => document.querySelector(".map-cut, .map-impaired, .map-as.failed") === null);
  });
});

browserTest("the pointer: tips, selection, the list of an AS's actors, paths end to end", async (t) => {
  await shown(t, { preset: "two-isds" }, async (page) => {
    const { x, y } = await placeOf(page, "1-ff00:0:110");
    await page.mouse.move(x, y);
    await page.waitForSelector(".map-tip:not([hidden])");
    t.regex((await page.textContent(".map-tip")) ?? "", /1-ff00:0:110.*core AS of ISD 1.*links/s);
    await page.mouse.click(x, y);
    t.is(await page.evaluate(() => app.selected), "1-ff00:0:110/node");
    t.is(await page.locator(".map-as.chosen").count(), 1);
    t.is(await focused(page), "node1-ff00:0:110/node");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    t.is(await page.evaluate(() => app.selected), "1-ff00:0:110/f1/selector");
    t.true(await page.locator(".map-chooser").isHidden());
    await page.hover(".map-entry >> nth=0");
    await page.waitForSelector(".map-way");
    t.is(await page.evaluate(() => app.highlighted?.flow), "f1");
    t.true((await page.locator(".map-line[data-on]").count()) > 0);
    await page.mouse.move(4, 300);
    await page.waitForFunction(() => app.highlighted === null && document.querySelector(".map-way") === null);
    // The middle of a link that has no packets.
    const idle = await page.evaluate(() => {
      const line = document.querySelector(".map-line.l0:not(.down)") as SVGPathElement;
      const all = [...document.querySelectorAll(".map-lines path")];
      const at = line.getPointAtLength(line.getTotalLength() / 2).matrixTransform(line.getScreenCTM() as DOMMatrix);
      return { x: at.x, y: at.y, direction: app.outline?.directions[all.indexOf(line)] };
    });
    await page.mouse.click(idle.x, idle.y);
    t.is(await page.evaluate(() => app.selected), idle.direction ?? "");
    t.is(await page.locator(".map-chosen").count(), 1);
  });
});

browserTest("the keyboard goes from AS to AS and through its links; search flies to what it finds", async (t) => {
  await shown(t, { preset: "two-isds" }, async (page) => {
    t.is(await page.locator('.map-as[tabindex="0"]').count(), 1);
    await page.focus('.map-as[tabindex="0"]');
    const first = await focused(page);
    t.regex(first, /^AS 1-ff00:0:110, A, core of ISD 1, \d links$/);
    await page.keyboard.press("ArrowRight");
    t.not(await focused(page), first);
    t.is(await page.locator('.map-as[tabindex="0"]').count(), 1);
    await page.keyboard.press("l");
    t.true(await page.locator(".map-pointed").isVisible());
    const link = await page.textContent("[aria-live]");
    t.regex(link ?? "", /#\d+ . \d-ff00.*rate.*latency/);
    await page.keyboard.press("L");
    t.not(await page.textContent("[aria-live]"), link);
    await page.keyboard.press("Enter");
    t.regex((await page.evaluate(() => app.selected)) ?? "", /^link\//);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    t.is(await page.evaluate(() => app.selected), null);
    const before = await page.getAttribute(".map-layer g", "transform");
    await page.keyboard.press("Shift+ArrowLeft");
    const panned = await page.getAttribute(".map-layer g", "transform");
    t.not(panned, before);
    await page.keyboard.press("+");
    t.not((await page.getAttribute(".map-layer g", "transform"))?.split("scale")[1], panned?.split("scale")[1]);
    await page.keyboard.press("0");
    t.is(await page.getAttribute(".map-layer g", "transform"), before);
    await page.fill(".map-search-input", "EF1");
    t.is(await page.locator('.map-found li[aria-selected="true"]').count(), 1);
    await page.keyboard.press("Enter");
    t.regex(await focused(page), /EF1/);
    await page.waitForFunction(() => {
      const { left, width } = (document.activeElement as Element).getBoundingClientRect();
      return Math.abs(left + width / 2 - 400) < 30;
    });
  });
});

browserTest("a fork's map stands beside, with its own frame and the same view", async (t) => {
  await shown(t, { preset: "two-isds" }, async (page) => {
    await page.evaluate(() => {
      if (app.outline !== null) other.open(app.outline);
      panel.compareWith(other);
    });
    await page.waitForFunction(() => document.querySelectorAll(".map-as").length === 40);
    await page.evaluate(() => {
      const frame = other.makeFrame(41, 40);
      frame.link.set([1, 1]);
      other.show(frame);
    });
    await page.waitForSelector(".map-cut");
    t.is(await page.locator(".map-stage:nth-child(1) .map-cut").count(), 0);
    const widths = await page.$$eval(".map-stage", (stages) =>
      stages.map((stage) => [stage.clientWidth, stage.querySelector("canvas")?.width]),
    );
    for (const [stage, canvas] of widths) t.is(canvas, stage);
    const [ases, room] = await page.evaluate(() => {
      const symbols = [...document.querySelectorAll(".map-stage:nth-child(1) .map-symbol")];
      const { right } = (document.querySelector(".map-stage") as Element).getBoundingClientRect();
      return [Math.max(...symbols.map((symbol) => symbol.getBoundingClientRect().right)), right];
    });
    t.true((ases ?? Infinity) < (room ?? 0));
    await page.mouse.move(600, 300);
    await page.mouse.wheel(0, -300);
    const transforms = (): Promise<(string | null)[]> =>
      page.$$eval(".map-stage > svg:first-child > g", (groups) =>
        groups.map((group) => group.getAttribute("transform")),
      );
    await page.waitForTimeout(50);
    const [one, two] = await transforms();
    t.is(one, two);
    await page.evaluate(() => panel.compareWith(null));
    t.is(await page.locator(".map-stage").count(), 1);
  });
});

browserTest("what is not seen is not drawn, and nothing is broken before a run is open", async (t) => {
  await shown(t, { preset: "diamond" }, async (page) => {
    await page.evaluate(() => panel.seen(false));
    t.is(await page.evaluate(() => app.asked.at(-1)), 'look {"map":false,"packets":1000}');
    await page.evaluate(() => {
      const frame = app.makeFrame(50, 10);
      frame.node[0] = 1;
      app.show(frame);
    });
    await page.waitForTimeout(150);
    t.is(await page.locator(".map-as.failed").count(), 0);
    await page.evaluate(() => panel.seen(true));
    t.is(await page.locator(".map-as.failed").count(), 1);
  });
});

browserTest("by position where there are positions; accessible, light and dark, wide and narrow", async (t) => {
  for (const [colorScheme, width] of [
    ["light", 800],
    ["dark", 390],
  ] as const)
    await shown(t, { preset: "sciera", options: { colorScheme, viewport: { width, height: 640 } } }, async (page) => {
      t.deepEqual(await accessibilityViolations(page), []);
      await page.click("text=position");
      await page.waitForSelector(".map-graticule path");
      t.is(await page.locator(".map-hulls path").count(), 0);
      await page.click("summary");
      t.deepEqual(await accessibilityViolations(page), []);
      t.true((await sidewaysOverflow(page)) <= 0);
    });
});

/** p50, p95 and the largest of times in ms. */
function distribution(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms of ${sorted.length}`;
}

browserTest("work for each frame with 200 ASes and 1,000 packets", async (t) => {
  await shown(t, { preset: "internet", values: { ases: 200 }, flows: 20 }, async (page) => {
    const measure = (change: boolean): Promise<number[]> =>
      page.evaluate(async (vary) => {
        const times: number[] = [];
        for (let n = 0; n < 300; n++) {
          const frame = app.makeFrame(n, 1000);
          if (vary) frame.link[n % 50] = 1;
          times.push(app.show(frame));
          await new Promise((done) => requestAnimationFrame(done));
        }
        return times;
      }, change);
    const times = await measure(true);
    t.is(times.length, 300);
    t.log(`200 ASes, 1,000 packets, own work for each frame: ${distribution(times)}`);
    t.true((await page.locator(".map-line:not(.l0)").count()) > 0);
  });
});

browserTest("10,000 ASes are shown on canvases, can be panned and searched", async (t) => {
  await shown(t, { preset: "internet", values: { ases: 10_000, isds: 8 }, flows: 10 }, async (page) => {
    t.is(await page.locator(".map-as").count(), 1);
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.map-sheet:not([style*="hidden"])');
      const context = canvas?.getContext("2d");
      if (canvas === null || !context) return false;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, n) => n % 4 === 3 && value > 0).length > 10_000;
    });
    const gaps = await page.evaluate(async () => {
      const times: number[] = [];
      const stage = document.querySelector(".map-stage") as HTMLElement;
      for (let n = 0; n < 20; n++) {
        const begin = performance.now();
        stage.dispatchEvent(
          new WheelEvent("wheel", { deltaY: -20, clientX: 400, clientY: 300, bubbles: true, cancelable: true }),
        );
        times.push(performance.now() - begin);
        await new Promise((done) => requestAnimationFrame(done));
      }
      return times;
    });
    t.log(`10,000 ASes, work for each step of zooming: ${distribution(gaps)}`);
    await page.fill(".map-search-input", "8-ff00:0:23");
    await page.keyboard.press("Enter");
    t.regex(await focused(page), /^AS 8-/);
    await page.keyboard.press("ArrowUp");
    t.regex(await focused(page), /^AS /);
    await page.keyboard.press("Enter");
    t.regex((await page.evaluate(() => app.selected)) ?? "", /node$/);
  });
});
