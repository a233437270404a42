import test from "ava";
import type { PathInfo } from "../../core/path.ts";
import { choices, pathOf, policyNamed as policy, UNMEASURED, viewOf } from "./contract-testing.ts";
import type { PathMeasurement, PathView, PolicyParams } from "./policy.ts";

const MS = 1e6;

function measured(fields: readonly Partial<PathMeasurement>[]): PathMeasurement[] {
  return fields.map((one) => ({ ...UNMEASURED, ...one }));
}

const best = (name: string, fields: readonly Partial<PathInfo>[]): number =>
  choices(policy(name), [viewOf(fields.map((one, number) => pathOf(number, one)))])[0] as number;

test("static metrics take the best, the earlier of equals, and the unknown last", (t) => {
  t.is(best("shortest", [{ length: 3 }, { length: 2 }, { length: 2 }]), 1);
  t.is(best("lowest-latency", [{}, { latencyNs: 30 * MS }, { latencyNs: 20 * MS }, { latencyNs: 20 * MS }]), 2);
  t.is(best("highest-bandwidth", [{}, { bandwidthKbps: 10 }, { bandwidthKbps: 50 }]), 2);
  t.is(best("lowest-carbon", [{ carbonGPerGb: 4 }, { carbonGPerGb: 0 }, {}]), 1);
  t.is(best("lowest-cost", [{}, { costPerGb: 4 }, { costPerGb: 3 }]), 2);
  t.is(best("lowest-cost", [{}, {}]), 0);
});

const paths = [pathOf(0), pathOf(1), pathOf(2)];

/** Views every 500 ms with these round-trip times in milliseconds; null: not answered yet. */
function rtts(rows: readonly (readonly (number | null)[])[]): PathView[] {
  return rows.map((row, at) => {
    const now = at * 500 * MS;
    const fields = row.map((rtt) => (rtt === null ? {} : { srtt: rtt * MS, rtt: rtt * MS, answeredAt: now }));
    return viewOf(paths, { now, measured: measured(fields) });
  });
}

test("lowest-rtt leaves its path only for one better by 5 ms", (t) => {
  const views = rtts([
    [null, null, null],
    [30, 26, 28],
    [30, 24.9, 28],
    [30, 24.9, 20],
    [20.5, 24.9, 19.8],
  ]);
  t.deepEqual(choices(policy("lowest-rtt"), views), [0, 0, 1, 1, 2]);
});

test("lowest-rtt: the first answer beats silence; a share may be asked for as well", (t) => {
  t.deepEqual(
    choices(
      policy("lowest-rtt"),
      rtts([
        [null, null, null],
        [null, null, 90],
      ]),
    ),
    [0, 2],
  );
  const params: PolicyParams = { margin: "0ms", share: 0.5 };
  const views = rtts([
    [100, null, null],
    [100, 51, 60],
    [100, 49, 60],
  ]);
  t.deepEqual(choices(policy("lowest-rtt"), views, { params }), [0, 0, 1]);
});

test("lowest-rtt: a path silent for longer than interval and timeout counts the timeout", (t) => {
  const at = (now: number, answeredAt: number): PathView =>
    viewOf(paths, {
      now,
      measured: measured([
        { srtt: 10 * MS, answeredAt },
        { srtt: 900 * MS, answeredAt: now },
        { srtt: 990 * MS, answeredAt: now },
      ]),
    });
  t.deepEqual(choices(policy("lowest-rtt"), [at(0, 0), at(1_500 * MS, 0), at(1_501 * MS, 0)]), [0, 0, 1]);
});

test("lowest-loss: by margin; silent paths have lost everything", (t) => {
  const at = (now: number, losses: readonly (number | null)[]): PathView =>
    viewOf(paths, {
      now,
      measured: measured(losses.map((loss) => ({ loss, answeredAt: loss === null ? null : now }))),
    });
  t.deepEqual(
    choices(policy("lowest-loss"), [
      at(0, [null, null, null]),
      at(1e9, [0.01, 0, 0]),
      at(2e9, [0.1, 0.09, 0.01]),
      at(3e9, [0.1, 0.09, null]),
    ]),
    [0, 0, 2, 1],
  );
});

test("oracle: earliest arrival, a lost packet counting a second; within a millisecond it stays", (t) => {
  const at = (loads: readonly (readonly [delayMs: number, loss: number])[]): PathView =>
    viewOf(paths, { load: loads.map(([delay, loss]) => ({ delay: delay * MS, loss })) });
  const views = [
    at([
      [30, 0],
      [10, 0.05],
      [40, 0],
    ]),
    at([
      [30, 0],
      [29.5, 0],
      [40, 0],
    ]),
    at([
      [30, 0],
      [28.9, 0],
      [40, 0],
    ]),
    at([
      [Infinity, 0],
      [Infinity, 1],
      [40, 1],
    ]),
    at([
      [Infinity, 0],
      [Infinity, 1],
      [Infinity, 1],
    ]),
  ];
  t.deepEqual(choices(policy("oracle"), views), [0, 0, 1, 2, 2]);
});
