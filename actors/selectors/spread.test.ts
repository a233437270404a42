import test from "ava";
import type { PathInfo } from "../../core/path.ts";
import { choices, pathOf, policyNamed as policy, viewOf } from "./contract-testing.ts";
import type { PathView, PolicyParams } from "./policy.ts";

const paths = [0, 1, 2, 3].map((number) => pathOf(number));
const all = viewOf(paths);
const without = (...down: readonly number[]): PathView =>
  viewOf(paths, { usable: paths.map((_, at) => !down.includes(at)) });
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

function shares(chosen: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, path) => chosen.filter((one) => one === path).length / chosen.length);
}

test("round-robin passes over what is down and goes on from where it is", (t) => {
  const views = [all, all, without(2), without(2), all, all, all];
  t.deepEqual(choices(policy("round-robin"), views), [0, 1, 3, 0, 1, 2, 3]);
});

test("weighted: nginx's published sequence for 5, 1, 1", (t) => {
  const view = viewOf(paths.slice(0, 3));
  const chosen = choices(policy("weighted"), times(14, view), { params: { weights: "5+1+1" } });
  // github.com/phusion/nginx/commit/27e94984486058d73157038f7950a0a36ecc6e35: a a b a c a a
  t.is(chosen.map((one) => "abc"[one]).join(""), "aabacaaaabacaa");
});

function sharesBy(params: PolicyParams, fields: readonly Partial<PathInfo>[], packets: number): number[] {
  const view = viewOf(fields.map((one, number) => pathOf(number, one)));
  return shares(choices(policy("weighted"), times(packets, view), { params }), fields.length);
}

test("weighted: by bandwidth, by the inverse of latency, all the same, and what is unknown", (t) => {
  t.deepEqual(sharesBy({}, [{ bandwidthKbps: 10 }, { bandwidthKbps: 30 }, {}], 60), [10 / 60, 0.5, 20 / 60]);
  t.deepEqual(sharesBy({ weights: "latency" }, [{ latencyNs: 10e6 }, { latencyNs: 20e6 }, {}], 40), [0.5, 0.25, 0.25]);
  t.deepEqual(sharesBy({ weights: "equal" }, [{ bandwidthKbps: 1 }, { bandwidthKbps: 9 }], 4), [0.5, 0.5]);
  t.deepEqual(sharesBy({}, [{}, {}], 4), [0.5, 0.5]);
  t.deepEqual(sharesBy({ weights: "3+1" }, [{}, {}, {}], 8), [0.75, 0.25, 0]);
});

test("weighted: paths beyond the list serve where none of the list can", (t) => {
  const params = { weights: "3+1" };
  t.deepEqual(choices(policy("weighted"), times(4, without(0, 1)), { params }), [2, 3, 2, 3]);
});

test("random: one draw for a flow, evenly over flows, another only when the path fails", (t) => {
  const first = Array.from({ length: 4_000 }, (_, seed) => choices(policy("random"), [all], { seed })[0] as number);
  // Each share has a deviation of sqrt(3/16/4000) = 0.0068; 4 of them.
  for (const share of shares(first, 4)) t.true(Math.abs(share - 0.25) < 0.028, String(share));
  const [pick = -1] = choices(policy("random"), [all], { seed: 7 });
  const [, again, moved, stays] = choices(policy("random"), [all, all, without(pick), all], { seed: 7 });
  t.is(again, pick);
  t.not(moved, pick);
  t.is(stays, moved);
});

const unequal = [2, 2, 3, 2].map((length, number) => pathOf(number, { length }));
const HASHES = Array.from({ length: 3_000 }, (_, at) => Math.imul(at, 0x9e37_79b1) >>> 0);

test("ecmp: the shortest alone, evenly over flows", (t) => {
  for (const by of ["rendezvous", "modulo"]) {
    const chosen = HASHES.map(
      (hash) => choices(policy("ecmp"), [viewOf(unequal)], { hash, params: { by } })[0] as number,
    );
    const [one = 0, two = 0, longer, three = 0] = shares(chosen, 4);
    t.is(longer, 0);
    // Deviation sqrt(2/9/3000) = 0.0086; 4 of them.
    for (const share of [one, two, three]) t.true(Math.abs(share - 1 / 3) < 0.035, `${by} ${share}`);
  }
});

test("ecmp: a failure moves the flows of that path only, and they come back; modulo moves others too", (t) => {
  const whole = viewOf(unequal);
  const failed = viewOf(unequal, { usable: [false, true, true, true] });
  const movedBy = (by: string): number =>
    HASHES.filter((hash) => {
      const [before, during, after] = choices(policy("ecmp"), [whole, failed, whole], { hash, params: { by } });
      t.is(after, before);
      return before !== 0 && during !== before;
    }).length;
  t.is(movedBy("rendezvous"), 0);
  t.true(movedBy("modulo") > 500);
});

test("most-disjoint: flows spread over the k paths that share least, with failover in order", (t) => {
  const link = (ia: string, ifId: number, to: string, toIfId: number) => [
    { ia, ifId },
    { ia: to, ifId: toIfId },
  ];
  const over = (number: number, ...links: readonly ReturnType<typeof link>[]) =>
    pathOf(number, { interfaces: links.flat(), src: "1-1", dst: "1-9", length: links.length });
  const direct = over(0, link("1-1", 1, "1-5", 1), link("1-5", 2, "1-9", 1));
  const parallel = over(1, link("1-1", 1, "1-5", 1), link("1-5", 3, "1-9", 2));
  const sameAs = over(2, link("1-1", 2, "1-5", 4), link("1-5", 5, "1-9", 3));
  const around = over(3, link("1-1", 3, "1-6", 1), link("1-6", 2, "1-7", 1), link("1-7", 2, "1-9", 4));
  const set = [direct, parallel, sameAs, around];
  const chosen = (hash: number, params: PolicyParams, usable = [true, true, true, true]) =>
    choices(policy("most-disjoint"), [viewOf(set, { usable })], { hash, params })[0];
  t.deepEqual(
    [chosen(0, {}), chosen(1, {}), chosen(2, {})],
    [0, 2, 0],
    "links: 2 shares none with 0 and comes before 3",
  );
  t.deepEqual([chosen(0, { by: "ases" }), chosen(1, { by: "ases" })], [0, 3], "ASes: 2 crosses 1-5, too");
  t.deepEqual(
    [0, 1, 2].map((hash) => chosen(hash, { k: 3 })),
    [0, 2, 3],
  );
  t.is(chosen(1, {}, [true, true, false, true]), 0);
  t.is(chosen(1, {}, [false, true, false, true]), 1);
});

test("ecmp: longer paths are left out wherever they stand", (t) => {
  const view = viewOf([4, 3, 2, 3, 2].map((length, number) => pathOf(number, { length })));
  for (const by of ["rendezvous", "modulo"]) {
    const chosen = HASHES.slice(0, 100).map((hash) => choices(policy("ecmp"), [view], { hash, params: { by } })[0]);
    t.deepEqual(new Set(chosen), new Set([2, 4]));
  }
});
