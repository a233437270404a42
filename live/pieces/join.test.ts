/** Pieces that find each other, in one process: each has its sockets, and knows of the others what comes over them. */
import test from "ava";
import * as Effect from "effect/Effect";
import { assemble } from "../../actors/assemble.ts";
import type { Assembly } from "../../actors/assembly.ts";
import { results } from "../../actors/results.ts";
import { DEFAULT_DIRECTION, FLOW_DEFAULTS, type Scenario, SCENARIO_DEFAULTS } from "../../core/scenario.ts";
import type { LiveWorld } from "../driver.ts";
import { runLive, type RunLiveOptions } from "../run.ts";
import { pieceKey } from "./identity.ts";
import { type Joined, PiecesError, type PiecesOptions } from "./join.ts";

const MS = 1_000_000;
const IAS = ["1-1", "1-2", "1-3", "1-4"] as const;
const [A, B, C, D] = IAS;

/** A chain: the ends know each other only through what lies between. */
function scenario(duration: number): Scenario {
  const direction = { ...DEFAULT_DIRECTION, latency_ns: 2 * MS, rate_bps: 0 };
  const links = IAS.slice(1).map((ia, n) => ({
    a: { ia: IAS[n] as string, ifId: 2 },
    b: { ia, ifId: 1 },
    type: "core" as const,
    mtu: 1472,
    ab: direction,
    ba: direction,
  }));
  const flow = {
    ...FLOW_DEFAULTS,
    id: "flow",
    app: "constant-rate",
    src: { ia: A, host: "10.0.0.1" },
    dst: { ia: D, host: "10.0.0.1" },
    policy: { name: "shortest", params: {} },
    start_ns: 0,
    stop_ns: duration - 300 * MS,
    interval_ns: 10 * MS,
    packet_size: 500,
  } as Scenario["flows"][number];
  return {
    ...SCENARIO_DEFAULTS,
    name: "chain",
    seed: 3,
    epoch_s: 1_700_000_000,
    duration_ns: duration,
    detection_ns: 100 * MS,
    max_paths: 4,
    network: { name: "chain", ases: IAS.map((ia) => ({ ia, core: true, mtu: 1472 })), links },
    flows: [flow],
    faults: [],
    warmup_ns: 0,
  } as unknown as Scenario;
}

const make = (duration: number): Assembly =>
  assemble(scenario(duration), { repeat: "npx ava live/pieces/join.test.ts" });

const KEY = pieceKey({ seed: 3 }, null);
const about = (changes: Partial<PiecesOptions> = {}): PiecesOptions => ({
  scenario: "ab".repeat(32),
  pathloom: "1.2.3",
  build: "cafe",
  key: KEY,
  ...changes,
});

interface Piece {
  readonly world: LiveWorld;
  readonly joined: Joined;
}

async function piece(
  here: readonly string[],
  duration: number,
  port: number,
  more: Partial<RunLiveOptions> = {},
): Promise<Piece> {
  const seen: Joined[] = [];
  const options = {
    duration: duration,
    here,
    port,
    pieces: about(),
    onJoined: (one: Joined) => void seen.push(one),
    ...more,
  };
  const world = await Effect.runPromise(runLive(make(duration), options));
  return { world, joined: seen[0] as Joined };
}

const wait = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

test.serial("four pieces in a chain agree on one epoch, whoever is there first", async (t) => {
  const pieces = await Promise.all([
    piece([D], 900 * MS, 24_000),
    wait(150).then(() => piece([B], 900 * MS, 24_000)),
    wait(300).then(() => piece([A], 900 * MS, 24_000)),
    wait(400).then(() => piece([C], 900 * MS, 24_000)),
  ]);
  t.is(new Set(pieces.map(({ joined }) => joined.epoch)).size, 1);
  for (const { world, joined } of pieces) {
    t.false(joined.late);
    const { others, handshake, epoch_error_us } = joined.report();
    t.is(epoch_error_us, 0);
    t.is(others.length, 3);
    t.true(others.every(({ same_machine }) => same_machine));
    t.is(handshake.garbage + handshake.forged + handshake.foreign + handshake.refused, 0);
    t.is(world.counters.garbage, 0);
  }
  const [last, , first] = pieces.map(({ world }) => results(world, scenario(900 * MS)).flows[0]);
  t.is(first?.sent, 60);
  t.is(last?.received, 60);
  t.true((last?.latency_ms.p50 ?? 0) >= 5.99);
});

test.serial(
  "a piece that comes later joins the run at its present time, and its source passes over what is past",
  async (t) => {
    const signal = new AbortController();
    const rest = [piece([B, C, D], 3_000 * MS, 24_100), piece([A], 3_000 * MS, 24_100, { signal: signal.signal })];
    await wait(1_200);
    signal.abort();
    await rest[1];
    const news: string[] = [];
    const [again, others] = await Promise.all([
      piece([A], 3_000 * MS, 24_100, { pieces: about({ onNews: (text) => void news.push(text) }) }),
      rest[0],
    ]);
    t.true(again.joined.late);
    const flow = results(again.world, scenario(3_000 * MS)).flows[0];
    const sent = flow?.sent ?? 0;
    t.true(sent > 20 && sent < 220, `${sent}`);
    const received = others === undefined ? 0 : (results(others.world, scenario(3_000 * MS)).flows[0]?.received ?? 0);
    const duplicates =
      others === undefined ? 0 : (results(others.world, scenario(3_000 * MS)).flows[0]?.duplicates ?? 0);
    t.true(received > sent, `${received} received in all, ${sent} of them sent after the second start`);
    t.is(duplicates, 0);
    t.is(others?.joined.report().others.length, 1);
  },
);

async function problemOf(one: Promise<unknown>): Promise<string> {
  try {
    await one;
  } catch (error) {
    return error instanceof PiecesError ? error.message : `another error: ${String(error)}`;
  }
  return "no problem";
}

test.serial("pieces that do not fit say so on both sides", async (t) => {
  const clash = async (port: number, changes: Partial<PiecesOptions>): Promise<readonly string[]> =>
    Promise.all([
      problemOf(piece([A, B], 900 * MS, port)),
      problemOf(piece([C, D], 900 * MS, port, { pieces: about(changes) })),
    ]);
  const [one, other] = ["ab".repeat(32), "cd".repeat(32)];
  for (const text of await clash(24_200, { scenario: other })) {
    t.regex(text, /runs another scenario/);
    t.true(text.includes(one) && text.includes(other), text);
  }
  for (const text of await clash(24_300, { pathloom: "9.0.0" }))
    t.true(/9\.0\.0/.test(text) && /1\.2\.3/.test(text), text);
  for (const text of await clash(24_400, { key: pieceKey({ seed: 3 }, "secret") }))
    t.regex(text, /other keys.*--secrets/);
});

test.serial("who waits says for whom, and can be ended", async (t) => {
  const signal = new AbortController();
  const waiting = problemOf(piece([A, B], 900 * MS, 24_500, { signal: signal.signal }));
  await wait(200);
  signal.abort();
  t.regex(await waiting, /ended before the run began: waiting for 1-3, 1-4: start their pieces/);
});
