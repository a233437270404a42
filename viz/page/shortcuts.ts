/** Keys that work wherever nothing is typed. */

export interface Shortcut {
  readonly key: string;
  /** As it is written in the help. */
  readonly shown: string;
  readonly what: string;
  readonly run: () => void;
}

/** Kinds of input in which letters are no text. */
const NOT_TYPED = new Set(["range", "checkbox", "radio", "button", "submit", "file"]);

export function listenToKeys(shortcuts: readonly Shortcut[]): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target !== null && (isTyped(target) || (event.key === " " && isPressed(target)))) return;
    // What lies over the page has the keys; the browser closes it by Escape.
    if (document.querySelector("dialog[open], :popover-open") !== null) return;
    const found = shortcuts.find(({ key }) => key === event.key);
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  });
}

function isTyped(target: Element): boolean {
  if (target instanceof HTMLInputElement) return !NOT_TYPED.has(target.type);
  return target instanceof HTMLTextAreaElement || target.closest('[contenteditable="true"]') !== null;
}

/** What the space bar itself presses or opens. */
function isPressed(target: Element): boolean {
  return target.closest("button, select, summary, a, input[type=checkbox], input[type=radio], [role=button]") !== null;
}
