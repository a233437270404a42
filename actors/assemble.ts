/**
 * Builds a world's actors from a scenario: for each AS its router, its outgoing links and its hosts; for each flow its
 * selector, its source and, where packets end elsewhere, its sink. The order of actors is part of a run's identity.
 */
import type { ActorIndex } from "../core/env.ts";
import { planTimeline } from "../core/faults.ts";
import type { Scenario } from "../core/scenario.ts";
import { planFaults } from "./assemble/faults.ts";
import { planApplications, planFlow } from "./assemble/flows.ts";
import { planHost, planHosts } from "./assemble/hosts.ts";
import { impairedEnds, planLink, planNode } from "./assemble/network.ts";
import { directionsOf } from "./assemble/plan.ts";
import type { ActorSpec, Assembly } from "./assembly.ts";
import { LOGICS } from "./logics.ts";
import { BUILTIN_POLICIES } from "./selectors/builtin.ts";
import type { Policy } from "./selectors/policy.ts";

export interface AssembleOptions {
  /** Policies beside those that ship. */
  readonly policies?: readonly Policy[];
  /** What a user types to repeat the run. */
  readonly repeat: string;
}

/** The actors of a scenario. Throws only on what a checked scenario cannot hold (a bug). */
export function assemble(scenario: Scenario, options: AssembleOptions): Assembly {
  const directions = scenario.network.links.flatMap(directionsOf);
  const hosts = planHosts(scenario);
  const flows = scenario.flows.map((flow, index) => planFlow(flow, index, hosts));
  const index = new Map<string, ActorIndex>();
  const at = (id: string): ActorIndex => {
    const found = index.get(id);
    if (found === undefined) throw new Error(`no actor has the id ${id}`);
    return found;
  };
  const leaving = Map.groupBy(directions, ({ from }) => from.ia);
  const living = Map.groupBy(hosts.values(), ({ spec }) => spec.ia);
  const impaired = impairedEnds(scenario);
  const planned = [
    ...scenario.network.ases.map(({ ia }) => planNode(scenario, ia, leaving.get(ia) ?? [], living.get(ia) ?? [], at)),
    ...directions.map((direction) => planLink(scenario, direction, impaired, at)),
    ...[...hosts.values()].map((host) => planHost(host, at)),
    ...planApplications(scenario, flows, at),
  ];
  planned.forEach(({ id }, position) => index.set(id, position));
  const places = scenario.network.ases.map(({ ia }) => ia);
  const placeOf = new Map(places.map((ia, place) => [ia, place]));
  const actors = planned.map(({ id, ia, logic, input }): ActorSpec => {
    const spec = { id, place: placeOf.get(ia) as number, logic, input: input() };
    return logic === "link" ? { ...spec, isLink: true } : spec;
  });
  const timeline = planTimeline(scenario);
  const policies = [...BUILTIN_POLICIES, ...(options.policies ?? [])];
  return {
    seed: scenario.seed,
    repeat: options.repeat,
    places,
    actors,
    logics: LOGICS,
    resources: new Map(policies.map((policy) => [`policy/${policy.name}`, policy])),
    faults: planFaults(scenario, timeline, directions, planned, at),
    timeline,
    scenario,
  };
}
