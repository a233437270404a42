/**
 * What a reader does first, in the page as it is built: plays the two ISDs with the link that fails, asks a selector why it switched, goes
 * to the packet that told it, steps back, and looks at another future. The page's words and numbers against the same run in Node.
 */
import test, { type ExecutionContext } from "ava";
import type { Page } from "playwright-core";
import type { ActorView, SelectorFace } from "../../../core/exploration.ts";
import type { Exploration } from "../../../sim/exploration/exploration.ts";
import { browserTest, expectBrowser } from "../../browser-testing.ts";
import { exampleText, exploredInNode } from "./node-run-testing.ts";
import { eventOf, goToTime, inspect, inspected, known, reads, Whole } from "./whole-testing.ts";

const whole = new Whole();
test.after.always(() => whole.close());

test("there is a browser for the explorer's story", (t) => expectBrowser(t, "the explorer's story"));

const count = (value: number): string => value.toLocaleString("en");

function selectorIn(run: Exploration, actor: string): SelectorFace {
  const view = run.inspect({ actor }) as ActorView;
  if (view.face?.kind !== "selector") throw new Error(`${actor} is no selector`);
  return view.face;
}

type Switch = SelectorFace["switches"][number];

async function chosenPath(page: Page): Promise<string> {
  return ((await page.locator(".insp-chosen .insp-link").textContent()) ?? "").slice(0, 8);
}

/** Cells of the table of totals by flow and figure. */
async function totalsOf(page: Page): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = new Map<string, readonly string[]>();
  for (const body of await page.locator(".fork-totals tbody").all()) {
    const [flow = ""] = await body.locator(".fork-flow").allTextContents();
    for (const row of await body.locator("tr:has(td)").all()) {
      const [name = "", ...cells] = await row.locator("th, td").allTextContents();
      rows.set(`${flow}: ${name}`, cells);
    }
  }
  return rows;
}

browserTest("the story: it plays, tells why a selector switched, goes back, and shows the other future", async (t) => {
  const run = exploredInNode(exampleText("31-explore"));
  await whole.explore(t, "", async (page) => {
    t.is(await known(page), run.progress().events);
    t.is(await page.title(), "explore - Pathloom explorer");
    await page.getByRole("button", { name: "Play" }).click();
    await page.waitForFunction("Number(document.querySelector('.time-event').value.slice(1)) > 100");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Play" }).waitFor();
    const change = await askWhy(t, page, run);
    await goToWhatToldIt(t, page, run, change);
    await page.keyboard.press("Escape");
    await stepAbout(t, page, run, change);
    // The map's own search leads to selectors, too.
    await page.getByPlaceholder("Find AS or link").fill("AB1");
    await page.keyboard.press("Enter");
    await page.locator(".map-as:focus", { hasText: "AB1" }).waitFor();
    await page.keyboard.press("Enter");
    await page
      .getByRole("dialog", { name: /Actors of/ })
      .getByRole("button", { name: "selector/video" })
      .click();
    await inspected(page, "selector/video");
    await fork(t, page, run);
  });
});

/** Two seconds after the link has failed: the map says it, the selector has switched, and says why. */
async function askWhy(t: ExecutionContext, page: Page, run: Exploration): Promise<Switch> {
  await goToTime(page, 12);
  run.seek({ time: 12e9 });
  t.is(await eventOf(page), run.cursor.events);
  t.is(await page.locator(".map-cut").count(), 1);
  await page.locator(".map-as", { hasText: "AB1" }).locator("circle").first().click({ force: true });
  await page
    .getByRole("dialog", { name: /Actors of/ })
    .getByRole("button", { name: "selector/ping" })
    .click();
  await inspected(page, "selector/ping");
  const { candidates, switches, why } = selectorIn(run, "selector/ping");
  t.is(await page.locator(".insp-why").textContent(), why);
  t.is(await page.locator(".insp-candidate").count(), candidates.length);
  const [change] = switches;
  if (change === undefined) throw new Error("no switch");
  t.is(await chosenPath(page), change.to.slice(0, 8));
  t.is(await page.locator(".insp-switches > li p").first().textContent(), change.because);
  t.regex(change.because, /1-ff00:0:110#3 is down/);
  return change;
}

/** The packet that brought the news, and the state it found. */
async function goToWhatToldIt(t: ExecutionContext, page: Page, run: Exploration, change: Switch): Promise<void> {
  await page.getByRole("button", { name: `Go to what told it: event ${count(change.told)}` }).click();
  await reads(page, ".time-event", `#${change.told}`);
  const received = page.locator(".insp-recent tr[aria-current=true]", { hasText: "scmp.interface-down" });
  await received.waitFor();
  const receiver = await page.textContent(".insp-id");
  await page.click("#tab-log");
  const { rows } = run.log({ filter: {}, first: 0, count: 3, around: change.told });
  const told = rows.find(({ event }) => event === change.told);
  t.is(told?.kind, "packet scmp.interface-down");
  t.is(told?.actor, receiver ?? "none");
  await page.locator('.log-row[aria-current="true"]', { hasText: String(change.told) }).waitFor();
}

/** One event on and back again, and before the news. */
async function stepAbout(t: ExecutionContext, page: Page, run: Exploration, { told, from }: Switch): Promise<void> {
  for (const [key, by] of [
    [".", 1],
    [",", 0],
    [",", -1],
  ] as const) {
    await page.keyboard.press(key);
    await reads(page, ".time-event", `#${told + by}`);
    run.seek({ event: told + by });
    t.is(await page.locator(".time-now").inputValue(), `${(run.cursor.now / 1e9).toFixed(6)} s`);
  }
  await inspect(page, "selector/ping");
  await page.locator(".insp-why", { hasText: selectorIn(run, "selector/ping").why }).waitFor();
  t.is(await chosenPath(page), (from ?? "").slice(0, 8));
  t.is(await page.locator(".insp-switches").count(), 0);
}

/** Another policy from 12 s on: where both futures part, and what they come to. */
async function fork(t: ExecutionContext, page: Page, run: Exploration): Promise<void> {
  await goToTime(page, 12);
  await page.click("#tab-fork");
  await page.getByLabel("Policy", { exact: true }).selectOption("shortest");
  await page.getByRole("button", { name: "Fork here" }).click();
  run.seek({ time: 12e9 });
  const { events: event } = run.cursor;
  const changes = [{ kind: "policy", flow: "*", policy: "shortest", params: {} }] as const;
  const other = exploredInNode(exampleText("31-explore"), { event, changes });
  await page.locator(".fork-totals caption", { hasText: "to 30 s in the run, to 30 s in the fork" }).waitFor();
  const parts = firstDifference(run, other, event);
  t.deepEqual(await page.locator(".fork-difference dt").allTextContents(), [
    `Run, event ${parts}`,
    `Fork, event ${parts + (other.outline.fork?.own ?? 0)}`,
  ]);
  const rows = await totalsOf(page);
  const [one, two] = [run.totals({ event }), other.totals({ event })];
  for (const [index, flow] of one.flows.entries()) {
    const { received, switches } = two.flows[index] ?? { received: 0, switches: 0 };
    const shown = (name: string): readonly string[] | undefined => rows.get(`Flow ${flow.id}: ${name}`)?.slice(0, 2);
    t.deepEqual(shown("packets received"), [count(flow.received), count(received)]);
    t.deepEqual(shown("path switches"), [count(flow.switches), count(switches)]);
  }
  t.not(run.progress().digest, other.progress().digest);
  t.is(await page.locator(".map-stage").count(), 2);
  await page.locator(".fork-difference button").click();
  await reads(page, ".time-event", `#${parts}`);
  await page.getByRole("button", { name: "Close the fork" }).click();
  t.is(await page.locator(".map-stage").count(), 1);
}

/** The event from which on the hashes of both differ. */
function firstDifference(run: Exploration, other: Exploration, from: number): number {
  const [one, two] = [run, other].map((each) => each.hashes({ from: from + 1, count: 5000 })) as [
    Int32Array,
    Int32Array,
  ];
  const at = one.findIndex((word, index) => word !== two[index]);
  return from + 1 + (at >> 1);
}
