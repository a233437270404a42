/** Reads where the sockets of an AS are in live mode. */
import { HOST_TYPE, hostType, type IA, parseHost } from "../core/address.ts";
import { formatEndpoint, parseEndpoint } from "../core/endpoint.ts";
import type { AsUnderlay, FlowSpec, Network } from "../core/scenario.ts";
import { shown } from "./problems.ts";
import type { UnderlayDocument } from "./scenario/topology.ts";
import type { Section } from "./section.ts";
import type { NetworkFault } from "./topology-checks.ts";

const WITH_PORT = "an address and port such as 192.0.2.1:50000 or [2001:db8::1]:50000";

export function readUnderlay({ internal, interfaces, outside }: UnderlayDocument, section: Section): AsUnderlay {
  const ends = Object.entries(interfaces ?? {}).flatMap(([key, text]) => {
    const place = section.at("interfaces", key);
    const end = canonicalEndpoint(text, true) ?? place.mismatch(WITH_PORT, text);
    if (isInterfaceId(key)) return end === undefined ? [] : [[key, end] as const];
    place.ofKey().mismatch("an interface id from 1 to 65535", key);
    return [];
  });
  const address =
    internal === undefined
      ? undefined
      : (canonicalEndpoint(internal, false) ??
        section.at("internal").mismatch("an IPv4 or IPv6 address, with or without a port", internal));
  const hosts = outside?.map((text, at) => readHost(text, section.at("outside", at)));
  return {
    ...(address === undefined ? {} : { internal: address }),
    ...(interfaces === undefined ? {} : { interfaces: Object.fromEntries(ends) }),
    ...(hosts === undefined ? {} : { outside: [...new Set(hosts.filter((host) => host !== undefined))] }),
  };
}

/** As `core/endpoint.ts` writes it; undefined for what is none. */
export function canonicalEndpoint(text: string, needsPort: boolean): string | undefined {
  const end = parseEndpoint(text);
  return end === null || (needsPort && end.port === 0) ? undefined : formatEndpoint(end);
}

function isInterfaceId(key: string): boolean {
  return /^[1-9]\d{0,4}$/.test(key) && Number(key) <= 65_535;
}

function readHost(text: string, section: Section): string | undefined {
  const host = parseHost(text);
  if (host.ok && hostType(host.value) !== HOST_TYPE.svc) return host.value;
  return section.mismatch("an IPv4 or IPv6 address", text);
}

/** What a scenario says about the underlay of its topology's ASes. */
export function applyUnderlay(
  network: Network,
  document: Readonly<Record<string, UnderlayDocument>>,
  section: Section,
): Network {
  const known = new Set(network.ases.map(({ ia }) => ia));
  const said = new Map<IA, AsUnderlay>();
  for (const [key, value] of Object.entries(document)) {
    const ia = section.at(key).ofKey().ia(key);
    if (ia === undefined) continue;
    if (!known.has(ia)) section.at(key).ofKey().unknownAs(ia, known);
    said.set(ia, readUnderlay(value, section.at(key)));
  }
  const ases = network.ases.map((as) => {
    const more = said.get(as.ia);
    return more === undefined ? as : { ...as, underlay: { ...as.underlay, ...more } };
  });
  const changed = ases.filter(({ ia }) => said.has(ia));
  for (const { ia, ...fault } of findUnderlayFaults(changed, network.links)) section.problem({ ...fault, found: ia });
  return { ...network, ases };
}

/** Addresses for interfaces that an AS does not have. */
export function findUnderlayFaults(ases: Network["ases"], links: Network["links"]): readonly NetworkFault[] {
  const given = ases.filter(({ underlay }) => underlay?.interfaces !== undefined);
  if (given.length === 0) return [];
  const ends = new Set(links.flatMap(({ a, b }) => [`${a.ia}#${a.ifId}`, `${b.ia}#${b.ifId}`]));
  return given.flatMap(({ ia, underlay }) =>
    Object.keys(underlay?.interfaces ?? {})
      .filter((ifId) => !ends.has(`${ia}#${ifId}`))
      .map((ifId) => ({
        ia,
        message: `underlay: AS ${ia} has no interface ${ifId}, no link ends there`,
        expected: "an interface of the AS",
      })),
  );
}

/** A host that is a program of its own cannot be the end of a flow: Pathloom runs both ends. */
export function checkOutside(network: Network, flows: readonly FlowSpec[], section: Section): void {
  const outside = new Set(
    network.ases.flatMap(({ ia, underlay }) => (underlay?.outside ?? []).map((host) => `${ia},${host}`)),
  );
  if (outside.size === 0) return;
  const backends = network.ases.flatMap(({ ia, services }) =>
    Object.values(services ?? {}).flatMap((hosts) =>
      hosts.map((host) => ({ name: `${ia},${host}`, what: "a service" })),
    ),
  );
  const ends = flows.flatMap(({ id, src, dst }) =>
    [src, dst].map(({ ia, host }) => ({ name: `${ia},${host}`, what: `flow ${id}` })),
  );
  const both = [...backends, ...ends].find(({ name }) => outside.has(name));
  if (both === undefined) return;
  const message = `host ${both.name} is outside Pathloom (underlay), but ${both.what} ends there`;
  section.problem({ message, expected: "hosts outside that no flow and no service has", found: shown(both.name) });
}
