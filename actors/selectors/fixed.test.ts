import test from "ava";
import { choices, pathOf, policyNamed as policy, viewOf } from "./contract-testing.ts";
import type { PathView, PolicyParams } from "./policy.ts";

const S = 1e9;

const paths = [pathOf(0, { length: 1 }), pathOf(1, { length: 2 }), pathOf(2, { length: 3 })];
const at = (seconds: number, ...usable: readonly boolean[]): PathView =>
  viewOf(paths, { now: seconds * S, ...(usable.length === 0 ? {} : { usable }) });

test("pinned: its path, the next while it is down, and back", (t) => {
  const views = [at(0), at(1, true, false, true), at(2, true, false, false), at(3)];
  t.deepEqual(choices(policy("pinned"), views, { params: { path: 1 } }), [1, 2, 0, 1]);
  t.deepEqual(choices(policy("pinned"), [at(0)], { params: { path: paths[2]?.fingerprint ?? "" } }), [2]);
  t.throws(() => choices(policy("pinned"), [at(0)], { params: { path: 3 } }), {
    message: /parameter path must name one of the offered paths \(0 or 0{16}, .*found 3$/,
  });
});

const region = (number: number, ...ias: readonly string[]) =>
  pathOf(number, {
    src: "1-ff00:0:1",
    dst: "2-ff00:0:2",
    length: ias.length + 1,
    latencyNs: 10 - number,
    interfaces: ["1-ff00:0:1", ...ias, "2-ff00:0:2"].map((ia) => ({ ia, ifId: 1 })),
  });
const fenced = [region(0, "1-ff00:0:5"), region(1, "3-ff00:0:7"), region(2, "1-ff00:0:5", "1-ff00:0:6")];
const fence = (params: PolicyParams): number => choices(policy("geofence"), [viewOf(fenced)], { params })[0] as number;

test("geofence: ISDs and ASes allowed and denied, ends included, then a metric; none where none is allowed", (t) => {
  t.is(fence({}), 0);
  t.is(fence({ metric: "lowest-latency" }), 2);
  t.is(fence({ deny: "3", metric: "lowest-latency" }), 2);
  t.is(fence({ deny: "1-ff00:0:5" }), 1);
  t.is(fence({ allow: "1+2" }), 0);
  t.is(fence({ allow: "1+2", deny: "1-ff00:0:6", metric: "lowest-latency" }), 0);
  t.is(fence({ allow: "1+2-ff00:0:2" }), 0);
  t.is(fence({ allow: 2 }), -1);
  t.is(fence({ deny: "1-ff00:0:5+3" }), -1);
});

test("bgp-like: goes on over the failed path until routing has converged, and returns likewise", (t) => {
  const down = [false, true, true] as const;
  const views = [at(0), at(10, ...down), at(39.9, ...down), at(40, ...down), at(41), at(70.9), at(71), at(200)];
  t.deepEqual(choices(policy("bgp-like"), views), [0, 0, 0, 1, 1, 1, 0, 0]);
});

test("bgp-like: a failure shorter than convergence changes nothing, and does not shorten the next", (t) => {
  const down = [false, true, true] as const;
  const views = [at(0), at(1, ...down), at(5), at(31), at(40, ...down), at(69, ...down), at(70, ...down)];
  t.deepEqual(choices(policy("bgp-like"), views), [0, 0, 0, 0, 0, 0, 1]);
});

test("bgp-like: the convergence time is a parameter", (t) => {
  const params = { convergence: "3min" };
  t.is(policy("bgp-like").reconsider?.(params), 1e9);
  t.is(policy("bgp-like").reconsider?.({ convergence: "600ms" }), 20e6);
  const views = [at(0), at(1, false, true, true), at(180.9, false, true, true), at(181, false, true, true)];
  t.deepEqual(choices(policy("bgp-like"), views, { params }), [0, 0, 0, 1]);
});
