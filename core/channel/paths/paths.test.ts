/** The path manager at both ends: opening, failing, reviving, moving, rebinding, giving up. */
import test from "ava";
import { createEnds, type Ends, flush, MS, runUntil, sendData, type Way } from "./ends-testing.ts";
import { measured } from "./measured.ts";
import { offerCandidates, pathDown, startPaths } from "./offer.ts";
import { QUARANTINE, takePathEvents } from "./table.ts";
import { onPacket } from "./arrivals.ts";
import { deadlineOf } from "./timers.ts";
import type { Candidate, Paths, PathState } from "./types.ts";

const MTU = 1_400;

function way(more: Partial<Way> = {}): Way {
  return { up: true, delay: 10 * MS, mtu: 1_500, ...more };
}

function candidate(key: string, more: Partial<Candidate> = {}): Candidate {
  return { key, mtu: MTU, latencyNs: 10 * MS, usable: true, ...more };
}

/** The handshake is through over `key`. */
function start(ends: Ends, key: string): void {
  startPaths(ends.initiator.paths, key, MTU, 20 * MS, ends.now);
  startPaths(ends.responder.paths, key, MTU, 20 * MS, ends.now);
  ends.responder.proven.add(key);
}

function offer(ends: Ends, candidates: readonly Candidate[], preferred = 0): void {
  offerCandidates(ends.initiator.paths, candidates, preferred, ends.now);
}

function stateOf({ list }: Paths): string {
  return list.map(({ id, key, state }) => `${id}${key}:${state}`).join(" ");
}

function pathBy({ list }: Paths, key: string): PathState {
  return list.find((path) => path.key === key && path.state !== "abandoned") as PathState;
}

function setUp(ends: Ends, key: string, up: boolean): void {
  (ends.ways.get(key) as Way).up = up;
}

test("candidates are validated in one round trip, at both ends; `single` keeps all but one in reserve", (t) => {
  const ends = createEnds({ a: way(), b: way(), c: way() });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b"), candidate("c", { usable: false })]);
  runUntil(ends, 21 * MS);
  t.is(stateOf(ends.initiator.paths), "0a:active 1b:standby");
  runUntil(ends, 60 * MS);
  t.is(stateOf(ends.responder.paths), "0a:active 1b:standby");
  t.deepEqual(ends.faults, []);
});

test("schedulers of several paths use all; nothing is sent where all is quiet", (t) => {
  const ends = createEnds({ a: way(), b: way() }, { scheduler: "minrtt" });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")]);
  runUntil(ends, 200 * MS);
  for (const end of [ends.initiator, ends.responder]) t.is(stateOf(end.paths), "0a:active 1b:active");
  flush(ends);
  t.is(ends.flight.length, 0);
  t.is(deadlineOf(ends.initiator.paths), -1);
  t.is(deadlineOf(ends.responder.paths), -1);
});

test("the selector's wish: data moves once the new path is validated, the old stays in reserve, the peer follows", (t) => {
  const ends = createEnds({ a: way(), b: way({ delay: 30 * MS }) });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b", { latencyNs: 30 * MS })], 0);
  runUntil(ends, 10 * MS);
  offer(ends, [candidate("a"), candidate("b")], 1);
  t.is(sendData(ends, "initiator"), "a", "not before it is validated");
  runUntil(ends, 70 * MS);
  t.is(sendData(ends, "initiator"), "b");
  t.is(stateOf(ends.initiator.paths), "0a:standby 1b:active");
  runUntil(ends, 200 * MS);
  t.is(stateOf(ends.responder.paths), "0a:standby 1b:active");
  offer(ends, [candidate("a"), candidate("b")], 0);
  t.is(sendData(ends, "initiator"), "a", "back at once: it is validated already");
  t.deepEqual(ends.faults, []);
});

test("probe timeouts in a row fail a path: its packets are lost, data takes the other, and it comes back when it answers", (t) => {
  const ends = createEnds({ a: way(), b: way() }, { failAfter: 2 });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")]);
  runUntil(ends, 100 * MS);
  setUp(ends, "a", false);
  t.is(sendData(ends, "initiator"), "a");
  let movedAt = -1;
  runUntil(ends, 1_000 * MS, (now) => {
    if (movedAt < 0 && ends.initiator.paths.current === 1) movedAt = now;
  });
  t.is(ends.initiator.lost, 2, "the packet, and the probe after the first timeout");
  // Two probe timeouts, 1 + 2, of a path with 20 ms round trips.
  t.true(movedAt > 100 * MS && movedAt < 400 * MS, `${movedAt / MS} ms`);
  t.is(pathBy(ends.initiator.paths, "a").state, "failed");
  t.is(sendData(ends, "initiator"), "b");
  runUntil(ends, 1_500 * MS);
  t.is(stateOf(ends.responder.paths).replace("failed", "standby"), "0a:standby 1b:active", "the peer was told");
  setUp(ends, "a", true);
  runUntil(ends, 12_000 * MS);
  t.is(stateOf(ends.initiator.paths), "0a:active 1b:standby", "revived, and wished for");
  t.is(ends.initiator.paths.counts.revivals, 1);
  t.deepEqual(ends.faults, []);
});

test("challenges to a dead way are repeated ever more rarely", (t) => {
  const ends = createEnds({ a: way(), b: way({ up: false }) });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")]);
  const times: number[] = [];
  let before = ends.initiator.paths.counts.challenges;
  runUntil(ends, 60_000 * MS, (now) => {
    const after = ends.initiator.paths.counts.challenges;
    if (after > before) times.push(now / MS);
    before = after;
  });
  const gaps = times.slice(1).map((time, at) => time - (times[at] as number));
  t.true(
    gaps.slice(0, 7).every((gap, at) => at === 0 || gap > (gaps[at - 1] as number)),
    `${gaps}`,
  );
  t.true((gaps[6] as number) > 50 * (gaps[0] as number) && Math.max(...gaps) < 12_000, `${gaps}`);
});

test("a local link is lost: data goes over the other at once, without any timeout", (t) => {
  const ends = createEnds({ wifi: way(), lte: way({ delay: 40 * MS }) });
  start(ends, "wifi");
  offer(ends, [candidate("wifi"), candidate("lte", { latencyNs: 40 * MS })]);
  runUntil(ends, 300 * MS);
  t.is(sendData(ends, "initiator"), "wifi");
  setUp(ends, "wifi", false);
  pathDown(ends.initiator.paths, (key) => key === "wifi", ends.now);
  t.is(sendData(ends, "initiator"), "lte");
  flush(ends);
  t.is(ends.initiator.lost, 1, "what was in flight is known to be lost");
  runUntil(ends, 500 * MS);
  t.is(ends.responder.data.at(-1)?.key, "lte");
  t.is(sendData(ends, "responder"), "lte", "the peer was told");
});

test("candidates withdrawn: the path goes once another carries data, and the peer hears of it", (t) => {
  const ends = createEnds({ a: way(), b: way() });
  start(ends, "a");
  offer(ends, [candidate("a")]);
  runUntil(ends, 10 * MS);
  offer(ends, [candidate("b")]);
  t.is(sendData(ends, "initiator"), "a", "nothing else yet");
  runUntil(ends, 1_000 * MS);
  t.is(sendData(ends, "initiator"), "b");
  runUntil(ends, 2_000 * MS);
  offer(ends, [candidate("b")]);
  t.is(stateOf(ends.initiator.paths), "1b:active");
  t.deepEqual(
    ends.initiator.paths.retired.map(({ id, due }) => [id, due]),
    [[0, false]],
  );
  t.deepEqual(
    ends.responder.paths.retired.map(({ id, due }) => [id, due]),
    [[0, false]],
  );
  t.deepEqual(ends.faults, []);
});

test("a lost PATH_ABANDON or PATH_STATUS is sent again until the peer has it", (t) => {
  const ends = createEnds({ a: way(), b: way() });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")]);
  runUntil(ends, 500 * MS);
  setUp(ends, "a", false);
  setUp(ends, "b", false);
  offer(ends, [candidate("b")]);
  flush(ends);
  t.is(ends.initiator.controls.size, 2, "both told once, in vain");
  setUp(ends, "b", true);
  runUntil(ends, 3_000 * MS);
  t.deepEqual(
    ends.responder.paths.retired.map(({ id }) => id),
    [0],
  );
  t.true((ends.initiator.paths.retired[0]?.freeAt ?? Infinity) < Number.MAX_SAFE_INTEGER, "and known to be told");
  t.is(stateOf(ends.responder.paths), "1b:active");
});

test("more candidates than room: those that fail make room, without new ids, until one answers", (t) => {
  const ends = createEnds(
    { a: way({ up: false }), b: way({ up: false }), c: way({ up: false }), d: way() },
    { maxPaths: 1 },
  );
  start(ends, "a");
  offer(
    ends,
    ["a", "b", "c", "d"].map((key) => candidate(key)),
  );
  runUntil(ends, 200 * MS);
  t.not(sendData(ends, "initiator"), null);
  runUntil(ends, 20_000 * MS);
  t.is(stateOf(ends.initiator.paths), "0d:active");
  t.is(ends.initiator.paths.nextId, 1);
  t.is(sendData(ends, "initiator"), "d");
  t.deepEqual(ends.faults, []);
});

test("with room for one path only, a wish is tried beside the path in use, which then goes", (t) => {
  const ends = createEnds({ a: way(), b: way() }, { maxPaths: 1 });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")], 0);
  runUntil(ends, 100 * MS);
  t.is(stateOf(ends.initiator.paths), "0a:active");
  offer(ends, [candidate("a"), candidate("b")], 1);
  runUntil(ends, 1_000 * MS);
  offer(ends, [candidate("a"), candidate("b")], 1);
  t.is(stateOf(ends.initiator.paths), "1b:active");
});

test("a wish that does not answer costs nothing: the path in use stays", (t) => {
  for (const maxPaths of [1, 2]) {
    const ends = createEnds({ a: way(), b: way({ up: false }) }, { maxPaths });
    start(ends, "a");
    offer(ends, [candidate("a"), candidate("b")], 1);
    runUntil(ends, 5_000 * MS, () => void (sendData(ends, "initiator") === "b" && t.fail()));
    t.is(pathBy(ends.initiator.paths, "a").state, "active");
    t.true(ends.initiator.paths.list.length <= 2 * maxPaths);
  }
});

test("the peer has no room: it says so, and no more are opened", (t) => {
  const ends = createEnds({ a: way(), b: way(), c: way(), d: way(), e: way() }, { maxPaths: 8, scheduler: "minrtt" });
  Object.assign(ends.responder.paths.options, { maxPaths: 1 });
  start(ends, "a");
  offer(
    ends,
    ["a", "b", "c", "d", "e"].map((key) => candidate(key)),
  );
  runUntil(ends, 3_000 * MS);
  t.true(ends.responder.paths.list.length <= 2);
  t.true(ends.responder.paths.counts.refused > 0);
  t.is(ends.initiator.paths.limit, ends.responder.paths.list.length);
  t.true(
    ends.initiator.paths.list.every(({ state }) => state === "active" || state === "abandoned"),
    stateOf(ends.initiator.paths),
  );
  t.deepEqual(ends.faults, []);
});

test("rebinding: the responder validates the new way before it sends much there, then goes on", (t) => {
  const ends = createEnds({ a: way(), a2: way() });
  start(ends, "a");
  runUntil(ends, 100 * MS);
  ends.alias = () => "a2";
  sendData(ends, "initiator", 500);
  runUntil(ends, 110 * MS + 1);
  const path = ends.responder.paths.list[0] as PathState;
  t.is(`${path.key} ${path.state} ${path.formerKey}`, "a2 validating a");
  for (let packet = 0; packet < 10; packet++) sendData(ends, "responder");
  runUntil(ends, 200 * MS);
  t.is(`${path.key} ${path.state} ${path.validated}`, "a2 active true");
  t.is(ends.responder.paths.counts.rebindings, 1);
  t.deepEqual(ends.faults, [], "at most 3 times what came, until then");
});

test("a copied packet moves nobody for long: newer ones by the old way restore it, or the failed challenge does", (t) => {
  for (const goesOn of [true, false]) {
    const ends = createEnds({ a: way(), evil: way({ up: false }) });
    start(ends, "a");
    sendData(ends, "initiator");
    runUntil(ends, 100 * MS);
    onPacket(ends.responder.paths, 0, "evil", MTU, 1_000, 500, ends.now);
    ends.responder.received.set("evil", 500);
    t.is(ends.responder.paths.list[0]?.key, "evil");
    if (goesOn) onPacket(ends.responder.paths, 0, "a", MTU, 1_001, 500, ends.now);
    runUntil(ends, goesOn ? ends.now + 1 : 5_000 * MS);
    t.is(stateOf(ends.responder.paths), "0a:active");
    t.deepEqual(ends.faults, []);
  }
});

test("reordered packets of the old way are no rebinding", (t) => {
  const ends = createEnds({ a: way(), b: way() });
  start(ends, "a");
  const { paths } = ends.responder;
  (paths.list[0] as PathState).acks.largest = 10;
  onPacket(paths, 0, "b", MTU, 9, 500, 0);
  t.is(paths.list[0]?.key, "a");
});

test("late packets of an abandoned path open nothing, until the id may be used again; numbers go on", (t) => {
  const ends = createEnds({ a: way(), b: way() });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")]);
  runUntil(ends, 100 * MS);
  offer(ends, [candidate("a")]);
  runUntil(ends, 3_000 * MS);
  offer(ends, [candidate("a")]);
  const { paths } = ends.responder;
  runUntil(ends, ends.now + MS);
  offerCandidates(paths, [], -1, ends.now);
  t.is(stateOf(paths), "0a:active");
  t.is(onPacket(paths, 1, "b", MTU, 9_999, 500, ends.now), -1);
  t.is(paths.counts.refused, 1);
  const later = ends.now + QUARANTINE;
  t.is(onPacket(paths, 1, "b", MTU, 0, 500, later), -1, "a replay");
  t.is(onPacket(paths, 1, "b", MTU, 10_000, 500, later), 1);
  t.true((paths.list[1] as PathState).recovery.sent.next > 0);
});

test("metadata that promise more than a path carries: validated by the second challenge, and the size is found", (t) => {
  const ends = createEnds({ a: way(), b: way({ mtu: 1_300 }) });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")]);
  runUntil(ends, 20_000 * MS);
  const { pmtu } = pathBy(ends.initiator.paths, "b");
  t.is(pmtu.phase, "complete");
  t.true(pmtu.size <= 1_300 && pmtu.size > 1_284, `${pmtu.size}`);
  t.is(pathBy(ends.initiator.paths, "a").pmtu.size, MTU);
});

test("lost probes of the path MTU are no congestion", (t) => {
  const ends = createEnds({ a: way({ mtu: 1_300 }) }, { recovery: { controller: "newreno", pacing: false } });
  start(ends, "a");
  runUntil(ends, 20_000 * MS);
  const { pmtu, recovery } = ends.initiator.paths.list[0] as PathState;
  t.true(pmtu.size < MTU);
  t.is(recovery.controller.events, 0);
  t.is(recovery.counts.lost, 0);
});

test("what selectors are told: round trips, losses and throughput by path", (t) => {
  const ends = createEnds({ a: way(), b: way({ delay: 50 * MS }) }, { scheduler: "round-robin" });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b", { latencyNs: null })]);
  runUntil(ends, 3_000 * MS, () => void sendData(ends, "initiator"));
  const [a, b] = measured(ends.initiator.paths);
  t.is(a?.srtt, 20 * MS);
  t.is(b?.srtt, 100 * MS);
  t.is(a?.loss, 0);
  const arrived = ends.responder.data.filter(({ key }) => key === "a").length;
  const rate = (arrived * 1_000 * 8) / 2.99;
  t.true(Math.abs((a?.throughput ?? 0) / rate - 1) < 0.1, `${a?.throughput} ${rate}`);
  t.true((a?.delivered ?? 0) > 1_000);
  t.is(a?.mtu, MTU);
});

test("events tell what happened, in order, and are bounded", (t) => {
  const ends = createEnds({ a: way(), b: way() });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")]);
  runUntil(ends, 100 * MS);
  pathDown(ends.initiator.paths, (key) => key === "a", ends.now);
  t.deepEqual(
    takePathEvents(ends.initiator.paths).map(({ kind, id }) => `${kind} ${id}`),
    ["opened 0", "validated 0", "current 0", "opened 1", "validated 1", "failed 0", "current 1"],
  );
  for (let turn = 0; turn < 100; turn++) {
    for (const usable of [false, true]) offer(ends, [candidate("b", { usable })]);
  }
  t.true(ends.initiator.paths.events.length <= 64);
});

test("the table is plain data: a copy goes on just as the original does", (t) => {
  const ends = createEnds({ a: way(), b: way() }, { recovery: { controller: "lia" }, scheduler: "minrtt" });
  start(ends, "a");
  offer(ends, [candidate("a"), candidate("b")]);
  runUntil(ends, 100 * MS, () => void sendData(ends, "initiator"));
  const { alias, random: _random, ...plain } = ends;
  const copy = { ...structuredClone(plain), alias, random: createEnds({}, {}, 7).random } as Ends;
  const original = { ...plain, alias, random: createEnds({}, {}, 7).random } as Ends;
  for (const one of [copy, original]) runUntil(one, 300 * MS, () => void sendData(one, "initiator"));
  t.deepEqual(copy.initiator, original.initiator);
  t.is(JSON.stringify(copy.responder.paths), JSON.stringify(original.responder.paths));
});
