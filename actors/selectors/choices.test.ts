import test from "ava";
import { choices, pathOf, policyNamed as policy, UNMEASURED, viewOf } from "./contract-testing.ts";
import type { PathView } from "./policy.ts";

const MS = 1e6;

function rtts(nowMs: number, row: readonly number[], usable = row.map(() => true)): PathView {
  const paths = row.map((_rtt, number) => pathOf(number));
  const measured = row.map((rtt) => ({ ...UNMEASURED, srtt: rtt * MS, answeredAt: nowMs * MS }));
  return viewOf(paths, { now: nowMs * MS, usable, measured });
}

test("two-choices: of two paths always the better, of ten the i-th best with chance 2 (10 - i) / 90", (t) => {
  for (let seed = 0; seed < 20; seed++) t.deepEqual(choices(policy("two-choices"), [rtts(0, [20, 10])], { seed }), [1]);
  const row = Array.from({ length: 10 }, (_, at) => 100 - at);
  const chosen = Array.from(
    { length: 9_000 },
    (_, seed) => choices(policy("two-choices"), [rtts(0, row)], { seed })[0],
  );
  for (let path = 0; path < 10; path++) {
    const expected = (2 * path) / 90;
    const share = chosen.filter((one) => one === path).length / chosen.length;
    // Deviation at most sqrt(0.2 * 0.8 / 9000) = 0.0042; 4 of them.
    t.true(Math.abs(share - expected) < 0.017, `path ${path}: ${share}, not ${expected}`);
  }
});

/** Flows come one after the other; a path's round-trip time grows with the flows on it. The most on one path beyond the mean. */
function imbalance(name: string): number {
  const flows = Array.from({ length: 20 }, () => 0);
  for (let seed = 0; seed < 400; seed++) {
    const [choice = 0] = choices(
      policy(name),
      [
        rtts(
          0,
          flows.map((count) => 10 + count),
        ),
      ],
      { seed },
    );
    flows[choice] = (flows[choice] as number) + 1;
  }
  return Math.max(...flows) - 20;
}

test("two-choices balances: 400 flows on 20 paths, far less beyond the mean than by one random choice", (t) => {
  const [two, one] = [imbalance("two-choices"), imbalance("random")];
  // Mitzenmacher: ln ln 20 / ln 2 + O(1) = 1.6 + O(1), against about sqrt(2 * 20 * ln 20) = 11.
  t.true(two <= 4, String(two));
  t.true(one >= 2 * two, `${one} against ${two}`);
});

test("two-choices: chooses anew every 2 s, and at once when its path fails", (t) => {
  const row = [30, 30, 30, 30, 30, 30];
  for (let seed = 0; seed < 20; seed++) {
    const [first = 0] = choices(policy("two-choices"), [rtts(0, row)], { seed });
    const down = row.map((_one, index) => index !== first);
    const [, same, moved] = choices(policy("two-choices"), [rtts(0, row), rtts(1_999, row), rtts(1_999, row, down)], {
      seed,
    });
    t.is(same, first);
    t.not(moved, first);
  }
  const views = Array.from({ length: 200 }, (_, at) => rtts(at * 2_000, row));
  t.is(new Set(choices(policy("two-choices"), views)).size, 6);
});

test("migration moves with probability 0.2 an occasion, to the best path", (t) => {
  t.deepEqual(choices(policy("migration"), [rtts(0, [30, 20, 10])]), [2], "it starts on the best that is known");
  const moves = Array.from({ length: 2_000 }, (_, seed) => {
    const start = viewOf([0, 1, 2].map((number) => pathOf(number)));
    const views = [start, ...Array.from({ length: 80 }, (_view, at) => rtts((at + 1) * 500, [30, 20, 10]))];
    const chosen = choices(policy("migration"), views, { seed });
    t.is(chosen[0], 0);
    t.false(chosen.includes(1));
    return chosen.indexOf(2);
  });
  const mean = moves.reduce((sum, at) => sum + at, 0) / moves.length;
  // Geometric with mean 5 and deviation sqrt(0.8)/0.2 = 4.5; of 2000 means 0.1; 4 of them.
  t.true(Math.abs(mean - 5) < 0.4, String(mean));
});

test("migration never leaves a path for a worse one, and a failed path at once", (t) => {
  const params = { probability: 1 };
  const views = [
    rtts(0, [10, 20, 30]),
    rtts(500, [10, 20, 30]),
    rtts(600, [10, 20, 30], [false, true, true]),
    rtts(1_000, [10, 20, 30]),
  ];
  t.deepEqual(choices(policy("migration"), views, { params }), [0, 0, 1, 0]);
});
