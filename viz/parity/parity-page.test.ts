/** The page of a comparison of worlds, as text and in a real browser. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import type { Parity, ParityMetric } from "../../core/parity.ts";
import {
  accessibilityViolations,
  browserTest,
  expectBrowser,
  launchBrowser,
  sidewaysOverflow,
  visit,
} from "../browser-testing.ts";
import { parityHtml } from "./parity-page.ts";
import { verdictText } from "./parity-words.ts";

const HOSTILE = `<img src=x onerror="document.title='owned'">`;

function metric(name: string, changes: Partial<ParityMetric>): ParityMetric {
  const base = { flow: "video", unit: "ms", sim: 40, live: 40.5, difference: 0.5, tolerance: 1, noise: 0.2 } as const;
  return { name, ...base, ok: true, explained: false, ...changes };
}

const delays = Array.from({ length: 900 }, (_, n) => 40 + ((n * 37) % 100) / 50).sort((a, b) => a - b);
const PARITY: Parity = {
  scenario: HOSTILE,
  seed: 1,
  worlds: ["sim", "live"],
  verdict: "noise",
  metrics: [
    metric("video latency_ms.p50", {}),
    metric("video latency_ms.p99", { live: 43, difference: 3, ok: false, explained: true, noise: 5 }),
    metric("video path choices", { unit: "same", sim: 1, live: 1, difference: 0 }),
    metric("video lost", { unit: "share", sim: 0.01, live: null, difference: null }),
  ],
  flows: [
    {
      id: "video",
      app: "constant-rate",
      paths: { sim: ["aa"], live: ["aa", "bb"] },
      switches: { sim: [], live: [{ at_ms: 1_200, path: "bb" }] },
      failovers: [{ fault: "cut", at_ms: 1_000, sim_ms: null, live_ms: 200 }],
      delays_ms: { sim: delays, live: delays.map((delay) => delay + 0.5) },
      ks: 0.25,
      wasserstein_ms: 0.5,
    },
    {
      id: "silent",
      app: "ping",
      paths: { sim: [], live: [] },
      switches: { sim: [], live: [] },
      failovers: [],
      delays_ms: { sim: [], live: [] },
      ks: null,
      wasserstein_ms: null,
    },
  ],
  firstDifference: { time_ns: 5_000_000, actor: "node/1-1", expected: "drop", found: HOSTILE },
  compared: 1_000,
  clock: {
    late_mean_us: 3,
    late_p50_us: 2,
    late_p99_us: 400,
    late_max_us: null,
    cross_mean_us: 9,
    cross_p50_us: 7,
    cross_p99_us: 800,
    cross_p999_us: 900,
  },
  machines: { same: true, hashes: { link: "00ff" } },
  manifest: {},
};

const folder = mkdtempSync(join(tmpdir(), "pathloom-parity-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test("the page says what the comparison says, and names from files stay text", (t) => {
  const html = parityHtml(PARITY);
  t.false(html.includes("<img"));
  for (const text of ["latency_ms.p99", "0.250 (Kolmogorov-Smirnov)", "1.200 s to bb", "stays on aa", "200.00 ms"]) {
    t.true(html.includes(text), text);
  }
});

test("the verdict names what differs and what explains it", (t) => {
  t.regex(verdictText(PARITY), /video latency_ms\.p99 differ by more than the tolerance, and by no more than .*400/);
  t.regex(verdictText({ ...PARITY, verdict: "same" }), /all 4 figures are within their tolerances/);
  const metrics = PARITY.metrics.map((one) => ({ ...one, explained: false }));
  t.regex(verdictText({ ...PARITY, metrics, verdict: "different" }), /^Different: video latency_ms\.p99 differ/);
});

test("there is a browser to look at the page with", (t) => expectBrowser(t, "the page of a comparison of worlds"));

browserTest("wide and narrow: nothing asked for, nothing wrong, axe finds nothing", async (t) => {
  const path = join(folder, "parity.html");
  writeFileSync(path, parityHtml(PARITY));
  const browser = await launchBrowser();
  try {
    for (const width of [1_280, 390]) {
      const size = { viewport: { width, height: 800 } } as const;
      await visit(browser, pathToFileURL(path).href, size, async ({ page, complaints, requests }) => {
        t.deepEqual(requests, [pathToFileURL(path).href]);
        t.is(await page.locator("main figure svg.chart").count(), 2);
        t.is(await sidewaysOverflow(page), 0);
        t.deepEqual(await accessibilityViolations(page), []);
        t.deepEqual(complaints, []);
      });
    }
  } finally {
    await browser.close();
  }
});
