/** The inspector on a page of its own, in a real browser, with views of real runs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { ActorView, RunOutline } from "../../../core/exploration.ts";
import { actorView } from "../../../sim/exploration/actor-view.ts";
import { type Explored, explore, FAILING, scenarioFrom } from "../../../sim/exploration/view-testing.ts";
import {
  accessibilityViolations,
  browserTest,
  expectBrowser,
  launchBrowser,
  sidewaysOverflow,
  visit,
} from "../../browser-testing.ts";
import { harness } from "../site-testing.ts";

test("there is a browser to show the inspector in", (t) => expectBrowser(t, "the inspector"));

/** Views by the number of the event they are of, then by actor. */
type Views = Record<number, Record<string, ActorView | null>>;

const SELECTOR = "selector/video";
const HOST = "host/1-ff00:0:111,10.0.0.1";
/** Of the link that fails, the direction away from this end. */
const linkOf = ({ directions }: RunOutline): string =>
  directions.find((id) => id.startsWith("link/1-ff00:0:110#3>")) ?? "none";

function lookAt(explored: Explored, event: number, actors: readonly string[]): Record<string, ActorView | null> {
  explored.cursor.seekEvent(event);
  const standing = explored.standing();
  return Object.fromEntries(actors.map((actor) => [actor, actorView(standing, actor)]));
}

interface Known {
  readonly outline: RunOutline;
  readonly views: Views;
  readonly changed: number;
  readonly told: number;
  readonly end: number;
}

function failingRun(): Known {
  const explored = explore(scenarioFrom(FAILING));
  const end = explored.scout.events;
  const actors = explored.scout.world.allCells().map(({ id }) => id);
  const last = lookAt(explored, end, actors);
  const { face } = last[SELECTOR] as ActorView;
  if (face?.kind !== "selector") throw new Error("the selector has no face");
  const [change] = face.switches;
  if (change === undefined) throw new Error("the selector has not changed its path");
  const { event: changed, told } = change;
  const views: Views = {
    [end]: last,
    [told]: lookAt(explored, told, actors),
    [changed]: lookAt(explored, changed, actors),
  };
  const recent = Array.from({ length: 30 }, (_, n) => ({
    event: end - 30 + n,
    time_ns: 5.9e9 + n * 1e6,
    actor: SELECTOR,
    kind: n % 7 === 0 ? "path.down" : "packet",
    flow: n % 7 === 0 ? null : "video",
    packet: n % 7 === 0 ? null : n,
    ifId: 0,
    from: n % 7 === 0 ? HOST : "app/video",
    sent_ns: 5.9e9,
    dropped: n === 11 ? "no_path" : null,
  }));
  const selector = { ...(last[SELECTOR] as ActorView), recent };
  const news = [told - 9, told].map((event) => ({
    ...recent[1],
    event,
    kind: `packet ${event === told ? "scmp.interface-down" : "bfd"}`,
  }));
  const host = { ...views[told]?.[HOST], recent: news } as ActorView;
  return {
    outline: explored.standing().outline,
    views: { ...views, [told]: { ...views[told], [HOST]: host }, [end]: { ...last, [SELECTOR]: selector } },
    changed,
    told,
    end,
  };
}

function entry({ outline, told, views, end }: Known): string {
  return `
import { SeriesStore } from "./series-store.ts";
import { mountInspector } from "./inspector/inspector.ts";
const views = ${JSON.stringify(views)};
const heard = new Map();
const log = [];
const series = new SeriesStore();
for (const name of ["link.load", "link.queue", "link.drops"]) series.add({ name, of: ${JSON.stringify(linkOf(outline))}, bin_ns: 100_000_000, from: 0,
  values: Float64Array.from({ length: 60 }, (_, n) => name === "link.drops" ? (n === 20 ? 3 : 0) : Math.abs(Math.sin(n / 7))) });
const frameOf = (event, playing = false) => ({ now: Object.values(views[event] ?? views[${end}])[0].now, event, playing });
const app = {
  outline: ${JSON.stringify(outline)}, frame: frameOf(${end}), progress: null, bookmarks: [], series, selected: null,
  on(topic, hear) {
    heard.set(topic, [...(heard.get(topic) ?? []), hear]);
    if (app[topic] != null) hear(app[topic]);
    return () => {};
  },
  tell(topic, value) { app[topic] = value; for (const hear of heard.get(topic) ?? []) hear(value); },
  async ask(name, { actor, around }) {
    if (name === "log") return { rows: [around - 1, around, around + 1].map((event) => ({ event, actor: event === ${told} ? ${JSON.stringify(HOST)} : "no one" })) };
    log.push([name, actor, app.frame.event, performance.now()]); return (views[app.frame.event] ?? views[${end}])[actor] ?? null;
  },
  seek(to) { log.push(["seek", to]); if ("event" in to) app.tell("frame", frameOf(to.event)); },
  select(actor) { log.push(["select", actor]); app.tell("selected", actor); },
  highlight(what) { log.push(["highlight", what]); },
  complain(problem) { log.push(["complain", problem.message]); },
};
const panel = mountInspector(document.getElementById("root"), app);
Object.assign(globalThis, { app, log, panel, frameOf });
`;
}

const example = (name: string): string => readFileSync(join(import.meta.dirname, "../../../examples", name), "utf8");

const settle = "new Promise((done) => setTimeout(done, 60))";

browserTest(
  "an actor is searched for by keyboard; the selector says why it changed, and goes to the packet that told it",
  async (t) => {
    const known = failingRun();
    const site = await harness(entry(known));
    const browser = await launchBrowser();
    t.teardown(() => Promise.all([browser.close(), site.close()]));
    await visit(browser, site.url, { viewport: { width: 560, height: 1400 } }, async ({ page, complaints }) => {
      t.regex((await page.textContent(".insp-note")) ?? "", /Choose an actor/);
      await page.focus("[role=combobox]");
      await page.keyboard.type("selector video");
      t.is(await page.locator("[role=option]").count(), 1);
      await page.keyboard.press("Enter");
      await page.waitForSelector(".insp-candidate");
      t.is(await page.textContent(".insp-id"), SELECTOR);
      t.regex((await page.textContent(".insp-why")) ?? "", /^lowest-latency: latency/);
      t.is(await page.locator(".insp-switches > li").count(), 2);
      t.regex((await page.textContent(".insp-switches")) ?? "", /news that 1-ff00:0:110#3 is down bars the path/);
      t.is(await page.locator(".insp-current > .insp-name").textContent(), "selecting");
      await page.focus(".insp-candidate button");
      const [, shown] = (await page.evaluate("log.findLast(([what]) => what === 'highlight')")) as [
        string,
        { directions: number[] },
      ];
      t.true(shown.directions.length >= 2);
      await page.click("text=Go to what told it");
      t.deepEqual(await page.evaluate("log.findLast(([what]) => what === 'seek')"), ["seek", { event: known.told }]);
      await page.evaluate(settle);
      t.regex(
        (await page.textContent(".insp-head")) ?? "",
        new RegExp(`after event ${known.told.toLocaleString("en")},`),
      );
      t.is(await page.textContent(".insp-id"), HOST);
      const marked = page.locator(".insp-recent tr[aria-current=true]");
      t.regex((await marked.allTextContents()).join("|"), /^[^|]*packet scmp\.interface-down[^|]*$/);
      t.deepEqual(await accessibilityViolations(page), []);
      t.deepEqual(complaints, []);
    });
  },
);

browserTest(
  "while it plays the worker is asked five times a second at most; unseen, never; paused, at once",
  async (t) => {
    const known = failingRun();
    const site = await harness(entry(known));
    const browser = await launchBrowser();
    t.teardown(() => Promise.all([browser.close(), site.close()]));
    await visit(browser, site.url, {}, async ({ page, complaints }) => {
      const asked = (await page.evaluate(`(async () => {
      app.select(${JSON.stringify(SELECTOR)});
      await ${settle};
      log.length = 0;
      const begin = performance.now();
      for (let n = 0; n < 60; n++) {
        app.tell("frame", { ...frameOf(${known.end}, true), event: n });
        await new Promise((done) => setTimeout(done, 16));
      }
      const playing = log.length;
      const took = performance.now() - begin;
      app.tell("frame", frameOf(${known.changed}));
      await ${settle};
      const paused = log.at(-1)[2];
      panel.seen(false);
      const before = log.length;
      app.tell("frame", frameOf(${known.told}));
      await ${settle};
      return { playing, took, paused, unseen: log.length - before };
    })()`)) as { playing: number; took: number; paused: number; unseen: number };
      t.true(asked.playing >= 2 && asked.playing <= asked.took / 200 + 1, JSON.stringify(asked));
      t.is(asked.paused, known.changed);
      t.is(asked.unseen, 0);
      t.deepEqual(complaints, []);
    });
  },
);

browserTest("every kind of actor is shown, in light and dark and on a phone", async (t) => {
  const failing = failingRun();
  const channels = explore(scenarioFrom(example("22-two-paths-at-once.yaml")), 30_000);
  const more = lookAt(
    channels,
    30_000,
    channels.scout.world.allCells().map(({ id }) => id),
  );
  const end = { ...failing.views[failing.end], ...more };
  const site = await harness(entry({ ...failing, views: { [failing.end]: end } }));
  const association = Object.keys(more).find((id) => more[id]?.logic === "association") as string;
  const browser = await launchBrowser();
  t.teardown(() => Promise.all([browser.close(), site.close()]));
  const actors = {
    selector: SELECTOR,
    node: "node/1-ff00:0:110",
    link: linkOf(failing.outline),
    association,
    app: "app/video",
  };
  for (const colorScheme of ["light", "dark"] as const) {
    await visit(
      browser,
      site.url,
      { viewport: { width: 360, height: 900 }, colorScheme },
      async ({ page, complaints }) => {
        for (const [name, actor] of Object.entries(actors)) {
          if (colorScheme === "dark" && name !== "selector" && name !== "link") continue;
          await page.evaluate(`app.select(${JSON.stringify(actor)})`);
          await page.evaluate(settle);
          t.is(await page.textContent(".insp-id"), actor);
          await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
          await page.evaluate(settle);
          const part = colorScheme === "light" ? "all" : "colours";
          t.deepEqual(await accessibilityViolations(page, part), [], `${name} ${colorScheme}`);
          t.is(await sidewaysOverflow(page), 0, `${name} ${colorScheme}`);
        }
        t.deepEqual(complaints, []);
      },
    );
  }
});
