/** The sequence chart as SVG: lifelines, arrows that slope as packets take their time, crosses where they end. */
import type { SequenceMessage } from "../../../core/exploration.ts";
import { svg } from "../dom.ts";
import { shortActor } from "../short-names.ts";
import type { Arrow, SequenceLayout } from "./sequence-layout.ts";

const HEAD = 44;
const SECOND = 1_000_000_000;
const SERIES = 8;
const CROSS = 4.5;

export interface Drawn {
  readonly head: SVGSVGElement;
  readonly body: SVGSVGElement;
  /** By number of the message. */
  readonly marks: readonly SVGGElement[];
  readonly cursor: SVGLineElement;
}

/** `flows`: ids in the run's order, for their colours. */
export function drawSequence(layout: SequenceLayout, flows: readonly string[]): Drawn {
  const { width, height, columns, arrows, ticks } = layout;
  const size = (tall: number) => ({ width, height: tall, viewBox: `0 0 ${width} ${tall}` });
  const head = svg(
    "svg",
    { class: "sequence-head", ...size(HEAD), "aria-hidden": "true" },
    columns.map(({ actor, x }) => headOf(actor, x)),
  );
  const marks = arrows.map((arrow, n) => arrowOf(arrow, n, flows));
  const cursor = svg("line", { class: "sequence-cursor", x1: 0, x2: width });
  const body = svg(
    "svg",
    {
      class: "sequence-body",
      ...size(height),
      role: "listbox",
      tabindex: 0,
      "aria-label": "Messages, by time",
      "aria-describedby": "sequence-keys",
    },
    svg(
      "g",
      { "aria-hidden": "true" },
      ticks.map(({ time_ns, y }) => [
        svg("line", { class: "sequence-grid", x1: 68, x2: width, y1: y, y2: y }),
        svg("text", { class: "sequence-tick", x: 64, y: y + 4 }, (time_ns / SECOND).toFixed(6)),
      ]),
      columns.map(({ x }) => svg("line", { class: "sequence-life", x1: x, x2: x, y1: 0, y2: height })),
      cursor,
    ),
    marks,
  );
  return { head, body, marks, cursor };
}

function headOf(actor: string, x: number): SVGElement {
  const [logic = "", ...rest] = shortActor(actor).split("/");
  const name = rest.join("/").replace(/,(?=[\d.:]+$)/, " ");
  return svg(
    "g",
    { transform: `translate(${x},0)` },
    svg("title", {}, actor),
    svg("text", { class: "sequence-logic", y: 15 }, logic),
    svg("text", { class: "sequence-name", y: 31 }, name.length > 17 ? `…${name.slice(-16)}` : name),
    svg("line", { class: "sequence-life", x1: 0, x2: 0, y1: 37, y2: HEAD }),
  );
}

function arrowOf({ message, x1, y1, x2, y2, labelled }: Arrow, n: number, flows: readonly string[]): SVGGElement {
  const { flow, dropped } = message;
  const index = flow === null ? -1 : flows.indexOf(flow.replace(/\/replies$/, ""));
  const colour = index < 0 ? "var(--fg)" : `var(--series-${(index % SERIES) + 1})`;
  const length = Math.max(1, Math.hypot(x2 - x1, y2 - y1));
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const isLost = dropped !== null;
  // What is lost on the way ends before it arrives.
  const [ex, ey] = isLost ? [x1 + 0.72 * (x2 - x1), y1 + 0.72 * (y2 - y1)] : [x2 - 1.5 * dx, y2 - 1.5 * dy];
  const tip = `M${ex - 8 * dx - 4 * dy},${ey - 8 * dy + 4 * dx}L${ex},${ey}L${ex - 8 * dx + 4 * dy},${ey - 8 * dy - 4 * dx}`;
  const cross = `M${ex - CROSS},${ey - CROSS}l${2 * CROSS},${2 * CROSS}m0,${-2 * CROSS}l${-2 * CROSS},${2 * CROSS}`;
  return svg(
    "g",
    {
      class: "sequence-message",
      id: `sequence-message-${n}`,
      role: "option",
      "aria-selected": "false",
      "aria-label": wordsOf(message),
      "data-index": n,
      style: { "--c": colour },
    },
    svg("title", {}, wordsOf(message)),
    svg("line", { class: "sequence-hit", x1, y1, x2, y2 }),
    svg("line", { class: "sequence-arrow", x1, y1, x2: ex, y2: ey }),
    svg("path", isLost ? { class: "sequence-cross", d: cross } : { class: "sequence-tip", d: tip }),
    labelled
      ? svg(
          "text",
          { class: isLost ? "sequence-label is-lost" : "sequence-label", x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 3 },
          nameOf(message),
        )
      : null,
  );
}

/** "video 12 from node/A to node/B, sent at 1.000000 s, received at 1.005000 s"; "video 13: loss, from ..., lost at 1.005000 s". */
export function wordsOf(message: SequenceMessage): string {
  const { from, to, sent_ns, received_ns, dropped } = message;
  const at = (time: number): string => `${(time / SECOND).toFixed(6)} s`;
  const way = `from ${from} to ${to}, sent at ${at(sent_ns)}`;
  const name = nameOf(message);
  return dropped === null
    ? `${name} ${way}, received at ${at(received_ns)}`
    : `${name}, ${way}, lost at ${at(received_ns)}`;
}

function nameOf({ label, dropped }: SequenceMessage): string {
  return dropped === null ? label : `${label}: ${dropped}`;
}

const NAMES = [
  "--fg",
  "--bg",
  "--muted",
  "--line",
  "--axis",
  "--accent",
  "--bad",
  ...Array.from({ length: SERIES }, (_, n) => `--series-${n + 1}`),
];
const RULES = `text{font:11px system-ui,sans-serif;fill:var(--fg);text-anchor:middle}.sequence-tick{text-anchor:end;fill:var(--muted)}.sequence-logic{fill:var(--muted)}.sequence-name{font-weight:600}
.sequence-life{stroke:var(--axis)}.sequence-grid{stroke:var(--line)}.sequence-hit{stroke:none}.sequence-arrow{stroke:var(--c);stroke-width:1.5}.sequence-tip,.sequence-cross{fill:none;stroke:var(--c);stroke-width:1.5}
.sequence-cross,.is-lost{stroke:var(--bad)}.is-lost{fill:var(--bad);stroke:none}.sequence-cursor{stroke:var(--accent);stroke-width:2;stroke-dasharray:5 3}`;

/** A file that needs nothing else: in the colours of the page as it is. */
export function svgFile({ head, body }: Drawn): string {
  const style = getComputedStyle(document.documentElement);
  const colours = NAMES.map((name) => `${name}:${style.getPropertyValue(name).trim()}`).join(";");
  const [width, tall] = [Number(body.getAttribute("width")), Number(body.getAttribute("height"))];
  const lower = svg(
    "g",
    { transform: `translate(0,${HEAD})` },
    [...body.childNodes].map((node) => node.cloneNode(true)),
  );
  for (const mark of lower.querySelectorAll("[role]"))
    for (const name of ["role", "aria-selected", "aria-label", "id"]) mark.removeAttribute(name);
  const whole = svg(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height: tall + HEAD, viewBox: `0 0 ${width} ${tall + HEAD}` },
    svg("style", {}, `svg{${colours}}${RULES}`),
    svg("rect", { width: "100%", height: "100%", fill: "var(--bg)" }),
    [...head.childNodes].map((node) => node.cloneNode(true)),
    lower,
  );
  return new XMLSerializer().serializeToString(whole);
}
