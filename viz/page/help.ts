/** What the page is and its keys. */
import { h } from "./dom.ts";
import { LOG_KEYS } from "./log/log-grid.ts";
import { MAP_KEYS } from "./map/map.ts";
import type { Shortcut } from "./shortcuts.ts";

export function makeHelp(shortcuts: readonly Shortcut[]): HTMLDialogElement {
  const dialog = h("dialog", { class: "gallery", "aria-labelledby": "help-title" });
  dialog.append(
    h(
      "header",
      {},
      h("h2", { id: "help-title" }, "The explorer"),
      h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => dialog.close() }, "✕"),
    ),
    h(
      "p",
      {},
      "The network on the left is simulated in this page. Press play, or go to any instant: back as well as forward. ",
      "A click on an AS, a link or a packet's flow shows its state machine, what it knows and what it has done. ",
      "“Fork” changes one thing at the instant shown and puts both futures side by side.",
    ),
    h("h3", {}, "Keys"),
    keyTable(shortcuts),
    h("h3", {}, "On the map"),
    keyTable(MAP_KEYS),
    h("h3", {}, "In the log"),
    keyTable(LOG_KEYS),
  );
  return dialog;
}

function keyTable(keys: readonly Pick<Shortcut, "shown" | "what">[]): HTMLElement {
  return h(
    "table",
    {},
    h(
      "tbody",
      {},
      keys.map(({ shown, what }) => h("tr", {}, h("th", { scope: "row" }, shown), h("td", {}, what))),
    ),
  );
}
