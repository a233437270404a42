/** The list of bookmarks, in a popover: by kind, by the keyboard, each a way to its instant. */
import type { BookmarkKind } from "../../../core/exploration.ts";
import type { RunApp } from "../app-state.ts";
import { clear, h, onFrame } from "../dom.ts";
import { formatBriefly } from "./instants.ts";
import { KINDS } from "./marks.ts";
import { markOf, nameOf } from "./track.ts";

/** Rows built at most; the filter leads to the others. */
const SHOWN = 500;

export interface BookmarkList {
  /** The button that opens it, and the popover. */
  readonly elements: readonly HTMLElement[];
  refresh(): void;
}

export function makeBookmarkList(app: RunApp): BookmarkList {
  const chosen = new Set<BookmarkKind>(KINDS);
  const list = h("ul", { class: "time-list", onkeydown: moveInList });
  const count = h("p", { class: "muted", role: "status" });
  const checks = KINDS.toReversed().map((kind) =>
    h(
      "label",
      {},
      h("input", {
        type: "checkbox",
        checked: true,
        onchange: (event) => {
          if (event.currentTarget.checked) chosen.add(kind);
          else chosen.delete(kind);
          draw();
        },
      }),
      markOf(kind),
      nameOf(kind),
    ),
  );
  const popover = h(
    "div",
    { class: "time-popover", id: "time-bookmarks", popover: "auto", role: "dialog", "aria-label": "Bookmarks" },
    h("h2", {}, "Bookmarks"),
    h("div", { class: "time-kinds", role: "group", "aria-label": "Kinds of bookmarks" }, checks),
    count,
    list,
  );
  const draw = onFrame(() => {
    const found = app.bookmarks.filter(({ kind }) => chosen.has(kind));
    const rest = found.length > SHOWN ? `, the first ${SHOWN} of them shown` : "";
    count.textContent = `${found.length} of ${app.bookmarks.length} bookmarks${rest}`;
    clear(
      list,
      found.slice(0, SHOWN).map((bookmark) => h("li", {}, row(app, bookmark, popover))),
    );
  });
  const button = h(
    "button",
    { type: "button", popovertarget: "time-bookmarks", class: "time-bookmarks", title: "List of bookmarks" },
    h("span", { class: "time-word" }, "Bookmarks "),
    h("span", { class: "time-count" }),
  );
  popover.addEventListener("toggle", () => {
    if (popover.matches(":popover-open")) draw();
  });
  return {
    elements: [button, popover],
    refresh() {
      const label = button.querySelector(".time-count");
      if (label !== null) label.textContent = String(app.bookmarks.length);
      if (popover.matches(":popover-open")) draw();
    },
  };
}

function row(app: RunApp, bookmark: RunApp["bookmarks"][number], popover: HTMLElement): HTMLElement {
  const go = (): void => {
    app.seek({ event: bookmark.event });
    app.select(bookmark.actor);
    popover.hidePopover();
  };
  return h(
    "button",
    { type: "button", class: "plain", onclick: go },
    markOf(bookmark.kind),
    h("span", { class: "unseen" }, `${nameOf(bookmark.kind)}: `),
    h("span", { class: "time-when" }, formatBriefly(bookmark.time_ns)),
    h(
      "span",
      {},
      bookmark.text,
      bookmark.kind === "drop" ? h("small", { class: "muted" }, ` ${bookmark.actor}`) : null,
    ),
  );
}

function moveInList(event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined || !(event.currentTarget instanceof HTMLElement)) return;
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[at + by]?.focus();
  event.preventDefault();
}
