/**
 * Connectors inside a simulated network, and a scheduler's clock on virtual time: the program that runs over `udp` in real
 * time runs over `sim` here, against links with delay, loss, queues and faults, and twice alike.
 *
 *   SimNetwork.open("sim://1-ff00:0:110,10.0.0.1:31000") -> SimConnector --datagram.send--> endpoint --> the network
 *   new Scheduler(simClock(network.simulation)).attach() <--alarm.ring-- the event queue
 *
 * Programs stand outside the network: a checkpoint does not hold them.
 */
import { alarmLogic, type Alarms, type Ring } from "../actors/apps/alarm.ts";
import {
  type EndpointAddress,
  type EndpointInput,
  endpointLogic,
  type EndpointMail,
  type SendDatagram,
} from "../actors/apps/endpoint.ts";
import { assemble } from "../actors/assemble.ts";
import { hostId, linkId, nodeId } from "../actors/assemble/plan.ts";
import type { ActorSpec, Assembly } from "../actors/assembly.ts";
import type { NodeInput } from "../actors/node.ts";
import { BUILTIN_POLICIES } from "../actors/selectors/builtin.ts";
import type { Policy } from "../actors/selectors/policy.ts";
import { parseHost, parseIA, parseInterface } from "../core/address.ts";
import { type Connector, type ConnectorFactory, type Outcome, refuse } from "../core/connector.ts";
import { parseUrl, type SchemeRules } from "../core/connector-url.ts";
import type { ActorIndex, DropReason, Handle } from "../core/env.ts";
import type { ForwardingKeys } from "../core/forwarding-keys.ts";
import { createPathFinder, type PathFinder } from "../core/path-finder.ts";
import { ok } from "../core/result.ts";
import { type HostSpec, type Network, type Scenario, SCENARIO_DEFAULTS } from "../core/scenario.ts";
import type { SchedulerClock } from "../core/scheduler.ts";
import type { TraceSink } from "../core/trace.ts";
import { type Nanos, SECOND } from "../core/units.ts";
import { type Home, openSimConnector, printAddress, type SimConnector } from "./sim-connector.ts";
import { Simulation } from "./simulation.ts";

/** How URLs of the scheme look; streams reach the factory, which says what will bring them. */
export const SIM_RULES: SchemeRules = { address: "any", behaviours: ["datagram", "stream"] };

/** Address of the host every AS has where no hosts are named. */
const DEFAULT_HOST = "10.0.0.1";
const ALARM = "alarm";
/** First port given out: start of SCION's dispatched range. */
const FIRST_PORT = 31_000;
const LAST_PORT = 65_535;

export interface SimNetworkOptions {
  /** Its network, faults and flows; the flows are background traffic. */
  readonly scenario: Scenario;
  /** Hosts that connectors may have, as `ia,host`; left out, every AS has 10.0.0.1. */
  readonly hosts?: readonly string[];
  /** Policies beside those that ship. */
  readonly policies?: readonly Policy[];
  readonly trace?: TraceSink | null;
  /** What a user types to repeat the run. */
  readonly repeat?: string;
}

/** A scenario without traffic and faults on a network: a preset's, or a resolved topology's. */
export function quietScenario(network: Network, changes: Partial<Scenario> = {}): Scenario {
  return {
    ...SCENARIO_DEFAULTS,
    name: network.name,
    duration_ns: SECOND,
    network,
    flows: [],
    faults: [],
    ...changes,
  };
}

export class SimNetwork implements Home {
  readonly simulation: Simulation;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly paths: PathFinder;
  readonly #network: Network;
  readonly #hosts: readonly HostSpec[];
  readonly #bound: Map<string, SimConnector>;

  private constructor(options: SimNetworkOptions, hosts: readonly HostSpec[]) {
    const { scenario } = options;
    this.#network = scenario.network;
    this.#hosts = hosts;
    this.#bound = new Map();
    this.policies = new Map([...BUILTIN_POLICIES, ...(options.policies ?? [])].map((policy) => [policy.name, policy]));
    const bare = assemble(scenario, { repeat: options.repeat ?? "the same program", policies: options.policies ?? [] });
    const keys = bare.resources.get("forwarding-keys") as ForwardingKeys;
    this.paths = createPathFinder(scenario.network, { max: scenario.max_paths, epochS: scenario.epoch_s, keys });
    const assembly = withEndpoints(bare, scenario, hosts, this.paths, mailFor(this.#bound));
    this.simulation = Simulation.create(assembly, { trace: options.trace ?? null });
  }

  /** A network at time zero, with a host for every address that connectors may have. */
  static create(options: SimNetworkOptions): Outcome<SimNetwork> {
    const taken = new Set(options.scenario.flows.flatMap(({ src, dst }) => [hostId(src), hostId(dst)]));
    const { ases } = options.scenario.network;
    const free = ases.map(({ ia }) => ({ ia, host: DEFAULT_HOST })).filter((host) => !taken.has(hostId(host)));
    if (options.hosts === undefined) return ok(new SimNetwork(options, free));
    const hosts = new Map<string, HostSpec>();
    for (const text of options.hosts) {
      const host = parseHostSpec(text);
      if (!host.ok) return host;
      const { ia } = host.value;
      const id = hostId(host.value);
      if (!ases.some((as) => as.ia === ia))
        return refuse("address_not_available", `Host ${text}: no AS ${ia} is there.`);
      if (taken.has(id)) return refuse("address_in_use", `Host ${text}: a flow of the scenario uses it; take another.`);
      hosts.set(id, host.value);
    }
    return ok(new SimNetwork(options, [...hosts.values()]));
  }

  /** A connector by its URL, not yet listening: `sim://1-ff00:0:110,10.0.0.1:31000?policy=lowest-latency`. */
  open(text: string): Outcome<Connector> {
    const url = parseUrl(text);
    return url.ok ? this.factory(url.value) : url;
  }

  /** For a registry of schemes, with `SIM_RULES`. */
  readonly factory: ConnectorFactory = (url) => openSimConnector(url, this);

  /** Lets virtual time go by; callbacks run as their time comes. */
  run(until: Nanos = Number.POSITIVE_INFINITY): void {
    this.simulation.run(until);
  }

  /** Takes a link down, or up again, now; `link` is one of its ends, `1-ff00:0:110#1`. */
  setLink(link: string, up: boolean): Outcome<void> {
    const end = parseInterface(link);
    if (!end.ok) return refuse("invalid_value", `Link ${link}: ${end.error}.`);
    const { ia, ifId } = end.value;
    const found = this.#network.links.find(({ a, b }) => [a, b].some((one) => one.ia === ia && one.ifId === ifId));
    if (found === undefined) return refuse("invalid_value", `Link ${link}: no link of the network ends there.`);
    const event = up ? { type: "link.recover", cause: null } : { type: "link.fail", cause: "connector" };
    for (const id of [linkId(found.a, found.b), linkId(found.b, found.a)]) {
      this.simulation.inject(this.simulation.indexOf(id) as ActorIndex, event, this.simulation.now);
    }
    return ok(undefined);
  }

  checkHost({ ia, host }: HostSpec): Outcome<void> {
    if (this.#hosts.some((one) => one.ia === ia && one.host === host)) return ok(undefined);
    const there = this.#hosts.filter((one) => one.ia === ia).map((one) => one.host);
    const expected = there.length === 0 ? `${ia} has no hosts for connectors` : `${ia} has ${there.join(", ")}`;
    return refuse("address_not_available", `${host} in ${ia}: ${expected}; name hosts when you make the network.`);
  }

  /** Binds a connector; port 0 becomes the first that is free. */
  bind(connector: SimConnector, at: EndpointAddress): Outcome<EndpointAddress> {
    const address = at.port === 0 ? this.#freePort(at) : at;
    if (address === null) return refuse("address_in_use", `${at.host} in ${at.ia} has no free port left.`);
    const key = printAddress(address);
    if (this.#bound.has(key)) return refuse("address_in_use", `${key} is taken; port 0 takes any that is free.`);
    this.#bound.set(key, connector);
    return ok(address);
  }

  release(at: EndpointAddress): void {
    this.#bound.delete(printAddress(at));
  }

  hasAs(ia: string): boolean {
    return this.#network.ases.some((as) => as.ia === ia);
  }

  send(from: HostSpec, datagram: SendDatagram): void {
    const endpoint = this.simulation.indexOf(hostId(from)) as ActorIndex;
    this.simulation.queue.sendControl(-1, endpoint, datagram, 0);
  }

  #freePort(at: EndpointAddress): EndpointAddress | null {
    for (let port = FIRST_PORT; port <= LAST_PORT; port++) {
      if (!this.#bound.has(printAddress({ ...at, port }))) return { ...at, port };
    }
    return null;
  }
}

/** A scheduler's clock on the virtual time of a simulated network's world. Every scheduler takes its own. */
export function simClock(simulation: Simulation): SchedulerClock {
  const bells = simulation.assembly.resources.get("alarms");
  const alarm = simulation.indexOf(ALARM);
  if (!(bells instanceof Bells) || alarm === undefined) {
    throw new Error("simClock needs the simulation of a SimNetwork: no actor of this one can wake a program");
  }
  return new SimClock(simulation, alarm, bells);
}

/** Who is to be woken, by number of clock. */
class Bells implements Alarms {
  readonly callbacks = new Map<number, () => void>();
  clocks = 0;
  ringing = false;

  ring(clock: number): void {
    const callback = this.callbacks.get(clock);
    this.callbacks.delete(clock);
    this.ringing = true;
    try {
      callback?.();
    } finally {
      this.ringing = false;
    }
  }
}

class SimClock implements SchedulerClock {
  readonly #simulation: Simulation;
  readonly #alarm: ActorIndex;
  readonly #bells: Bells;
  readonly #number: number;
  #handle: Handle | null = null;

  constructor(simulation: Simulation, alarm: ActorIndex, bells: Bells) {
    this.#simulation = simulation;
    this.#alarm = alarm;
    this.#bells = bells;
    this.#number = bells.clocks++;
  }

  now(): Nanos {
    return this.#simulation.now;
  }

  wake(due: Nanos, callback: () => void): void {
    this.stop();
    const delay = Math.max(0, Math.ceil(due) - this.#simulation.now);
    const event: Ring = { type: "alarm.ring", clock: this.#number };
    this.#handle = this.#simulation.queue.sendControl(-1, this.#alarm, event, delay);
    this.#bells.callbacks.set(this.#number, callback);
  }

  stop(): void {
    if (this.#handle !== null) this.#simulation.queue.cancel(this.#handle);
    this.#handle = null;
    this.#bells.callbacks.delete(this.#number);
  }

  /** From inside a callback time stands still: another pump turns the loop already. */
  pass(until: Nanos, ready: () => boolean): void {
    if (this.#bells.ringing) return;
    const simulation = this.#simulation;
    while (!ready()) {
      if (simulation.step(until)) continue;
      simulation.run(until);
      return;
    }
  }
}

function mailFor(bound: ReadonlyMap<string, SimConnector>): EndpointMail {
  return {
    deliver: (to, bytes, from): DropReason | null => {
      const connector = bound.get(printAddress(to));
      return connector === undefined ? "unknown_port" : connector.take(bytes, printAddress(from));
    },
    left: (from) => bound.get(printAddress(from))?.left(),
  };
}

/** The world of a scenario with an endpoint for every host of connectors, known to its router, and an alarm clock. */
function withEndpoints(
  bare: Assembly,
  scenario: Scenario,
  hosts: readonly HostSpec[],
  paths: PathFinder,
  mail: EndpointMail,
): Assembly {
  const first = bare.actors.length;
  const node = new Map(bare.actors.map(({ id }, index) => [id, index]));
  const routers = bare.actors.map((spec): ActorSpec => {
    if (spec.logic !== "node") return spec;
    const input = spec.input as NodeInput;
    const here = hosts.flatMap(({ ia, host }, index) => (ia === input.ia ? [{ host, actor: first + index }] : []));
    return here.length === 0 ? spec : { ...spec, input: { ...input, hosts: [...input.hosts, ...here] } };
  });
  const endpoints = hosts.map((spec): ActorSpec => {
    const input: EndpointInput = {
      ...spec,
      node: node.get(nodeId(spec.ia)) as ActorIndex,
      revocation: scenario.revocation_ns,
    };
    return { id: hostId(spec), place: bare.places.indexOf(spec.ia), logic: "endpoint", input };
  });
  const alarm: ActorSpec = { id: ALARM, place: 0, logic: "alarm", input: undefined };
  return {
    ...bare,
    actors: [...routers, ...endpoints, alarm],
    logics: new Map([...bare.logics, ["endpoint", endpointLogic], ["alarm", alarmLogic]]),
    resources: new Map<string, unknown>([
      ...bare.resources,
      ["endpoint/paths", paths],
      ["endpoint/mail", mail],
      ["alarms", new Bells()],
    ]),
  };
}

function parseHostSpec(text: string): Outcome<HostSpec> {
  const comma = text.indexOf(",");
  const ia = parseIA(text.slice(0, Math.max(0, comma)));
  const host = parseHost(text.slice(comma + 1));
  if (comma >= 0 && ia.ok && host.ok) return ok({ ia: ia.value, host: host.value });
  return refuse("format", `Expected a host such as 1-ff00:0:110,10.0.0.1, found ${JSON.stringify(text)}.`);
}
