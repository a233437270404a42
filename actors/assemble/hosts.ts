/** The hosts of a scenario: which applications stand behind which port or identifier. */
import { HOST_TYPE, hostType, type IA } from "../../core/address.ts";
import type { PortRange } from "../../core/end-host-port.ts";
import type { HostSpec, Scenario } from "../../core/scenario.ts";
import type { HostInput } from "../host.ts";
import type { OutsideHostInput } from "../outside-host.ts";
import { hasControl } from "./control.ts";
import { controlId, hostId, type Lookup, nodeId, type Planned } from "./plan.ts";

/** First port and identifier of a host: start of SCION's dispatched range as its generator sets it. */
const FIRST_PORT = 31_000;
const LAST_PORT = 65_535;

/** What a host of the network runs. */
export interface HostPlan {
  readonly id: string;
  readonly spec: HostSpec;
  readonly ports: [port: number, app: string][];
  readonly identifiers: [identifier: number, app: string][];
  readonly selectors: string[];
  /** Pings whose replies choose their own path: who asks, its identifier, the selector. */
  readonly echoes: [from: HostSpec, identifier: number, selector: string][];
  /** Flow numbers of the probes it answers. */
  readonly probes: number[];
  nextPort: number;
}

export function planHosts(scenario: Scenario): Map<string, HostPlan> {
  const hosts = new Map<string, HostPlan>();
  const backends = scenario.network.ases.flatMap(({ ia, services }) =>
    Object.values(services ?? {}).flatMap((addresses) => addresses.map((host) => ({ ia, host }))),
  );
  const named = [...scenario.flows.flatMap(({ src, dst }) => [src, dst]), ...backends];
  // A service is no host: its backends are.
  for (const spec of named) if (hostType(spec.host) !== HOST_TYPE.svc) addHost(hosts, spec);
  return hosts;
}

/** The host at this address, which is there from now on. */
export function addHost(hosts: Map<string, HostPlan>, spec: HostSpec): HostPlan {
  const id = hostId(spec);
  const before = hosts.get(id);
  if (before !== undefined) return before;
  const host: HostPlan = {
    id,
    spec,
    ports: [],
    identifiers: [],
    selectors: [],
    echoes: [],
    probes: [],
    nextPort: FIRST_PORT,
  };
  hosts.set(id, host);
  return host;
}

/** Hosts that are programs outside Pathloom. */
export function planOutside({ network }: Scenario, portsOf: (ia: IA) => PortRange | null): Planned[] {
  return network.ases.flatMap(({ ia, underlay }) =>
    (underlay?.outside ?? []).map((host): Planned => {
      const input = (): OutsideHostInput => ({ address: host, dispatched: portsOf(ia) });
      return { id: hostId({ ia, host }), ia, logic: "outside-host", input };
    }),
  );
}

export function takePort(host: HostPlan): number {
  if (host.nextPort > LAST_PORT) throw new Error(`${host.id} has more than ${LAST_PORT - FIRST_PORT + 1} applications`);
  return host.nextPort++;
}

export function planHost(
  { id, spec, ports, identifiers, selectors, echoes, probes }: HostPlan,
  scenario: Scenario,
  dispatched: PortRange | null,
  at: Lookup,
): Planned {
  const input = (): HostInput => ({
    node: at(nodeId(spec.ia)),
    address: spec.host,
    dispatched,
    ports: ports.map(([port, app]) => [port, at(app)]),
    identifiers: identifiers.map(([identifier, app]) => [identifier, at(app)]),
    selectors: selectors.map(at),
    control: hasControl(scenario) ? at(controlId(spec.ia)) : null,
    echoes: echoes.map(([from, identifier, selector]) => [from, identifier, at(selector)]),
    probes,
  });
  return { id, ia: spec.ia, logic: "host", input };
}
