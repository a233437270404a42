import test from "ava";
import type { LogPage, LogRow } from "../../../core/exploration.ts";
import { RowCache } from "./row-cache.ts";

const rowOf = (event: number): LogRow => ({
  event,
  time_ns: event,
  actor: "a",
  kind: "packet",
  flow: null,
  packet: null,
  ifId: null,
  from: null,
  sent_ns: 0,
  dropped: null,
});

/** A log with every third event, of which `last` are known. */
function logOf(log: { last: number; asked: number }) {
  return async ({ first, count, around }: { first: number; count: number; around?: number }): Promise<LogPage> => {
    log.asked++;
    const events = Array.from({ length: Math.floor(log.last / 3) }, (_, n) => 3 * (n + 1));
    const rank = around === undefined ? first : events.filter((event) => event < around).length - (count >> 1);
    const from = Math.max(0, Math.min(rank, events.length));
    return { total: events.length, first: from, rows: events.slice(from, from + count).map(rowOf), keptFrom: 0 };
  };
}

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));
const failed = (error: unknown): never => {
  throw error;
};

test("what is in sight is fetched once, and grows with the log", async (t) => {
  const log = { last: 1_350, asked: 0 };
  let changes = 0;
  const cache = new RowCache(logOf(log), () => changes++, failed);
  cache.begin({});
  await settled();
  t.is(cache.total, 450);
  t.is(cache.rowAt(0)?.event, 3);
  t.is(cache.rowAt(430), null);
  cache.want(390, 440);
  await settled();
  t.deepEqual([cache.rowAt(399)?.event, cache.rowAt(430)?.event, cache.rowAt(450)], [1_200, 1_293, null]);
  const { asked } = log;
  cache.want(390, 440);
  await settled();
  t.is(log.asked, asked, "nothing is asked twice");
  log.last = 1_500;
  cache.refresh();
  await settled();
  t.is(cache.total, 500);
  t.is(cache.rowAt(480)?.event, 1_443, "the page that was not full is whole now");
  t.true(changes > 3);
});

test("the newest wish goes next, answers for another filter are thrown away", async (t) => {
  const log = { last: 3_000_000, asked: 0 };
  const cache = new RowCache(logOf(log), () => undefined, failed);
  cache.begin({});
  for (let from = 0; from < 900_000; from += 10_000) cache.want(from, from + 30);
  await settled();
  t.is(cache.rowAt(890_000)?.event, 2_670_003);
  t.true(log.asked <= 4, "what was in sight for a moment is not fetched");
  cache.want(0, 400);
  cache.begin({ actor: "a" });
  await settled();
  t.is(cache.rowAt(0)?.event, 3);
});

test("the place of an event is that of the last row at or before it", async (t) => {
  const cache = new RowCache(logOf({ last: 900, asked: 0 }), () => undefined, failed);
  cache.begin({});
  await settled();
  t.deepEqual(
    [await cache.placeOf(300), await cache.placeOf(301), await cache.placeOf(2), await cache.placeOf(9_999)],
    [99, 99, -1, 299],
  );
});
