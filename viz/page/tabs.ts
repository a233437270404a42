/** Tabs after the ARIA pattern: one tab stop, arrows go from tab to tab, and what is not seen is told so. */
import type { App, Panel } from "./app.ts";
import { h } from "./dom.ts";

export interface TabPlan {
  readonly name: string;
  readonly title: string;
  /** Fills the tab's panel, when it is first shown or when the page has time. */
  mount(root: HTMLElement): Promise<Panel>;
}

interface Tab {
  readonly plan: TabPlan;
  readonly button: HTMLButtonElement;
  readonly root: HTMLElement;
  mounted: Promise<Panel | null> | null;
  /** There once it is mounted. */
  panel: Panel | null;
}

export class Tabs {
  readonly element: HTMLElement;
  readonly #tabs: readonly Tab[];
  readonly #complain: (error: unknown) => void;
  #shown: Tab | null = null;
  #other: App | null = null;

  constructor(plans: readonly TabPlan[], complain: (error: unknown) => void) {
    this.#complain = complain;
    this.#tabs = plans.map((plan) => this.#make(plan));
    const list = h(
      "div",
      { class: "page-tabs", role: "tablist", "aria-label": "Views", onkeydown: (event) => this.#move(event) },
      this.#tabs.map(({ button }) => button),
    );
    this.element = h(
      "section",
      { class: "page-side", id: "views", "aria-label": "Views" },
      list,
      this.#tabs.map(({ root }) => root),
    );
    const [first] = this.#tabs;
    if (first !== undefined) this.#show(first);
  }

  get shown(): string {
    return this.#shown?.plan.name ?? "";
  }

  show(name: string): void {
    const tab = this.#tabs.find(({ plan }) => plan.name === name);
    if (tab !== undefined) this.#show(tab);
  }

  /** Mounts a view that has not been shown yet. */
  prepare(name: string): void {
    const tab = this.#tabs.find(({ plan }) => plan.name === name);
    if (tab !== undefined) void this.#mount(tab);
  }

  /** Has the views that are mounted draw what belongs on paper: a printer waits for nothing. */
  print(): void {
    for (const { panel } of this.#tabs) panel?.print?.();
  }

  /** Views that are mounted later are told then. */
  compareWith(other: App | null): void {
    this.#other = other;
    for (const { mounted } of this.#tabs) void mounted?.then((panel) => panel?.compareWith?.(this.#other));
  }

  async #mount(tab: Tab): Promise<Panel | null> {
    tab.mounted ??= tab.plan.mount(tab.root).then(
      (panel) => {
        tab.panel = panel;
        panel.seen?.(tab === this.#shown);
        if (this.#other !== null) panel.compareWith?.(this.#other);
        return panel;
      },
      (error) => {
        tab.root.append(h("p", { class: "page-wait" }, `${tab.plan.title} could not be loaded. Reload the page.`));
        this.#complain(error);
        return null;
      },
    );
    return tab.mounted;
  }

  #make(plan: TabPlan): Tab {
    const ids = { tab: `tab-${plan.name}`, panel: `panel-${plan.name}` };
    const button = h(
      "button",
      {
        type: "button",
        role: "tab",
        id: ids.tab,
        "aria-controls": ids.panel,
        "aria-selected": false,
        tabindex: -1,
        onclick: () => this.show(plan.name),
      },
      plan.title,
    );
    const root = h("div", {
      class: "page-panel",
      role: "tabpanel",
      id: ids.panel,
      "aria-labelledby": ids.tab,
      tabindex: 0,
      hidden: true,
    });
    return { plan, button, root, mounted: null, panel: null };
  }

  #show(tab: Tab): void {
    const before = this.#shown;
    if (before === tab) return;
    this.#shown = tab;
    for (const one of this.#tabs) {
      const shown = one === tab;
      one.button.setAttribute("aria-selected", String(shown));
      one.button.tabIndex = shown ? 0 : -1;
      one.root.hidden = !shown;
    }
    void before?.mounted?.then((panel) => panel?.seen?.(this.#shown === before));
    if (tab.mounted === null) void this.#mount(tab);
    else void tab.mounted.then((panel) => panel?.seen?.(this.#shown === tab));
  }

  #move(event: KeyboardEvent): void {
    const at = this.#tabs.findIndex((tab) => tab === this.#shown);
    const count = this.#tabs.length;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + count, Home: 0, End: count - 1 }[event.key];
    const tab = to === undefined ? undefined : this.#tabs[to % count];
    if (tab === undefined) return;
    event.preventDefault();
    this.#show(tab);
    tab.button.focus();
  }
}
