/** The search field: a combobox whose list holds the ASes and links that match. */
import type { RunOutline } from "../../../core/exploration.ts";
import { clear, h } from "../dom.ts";
import { asAt, type MapGraph } from "./graph.ts";

export interface Found {
  readonly kind: "as" | "link";
  readonly index: number;
  readonly text: string;
}

const MOST_FOUND = 12;

/** Whole matches first, then beginnings, then anything that contains the text; ASes before links. */
export function find(graph: MapGraph, links: RunOutline["links"], text: string): Found[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const rank = (...names: readonly (string | null)[]): number =>
    Math.min(
      ...names.map((name) => {
        const at = name?.toLowerCase().indexOf(wanted) ?? -1;
        return at < 0 ? 9 : name?.length === wanted.length ? 0 : at === 0 ? 1 : 2;
      }),
    );
  const ranked: { readonly rank: number; readonly found: Found }[] = [];
  for (const index of graph.ases.keys()) {
    const { ia, outlined, name } = asAt(graph, index);
    const text = outlined.label === null ? ia : `${ia} ${outlined.label}`;
    ranked.push({ rank: rank(ia, outlined.label, name), found: { kind: "as", index, text } });
  }
  links.forEach(({ a, b }, index) => {
    ranked.push({ rank: rank(a, b) + 3, found: { kind: "link", index, text: `${a} \u2013 ${b}` } });
  });
  return ranked
    .filter(({ rank }) => rank < 9)
    .sort((x, y) => x.rank - y.rank)
    .slice(0, MOST_FOUND)
    .map(({ found }) => found);
}

/** The field and its list. `look` answers a text, `go` gets what was chosen. */
export function searchField(look: (text: string) => Found[], go: (found: Found) => void): HTMLElement {
  let found: Found[] = [];
  let at = -1;
  const list = h("ul", { id: "map-found", class: "map-found", role: "listbox", "aria-label": "Found", hidden: true });
  const input = h("input", {
    type: "search",
    class: "map-search-input",
    role: "combobox",
    placeholder: "Find AS or link",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Find an AS or a link on the map",
    "aria-autocomplete": "list",
    "aria-expanded": false,
    "aria-controls": "map-found",
  });
  const show = (open: boolean): void => {
    list.hidden = !open || found.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (list.hidden) input.removeAttribute("aria-activedescendant");
  };
  const mark = (next: number): void => {
    at = next;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    const option = list.children[at];
    if (option === undefined) return;
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const choose = (one: Found | undefined): void => {
    if (one === undefined) return;
    show(false);
    input.value = one.text;
    go(one);
  };
  const search = (): void => {
    found = look(input.value);
    clear(
      list,
      found.map((one, n) =>
        h(
          "li",
          {
            id: `map-found-${n}`,
            role: "option",
            "aria-selected": false,
            onpointerdown: (event) => event.preventDefault(),
            onclick: () => choose(one),
          },
          h("span", { class: "map-found-kind" }, one.kind === "as" ? "AS" : "link"),
          one.text,
        ),
      ),
    );
    show(true);
    if (found.length > 0) mark(0);
  };
  input.addEventListener("input", search);
  input.addEventListener("blur", () => show(false));
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") choose(found[Math.max(at, 0)]);
    else if (event.key === "Escape") show(false);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) search();
      else mark((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else return;
    event.preventDefault();
  });
  return h("div", { class: "map-search" }, input, list);
}
