/**
 * Forks: another future of a run. A fork is the same run up to an event, and then control events from outside the network, at that instant and
 * before anything else. They are delivered, counted, copied and recorded like faults, so that (scenario, seed, event, changes) says a
 * fork wholly.
 */
import { turnedRound } from "../../actors/assemble/flows.ts";
import { directionsOf, type Direction } from "../../actors/assemble/plan.ts";
import type { RateSet } from "../../actors/apps/datagram.ts";
import type { LinkEvent } from "../../actors/link.ts";
import type { Policy, PolicyParams } from "../../actors/selectors/policy.ts";
import type { PolicyReplace, SelectorContext } from "../../actors/selectors/selector.ts";
import type { World } from "../../actors/world.ts";
import { formatInterface } from "../../core/address.ts";
import { meanOf } from "../../core/distribution.ts";
import type { ActorIndex, ControlEvent } from "../../core/env.ts";
import type { Change, Fork } from "../../core/exploration.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import { type BitsPerSecond, type Nanos, SECOND } from "../../core/units.ts";
import { runTo, type Saved, type Steppable, type WatchOptions, type WorldSource } from "./source.ts";

/** What a cut stands for among the causes that hold a link down. */
const CAUSE = "fork";
/** Changes one fork may have, and bits per second of any line or flow. */
const MOST_CHANGES = 1_000;
const MOST_BPS = 1e15;

type ForkEvent = LinkEvent | PolicyReplace | RateSet;
type Hit = readonly [target: ActorIndex, event: ForkEvent];
/** What to inject, or one sentence that says what is wrong. */
type Planned = Result<readonly Hit[], string>;

/** What is wrong with these changes, in one sentence; null: nothing. What a policy needs is looked for in the world as it stands. */
export function whyNotChangeable(world: World, scenario: Scenario, changes: readonly Change[]): string | null {
  const planned = planChanges(world, scenario, changes);
  return planned.ok ? null : planned.error;
}

/** Sends the events of a fork's changes; they are delivered with the next steps. @returns how many. Throws where a change cannot be. */
export function applyFork(steppable: Steppable, scenario: Scenario, changes: readonly Change[]): number {
  if (steppable.inject === undefined) throw new Error("a recorded run cannot be changed");
  const planned = planChanges(steppable.world, scenario, changes);
  if (!planned.ok) throw new Error(planned.error);
  for (const [target, event] of planned.value) steppable.inject(target, event as ControlEvent);
  return planned.value.length;
}

/** Events that the changes come to: numbers `fork.event + 1` and those after it. Throws where a change cannot be. */
export function countForkEvents(world: World, scenario: Scenario, changes: readonly Change[]): number {
  const planned = planChanges(world, scenario, changes);
  if (!planned.ok) throw new Error(planned.error);
  return planned.value.length;
}

/** The same run with another future. */
export function forkedSource(source: WorldSource, scenario: Scenario, fork: Fork): WorldSource {
  return {
    kind: source.kind,
    duration: source.duration,
    begin: (options?: WatchOptions) => new ForkedSteppable(source.begin(options), scenario, fork, false),
    restore: ({ state }: Saved, options?: WatchOptions) => {
      const { inner, applied } = state as ForkedState;
      return new ForkedSteppable(source.restore(inner, options), scenario, fork, applied);
    },
  };
}

interface ForkedState {
  readonly inner: Saved;
  readonly applied: boolean;
}

class ForkedSteppable implements Steppable {
  readonly #inner: Steppable;
  readonly #scenario: Scenario;
  readonly #fork: Fork;
  #applied: boolean;

  constructor(inner: Steppable, scenario: Scenario, fork: Fork, applied: boolean) {
    this.#inner = inner;
    this.#scenario = scenario;
    this.#fork = fork;
    this.#applied = applied;
  }

  get world(): World {
    return this.#inner.world;
  }

  get events(): number {
    return this.#inner.events;
  }

  get now(): Nanos {
    return this.#inner.now;
  }

  nextAt(): Nanos {
    return this.#isDue() ? this.now : this.#inner.nextAt();
  }

  step(until?: Nanos): boolean {
    if (this.#isDue()) {
      this.#applied = true;
      applyFork(this.#inner, this.#scenario, this.#fork.changes);
    }
    return this.#inner.step(until);
  }

  runTo(events: number, until: Nanos): void {
    const { event } = this.#fork;
    if (!this.#applied) runTo(this.#inner, Math.min(events, event), until);
    if (this.events < events && (!this.#isDue() || this.step(until))) runTo(this.#inner, events, until);
  }

  settle(until: Nanos): void {
    this.#inner.settle(until);
  }

  pending(): ReturnType<Steppable["pending"]> {
    return this.#inner.pending();
  }

  save(): Saved {
    const inner = this.#inner.save();
    const state: ForkedState = { inner, applied: this.#applied };
    return { events: inner.events, now: inner.now, bytes: inner.bytes, state };
  }

  #isDue(): boolean {
    return !this.#applied && this.#inner.events === this.#fork.event;
  }
}

// ---- From changes to control events ----

function planChanges(world: World, scenario: Scenario, changes: readonly Change[]): Planned {
  if (changes.length === 0) return err("a fork changes one thing at least: choose what");
  if (changes.length > MOST_CHANGES)
    return err(`a fork changes at most ${MOST_CHANGES} things, found ${changes.length}`);
  const hits: Hit[] = [];
  for (const change of changes) {
    const planned = planChange(world, scenario, change);
    if (!planned.ok) return planned;
    hits.push(...planned.value);
  }
  return ok(hits);
}

function planChange(world: World, scenario: Scenario, change: Change): Planned {
  switch (change.kind) {
    case "cut":
      return onLink(world, scenario, change.link, () => ok({ type: "link.fail", cause: CAUSE }));
    case "heal":
      return onLink(world, scenario, change.link, () => ok({ type: "link.recover", cause: null }));
    case "link-rate":
      return onLink(world, scenario, change.link, (direction) => linkRate(direction, change.rate_bps));
    case "policy":
      return onFlows(scenario, change.flow, (flow) => policyHits(world, flow, change.policy, change.params));
    case "flow-rate":
      return onFlows(scenario, change.flow, (flow) => flowRate(world, flow, change.rate_bps));
    default:
      return err(`there is no change of the kind ${JSON.stringify((change as { kind?: unknown }).kind)}`);
  }
}

/** Both directions of the link at this end. */
function onLink(
  world: World,
  { network }: Scenario,
  end: string,
  eventOf: (direction: Direction) => Result<LinkEvent, string>,
): Planned {
  const found = network.links.find(({ a, b }) => [a, b].some(({ ia, ifId }) => formatInterface(ia, ifId) === end));
  if (found === undefined) return err(`no link ends at ${JSON.stringify(end)}: name an end as IA#interface`);
  const hits: Hit[] = [];
  for (const direction of directionsOf(found)) {
    const event = eventOf(direction);
    const target = world.indexOf(direction.id);
    if (!event.ok) return event;
    if (target === undefined) return err(`${direction.id} does not run here`);
    hits.push([target, event.value]);
  }
  return ok(hits);
}

function linkRate({ id, model }: Direction, rate_bps: BitsPerSecond): Result<LinkEvent, string> {
  if (!(Number.isSafeInteger(rate_bps) && rate_bps >= 0 && rate_bps <= MOST_BPS)) {
    return err(`the rate of a link is whole bits per second from 0 (no limit) up, found ${rate_bps}`);
  }
  if (model.schedule !== null) return err(`${id}: its rate follows a schedule, which a fork cannot replace`);
  return ok({ type: "link.rate", rate_bps });
}

function onFlows({ flows }: Scenario, id: string, planOf: (flow: FlowSpec) => Planned): Planned {
  const meant = id === "*" ? flows : flows.filter((flow) => flow.id === id);
  if (meant.length === 0) return err(`there is no flow ${JSON.stringify(id)}`);
  const hits: Hit[] = [];
  for (const flow of meant) {
    const planned = planOf(flow);
    if (!planned.ok) return planned;
    hits.push(...planned.value);
  }
  return ok(hits);
}

/** For the flow's selector, and for that of its replies where they choose their own path. */
function policyHits(world: World, flow: FlowSpec, name: string, params: PolicyParams): Planned {
  const policy = world.assembly.resources.get(`policy/${name}`) as Policy | undefined;
  if (policy === undefined) return err(`there is no policy ${JSON.stringify(name)}`);
  const forward = selectorOf(world, `selector/${flow.id}`);
  if (forward === null) return err(`flow ${flow.id} has no selector of paths`);
  const backward = selectorOf(world, `selector/${flow.id}/replies`);
  const [pathsForward, pathsBack] = [forward, backward].map((one) => one?.context.paths ?? []);
  const hits: Hit[] = [];
  for (const selector of backward === null ? [forward] : [forward, backward]) {
    const back = selector === backward;
    const own = back ? turnedRound({ name, params }, pathsForward ?? [], pathsBack ?? []) : params;
    const problem = policyProblem(policy, own, flow, selector.context);
    if (problem !== null) return err(problem);
    hits.push([selector.index, { type: "policy.replace", policy: name, params: own }]);
  }
  return ok(hits);
}

function selectorOf(
  world: World,
  id: string,
): { readonly index: ActorIndex; readonly context: SelectorContext } | null {
  const index = world.indexOf(id);
  return index === undefined ? null : { index, context: world.read<SelectorContext>(id).context };
}

/** Probers and monitors are there from the beginning or not at all. */
function policyProblem(policy: Policy, params: PolicyParams, flow: FlowSpec, selector: SelectorContext): string | null {
  const { name, observes = [] } = policy;
  const probed = selector.prober !== null;
  if (observes.includes("probes") && !probed) {
    return `policy ${name} goes by probes, which flow ${flow.id} has not sent: begin the run with a policy that probes`;
  }
  if (observes.includes("reports") && selector.reports === null && !(flow.app === "ping" && probed)) {
    return `policy ${name} goes by reports of the receiver, which flow ${flow.id} does not get: begin the run with a policy that asks for them`;
  }
  try {
    policy.init(params, selector.paths, selector.identity);
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
  return null;
}

function flowRate(world: World, flow: FlowSpec, rate_bps: BitsPerSecond): Planned {
  if (!(rate_bps > 0 && rate_bps <= MOST_BPS))
    return err(`the rate of a flow is bits per second above 0, found ${rate_bps}`);
  const bytes = bytesATurn(flow);
  if (bytes === null) {
    return err(
      `flow ${flow.id} (${flow.app}) has no rate of its own: it sends as fast as its transport and its data let it`,
    );
  }
  const interval = Math.round((bytes * 8 * SECOND) / rate_bps);
  if (!(interval >= 1 && interval <= Number.MAX_SAFE_INTEGER)) {
    return err(`at ${rate_bps} bit/s flow ${flow.id} would send every ${interval} ns: choose another rate`);
  }
  const target = world.indexOf(`app/${flow.id}`);
  return target === undefined
    ? err(`app/${flow.id} does not run here`)
    : ok([[target, { type: "rate.set", interval }]]);
}

/** What goes each interval: a packet with its headers (of flows that are on and off: while on), or the bytes of a message on average. */
function bytesATurn(flow: FlowSpec): number | null {
  switch (flow.app) {
    case "constant-rate":
    case "ping":
    case "poisson":
    case "on-off":
      return flow.packet_size;
    case "message-stream":
      return Math.max(1, meanOf(flow.message));
    default:
      return null;
  }
}
