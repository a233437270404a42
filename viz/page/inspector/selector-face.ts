/** A selector: candidates with what the policy goes by, the choice and why, and every change with the news that led to it. */
import type { CandidateView, SelectorFace } from "../../../core/exploration.ts";
import { type App, ProblemError } from "../app.ts";
import { h } from "../dom.ts";
import { countText, instantText, linkButton, millisText, rateText, shareText, shortPath } from "./words.ts";

/** Candidates that stand open; the rest is folded away. */
const SHOWN = 6;

export function selectorSection(face: SelectorFace, app: App): HTMLElement {
  const item = (position: number): HTMLElement =>
    candidateItem(face.candidates[position] as CandidateView, position, face, app);
  const order = byInterest(face.candidates);
  const [first, rest] = [order.slice(0, SHOWN), order.slice(SHOWN)];
  return h(
    "div",
    { class: "insp-selector" },
    h("p", { class: "insp-why" }, face.why),
    h("h3", {}, `Changes of path (${countText(face.changes)})`),
    switchList(face, app),
    h("h3", {}, `Candidate paths of ${face.flow} (${face.candidates.length})`),
    first.length === 0 ? h("p", { class: "muted" }, "None is offered.") : null,
    h("ol", { class: "insp-candidates" }, first.map(item)),
    rest.length === 0
      ? null
      : h(
          "details",
          { "data-keep": "candidates" },
          h("summary", { "data-key": "candidates" }, `${rest.length} more`),
          h("ol", { class: "insp-candidates" }, rest.map(item)),
        ),
  );
}

/** Positions: the one in use, those news speaks against, those used before, and then those with the better score. */
function byInterest(candidates: readonly CandidateView[]): number[] {
  const rank = ({ barred, chosen, packets }: CandidateView): number =>
    chosen ? 0 : barred !== null ? 1 : packets > 0 ? 2 : 3;
  const share = ({ score }: CandidateView): number => score?.share ?? 0;
  return candidates
    .map((candidate, position) => ({ candidate, position }))
    .sort(
      (left, right) =>
        rank(left.candidate) - rank(right.candidate) ||
        share(right.candidate) - share(left.candidate) ||
        left.position - right.position,
    )
    .map(({ position }) => position);
}

function candidateItem(candidate: CandidateView, position: number, { flow }: SelectorFace, app: App): HTMLElement {
  const { barred, chosen, directions, fingerprint, interfaces, packets } = candidate;
  const show = (): void => app.highlight({ flow, path: fingerprint, directions });
  const hide = (): void => app.highlight(null);
  const state = chosen ? "in use" : barred === null ? "usable" : "barred";
  return h(
    "li",
    {
      class: `insp-candidate${chosen ? " insp-chosen" : ""}${barred === null ? "" : " insp-barred"}`,
      "aria-current": chosen ? "true" : null,
      onmouseenter: show,
      onmouseleave: hide,
    },
    h(
      "div",
      { class: "insp-row" },
      h(
        "button",
        {
          type: "button",
          class: "insp-link",
          "data-key": `candidate ${position}`,
          onfocus: show,
          onblur: hide,
          onclick: show,
        },
        shortPath(fingerprint),
        h("span", { class: "unseen" }, " path: show it on the map"),
      ),
      h("span", { class: `insp-badge insp-is-${state.replace(" ", "-")}` }, state),
      h("span", { class: "insp-end" }, `${countText(packets)} packets`),
    ),
    scoreBar(candidate),
    h("p", { class: "insp-hops" }, hopsOf(interfaces)),
    h("p", { class: "muted" }, measuredText(candidate)),
    barred === null ? null : h("p", { class: "warn" }, `Barred: ${barred}`),
  );
}

function scoreBar({ score }: CandidateView): HTMLElement | null {
  if (score === null) return null;
  const share = Math.round(100 * Math.max(0, Math.min(1, score.share)));
  return h(
    "div",
    { class: "insp-score" },
    h("span", {}, score.text),
    h("span", { class: "insp-bar", "aria-hidden": true }, h("span", { style: { width: `${share}%` } })),
  );
}

/** `1-ff00:0:111 1>2 1-ff00:0:110 3>1 ...`: ASes, and the interfaces of the links between them; lines break between them only. */
function hopsOf(interfaces: readonly string[]): (HTMLElement | string)[] {
  const words: string[] = [];
  for (let at = 0; at + 1 < interfaces.length; at += 2) {
    const [from = "", out = ""] = (interfaces[at] ?? "").split("#");
    const [to = "", into = ""] = (interfaces[at + 1] ?? "").split("#");
    if (at === 0) words.push(from);
    words.push(`${out}>${into}`, to);
  }
  return words.flatMap((word, at) => [at === 0 ? "" : " ", h("span", {}, word)]);
}

function measuredText({ goodput_bps, latency_ms, links, loss, mtu, srtt_ms }: CandidateView): string {
  const parts = [
    `${links} ${links === 1 ? "link" : "links"}`,
    latency_ms === null ? null : `latency ${millisText(latency_ms)}`,
    `MTU ${mtu} B`,
    srtt_ms === null ? null : `round trip ${millisText(srtt_ms)}`,
    loss === null ? null : `loss ${shareText(loss)}`,
    goodput_bps === null ? null : `delivers ${rateText(goodput_bps)}`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

/** The instant, and the actor that took what told it: its recent events show which. */
async function goToTold(event: number, app: App): Promise<void> {
  app.seek({ event });
  try {
    const { rows } = await app.ask("log", { filter: {}, first: 0, count: 3, around: event });
    const row = rows.find((one) => one.event === event);
    if (row !== undefined) app.select(row.actor);
  } catch (problem) {
    if (!(problem instanceof ProblemError)) throw problem;
    app.complain(problem.problem);
  }
}

function switchList({ changes, switches }: SelectorFace, app: App): HTMLElement {
  if (switches.length === 0) return h("p", { class: "muted" }, changes === 0 ? "None so far." : "None is kept.");
  const items = switches.toReversed().map(({ because, event, from, time_ns, to, told }) =>
    h(
      "li",
      {},
      h(
        "div",
        { class: "insp-row" },
        linkButton(
          `switch ${event}`,
          instantText(time_ns),
          () => app.seek({ event }),
          `Go to event ${event}: the change`,
        ),
        h("span", {}, from === null ? "first " : shortPath(from), " \u2192 ", shortPath(to)),
      ),
      h("p", {}, because),
      told === event
        ? null
        : linkButton(`told ${event}`, `Go to what told it: event ${countText(told)}`, () => void goToTold(told, app)),
    ),
  );
  const more = changes - switches.length;
  return h(
    "div",
    {},
    h("ol", { class: "insp-switches", reversed: true }, items),
    more > 0 ? h("p", { class: "muted" }, `${countText(more)} more are not listed.`) : null,
  );
}
