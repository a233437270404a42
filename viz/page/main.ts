/** The explorer: starts the worker, builds the page and opens what the address names. */
import "./style/charts.css";
import "./style/editor.css";
import "./style/fork.css";
import "./style/inspector.css";
import "./style/log.css";
import "./style/sequence.css";
import { asProblemError } from "./app-state.ts";
import type { Panel } from "./app.ts";
import { Desk } from "./desk.ts";
import { makeGallery } from "./gallery/gallery.ts";
import { makeHelp } from "./help.ts";
import { makeLayout, type Regions } from "./layout.ts";
import { listenToKeys, type Shortcut } from "./shortcuts.ts";
import { Tabs, type TabPlan } from "./tabs.ts";
import { mountMap } from "./map/map.ts";
import { mountTransport, type Transport } from "./time/transport.ts";

/** Packets drawn on the map at once. */
const PACKETS = 1_000;

const root = document.getElementById("page");
if (root !== null) start(root);

function start(page: HTMLElement): void {
  const desk = new Desk();
  const { app } = desk;
  const complain = (error: unknown): void => app.complain(asProblemError(error).problem);
  app.start();
  const tabs = new Tabs(plansOf(desk), complain);
  const gallery = makeGallery({
    entry: (entry) => desk.openEntry(entry).catch(complain),
    scenario: (file, text, files) => desk.openScenario(file, text, files).catch(complain),
    run: (run) => desk.openRun(run).catch(complain),
    complain: (problem) => app.complain(problem),
  });
  const regions: Regions = makeLayout(page, app, tabs, {
    examples: () => gallery.show(desk.gallery),
    share: () => void share(desk, regions).catch(complain),
    help: () => help.showModal(),
  });
  const map = mountMap(regions.map, app);
  const transport = mountTransport(regions.transport, app);
  const shortcuts = shortcutsOf(desk, transport, {
    help: () => help.showModal(),
    share: () => void share(desk, regions).catch(complain),
  });
  const help = makeHelp(shortcuts);
  page.append(gallery.element, help);
  listenToKeys(shortcuts);
  followSelection(desk, tabs);
  app.on("problem", (problem) => {
    if (problem !== null && problem.places.length > 0) tabs.show("editor");
  });
  desk.onFork((other) => {
    map.compareWith?.(other);
    tabs.compareWith(other);
  });
  followVisibility(desk, map);
  app.on("progress", ({ ended }) => {
    if (ended) tabs.prepare("charts");
  });
  globalThis.addEventListener("beforeprint", () => tabs.print());
  globalThis.addEventListener("hashchange", () => void desk.openFragment(location.hash).catch(complain));
  globalThis.addEventListener("unhandledrejection", ({ reason }) => complain(reason));
  desk.start().catch(complain);
}

/** Parts that are loaded when they are first seen; their styles come with the page. */
function plansOf(desk: Desk): readonly TabPlan[] {
  const { app } = desk;
  return [
    {
      name: "inspector",
      title: "Inspector",
      mount: async (root) => (await import("./inspector/inspector.ts")).mountInspector(root, app),
    },
    {
      name: "charts",
      title: "Charts",
      mount: async (root) => (await import("./charts/charts.ts")).mountCharts(root, app),
    },
    {
      name: "log",
      title: "Log",
      mount: async (root) => (await import("./log/log.ts")).mountLog(root, app),
    },
    {
      name: "sequence",
      title: "Sequence",
      mount: async (root) => (await import("./sequence/sequence.ts")).mountSequence(root, app),
    },
    {
      name: "editor",
      title: "Editor",
      mount: async (root) => (await import("./editor/editor.ts")).mountEditor(root, app, desk),
    },
    {
      name: "fork",
      title: "Fork",
      mount: async (root) => (await import("./fork/fork.ts")).mountFork(root, app, desk),
    },
  ];
}

/** Of a page that lies behind others nothing is drawn, and frames come seldom. */
function followVisibility({ app }: Desk, map: Panel): void {
  const look = (): void => {
    const visible = document.visibilityState === "visible";
    app.look({ map: visible, packets: PACKETS });
    map.seen?.(visible);
  };
  document.addEventListener("visibilitychange", look);
  look();
}

/** What is selected elsewhere is shown in the inspector; who works in a view is not torn away from it. */
function followSelection(desk: Desk, tabs: Tabs): void {
  desk.app.on("selected", (actor) => {
    if (actor !== null && !tabs.element.contains(document.activeElement)) tabs.show("inspector");
  });
}

async function share(desk: Desk, regions: Regions): Promise<void> {
  const link = await desk.link();
  history.replaceState(null, "", link);
  try {
    await navigator.clipboard.writeText(link);
    regions.say("Link copied.");
  } catch {
    regions.say("The link stands in the address bar.");
  }
  setTimeout(() => regions.say(""), 4000);
}

function shortcutsOf(
  desk: Desk,
  transport: Transport,
  { help, share: copy }: { help(): void; share(): void },
): readonly Shortcut[] {
  return [
    { key: " ", shown: "Space", what: "Play or pause", run: transport.toggle },
    { key: ".", shown: ".", what: "One event forward", run: () => transport.step(1) },
    { key: ",", shown: ",", what: "One event back", run: () => transport.step(-1) },
    { key: "n", shown: "n", what: "Next bookmark", run: () => transport.bookmark(1) },
    { key: "p", shown: "p", what: "Bookmark before", run: () => transport.bookmark(-1) },
    { key: "l", shown: "l", what: "Copy a link to what is shown", run: copy },
    { key: "Escape", shown: "Escape", what: "Select nothing", run: () => desk.app.select(null) },
    { key: "?", shown: "?", what: "This help", run: help },
  ];
}
