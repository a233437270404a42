/** Worlds with associations in them: the ends of a scenario's bulk flows stand on channels in place of their own transport. */
import { setup } from "xstate";
import { assemble } from "../actors/assemble.ts";
import type { ActorSpec, Assembly } from "../actors/assembly.ts";
import type { BulkInput } from "../actors/apps/bulk.ts";
import type { StreamSinkInput } from "../actors/apps/stream-sink.ts";
import type { AssociationInput } from "../actors/channel/association.ts";
import type { ChannelChanged, ChannelOffered, ChannelOpened } from "../actors/channel/events.ts";
import type { ListenerInput } from "../actors/channel/listener.ts";
import { type PacketLogic, type Present, withPacketHandler } from "../actors/with-packet-handler.ts";
import { ASSOCIATION_DEFAULTS, type AssociationOptions } from "../core/channel/association/association.ts";
import { MODELLED_PRIMITIVES } from "../core/channel/crypto/modelled.ts";
import { createKeyPair, PURE_PRIMITIVES } from "../core/channel/crypto/primitives.ts";
import type { ChannelOptions } from "../core/channel/streams/channels.ts";
import type { ControlEvent, Env } from "../core/env.ts";
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type FlowSpec,
  type LinkDirection,
  type LinkEnd,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../core/scenario.ts";

/** What a test application does once its association stands, and what it heard. */
export interface Script {
  readonly association: string;
  readonly listener: string;
  /** Channels to open, and zeros to write on each. */
  readonly channels: readonly { readonly options: ChannelOptions; readonly bytes: number }[];
  /** End the association when all channels are over. */
  readonly finish: boolean;
}

export interface ScriptContext extends Script {
  readonly heard: string[];
  opened: number;
}

const scriptMachine = setup({
  types: { context: {} as ScriptContext, events: {} as { type: "none" }, input: {} as Script },
}).createMachine({
  id: "script",
  context: ({ input }) => ({ ...input, heard: [], opened: 0 }),
  initial: "running",
  states: { running: {} },
});

type Handler = (state: Present<ScriptContext>, event: ControlEvent, env: Env) => undefined;

const asker = (
  act: (script: ScriptContext, event: ControlEvent & Record<string, unknown>, env: Env) => void,
): Handler => {
  return ({ context }, event, env) => {
    const news = event as ControlEvent & Record<string, unknown>;
    context.heard.push([event.type, news["state"] ?? ""].join(" ").trim());
    act(context, news, env);
    return undefined;
  };
};

const scriptLogic: PacketLogic = withPacketHandler(
  scriptMachine,
  (_state, packet, _ifId, env) => void env.drop(packet, "unexpected"),
  {
    "association.established": asker((script, event, env) => {
      script.channels.forEach(({ options }, tag) => {
        env.send(event["association"] as number, { type: "channel.open", options, tag } as ControlEvent, 0);
      });
    }),
    "association.ended": asker(() => undefined),
    "channel.opened": asker((script, event, env) => {
      const { association, channel, tag } = event as unknown as ChannelOpened;
      const length = script.channels[tag]?.bytes ?? 0;
      const write = script.channels[tag]?.options.framing === "messages" ? "channel.message" : "channel.write";
      env.send(association, { type: write, channel, bytes: null, length } as ControlEvent, 0);
      env.send(association, { type: "channel.finish", channel } as ControlEvent, 0);
      script.opened++;
    }),
    "channel.offered": asker((_script, event, env) => {
      const { association, channel } = event as unknown as ChannelOffered;
      env.send(association, { type: "channel.accept", channel, consume: true } as ControlEvent, 0);
      env.send(association, { type: "channel.finish", channel } as ControlEvent, 0);
    }),
    "channel.changed": asker((script, event, env) => {
      const { state, association } = event as unknown as ChannelChanged;
      if (state === "closed" && script.finish) env.send(association, { type: "association.finish" }, 0);
    }),
  },
);

/** Static keys of the two ends of flow `n`. */
function keyOf(n: number, options: Partial<AssociationOptions>): AssociationOptions["localStatic"] {
  const p = options.crypto === "modelled" ? MODELLED_PRIMITIVES : PURE_PRIMITIVES;
  return createKeyPair(new Uint8Array(32).fill(n + 1), p);
}

/** Ends of bulk flow ID are `association/ID` with `app/ID`, and `listener/ID` with `app/ID/sink`. */
export function channelAssembly(
  scenario: Scenario,
  changes: Partial<AssociationOptions>,
  script: Pick<Script, "channels" | "finish">,
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
    actors[sink] = { id: names.listener, place: place(sink), logic: "listener", input: listener };
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

const MS = 1_000_000;

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
