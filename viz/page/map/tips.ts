/** What is said of an AS, a link or a packet where the reader points at it. */
import type { Frame, RunOutline } from "../../../core/exploration.ts";
import { formatShare, formatWithUnit, scaleOf } from "../../charts/units.ts";
import { asAt, linkAt, type MapGraph } from "./graph.ts";
import type { DrawnPacket } from "./packets.ts";

export interface Tip {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
}

const TYPES = { core: "core link", child: "parent to child", peer: "peering" } as const;

export function asTip(outline: RunOutline, graph: MapGraph, frame: Frame | null, as: number): Tip {
  const { ia, core, isd, outlined, links } = asAt(graph, as);
  const actors = outline.actors.filter((actor) => actor.ia === ia && actor.logic !== "link").length;
  return {
    title: outlined.label === null ? ia : `${ia} ${outlined.label}`,
    rows: [
      ["", `${core ? "core AS" : "AS"} of ISD ${isd}${frame?.node[as] === 1 ? ", failed" : ""}`],
      ["links", links.length === 0 ? "none" : linkCounts(graph, as)],
      ["MTU", `${outlined.mtu} B`],
      ...(outlined.position === null ? [] : [["position", positionText(outlined.position)] as const]),
      ...(actors === 0 ? [] : [["actors", String(actors)] as const]),
    ],
  };
}

function typeCount(graph: MapGraph, link: number, as: number): string {
  const { type, a } = linkAt(graph, link);
  return type === "child" ? (a === as ? "to children" : "to parents") : type === "core" ? "core" : "peering";
}

function counted(counts: Map<string, number>, kind: string): Map<string, number> {
  return counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

function linkCounts(graph: MapGraph, as: number): string {
  const counts = asAt(graph, as)
    .links.map((link) => typeCount(graph, link, as))
    .reduce(counted, new Map<string, number>());
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}

function positionText({ lat, lon }: { readonly lat: number; readonly lon: number }): string {
  const part = (value: number, positive: string, negative: string): string =>
    `${Math.abs(value).toFixed(1)}\u00b0 ${value < 0 ? negative : positive}`;
  return `${part(lat, "N", "S")}, ${part(lon, "E", "W")}`;
}

/** Of both directions; the one pointed at first. */
export function linkTip(outline: RunOutline, frame: Frame | null, direction: number): Tip {
  const link = outline.links[direction >> 1];
  if (link === undefined) return { title: "", rows: [] };
  const rate = link.rate_bps === 0 ? "no limit" : formatWithUnit(link.rate_bps, scaleOf("bit/s", [link.rate_bps]));
  return {
    title: `${link.a} \u2013 ${link.b}`,
    rows: [
      ["", TYPES[link.type]],
      ["rate", rate],
      ["latency", formatWithUnit(link.latency_ms, scaleOf("ms", [link.latency_ms]))],
      ["MTU", `${link.mtu} B`],
      ...(frame === null ? [] : [direction, direction ^ 1].map((one) => directionRow(outline, frame, one))),
    ],
  };
}

function directionRow(outline: RunOutline, frame: Frame, direction: number): readonly [string, string] {
  const link = outline.links[direction >> 1];
  const to = (direction & 1) === 0 ? link?.b : link?.a;
  const state = frame.link[direction] ?? 0;
  const figures = `load ${formatShare(frame.load[direction] ?? 0)}, queue ${formatShare(frame.queue[direction] ?? 0)}`;
  return [`to ${to}`, state === 1 ? "down" : `${figures}${state === 2 ? ", impaired" : ""}`];
}

export function packetTip(outline: RunOutline, frame: Frame, packet: DrawnPacket): Tip {
  const flow = outline.flows[packet.flow];
  const path = frame.paths[packet.path];
  return {
    title: flow === undefined ? "packet of no flow" : `packet of ${flow.id}`,
    rows: [
      ...(flow === undefined
        ? []
        : [["from", flow.src] as const, ["to", flow.dst] as const, ["policy", flow.policy] as const]),
      ...(path === undefined ? [] : [["path", path.length > 40 ? `${path.slice(0, 39)}\u2026` : path] as const]),
    ],
  };
}

/** In one line, for screen readers. */
export function tipText({ title, rows }: Tip): string {
  return [title, ...rows.map(([name, value]) => (name === "" ? value : `${name} ${value}`))].join("; ");
}
