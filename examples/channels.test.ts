/** The examples over channels: as processes over UDP, and in virtual time. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { inVirtualTime } from "../index.ts";
import { chatInSimulator, converse } from "./29-chat.ts";
import { copyInSimulator, copyWithCut, memoryStore } from "./30-file-copy.ts";

function example(t: ExecutionContext, ...words: string[]): ChildProcess & { lines: string[] } {
  const child = spawn(process.execPath, [
    "--import=tsx",
    join(import.meta.dirname, words[0] as string),
    ...words.slice(1),
  ]);
  t.teardown(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  let text = "";
  child.stderr.on("data", (bytes: Buffer) => t.log(bytes.toString()));
  child.stdout.on("data", (bytes: Buffer) => {
    text += bytes.toString();
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
      lines.push(text.slice(0, at));
      text = text.slice(at + 1);
      child.emit("line");
    }
  });
  return Object.assign(child, { lines });
}

async function lineOf(child: ChildProcess & { lines: string[] }, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    for (const line of child.lines) {
      const found = pattern.exec(line);
      if (found !== null) return found;
    }
    await once(child, "line");
  }
}

const LISTENING = /^listening at (\S+) with key ([0-9a-f]{64})$/;

test("29-chat over UDP: what one says the others hear, and who comes and goes", async (t) => {
  const server = example(t, "29-chat.ts", "listen", "udp://127.0.0.1:0");
  const [, at = "", key = ""] = await lineOf(server, LISTENING);
  const alice = example(t, "29-chat.ts", "join", at, key, "alice");
  await lineOf(server, /alice is here/);
  const bob = example(t, "29-chat.ts", "join", at, key, "bob");
  await lineOf(alice, /^\* bob is here$/);
  bob.stdin?.write("good morning\n");
  await lineOf(alice, /^bob: good morning$/);
  alice.stdin?.end("and to you\n");
  await lineOf(bob, /^alice: and to you$/);
  await lineOf(bob, /^\* alice is gone$/);
  bob.stdin?.end();
  t.deepEqual(await Promise.all([alice, bob].map(async (one) => one.exitCode ?? (await once(one, "exit"))[0])), [0, 0]);
  t.false(alice.lines.includes("alice: and to you"));
  server.kill("SIGTERM");
  t.is((await once(server, "exit"))[0], 0);
});

test("29-chat in virtual time: the same, and twice alike", async (t) => {
  const runs = [];
  for (let run = 0; run < 2; run++) {
    const place = chatInSimulator();
    const heard = await inVirtualTime(place.world, () => converse(place));
    runs.push({ heard, digest: place.world.network.simulation.digest() });
  }
  t.deepEqual(runs[0], runs[1]);
  t.deepEqual(runs[0]?.heard, {
    alice: [
      "* bob is here",
      "* carol is here",
      "bob: it goes by way of 1-ff00:0:150",
      "* carol is gone",
      "* bob is gone",
    ],
    bob: ["* carol is here", "alice: has anybody seen the other path?", "* carol is gone"],
    carol: ["alice: has anybody seen the other path?", "bob: it goes by way of 1-ff00:0:150"],
  });
});

/** Passes datagrams on between one sender and a receiver, as long as nobody cuts it. */
async function relay(t: ExecutionContext, to: number): Promise<{ readonly port: number; cut: boolean; bytes: number }> {
  const inside = await bound(t);
  let sender = 0;
  const outside = await bound(t);
  const state = { port: outside.address().port, cut: false, bytes: 0 };
  outside.on("message", (bytes, from) => {
    sender = from.port;
    if (state.cut) return;
    state.bytes += bytes.length;
    inside.send(bytes, to, "127.0.0.1");
  });
  inside.on("message", (bytes) => void (state.cut ? undefined : outside.send(bytes, sender, "127.0.0.1")));
  return state;
}

async function bound(t: ExecutionContext): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  t.teardown(() => socket.close());
  return socket;
}

test("30-file-copy over UDP: goes on where it stopped when the link was cut, and its hash is right", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "pathloom-copy-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const bytes = randomBytes(3_000_000);
  const file = join(folder, "source.bin");
  writeFileSync(file, bytes);
  const copies = mkdtempSync(join(folder, "copies-"));
  const receiver = example(t, "30-file-copy.ts", "receive", copies, "udp4://127.0.0.1:0");
  const [, at = "", key = ""] = await lineOf(receiver, LISTENING);
  const between = await relay(t, Number(at.split(":").at(-1)));
  const sender = example(t, "30-file-copy.ts", "send", file, `udp4://127.0.0.1:${between.port}`, key, "300");
  await lineOf(receiver, /3000000 bytes, 0 of them here/);
  while (between.bytes < 1_000_000) await new Promise((resolve) => void setTimeout(resolve, 2));
  between.cut = true;
  await new Promise((resolve) => void setTimeout(resolve, 1_000));
  between.cut = false;
  await lineOf(sender, /whole, 3000000 bytes, ([2-9]|\d\d) attempts/);
  const resumed = await lineOf(receiver, /3000000 bytes, ([1-9]\d*) of them here/);
  t.true(Number(resumed[1]) > 100_000);
  const [, hash] = await lineOf(receiver, /whole, SHA-256 ([0-9a-f]{64})/);
  t.is(hash, createHash("sha256").update(bytes).digest("hex"));
  t.true(readFileSync(join(copies, "source.bin")).equals(bytes));
});

test("30-file-copy in virtual time: the same, and twice alike", async (t) => {
  const size = 600_000;
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 9)) & 255);
  const source = { name: "numbers", size, read: (from: number, most: number) => bytes.subarray(from, from + most) };
  const runs: string[][] = [];
  for (let run = 0; run < 2; run++) {
    const place = copyInSimulator();
    const [store, lines] = [memoryStore(), [] as string[]];
    const attempts = await inVirtualTime(place.world, () =>
      copyWithCut(place, source, store, (line) => lines.push(line)),
    );
    t.true(attempts > 1);
    t.deepEqual(store.read("numbers"), bytes);
    runs.push([...lines, place.world.network.simulation.digest()]);
  }
  t.deepEqual(runs[0], runs[1]);
  t.true(runs[0]?.some((line) => /600000 bytes, [1-9]\d* of them here/.test(line)));
  t.true(runs[0]?.includes(`numbers: whole, SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`));
});
