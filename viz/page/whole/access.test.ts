/** The whole page for everybody: read by axe in both schemes and both sizes, by the keyboard alone, without motion, quickly there. */
import test, { type ExecutionContext } from "ava";
import type { Page } from "playwright-core";
import { accessibilityViolations, browserTest, expectBrowser, sidewaysOverflow } from "../../browser-testing.ts";
import { known, PHONE, problem, Whole, WIDE } from "./whole-testing.ts";

const whole = new Whole();
test.after.always(() => whole.close());

test("there is a browser that reads for everybody", (t) => expectBrowser(t, "the explorer's accessibility"));

const TABS = ["inspector", "charts", "log", "sequence", "editor", "fork"] as const;

async function fork(page: Page): Promise<void> {
  await page.click("#tab-fork");
  await page.getByLabel("Change", { exact: true }).first().selectOption("cut");
  await page.getByRole("button", { name: "Fork here" }).click();
  await page.locator(".fork-difference dl").waitFor();
}

async function alert(page: Page): Promise<void> {
  await page.locator(".time-now").fill("soon");
  await page.keyboard.press("Enter");
  await problem(page);
}

/** Each tab with something in it. */
async function eachTab(page: Page, look: (what: string) => Promise<void>): Promise<void> {
  for (const tab of TABS) {
    await page.click(`#tab-${tab}`);
    await page
      .locator(`#panel-${tab} :is(svg, table, [role="grid"], .cm-line, select)`)
      .filter({ visible: true })
      .first()
      .waitFor();
    await look(tab);
  }
}

/** Colours do not depend on the width, and nothing else on the scheme. */
for (const [name, window, part] of [
  ["1280x720, light", { ...WIDE, colorScheme: "light" }, "all"],
  ["1280x720, dark", { ...WIDE, colorScheme: "dark" }, "colours"],
  ["390x844, light", { ...PHONE, colorScheme: "light" }, "colours"],
  ["390x844, dark", { ...PHONE, colorScheme: "dark" }, "all"],
] as const) {
  browserTest(`axe finds nothing at ${name}: each tab, a fork, an alert, the examples`, async (t) => {
    await whole.explore(t, "#e=02-failover&t=4&a=selector/ping", (page) => read(t, page, part), window);
  });
}

async function read(t: ExecutionContext, page: Page, part: "all" | "colours"): Promise<void> {
  const sound = async (what: string): Promise<void> => {
    t.deepEqual(await accessibilityViolations(page, part), [], what);
    t.is(await sidewaysOverflow(page), 0, what);
  };
  await known(page);
  await page.locator(".insp-id").waitFor();
  await eachTab(page, sound);
  await fork(page);
  await sound("a fork");
  await alert(page);
  await sound("an alert");
  await page.getByRole("button", { name: "Examples" }).click();
  await sound("the examples");
}

/** What Tab leads to, in order, from the page's beginning until it leaves the page. */
async function tabOrder(page: Page): Promise<{ readonly names: string[]; readonly unseen: string[] }> {
  const names: string[] = [];
  const unseen: string[] = [];
  await page.locator(".page-skip").focus();
  for (let step = 0; step < 200; step++) {
    await page.keyboard.press("Tab");
    const at = (await page.evaluate(FOCUSED)) as { name: string; seen: boolean; first: boolean } | null;
    if (at === null || at.first) return { names, unseen };
    names.push(at.name);
    if (!at.seen) unseen.push(at.name);
  }
  throw new Error(`Tab does not come to an end: ${names.slice(-5).join(", ")}`);
}

/** Focus is seen where an outline, a shadow or the element itself says it. */
const FOCUSED = `(() => {
  const at = document.activeElement;
  if (at === null || at === document.body) return null;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const ring = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  const special = at.closest(".map-as, .map-stage, .page-skip, .time-slider, .cm-editor") !== null;
  const name = at.id || at.getAttribute("aria-label") || at.className?.baseVal || (at.textContent ?? "").trim().slice(0, 30) || String(at.className);
  return { name, seen: (ring || special) && box.width > 0 && box.height > 0, first: at.matches(".page-skip") };
})()`;

browserTest("by the keyboard alone: Tab reaches every control, seen, and leaves again", async (t) => {
  await whole.explore(t, "#e=02-failover&t=4&a=selector/ping", async (page) => {
    await known(page);
    await page.locator(".insp-id").waitFor();
    for (const tab of TABS.filter((name) => name !== "editor")) {
      await page.locator('[role="tab"][aria-selected="true"]').focus();
      while ((await page.locator('[role="tab"][aria-selected="true"]').getAttribute("id")) !== `tab-${tab}`)
        await page.keyboard.press("ArrowRight");
      await page
        .locator(`#panel-${tab} :is(svg, table, [role="grid"], select)`)
        .filter({ visible: true })
        .first()
        .waitFor();
      await page.waitForTimeout(300);
      const { names, unseen } = await tabOrder(page);
      t.deepEqual(unseen, [], `${tab}: focus that cannot be seen`);
      for (const name of [
        "Examples",
        "Copy link",
        "Help",
        `tab-${tab}`,
        "Play",
        "Time in the run",
        "Speed",
        "Time",
        "Event",
      ])
        t.true(names.includes(name), `${tab}: ${name} among ${names.join(" | ")}`);
      const [missed] = [(await page.evaluate(UNREACHED)) as string[]];
      t.deepEqual(missed, [], tab);
    }
    // The editor keeps Tab for itself until Escape.
    await page.click("#tab-editor");
    await page.getByRole("textbox", { name: "Scenario, YAML" }).click();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    t.false((await page.evaluate("document.activeElement.closest('.cm-content') !== null")) as boolean);
  });
});

/** Controls in sight that neither Tab nor arrow keys of what is around them lead to. */
const UNREACHED = `[...document.querySelectorAll("button, input, select, summary, a[href]")].filter((one) =>
  one.checkVisibility() && !one.disabled && one.tabIndex < 0 && one.closest("[role=tablist], [role=grid], [role=listbox], [role=toolbar], [role=radiogroup], .map-stage") === null
).map((one) => one.outerHTML.slice(0, 100))`;

browserTest("without motion nothing moves by itself; it is there soon, in few bytes", async (t) => {
  const still = { ...WIDE, reducedMotion: "reduce" } as const;
  await whole.explore(
    t,
    "#e=02-failover",
    async (page) => {
      await known(page);
      const moving = await page.evaluate(
        "document.getAnimations().filter(({ playState, effect }) => playState === 'running' && effect.getTiming().duration > 50).length",
      );
      t.is(moving, 0);
      const paints = await page.evaluate(
        "performance.getEntriesByType('paint').map(({ name, startTime }) => `${name} ${startTime.toFixed(0)} ms`).join(', ')",
      );
      t.log(`from localhost: ${paints}`);
      if (whole.built !== "") t.log(whole.built);
    },
    still,
  );
});
