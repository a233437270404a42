/** Schedulers in the situations in which their papers say they differ. */
import test from "ava";
import fc from "fast-check";
import { noteSent } from "../recovery/recovery.ts";
import { offerCandidates, startPaths } from "./offer.ts";
import { copiesOf, pickPath } from "./schedulers.ts";
import { makeReady } from "./states.ts";
import { createPaths } from "./table.ts";
import type { Demand, Paths, PathsOptions, PathState, SchedulerName } from "./types.ts";
import { LAMBDA_LEAST, LAMBDA_MOST } from "./waiting.ts";

const MS = 1_000_000;
const DATAGRAM = 1_000;

interface Way {
  readonly rttMs: number;
  readonly varianceMs?: number;
  /** In packets. */
  readonly window: number;
  readonly flying?: number;
}

const NAMES: readonly SchedulerName[] = ["single", "minrtt", "round-robin", "weighted", "redundant", "blest", "ecf"];

/** Paths a, b, c..., all validated, with these windows and round trips. */
function pathsOf(scheduler: SchedulerName, ways: readonly Way[], more: Partial<PathsOptions> = {}): Paths {
  const recovery = { controller: "fixed", pacing: false } as const;
  const paths = createPaths({ role: "initiator", scheduler, maxPaths: 16, recovery, ...more });
  startPaths(paths, "a", DATAGRAM, 0, 0);
  const keys = ways.map((_, at) => String.fromCharCode(97 + at));
  const candidates = keys.map((key) => ({ key, mtu: DATAGRAM, latencyNs: null, usable: true }));
  offerCandidates(paths, candidates, 0, 0);
  for (const [index, way] of ways.entries()) {
    const path = paths.list[index] as PathState;
    makeReady(paths, path, DATAGRAM, 0);
    path.recovery.rtt.smoothed = way.rttMs * MS;
    path.recovery.rtt.variation = (way.varianceMs ?? 0) * MS;
    path.recovery.controller.window = way.window * DATAGRAM;
    for (let packet = 0; packet < (way.flying ?? 0); packet++) send(path);
  }
  return paths;
}

function send(path: PathState): void {
  noteSent(path.recovery, DATAGRAM, true, 0, 0, 0, 0, 0);
}

function pick(paths: Paths, demand?: Partial<Demand>): string {
  const whole = { queued: 1e9, credit: 1e9, blocked: false, ...demand };
  return paths.list[pickPath(paths, DATAGRAM, 0, demand === undefined ? undefined : whole)]?.key ?? "none";
}

/** Sends until nobody may, or so often; answers the keys in order. */
function sendAll(paths: Paths, most = 1_000): string {
  let keys = "";
  for (let count = 0; count < most; count++) {
    const index = pickPath(paths, DATAGRAM, 0);
    if (index < 0) return keys;
    const path = paths.list[index] as PathState;
    send(path);
    keys += path.key;
  }
  return keys;
}

test("minrtt fills the quickest path, then the next", (t) => {
  const ways = [
    { rttMs: 50, window: 2 },
    { rttMs: 20, window: 3 },
    { rttMs: 90, window: 1 },
  ];
  t.is(sendAll(pathsOf("minrtt", ways)), "bbbaac");
});

test("round robin takes turns, and passes over who may not send", (t) => {
  const ways = [
    { rttMs: 50, window: 2 },
    { rttMs: 20, window: 4 },
    { rttMs: 90, window: 1 },
  ];
  t.is(sendAll(pathsOf("round-robin", ways)), "abcabbb");
});

test("weighted shares by given weights, or by window over round-trip time", (t) => {
  const wide = [
    { rttMs: 50, window: 1_000 },
    { rttMs: 50, window: 1_000 },
  ];
  const given = sendAll(pathsOf("weighted", wide, { weights: { a: 3, b: 1 } }), 400);
  t.is(given.replaceAll("b", "").length, 300);
  const own = sendAll(
    pathsOf("weighted", [
      { rttMs: 50, window: 1_000 },
      { rttMs: 100, window: 1_000 },
    ]),
    300,
  );
  t.is(own.replaceAll("b", "").length, 200);
});

test("weighted: who could not send makes no claims later", (t) => {
  const paths = pathsOf(
    "weighted",
    [
      { rttMs: 50, window: 10 },
      { rttMs: 50, window: 1_000 },
    ],
    { weights: { a: 1, b: 1 } },
  );
  sendAll(paths, 100);
  (paths.list[0] as PathState).recovery.controller.window = 1_000 * DATAGRAM;
  const next = sendAll(paths, 20);
  const own = next.replaceAll("b", "").length;
  t.true(own >= 9 && own <= 11, next);
});

test("redundant: the quickest first, copies over all others", (t) => {
  const paths = pathsOf("redundant", [
    { rttMs: 50, window: 5 },
    { rttMs: 20, window: 5 },
    { rttMs: 90, window: 1, flying: 1 },
  ]);
  t.is(pick(paths), "b");
  const keysOf = (one: Paths): string[] => copiesOf(one, one.list[1] as PathState).map(({ key }) => key);
  t.deepEqual(keysOf(paths), ["a", "c"], "whether they may send now or not");
  const other = pathsOf("minrtt", [
    { rttMs: 1, window: 5 },
    { rttMs: 1, window: 5 },
  ]);
  t.deepEqual(keysOf(other), []);
});

test("ECF waits for the fast path at the end of a transfer, where minRTT gives the last packets to the slow one", (t) => {
  const ways = [
    { rttMs: 10, window: 10, flying: 10 },
    { rttMs: 100, window: 10 },
  ];
  const end = { queued: 5 * DATAGRAM };
  t.is(pick(pathsOf("minrtt", ways), end), "b");
  t.is(pick(pathsOf("ecf", ways), end), "none");
  t.is(
    pick(pathsOf("ecf", ways), { queued: 500 * DATAGRAM }),
    "b",
    "with much to send the slow path helps: (1 + 50) 10 ms > 100 ms",
  );
});

test("ECF's inequality at its edge: n RTT_f against RTT_s + delta", (t) => {
  // 1 + k / CWND_f = 10 where k is 90 packets: 10 * 10 ms is not below 100 ms, but 89 packets are.
  const ways = [
    { rttMs: 10, window: 10, flying: 10 },
    { rttMs: 100, window: 10 },
  ];
  t.is(pick(pathsOf("ecf", ways), { queued: 90 * DATAGRAM }), "b");
  t.is(pick(pathsOf("ecf", ways), { queued: 89 * DATAGRAM }), "none");
  const shaky = [ways[0] as Way, { rttMs: 100, varianceMs: 10, window: 10 }];
  t.is(pick(pathsOf("ecf", shaky), { queued: 90 * DATAGRAM }), "none", "delta widens the margin");
});

test("ECF, once waiting, waits a quarter longer (beta), until the slow path is worth it", (t) => {
  const ways = [
    { rttMs: 10, window: 10, flying: 10 },
    { rttMs: 100, window: 10 },
  ];
  const paths = pathsOf("ecf", ways);
  t.is(pick(paths, { queued: 95 * DATAGRAM }), "b");
  t.is(pick(paths, { queued: 20 * DATAGRAM }), "none");
  t.is(pick(paths, { queued: 95 * DATAGRAM }), "none", "10.5 * 10 ms < 1.25 * 100 ms");
  t.is(pick(paths, { queued: 120 * DATAGRAM }), "b", "13 * 10 ms > 1.25 * 100 ms");
  t.is(pick(paths, { queued: 95 * DATAGRAM }), "b", "the patience is over");
});

test("ECF uses the slow path where it is done before the fast one could answer twice", (t) => {
  const ways = [
    { rttMs: 60, window: 10, flying: 10 },
    { rttMs: 100, window: 10 },
  ];
  t.is(pick(pathsOf("ecf", ways), { queued: 5 * DATAGRAM }), "b", "100 ms < 2 * 60 ms");
});

test("BLEST leaves the slow path where its packets would fill the peer's window before the fast one is done", (t) => {
  const ways = [
    { rttMs: 10, window: 10, flying: 10 },
    { rttMs: 100, window: 10 },
  ];
  // X = (10 + (10 - 1) / 2) * 10 = 145 packets, times lambda 1.19 after the first step = 172.55.
  const wide = { credit: 164 * DATAGRAM };
  const narrow = { credit: 163 * DATAGRAM };
  t.is(pick(pathsOf("minrtt", ways), narrow), "b");
  t.is(pick(atLambda(pathsOf("blest", ways), 1.19), wide), "b", "164 + 10 in flight - 1 = 173");
  t.is(pick(atLambda(pathsOf("blest", ways), 1.19), narrow), "none", "163 + 10 - 1 = 172");
});

function atLambda(paths: Paths, lambda: number): Paths {
  paths.scheduling.lambda = lambda;
  paths.scheduling.adaptedAt = 0;
  return paths;
}

test("BLEST's lambda rises with blocking, falls without, within its bounds, once a round trip", (t) => {
  const paths = pathsOf("blest", [
    { rttMs: 10, window: 10, flying: 10 },
    { rttMs: 100, window: 10 },
  ]);
  let now = 0;
  const turn = (blocked: boolean): number => {
    now += 10 * MS;
    pickPath(paths, DATAGRAM, now, { queued: 1e6, credit: 1e6, blocked });
    pickPath(paths, DATAGRAM, now + 1, { queued: 1e6, credit: 1e6, blocked });
    return paths.scheduling.lambda;
  };
  const first = paths.scheduling.lambda;
  t.is(turn(true).toFixed(3), (first + 0.04).toFixed(3));
  t.is(turn(false).toFixed(3), (first + 0.03).toFixed(3));
  for (let i = 0; i < 50; i++) turn(true);
  t.is(paths.scheduling.lambda, LAMBDA_MOST);
  for (let i = 0; i < 50; i++) turn(false);
  t.is(paths.scheduling.lambda, LAMBDA_LEAST);
});

test("with alike paths BLEST and ECF do as minRTT does", (t) => {
  const ways = [
    { rttMs: 20, window: 4 },
    { rttMs: 21, window: 4 },
  ];
  for (const name of ["blest", "ecf"] as const) t.is(sendAll(pathsOf(name, ways)), "aaaabbbb", name);
});

test("a path with probe timeouts is left for another, before it has failed; its probes go all the same", (t) => {
  for (const name of NAMES) {
    const paths = pathsOf(name, [
      { rttMs: 10, window: 10 },
      { rttMs: 100, window: 10 },
    ]);
    const [first] = paths.list as [PathState, PathState];
    first.recovery.probeCount = 1;
    t.is(pick(paths, {}), name === "single" ? "a" : "b", name);
    first.recovery.probes = 1;
    t.is(pick(paths, {}), "a", `${name}: probe`);
  }
});

test("no scheduler picks a path that may not send, nor waits where nothing will wake it", (t) => {
  const way = fc.record({
    rttMs: fc.integer({ min: 1, max: 300 }),
    varianceMs: fc.integer({ min: 0, max: 50 }),
    window: fc.integer({ min: 1, max: 20 }),
    flying: fc.integer({ min: 0, max: 20 }),
    state: fc.constantFrom("active", "standby", "failed", "validating", "abandoned"),
  });
  const demand = fc.record({ queued: fc.nat(1_000_000), credit: fc.nat(1_000_000), blocked: fc.boolean() });
  fc.assert(
    fc.property(
      fc.constantFrom(...NAMES),
      fc.array(way, { minLength: 1, maxLength: 6 }),
      demand,
      (name, ways, wish) => {
        const paths = pathsOf(name, ways);
        for (const [index, { state }] of ways.entries())
          (paths.list[index] as PathState).state = state as PathState["state"];
        const index = pickPath(paths, DATAGRAM, 0, wish);
        const able = ways.map(({ window, flying, state }) => state === "active" && flying < window);
        if (index >= 0) return able[index] === true;
        const waits = name === "blest" || name === "ecf";
        const flies = ways.some(({ flying, state }) => state === "active" && flying > 0);
        return !able.includes(true) || (waits && flies);
      },
    ),
  );
  t.pass();
});
