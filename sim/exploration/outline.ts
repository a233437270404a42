/** What there is in a run, told once at its beginning. */
import type { Assembly } from "../../actors/assembly.ts";
import { directionsOf } from "../../actors/assemble/plan.ts";
import { formatInterface } from "../../core/address.ts";
import type { OutlinedActor, OutlinedAs, OutlinedFlow, OutlinedLink, RunOutline } from "../../core/exploration.ts";
import type { FlowSpec, HostSpec, LinkEnd, NetworkAs, NetworkLink, Scenario } from "../../core/scenario.ts";
import { MILLISECOND } from "../../core/units.ts";

const POLICY = "policy/";

export function outlineOf(
  scenario: Scenario,
  assembly: Assembly,
  { source, world }: Pick<RunOutline, "source" | "world">,
): RunOutline {
  const ids = new Set(assembly.actors.map(({ id }) => id));
  const { ases, links } = scenario.network;
  return {
    name: scenario.name,
    seed: scenario.seed,
    duration_ns: scenario.duration_ns,
    source,
    world,
    ases: ases.map(outlinedAs),
    links: links.map(outlinedLink),
    directions: links.flatMap((link) => directionsOf(link).map(({ id }) => id)),
    flows: scenario.flows.map((flow) => outlinedFlow(flow, ids)),
    actors: assembly.actors.map(
      ({ id, logic, place }): OutlinedActor => ({ id, logic, ia: assembly.places[place] as string }),
    ),
    policies: [...assembly.resources.keys()]
      .filter((name) => name.startsWith(POLICY))
      .map((name) => name.slice(POLICY.length)),
  };
}

function outlinedAs({ ia, core, label, mtu, position }: NetworkAs): OutlinedAs {
  return { ia, core, mtu, label: label ?? null, position: position ?? null };
}

function outlinedLink({ a, b, type, mtu, ab }: NetworkLink): OutlinedLink {
  const end = ({ ia, ifId }: LinkEnd): string => formatInterface(ia, ifId);
  return { a: end(a), b: end(b), type, mtu, latency_ms: ab.latency_ns / MILLISECOND, rate_bps: ab.rate_bps };
}

function outlinedFlow({ id, app, src, dst, policy }: FlowSpec, ids: ReadonlySet<string>): OutlinedFlow {
  const host = ({ ia, host: address }: HostSpec): string => `${ia},${address}`;
  const selector = `selector/${id}`;
  const named = ids.has(selector) ? selector : null;
  return { id, app, src: host(src), dst: host(dst), policy: policy.name, selector: named };
}
