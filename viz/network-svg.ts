/** Draws a network as SVG text: ASes, links with their latency and rate, and paths on top. No browser needed. */
import { scaleLinear, scalePoint } from "d3";
import type { IA } from "../core/address.ts";
import type { PathInfo } from "../core/path.ts";
import type { Network, NetworkLink } from "../core/scenario.ts";

export interface DrawnPath {
  readonly label: string;
  readonly path: PathInfo;
}

const WIDTH = 720;
const HEIGHT = 380;
const RADIUS = 26;
const MARGIN = 70;
/** Height of the line that says which path is which. */
const LEGEND = 34;
/** Okabe and Ito's colours, told apart by colour-blind readers too; each path also has its own dashes. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
const DASHES = ["none", "10 5", "3 4", "14 4 3 4"];

/** The network laid out along the offered paths, with some of them drawn beside its links, a colour and dash pattern each. */
export function networkSvg(network: Network, offered: readonly PathInfo[], paths: readonly DrawnPath[]): string {
  const at = layout(network, offered);
  const parts = [
    ...network.links.map((link) => drawLine(link, at)),
    ...paths.map(({ path }, n) => drawPath(path, n, paths.length, at)),
    ...network.ases.map(({ ia, core }) => drawAs(ia, core, at)),
    ...network.links.map((link) => drawLabel(link, at)),
    ...paths.map(({ label }, n) => drawLegend(label, n)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif">`,
    `<title>${network.name}: ${network.ases.length} ASes, ${network.links.length} links, ${paths.map(({ label }) => label).join("; ")}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

type Place = (ia: IA) => { readonly x: number; readonly y: number };

/**
 * Source left, destination right; every other AS in the row of the first offered path that meets it, as far along as it
 * stands on that path. ASes on no path share the last row.
 */
function layout(network: Network, offered: readonly PathInfo[]): Place {
  const rows = scalePoint<number>()
    .domain(offered.map((_, n) => n))
    .range([MARGIN, HEIGHT - MARGIN - LEGEND])
    .padding(0.1);
  const across = scaleLinear()
    .domain([0, 1])
    .range([MARGIN, WIDTH - MARGIN]);
  const spots = new Map<IA, { x: number; y: number }>();
  const put = (ia: IA, share: number, y: number): void => {
    if (!spots.has(ia)) spots.set(ia, { x: Math.round(across(share)), y: Math.round(y) });
  };
  const middle = (HEIGHT - LEGEND) / 2;
  put(offered[0]?.src as IA, 0, middle);
  put(offered[0]?.dst as IA, 1, middle);
  offered.forEach((path, row) => {
    asesOf(path).forEach((ia, n) => put(ia, n / path.length, rows(row) ?? middle));
  });
  const rest = network.ases.filter(({ ia }) => !spots.has(ia));
  rest.forEach(({ ia }, n) => put(ia, (n + 1) / (rest.length + 1), HEIGHT - MARGIN - LEGEND));
  return (ia) => spots.get(ia) as { x: number; y: number };
}

function asesOf(path: PathInfo): IA[] {
  return [...path.interfaces.filter((_, n) => n % 2 === 0).map(({ ia }) => ia), path.dst];
}

function drawLine({ a, b }: NetworkLink, at: Place): string {
  const [from, to] = [at(a.ia), at(b.ia)];
  return `<line x1="${from.x}" y1="${from.y}" x2="${to.x}" y2="${to.y}" stroke="#8a8a8a" stroke-width="2"/>`;
}

/** Above the middle of the link, on top of the paths. */
function drawLabel({ a, b, ab }: NetworkLink, at: Place): string {
  const [from, to] = [at(a.ia), at(b.ia)];
  const rate = ab.rate_bps === 0 ? "" : `, ${ab.rate_bps / 1e6} Mbit/s`;
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2 - 13];
  const halo = `stroke="#ffffff" stroke-width="5" paint-order="stroke"`;
  return `<text x="${x}" y="${y}" font-size="12" text-anchor="middle" fill="#111111" ${halo}>${ab.latency_ns / 1e6} ms${rate}</text>`;
}

function drawPath(path: PathInfo, n: number, of: number, at: Place): string {
  const stops = asesOf(path).map(at);
  const shift = (n - (of - 1) / 2) * 7;
  const points = stops.map(({ x, y }) => `${x},${y + shift}`).join(" ");
  return `<polyline points="${points}" fill="none" stroke="${COLOURS[n % COLOURS.length]}" stroke-width="4" stroke-dasharray="${DASHES[n % DASHES.length]}"/>`;
}

function drawAs(ia: IA, core: boolean, at: Place): string {
  const { x, y } = at(ia);
  const [fill, stroke] = core ? ["#e8eef7", "#1f3a5f"] : ["#ffffff", "#1f3a5f"];
  return [
    `<circle cx="${x}" cy="${y}" r="${RADIUS}" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`,
    `<text x="${x}" y="${y + RADIUS + 16}" font-size="12" text-anchor="middle" fill="#111111">${ia}</text>`,
    `<text x="${x}" y="${y + 4}" font-size="11" text-anchor="middle" fill="#1f3a5f">${core ? "core" : "AS"}</text>`,
  ].join("\n");
}

function drawLegend(label: string, n: number): string {
  const x = 24 + n * 230;
  return [
    `<line x1="${x}" y1="${HEIGHT - 16}" x2="${x + 44}" y2="${HEIGHT - 16}" stroke="${COLOURS[n % COLOURS.length]}" stroke-width="4" stroke-dasharray="${DASHES[n % DASHES.length]}"/>`,
    `<text x="${x + 52}" y="${HEIGHT - 12}" font-size="13" fill="#111111">${label}</text>`,
  ].join("\n");
}
