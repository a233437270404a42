/** The page of a comparison of worlds: what differs, by how much, and both distributions of delay over each other. */
import type { Parity, ParityFlow, ParityMetric } from "../../core/parity.ts";
import { lineChart } from "../charts/lines.ts";
import { type Child, el, type Markup } from "../charts/markup.ts";
import { swatch } from "../charts/palette.ts";
import { pageHtml } from "../report/document.ts";
import { dataTable, figure, gallery, MEDIUM, section } from "../report/page.ts";
import { metricText, verdictText } from "./parity-words.ts";

/** Points of a curve: enough for its width in pixels. */
const CURVE_POINTS = 400;

/** The whole file, for `parity.html`. */
export function parityHtml(parity: Parity): string {
  const title = `Simulated and live: ${parity.scenario}`;
  const lead = `Seed ${parity.seed}, the same machines in virtual time and on real sockets`;
  return pageHtml(title, [
    el("header", {}, el("h1", {}, title), el("p", { class: "lead" }, lead)),
    el(
      "main",
      {},
      section("verdict", "Verdict", el("p", {}, verdictText(parity)), firstDifferenceText(parity)),
      section("delays", "Delays", legend(), gallery("medium", ...parity.flows.map(delayFigure))),
      section("figures", "Figures", figureTable(parity.metrics)),
      section("paths", "Path choices", ...pathsOf(parity)),
      section("clock", "The live run's clock", ...clockOf(parity)),
      section("machines", "Machines", ...machinesOf(parity)),
    ),
    el("footer", {}, "Made by Pathloom."),
  ]);
}

function legend(): Markup {
  return el(
    "ul",
    { class: "legend", "aria-label": "Worlds and their lines" },
    ["simulated", "live"].map((name, n) => el("li", {}, swatch(n), " ", name)),
  );
}

function delayFigure(flow: ParityFlow): Markup {
  const { sim, live } = flow.delays_ms;
  const all = [...sim, ...live];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const margin = Math.max(0.05, (most - least) / 50);
  const distances =
    flow.ks === null || flow.wasserstein_ms === null
      ? "one world has no packets to compare"
      : `distances: ${flow.ks.toFixed(3)} (Kolmogorov-Smirnov), ${flow.wasserstein_ms.toFixed(3)} ms (Wasserstein)`;
  const chart = lineChart({
    title: `Delays of ${flow.id}, simulated and live`,
    description: `Share of packets by their delay in both worlds; ${distances}.`,
    width: MEDIUM,
    height: 250,
    lines: [
      { name: "simulated", series: 0, points: curve(sim) },
      { name: "live", series: 1, points: curve(live) },
    ],
    x: { domain: [Math.max(0, least - margin), most + margin], label: "delay in ms" },
    y: { domain: [0, 1], text: (value) => `${Math.round(100 * value)} %` },
    step: true,
  });
  return figure([el("b", {}, flow.id), " ", el("span", { class: "muted" }, `${flow.app}; ${distances}`)], chart);
}

/** An empirical distribution function, thinned where it has more steps than there is room for. */
function curve(values: readonly number[]): [number, number][] {
  const every = Math.max(1, Math.floor(values.length / CURVE_POINTS));
  const points = values.map((value, n): [number, number] => [value, (n + 1) / values.length]);
  const kept = points.filter((_, n) => n % every === 0 || n === points.length - 1);
  const [first] = values;
  return first === undefined ? [] : [[first, 0], ...kept];
}

function figureTable(metrics: readonly ParityMetric[]): Markup {
  return dataTable({
    caption: "Every figure in both worlds",
    head: ["figure", "simulated", "live", "difference", "tolerance", "lateness explains", "verdict"],
    rows: metrics.map((metric) => {
      const text = metricText(metric);
      return [metric.name, text.sim, text.live, text.difference, text.tolerance, text.noise, text.verdict];
    }),
  });
}

function firstDifferenceText({ firstDifference, compared }: Parity): Markup {
  if (firstDifference === null) {
    return el(
      "p",
      {},
      `The first ${compared} steps of all actors were compared one by one: no actor did anything else.`,
    );
  }
  const { time_ns, actor, expected, found } = firstDifference;
  return el(
    "p",
    {},
    `First step in which an actor did something else: at ${(time_ns / 1e9).toFixed(6)} s, `,
    el("code", {}, actor),
    `. Simulated: ${expected}. Live: ${found}.`,
  );
}

function pathsOf({ flows }: Parity): Child[] {
  const choices = dataTable({
    caption: "Changes of path, in order",
    kind: "words",
    head: ["flow", "simulated", "live"],
    rows: flows.map(({ id, switches, paths }) => [
      id,
      changes(switches.sim, paths.sim),
      changes(switches.live, paths.live),
    ]),
  });
  const failovers = flows.flatMap(({ id, failovers: all }) => all.map((one) => ({ id, ...one })));
  if (failovers.length === 0) return [choices];
  const ms = (value: number | null): string => (value === null ? "\u2013" : `${value.toFixed(2)} ms`);
  const table = dataTable({
    caption: "Time from a fault to the next change of path",
    head: ["flow", "fault", "simulated", "live"],
    rows: failovers.map(({ id, fault, sim_ms, live_ms }) => [id, fault, ms(sim_ms), ms(live_ms)]),
  });
  return [choices, table];
}

/** Changes of a flow that are named; those of a policy that changes with every packet are only counted. */
const NAMED = 12;

function changes(all: readonly { readonly at_ms: number; readonly path: string }[], paths: readonly string[]): string {
  if (all.length === 0) return paths.length === 0 ? "no path used" : `stays on ${paths.join(", ")}`;
  const named = all.slice(0, NAMED).map(({ at_ms, path }) => `${(at_ms / 1_000).toFixed(3)} s to ${path}`);
  return all.length > NAMED ? `${named.join(", ")} and ${all.length - NAMED} more` : named.join(", ");
}

function clockOf({ clock }: Parity): Child[] {
  const us = (value: number | null): string => (value === null ? "\u2013" : `${value.toFixed(0)} \u00b5s`);
  return [
    el(
      "p",
      {},
      "How late the live run handled its events, and how long after its instant a packet was over a link: late events, the system's sockets and datagrams that wait. A busy machine is late, and every figure of time with it.",
    ),
    dataTable({
      caption: "Lateness",
      head: ["", "mean", "median", "99 %", "at most"],
      rows: [
        ["events", us(clock.late_mean_us), us(clock.late_p50_us), us(clock.late_p99_us), us(clock.late_max_us)],
        ["links", us(clock.cross_mean_us), us(clock.cross_p50_us), us(clock.cross_p99_us), us(null)],
      ],
    }),
  ];
}

function machinesOf({ machines }: Parity): Child[] {
  const words = machines.same
    ? "Both worlds ran the same logic: hashes over each machine, its actions and its packet handler."
    : "The worlds did not run the same logic. Hashes of the live run:";
  const rows = Object.entries(machines.hashes).map(([name, hash]) => [name, el("code", {}, hash)]);
  return [el("p", {}, words), dataTable({ caption: "Logic by name", kind: "words", head: ["logic", "hash"], rows })];
}
