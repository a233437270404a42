/** The hosts of a scenario: which applications stand behind which port or identifier. */
import type { HostSpec, Scenario } from "../../core/scenario.ts";
import type { HostInput } from "../host.ts";
import { hostId, type Lookup, nodeId, type Planned } from "./plan.ts";

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
  nextPort: number;
}

export function planHosts(scenario: Scenario): Map<string, HostPlan> {
  const hosts = new Map<string, HostPlan>();
  for (const spec of scenario.flows.flatMap(({ src, dst }) => [src, dst])) {
    const id = hostId(spec);
    if (hosts.has(id)) continue;
    hosts.set(id, { id, spec, ports: [], identifiers: [], selectors: [], echoes: [], nextPort: FIRST_PORT });
  }
  return hosts;
}

export function takePort(host: HostPlan): number {
  if (host.nextPort > LAST_PORT) throw new Error(`${host.id} has more than ${LAST_PORT - FIRST_PORT + 1} applications`);
  return host.nextPort++;
}

export function planHost({ id, spec, ports, identifiers, selectors, echoes }: HostPlan, at: Lookup): Planned {
  const input = (): HostInput => ({
    node: at(nodeId(spec.ia)),
    ports: ports.map(([port, app]) => [port, at(app)]),
    identifiers: identifiers.map(([identifier, app]) => [identifier, at(app)]),
    selectors: selectors.map(at),
    echoes: echoes.map(([from, identifier, selector]) => [from, identifier, at(selector)]),
  });
  return { id, ia: spec.ia, logic: "host", input };
}
