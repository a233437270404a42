/** Choosing what a fork changes. */
import type { Change, RunOutline } from "../../../core/exploration.ts";
import type { App } from "../app.ts";
import { clear, h } from "../dom.ts";
import { parseRate } from "./change-text.ts";

const KINDS: readonly (readonly [kind: Change["kind"], text: string])[] = [
  ["policy", "Another policy"],
  ["cut", "Cut a link"],
  ["heal", "Heal a link"],
  ["link-rate", "Another rate of a link"],
  ["flow-rate", "Another rate of a flow"],
];

export interface ChangeForm {
  readonly element: HTMLElement;
  /** What is chosen; a text says what is missing. */
  read(): Change | string;
}

export function makeChangeForm(app: App): ChangeForm {
  const kind = select("Change", KINDS);
  const link = select("Link", []);
  const flow = select("Flow", []);
  const policy = select("Policy", []);
  const rate = h("input", { type: "text", size: 10, value: "1 Mbit/s", autocomplete: "off" });
  const fields = {
    link: labelled("Link", link),
    flow: labelled("Flow", flow),
    policy: labelled("Policy", policy),
    rate: labelled("Rate", rate),
  };
  const shape = (): void => {
    const on = kind.value as Change["kind"];
    fields.link.hidden = on === "policy" || on === "flow-rate";
    fields.flow.hidden = !fields.link.hidden;
    fields.policy.hidden = on !== "policy";
    fields.rate.hidden = on !== "link-rate" && on !== "flow-rate";
  };
  kind.addEventListener("change", shape);
  shape();
  app.on("outline", (outline) => {
    if (outline !== null) fill(outline, { link, flow, policy });
  });
  followSelection(app, kind, link, shape);
  const element = h(
    "div",
    { class: "fork-form" },
    labelled("Change", kind),
    fields.link,
    fields.flow,
    fields.policy,
    fields.rate,
  );
  return {
    element,
    read: () => changeOf(kind.value as Change["kind"], link.value, flow.value, policy.value, rate.value),
  };
}

function changeOf(kind: Change["kind"], link: string, flow: string, policy: string, rate: string): Change | string {
  if (kind === "cut" || kind === "heal") return { kind, link };
  if (kind === "policy") return { kind, flow, policy, params: {} };
  const rate_bps = parseRate(rate);
  if (rate_bps === null) return `“${rate}” is no rate. Write bits per second: 800 kbit/s, 5M, 2.5 Gbit/s.`;
  return kind === "link-rate" ? { kind, link, rate_bps } : { kind, flow, rate_bps };
}

function fill(
  { links, flows, policies }: RunOutline,
  fields: { readonly link: HTMLSelectElement; readonly flow: HTMLSelectElement; readonly policy: HTMLSelectElement },
): void {
  options(
    fields.link,
    links.map(({ a, b }) => [a, `${a} to ${b}`]),
  );
  const all: readonly (readonly [string, string])[] = flows.length > 1 ? [["*", "every flow"]] : [];
  options(fields.flow, [...all, ...flows.map(({ id, policy }): [string, string] => [id, `${id} (${policy})`])]);
  options(
    fields.policy,
    policies.map((name) => [name, name]),
  );
  const now = flows[0]?.policy;
  fields.policy.value = policies.find((name) => name !== now) ?? "";
}

/** A link that is selected on the map is the one that is meant. */
function followSelection(app: App, kind: HTMLSelectElement, link: HTMLSelectElement, shape: () => void): void {
  app.on("selected", (actor) => {
    const direction = actor === null ? -1 : (app.outline?.directions.indexOf(actor) ?? -1);
    const chosen = app.outline?.links[direction >> 1];
    if (direction < 0 || chosen === undefined) return;
    link.value = chosen.a;
    if (kind.value === "policy" || kind.value === "flow-rate") kind.value = "cut";
    shape();
  });
}

function select(label: string, choices: readonly (readonly [string, string])[]): HTMLSelectElement {
  const element = h("select", { "aria-label": label });
  options(element, choices);
  return element;
}

function options(element: HTMLSelectElement, choices: readonly (readonly [string, string])[]): void {
  clear(
    element,
    choices.map(([value, text]) => h("option", { value }, text)),
  );
}

function labelled(text: string, field: HTMLElement): HTMLElement {
  return h("label", { class: "fork-field" }, h("span", {}, text), field);
}
