/** Programs over channels, the same in both worlds. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { ChannelOptions } from "../../core/channel/streams/channels.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import type { ChannelEnd } from "./channel-end.ts";
import { connectChannels, createIdentity, listenChannels } from "./connect.ts";
import { ChannelFailure, type ChannelFailureWord } from "./failure.ts";
import { sleep } from "./gate.ts";
import { loadIdentity } from "./identity.ts";
import {
  bare,
  bytesOf,
  type Ends,
  linksReady,
  livePlace,
  pair,
  type Place,
  runIn,
  simPlace,
} from "./worlds-testing.ts";

const PLACES: readonly (readonly [string, () => Place])[] = [
  ["live", livePlace],
  ["sim", simPlace],
];

/** One test in each world; `alone`: nothing else of this file runs meanwhile, since real time counts. */
function inBoth(
  title: string,
  program: (t: ExecutionContext, place: Place) => Promise<void>,
  alone: "alone" | "together" = "together",
): void {
  const run = alone === "alone" ? test.serial : test;
  for (const [name, place] of PLACES) {
    run(`${name}: ${title}`, async (t) => {
      const here = place();
      await runIn(here, () => program(t, here));
    });
  }
}

async function close({ asking, listener }: Ends): Promise<void> {
  await asking.close();
  await listener.close();
}

/** Both ends of one channel. */
async function channelOf({ asking, asked }: Ends, options: ChannelOptions = {}): Promise<[ChannelEnd, ChannelEnd]> {
  const here = await asking.open(options);
  return [here, (await asked.accept()) as ChannelEnd];
}

async function fails(
  t: ExecutionContext,
  promise: Promise<unknown>,
  word: ChannelFailureWord,
  code = 0,
): Promise<void> {
  const error = await t.throwsAsync(promise, { instanceOf: ChannelFailure });
  t.deepEqual([error?.word, error?.code], [word, code], error?.message);
}

async function readAll(channel: ChannelEnd): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of channel) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

inBoth("a stream arrives whole, both ends finish, the association ends in order", async (t, place) => {
  const ends = await pair(place);
  const { listener, asking, asked } = ends;
  t.deepEqual(asking.identity, listener.identity);
  const [here, there] = await channelOf(ends);
  const sent = bytesOf(300_000);
  const got = readAll(there);
  await here.write(sent);
  here.finish();
  t.deepEqual(await got, sent);
  there.finish();
  t.is(await here.read(), null);
  await here.delivered();
  const ending = await asking.finish();
  t.deepEqual([ending.by, ending.word, ending.code], ["us", "closed", 0]);
  t.is((await asked.closed()).by, "peer");
  t.is(await asked.accept(), null);
  await fails(t, asking.open(), "closed");
  await listener.close();
});

inBoth("messages stay whole, whatever the reliability; a call for streams is refused", async (t, place) => {
  const ends = await pair(place);
  for (const reliability of ["ordered", "unordered", "unreliable", "close-on-loss"] as const) {
    const [here, there] = await channelOf(ends, { reliability, framing: "messages", priority: 3 });
    t.deepEqual([there.reliability, there.framing, there.priority], [reliability, "messages", 3]);
    t.is(there.tryReadMessage(), undefined);
    const sent = [bytesOf(5), bytesOf(0), bytesOf(9_000)];
    for (const message of sent) await here.writeMessage(message);
    const got = [await there.readMessage(), await there.readMessage(), await there.readMessage()];
    const bySize = (one: Uint8Array | null, other: Uint8Array | null): number =>
      (one?.length ?? -1) - (other?.length ?? -1);
    t.deepEqual(got.toSorted(bySize), sent.toSorted(bySize));
    t.throws(() => here.tryWrite(bytesOf(1)), { instanceOf: ChannelFailure, message: /writeMessage|"messages"/ });
    here.finish();
    t.is(await there.readMessage(), null);
  }
  await close(ends);
});

inBoth("flow control: a write waits for the reader, and a wait has an end", async (t, place) => {
  const windows = { channel: 65_536, association: 131_072, sendBuffer: 65_536 };
  const ends = await pair(place, { tuning: { windows } }, { tuning: { windows } });
  const [here, there] = await channelOf(ends);
  const sent = bytesOf(400_000);
  let written = 0;
  for (let taken = here.tryWrite(sent); taken > 0; taken = here.tryWrite(sent.subarray(written))) written += taken;
  t.true(written >= 65_536 && written < 200_000, `${written}`);
  await fails(
    t,
    there.read(10, { timeout: 0 }).then(() => here.write(sent, { timeout: 20 * MILLISECOND })),
    "timeout",
  );
  const stop = new AbortController();
  const given = here.write(bytesOf(400_000), { signal: stop.signal });
  stop.abort();
  await fails(t, given, "aborted");
  await fails(t, here.read(1, { signal: stop.signal }), "aborted");
  here.finish();
  t.true((await readAll(there)).length >= written - 10);
  await close(ends);
});

inBoth("another key than the one that was named is a typed error", async (t, place) => {
  const { world, at, from } = place;
  const listener = await listenChannels({ world, at: at.slice(0, 1) });
  const links = [{ from: from[0] as string, to: bare(listener.urls[0] as string) }];
  const peer = createIdentity(world, "somebody else").public;
  await fails(t, connectChannels({ world, links, peer }), "identity");
  await listener.close();
});

inBoth("nobody there, no time left, given up: typed errors", async (t, place) => {
  const { world, from, at } = place;
  const to = place.name === "live" ? "udp4://127.0.0.1:9" : "sim://1-ff00:0:120,10.0.0.1:9";
  const links = [{ from: from[0] as string, to }];
  const quick = { handshakeTimeout: 10 * MILLISECOND, handshakeAttempts: 2 };
  await fails(t, connectChannels({ world, links, tuning: quick }), "handshake-timeout");
  await fails(t, connectChannels({ world, links, timeout: 15 * MILLISECOND }), "timeout");
  await fails(t, connectChannels({ world, links, signal: AbortSignal.abort() }), "aborted");
  await fails(t, connectChannels({ world, links: [] }), "connector");
  await fails(t, connectChannels({ world, links, pattern: "IK" }), "identity");
  await fails(t, listenChannels({ world, at: ["tcp://127.0.0.1:0"] }), "connector");
  const listener = await listenChannels({ world, at: at.slice(0, 1) });
  await fails(t, listenChannels({ world, at: [listener.urls[0] as string] }), "connector");
  await fails(t, listenChannels({ world, at: [at[0] as string, listener.urls[0] as string] }), "connector");
  await listener.close();
});

inBoth("refused, reset, stopped, closed: each says so, with its code", async (t, place) => {
  const ends = await pair(place);
  const { asking, asked } = ends;
  const refused = await asking.open();
  const waiting = refused.read();
  t.true(await asked.refuse(300));
  await fails(t, waiting, "channel-refused", 300);
  const [reset, resetThere] = await channelOf(ends);
  reset.reset(301);
  await fails(t, resetThere.read(), "channel-reset", 301);
  const [stopped, stoppedThere] = await channelOf(ends);
  stoppedThere.stop(302);
  await fails(
    t,
    (async () => {
      for (;;) await stopped.write(bytesOf(100_000));
    })(),
    "channel-stopped",
    302,
  );
  const [closed, closedThere] = await channelOf(ends);
  closedThere.close(303);
  await fails(t, closed.read(), "channel-closed", 303);
  await fails(t, closedThere.read(), "channel-closed", 303);
  await asking.close(400, "enough");
  t.deepEqual({ ...(await asked.closed()) }, { by: "peer", word: "closed", code: 400, reason: "enough" });
  await ends.listener.close();
});

inBoth("Web streams: a pipe from one to the other", async (t, place) => {
  const ends = await pair(place);
  const [here, there] = await channelOf(ends);
  const sent = bytesOf(50_000);
  const got = new Response(there.readable).bytes();
  await new Blob([new Uint8Array(sent)]).stream().pipeTo(here.writable);
  t.deepEqual(await got, sent);
  await close(ends);
});

inBoth("more channels than the peer allows wait for those before them", async (t, place) => {
  const ends = await pair(place, {}, { tuning: { limits: { channels: 16 } } });
  const { asking, asked } = ends;
  const opened = await Promise.all(Array.from({ length: 16 }, () => asking.open()));
  const late = asking.open();
  await fails(t, asking.open({ timeout: 20 * MILLISECOND }), "timeout");
  for (const [n, channel] of opened.entries()) {
    channel.finish();
    const there = (await asked.accept()) as ChannelEnd;
    there.finish();
    t.is(await there.read(), null);
    t.is(await channel.read(), null, `${n}`);
  }
  const channel = await late;
  await channel.write(bytesOf(3));
  t.deepEqual(await ((await asked.accept()) as ChannelEnd).read(), bytesOf(3));
  await close(ends);
});

inBoth("a link that is taken down mid-transfer: what follows goes over the other, and back", async (t, place) => {
  const ends = await pair(place);
  const { asking } = ends;
  await linksReady(asking);
  const [here, there] = await channelOf(ends);
  const sent = bytesOf(1_500_000);
  const got = readAll(there);
  await here.write(sent.subarray(0, 500_000));
  asking.linkDown("link 0");
  await here.write(sent.subarray(500_000));
  here.finish();
  t.deepEqual(await got, sent);
  const { paths } = asking.statistics();
  const used = paths.find(({ key }) => key === "link 1");
  t.true((used?.delivered ?? 0) > 300, JSON.stringify(paths));
  asking.linkUp("link 0");
  t.throws(() => asking.linkDown("link 7"), { message: /link 7.*link 0, link 1/ });
  await close(ends);
});

inBoth("a channel's keys change under way, as often as asked", async (t, place) => {
  const ends = await pair(place);
  const [here, there] = await channelOf(ends);
  for (let round = 0; round < 5; round++) {
    here.rekey();
    await here.write(bytesOf(20_000, round));
    for (let left = 20_000; left > 0; ) left -= (await there.read())?.length ?? left;
  }
  t.true(ends.asking.statistics().counts.rekeys > 0);
  t.is(ends.asking.state, "established");
  await close(ends);
});

inBoth(
  "a keep-alive keeps an association that has nothing to say; without it, silence ends both ends",
  async (t, place) => {
    // A machine that is busy may leave a process alone for a second.
    const idleTimeout = 2 * SECOND;
    const kept = await pair(place, { idleTimeout, keepAlive: 250 * MILLISECOND }, { idleTimeout });
    await sleep(place.world, 4 * SECOND);
    t.deepEqual([kept.asking.state, kept.asked.state], ["established", "established"]);
    await close(kept);
    const silent = await pair(place, { idleTimeout }, { idleTimeout });
    const [here] = await channelOf(silent);
    const waiting = fails(t, here.read(), "idle");
    t.is((await silent.asking.closed()).word, "idle");
    t.is((await silent.asked.closed()).word, "idle");
    await waiting;
    await silent.listener.close();
  },
  "alone",
);

test("an identity is kept in a file for its owner alone; what is no key is said", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "pathloom-identity-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "key");
  const first = loadIdentity(file);
  t.deepEqual(loadIdentity(file), first);
  t.is(statSync(file).mode & 0o077, process.platform === "win32" ? statSync(file).mode & 0o077 : 0);
  writeFileSync(file, "pathloom-x25519 12\n");
  const error = t.throws(() => loadIdentity(file), { instanceOf: ChannelFailure });
  t.is(error?.word, "identity");
});

test("virtual time: a program that waits for what never comes is told so", async (t) => {
  const place = simPlace();
  const listening = runIn(place, async () => (await listenChannels({ world: place.world, at: place.at })).accept());
  t.is((await t.throwsAsync(listening, { instanceOf: ChannelFailure }))?.word, "stuck");
});
