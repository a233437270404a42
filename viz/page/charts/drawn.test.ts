/** What charts take from a run: bands of faults, data as CSV. */
import test from "ava";
import type { Bookmark, RunOutline } from "../../../core/exploration.ts";
import { SeriesStore } from "../series-store.ts";
import { csvText, faultBands } from "./drawn.ts";

const SECOND = 1_000_000_000;

function bands(events: readonly (readonly [seconds: number, text: string])[], width = 600) {
  const bookmarks = events.map(([at, text], event): Bookmark => {
    return { kind: "fault", time_ns: at * SECOND, event, actor: "link/a", text };
  });
  const outline = { duration_ns: 60 * SECOND } as RunOutline;
  return faultBands({ bookmarks, outline, series: new SeriesStore(), known_ns: 0, delays: [] }, width);
}

test("a fault lasts until its end, or to the end of the run; what has no length makes no band", (t) => {
  t.deepEqual(
    bands([
      [10, "link 1-1#1 to 1-2#1 fails (backup is up again)"],
      [12, "link 1-1#2 to 1-3#1 has another rate: 5 bit/s"],
      [15, "AS 1-4 fails (recovers)"],
      [20, "link 1-1#1 to 1-2#1 recovers"],
      [30, "link 1-1#1 to 1-2#1 is impaired (bad)"],
      [31, "link 1-1#1 to 1-2#1 recovers"],
      [32, "link 1-1#1 to 1-2#1 is mended (bad)"],
    ]),
    [
      { from: 10, to: 20, label: "fault" },
      { from: 30, to: 32, label: "" },
      { from: 15, to: 60, label: "fault" },
    ],
  );
});

test("faults of the same time are one band, which says how many", (t) => {
  const links = ["a", "b", "c"].flatMap((name): [number, string][] => [
    [10, `link ${name} fails (cut)`],
    [30, `link ${name} recovers (cut)`],
  ]);
  const events = links.sort(([a], [b]) => a - b);
  t.deepEqual(bands(events), [{ from: 10, to: 30, label: "3 faults" }]);
  t.deepEqual(bands(events, 80), [{ from: 10, to: 30, label: "" }]);
});

test("cells of data that could be read as something else stand in quotes", (t) => {
  const text = csvText(
    ["time_s", 'a,"b"'],
    [
      [0.5, Number.NaN],
      [1, 2e9],
    ],
  );
  t.is(text, 'time_s,"a,""b"""\n0.5,\n1,2000000000\n');
});
