/**
 * Bulk goodput over loopback, sender and receiver in processes of their own: channels with real cryptography, a bare UDP sender and receiver
 * with packets of the same size, and QUIC by quiche. They take turns in one run; the figures are medians of the turns' ratios.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Bench, type BenchResult, median, peakRssMb } from "./bench.ts";
import { QUIC_PACKAGE, QUIC_VERSION } from "./channel-live-quic.ts";
import type { Address, EndSpec, Kind, Transfer } from "./channel-live-end.ts";

const SIZES = { small: { turns: 1, bytes: 2 << 20 }, large: { turns: 7, bytes: 32 << 20 } };
/** Payload of a datagram: what an Ethernet frame holds beside the headers of IP and UDP, and some. */
const PACKET = 1_400;
/** QUIC gets so much less to do: it takes its time. */
const QUIC_SHARE = 1 / 8;
/** An end that does not close by itself is made to. */
const CLOSING_MS = 5_000;
/** For the last datagrams of a bare sender to come. */
const STRAGGLERS_MS = 50;

interface Pair {
  readonly kind: Kind;
  readonly sender: ChildProcess;
  readonly receiver: ChildProcess;
}

const END = fileURLToPath(new URL("channel-live-end.ts", import.meta.url));

/** A process: quiche's binding does not stand two threads. */
async function made(spec: EndSpec): Promise<{ readonly process: ChildProcess; readonly address: Address }> {
  // quiche's library tells its life on stderr.
  const stderr = spec.kind === "quic" ? "ignore" : "inherit";
  const child = fork(END, ["end"], { serialization: "advanced", stdio: ["ignore", "inherit", stderr, "ipc"] });
  child.send(spec);
  return { process: child, address: (await answerOf(child)) as Address };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const ended = once(child, "exit", { signal: over.signal }).then(([code, signal]) => {
    throw new Error(`an end of the transfer exited with ${String(code ?? signal)}`);
  });
  const answered = once(child, "message", { signal: over.signal }).then(([answer]) => answer as unknown);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    ended.catch(() => undefined);
    over.abort();
  }
}

async function pairOf(kind: Kind, packet: number): Promise<Pair> {
  const receiver = await made({ kind, side: "receive", packet, at: null });
  const sender = await made({ kind, side: "send", packet, at: receiver.address });
  return { kind, sender: sender.process, receiver: receiver.process };
}

async function asked(end: ChildProcess, bytes: number): Promise<Transfer> {
  end.send({ transfer: bytes });
  return (await answerOf(end)) as Transfer;
}

interface Turn {
  /** Bytes received, a second. */
  readonly rate: number;
  readonly received: Transfer;
  readonly sent: Transfer;
}

async function turnOf({ sender, receiver, kind }: Pair, bytes: number): Promise<Turn> {
  const receiving = asked(receiver, bytes);
  const sent = await asked(sender, bytes);
  if (kind === "bare") {
    await new Promise((resolve) => void setTimeout(resolve, STRAGGLERS_MS));
    receiver.send("stop");
  }
  const received = await receiving;
  if (kind !== "bare" && received.bytes !== bytes) throw new Error(`${kind}: ${received.bytes} bytes of ${bytes} came`);
  return { rate: received.bytes / received.seconds, received, sent };
}

async function run(size: "small" | "large"): Promise<BenchResult> {
  const { turns, bytes } = SIZES[size];
  const cpu = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const pairs: Pair[] = [];
  const kinds: readonly Kind[] = hasQuic() ? ["bare", "channel", "quic"] : ["bare", "channel"];
  for (const kind of kinds) pairs.push(await pairOf(kind, PACKET));
  const rounds: Round[] = [];
  let broken: string | null = null;
  for (let turn = 0; turn <= turns; turn++) {
    const round: Round = new Map();
    for (const pair of turn % 2 === 0 ? pairs : pairs.toReversed()) {
      if (pair.kind !== "quic") round.set(pair.kind, await turnOf(pair, bytes));
      else if (broken === null) broken = await quicTurn(pair, bytes * QUIC_SHARE, round);
    }
    if (turn > 0) rounds.push(round);
  }
  for (const pair of pairs) await closed(pair);
  const wall_s = Number(process.hrtime.bigint() - begin) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  const { hash } = (lastOf(rounds).get("channel") as Turn).received;
  return {
    name: "channel-live",
    rate: rateOf(rounds, "channel"),
    unit: "B/s of goodput",
    hash,
    wall_s,
    cpu_s: (user + system) / 1e6,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: figuresOf(rounds, kinds, broken),
  };
}

type Round = Map<Kind, Turn>;

function hasQuic(): boolean {
  try {
    import.meta.resolve(QUIC_PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/** Why quiche's process ended, null: it did not. That is no failure of ours: it is said, and the rest goes on. */
async function quicTurn(pair: Pair, bytes: number, round: Round): Promise<string | null> {
  try {
    round.set("quic", await turnOf(pair, bytes));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function closed({ sender, receiver }: Pair): Promise<void> {
  for (const end of [sender, receiver]) {
    if (end.exitCode !== null || end.signalCode !== null) continue;
    end.send("close");
    const timer = setTimeout(() => end.kill("SIGKILL"), CLOSING_MS);
    await once(end, "exit");
    clearTimeout(timer);
  }
}

function lastOf(rounds: readonly Round[]): Round {
  return rounds.at(-1) as Round;
}

function rateOf(rounds: readonly Round[], kind: Kind): number {
  return median(rounds.map((round) => (round.get(kind) as Turn).rate));
}

/** Of each kind its goodput, and the processor time that a packet of `PACKET` bytes took at either end; and the ratios of goodput. */
function figuresOf(rounds: readonly Round[], kinds: readonly Kind[], broken: string | null): Record<string, string> {
  const more: Record<string, string> = {};
  for (const kind of kinds) {
    const whole = rounds.filter((round) => round.has(kind));
    if (whole.length > 0) more[kind] = `${(rateOf(whole, kind) / 1e6).toFixed(1)} MB/s (${microsOf(whole, kind)})`;
  }
  for (const kind of kinds) {
    const whole = rounds.filter((round) => round.has(kind));
    if (kind === "channel" || whole.length === 0) continue;
    const ratios = whole.map((round) => (round.get("channel") as Turn).rate / (round.get(kind) as Turn).rate);
    more[`channel_by_${kind}`] = median(ratios).toFixed(2);
  }
  if (!kinds.includes("quic")) more["quic"] = `not there: npm install --no-save ${QUIC_PACKAGE}@${QUIC_VERSION}`;
  if (broken !== null) more["quic_broken"] = broken;
  return more;
}

function microsOf(rounds: readonly Round[], kind: Kind): string {
  const micros = (side: "sent" | "received"): string => {
    const each = rounds.map((round) => {
      const { cpu_s, bytes } = (round.get(kind) as Turn)[side];
      return (cpu_s * 1e6 * PACKET) / bytes;
    });
    return median(each).toFixed(1);
  };
  return `${micros("sent")} us to send, ${micros("received")} us to receive a packet`;
}

export const channelLiveBench: Bench = {
  name: "channel-live",
  about: "bulk goodput of channels over loopback, beside bare UDP and QUIC (quiche), in turns",
  run,
};
