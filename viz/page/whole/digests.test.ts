/** Every example, in the page's worker in a browser and in Node: one digest. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { browserTest, expectBrowser } from "../../browser-testing.ts";
import type { GalleryEntry } from "../gallery/gallery.ts";
import { digestOf } from "./node-run-testing.ts";
import { Whole } from "./whole-testing.ts";

const whole = new Whole();
test.after.always(() => whole.close());

test("there is a browser to compare digests in", (t) => expectBrowser(t, "digests in the browser"));

/** Runs in the page: opens a scenario in a worker of its own and waits for the run's end. */
const RUN = `window.runToEnd = ({ name, text, files }) => new Promise((done, fail) => {
  const worker = new Worker("worker.js", { type: "module" });
  worker.onerror = ({ message }) => fail(new Error(message));
  worker.onmessage = ({ data }) => {
    if (data.problem) fail(new Error(data.problem.message));
    if (!data.progress?.ended) return;
    const { digest, events, busy_ms, hops } = data.progress;
    worker.terminate();
    done({ digest, events, busy_ms, hops });
  };
  const ask = { kind: "scenario", file: name + ".yaml", text, files, overrides: {}, fork: null };
  worker.postMessage({ id: 1, name: "open", ask });
})`;

interface Ran {
  readonly digest: string;
  readonly events: number;
  readonly busy_ms: number;
  readonly hops: number;
}

browserTest("each example of the gallery has the same digest in the browser and in Node", async (t) => {
  t.timeout(600_000);
  const gallery = JSON.parse(readFileSync(join(await whole.site(), "gallery.json"), "utf8")) as readonly GalleryEntry[];
  t.true(gallery.length >= 24);
  await whole.explore(t, "#e=25-gateway", async (page) => {
    await page.evaluate(RUN);
    for (const entry of gallery) {
      const { name, text, files } = entry;
      // The page's worker goes on while this thread simulates.
      const inPage = page.evaluate(`window.runToEnd(${JSON.stringify({ name, text, files })})`) as Promise<Ran>;
      inPage.catch(() => undefined);
      await new Promise((done) => setTimeout(done, 20));
      const inNode = digestOf(text, files);
      const { digest, events, busy_ms, hops } = await inPage;
      t.is(digest, inNode, name);
      t.log(
        `${name}: ${inNode}, ${events} events, ${(busy_ms / 1e3).toFixed(2)} s in the page, ${((hops / busy_ms) * 1e3).toFixed(0)} hops/s`,
      );
    }
  });
});
