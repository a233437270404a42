/** Reads what an AS says about its end hosts: the ports at which they take packets themselves, the hosts behind its services. */
import { HOST_TYPE, hostType, type IA, parseHost } from "../core/address.ts";
import type { HostSpec, NetworkAs } from "../core/scenario.ts";
import { shown } from "./problems.ts";
import type { ServicesDocument } from "./scenario/topology.ts";
import type { Section } from "./section.ts";

const MAX_PORT = 65_535;

export type DispatchedPorts = NonNullable<NetworkAs["dispatched_ports"]> | null;

/** `31000-32767`, `all` (1 to 65535) or `-` (none), as SCION's `topology.json` has it; undefined: none of these. */
export function parseDispatchedPorts(text: string): DispatchedPorts | undefined {
  if (text === "-") return null;
  if (text === "all") return { min: 1, max: MAX_PORT };
  const [, low = "", high = ""] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const [min, max] = [Number(low), Number(high)];
  return min >= 1 && min <= max && max <= MAX_PORT ? { min, max } : undefined;
}

export function formatDispatchedPorts(ports: DispatchedPorts): string {
  if (ports === null) return "-";
  return ports.min === 1 && ports.max === MAX_PORT ? "all" : `${ports.min}-${ports.max}`;
}

export function readDispatchedPorts(text: string, section: Section): Pick<NetworkAs, "dispatched_ports"> {
  const ports = parseDispatchedPorts(text);
  if (ports !== undefined) return { dispatched_ports: ports };
  section.mismatch('two ports from 1 to 65535 in order, such as 31000-32767, or all, or "-" for none', text);
  return {};
}

export function readServices(document: ServicesDocument, section: Section): NonNullable<NetworkAs["services"]> {
  const services = Object.entries(document).map(([service, addresses]): [string, readonly string[]] => {
    const place = section.at(service);
    if (addresses.length === 0) place.mismatch("at least one address", addresses);
    const hosts = addresses.map((text, at) => readBackend(text, place.at(at)));
    const twice = hosts.findIndex((host, at) => host !== undefined && hosts.indexOf(host) < at);
    if (twice !== -1) {
      const message = `${place.name} names ${hosts[twice]} twice`;
      place.at(twice).problem({ message, expected: "each address once", found: shown(addresses[twice]) });
    }
    return [service, hosts.filter((host) => host !== undefined)];
  });
  return Object.fromEntries(services);
}

function readBackend(text: string, section: Section): string | undefined {
  const host = parseHost(text);
  if (host.ok && hostType(host.value) !== HOST_TYPE.svc) return host.value;
  return section.mismatch("an IPv4 or IPv6 address", text);
}

/** Whether a host is named by a service address, `1-ff00:0:110,CS`. */
export function isServiceAddress(text: string): boolean {
  return /,\s*(CS|DS|Wildcard)(_[AM])?\s*$/.test(text);
}

/** The service as a flow's receiver; `ases` are those of the network, undefined where it has problems of its own. */
export function readServiceAddress(
  text: string,
  section: Section,
  ases: readonly NetworkAs[] | undefined,
): HostSpec | undefined {
  const [iaText = "", name = ""] = text.split(",");
  const ia: IA | undefined = section.ia(iaText.trim());
  const service = parseHost(name.trim());
  if (ia === undefined || !service.ok) return undefined;
  const as = ases?.find((one) => one.ia === ia);
  if (ases !== undefined && as === undefined) {
    return section.unknownAs(
      ia,
      ases.map((one) => one.ia),
    );
  }
  const offered = Object.keys(as?.services ?? {});
  if (as === undefined || offered.includes(service.value.replace(/_M$/, ""))) return { ia, host: service.value };
  const has = offered.length === 0 ? "no services" : `only ${offered.join(", ")}`;
  const message = `AS ${ia} has ${has}: its key services in the topology names the hosts behind each, such as {CS: [10.0.0.5]}`;
  return section.problem({ message, expected: "a service of the AS", found: shown(name.trim()) });
}
