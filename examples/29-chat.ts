/**
 * A chat over channels: everybody's association ends at one listener, which passes every line on to all others. The same code runs over
 * UDP and inside the simulator.
 *
 *   npx tsx examples/29-chat.ts listen udp://127.0.0.1:0            prints its address and its key
 *   npx tsx examples/29-chat.ts join ADDRESS KEY alice              what is typed is said
 *   npx tsx examples/29-chat.ts --sim                               three users and a conversation in virtual time
 */
import { createInterface } from "node:readline";
import { SECOND } from "../core/units.ts";
import {
  type AssociationEnd,
  buildPreset,
  type ChannelEnd,
  ChannelFailure,
  type ChannelWorld,
  connectChannels,
  inVirtualTime,
  listenChannels,
  type ListenerEnd,
  quietScenario,
  SimChannels,
  SimNetwork,
  sleep,
} from "../index.ts";
import { liveChannels } from "../live/index.ts";

const MESSAGES = { reliability: "ordered", framing: "messages" } as const;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Passes every line on until the listener is closed. A user's first message is a name. */
export async function serveChat(listener: ListenerEnd, log: (line: string) => void = () => undefined): Promise<void> {
  const users = new Map<ChannelEnd, string>();
  const tell = (line: string, from: ChannelEnd | null): void => {
    log(line);
    for (const channel of users.keys()) {
      // Who does not read for so long that a message finds no room misses it; nobody else waits for that.
      if (channel !== from) quietly(() => channel.tryWriteMessage(encode(line)));
    }
  };
  for await (const user of listener.accepted()) {
    void attend(user, users, tell).catch((error: unknown) => log(`somebody left: ${String(error)}`));
  }
}

async function attend(
  user: AssociationEnd,
  users: Map<ChannelEnd, string>,
  tell: (line: string, from: ChannelEnd | null) => void,
): Promise<void> {
  const channel = await user.accept();
  const name = await channel?.readMessage();
  if (channel === null || name === null || name === undefined) return;
  users.set(channel, decode(name));
  tell(`* ${decode(name)} is here`, channel);
  try {
    for await (const line of channel) tell(`${decode(name)}: ${decode(line)}`, channel);
    channel.finish();
  } finally {
    users.delete(channel);
    tell(`* ${decode(name)} is gone`, channel);
  }
}

function quietly(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ChannelFailure)) throw error;
  }
}

export interface ChatUser {
  say(line: string): Promise<void>;
  /** Resolves when everything that was said has arrived. */
  leave(): Promise<void>;
}

/** Joins as `name`; `heard` gets what others say. */
export async function joinChat(
  association: AssociationEnd,
  name: string,
  heard: (line: string) => void,
): Promise<ChatUser> {
  const channel = await association.open(MESSAGES);
  await channel.writeMessage(encode(name));
  const listening = (async () => {
    for await (const line of channel) heard(decode(line));
  })();
  return {
    say: (line) => channel.writeMessage(encode(line)),
    leave: async () => {
      channel.finish();
      await listening;
      await association.finish();
    },
  };
}

export interface ChatPlace {
  readonly world: ChannelWorld;
  readonly at: string;
  /** Our own side of a user's link. */
  readonly from: readonly string[];
}

/** A conversation of three; answers what each has heard. */
export async function converse({ world, at, from }: ChatPlace): Promise<Record<string, string[]>> {
  const listener = await listenChannels({ world, at: [at] });
  const serving = serveChat(listener);
  const heard: Record<string, string[]> = {};
  const users: ChatUser[] = [];
  for (const [n, name] of ["alice", "bob", "carol"].entries()) {
    const links = [{ from: from[n] as string, to: (listener.urls[0] as string).replace(/\?.*/, "") }];
    const association = await connectChannels({ world, links, peer: listener.identity, keepAlive: 10 * SECOND });
    heard[name] = [];
    users.push(await joinChat(association, name, (line) => heard[name]?.push(line)));
    await sleep(world, SECOND / 4);
  }
  const [alice, bob, carol] = users as [ChatUser, ChatUser, ChatUser];
  await alice.say("has anybody seen the other path?");
  await sleep(world, SECOND / 4);
  await bob.say("it goes by way of 1-ff00:0:150");
  await sleep(world, SECOND / 4);
  for (const user of [carol, bob, alice]) {
    await user.leave();
    await sleep(world, SECOND / 4);
  }
  await listener.close();
  await serving;
  return heard;
}

/** Users in three ASes, the listener in a fourth. */
export function chatInSimulator(seed = 1): ChatPlace & { readonly world: SimChannels } {
  const preset = buildPreset("diamond");
  if (!preset.ok) throw new Error("the preset diamond does not build");
  const network = SimNetwork.create({ scenario: quietScenario(preset.value, { seed }) });
  if (!network.ok) throw new Error(network.error.message);
  const ases = preset.value.ases.map(({ ia }) => ia).filter((ia) => ia !== "1-ff00:0:120");
  const from = ases.slice(0, 3).map((ia) => `sim://${ia},10.0.0.1:0`);
  return { world: new SimChannels(network.value), at: "sim://1-ff00:0:120,10.0.0.1:31000", from };
}

async function listen(url: string): Promise<void> {
  const listener = await listenChannels({ world: liveChannels(), at: [url] });
  console.log(`listening at ${listener.urls[0]} with key ${Buffer.from(listener.identity).toString("hex")}`);
  process.once("SIGINT", () => void listener.close());
  process.once("SIGTERM", () => void listener.close());
  await serveChat(listener, console.log);
}

async function join(to: string, key: string, name: string): Promise<void> {
  const peer = new Uint8Array(Buffer.from(key, "hex"));
  const association = await connectChannels({ world: liveChannels(), links: [{ to }], peer, keepAlive: 10 * SECOND });
  const user = await joinChat(association, name, console.log);
  for await (const line of createInterface({ input: process.stdin })) await user.say(line);
  await user.leave();
}

async function main([what, ...rest]: readonly string[]): Promise<void> {
  if (what === "listen") return listen(rest[0] ?? "udp://127.0.0.1:0");
  if (what === "join" && rest.length === 3) return join(...(rest as [string, string, string]));
  if (what !== "--sim") throw new Error("usage: 29-chat.ts listen [URL] | join URL KEY NAME | --sim");
  const place = chatInSimulator();
  const heard = await inVirtualTime(place.world, () => converse(place));
  for (const [name, lines] of Object.entries(heard)) for (const line of lines) console.log(`${name} hears ${line}`);
}

if (process.argv[1] === import.meta.filename) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = error instanceof ChannelFailure ? 1 : 2;
  });
}
