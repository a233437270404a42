/** For tests: paths and views made by hand or by fast-check, and what every path policy must keep to. */
import fc from "fast-check";
import type { PathInfo } from "../../core/path.ts";
import { RandomStream } from "../../core/rng.ts";
import type { PathLoad, PathMeasurement, PathView, Policy, PolicyParams } from "./policy.ts";

const HOUR = 3_600e9;

export const UNMEASURED: PathMeasurement = {
  rtt: null,
  srtt: null,
  answeredAt: null,
  loss: null,
  goodputBps: null,
  delivered: 0,
  lost: 0,
};

/** A path of its own between 1-ff00:0:1 and 2-ff00:0:2, through one AS for every link but the first. */
export function pathOf(number: number, fields: Partial<PathInfo> = {}): PathInfo {
  const { length = 2 } = fields;
  const ias = ["1-ff00:0:1", ...Array.from({ length: length - 1 }, (_, at) => `1-ff00:${number + 1}:${at + 1}`)];
  const ends = [...ias, "2-ff00:0:2"];
  const interfaces = ends.slice(1).flatMap((ia, at) => [
    { ia: ends[at] as string, ifId: 100 + number },
    { ia, ifId: 500 + number },
  ]);
  return {
    fingerprint: number.toString(16).padStart(16, "0"),
    src: "1-ff00:0:1",
    dst: "2-ff00:0:2",
    interfaces,
    length,
    mtu: 1472,
    latencyNs: null,
    bandwidthKbps: null,
    carbonGPerGb: null,
    costPerGb: null,
    lossRatio: null,
    expiryS: 1e9,
    segments: [],
    forwarding: null,
    ...fields,
  };
}

/** Everything usable and nothing measured, unless said otherwise. */
export function viewOf(paths: readonly PathInfo[], fields: Partial<PathView> = {}): PathView {
  return {
    now: 0,
    paths,
    usable: paths.map(() => true),
    current: -1,
    measured: paths.map(() => UNMEASURED),
    load: null,
    ...fields,
  };
}

/** Runs a policy over views, each told the choice before as the path in use. */
export function choices<S>(
  policy: Policy<S>,
  views: readonly PathView[],
  { params = {}, seed = 1, hash = 0 }: { params?: PolicyParams; seed?: number; hash?: number } = {},
): number[] {
  const random = new RandomStream(seed, "test", "policy");
  const state = policy.init(params, views[0]?.paths ?? [], { hash });
  let current = -1;
  return views.map((view) => {
    current = policy.choose(state, { ...view, current }, random);
    return current;
  });
}

const amount = fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1e12, noNaN: true }));
const wild = fc.oneof(amount, fc.constantFrom(Number.POSITIVE_INFINITY, Number.NaN, -1, 0));

const path = (number: number): fc.Arbitrary<PathInfo> =>
  fc
    .record({
      length: fc.integer({ min: 1, max: 6 }),
      latencyNs: amount,
      bandwidthKbps: amount,
      carbonGPerGb: amount,
      costPerGb: amount,
      lossRatio: amount,
    })
    .map((fields) => pathOf(number, fields));

const measurement: fc.Arbitrary<PathMeasurement> = fc.record({
  rtt: wild,
  srtt: wild,
  answeredAt: wild,
  loss: wild,
  goodputBps: wild,
  delivered: fc.nat(1_000),
  lost: fc.nat(1_000),
});

const load: fc.Arbitrary<PathLoad> = fc.record({
  delay: fc.oneof(fc.nat(1e9), fc.constant(Number.POSITIVE_INFINITY)),
  loss: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** Paths, and a story of views on them; times ascend. */
export const stories: fc.Arbitrary<{ paths: PathInfo[]; views: PathView[] }> = fc
  .constantFrom(0, 1, 2, 5, 50)
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, number) => path(number))))
  .chain((paths) => {
    const each = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: paths.length, maxLength: paths.length });
    const step = fc.record({
      after: fc.nat(HOUR / 600),
      usable: fc.oneof(each(fc.boolean()), fc.constant(paths.map(() => true))),
      // A selector that measures nothing may as well give none.
      measured: fc.oneof(each(measurement), fc.constant([])),
      load: fc.oneof(fc.constant(null), each(load)),
    });
    return fc.array(step, { minLength: 1, maxLength: paths.length > 10 ? 4 : 12 }).map((steps) => {
      let now = 0;
      const views = steps.map(({ after, ...fields }) => {
        now += after;
        return viewOf(paths, { ...fields, now });
      });
      return { paths, views };
    });
  });
