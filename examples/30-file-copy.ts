/**
 * Copies a file over a channel: with progress, going on where it stopped when its link was cut, and with a SHA-256 at the end.
 *
 *   npx tsx examples/30-file-copy.ts receive FOLDER [udp://127.0.0.1:0]     prints its address and its key
 *   npx tsx examples/30-file-copy.ts send FILE ADDRESS KEY [SILENCE]        a link silent for so many ms is dead, default 2000
 *   npx tsx examples/30-file-copy.ts --sim                                  in virtual time, over a link that is cut and mended
 *
 * On the channel: the sender writes one line of JSON (name, size, SHA-256); the receiver answers with a line, how many bytes it has
 * already; the sender writes the rest and finishes; the receiver answers "whole" or "damaged", and finishes.
 */
import { createHash } from "node:crypto";
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { MILLISECOND, SECOND } from "../core/units.ts";
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

/** What is copied. */
export interface Source {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** Where copies go. */
export interface Store {
  size(name: string): number;
  append(name: string, bytes: Uint8Array): void;
  read(name: string): Uint8Array;
  remove(name: string): void;
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

const CHUNK = 65_536;
const MAX_LINE = 4_096;
/** A link that says nothing for so long is taken for dead: then the copy starts anew, where it stopped. */
const SILENCE = 2 * SECOND;
/** What may be under way: progress is so far ahead of what has arrived at most. */
const TUNING = { windows: { sendBuffer: 131_072 } };
/** Attempts in a row that move nothing before the copy is given up. */
const ATTEMPTS = 20;

/** Copies; `connect` is asked again whenever the association ends under way. Answers the attempts it took. */
export async function copyFile(
  source: Source,
  world: ChannelWorld,
  connect: () => Promise<AssociationEnd>,
  progress: (done: number, attempt: number) => void = () => undefined,
): Promise<number> {
  const header: Header = { name: source.name, size: source.size, sha256: hashOf(source) };
  let [furthest, idle] = [-1, 0];
  for (let attempt = 1; ; attempt++) {
    try {
      const association = await connect();
      const note = (done: number): void => {
        if (done > furthest) [furthest, idle] = [done, 0];
        progress(done, attempt);
      };
      await send(association, header, source, note);
      await association.finish();
      return attempt;
    } catch (error) {
      const fatal = !(error instanceof ChannelFailure) || error.word === "identity" || error.word === "channel-refused";
      if (fatal || ++idle >= ATTEMPTS) throw error;
      await sleep(world, SECOND / 2);
    }
  }
}

async function send(
  association: AssociationEnd,
  header: Header,
  source: Source,
  progress: (done: number) => void,
): Promise<void> {
  const channel = await association.open();
  await channel.write(new TextEncoder().encode(`${JSON.stringify(header)}\n`));
  const lines = linesOf(channel);
  let done = Number((await lines.next()).value);
  progress(done);
  for (; done < source.size; progress(done)) {
    const bytes = source.read(done, CHUNK);
    await channel.write(bytes);
    done += bytes.length;
  }
  channel.finish();
  const verdict = (await lines.next()).value;
  if (verdict !== "whole") throw new Error(`${source.name}: the copy is ${String(verdict)}`);
}

/** Takes copies from everybody until the listener is closed. */
export async function receiveFiles(
  listener: ListenerEnd,
  store: Store,
  told: (line: string) => void = () => undefined,
): Promise<void> {
  for await (const sender of listener.accepted()) {
    void (async () => {
      for await (const channel of sender.accepted()) await receive(channel, store, told);
    })().catch((error: unknown) => told(error instanceof Error ? error.message : String(error)));
  }
}

async function receive(channel: ChannelEnd, store: Store, told: (line: string) => void): Promise<void> {
  const say = (line: string): Promise<void> => channel.write(new TextEncoder().encode(`${line}\n`));
  const { header, rest } = await headerOf(channel);
  const name = basename(header.name);
  if (store.size(name) > header.size) store.remove(name);
  told(`${name}: ${header.size} bytes, ${store.size(name)} of them here`);
  await say(String(store.size(name)));
  if (rest.length > 0) store.append(name, rest);
  for await (const bytes of channel) store.append(name, bytes);
  const whole = createHash("sha256").update(store.read(name)).digest("hex") === header.sha256;
  if (!whole) store.remove(name);
  told(`${name}: ${whole ? "whole" : "damaged"}, SHA-256 ${header.sha256}`);
  await say(whole ? "whole" : "damaged");
  channel.finish();
}

async function headerOf(channel: ChannelEnd): Promise<{ readonly header: Header; readonly rest: Uint8Array }> {
  let bytes = new Uint8Array(0);
  for (;;) {
    const end = bytes.indexOf(10);
    if (end >= 0) {
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Header;
      return { header, rest: bytes.subarray(end + 1) };
    }
    const more = bytes.length > MAX_LINE ? null : await channel.read(CHUNK);
    if (more === null) throw new Error("a copy begins with one line of JSON: name, size, sha256");
    bytes = new Uint8Array(Buffer.concat([bytes, more]));
  }
}

async function* linesOf(channel: ChannelEnd): AsyncGenerator<string, string> {
  let text = "";
  for await (const bytes of channel) {
    text += new TextDecoder().decode(bytes);
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
      yield text.slice(0, at);
      text = text.slice(at + 1);
    }
  }
  return "cut off";
}

function hashOf(source: Source): string {
  const hash = createHash("sha256");
  for (let at = 0; at < source.size; at += CHUNK) hash.update(source.read(at, CHUNK));
  return hash.digest("hex");
}

export function fileSource(path: string): Source {
  const file = openSync(path, "r");
  const { size } = statSync(path);
  process.once("exit", () => closeSync(file));
  return {
    name: basename(path),
    size,
    read: (offset, length) => {
      const bytes = new Uint8Array(Math.min(length, size - offset));
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
    },
  };
}

export function folderStore(folder: string): Store {
  const path = (name: string): string => join(folder, name);
  return {
    size: (name) => (existsSync(path(name)) ? statSync(path(name)).size : 0),
    append: (name, bytes) => appendFileSync(path(name), bytes),
    read: (name) => readFileSync(path(name)),
    remove: (name) => rmSync(path(name), { force: true }),
  };
}

export function memoryStore(): Store {
  const files = new Map<string, Uint8Array[]>();
  const read = (name: string): Uint8Array => new Uint8Array(Buffer.concat(files.get(name) ?? []));
  return {
    size: (name) => (files.get(name) ?? []).reduce((sum, { length }) => sum + length, 0),
    append: (name, bytes) => void files.set(name, [...(files.get(name) ?? []), bytes]),
    read,
    remove: (name) => void files.delete(name),
  };
}

/** Both ends in a network of the simulator; `cut` takes the link between them down, or up again. */
export function copyInSimulator(seed = 1) {
  const preset = buildPreset("diamond");
  if (!preset.ok) throw new Error("the preset diamond does not build");
  const made = SimNetwork.create({ scenario: quietScenario(preset.value, { seed }) });
  if (!made.ok) throw new Error(made.error.message);
  const network = made.value;
  return {
    world: new SimChannels(network),
    at: "sim://1-ff00:0:120,10.0.0.1:31000",
    from: "sim://1-ff00:0:110,10.0.0.1:0",
    /** All links of the sender's AS. */
    cut: (up: boolean): void => {
      for (const { a, b } of preset.value.links) {
        const end = [a, b].find(({ ia }) => ia === "1-ff00:0:110");
        if (end !== undefined) network.setLink(`${end.ia}#${end.ifId}`, up);
      }
    },
  };
}

/** Copies over what `place` is, and cuts the link for three seconds once a third has gone. */
export async function copyWithCut(
  { world, at, from, cut }: ReturnType<typeof copyInSimulator>,
  source: Source,
  store: Store,
  told: (line: string) => void,
): Promise<number> {
  const listener = await listenChannels({ world, at: [at], idleTimeout: SILENCE });
  const receiving = receiveFiles(listener, store, told);
  const links = [{ from, to: at }];
  const connect = (): Promise<AssociationEnd> =>
    connectChannels({ world, links, peer: listener.identity, idleTimeout: SILENCE, timeout: SILENCE, tuning: TUNING });
  let isCut = false;
  const attempts = await copyFile(source, world, connect, (done, attempt) => {
    told(`${((100 * done) / source.size).toFixed(0).padStart(3)} % of ${source.name} (attempt ${attempt})`);
    if (isCut || store.size(source.name) < source.size / 3) return;
    isCut = true;
    told("the link is cut");
    cut(false);
    void sleep(world, 3 * SECOND).then(() => cut(true));
  });
  await listener.close();
  await receiving;
  return attempts;
}

async function receiveLive(folder: string, url: string): Promise<void> {
  const listener = await listenChannels({ world: liveChannels(), at: [url], idleTimeout: SILENCE });
  console.log(`listening at ${listener.urls[0]} with key ${Buffer.from(listener.identity).toString("hex")}`);
  process.once("SIGINT", () => void listener.close());
  process.once("SIGTERM", () => void listener.close());
  await receiveFiles(listener, folderStore(folder), console.log);
}

async function sendLive(path: string, to: string, key: string, silenceMs = "2000"): Promise<void> {
  const silence = Number(silenceMs) * MILLISECOND;
  const world = liveChannels();
  const peer = new Uint8Array(Buffer.from(key, "hex"));
  const connect = (): Promise<AssociationEnd> =>
    connectChannels({ world, links: [{ to }], peer, idleTimeout: silence, timeout: silence, tuning: TUNING });
  const source = fileSource(path);
  let shown = -1;
  const attempts = await copyFile(source, world, connect, (done, attempt) => {
    const percent = Math.floor((100 * done) / Math.max(1, source.size));
    if (percent >= shown + 10 || done === source.size) console.log(`${percent} % (attempt ${attempt})`);
    if (percent >= shown + 10) shown = percent;
  });
  console.log(`${source.name}: whole, ${source.size} bytes, ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`);
}

async function main([what, ...rest]: readonly string[]): Promise<void> {
  if (what === "receive" && rest[0] !== undefined) return receiveLive(rest[0], rest[1] ?? "udp://127.0.0.1:0");
  if (what === "send" && rest.length >= 3) return sendLive(...(rest as [string, string, string, string?]));
  if (what !== "--sim")
    throw new Error("usage: 30-file-copy.ts receive FOLDER [URL] | send FILE URL KEY [SILENCE] | --sim");
  const place = copyInSimulator();
  const size = 1_000_000;
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 255);
  const source = { name: "numbers", size, read: (from: number, most: number) => bytes.subarray(from, from + most) };
  const attempts = await inVirtualTime(place.world, () => copyWithCut(place, source, memoryStore(), console.log));
  console.log(`whole after ${attempts} attempts`);
}

if (process.argv[1] === import.meta.filename) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = error instanceof ChannelFailure ? 1 : 2;
  });
}
