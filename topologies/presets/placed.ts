/** Networks written as a table of places and links; latencies follow from the places. */
import type { IA } from "../../core/address.ts";
import type { LinkType, Network } from "../../core/scenario.ts";
import { Wiring } from "../generate/numbering.ts";
import { fibreDelay } from "../geography.ts";
import { withQueueTime } from "../model.ts";

/** Label and town; degrees north and east of the town. */
export type PlacedAs = readonly [ia: IA, role: "core" | "leaf", label: string, lat: number, lon: number];

/** For a child link, the parent stands first. */
export type PlacedLink = readonly [a: IA, b: IA, type: LinkType];

export interface PlacedNetwork {
  readonly ases: readonly PlacedAs[];
  readonly links: readonly PlacedLink[];
  readonly rates: Readonly<Record<LinkType, number>>;
}

const QUEUE_MS = 50;

export function layPlaces(name: string, { ases, links, rates }: PlacedNetwork): Network {
  const wiring = new Wiring();
  for (const [ia, role, label, lat, lon] of ases) wiring.add(ia, role === "core", { label, position: { lat, lon } });
  const positions = new Map(ases.map(([ia, , , lat, lon]) => [ia, { lat, lon }]));
  for (const [a, b, type] of links) {
    const [from, to] = [positions.get(a), positions.get(b)];
    const latency = from === undefined || to === undefined ? {} : { latency_ns: fibreDelay(from, to) };
    wiring.link(a, type, b, { ...latency, ...withQueueTime(rates[type], QUEUE_MS) });
  }
  return wiring.network(name);
}
