/** Elements that are built: on a page of their own, in a real browser. */
import test from "ava";
import { browserTest, expectBrowser, launchBrowser, visit } from "../browser-testing.ts";
import { harness } from "./site-testing.ts";

test("there is a browser to build elements in", (t) => expectBrowser(t, "elements"));

const ENTRY = `
import { clear, h, onFrame, svg } from "./dom.ts";
const root = document.getElementById("root")!;
const hostile = '<img src=x onerror="document.title=1">';
let clicks = 0;
let draws = 0;
const draw = onFrame(() => { draws++; });
root.append(h("p", {}, "gone"));
clear(root, h("button", {
  type: "button", class: "one two", "aria-pressed": false, disabled: false, hidden: null, "data-n": 3,
  style: { "--colour": "red", width: "100px" },
  onclick: (event) => { clicks += event.detail >= 0 ? 1 : 0; draw(); draw(); draw(); },
}, hostile, null, ["a", [1, false, h("b", {}, "c")]]), svg("svg", { viewBox: "0 0 1 1" }, svg("path", { d: "M0 0" })));
Object.assign(globalThis, { tell: () => ({ clicks, draws, html: root.innerHTML, space: root.querySelector("path")?.namespaceURI }) });
`;

browserTest("elements have their attributes, listeners and children, and no text becomes a tag", async (t) => {
  const site = await harness(ENTRY);
  const browser = await launchBrowser();
  t.teardown(() => Promise.all([browser.close(), site.close()]));
  await visit(browser, site.url, {}, async ({ page, complaints }) => {
    await page.click("button");
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    t.deepEqual(await page.evaluate("tell()"), {
      clicks: 1,
      draws: 1,
      html:
        '<button type="button" class="one two" aria-pressed="false" data-n="3" style="--colour: red; width: 100px;">' +
        '&lt;img src=x onerror="document.title=1"&gt;a1<b>c</b></button><svg viewBox="0 0 1 1"><path d="M0 0"></path></svg>',
      space: "http://www.w3.org/2000/svg",
    });
    t.is(await page.title(), "Harness");
    t.deepEqual(complaints, []);
  });
});
