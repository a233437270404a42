/** A context as a tree that opens by itself at the first level; what the reader has opened stays open while values change. */
import type { ContextView } from "../../../core/exploration.ts";
import { clear, h } from "../dom.ts";

export interface ContextTree {
  readonly element: HTMLElement;
  show(context: ContextView): void;
  /** Another actor: all is closed. */
  reset(): void;
}

export function createContextTree(): ContextTree {
  const element = h("div", { class: "insp-context" });
  const open = new Set<string>();
  let shown: ContextView | null = null;
  const draw = (): void => {
    if (shown === null) return;
    clear(element, shown.kind === "value" ? h("code", {}, shown.text) : entriesOf(shown, "", open));
  };
  return {
    element,
    show: (context) => {
      shown = context;
      draw();
    },
    reset: () => open.clear(),
  };
}

type Group = Extract<ContextView, { kind: "group" }>;

function entriesOf(group: Group, around: string, open: Set<string>): HTMLElement {
  const items = group.entries.map(([key, value]) => h("li", {}, entry(key, value, `${around}/${key}`, open)));
  const more = group.more === 0 ? null : h("li", { class: "muted" }, `${group.more} more`);
  return h("ul", {}, items, more);
}

/** What is inside is made when it is opened. */
function entry(key: string, value: ContextView, path: string, open: Set<string>): (Node | string)[] | HTMLElement {
  const name = h("span", { class: "insp-key" }, key);
  if (value.kind === "value") return [name, ": ", h("code", {}, value.text)];
  const inside = h("div", {});
  const fill = (): void => clear(inside, entriesOf(value, path, open));
  const isOpen = open.has(path);
  if (isOpen) fill();
  return h(
    "details",
    {
      open: isOpen,
      ontoggle: (event) => {
        const { open: opened } = event.currentTarget;
        if (opened) {
          open.add(path);
          if (inside.childElementCount === 0) fill();
        } else open.delete(path);
      },
    },
    h("summary", { "data-key": `context ${path}` }, name, " ", h("span", { class: "muted" }, value.what)),
    inside,
  );
}
