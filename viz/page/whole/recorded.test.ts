/** Recorded runs in the whole page: one that is over, a live one while it happens, and folders with something wrong. */
import type { ChildProcess } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { Page } from "playwright-core";
import { pathloom, temporaryFolder } from "../../../cli/child-testing.ts";
import { browserTest, expectBrowser } from "../../browser-testing.ts";
import { eventOf, goToTime, inspect, problem, Whole } from "./whole-testing.ts";

const whole = new Whole();
const folder = temporaryFolder();
test.after.always(() => whole.close());

test("there is a browser for recorded runs", (t) => expectBrowser(t, "recorded runs in the explorer"));

const header = (page: Page, text: RegExp): Promise<void> =>
  page.locator(".page-known", { hasText: text }).waitFor({ state: "attached" });

function digestIn(dir: string): string {
  return (JSON.parse(readFileSync(join(dir, "summary.json"), "utf8")) as { digest: string }).digest;
}

async function record(dir: string): Promise<void> {
  const flags = ["--duration", "4s", "--record", "--out", dir];
  const { code, stderr } = await pathloom(["run", "examples/02-failover.yaml", ...flags]);
  if (code !== 0) throw new Error(stderr);
}

browserTest("a finished run replays identically, and is looked at like a simulation", async (t) => {
  const dir = join(folder, "kept");
  await record(dir);
  const { url, close } = await whole.serveRun(dir);
  t.teardown(close);
  await whole.at(t, url, "", async (page) => {
    await header(page, new RegExp(`replays identically, \\d+ events, digest ${digestIn(dir)}`));
    await goToTime(page, 3.8);
    t.is(await page.locator(".map-cut").count(), 1);
    await inspect(page, "selector/ping");
    t.regex((await page.locator(".insp-why").textContent()) ?? "", /is the least among the \d usable of 3 paths/);
    t.true((await eventOf(page)) > 0);
  });
});

browserTest("a live run is followed as it happens, to its end and its verdict", async (t) => {
  const out = join(folder, "live");
  const started: { child: ChildProcess | null } = { child: null };
  const live = pathloom(["live", "examples/02-failover.yaml", "--duration", "60s", "--record", out], {
    onStart: (child) => (started.child = child),
  });
  t.teardown(() => void started.child?.kill("SIGKILL"));
  const partial = (): string => readdirSync(folder).find((name) => name.startsWith("live.partial-")) ?? "-";
  while (!existsSync(join(folder, partial(), "record/00.ndjson"))) await new Promise((done) => setTimeout(done, 50));
  const { url, close } = await whole.serveRun(out);
  t.teardown(close);
  await whole.at(t, url, "", async (page) => {
    await page.click("#tab-log");
    const rows = async (): Promise<number> =>
      Number(await page.locator('[role="grid"]').getAttribute("aria-rowcount")) || 0;
    const more = async (than: number): Promise<number> => {
      for (;;) {
        const count = await rows();
        if (count > than) return count;
        await page.waitForTimeout(100);
      }
    };
    const first = await more(20);
    const second = await more(first + 100);
    t.false(existsSync(out), "it is still going on");
    started.child?.kill("SIGINT");
    const { code, stderr } = await live;
    t.is(code, 0, stderr);
    await header(page, new RegExp(`replays identically, \\d+ events, digest ${digestIn(out)}`));
    t.true((await more(second)) > second);
    await page.reload();
    await header(page, new RegExp(`replays identically, \\d+ events, digest ${digestIn(out)}`));
  });
});

browserTest("a folder with something wrong is opened from the disk: each says what, and the page stays", async (t) => {
  const good = join(folder, "good");
  await record(good);
  const bad = (name: string, spoil: (dir: string) => void): [string, string] => {
    const dir = join(folder, name);
    cpSync(good, dir, { recursive: true });
    spoil(dir);
    return [name, dir];
  };
  const change = (dir: string, file: string, act: (text: string) => string): void =>
    writeFileSync(join(dir, file), act(readFileSync(join(dir, file), "utf8")));
  const cases: readonly (readonly [readonly [string, string], RegExp])[] = [
    [bad("no-scenario", (dir) => rmSync(join(dir, "scenario.json"))), /no-scenario: scenario\.json is missing/],
    [bad("cut-manifest", (dir) => truncateSync(join(dir, "manifest.json"), 40)), /manifest\.json is damaged/],
    [
      bad("other-version", (dir) =>
        change(dir, "manifest.json", (text) => JSON.stringify({ ...(JSON.parse(text) as object), build: "another" })),
      ),
      /another build|belongs to another run/,
    ],
    [
      bad("other-record", (dir) =>
        change(dir, "record/00.ndjson", (text) => text.replace(/^[^\n]*\n/, '{"format":"pathloom-record-99"}\n')),
      ),
      /cannot be read|version|format/,
    ],
    [
      bad("spoilt-line", (dir) =>
        change(dir, "record/00.ndjson", (text) => {
          const lines = text.split("\n");
          lines[40] = "{not json";
          return lines.join("\n");
        }),
      ),
      /line 41/,
    ],
    [
      bad("huge", (dir) => truncateSync(join(dir, "record/00.ndjson"), Math.ceil(1.2 * 2 ** 30))),
      /huge: the record has 1\.2 GiB, and a page reads 1 GiB at most/,
    ],
  ];
  await whole.explore(t, "#e=25-gateway", async (page) => {
    const choose = async (path: string): Promise<void> => {
      await page.getByRole("button", { name: "Examples" }).click();
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Open a run's folder" }).click();
      await (await chooser).setFiles(path);
    };
    for (const [[name, dir], said] of cases) {
      await choose(dir);
      t.regex(await problem(page), said, name);
      t.true(await page.getByRole("button", { name: "Play" }).isVisible(), name);
      await page.getByRole("button", { name: "Put the message away" }).click();
    }
    await choose(good);
    await header(page, /replays identically/);
  });
});
