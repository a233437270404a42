/** The report in a real browser: from the disk, in light and dark, wide and narrow, on paper, without scripts, by keyboard. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import type { Browser } from "playwright-core";
import {
  accessibilityViolations,
  browserTest,
  expectBrowser,
  launchBrowser,
  sidewaysOverflow,
  visit,
} from "../browser-testing.ts";
import { fixtureComparison } from "./fixture-testing.ts";
import { reportHtml } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "pathloom-report-"));
const WIDE = { viewport: { width: 1280, height: 720 } } as const;
const PHONE = { viewport: { width: 390, height: 800 } } as const;
const HOSTILE = `<img src=x onerror="document.title='owned'">`;

/** A report as a file; its address. */
function page(name: string, html: string): string {
  const path = join(folder, name);
  writeFileSync(path, html);
  return pathToFileURL(path).href;
}

const SHOWN = ["delivered_share", "latency_p95_ms", "recovery_s"];
const fullHtml = reportHtml(fixtureComparison());
const CHARTS = fullHtml.split('<svg class="chart"').length - 1;
const full = page("full.html", fullHtml);
const few = fixtureComparison({ policies: ["shortest", HOSTILE, "oracle"] });
/** Of everything a little: axe looks at each element. */
const small = page(
  "small.html",
  reportHtml({
    ...few,
    phases: few.phases.slice(3, 4),
    metrics: few.metrics.filter(({ name }) => SHOWN.includes(name)),
    network: { ...few.network, links: few.network.links.slice(0, 12) },
  }),
);
const OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })";

const state: { browser: Promise<Browser> | null } = { browser: null };
function opened(): Promise<Browser> {
  state.browser ??= launchBrowser();
  return state.browser;
}

test.after.always(async () => {
  await (await state.browser)?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("there is a browser to look at the report with", (t) => {
  expectBrowser(t, "the report in light and dark, on a phone, on paper, without scripts, by keyboard");
});

const LOOKS = [
  ["light", WIDE, "all"],
  ["dark", WIDE, "colours"],
  ["light", PHONE, "structure"],
] as const;

for (const [colorScheme, size, part] of LOOKS) {
  const title = `${colorScheme}, ${size.viewport.width} wide: nothing asked for, nothing wrong, no scrolling sideways`;
  browserTest(title, async (t) => {
    await visit(await opened(), full, { ...size, colorScheme }, async ({ page, complaints, requests }) => {
      t.deepEqual(requests, [full]);
      t.is(await page.locator("main figure svg.chart").count(), CHARTS);
      t.is(await sidewaysOverflow(page), 0);
      await page.evaluate(OPEN_ALL);
      t.is(await sidewaysOverflow(page), 0);
      const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      t.is(background, colorScheme === "dark" ? "rgb(20, 23, 28)" : "rgb(255, 255, 255)");
      t.deepEqual(complaints, []);
    });
  });

  browserTest(
    `${colorScheme}, ${size.viewport.width} wide: axe (${part}) finds nothing, with all details open`,
    async (t) => {
      await visit(await opened(), small, { ...size, colorScheme }, async ({ page }) => {
        await page.evaluate(OPEN_ALL);
        t.deepEqual(await accessibilityViolations(page, part), []);
      });
    },
  );
}

browserTest("a name from a file stays a name", async (t) => {
  await visit(await opened(), small, WIDE, async ({ page, requests }) => {
    t.is(await page.title(), "Path policies compared: two-isds");
    t.is(await page.locator("img").count(), 0);
    t.deepEqual(requests, [small]);
    t.true((await page.locator("#verdict").innerText()).includes(HOSTILE));
  });
});

browserTest("without scripts everything is there, and nothing that needs them", async (t) => {
  await visit(await opened(), full, { ...WIDE, javaScriptEnabled: false }, async ({ page, complaints }) => {
    t.is(await page.locator("main section").count(), 12);
    t.is(await page.locator("main figure svg.chart").count(), CHARTS);
    t.false(await page.locator("#controls").isVisible());
    t.is(await page.locator("button").count(), 0);
    await page.locator("#ranking summary").first().click();
    t.true(await page.locator("#ranking details").first().locator("table").first().isVisible());
    t.deepEqual(complaints, []);
  });
});

browserTest("the keyboard reaches contents, choices, the copy button and every table", async (t) => {
  await visit(await opened(), small, WIDE, async ({ page }) => {
    const reached = new Set<string>();
    const name = "(() => { const one = document.activeElement; return one.tagName + ' ' + (one.name || ''); })()";
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      reached.add(String(await page.evaluate(name)).trim());
    }
    for (const wanted of ["A", "SELECT adoption", "SELECT policy", "SELECT phase", "BUTTON", "DIV", "SUMMARY"]) {
      t.true(reached.has(wanted), `${wanted} is not among ${[...reached].join(", ")}`);
    }
  });
});

browserTest("choices hide an adoption, fade other policies, open a phase", async (t) => {
  await visit(await opened(), small, WIDE, async ({ page, complaints }) => {
    await page.selectOption("select[name=adoption]", "all");
    t.false(await page.locator('#latency figure[data-adoption="one"]').isVisible());
    t.true(await page.locator('#latency figure[data-adoption="all"]').isVisible());
    await page.selectOption("select[name=policy]", HOSTILE);
    t.is(await page.locator("#delivery figure.dim").count(), 2);
    await page.selectOption("select[name=phase]", "cut");
    t.true(await page.locator('details.phase[data-phase="cut"] [data-adoption="all"] table').first().isVisible());
    t.is(await page.locator("#ranking details[open]").count(), 1);
    await page.selectOption("select[name=adoption]", "");
    t.true(await page.locator('#latency figure[data-adoption="one"]').isVisible());
    t.deepEqual(complaints, []);
  });
});

browserTest("on paper: light, phases open, no controls", async (t) => {
  await visit(await opened(), full, { ...WIDE, colorScheme: "dark" }, async ({ page }) => {
    await page.emulateMedia({ media: "print" });
    t.is(await page.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    t.false(await page.locator("#controls").isVisible());
    t.true(await page.locator('details.phase[data-phase="cut"] table').first().isVisible());
    const pdf = await page.pdf({ format: "A4" });
    t.is(pdf.subarray(0, 5).toString(), "%PDF-");
    t.true(pdf.length > 100_000, `${pdf.length} bytes`);
  });
});
