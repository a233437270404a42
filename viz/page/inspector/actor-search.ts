/** Which actor: a field to search in, and a list of those that match, by AS (ARIA's combobox with a list). */
import type { OutlinedActor, RunOutline } from "../../../core/exploration.ts";
import type { App } from "../app.ts";
import { clear, h } from "../dom.ts";

/** Options in the list; of more the reader is asked to say more. */
const MOST_SHOWN = 200;

/** `prefix` keeps ids on the page apart. */
export function createActorSearch(app: App, prefix: string): HTMLElement {
  const list = h("div", {
    role: "listbox",
    id: `${prefix}-list`,
    class: "insp-list",
    "aria-label": "Actors",
    hidden: true,
  });
  const field = h("input", {
    type: "search",
    id: `${prefix}-field`,
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "router, link, selector, flow, AS \u2026",
    "aria-controls": `${prefix}-list`,
    "aria-expanded": false,
    "aria-autocomplete": "list",
  });
  let options: HTMLElement[] = [];
  let active = -1;
  const setActive = (next: number): void => {
    options[active]?.setAttribute("aria-selected", "false");
    active = options.length === 0 ? -1 : Math.max(0, Math.min(next, options.length - 1));
    const option = options[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option === undefined) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", option.id);
  };
  const close = (): void => {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    active = -1;
  };
  const choose = (id: string): void => {
    close();
    field.value = "";
    app.select(id);
  };
  const open = (): void => {
    options = fillList(list, app.outline, field.value, prefix, choose);
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    setActive(field.value === "" ? -1 : 0);
    if (field.value === "") active = -1;
  };
  field.addEventListener("input", open);
  field.addEventListener("click", open);
  field.addEventListener("blur", () =>
    setTimeout(() => {
      if (document.activeElement !== field) close();
    }, 150),
  );
  field.addEventListener("keydown", (event) => {
    if (!moves(event.key)) return;
    event.preventDefault();
    // The page has meanings of its own for some of them.
    event.stopPropagation();
    if (event.key === "Escape") close();
    else if (list.hidden) open();
    else if (event.key === "Enter") options[Math.max(0, active)]?.click();
    else setActive(event.key === "ArrowDown" ? active + 1 : active - 1);
  });
  return h("div", { class: "insp-search" }, h("label", { for: `${prefix}-field` }, "Actor"), field, list);
}

function moves(key: string): boolean {
  return key === "ArrowDown" || key === "ArrowUp" || key === "Enter" || key === "Escape";
}

function fillList(
  list: HTMLElement,
  outline: RunOutline | null,
  words: string,
  prefix: string,
  choose: (id: string) => void,
): HTMLElement[] {
  const found = matching(outline?.actors ?? [], words);
  const options: HTMLElement[] = [];
  const groups = new Map<string, HTMLElement[]>();
  for (const { ia, id, logic } of found.slice(0, MOST_SHOWN)) {
    const option = h(
      "div",
      {
        role: "option",
        id: `${prefix}-option-${options.length}`,
        class: "insp-option",
        "aria-selected": false,
        onmousedown: (event) => event.preventDefault(),
        onclick: () => choose(id),
      },
      h("span", {}, id),
      h("span", { class: "muted" }, logic),
    );
    options.push(option);
    groups.set(ia, [...(groups.get(ia) ?? []), option]);
  }
  const label = (ia: string): string => {
    const name = outline?.ases.find((one) => one.ia === ia)?.label ?? null;
    return name === null ? ia : `${ia} ${name}`;
  };
  clear(
    list,
    [...groups].map(([ia, inside]) =>
      h(
        "div",
        { role: "group", "aria-label": label(ia) },
        h("div", { class: "insp-group", role: "presentation" }, label(ia)),
        inside,
      ),
    ),
    moreLine(found.length),
  );
  return options;
}

function moreLine(found: number): HTMLElement | null {
  if (found === 0)
    return h("div", { class: "insp-group", role: "presentation" }, "No actor has all these words in its id.");
  if (found <= MOST_SHOWN) return null;
  return h("div", { class: "insp-group", role: "presentation" }, `${found - MOST_SHOWN} more: write more of the id.`);
}

/** Those with all words in id, logic or AS; ASes in their order, and in each its router first. */
function matching(actors: readonly OutlinedActor[], words: string): OutlinedActor[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return actors
    .filter(({ ia, id, logic }) => {
      const text = `${id} ${logic} ${ia}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    })
    .toSorted((left, right) => (left.ia === right.ia ? 0 : left.ia < right.ia ? -1 : 1));
}
