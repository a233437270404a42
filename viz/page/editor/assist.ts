/** Completion and help in place, over the pure functions of completion.ts. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  snippet,
  startCompletion,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { EditorView, hoverTooltip } from "@codemirror/view";
import type { SchemaNode } from "../../../topologies/json-schema.ts";
import { h } from "../dom.ts";
import { completionsAt, type Explained, explainAt, type Offer } from "./completion.ts";
import type { Names } from "./completion-names.ts";

/** What completion goes by; both change. */
export interface Known {
  readonly schema: SchemaNode | null;
  readonly names: Names;
}

/** Longer texts are completed and explained only when asked for. */
const LONG = 300_000;
const TYPES: Readonly<Record<Offer["kind"], string>> = {
  key: "property",
  word: "enum",
  name: "variable",
  item: "class",
};

export function assist(known: () => Known): Extension {
  return [
    autocompletion({ override: [(context) => complete(known(), context)], icons: false, maxRenderedOptions: 60 }),
    hoverTooltip((view, at) => {
      const explained = explainIn(known(), view, at);
      if (explained === null) return null;
      return { pos: explained.from, end: explained.to, above: true, create: () => ({ dom: helpOf(explained) }) };
    }),
  ];
}

function complete({ schema, names }: Known, context: CompletionContext): CompletionResult | null {
  const { state, pos, explicit } = context;
  if (schema === null || (!explicit && (state.doc.length > LONG || !context.matchBefore(/[\w"'.:#-]$/)))) return null;
  const text = state.doc.toString();
  const made = completionsAt(schema, text, pos, names);
  if (made === null) return null;
  const isQuoted = /["']/.test(text.slice(made.from, made.from + 1));
  const options = made.offers.map((offer) => optionOf(offer, isQuoted));
  return { from: made.from, to: made.to, options };
}

function optionOf(offer: Offer, isQuoted: boolean): Completion {
  const { label, kind, detail, info, insert, rank } = offer;
  return {
    // What is typed is sought in this; quotes are typed, too.
    label: isQuoted ? insert : label,
    displayLabel: label,
    type: TYPES[kind],
    detail,
    boost: rank - 60,
    ...(info === "" ? {} : { info }),
    apply: (view, completion, from, to) => {
      snippet(insert)(view, completion, from, to);
      if (kind === "key") startCompletion(view);
    },
  };
}

export function explainIn({ schema }: Known, view: EditorView, at: number): Explained | null {
  if (schema === null || view.state.doc.length > LONG) return null;
  return explainAt(schema, view.state.doc.toString(), at);
}

function helpOf({ title, detail, text }: Explained): HTMLElement {
  return h("div", { class: "editor-hover" }, h("b", {}, title), ` ${detail}`, h("div", {}, text));
}
