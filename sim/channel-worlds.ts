/** Worlds with associations in them: the ends of a scenario's bulk flows stand on channels in place of their own transport. */
import { assemble } from "../actors/assemble.ts";
import type { ActorSpec, Assembly } from "../actors/assembly.ts";
import type { BulkInput } from "../actors/apps/bulk.ts";
import type { StreamSinkInput } from "../actors/apps/stream-sink.ts";
import type { AssociationInput } from "../actors/channel/association.ts";
import type { ListenerInput } from "../actors/channel/listener.ts";
import { type Script, scriptLogic } from "../actors/channel/script-testing.ts";
import { ASSOCIATION_DEFAULTS, type AssociationOptions } from "../core/channel/association/association.ts";
import { MODELLED_PRIMITIVES } from "../core/channel/crypto/modelled.ts";
import { createKeyPair, PURE_PRIMITIVES } from "../core/channel/crypto/primitives.ts";
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type FlowSpec,
  type LinkDirection,
  type LinkEnd,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../core/scenario.ts";

const MS = 1_000_000;

/** Static keys of the two ends of flow `n`. */
function keyOf(n: number, options: Partial<AssociationOptions>): AssociationOptions["localStatic"] {
  const p = options.crypto === "modelled" ? MODELLED_PRIMITIVES : PURE_PRIMITIVES;
  return createKeyPair(new Uint8Array(32).fill(n + 1), p);
}

/** How much later than the other the second end of flow `n` asks, where both do. */
function crossedBy(n: number): number {
  return n * 4 * MS;
}

/** Ends of bulk flow ID are `association/ID` with `app/ID`, and `listener/ID` with `app/ID/sink`; `crossed`: both ask, the second is `association/ID/sink`. */
export function channelAssembly(
  scenario: Scenario,
  changes: Partial<AssociationOptions>,
  script: Pick<Script, "channels" | "finish">,
  crossed = false,
): Assembly {
  const base = assemble(scenario, { repeat: "npx ava sim/channels.test.ts" });
  const actors: ActorSpec[] = base.actors.slice();
  const start: Assembly["faults"][number][] = [];
  scenario.flows.forEach(({ id, start_ns }, n) => {
    const [source, sink] = [`app/${id}`, `app/${id}/sink`].map((name) =>
      actors.findIndex((spec) => spec.id === name),
    ) as [number, number];
    const bulk = actors[source]?.input as BulkInput;
    const end = actors[sink]?.input as StreamSinkInput;
    const [asking, asked] = [actors.length, actors.length + 1];
    const options = { ...ASSOCIATION_DEFAULTS, ...changes };
    const maxPacket = bulk.payloadLength - 20;
    const association: AssociationInput = {
      ends: bulk.ends,
      replyFlow: bulk.replyFlow,
      options: { ...options, localStatic: keyOf(2 * n, changes), remoteStatic: keyOf(2 * n + 1, changes).public },
      maxPacket,
      app: asking,
      selector: bulk.ends.way,
      measureFrom: 0,
      begun: null,
    };
    const listener: ListenerInput = {
      ends: end.ends,
      flow: end.flow,
      options: { ...options, localStatic: keyOf(2 * n + 1, changes), remoteStatic: null },
      maxPacket,
      app: asked,
      maxAssociations: 100,
      measureFrom: 0,
    };
    const names = { association: `association/${id}`, listener: `listener/${id}` };
    const place = (at: number): number => actors[at]?.place as number;
    actors.push({
      id: names.association.replace("association", "script"),
      place: place(source),
      logic: "script",
      input: { ...names, ...script },
    });
    actors.push({
      id: names.listener.replace("listener", "script/sink"),
      place: place(sink),
      logic: "script",
      input: { ...names, channels: [], finish: false },
    });
    actors[source] = { id: names.association, place: place(source), logic: "association", input: association };
    const asking2: AssociationInput = {
      ...association,
      ends: end.ends,
      replyFlow: end.flow,
      options: { ...options, localStatic: keyOf(2 * n + 1, changes), remoteStatic: keyOf(2 * n, changes).public },
      app: asked,
      selector: end.ends.way,
    };
    if (crossed) {
      actors[sink] = { id: `${names.association}/sink`, place: place(sink), logic: "association", input: asking2 };
      start.push({ at: start_ns + crossedBy(n), target: sink, event: { type: "association.open" } });
    } else actors[sink] = { id: names.listener, place: place(sink), logic: "listener", input: listener };
    start.push({ at: start_ns, target: source, event: { type: "association.open" } });
  });
  return {
    ...base,
    actors,
    faults: [...base.faults, ...start],
    logics: new Map([...base.logics, ["script", scriptLogic]]),
    scenario: null,
  };
}

/** Two ASes, `links` between them (10 Mbit/s, 10 ms, 50 packets unless changed), and a bulk flow `f` over them. */
export function pairScenario(seed: number, links: readonly Partial<LinkDirection>[], policy = "shortest"): Scenario {
  const ends = ["1-1", "1-2"];
  const flow: FlowSpec = {
    ...FLOW_DEFAULTS,
    id: "f",
    app: "bulk",
    bytes: 0,
    ecn: false,
    reply: "reverse",
    src: { ia: "1-1", host: "10.0.0.1" },
    dst: { ia: "1-2", host: "10.0.0.2" },
    policy: { name: policy, params: {} },
    start_ns: 3 * MS,
    stop_ns: 3_600_000 * MS,
    packet_size: 1200,
  };
  return {
    ...SCENARIO_DEFAULTS,
    name: "pair",
    seed,
    duration_ns: 3_600_000 * MS,
    detection_ns: 50 * MS,
    revocation_ns: 300 * MS,
    network: {
      name: "pair",
      ases: ends.map((ia) => ({ ia, core: true, mtu: 1472 })),
      links: links.map((changes, at) => {
        const direction = {
          ...DEFAULT_DIRECTION,
          rate_bps: 10_000_000,
          latency_ns: 10 * MS,
          queue_packets: 50,
          ...changes,
        };
        const [a, b] = ends.map((ia) => ({ ia, ifId: at + 1 })) as [LinkEnd, LinkEnd];
        return { a, b, type: "core" as const, mtu: 1472, ab: direction, ba: direction };
      }),
    },
    flows: [flow],
    faults: [],
  };
}
