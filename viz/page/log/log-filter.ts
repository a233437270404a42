/** The row of filters above the log. */
import type { LogFilter, RunOutline } from "../../../core/exploration.ts";
import { clear, h } from "../dom.ts";

const SECOND = 1_000_000_000;
const WAIT = 150;

export interface FilterRow {
  readonly element: HTMLElement;
  /** Names to choose from; the filters stay as they are. */
  offer(outline: RunOutline | null): void;
}

/** `hear` is told when typing pauses. */
export function makeFilterRow(hear: (filter: LogFilter) => void): FilterRow {
  const actors = h("datalist", { id: "log-actors" });
  const flows = h("datalist", { id: "log-flows" });
  const actor = textField("Actor", "log-actors");
  const kind = textField("Kind", null);
  const flow = textField("Flow", "log-flows");
  const packet = numberField("Packet", 1);
  const from = numberField("From (s)", 0.001);
  const to = numberField("To (s)", 0.001);
  const drops = h("input", { type: "checkbox" });
  let timer = 0;
  const tell = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => hear(filterOf({ actor, kind, flow, packet, from, to, drops })), WAIT);
  };
  const element = h(
    "form",
    {
      class: "log-filter",
      role: "search",
      "aria-label": "Filter the event log",
      oninput: tell,
      onsubmit: (event) => event.preventDefault(),
    },
    labelled("Actor", actor),
    labelled("Kind", kind),
    labelled("Flow", flow),
    labelled("Packet", packet),
    labelled("From (s)", from),
    labelled("To (s)", to),
    h("label", { class: "log-drops" }, drops, "only drops"),
    h("button", { type: "reset", class: "plain", onclick: () => window.setTimeout(tell) }, "Clear"),
    actors,
    flows,
  );
  return {
    element,
    offer: (outline) => {
      clear(actors, outline?.actors.map(({ id }) => h("option", { value: id })) ?? []);
      clear(flows, outline?.flows.map(({ id }) => h("option", { value: id })) ?? []);
    },
  };
}

interface Fields {
  readonly actor: HTMLInputElement;
  readonly kind: HTMLInputElement;
  readonly flow: HTMLInputElement;
  readonly packet: HTMLInputElement;
  readonly from: HTMLInputElement;
  readonly to: HTMLInputElement;
  readonly drops: HTMLInputElement;
}

function filterOf({ actor, kind, flow, packet, from, to, drops }: Fields): LogFilter {
  const text = ({ value }: HTMLInputElement): string => value.trim();
  const number = (field: HTMLInputElement): number | null =>
    field.value === "" || !(field.valueAsNumber >= 0) ? null : field.valueAsNumber;
  const [only, begin, end] = [number(packet), number(from), number(to)];
  return {
    ...(text(actor) === "" ? {} : { actor: text(actor) }),
    ...(text(kind) === "" ? {} : { kind: text(kind) }),
    ...(text(flow) === "" ? {} : { flow: text(flow) }),
    ...(only === null ? {} : { packet: Math.floor(only) }),
    ...(begin === null ? {} : { from_ns: Math.round(begin * SECOND) }),
    ...(end === null ? {} : { to_ns: Math.round(end * SECOND) }),
    ...(drops.checked ? { dropped: true } : {}),
  };
}

function textField(name: string, list: string | null): HTMLInputElement {
  return h("input", { type: "search", name: name.toLowerCase(), list, autocomplete: "off", spellcheck: "false" });
}

function numberField(name: string, step: number): HTMLInputElement {
  return h("input", { type: "number", name: name.toLowerCase(), min: 0, step });
}

function labelled(text: string, field: HTMLElement): HTMLElement {
  return h("label", {}, h("span", {}, text), field);
}
