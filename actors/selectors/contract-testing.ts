/** For tests: paths and views made by hand, and what a policy makes of them. */
import type { PathInfo } from "../../core/path.ts";
import { RandomStream } from "../../core/rng.ts";
import { BUILTIN_POLICIES } from "./builtin.ts";
import type { PathMeasurement, PathView, Policy, PolicyParams } from "./policy.ts";

export const UNMEASURED: PathMeasurement = {
  rtt: null,
  srtt: null,
  answeredAt: null,
  loss: null,
  goodputBps: null,
  delivered: 0,
  lost: 0,
};

export function policyNamed(name: string): Policy {
  const found = BUILTIN_POLICIES.find((policy) => policy.name === name);
  if (found === undefined) throw new Error(`no policy is called ${name}`);
  return found;
}

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
