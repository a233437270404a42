/** Which actors the sequence chart shows: chips, a search, and presets. */
import type { RunOutline } from "../../../core/exploration.ts";
import { clear, h } from "../dom.ts";
import { shortActor } from "../short-names.ts";

/** More columns than this are no chart any more. */
export const MOST_ACTORS = 16;

export interface ActorChoice {
  readonly element: HTMLElement;
  /** Another run: what is to choose from. */
  offer(outline: RunOutline | null): void;
  show(actors: readonly string[]): void;
  /** Is an actor selected, whose neighbours can be shown? */
  selected(actor: string | null): void;
}

interface ChoiceDoes {
  choose(actors: readonly string[]): void;
  flow(flow: string): void;
  neighbours(): void;
}

export function makeActorChoice(does: ChoiceDoes): ActorChoice {
  let actors: readonly string[] = [];
  let known: ReadonlySet<string> = new Set();
  const list = h("datalist", { id: "sequence-actors" });
  const chips = h("ul", { class: "sequence-chips", "aria-label": "Actors shown" });
  const flows = h("select", { onchange: ({ currentTarget: { value } }) => value !== "" && does.flow(value) });
  const around = h(
    "button",
    { type: "button", disabled: true, onclick: () => does.neighbours() },
    "Neighbours of the selected",
  );
  const input = h("input", {
    type: "search",
    list: "sequence-actors",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "node/…",
  });
  const add = (): void => {
    const id = input.value.trim();
    if (!known.has(id) || actors.includes(id) || actors.length >= MOST_ACTORS) return;
    input.value = "";
    does.choose([...actors, id]);
  };
  input.addEventListener("change", add);
  const remove = (id: string): void => {
    does.choose(actors.filter((actor) => actor !== id));
    (chips.querySelector<HTMLElement>("button") ?? input).focus();
  };
  const element = h(
    "form",
    {
      class: "sequence-choice",
      "aria-label": "Actors of the sequence chart",
      onsubmit: (event) => {
        event.preventDefault();
        add();
      },
    },
    h(
      "div",
      { class: "sequence-row" },
      h("label", {}, h("span", {}, "Path of flow"), flows),
      around,
      h("label", {}, h("span", {}, "Add an actor"), input),
      list,
    ),
    chips,
  );
  return {
    element,
    offer: (outline) => {
      known = new Set(outline?.actors.map(({ id }) => id));
      clear(list, outline?.actors.map(({ id }) => h("option", { value: id })) ?? []);
      clear(
        flows,
        h("option", { value: "" }, "choose…"),
        outline?.flows.map(({ id }) => h("option", { value: id }, id)) ?? [],
      );
    },
    show: (chosen) => {
      actors = chosen;
      clear(
        chips,
        chosen.map((id) => chip(id, () => remove(id))),
      );
    },
    selected: (actor) => {
      around.disabled = actor === null;
    },
  };
}

function chip(id: string, remove: () => void): HTMLElement {
  const button = h("button", { type: "button", class: "plain", "aria-label": `Remove ${id}`, onclick: remove }, "✕");
  return h("li", { title: id }, shortActor(id), button);
}

/** The actors on a way: hosts at its ends, nodes between. */
export function actorsOfPath(outline: RunOutline, flow: string, directions: readonly number[]): string[] {
  const found = outline.flows.find(({ id }) => id === flow);
  const ids = new Set(outline.actors.map(({ id }) => id));
  const nodes = directions.flatMap((direction) => {
    const link = outline.links[direction >> 1];
    const ends = link === undefined ? [] : direction % 2 === 0 ? [link.a, link.b] : [link.b, link.a];
    return ends.map((end) => `node/${end.split("#")[0]}`);
  });
  const all = [`host/${found?.src}`, ...nodes, `host/${found?.dst}`];
  return [...new Set(all)].filter((id) => ids.has(id)).slice(0, MOST_ACTORS);
}

/** The actor itself among those it sends to and hears from, as the outline tells. */
export function neighboursOf(outline: RunOutline, actor: string): string[] {
  const own = outline.actors.find(({ id }) => id === actor);
  const direction = outline.directions.indexOf(actor);
  const nodesOf = (ends: readonly string[]): string[] => ends.map((end) => `node/${end.split("#")[0]}`);
  if (direction >= 0) {
    const { a, b } = outline.links[direction >> 1] ?? { a: "", b: "" };
    const [from, to] = nodesOf(direction % 2 === 0 ? [a, b] : [b, a]);
    return [from as string, actor, to as string];
  }
  const inside = outline.actors
    .filter(({ id, ia, logic }) => ia === own?.ia && id !== actor && logic !== "link")
    .map(({ id }) => id);
  if (own?.logic !== "node") return [...new Set([actor, ...inside])].slice(0, MOST_ACTORS);
  const across = outline.links
    .flatMap(({ a, b }) => nodesOf([a, b]))
    .filter((id, n, all) => id !== actor && all[n ^ 1] === actor);
  return [...new Set([...inside.filter((id) => id.startsWith("host/")), actor, ...across])].slice(0, MOST_ACTORS);
}
