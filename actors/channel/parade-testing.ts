/** An application for tests: one association after the other, each with one channel, each stopped when it has ended. */
import { setup } from "xstate";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import { type PacketLogic, type Present, withPacketHandler } from "../with-packet-handler.ts";
import type { AssociationInput } from "./association.ts";
import type { ChannelOpened } from "./events.ts";

export interface ParadeInput {
  readonly association: Omit<AssociationInput, "app" | "begun">;
  readonly count: number;
  readonly bytes: number;
}

export interface ParadeContext extends ParadeInput {
  /** Begun so far, and how they ended, by word. */
  begun: number;
  readonly endings: Map<string, number>;
  current: ActorIndex | null;
}

const paradeMachine = setup({
  types: { context: {} as ParadeContext, events: {} as { type: "none" }, input: {} as ParadeInput },
}).createMachine({
  id: "parade",
  context: ({ input }) => ({ ...input, begun: 0, endings: new Map(), current: null }),
  initial: "running",
  states: { running: {} },
});

type Handler = (state: Present<ParadeContext>, event: ControlEvent, env: Env) => undefined;

const handler =
  (act: (parade: ParadeContext, event: ControlEvent & Record<string, unknown>, env: Env) => void): Handler =>
  ({ context }, event, env) => {
    act(context, event as ControlEvent & Record<string, unknown>, env);
    return undefined;
  };

function begin(parade: ParadeContext, _event: ControlEvent, env: Env): void {
  if (parade.begun >= parade.count) return;
  const input: AssociationInput = { ...parade.association, app: env.self, begun: null };
  parade.current = env.spawn(`${env.id}/${parade.begun++}`, "association", input);
  env.send(parade.current, { type: "association.open" }, 0);
}

export const paradeLogic: PacketLogic = withPacketHandler(
  paradeMachine,
  ({ context: { current } }: Present<ParadeContext>, packet, _ifId, env) => {
    if (current === null) env.drop(packet, "unexpected");
    else env.sendPacket(current, packet, 0, 0);
    return undefined;
  },
  {
    "parade.begin": handler(begin),
    "association.established": handler((_parade, event, env) => {
      env.send(event["association"] as number, { type: "channel.open", options: {}, tag: 0 } as ControlEvent, 0);
    }),
    "channel.opened": handler(({ bytes }, event, env) => {
      const { association, channel } = event as unknown as ChannelOpened;
      env.send(association, { type: "channel.write", channel, bytes: null, length: bytes } as ControlEvent, 0);
      env.send(association, { type: "channel.finish", channel } as ControlEvent, 0);
      env.send(association, { type: "association.finish" }, 0);
    }),
    "association.ended": handler((parade, event, env) => {
      const { word } = event["ending"] as { readonly word: string };
      parade.endings.set(word, (parade.endings.get(word) ?? 0) + 1);
      parade.current = null;
      env.send(env.self, { type: "parade.reap", actor: event["association"] } as ControlEvent, 0);
    }),
    // After everything that was sent to it.
    "parade.reap": handler((parade, event, env) => {
      env.stop(event["actor"] as number);
      begin(parade, event, env);
    }),
    "channel.changed": handler(() => undefined),
  },
);
