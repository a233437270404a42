/**
 * Which address each socket of the underlay has: one for each AS towards its hosts, one for each end of a link. From the scenario
 * (`underlay`, topology.json) where it says so, else assigned: an address of 127.16.0.0/12 for each AS, and on it any free port, or
 * where several processes must agree, ports that follow from the scenario alone.
 */
import type { IA, IfId } from "../../core/address.ts";
import { type Endpoint, parseEndpoint } from "../../core/endpoint.ts";
import { DEFAULT_DISPATCHED_PORTS, type PortRange } from "../../core/end-host-port.ts";
import { IpNetwork } from "../../core/ip-network.ts";
import type { Network, NetworkAs } from "../../core/scenario.ts";

/** Linux has all of 127.0.0.0/8; other systems must add the addresses. */
const PLACES = "127.16.0.0/12";
const MAX_PORT = 65_535;

/** First assigned port where processes must agree: below SCION's dispatched ports and those that systems give away. */
export const BASE_PORT = 30_100;

/** The underlay could not be planned: too many ports, or a place that is not in the network. `message` is for people. */
export class PlanError extends Error {
  override readonly name = "PlanError";
}

export interface LinkEndPlan {
  readonly ifId: IfId;
  readonly local: Endpoint;
  /** Of the neighbour's end. */
  readonly remote: Endpoint;
  readonly neighbour: IA;
  /** The link's interface there. */
  readonly neighbourIfId: IfId;
}

export interface PlacePlan {
  readonly ia: IA;
  /** Of the router towards hosts. */
  readonly internal: Endpoint;
  /** In order of interface id. */
  readonly links: readonly LinkEndPlan[];
  /** Hosts that are programs outside Pathloom: their addresses. */
  readonly hosts: readonly string[];
  /** Ports at which hosts take packets themselves; null: none. Others go to port 30041. */
  readonly dispatched: PortRange | null;
}

export interface UnderlayPlan {
  /** In the order of the network's ASes, which is that of an assembly's places. */
  readonly places: readonly PlacePlan[];
}

export interface PlanOptions {
  /** Assigned ports count up from this one, per address: the same in every process. Left out: 0, any that is free. */
  readonly fixedPorts?: number;
  /** `assigned`: whatever the scenario says about addresses, 127.16.0.0/12 is used. Default: `scenario`. */
  readonly addresses?: "scenario" | "assigned";
}

/** Loopback address of a place: 127.16.0.1 and up, one for each. */
export function placeAddress(place: number): string {
  const places = IpNetwork.parse(PLACES);
  if (!places.ok) throw new Error(places.error.message);
  return places.value.mapped(place);
}

/** Deterministic from the network and the options alone. Throws `PlanError`. */
export function planUnderlay({ network }: { readonly network: Network }, options: PlanOptions = {}): UnderlayPlan {
  const sockets = assignAll(network, options);
  const other = new Map(
    network.links.flatMap(({ a, b }) => [[keyOf(a.ia, a.ifId), b] as const, [keyOf(b.ia, b.ifId), a] as const]),
  );
  const at = (ia: IA, ifId: IfId): Endpoint => sockets.get(keyOf(ia, ifId)) as Endpoint;
  const interfaces = interfacesOf(network);
  const places = network.ases.map(({ ia, underlay, dispatched_ports: ports }): PlacePlan => {
    const links = (interfaces.get(ia) ?? []).map((ifId): LinkEndPlan => {
      const far = other.get(keyOf(ia, ifId)) as { ia: IA; ifId: IfId };
      return { ifId, local: at(ia, ifId), remote: at(far.ia, far.ifId), neighbour: far.ia, neighbourIfId: far.ifId };
    });
    const dispatched = ports === undefined ? DEFAULT_DISPATCHED_PORTS : ports;
    return { ia, internal: at(ia, 0), links, hosts: underlay?.outside ?? [], dispatched };
  });
  return { places };
}

/** Interface 0 stands for the internal socket. */
function keyOf(ia: IA, ifId: IfId): string {
  return `${ia}#${ifId}`;
}

/** Interface ids of each AS, ascending. */
function interfacesOf({ links }: Network): ReadonlyMap<IA, readonly IfId[]> {
  const ends = Map.groupBy(
    links.flatMap(({ a, b }) => [a, b]),
    ({ ia }) => ia,
  );
  return new Map([...ends].map(([ia, own]) => [ia, own.map(({ ifId }) => ifId).sort((left, right) => left - right)]));
}

interface Wanted {
  readonly key: string;
  readonly address: string;
  /** 0: to be assigned. */
  readonly port: number;
}

function assignAll(network: Network, options: PlanOptions): ReadonlyMap<string, Endpoint> {
  const interfaces = interfacesOf(network);
  const wanted = network.ases.flatMap((as, place) => wantedBy(as, place, interfaces.get(as.ia) ?? [], options));
  const { fixedPorts: base = 0 } = options;
  const taken = new Set(wanted.filter(({ port }) => port > 0).map(({ address, port }) => `${address} ${port}`));
  const next = new Map<string, number>();
  const assign = (key: string, address: string): number => {
    if (base === 0) return 0;
    let port = next.get(address) ?? base;
    while (taken.has(`${address} ${port}`)) port++;
    next.set(address, port + 1);
    if (port <= MAX_PORT) return port;
    throw new PlanError(
      `no port is left on ${address} for ${key}: ports are assigned from ${base} to ${MAX_PORT}; choose a lower first port with --port`,
    );
  };
  return new Map(
    wanted.map(({ key, address, port }) => [key, { address, port: port === 0 ? assign(key, address) : port }]),
  );
}

/** The internal socket first, then those of links by interface. */
function wantedBy(
  { ia, underlay }: NetworkAs,
  place: number,
  interfaces: readonly IfId[],
  { addresses = "scenario" }: PlanOptions,
): readonly Wanted[] {
  const given = addresses === "assigned" ? undefined : underlay;
  const read = (text: string | undefined): Endpoint | null => (text === undefined ? null : parseEndpoint(text));
  const internal = read(given?.internal) ?? { address: placeAddress(place), port: 0 };
  const ends = interfaces.map((ifId): Wanted => {
    const { address, port } = read(given?.interfaces?.[String(ifId)]) ?? { address: internal.address, port: 0 };
    return { key: keyOf(ia, ifId), address, port };
  });
  return [{ key: keyOf(ia, 0), ...internal }, ...ends];
}
