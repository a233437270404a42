/** The documentation's pictures of the explorer: what each shows, and how the page is brought there. */
import type { Locator, Page } from "playwright-core";

export interface Picture {
  /** In `docs/explorer/`, without `.png`. */
  readonly name: string;
  readonly window: { readonly width: number; readonly height: number };
  /** The page's address: scenario, instant, actor. */
  readonly fragment: string;
  /** Brings the page to what is to be seen. @returns the part that is taken; null: the whole window */
  show(page: Page): Promise<Locator | null>;
}

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Example 31 at 10.62 s: its best link is down for 620 ms, and video and ping have left it. */
const AFTER_THE_SWITCH = "#e=31-explore&t=10.62";
/** So slow that a picture taken a little later is the same. */
const SLOW = "0.01";

export const PICTURES: readonly Picture[] = [
  {
    name: "page",
    window: WIDE,
    fragment: "#e=31-explore&t=10.66&a=selector/video",
    async show(page) {
      await page.getByLabel("Speed, simulated over real time").fill(SLOW);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Play", exact: true }).click();
      await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
      const path = page.getByRole("button", { name: /show it on the map/ });
      await path.first().hover();
      return null;
    },
  },
  {
    name: "map",
    window: WIDE,
    fragment: "#e=31-explore&t=9.5",
    async show(page) {
      await page.getByRole("button", { name: "path", exact: true }).click();
      await page.locator(".map-legend button").first().hover();
      return page.locator(".page-map");
    },
  },
  {
    name: "inspector",
    window: { width: 1280, height: 1240 },
    fragment: `${AFTER_THE_SWITCH}&a=link/1-ff00:0:110%233>2-ff00:0:210%233`,
    async show(page) {
      await page.locator("#panel-inspector svg .inspector-state, #panel-inspector svg text").first().waitFor();
      return page.locator(".page-side");
    },
  },
  {
    name: "selector",
    window: { width: 1280, height: 900 },
    fragment: `${AFTER_THE_SWITCH}&a=selector/video`,
    async show(page) {
      await page.getByText("Candidate paths of video").waitFor();
      return page.locator(".page-side");
    },
  },
  {
    name: "charts",
    window: { width: 1280, height: 900 },
    fragment: AFTER_THE_SWITCH,
    async show(page) {
      await page.click("#tab-charts");
      await page.locator("#panel-charts svg").nth(1).waitFor();
      return page.locator(".page-side");
    },
  },
  {
    name: "log",
    window: { width: 1700, height: 800 },
    fragment: "#e=31-explore&t=10.6",
    async show(page) {
      await page.click("#tab-log");
      await page.getByLabel("only drops").check();
      return page.locator(".page-side");
    },
  },
  {
    name: "sequence",
    window: { width: 1280, height: 900 },
    fragment: "#e=31-explore&t=10.604",
    async show(page) {
      await page.click("#tab-sequence");
      await chooseActors(page, [
        "selector/video",
        "host/1-ff00:0:111,10.0.0.1",
        "node/1-ff00:0:111",
        "node/1-ff00:0:110",
      ]);
      await page.locator(".sequence-window input").press("ArrowLeft");
      return page.locator(".page-side");
    },
  },
  {
    name: "editor",
    window: WIDE,
    fragment: "#e=02-failover",
    async show(page) {
      await page.click("#tab-editor");
      const text = page.locator(".cm-content");
      await text.click();
      await page.keyboard.press("Control+End");
      await page.keyboard.type("\nqueues: 100ms");
      await page.locator(".editor-problems button").first().click();
      await page.mouse.move(640, 6);
      return page.locator(".page-side");
    },
  },
  {
    name: "fork",
    window: WIDE,
    fragment: "#e=31-explore&t=9.9",
    async show(page) {
      await page.click("#tab-fork");
      await page.getByLabel("Change", { exact: true }).last().selectOption("policy");
      await page.getByLabel("Policy", { exact: true }).last().selectOption("round-robin");
      await page.getByRole("button", { name: "Fork here" }).click();
      await page.locator(".fork-difference dl").waitFor();
      await page.getByText("to 30 s in the run, to 30 s in the fork").waitFor();
      await page.locator(".time-now").fill("10.4s");
      await page.keyboard.press("Enter");
      return null;
    },
  },
  {
    name: "phone",
    window: PHONE,
    fragment: `${AFTER_THE_SWITCH}&a=selector/video`,
    show: () => Promise.resolve(null),
  },
];

async function chooseActors(page: Page, actors: readonly string[]): Promise<void> {
  const chips = page.locator(".sequence-chips button");
  await chips.first().waitFor();
  for (let left = await chips.count(); left > 0; left--) await chips.first().click();
  for (const actor of actors) {
    await page.getByLabel("Add an actor").fill(actor);
    await page.keyboard.press("Enter");
  }
}
