/** What of the bookmarks is drawn on the bar of time. */
import test from "ava";
import type { Bookmark, BookmarkKind } from "../../../core/exploration.ts";
import { faultBands, neighbour, visibleMarks } from "./marks.ts";

function at(event: number, kind: BookmarkKind, text = "", actor = "link:a"): Bookmark {
  return { kind, event, time_ns: event * 1000, actor, text };
}

test("a band reaches from a fault to its end, and one without an end as far as the run is known", (t) => {
  const bookmarks = [
    at(1, "fault", "link a fails"),
    at(2, "fault", "link b fails", "link:b"),
    at(3, "drop", "link a recovers"),
    at(4, "fault", "link a recovers"),
    at(5, "fault", "link a recovers"),
    at(6, "fault", "link a fails"),
  ];
  t.deepEqual(faultBands(bookmarks, 9000), [
    { from: 1000, to: 4000, text: "link a fails" },
    { from: 2000, to: 9000, text: "link b fails" },
    { from: 6000, to: 9000, text: "link a fails" },
  ]);
});

test("marks of one kind that would cover each other are one, with the number left out", (t) => {
  const many = Array.from({ length: 1000 }, (_, event) => at(event, "drop"));
  const marks = visibleMarks([...many, at(500, "fault")], 1_000_000, 90);
  t.is(marks.length, 11);
  t.is(marks.filter(({ bookmark }) => bookmark.kind === "fault").length, 1);
  t.is(
    marks.reduce((sum, { more }) => sum + 1 + more, 0),
    1001,
  );
});

test("the next bookmark and the one before are told by their events", (t) => {
  const bookmarks = [at(3, "fault"), at(7, "drop"), at(7, "switch"), at(9, "state")];
  t.is(neighbour(bookmarks, 0, 1)?.event, 3);
  t.is(neighbour(bookmarks, 3, 1)?.event, 7);
  t.is(neighbour(bookmarks, 9, 1), null);
  t.is(neighbour(bookmarks, 9, -1)?.event, 7);
  t.is(neighbour(bookmarks, 3, -1), null);
});
