/** A short list of an AS's actors beside it, to choose the one to look at. */
import type { OutlinedActor } from "../../../core/exploration.ts";
import { clear, h } from "../dom.ts";
import type { Spot } from "./lines.ts";

/** More than these are found in the log and by search. */
const MOST_LISTED = 100;

export class Chooser {
  readonly root = h("div", { class: "map-chooser", role: "dialog", "aria-label": "Actors", hidden: true });
  readonly #select: (actor: string) => void;
  #back: () => void = () => {};

  constructor(select: (actor: string) => void) {
    this.#select = select;
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.root.contains(relatedTarget)) this.root.hidden = true;
    });
  }

  get open(): boolean {
    return !this.root.hidden;
  }

  /** `at`: where, from the upper left corner of what the list is in; `back` gives the focus back. */
  show(title: string, actors: readonly OutlinedActor[], at: Spot, back: () => void): void {
    this.#back = back;
    this.root.setAttribute("aria-label", `Actors of ${title}`);
    const more = actors.length - MOST_LISTED;
    clear(
      this.root,
      h("p", { class: "map-chooser-title" }, title),
      h(
        "ul",
        {},
        actors
          .slice(0, MOST_LISTED)
          .map(({ id, logic }) =>
            h(
              "li",
              {},
              h(
                "button",
                { type: "button", class: "plain", onclick: () => this.#choose(id) },
                h("span", { class: "map-chooser-logic" }, logic),
                h("span", {}, id),
              ),
            ),
          ),
      ),
      more > 0 ? h("p", { class: "muted" }, `and ${more} more`) : null,
    );
    this.root.hidden = false;
    const room = this.root.parentElement;
    const [width, height] = [this.root.offsetWidth, this.root.offsetHeight];
    this.root.style.left = `${Math.max(4, Math.min(at.x + 14, (room?.clientWidth ?? width) - width - 4))}px`;
    this.root.style.top = `${Math.max(4, Math.min(at.y - 10, (room?.clientHeight ?? height) - height - 4))}px`;
    this.#buttons()[0]?.focus({ preventScroll: true });
  }

  close(): void {
    if (!this.open) return;
    this.root.hidden = true;
    this.#back();
  }

  #buttons(): HTMLButtonElement[] {
    return [...this.root.querySelectorAll("button")];
  }

  #choose(id: string): void {
    this.close();
    this.#select(id);
  }

  #key(event: KeyboardEvent): void {
    const buttons = this.#buttons();
    const at = buttons.findIndex((button) => button === document.activeElement);
    const to: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % buttons.length,
      ArrowUp: (at + buttons.length - 1) % buttons.length,
      Home: 0,
      End: buttons.length - 1,
    };
    const next = to[event.key];
    if (event.key === "Escape") this.close();
    else if (next === undefined) return;
    else buttons[next]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
