/** An application for tests: opens channels once its association stands, takes what the peer offers, and notes what it hears. */
import { setup } from "xstate";
import type { ChannelOptions } from "../../core/channel/streams/channels.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import { type PacketLogic, type Present, withPacketHandler } from "../with-packet-handler.ts";
import type { ChannelChanged, ChannelOffered, ChannelOpened } from "./events.ts";

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

/** Bytes of a message; of few enough for what a channel may send before it is accepted. */
const MESSAGE = 400;

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

export const scriptLogic: PacketLogic = withPacketHandler(
  scriptMachine,
  (_state, packet, _ifId, env) => void env.drop(packet, "unexpected"),
  {
    "association.established": asker((script, event, env) => {
      script.channels.forEach(({ options }, tag) => {
        env.send(event["association"] as number, { type: "channel.open", options, tag } as ControlEvent, 0);
      });
    }),
    "association.ended": asker(() => undefined),
    "channel.denied": asker(() => undefined),
    "channel.opened": asker((script, event, env) => {
      const { association, channel, tag } = event as unknown as ChannelOpened;
      const { bytes = 0, options } = script.channels[tag] ?? {};
      script.opened++;
      // Opened by others.
      if (options === undefined) return;
      const isStream = options?.framing !== "messages";
      const type = isStream ? "channel.write" : "channel.message";
      const most = isStream ? bytes : MESSAGE;
      for (let rest = bytes; rest > 0; rest -= most) {
        env.send(association, { type, channel, bytes: null, length: Math.min(most, rest) } as ControlEvent, 0);
      }
      env.send(association, { type: "channel.finish", channel } as ControlEvent, 0);
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
