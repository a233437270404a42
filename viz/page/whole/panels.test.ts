/** The whole page at work: every kind of actor, the editor, links that are shared, paper, and what can be wrong with what is opened. */
import test from "ava";
import type { Page } from "playwright-core";
import type { ActorView } from "../../../core/exploration.ts";
import { LOGICS } from "../../../actors/logics.ts";
import { browserTest, expectBrowser } from "../../browser-testing.ts";
import { type SharedView, writeFragment } from "../share-url.ts";
import { EVERY_ACTOR } from "./every-actor-testing.ts";
import { exampleText, exploredInNode } from "./node-run-testing.ts";
import {
  eventOf,
  goToEvent,
  goToTime,
  inspect,
  inspected,
  known,
  problem,
  reads,
  Whole,
  WIDE,
} from "./whole-testing.ts";

const whole = new Whole();
test.after.always(() => whole.close());

test("there is a browser for the explorer's panels", (t) => expectBrowser(t, "the explorer's panels at work"));

const NOTHING = { seed: null, policy: null, time: 0, event: null, actor: null, fork: null } as const;
const FAILOVER = exampleText("02-failover");

async function linkTo(view: Partial<SharedView> & Pick<SharedView, "scenario">): Promise<string> {
  return `#${await writeFragment({ ...NOTHING, ...view })}`;
}

async function copiedLink(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.waitForFunction("document.querySelector('.page-said').textContent !== ''");
  return new URL(page.url()).hash;
}

/** Machines that only other programs, outside, or other commands bring to life. */
const ELSEWHERE = new Set(["outside-host", "traceroute"]);

browserTest("every kind of actor is inspected: state, chart, context and timers as in Node", async (t) => {
  const run = exploredInNode(EVERY_ACTOR);
  run.seek({ time: 13e9 });
  const views = new Map<string, ActorView>();
  for (const cell of run.cursor.world.cells) {
    const view = cell === undefined ? null : run.inspect({ actor: cell.id });
    if (view !== null && !views.has(view.logic)) views.set(view.logic, view);
  }
  t.deepEqual(
    [...LOGICS.keys()].filter((logic) => !views.has(logic) && !ELSEWHERE.has(logic)),
    [],
  );
  const scenario = { file: "every.yaml", text: EVERY_ACTOR, files: {} };
  const listed = new Set(run.outline.actors.map(({ id }) => id));
  await whole.explore(t, await linkTo({ scenario, time: 13e9 }), async (page) => {
    await known(page);
    t.is(await eventOf(page), run.cursor.events);
    for (const view of views.values()) if (listed.has(view.id)) await look(page, view, true);
  });
  for (const view of views.values()) {
    if (listed.has(view.id)) continue;
    const link = await linkTo({ scenario, event: run.cursor.events, time: 13e9, actor: view.id });
    await whole.explore(t, link, (page) => look(page, view, false));
  }

  async function look(page: Page, { id, logic, state, chart, timers }: ActorView, search: boolean): Promise<void> {
    if (search) await inspect(page, id);
    else await inspected(page, id);
    t.is(await page.locator(".insp-head .insp-badge").textContent(), state === "" ? "no state" : state, id);
    t.true((await page.locator(".insp-head .muted").textContent())?.startsWith(`${logic} in `), id);
    const names = await page.locator(".insp-current > .insp-name").allTextContents();
    for (const path of chart.current)
      t.true(names.includes(path.split(".").at(-1) ?? ""), `${id}: ${path} in ${names}`);
    t.is(await page.locator(".insp-timers tbody tr").count(), timers.length, id);
    t.true(await page.locator(".page-problem").isHidden(), id);
  }
});

browserTest("the editor: an error with its line, what was meant, and the run of what was written", async (t) => {
  await whole.explore(t, "#e=02-failover", async (page) => {
    const before = await known(page);
    await page.click("#tab-editor");
    const box = page.getByRole("textbox", { name: "Scenario, YAML" });
    await box.click();
    const line = 1 + FAILOVER.split("\n").findIndex((text) => text.startsWith("topology:"));
    await page.locator(".cm-line", { hasText: /^topology: diamond/ }).click();
    await page.keyboard.press("End");
    await page.keyboard.type("e");
    await page.keyboard.press("Control+s");
    const listed = page.locator("#panel-editor li", { hasText: `${line}:` });
    await listed.waitFor();
    t.regex((await listed.textContent()) ?? "", /diamonde.*Change to diamond/);
    t.is(await page.locator(".cm-lintRange-error").count(), 1);
    await page.getByRole("button", { name: "Change to diamond" }).first().click();
    await page.locator(".cm-line", { hasText: /^duration:/ }).click();
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+End");
    await page.keyboard.type("duration: 9s");
    await page.keyboard.press("Control+s");
    await page.waitForFunction(`document.querySelector(".time-whole").textContent.startsWith("of 9 s")`);
    const after = await known(page);
    t.true(after > 0 && after < before);
    t.regex(await page.title(), /^failover/);
  });
});

browserTest("a link brings back scenario, event, selection and fork; one that was altered says so", async (t) => {
  let link = "";
  let [parts, event]: [string[], number] = [[], 0];
  await whole.explore(t, "#e=02-failover", async (page) => {
    await known(page);
    await goToTime(page, 2);
    await inspect(page, "selector/ping");
    await page.click("#tab-fork");
    await page.getByLabel("Change", { exact: true }).first().selectOption("cut");
    await page.getByRole("button", { name: "Fork here" }).click();
    await page.locator(".fork-difference dl").waitFor();
    parts = await page.locator(".fork-difference dd").allTextContents();
    event = await eventOf(page);
    link = await copiedLink(page);
  });
  await whole.explore(t, link, async (page) => {
    await known(page);
    t.is(await eventOf(page), event);
    await inspected(page, "selector/ping");
    await page.click("#tab-fork");
    await page.locator(".fork-difference dl").waitFor();
    t.deepEqual(await page.locator(".fork-difference dd").allTextContents(), parts);
  });
  const altered = link.replace(/f=.{6}/, "f=AAAAAA");
  t.not(altered, link);
  await whole.explore(t, altered, async (page) => {
    t.regex(await problem(page), /what stands after “f=” was cut off or changed/);
    await known(page);
  });
});

browserTest("seeking by the bar, by bookmarks and by what is no instant", async (t) => {
  await whole.explore(t, "#e=02-failover", async (page) => {
    await known(page);
    const bar = page.getByRole("slider", { name: "Time in the run" });
    const box = await bar.boundingBox();
    if (box === null) throw new Error("no bar");
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.waitForFunction("Math.abs(parseFloat(document.querySelector('.time-now').value) - 5) < 0.2");
    await goToEvent(page, 500);
    await page.getByRole("button", { name: "Next bookmark" }).click();
    await page.waitForFunction("document.querySelector('.time-event').value !== '#500'");
    t.true((await eventOf(page)) > 500);
    await page.locator(".time-now").fill("soon");
    await page.keyboard.press("Enter");
    t.regex(await problem(page), /“soon” is no instant/);
    await page.getByRole("button", { name: "Put the message away" }).click();
    await page.keyboard.press("Escape");
    await page.click(".time-bookmarks");
    t.true(await page.getByRole("dialog", { name: "Bookmarks" }).isVisible());
    await page.keyboard.press("Escape");
    t.true(await page.getByRole("dialog", { name: "Bookmarks" }).isHidden());
  });
});

browserTest("paper has the map and every chart, and no controls", async (t) => {
  await whole.explore(t, "#e=22-two-paths-at-once&t=10", async (page) => {
    await known(page);
    await page.waitForFunction("document.querySelectorAll('.charts-box').length > 0");
    // After the page's own listener: what would be printed.
    const listen = `addEventListener("beforeprint", () => {
      window.printed = [...document.querySelectorAll(".charts-box:not([hidden])")].map((box) => box.querySelectorAll(".charts-picture svg path, .charts-picture svg rect").length);
    })`;
    await page.evaluate(listen);
    const pdf = await page.pdf();
    t.true(pdf.length > 20_000);
    const printed = (await page.evaluate("window.printed")) as number[];
    t.true(printed.length >= 8, String(printed));
    t.deepEqual(
      printed.filter((shapes) => shapes === 0),
      [],
    );
    await page.emulateMedia({ media: "print" });
    t.true(await page.locator(".page-map").isVisible());
    t.true(await page.locator("#panel-charts").isVisible());
    for (const control of [".page-head nav", ".page-tabs", ".time-play", ".map-tools", "#panel-inspector"])
      t.true(await page.locator(control).first().isHidden(), control);
  });
});

browserTest(
  "a worker that dies in the middle, and a browser without module workers: said, and nothing is blank",
  async (t) => {
    const stop = `(() => {
    const Real = Worker;
    globalThis.Worker = class extends Real { constructor(...given) { super(...given); globalThis.lastWorker = this; } };
  })()`;
    const { url, close } = await whole.serve(null);
    t.teardown(close);
    const browser = await whole.browser();
    for (const [script, said] of [
      [stop, /The simulator stopped/],
      ["delete globalThis.Worker", /lacks workers that are modules.*Firefox from/],
    ] as const) {
      const context = await browser.newContext(WIDE);
      const page = await context.newPage();
      await page.addInitScript(script);
      await page.goto(`${url}#e=02-failover`);
      if (script === stop) {
        await known(page);
        await page.evaluate("lastWorker.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }))");
      }
      t.regex(await problem(page), said);
      t.true(await page.getByRole("button", { name: "Examples" }).isVisible());
      t.true(await page.getByRole("button", { name: "Play" }).isVisible());
      await context.close();
    }
  },
);

browserTest("the page comes back after a scenario that is broken in the link", async (t) => {
  const scenario = { file: "mine.yaml", text: FAILOVER.replace("topology: diamond", "topology: dimond"), files: {} };
  await whole.explore(t, await linkTo({ scenario }), async (page) => {
    t.regex(await problem(page), /mine\.yaml has a problem:mine\.yaml:\d+:\d+.*did you mean diamond\?/);
    t.is(await page.locator("#tab-editor").getAttribute("aria-selected"), "true");
    await page.getByRole("button", { name: "Change to diamond" }).first().click();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    t.true((await known(page)) > 0);
    await reads(page, ".time-event", "#0");
    t.true(await page.locator(".page-problem").isHidden());
  });
});
